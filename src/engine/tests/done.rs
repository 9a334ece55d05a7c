//! Chapters that are taken as done by their `done:` checks.

use super::assert_story;
use super::book::{TestBook, fails, passes, passes_after};
use crate::engine::Options;

const TEXT: &str = "
    ---
    done: [ready]
    ---
    # A

    ```bash {name=apply}
    apply one
    ```

    ```bash {name=ready verify until=1m}
    check
    ```
    ";

/// A book whose chapter has passed whole.
fn passed() -> TestBook {
    let mut book = TestBook::new(TEXT);
    book.answer("a/ready", [fails(), passes()]);
    assert_eq!(book.run().summary.passed, 2);
    book.answer("a/ready", [passes()]);
    book
}

#[test]
fn a_chapter_that_passed_and_whose_done_check_passes_is_taken_as_done() {
    let ran = passed().run();
    assert_story!(
        ran,
        "
        a
          0.0s ready (ChapterDone)
          apply: TakenAsDone
          ready: TakenAsDone
        a: UpToDate
        2 taken as done
        "
    );
    assert_eq!(ran.summary.chapters_up_to_date, 1);
}

#[test]
fn a_chapter_that_is_taken_as_done_stays_so() {
    let mut book = passed();
    book.run();
    assert_eq!(book.run().summary.taken_as_done, 2);
}

#[test]
fn a_chapter_runs_where_its_done_check_fails() {
    let mut book = passed();
    book.answer("a/ready", [fails()]);
    let ran = book.run();
    let attempts = ran.story.lines().filter(|line| line.contains("(ChapterDone)")).count();
    assert_eq!(attempts, 21, "it is waited for ten seconds, not for a minute\n{}", ran.story);
    assert!(ran.story.contains("  10.0s apply\n"), "{}", ran.story);
}

#[test]
fn a_done_check_that_is_waited_for_is_reported_from_its_first_tenth_of_a_second() {
    let mut book = passed();
    book.answer("a/ready", [passes_after(3.0)]);
    let ran = book.run();
    assert_eq!(ran.progress.first().map(String::as_str), Some("0.1s ready"));
}

#[test]
fn the_first_run_of_a_chapter_does_not_run_its_done_check() {
    let mut book = TestBook::new(TEXT);
    assert_story!(
        book.run(),
        "
        a
          0.0s ready (UpToDate)
          apply: FoundSo
          0.0s ready
          ready: Passed
        a: Passed
        1 passed, 1 up to date
        "
    );
}

#[test]
fn a_chapter_that_changed_is_not_taken_as_done() {
    let mut book = passed();
    book.edit("a", &TEXT.replace("apply one", "apply two"));
    assert_story!(
        book.run(),
        "
        a
          0.0s apply
          apply: Passed (ran because: its commands have changed)
          0.0s ready
          ready: Passed
        a: Passed
        2 passed
        "
    );
}

#[test]
fn a_failed_run_ends_what_was_taken_as_done() {
    let mut book = passed();
    book.answer("a/apply", [fails()]);
    let rerun = Options { rerun: true, ..Options::default() };
    assert_eq!(book.run_with(rerun).summary.failed, 1);
    book.answer("a/apply", [passes()]);
    assert_eq!(book.run().summary.taken_as_done, 0);
}

#[test]
fn a_rerun_takes_nothing_as_done() {
    let mut book = passed();
    let ran = book.run_with(Options { rerun: true, ..Options::default() });
    assert_eq!(ran.world.ran(), ["a/apply", "a/ready"]);
}

#[test]
fn the_shell_of_a_done_check_that_failed_is_ended_before_the_chapter_runs() {
    use crate::world::scripted::Call;
    let mut book = passed();
    book.answer("a/ready", [fails()]);
    let ran = book.run();
    let shells: Vec<&str> = ran
        .world
        .calls
        .iter()
        .filter_map(|call| match call {
            Call::Enter(_) => Some("enter"),
            Call::Leave => Some("leave"),
            Call::Close => Some("close"),
            Call::Run(_) => None,
        })
        .collect();
    assert_eq!(shells, ["enter", "leave", "enter", "leave", "close"]);
}

#[test]
fn a_done_check_runs_in_the_state_in_which_the_chapter_ended() {
    use crate::world::scripted::Call;
    let mut book = TestBook::new(TEXT);
    book.answer("a/ready", [fails(), passes().leaving("last=1\n")]);
    book.answer("a/apply", [passes().leaving("first=1\n")]);
    book.run();
    let ran = book.run();
    let Some(Call::Enter(Some(state))) = ran.world.calls.first() else {
        panic!("{:?}", ran.world.calls)
    };
    assert_eq!(String::from_utf8_lossy(&state.0), "last=1\n");
}
