//! `guide verify`.

use super::assert_story;
use super::book::{TestBook, fails, passes};
use crate::output::Ending;
use crate::world::scripted::Answer;

const TEXT: &str = "
    # A

    ```bash {name=apply}
    apply
    ```

    ```bash {name=ready verify until=20s}
    check
    ```

    ```bash {name=more}
    more
    ```

    ```bash {name=more-ready verify until=20s}
    check more
    ```
    ";

fn run_once() -> TestBook {
    let mut book = TestBook::new(TEXT);
    book.run();
    book
}

#[test]
fn only_checks_run() {
    assert_story!(
        run_once().verify(60),
        "
        a
          0.0s ready
          ready: Passed
          0.0s more-ready
          more-ready: Passed
        a: Passed
        2 passed
        "
    );
}

#[test]
fn a_check_that_fails_does_not_keep_the_others_from_running() {
    let mut book = run_once();
    book.answer("a/ready", [fails()]);
    assert_story!(
        book.verify(0),
        "
        a
          0.0s ready
          ready: failed: exit 1
          0.0s more-ready
          more-ready: Passed
        a: Failed
        1 passed, 1 failed
        "
    );
}

#[test]
fn all_checks_share_one_wait_budget() {
    let mut book = run_once();
    book.answer("a/ready", [fails()]);
    book.answer("a/more-ready", [fails()]);
    assert_story!(
        book.verify(1),
        "
        a
          0.0s ready
          0.5s ready, attempt 2
          1.0s ready, attempt 3
          ready: failed: exit 1
          1.0s more-ready
          more-ready: failed: exit 1
        a: Failed
        2 failed
        "
    );
}

#[test]
fn a_check_that_passes_at_once_spends_nothing_of_the_budget() {
    let mut book = run_once();
    book.answer("a/more-ready", [fails(), passes()]);
    assert_eq!(book.verify(1).summary.passed, 2);
}

#[test]
fn the_rest_is_skipped_where_a_precondition_gives_no_answer() {
    let mut book = TestBook::new(
        "
        # A

        ```bash {name=cluster-answers verify}
        kubectl version
        ```

        ```bash {name=apply}
        apply
        ```

        ```bash {name=ready verify}
        check
        ```

        ```bash {name=cleaned verify always}
        check clean
        ```
        ",
    );
    book.run();
    book.answer("a/cluster-answers", [fails()]);
    assert_story!(
        book.verify(0),
        "
        a
          0.0s cluster-answers
          cluster-answers: failed: exit 1
          ready: skipped: not run, because cluster-answers failed
          0.0s cleaned
          cleaned: Passed
        a: Failed
        1 passed, 1 failed, 1 skipped
        "
    );
}

#[test]
fn a_check_of_a_background_step_is_skipped() {
    let mut book = TestBook::new(
        "
        # A

        ```bash {name=serve background}
        serve
        ```

        ```bash {name=answers verify}
        curl
        ```
        ",
    );
    assert_story!(
        book.verify(0),
        "
        a
          answers: skipped: it checks a background step, which only a run of the chapter starts
        a: Passed
        1 skipped
        "
    );
}

#[test]
fn a_chapter_that_never_ran_here_says_once_that_its_state_is_unknown() {
    let mut book = TestBook::new(TEXT);
    book.answer("a/ready", [fails()]);
    book.answer("a/more-ready", [fails()]);
    assert_story!(
        book.verify(0),
        "
        a
          0.0s ready
          ready: failed: exit 1
          note: a has not been run from here, so its checks lack the functions and variables that its acting steps define: run `guide run a` first
          0.0s more-ready
          more-ready: failed: exit 1
        a: Failed
        2 failed
        "
    );
}

#[test]
fn nothing_is_taken_as_done() {
    let text = format!("---\ndone: [ready]\n---\n{}", super::story::unindent(TEXT));
    let mut book = TestBook::new(&text);
    book.run();
    assert_eq!(book.verify(0).summary.passed, 2);
}

#[test]
fn a_lost_cluster_is_named() {
    let mut book = run_once();
    book.answer("a/ready", [Answer::ending("", Ending::Exited(1))]);
    book.cluster.lost = Some(("the cluster does not answer", "start it"));
    assert_story!(
        book.verify(0),
        "
        a
          0.0s ready
          ready: failed: exit 1
          0.0s more-ready
          more-ready: Passed
        a: Failed
        1 passed, 1 failed, broken: the cluster does not answer, hint: start it
        "
    );
}

#[test]
fn a_verified_chapter_does_not_count_as_run() {
    let mut book = TestBook::new(TEXT);
    book.verify(0);
    let ran = book.run();
    assert!(ran.story.contains("apply: FoundSo"), "{}", ran.story);
}
