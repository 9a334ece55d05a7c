//! Background steps: ready, ended by themselves, stopped, started again.

use super::assert_story;
use super::book::{TestBook, fails, passes};
use crate::output::Ending;

const SERVE: &str = "
    # A

    ```bash {name=serve background ready=answers}
    serve
    ```

    ```bash {name=answers verify}
    curl
    ```

    ```bash {name=use}
    use
    ```
    ";

#[test]
fn a_background_step_has_passed_when_its_ready_check_passes() {
    let mut book = TestBook::new(SERVE);
    book.answer("a/answers", [fails(), passes()]);
    assert_story!(
        book.run(),
        "
        a
          0.0s serve
          0.0s answers (Ready)
          0.5s answers (Ready), attempt 2
          serve: Passed
          0.5s answers
          answers: Passed
          0.5s use
          use: Passed
        a: Passed
        3 passed
        "
    );
}

#[test]
fn a_background_step_fails_where_its_ready_check_does_not_pass_within_its_timeout() {
    let mut book = TestBook::new(&SERVE.replace("background", "background timeout=1s"));
    book.answer("a/answers", [fails()]);
    assert_story!(
        book.run(),
        "
        a
          0.0s serve
          0.0s answers (Ready)
          0.5s answers (Ready), attempt 2
          1.0s answers (Ready), attempt 3
          serve: failed: `answers` did not pass, so it is not ready
        a: Failed
        1 failed, 2 not run
        "
    );
}

#[test]
fn a_ready_check_is_not_waited_for_once_the_background_step_has_ended() {
    let mut book = TestBook::new(SERVE);
    book.answer("a/answers", [fails()]);
    book.end_background("a/serve", "a/answers", "no such port\n", Ending::Exited(1));
    assert_story!(
        book.run(),
        "
        a
          0.0s serve
          0.0s answers (Ready)
          serve: failed: the background step has ended (exit 1)
        a: Failed
        1 failed, 2 not run
        "
    );
}

const PLAIN: &str = "
    # A

    ```bash {name=serve background}
    serve
    ```

    ```bash {name=use}
    use
    ```

    ```bash {name=after}
    after
    ```
    ";

#[test]
fn a_background_step_that_ends_by_itself_fails_before_the_next_step() {
    let mut book = TestBook::new(PLAIN);
    book.end_background("a/serve", "a/use", "crashed\n", Ending::Exited(3));
    let ran = book.run();
    assert_story!(
        ran,
        "
        a
          0.0s serve
          serve: Passed
          0.0s use
          use: Passed
          serve: failed: it ended by itself (exit 3), but it should keep running
        a: Failed
        1 passed, 1 failed, 1 not run
        "
    );
    assert_eq!(ran.written, ["failure report of serve: run.sh output.txt objects.txt"]);
}

#[test]
fn a_background_step_that_ends_by_itself_fails_at_the_end_of_the_chapter_at_the_latest() {
    let mut book = TestBook::new(PLAIN);
    book.end_background("a/serve", "a/after", "", Ending::Exited(0));
    assert_story!(
        book.run(),
        "
        a
          0.0s serve
          serve: Passed
          0.0s use
          use: Passed
          0.0s after
          after: Passed
          serve: failed: it ended by itself (exit 0), but it should keep running
        a: Failed
        2 passed, 1 failed
        "
    );
}

#[test]
fn a_background_step_that_a_later_step_stopped_has_not_failed() {
    let mut book = TestBook::new(PLAIN);
    book.end_background("a/serve", "a/use", "", Ending::Signalled(15));
    assert_eq!(book.run().summary.passed, 3);
}

#[test]
fn a_kept_background_step_may_end_after_it_has_started_a_daemon() {
    let mut book = TestBook::new(&PLAIN.replace("background", "background=keep"));
    book.end_background("a/serve", "a/use", "", Ending::Exited(0));
    assert_eq!(book.run().summary.passed, 3);
    book.end_background("a/serve", "a/use", "", Ending::Exited(1));
    assert_eq!(book.run().summary.failed, 1);
}

#[test]
fn a_background_step_that_cannot_be_started_fails() {
    let mut book = TestBook::new(PLAIN);
    book.answer("a/serve", [fails()]);
    assert_story!(
        book.run(),
        "
        a
          0.0s serve
          serve: failed: exit 1
        a: Failed
        1 failed, 2 not run
        "
    );
}

#[test]
fn a_background_step_of_a_chapter_is_not_expected_to_run_in_the_next_one() {
    let next = "# B\n\n```bash {name=last}\nlast\n```\n";
    let mut book = TestBook::with_chapters(&[("a", PLAIN), ("b", next)]);
    book.end_background("a/serve", "b/last", "", Ending::Exited(1));
    assert_eq!(book.run().summary.passed, 4);
}

#[test]
fn a_background_step_of_the_run_fails_in_the_chapter_in_which_it_ends() {
    let next = "# B\n\n```bash {name=last}\nlast\n```\n";
    let text = PLAIN.replace("background", "background=run");
    let mut book = TestBook::with_chapters(&[("a", text.as_str()), ("b", next)]);
    book.end_background("a/serve", "b/last", "", Ending::Exited(1));
    assert_story!(
        book.run(),
        "
        a
          0.0s serve
          serve: Passed
          0.0s use
          use: Passed
          0.0s after
          after: Passed
        a: Passed
        b
          0.0s last
          last: Passed
          serve: failed: it ended by itself (exit 1), but it should keep running
        b: Failed
        3 passed, 1 failed
        "
    );
}

#[test]
fn a_resumed_run_starts_the_background_step_again() {
    let mut book = TestBook::new(PLAIN);
    book.answer("a/after", [fails()]);
    book.run();
    book.answer("a/after", [passes()]);
    assert_story!(
        book.resume(),
        "
          serve: PassedBefore
          use: PassedBefore
        resumed at a/after: failed
        a
          0.0s serve
          serve: Passed
          0.0s after
          after: Passed
        a: Passed
        2 passed, 1 up to date
        "
    );
}

#[test]
fn a_resumed_run_does_not_go_on_where_the_background_step_does_not_start_again() {
    let mut book = TestBook::new(PLAIN);
    book.answer("a/after", [fails()]);
    book.run();
    book.answer("a/after", [passes()]);
    book.answer("a/serve", [fails()]);
    assert_story!(
        book.resume(),
        "
          serve: PassedBefore
          use: PassedBefore
        resumed at a/after: failed
        a
          0.0s serve
          serve: failed: exit 1
        a: Failed
        1 up to date, 1 failed, 1 not run
        "
    );
}

#[test]
fn a_resumed_run_starts_again_what_an_earlier_chapter_left_running_for_the_run() {
    let next = "# B\n\n```bash {name=last}\nlast\n```\n";
    let text = PLAIN.replace("background", "background=run");
    let mut book = TestBook::with_chapters(&[("a", text.as_str()), ("b", next)]);
    book.answer("b/last", [fails()]);
    book.run();
    book.answer("b/last", [passes()]);
    assert_story!(
        book.resume(),
        "
          serve: PassedBefore
          use: PassedBefore
          after: PassedBefore
        resumed at b/last: failed
        a
          0.0s serve
          serve: Passed
        a: Passed
        b
          0.0s last
          last: Passed
        b: Passed
        2 passed, 2 up to date
        "
    );
    book.answer("b/last", [fails()]);
    book.run();
    book.answer("a/serve", [fails()]);
    assert_eq!(book.resume().world.ran(), ["a/serve"], "no step runs without it");
}

#[test]
fn a_background_step_is_never_up_to_date() {
    let mut book = TestBook::new(&SERVE.replace(" ready=answers", ""));
    book.run();
    assert_eq!(book.run().world.ran(), ["a/serve", "a/answers", "a/use"]);
}
