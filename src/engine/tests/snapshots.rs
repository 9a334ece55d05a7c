//! Pending snapshots and fences.

use super::assert_story;
use super::book::{TestBook, fails, prints};

fn snapshot(answer: &str, accepted: Option<&str>) -> TestBook {
    let text = "# A\n\n```bash {name=list verify snapshot}\nlist\n```\n";
    let mut book = TestBook::new(text);
    book.answer("a/list", [prints(answer)]);
    book.accepted.extend(accepted.map(|text| ("a/list".to_owned(), text.to_owned())));
    book
}

#[test]
fn a_new_snapshot_is_pending() {
    let ran = snapshot("one\n", None).run();
    assert_story!(
        ran,
        "
        a
          0.0s list
          list: Pending
        a: Passed
        1 passed, 1 pending
        "
    );
    assert_eq!(ran.written, ["pending snapshot of list"]);
}

#[test]
fn an_output_as_accepted_passes_and_clears_what_was_pending() {
    let ran = snapshot("one\n", Some("one\n")).run();
    assert_eq!(ran.summary.passed, 1);
    assert_eq!(ran.written, ["nothing pending of list"]);
}

#[test]
fn a_snapshot_that_differs_fails_and_is_pending() {
    let ran = snapshot("two\n", Some("one\n")).run();
    assert_story!(
        ran,
        "
        a
          0.0s list
          list: failed: not as accepted
        a: Failed
        1 failed, 1 pending
        "
    );
    assert_eq!(
        ran.written,
        [
            "pending snapshot of list",
            "failure report of list: run.sh output.txt expected.txt output.diff objects.txt",
        ]
    );
}

#[test]
fn a_fence_that_differs_is_written_for_review_and_is_no_pending_snapshot() {
    let mut book =
        TestBook::new("# A\n\n```bash {name=list verify}\nlist\n```\n\n```output\none\n```\n");
    book.answer("a/list", [prints("two\n")]);
    let ran = book.run();
    assert_eq!((ran.summary.failed, ran.summary.pending), (1, 0));
    assert_eq!(ran.written[0], "pending fence of list");
}

#[test]
fn a_step_that_fails_otherwise_leaves_what_is_pending_alone() {
    let mut book = snapshot("", Some("one\n"));
    book.answer("a/list", [fails()]);
    let ran = book.run();
    assert_eq!(ran.written, ["failure report of list: run.sh output.txt objects.txt"]);
}
