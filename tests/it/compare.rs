//! Snapshots: pending, accepted, compared, never overwritten.

use crate::Project;
use crate::project::unindented;

#[test]
fn a_first_snapshot_is_pending_and_then_accepted() {
    let book = Project::with_chapter(
        r"
        # One

        ```bash {name=list snapshot=text}
        echo one
        echo two
        ```
    ",
    );
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
    let book = Project::with_chapter(
        r#"
        # One

        ```bash {name=list snapshot=text}
        cat "$GUIDE_BOOK/file"
        ```
    "#,
    );
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
    let book = Project::with_chapter(
        r#"
        # One

        ```bash {name=pods snapshot=table}
        cat "$GUIDE_BOOK/table"
        ```
    "#,
    );
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
    let book = Project::with_chapter(
        r"
        # One

        ```bash {name=a}
        true
        ```
    ",
    );
    book.guide("check").exits(0);
    book.write("snapshots/chapter-1/gone.snap", "---\nsource: x\n---\nold\n");
    book.guide("check").exits(2).says("snapshots/chapter-1/gone.snap");
}

#[test]
fn a_huge_difference_is_shortened_on_the_terminal_and_complete_in_the_named_file() {
    let lines = |word: &str| (0..3_000).map(|line| format!("{word} {line}\n")).collect::<String>();
    let tall = format!("{{\"kept\": 1, \"text\": {}}}\n", serde_json::Value::from(lines("old")));
    for (attributes, expected, came, last) in [
        ("name=a", lines("old"), lines("new"), "+new 2999"),
        ("name=a snapshot=json", tall.clone(), tall.replace("old", "new"), "new 2999"),
        ("name=a", "one\n".to_owned(), format!("one\n{}", lines("surplus")), "+surplus 2999"),
    ] {
        let chapter = format!(
            "# One\n\n```bash {{{attributes}}}\ncat \"$GUIDE_BOOK/came\"\n```\n\n```output\n{expected}```\n"
        );
        let book = Project::with_chapter(&chapter);
        book.write("came", came);
        let said = book.guide("run").exits(1);
        assert!(
            said.stderr.lines().count() <= 60,
            "{} lines:\n{}",
            said.stderr.lines().count(),
            said.stderr
        );
        assert!(said.stderr.lines().all(|line| line.chars().count() <= 200), "{}", said.stderr);
        let rest = said
            .stderr
            .lines()
            .find_map(|line| line.split_once(": all of it in "))
            .expect("it says where the rest is");
        let whole = book.read(&format!("{}/output.diff", rest.1));
        assert!(whole.contains(last), "{attributes}: {} bytes", whole.len());
    }
}

#[test]
fn accepted_output_that_looks_like_a_pattern_is_compared_as_text() {
    let printed = "usage: cp <file> <dir>\nslice &v[..]\n...\n2 passed\n";
    let other = "usage: cp README /etc\nslice &vXYZ\n1 failed\n2 passed\n";
    for (attributes, fence) in [
        ("name=a snapshot=text", ""),
        ("name=a", "\n```output\nold\n```\n"),
        ("name=a snapshot", ""),
    ] {
        let chapter =
            format!("# One\n\n```bash {{{attributes}}}\ncat \"$GUIDE_BOOK/came\"\n```\n{fence}");
        let book = Project::with_chapter(&chapter);
        book.write("came", printed);
        book.guide("run").exits(1);
        book.guide("review --accept").exits(0);
        book.guide("run --rerun").exits(0);
        book.write("came", other);
        book.guide("run --rerun").exits(1);
    }
}

#[test]
fn accepting_keeps_the_patterns_of_the_author_and_escapes_the_rest() {
    let chapter = r#"
        # One

        ```bash {name=a}
        cat "$GUIDE_BOOK/came"
        ```

        ```output
        n is <n:int>
        old
        ```
    "#;
    let book = Project::with_chapter(chapter);
    book.write("came", "n is 5\nnew <x>\n");
    book.guide("run").exits(1);
    book.guide("review --accept").exits(0);
    assert!(book.read("guide/chapter-1.md").ends_with("```output\nn is <n:int>\nnew \\<x>\n```\n"));
    book.write("came", "n is 6\nnew <x>\n");
    book.guide("run --rerun").exits(0);
}

#[test]
fn accepting_never_writes_a_chapter_that_check_refuses() {
    let chapter = r"
        # One

        ```bash {name=a}
        printf '\x7b{#include x.sh}}\n'
        ```

        ```output
        y
        ```
    ";
    let book = Project::with_chapter(chapter);
    book.guide("run").exits(1);
    let said = book.guide("review --accept");
    said.exits(2).says("`guide check` would refuse the chapter");
    assert_eq!(book.read("guide/chapter-1.md"), unindented(chapter));
    book.guide("check").exits(0);
}

#[test]
fn a_long_output_is_compared_to_its_last_byte() {
    let chapter = r#"
        # One

        ```bash {name=a}
        seq 1 700000; cat "$GUIDE_BOOK/tail"
        ```

        ```output
        1
        ...
        OK
        ```

        ```bash {name=b check="'OK' in output"}
        echo OK; head -c 17000000 /dev/zero | tr '\0' y
        ```
    "#;
    let book = Project::with_chapter(chapter);
    book.write("tail", "OK\n");
    book.guide("run chapter-1/a").exits(0);
    book.write("tail", "FAILED\n");
    book.guide("run chapter-1/a --rerun").exits(1).says("- OK");
    book.guide("run chapter-1/b").exits(1).says("cannot be compared");
}

#[test]
fn normalize_chooses_what_is_hidden_before_a_snapshot_is_compared() {
    let chapter = |front: &str, attributes: &str| {
        format!(
            "{front}# One\n\n```bash {{name=a snapshot=text{attributes}}}\ncat \"$GUIDE_BOOK/came\"\n```\n"
        )
    };
    for (front, attributes, exit) in [
        ("", "", 0),
        ("", " normalize=none", 1),
        ("", " normalize=ages,hashes", 0),
        ("", " normalize=hashes", 1),
        ("---\nnormalize: none\n---\n", "", 1),
        ("---\nnormalize: none\n---\n", " normalize=all", 0),
    ] {
        let book = Project::with_chapter(&chapter(front, attributes));
        book.write("came", "made 5m ago\n");
        book.guide("run").exits(1);
        book.guide("review --accept").exits(0);
        book.write("came", "made 6m ago\n");
        book.guide("run --rerun").exits(exit);
    }
    Project::with_chapter(&chapter("", " normalize=agess"))
        .guide("check")
        .exits(2)
        .says("did you mean `ages`?");
}

#[test]
fn a_snapshot_that_cannot_be_read_is_an_error_and_not_a_new_one() {
    let book = Project::with_chapter(
        r"
        # One

        ```bash {name=a snapshot=text}
        echo x
        ```
    ",
    );
    book.write("snapshots/chapter-1/a.snap", "no header\n");
    let said = book.guide("run");
    assert!(!said.stderr.contains("new snapshot"), "{}", said.stderr);
    said.says("is not a snapshot");
    assert!(!book.has("snapshots/chapter-1/a.snap.new"));
}

#[test]
fn a_bound_text_stays_a_text_and_values_are_read_as_kubectl_reads_them() {
    let chapter = r#"
        # One

        ```bash {name=a check="v == '1.30' and v != w"}
        echo 1.30 1.3
        ```

        ```output
        <v> <w>
        ```

        ```bash {name=b}
        echo "$VERSION $ENABLED $BIG"
        ```

        ```output
        1.30 false .inf
        ```
    "#;
    let book = Project::with_chapter(chapter);
    book.write("guide/values.yaml", "enabled: no\nversion: 1.30\nbig: .inf\n");
    book.guide("check")
        .exits(0)
        .says("values.yaml:1: `no` is read as false, as kubectl reads it")
        .says("values.yaml:2: kubectl reads `1.30` as the number 1.3; guide keeps it as typed")
        .says("values.yaml:3: kubectl refuses a file that contains `.inf`");
    book.guide("run").exits(0);
}
