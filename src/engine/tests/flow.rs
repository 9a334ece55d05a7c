//! What a failure, a question, or a lost world means for the rest of a run: `always`, `confirm`, `--keep-going`.

use super::assert_story;
use super::book::{TestBook, fails};
use crate::engine::Options;
use crate::output::{Ending, LeftoverProcess};
use crate::world::scripted::Answer;

const KEEP_GOING: Options = Options {
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
const NEXT: &str = "
    # B

    ```bash {name=three}
    three
    ```
    ";

fn two_chapters() -> TestBook {
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

#[test]
fn a_step_whose_secret_has_no_value_does_not_run() {
    let text = "
        # A

        ```bash {name=login secret=TOKEN}
        login
        ```
        ";
    let mut book = TestBook::new(text);
    assert_story!(
        book.run(),
        "
        a
          login: failed: the secret TOKEN has no value here: set it in the environment of `guide run`
        a: Failed
        1 failed
        "
    );
    book.given_secrets.insert("TOKEN".to_owned());
    assert_eq!(book.run().summary.passed, 1);
}

#[test]
fn a_process_that_outlived_its_step_is_noted() {
    let mut answer = Answer::ending("", Ending::Exited(0));
    answer.output.leftovers = vec![LeftoverProcess { pid: 7, command: "sleep 99".to_owned() }];
    let mut book = TestBook::new(NEXT);
    book.answer("a/three", [answer]);
    assert_story!(
        book.run(),
        "
        a
          0.0s three
          note: left running and stopped: sleep 99 (pid 7)
          three: Passed
        a: Passed
        1 passed
        "
    );
}

#[test]
fn a_name_that_an_output_binds_becomes_a_variable_of_the_later_steps() {
    let mut book = TestBook::new(
        "
        # A

        ```bash {name=ask}
        ask
        ```

        ```output
        node <node>
        ```

        ```bash {name=use}
        use
        ```
        ",
    );
    book.answer("a/ask", [Answer::passing("node one\n")]);
    let ran = book.run();
    let bound: Vec<_> = ran.world.commands().map(|command| command.bound.clone()).collect();
    assert_eq!(bound, [vec![], vec![("node".to_owned(), "one".to_owned())]]);
}
