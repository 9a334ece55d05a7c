//! Snapshots: pending, accepted, compared, never overwritten.

use crate::Project;

#[test]
fn a_first_snapshot_is_pending_and_then_accepted() {
    let book = Project::with_chapter("# One\n\n```bash {name=list snapshot=text}\necho one\necho two\n```\n");
    book.guide("run").exits(1).says("guide review");
    assert!(book.has("snapshots/chapter-1/list.snap.new"));
    assert!(!book.has("snapshots/chapter-1/list.snap"));
    book.guide("review --accept").exits(0);
    assert!(book.has("snapshots/chapter-1/list.snap"));
    book.guide("run").exits(0).says("1 passed");
    assert!(!book.has("snapshots/chapter-1/list.snap.new"));
}

#[test]
fn an_accepted_snapshot_is_never_overwritten_by_a_run() {
    let book = Project::with_chapter("# One\n\n```bash {name=list snapshot=text}\ncat \"$GUIDE_BOOK/file\"\n```\n");
    book.write("file", "one\n");
    book.guide("run").exits(1);
    book.guide("review --accept").exits(0);
    let accepted = book.read("snapshots/chapter-1/list.snap");
    book.write("file", "other\n");
    book.guide("run").exits(1).says("one").says("other");
    assert_eq!(book.read("snapshots/chapter-1/list.snap"), accepted);
    assert!(book.has("snapshots/chapter-1/list.snap.new"));
    book.guide("review --reject").exits(0);
    assert!(!book.has("snapshots/chapter-1/list.snap.new"));
}

#[test]
fn a_table_is_compared_by_rows_and_columns() {
    let book = Project::with_chapter("# One\n\n```bash {name=pods snapshot=table}\ncat \"$GUIDE_BOOK/table\"\n```\n");
    book.write("table", "NAME                   READY   STATUS    RESTARTS   AGE\nweb-7d4b9c6f5-x2x9z    2/2     Running   0          5m\ndb-0                   1/1     Running   0          9m\n");
    book.guide("run").exits(1);
    book.guide("review --accept").exits(0);
    book.write("table", "NAME                  READY   STATUS    RESTARTS      AGE\ndb-0                  1/1     Running   0             2d\nweb-7d4b9c6f5-q8r7s   2/2     Running   0             1s\n");
    book.guide("run").exits(0);
    book.write(
        "table",
        "NAME                  READY   STATUS    RESTARTS      AGE\nweb-7d4b9c6f5-q8r7s   1/2     Running   0             1s\n",
    );
    book.guide("run").exits(1).says("READY").says("2/2").says("1/2").says("db-0").says("missing");
}

#[test]
fn an_unused_snapshot_is_a_failure_of_check() {
    let book = Project::with_chapter("# One\n\n```bash {name=a}\ntrue\n```\n");
    book.guide("check").exits(0);
    book.write("snapshots/chapter-1/gone.snap", "---\nsource: x\n---\nold\n");
    book.guide("check").exits(2).says("snapshots/chapter-1/gone.snap");
}

#[test]
fn a_huge_difference_is_a_screenful_on_the_terminal_with_the_rest_in_the_file_it_names() {
    let lines = |word: &str| (0..3_000).map(|line| format!("{word} {line}\n")).collect::<String>();
    let tall = format!("{{\"kept\": 1, \"text\": {}}}\n", serde_json::Value::from(lines("old")));
    for (attributes, expected, came, last) in [
        ("name=a", lines("old"), lines("new"), "+new 2999"),
        ("name=a snapshot=json", tall.clone(), tall.replace("old", "new"), "new 2999"),
        ("name=a", "one\n".to_owned(), format!("one\n{}", lines("surplus")), "+surplus 2999"),
    ] {
        let chapter = format!("# One\n\n```bash {{{attributes}}}\ncat \"$GUIDE_BOOK/came\"\n```\n\n```output\n{expected}```\n");
        let book = Project::with_chapter(&chapter);
        book.write("came", came);
        let said = book.guide("run").exits(1);
        assert!(said.stderr.lines().count() <= 60, "{} lines:\n{}", said.stderr.lines().count(), said.stderr);
        assert!(said.stderr.lines().all(|line| line.chars().count() <= 200), "{}", said.stderr);
        let rest = said.stderr.lines().find_map(|line| line.split_once(": all of it in ")).expect("it says where the rest is");
        let whole = book.read(&format!("{}/output.diff", rest.1));
        assert!(whole.contains(last), "{attributes}: {} bytes", whole.len());
    }
}
