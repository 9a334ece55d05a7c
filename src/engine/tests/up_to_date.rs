//! Whether an acting step runs: up to date, found so, changed, `--rerun`, `--prove`.

use super::assert_story;
use super::book::{TestBook, fails, passes};
use crate::engine::Options;

const TEXT: &str = "
    # A

    ```bash {name=apply}
    apply one
    ```

    ```bash {name=ready verify}
    check
    ```
    ";

/// A book whose check fails before the acting step has run, and which has run once.
fn run_once() -> TestBook {
    let mut book = TestBook::new(TEXT);
    book.answer("a/ready", [fails(), passes()]);
    assert_eq!(book.run().summary.passed, 2);
    book.answer("a/ready", [passes()]);
    book
}

#[test]
fn an_acting_step_runs_where_its_check_fails() {
    let mut book = TestBook::new(TEXT);
    book.answer("a/ready", [fails(), passes()]);
    assert_story!(
        book.run(),
        "
        a
          0.0s ready (UpToDate)
          0.0s apply
          apply: Passed
          0.0s ready
          ready: Passed
        a: Passed
        2 passed
        "
    );
}

#[test]
fn an_acting_step_without_checks_always_runs() {
    let mut book = TestBook::new("# A\n\n```bash {name=apply}\napply\n```\n");
    assert_eq!(book.run().summary.passed, 1);
    assert_eq!(book.run().summary.passed, 1);
}

#[test]
fn an_acting_step_that_passed_and_whose_check_passes_is_up_to_date() {
    assert_story!(
        run_once().run(),
        "
        a
          0.0s ready (UpToDate)
          apply: UpToDate
          0.0s ready
          ready: Passed
        a: Passed
        1 passed, 1 up to date
        "
    );
}

#[test]
fn an_acting_step_that_never_ran_and_whose_check_passes_is_found_so() {
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
    assert_eq!(book.run().summary.up_to_date, 1);
}

#[test]
fn a_step_that_was_found_so_in_a_world_that_the_book_made_is_a_warning() {
    let mut book = TestBook::new(TEXT);
    book.cluster.made_by_book = Some(true);
    assert_story!(
        book.run(),
        "
        a
          0.0s ready (UpToDate)
          note: warning: ready (a.md:7) passes before apply (a.md:3) has ever run here: it proves nothing, or the step is not needed; mark it `preexisting` where that may be so
          apply: FoundSo
          0.0s ready
          ready: Passed
        a: Passed
        1 passed, 1 up to date
        "
    );
}

#[test]
fn a_step_that_changed_runs_whatever_its_check_says() {
    let mut book = run_once();
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
fn a_step_whose_check_fails_runs_again_and_says_why() {
    let mut book = run_once();
    book.answer("a/ready", [fails(), passes()]);
    assert_story!(
        book.run(),
        "
        a
          0.0s ready (UpToDate)
          0.0s apply
          apply: Passed (ran because: ready did not pass: exit 1, expected 0)
          0.0s ready
          ready: Passed
        a: Passed
        2 passed
        "
    );
}

#[test]
fn a_step_that_failed_runs_again_although_its_check_passes() {
    let mut book = TestBook::new(TEXT);
    book.answer("a/ready", [fails()]);
    book.answer("a/apply", [fails()]);
    assert_eq!(book.run().summary.failed, 1);
    book.answer("a/ready", [passes()]);
    book.answer("a/apply", [passes()]);
    assert_story!(
        book.run(),
        "
        a
          0.0s apply
          apply: Passed (ran because: it did not pass the last time it began)
          0.0s ready
          ready: Passed
        a: Passed
        2 passed
        "
    );
}

#[test]
fn a_rerun_runs_what_is_up_to_date() {
    let mut book = run_once();
    assert_story!(
        book.run_with(Options { rerun: true, ..Options::default() }),
        "
        a
          0.0s apply
          apply: Passed
          0.0s ready
          ready: Passed
        a: Passed
        2 passed
        "
    );
}

#[test]
fn a_check_that_decides_runs_once_however_long_it_is_waited_for_in_its_place() {
    let mut book = TestBook::new(&TEXT.replace("ready verify", "ready verify until=1m stable=5s"));
    book.answer("a/ready", [fails(), passes()]);
    let ran = book.run();
    assert_eq!(ran.story.lines().nth(1), Some("  0.0s ready (UpToDate)"));
    assert_eq!(ran.story.lines().nth(2), Some("  0.0s apply"));
    assert_eq!(ran.summary.passed, 2);
}

const PROVE: Options = Options {
    pause: false,
    prove: true,
    rerun: false,
    keep_going: false,
    verify_only: false,
    resume: false,
    wait_budget: std::time::Duration::ZERO,
};

#[test]
fn a_proving_run_fails_where_a_check_passes_before_its_step_ever_ran() {
    assert_story!(
        TestBook::new(TEXT).run_with(PROVE),
        "
        a
          0.0s ready (UpToDate)
          apply: failed: ready (a.md:7) passes before apply (a.md:3) has ever run here: it proves nothing, or the step is not needed; mark it `preexisting` where that may be so
        a: Failed
        1 failed, 1 not run
        "
    );
}

#[test]
fn a_proving_run_accepts_a_preexisting_check() {
    let mut book = TestBook::new(&TEXT.replace("ready verify", "ready verify preexisting"));
    assert_story!(
        book.run_with(PROVE),
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
fn a_proving_run_accepts_a_check_that_fails_before_and_passes_after() {
    let mut book = TestBook::new(TEXT);
    book.answer("a/ready", [fails(), fails(), passes()]);
    assert_eq!(book.run_with(PROVE).summary.passed, 2);
}

#[test]
fn a_proving_run_accepts_a_passing_check_of_a_step_that_has_run_here() {
    let mut book = run_once();
    let summary = book.run_with(PROVE).summary;
    assert_eq!((summary.failed, summary.up_to_date), (0, 1));
}
