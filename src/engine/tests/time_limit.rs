//! `timeout`, giving up, and the progress that is reported meanwhile.

use super::assert_story;
use super::book::{fails, passes, passes_after};
use super::retry::{act, check};
use crate::engine::ClusterStatus;
use crate::output::Ending;
use crate::world::scripted::Answer;

#[test]
fn a_step_fails_when_its_timeout_is_over() {
    let mut book = act("timeout=2s");
    book.answer("a/apply", [passes_after(60.0)]);
    assert_story!(
        book.run(),
        "
        a
          0.0s apply
          apply: failed: timeout of 2s is over
        a: Failed
        1 failed
        "
    );
}

#[test]
fn each_retry_gets_the_whole_timeout() {
    let mut book = act("retry=1 timeout=2s");
    book.answer("a/apply", [passes_after(60.0), passes_after(1.5)]);
    assert_story!(
        book.run(),
        "
        a
          0.0s apply
          3.0s apply, attempt 2
          apply: Passed
        a: Passed
        1 passed
        "
    );
}

#[test]
fn a_timeout_says_what_the_cluster_was_waiting_for() {
    let mut book = act("timeout=2s");
    book.answer("a/apply", [passes_after(60.0)]);
    let waiting = ClusterStatus { waiting_for: Some("pod web".to_owned()), unrecoverable: None };
    book.cluster.shows = vec![(1.0, waiting)];
    assert_story!(
        book.run(),
        "
        a
          0.0s apply
          apply: failed: timeout of 2s is over, waiting for pod web
        a: Failed
        1 failed
        "
    );
}

#[test]
fn a_change_of_the_cluster_ends_the_wait_for_the_next_attempt() {
    let mut book = check("until=10s");
    book.answer("a/ready", [fails(), fails(), passes()]);
    book.cluster.changes = Some(vec![0.2, 0.3]);
    assert_story!(
        book.run(),
        "
        a
          0.0s ready
          0.2s ready, attempt 2
          0.3s ready, attempt 3
          ready: Passed
        a: Passed
        1 passed
        "
    );
}

fn unrecoverable(from: f64) -> Vec<(f64, ClusterStatus)> {
    let why = Some("the image cannot be pulled".to_owned());
    vec![(from, ClusterStatus { waiting_for: None, unrecoverable: why })]
}

#[test]
fn a_waiting_check_is_given_up_at_once_when_the_cluster_cannot_recover() {
    let mut book = check("until=5m");
    book.answer("a/ready", [passes_after(200.0)]);
    book.cluster.shows = unrecoverable(3.0);
    assert_story!(
        book.run(),
        "
        a
          0.0s ready
          ready: failed: unrecoverable: the image cannot be pulled
        a: Failed
        1 failed
        "
    );
}

#[test]
fn an_acting_step_gets_thirty_seconds_to_solve_the_problem_of_the_cluster() {
    let mut book = act("timeout=2m");
    book.answer("a/apply", [passes_after(100.0)]);
    book.cluster.shows = unrecoverable(1.0);
    let ran = book.run();
    assert_story!(
        ran,
        "
        a
          0.0s apply
          apply: failed: unrecoverable: the image cannot be pulled
        a: Failed
        1 failed
        "
    );
    assert_eq!(ran.progress.last().map(String::as_str), Some("31.0s apply"));
}

#[test]
fn an_acting_step_that_solves_the_problem_in_time_passes() {
    let mut book = act("timeout=2m");
    book.answer("a/apply", [passes_after(60.0)]);
    book.cluster.shows = unrecoverable(1.0);
    book.cluster.shows.push((20.0, ClusterStatus::default()));
    assert_eq!(book.run().summary.passed, 1);
}

#[test]
fn a_step_that_expects_to_fail_is_not_given_up() {
    let mut book = act("timeout=2m exit=fails");
    book.answer("a/apply", [Answer::ending("", Ending::Exited(1)).after(1000)]);
    book.cluster.shows = unrecoverable(1.0);
    assert_eq!(book.run().summary.passed, 1);
}

#[test]
fn an_expected_exit_code_passes_and_another_does_not() {
    let mut book = act("exit=7,52");
    book.answer("a/apply", [Answer::ending("", Ending::Exited(52))]);
    assert_eq!(book.run().summary.passed, 1);
    book.answer("a/apply", [passes()]);
    assert_eq!(book.run().summary.failed, 1);
}

#[test]
fn progress_is_reported_ten_times_a_second_while_a_step_runs_and_while_it_waits() {
    let mut book = check("until=10s");
    book.answer("a/ready", [Answer::ending("1/2\n", Ending::Exited(1)).after(2), passes()]);
    assert_eq!(
        book.run().progress,
        [
            "0.1s ready 1/2",
            "0.2s ready 1/2",
            "0.2s ready 1/2",
            "0.3s ready 1/2",
            "0.4s ready 1/2",
            "0.5s ready 1/2",
            "0.6s ready 1/2",
        ]
    );
}
