//! A run that ends early, because the cluster is lost or the journal cannot be written.

use super::assert_story;
use super::book::{TestBook, fails};
use super::flow::{KEEP_GOING, NEXT, two_chapters};
use crate::world::scripted::Answer;

#[test]
fn a_step_that_gives_no_answer_because_the_cluster_is_lost_says_so_with_a_hint() {
    let mut book = two_chapters();
    book.answer("a/one", [fails()]);
    book.cluster.lost = Some(("the cluster does not answer", "start it"));
    assert_story!(
        book.run(),
        "
        a
          0.0s one
          one: failed: exit 1
          0.0s clean
          clean: Passed
        a: Failed
        b: NotRun
        1 passed, 1 failed, 2 not run, broken: the cluster does not answer, hint: start it
        "
    );
}

#[test]
fn a_check_that_gives_a_wrong_answer_shows_that_the_cluster_is_there() {
    let mut book = TestBook::new(
        "
        # A

        ```bash {name=ready verify}
        check
        ```

        ```output
        2/2
        ```
        ",
    );
    book.answer("a/ready", [Answer::passing("1/2\n")]);
    book.cluster.lost = Some(("the cluster does not answer", "start it"));
    assert_story!(
        book.run(),
        "
        a
          0.0s ready
          ready: failed: not as the fence
        a: Failed
        1 failed
        "
    );
}

#[test]
fn a_world_that_cannot_be_reached_ends_the_run() {
    let mut book = two_chapters();
    book.make_unreachable("a/two");
    assert_story!(
        book.run_with(KEEP_GOING),
        "
        a
          0.0s one
          one: Passed
          0.0s two
        1 passed, 3 not run, broken: the world cannot be reached at a/two, hint: start it
        "
    );
}

#[test]
fn a_cluster_that_was_replaced_ends_the_run_after_the_chapter() {
    let mut book = two_chapters();
    book.cluster.replaced = true;
    assert_story!(
        book.run(),
        "
        a
          0.0s one
          one: Passed
          0.0s two
          two: Passed
          0.0s clean
          clean: Passed
        3 passed, 1 not run, broken: this is another cluster, hint: go back to the kept one
        "
    );
}

#[test]
fn an_event_that_cannot_be_recorded_is_not_reported_and_ends_the_run() {
    let mut book = two_chapters();
    book.full_disk_at = Some("two: Passed");
    assert_story!(
        book.run(),
        "
        a
          0.0s one
          one: Passed
          0.0s two
        1 passed, 3 not run, broken: the disk is full, hint: free some space
        "
    );
}

#[test]
fn a_summary_that_cannot_be_recorded_is_reported_with_the_reason() {
    let mut book = TestBook::new(NEXT);
    book.full_disk_at = Some("1 passed");
    assert_story!(
        book.run(),
        "
        a
          0.0s three
          three: Passed
        a: Passed
        1 passed, broken: the disk is full, hint: free some space
        "
    );
}
