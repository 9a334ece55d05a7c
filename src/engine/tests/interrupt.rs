//! Ctrl-C at every moment of a run.

use super::assert_story;
use super::book::{Interrupt, TestBook, fails, passes_after};

fn book(interrupt: Interrupt) -> TestBook {
    let mut book = TestBook::with_chapters(&[
        (
            "a",
            "
            # A

            ```bash {name=one}
            one
            ```

            ```bash {name=clean always}
            clean
            ```

            ```bash {name=sweep always}
            sweep
            ```
            ",
        ),
        (
            "b",
            "
            # B

            ```bash {name=two}
            two
            ```
            ",
        ),
    ]);
    for step in ["a/one", "a/clean", "a/sweep", "b/two"] {
        book.answer(step, [passes_after(5.0)]);
    }
    book.interrupt = interrupt;
    book
}

#[test]
fn an_interrupt_before_the_first_step_runs_nothing() {
    assert_story!(
        book(Interrupt::At(0.0)).run(),
        "
        a
          note: always steps not run, since the run was stopped: clean, sweep; `guide run --resume` runs them
        a: Interrupted
        b: NotRun
        4 not run, interrupted
        "
    );
}

#[test]
fn an_interrupt_ends_the_running_step_and_names_the_always_steps() {
    assert_story!(
        book(Interrupt::At(2.0)).run(),
        "
        a
          0.0s one
          one: Interrupted
          note: always steps not run, since the run was stopped: clean, sweep; `guide run --resume` runs them
        a: Interrupted
        b: NotRun
        4 not run, interrupted
        "
    );
}

#[test]
fn an_interrupt_during_an_always_step_names_it_and_those_after_it() {
    assert_story!(
        book(Interrupt::During("clean")).run(),
        "
        a
          0.0s one
          one: Passed
          5.0s clean
          clean: Interrupted
          note: always steps stopped before its end: clean; not run, since the run was stopped: sweep; `guide run --resume` runs them
        a: Interrupted
        b: NotRun
        1 passed, 3 not run, interrupted
        "
    );
}

#[test]
fn an_interrupt_during_the_last_always_step_names_only_that() {
    assert_story!(
        book(Interrupt::During("sweep")).run(),
        "
        a
          0.0s one
          one: Passed
          5.0s clean
          clean: Passed
          10.0s sweep
          sweep: Interrupted
          note: always step stopped before its end: sweep; `guide run --resume` runs it
        a: Interrupted
        b: NotRun
        2 passed, 2 not run, interrupted
        "
    );
}

#[test]
fn a_resumed_run_runs_the_always_steps_that_an_interrupt_prevented() {
    let mut book = book(Interrupt::During("clean"));
    book.run();
    book.interrupt = Interrupt::Never;
    assert_story!(
        book.resume(),
        "
          one: PassedBefore
        resumed at a/clean: failed
        a
          0.0s clean
          clean: Passed
          5.0s sweep
          sweep: Passed
        a: Passed
        b
          10.0s two
          two: Passed
        b: Passed
        3 passed, 1 up to date
        "
    );
}

#[test]
fn an_interrupt_after_a_chapter_leaves_the_next_one_undone() {
    assert_story!(
        book(Interrupt::At(15.0)).run(),
        "
        a
          0.0s one
          one: Passed
          5.0s clean
          clean: Passed
          10.0s sweep
          sweep: Interrupted
          note: always step stopped before its end: sweep; `guide run --resume` runs it
        a: Interrupted
        b: NotRun
        2 passed, 2 not run, interrupted
        "
    );
}

#[test]
fn an_interrupt_between_two_attempts_of_a_check_ends_the_wait() {
    let mut book = TestBook::new(
        "
        # A

        ```bash {name=ready verify until=5m}
        check
        ```
        ",
    );
    book.answer("a/ready", [fails()]);
    book.interrupt = Interrupt::At(0.7);
    assert_story!(
        book.run(),
        "
        a
          0.0s ready
          0.5s ready, attempt 2
          ready: Interrupted
        a: Interrupted
        1 not run, interrupted
        "
    );
}

#[test]
fn an_interrupt_between_two_retries_ends_the_wait() {
    let mut book = TestBook::new(
        "
        # A

        ```bash {name=apply retry=3}
        apply
        ```
        ",
    );
    book.answer("a/apply", [fails()]);
    book.interrupt = Interrupt::At(0.5);
    assert_story!(
        book.run(),
        "
        a
          0.0s apply
          apply: Interrupted
        a: Interrupted
        1 not run, interrupted
        "
    );
}

#[test]
fn an_interrupt_while_a_check_decides_does_not_run_the_acting_step() {
    let mut book = TestBook::new(
        "
        # A

        ```bash {name=apply}
        apply
        ```

        ```bash {name=ready verify}
        check
        ```
        ",
    );
    book.answer("a/ready", [passes_after(5.0)]);
    book.interrupt = Interrupt::At(1.0);
    assert_story!(
        book.run(),
        "
        a
          0.0s ready (UpToDate)
        a: Interrupted
        2 not run, interrupted
        "
    );
}

#[test]
fn an_interrupt_while_a_resumed_run_checks_does_not_take_back_what_passed() {
    let mut book = TestBook::new(
        "
        # A

        ```bash {name=apply}
        apply
        ```

        ```bash {name=ready verify}
        check
        ```

        ```bash {name=next}
        next
        ```
        ",
    );
    book.answer("a/ready", [fails(), super::book::passes()]);
    book.answer("a/next", [fails()]);
    book.run();
    book.answer("a/ready", [passes_after(5.0)]);
    book.interrupt = Interrupt::At(1.0);
    assert_story!(
        book.resume(),
        "
          0.0s ready (Recheck)
          apply: PassedBefore
          ready: PassedBefore
        resumed at a/next: failed
        a
        a: Interrupted
        2 up to date, 1 not run, interrupted
        "
    );
}
