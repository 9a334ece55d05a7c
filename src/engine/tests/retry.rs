//! `until`, `stable` and `retry`.

use std::time::Duration;

use super::assert_story;
use super::book::{TestBook, fails, passes, passes_after, prints};
use crate::output::Ending;
use crate::world::scripted::Answer;

pub(super) fn check(attributes: &str) -> TestBook {
    TestBook::new(&format!("# A\n\n```bash {{name=ready verify {attributes}}}\ncheck\n```\n"))
}

pub(super) fn act(attributes: &str) -> TestBook {
    TestBook::new(&format!("# A\n\n```bash {{name=apply {attributes}}}\napply\n```\n"))
}

#[test]
fn a_check_with_until_is_repeated_every_half_second_until_it_passes() {
    let mut book = check("until=10s");
    book.answer("a/ready", [fails(), fails(), passes()]);
    assert_story!(
        book.run(),
        "
        a
          0.0s ready
          0.5s ready, attempt 2
          1.0s ready, attempt 3
          ready: Passed
        a: Passed
        1 passed
        "
    );
}

#[test]
fn a_check_without_until_runs_once() {
    let mut book = check("");
    book.answer("a/ready", [fails(), passes()]);
    assert_story!(
        book.run(),
        "
        a
          0.0s ready
          ready: failed: exit 1
        a: Failed
        1 failed
        "
    );
}

#[test]
fn a_check_fails_with_its_last_answer_when_until_is_over() {
    let mut book = check("until=1s");
    book.answer("a/ready", [fails(), fails(), Answer::ending("", Ending::Exited(7))]);
    assert_story!(
        book.run(),
        "
        a
          0.0s ready
          0.5s ready, attempt 2
          1.0s ready, attempt 3
          ready: failed: exit 7
        a: Failed
        1 failed
        "
    );
}

#[test]
fn an_attempt_that_until_cuts_short_does_not_hide_the_answer_before_it() {
    let mut book = check("until=10s");
    book.answer("a/ready", [Answer::ending("", Ending::Exited(7)).after(90), passes_after(60.0)]);
    assert_story!(
        book.run(),
        "
        a
          0.0s ready
          9.5s ready, attempt 2
          ready: failed: exit 7
        a: Failed
        1 failed
        "
    );
}

#[test]
fn a_check_that_hangs_for_all_of_until_is_out_of_time() {
    let mut book = check("until=3s");
    book.answer("a/ready", [passes_after(60.0)]);
    assert_story!(
        book.run(),
        "
        a
          0.0s ready
          ready: failed: until of 3s is over
        a: Failed
        1 failed
        "
    );
}

#[test]
fn an_attempt_gets_one_second_however_little_of_until_remains() {
    let mut book = check("until=2s");
    book.answer("a/ready", [fails(), fails(), fails(), fails(), passes_after(0.9)]);
    let ran = book.run();
    assert_eq!(ran.summary.passed, 1, "{}", ran.story);
    let limits: Vec<Duration> = ran.world.commands().map(|command| command.timeout).collect();
    assert_eq!(limits, [2000, 1500, 1000, 1000, 1000].map(Duration::from_millis));
}

#[test]
fn a_short_timeout_ends_each_attempt_and_until_goes_on() {
    let mut book = check("until=10s timeout=2s");
    book.answer("a/ready", [passes_after(60.0), passes_after(60.0), passes()]);
    assert_story!(
        book.run(),
        "
        a
          0.0s ready
          2.5s ready, attempt 2
          5.0s ready, attempt 3
          ready: Passed
        a: Passed
        1 passed
        "
    );
}

#[test]
fn a_stable_check_has_to_go_on_passing() {
    let mut book = check("until=10s stable=1200ms");
    book.answer("a/ready", [fails(), passes()]);
    assert_story!(
        book.run(),
        "
        a
          0.0s ready
          0.5s ready, attempt 2
          1.0s ready, attempt 3
          1.5s ready, attempt 4
          1.7s ready, attempt 5
          ready: Passed
        a: Passed
        1 passed
        "
    );
}

#[test]
fn a_failure_in_between_starts_the_stable_time_anew() {
    let mut book = check("until=10s stable=1s");
    book.answer("a/ready", [passes(), passes(), fails(), passes()]);
    assert_story!(
        book.run(),
        "
        a
          0.0s ready
          0.5s ready, attempt 2
          1.0s ready, attempt 3
          1.5s ready, attempt 4
          2.0s ready, attempt 5
          2.5s ready, attempt 6
          ready: Passed
        a: Passed
        1 passed
        "
    );
}

#[test]
fn a_stable_check_that_is_not_waited_for_fails_at_its_first_failure() {
    let mut book = check("stable=1s");
    book.answer("a/ready", [passes(), fails()]);
    assert_story!(
        book.run(),
        "
        a
          0.0s ready
          0.5s ready, attempt 2
          ready: failed: exit 1
        a: Failed
        1 failed
        "
    );
}

#[test]
fn an_output_that_differs_is_waited_for_like_an_exit_code() {
    let mut book = TestBook::new(
        "
        # A

        ```bash {name=ready verify until=10s}
        kubectl get pods
        ```

        ```output
        2/2
        ```
        ",
    );
    book.answer("a/ready", [prints("1/2\n"), prints("2/2\n")]);
    assert_story!(
        book.run(),
        "
        a
          0.0s ready
          0.5s ready, attempt 2
          ready: Passed
        a: Passed
        1 passed
        "
    );
}

#[test]
fn a_failed_acting_step_is_retried_after_a_second() {
    let mut book = act("retry=2");
    book.answer("a/apply", [fails(), fails(), passes()]);
    assert_story!(
        book.run(),
        "
        a
          0.0s apply
          1.0s apply, attempt 2
          2.0s apply, attempt 3
          apply: Passed
        a: Passed
        1 passed
        "
    );
}

#[test]
fn a_retried_step_fails_after_the_last_of_its_attempts() {
    let mut book = act("retry=1");
    book.answer("a/apply", [fails(), fails(), passes()]);
    assert_story!(
        book.run(),
        "
        a
          0.0s apply
          1.0s apply, attempt 2
          apply: failed: exit 1
        a: Failed
        1 failed
        "
    );
}

#[test]
fn a_step_that_passes_is_not_retried() {
    assert_story!(
        act("retry=3").run(),
        "
        a
          0.0s apply
          apply: Passed
        a: Passed
        1 passed
        "
    );
}
