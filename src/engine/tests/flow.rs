//! What a failure means for the rest of a run: `always` and `--keep-going`.

use super::assert_story;
use super::book::{TestBook, fails};
use crate::engine::Options;

pub(super) const KEEP_GOING: Options = Options {
    pause: false,
    keep_going: true,
    rerun: false,
    verify_only: false,
    resume: false,
    prove: false,
    wait_budget: std::time::Duration::ZERO,
};

const CLEANED: &str = "
    # A

    ```bash {name=one}
    one
    ```

    ```bash {name=clean always}
    clean
    ```

    ```bash {name=two}
    two
    ```
    ";
pub(super) const NEXT: &str = "
    # B

    ```bash {name=three}
    three
    ```
    ";

pub(super) fn two_chapters() -> TestBook {
    TestBook::with_chapters(&[("a", CLEANED), ("b", NEXT)])
}

#[test]
fn always_steps_run_after_the_others() {
    assert_story!(
        two_chapters().run(),
        "
        a
          0.0s one
          one: Passed
          0.0s two
          two: Passed
          0.0s clean
          clean: Passed
        a: Passed
        b
          0.0s three
          three: Passed
        b: Passed
        4 passed
        "
    );
}

#[test]
fn a_failure_ends_the_run_after_the_always_steps() {
    let mut book = two_chapters();
    book.answer("a/one", [fails()]);
    let ran = book.run();
    assert_story!(
        ran,
        "
        a
          0.0s one
          one: failed: exit 1
          0.0s clean
          clean: Passed
        a: Failed
        b: NotRun
        1 passed, 1 failed, 2 not run
        "
    );
    assert_eq!(ran.written, ["failure report of one: run.sh output.txt objects.txt"]);
}

#[test]
fn a_run_that_keeps_going_runs_every_step() {
    let mut book = two_chapters();
    book.answer("a/one", [fails()]);
    assert_story!(
        book.run_with(KEEP_GOING),
        "
        a
          0.0s one
          one: failed: exit 1
          0.0s two
          two: Passed
          0.0s clean
          clean: Passed
        a: Failed
        b
          0.0s three
          three: Passed
        b: Passed
        3 passed, 1 failed
        "
    );
}

#[test]
fn a_chapter_fails_by_its_always_step() {
    let mut book = two_chapters();
    book.answer("a/clean", [fails()]);
    assert_story!(
        book.run(),
        "
        a
          0.0s one
          one: Passed
          0.0s two
          two: Passed
          0.0s clean
          clean: failed: exit 1
        a: Failed
        b: NotRun
        2 passed, 1 failed, 1 not run
        "
    );
}

#[test]
fn an_always_step_runs_also_after_another_one_has_failed() {
    let mut book = TestBook::new(
        "
        # A

        ```bash {name=clean always}
        clean
        ```

        ```bash {name=sweep always}
        sweep
        ```
        ",
    );
    book.answer("a/clean", [fails()]);
    assert_story!(
        book.run(),
        "
        a
          0.0s clean
          clean: failed: exit 1
          0.0s sweep
          sweep: Passed
        a: Failed
        1 passed, 1 failed
        "
    );
}
