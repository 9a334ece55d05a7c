//! `--resume`.

use super::assert_story;
use super::book::{TestBook, fails, passes, prints};
use crate::engine::Options;

const TEXT: &str = "
    # A

    ```bash {name=apply}
    apply
    ```

    ```bash {name=ready verify until=2m stable=5s}
    check
    ```

    ```bash {name=next}
    next
    ```
    ";

/// A run that failed at `next`.
fn failed_at_next() -> TestBook {
    let mut book = TestBook::new(TEXT);
    book.answer("a/ready", [fails(), passes()]);
    book.answer("a/next", [fails()]);
    let summary = book.run().summary;
    assert_eq!((summary.passed, summary.failed), (2, 1));
    book.answer("a/ready", [passes()]);
    book.answer("a/next", [passes()]);
    book
}

#[test]
fn a_resumed_run_starts_at_the_step_that_failed() {
    assert_story!(
        failed_at_next().resume(),
        "
          0.0s ready (Recheck)
          apply: PassedBefore
          ready: PassedBefore
        resumed at a/next: failed
        a
          0.0s next
          next: Passed
        a: Passed
        1 passed, 2 up to date
        "
    );
}

#[test]
fn a_resumed_run_goes_back_to_the_step_whose_check_fails_now() {
    let mut book = failed_at_next();
    let mut answers = vec![fails(); 121];
    answers.push(fails());
    answers.push(passes());
    book.answer("a/ready", answers);
    let ran = book.resume();
    let rechecks = ran.story.lines().filter(|line| line.contains("(Recheck)")).count();
    assert_eq!(rechecks, 121, "it is waited for one minute, not for two");
    let rest: Vec<&str> = ran.story.lines().skip(rechecks).take(4).collect();
    assert_eq!(
        rest,
        [
            "resumed at a/apply: a/ready no longer holds",
            "a",
            "  60.0s ready (UpToDate)",
            "  60.0s apply",
        ]
    );
}

#[test]
fn a_recheck_that_passes_is_not_watched_for_its_stable_time() {
    let ran = failed_at_next().resume();
    assert_eq!(ran.world.ran(), ["a/ready", "a/next"]);
}

#[test]
fn a_resumed_run_with_nothing_left_runs_nothing() {
    let mut book = TestBook::new("# A\n\n```bash {name=apply}\napply\n```\n");
    book.run();
    let ran = book.run_with(Options { resume: true, ..Options::default() });
    assert_story!(
        ran,
        "
          apply: PassedBefore
        resumed: every step has passed, and the checks still pass
        1 up to date
        "
    );
    assert!(ran.world.ran().is_empty());
}

#[test]
fn a_resumed_run_without_an_earlier_one_starts_at_the_beginning() {
    let mut book = TestBook::new("# A\n\n```bash {name=apply}\napply\n```\n");
    assert_story!(
        book.resume(),
        "
        resumed at a/apply: not reached
        a
          0.0s apply
          apply: Passed
        a: Passed
        1 passed
        "
    );
}

#[test]
fn a_resumed_run_starts_at_a_step_that_was_edited_since_it_passed() {
    let mut book = failed_at_next();
    book.edit("a", &TEXT.replace("\n    apply\n", "\n    apply two\n"));
    let ran = book.resume();
    assert!(ran.story.contains("resumed at a/apply: changed since it passed\n"), "{}", ran.story);
}

#[test]
fn a_resumed_run_starts_at_the_acting_step_whose_check_was_edited() {
    let mut book = failed_at_next();
    book.edit("a", &TEXT.replace("\n    check\n", "\n    check two\n"));
    let ran = book.resume();
    let start = "resumed at a/apply: its check ready has changed\n";
    assert!(ran.story.contains(start), "{}", ran.story);
}

#[test]
fn a_resumed_step_starts_in_the_state_that_the_step_before_it_left() {
    use crate::world::scripted::Call;
    let mut book = TestBook::new(
        "
        # A

        ```bash {name=one}
        one
        ```

        ```bash {name=two}
        two
        ```
        ",
    );
    book.answer("a/one", [passes().leaving("one=1\n")]);
    book.answer("a/two", [fails()]);
    book.run();
    book.answer("a/two", [passes()]);
    let ran = book.resume();
    let Some(Call::Enter(Some(state))) = ran.world.calls.first() else {
        panic!("{:?}", ran.world.calls)
    };
    assert_eq!(String::from_utf8_lossy(&state.0), "one=1\n");
    assert_eq!(ran.world.ran(), ["a/two"]);
}

#[test]
fn a_resumed_run_takes_over_chapters_that_passed_and_does_not_enter_them() {
    let mut book = TestBook::with_chapters(&[
        ("a", "# A\n\n```bash {name=one}\none\n```\n"),
        ("b", "# B\n\n```bash {name=two}\ntwo\n```\n"),
    ]);
    book.answer("b/two", [fails()]);
    book.run();
    book.answer("b/two", [passes()]);
    assert_story!(
        book.resume(),
        "
          one: PassedBefore
        resumed at b/two: failed
        b
          0.0s two
          two: Passed
        b: Passed
        1 passed, 1 up to date
        "
    );
}

#[test]
fn a_recheck_binds_its_names_anew_for_the_steps_after_it() {
    let mut book = TestBook::new(
        "
        # A

        ```bash {name=count verify}
        count
        ```

        ```output
        pods <pods>
        ```

        ```bash {name=use}
        use
        ```
        ",
    );
    book.answer("a/count", [prints("pods 3\n")]);
    book.answer("a/use", [fails()]);
    book.run();
    book.answer("a/count", [prints("pods 4\n")]);
    book.answer("a/use", [passes()]);
    let ran = book.resume();
    let last = ran.world.commands().last().map(|command| command.bound.clone());
    assert_eq!(last, Some(vec![("pods".to_owned(), "4".to_owned())]));
}
