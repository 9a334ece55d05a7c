//! `confirm=`: a step that asks the person first.

use super::assert_story;
use super::book::TestBook;

fn confirmed() -> TestBook {
    TestBook::new(
        "
        # A

        ```bash {name=wipe confirm=\"Wipe it?\"}
        wipe
        ```

        ```bash {name=after}
        after
        ```
        ",
    )
}

#[test]
fn a_confirmed_step_runs() {
    assert_story!(
        confirmed().run(),
        "
        a
          wipe? Wipe it?
          0.0s wipe
          wipe: Passed
          0.0s after
          after: Passed
        a: Passed
        2 passed
        "
    );
}

#[test]
fn a_step_that_is_not_confirmed_is_skipped_and_the_run_goes_on() {
    let mut book = confirmed();
    book.confirms = false;
    assert_story!(
        book.run(),
        "
        a
          wipe? Wipe it?
          wipe: skipped: not confirmed
          0.0s after
          after: Passed
        a: Passed
        1 passed, 1 skipped
        "
    );
}

#[test]
fn a_step_that_is_up_to_date_needs_no_confirmation() {
    let mut book = TestBook::new(
        "
        # A

        ```bash {name=wipe confirm=\"Wipe it?\"}
        wipe
        ```

        ```bash {name=wiped verify}
        check
        ```
        ",
    );
    book.confirms = false;
    assert_story!(
        book.run(),
        "
        a
          0.0s wiped (UpToDate)
          wipe: FoundSo
          0.0s wiped
          wiped: Passed
        a: Passed
        1 passed, 1 up to date
        "
    );
}
