//! The review of pending outputs: by flags, as JSON, and with single keys on a terminal.

use std::fs::File;
use std::io::{Read, Write};
use std::process::Stdio;

use crate::Project;

const FENCED: &str = "# One\n\nSome *prose*  \n\n- a list\n\n  ```bash {name=list}\n  cat \"$GUIDE_BOOK/file\"\n  ```\n\n  ```output\n  first\n  n <n:int>\n  ...\n  last\n  ```\n\nThe end.\n";

fn fenced() -> Project {
    let book = Project::with_chapter(FENCED);
    book.write("file", "first\nn 5\nx\ny\nlast\n");
    book.guide("run").exits(0);
    book.write("file", "other\nn 7\nx\ny\nlast\n");
    book.guide("run --rerun").exits(1).says("guide review");
    book
}

#[test]
fn accepting_a_fence_changes_its_body_and_keeps_its_patterns() {
    let book = fenced();
    book.guide("review --accept").exits(0).says("chapter-1/list  accepted  guide/chapter-1.md");
    assert_eq!(book.read("guide/chapter-1.md"), FENCED.replace("  first\n", "  other\n"));
    book.guide("run").exits(0);
    book.guide("review").exits(0).says("nothing is pending review");
}

#[test]
fn rejecting_a_fence_changes_nothing() {
    let book = fenced();
    book.guide("review --reject").exits(0).says("chapter-1/list  rejected");
    assert_eq!(book.read("guide/chapter-1.md"), FENCED);
    book.guide("review").exits(0).says("nothing is pending review");
}

#[test]
fn a_fence_that_was_edited_since_it_ran_is_not_touched() {
    let book = fenced();
    let edited = FENCED.replace("  first\n", "  mine\n");
    book.write("guide/chapter-1.md", &edited);
    book.guide("review --accept").exits(0).says(
        "the `output` fence of chapter-1/list has changed since the step ran: run the step again",
    );
    assert_eq!(book.read("guide/chapter-1.md"), edited);
}

#[test]
fn several_fences_of_a_chapter_are_accepted_together() {
    let block = |name: &str, expected: &str| {
        format!(
            "```bash {{name={name}}}\ncat \"$GUIDE_BOOK/{name}\"\n```\n\n```output\n{expected}\n```\n\n"
        )
    };
    let chapter =
        |one: &str, two: &str| format!("# One\n\n{}{}", block("one", one), block("two", two));
    let book = Project::with_chapter(&chapter("a", "b").replace('\n', "\r\n"));
    book.write("one", "much\nlonger\nthan before\n");
    book.write("two", "c\n");
    book.guide("run").exits(1);
    book.write("one", "a\n");
    book.guide("run").exits(1);
    book.write("one", "much\nlonger\nthan before\n");
    book.guide("run --rerun").exits(1);
    book.guide("review --accept").exits(0).says("chapter-1/one  accepted");
    let text = book.read("guide/chapter-1.md");
    assert!(text.contains("```output\r\nmuch\r\nlonger\r\nthan before\r\n```\r\n"), "{text:?}");
    assert!(!text.replace("\r\n", "").contains('\n'), "{text:?}");
}

#[test]
fn an_output_that_would_close_its_fence_is_refused_with_a_hint() {
    let book = Project::with_chapter(
        r"
        # One

        ```bash {name=a}
        printf '```\nx\n'
        ```

        ```output
        old
        ```
    ",
    );
    book.guide("run").exits(1);
    let before = book.read("guide/chapter-1.md");
    book.guide("review --accept")
        .exits(2)
        .says("not written")
        .says("would end the chapter's fence")
        .says("````");
    assert_eq!(book.read("guide/chapter-1.md"), before);
}

#[test]
fn without_a_terminal_the_flags_are_named() {
    fenced()
        .guide("review")
        .exits(2)
        .says("1 output is pending review, and there is no terminal")
        .says("--accept");
}

#[test]
fn pending_outputs_are_listed_as_text_and_as_json() {
    let book = fenced();
    book.guide("review --list")
        .exits(0)
        .says("chapter-1/list  output fence, 1 change  guide/chapter-1.md");
    let json: serde_json::Value =
        serde_json::from_str(&book.guide("review --json").exits(0).stdout).expect("JSON");
    assert_eq!(json[0]["step"], "chapter-1/list");
    assert_eq!(json[0]["what"], "fence");
    assert_eq!(json[0]["is"], "pending");
    assert_eq!(json[0]["hunks"][0]["old"], serde_json::json!(["first"]));
    assert_eq!(json[0]["hunks"][0]["new"], serde_json::json!(["other"]));
    let json: serde_json::Value =
        serde_json::from_str(&book.guide("review --accept --json").exits(0).stdout).expect("JSON");
    assert_eq!(json[0]["is"], "accepted");
    assert_eq!(book.guide("review --json").exits(0).stdout, "[]\n");
}

#[test]
fn only_the_named_steps_are_reviewed() {
    let chapter = r"
        # One

        ```bash {name=a snapshot=text}
        echo a
        ```

        ```bash {name=b snapshot=text}
        echo b
        ```
    ";
    let book = Project::with_chapter(chapter);
    book.guide("run --keep-going").exits(1);
    book.guide("review --accept chapter-1/b")
        .exits(0)
        .says("chapter-1/b  accepted")
        .never_says("chapter-1/a");
    assert!(book.has("snapshots/chapter-1/b.snap") && !book.has("snapshots/chapter-1/a.snap"));
    book.guide("review --accept chapter-1/c").exits(2).says("`c`");
}

#[test]
fn a_chapter_with_parts_is_reviewed_with_all_of_its_parts() {
    let part = r"
        # Part

        ```bash {name=a snapshot=text}
        echo a
        ```
    ";
    let book = Project::with_chapters(&[
        ("chapter-8/README.md", "# Eight\n"),
        ("chapter-8/part.md", part),
    ]);
    book.guide("run --keep-going").exits(1);
    book.guide("review --accept chapter-8").exits(0).says("part/a  accepted");
    book.guide("review --accept chapter-8/prat").exits(2).says("did you mean `chapter-8/part`?");
}

#[test]
fn a_snapshot_that_differs_keeps_its_patterns_when_accepted() {
    let book = Project::with_chapter(
        r#"
        # One

        ```bash {name=a snapshot=text}
        cat "$GUIDE_BOOK/file"
        ```
    "#,
    );
    book.write(
        "snapshots/chapter-1/a.snap",
        "---\nsource: guide/chapter-1.md\n---\nport <p:int>\nold\n",
    );
    book.write("file", "port 5\npodIP: 10.0.0.1\n");
    book.guide("run").exits(1);
    book.guide("review --accept").exits(0);
    assert!(
        book.read("snapshots/chapter-1/a.snap").ends_with("---\nport <p:int>\npodIP: ⟨ip····⟩\n")
    );
    book.write("file", "port 6\npodIP: 10.7.7.7\n");
    book.guide("run --rerun").exits(0);
}

/// Presses keys in `guide review` on a real pseudo-terminal, and returns the text on the screen.
fn press(book: &Project, keys: &str) -> String {
    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a pseudo-terminal");
    grantpt(&master).expect("granted");
    unlockpt(&master).expect("unlocked");
    let name = ptsname(&master, Vec::new()).expect("a name").into_string().expect("UTF-8");
    let terminal = || {
        Stdio::from(File::options().read(true).write(true).open(&name).expect("the terminal opens"))
    };
    let mut guide = book
        .command("review")
        .env("TERM", "xterm")
        .stdin(terminal())
        .stdout(terminal())
        .stderr(terminal())
        .spawn()
        .expect("guide starts");
    let mut master = File::from(master);
    master.write_all(keys.as_bytes()).expect("keys pressed");
    assert!(guide.wait().expect("guide ends").success());
    let mut screen = vec![0; 64 * 1024];
    let length = master.read(&mut screen).expect("the screen");
    String::from_utf8_lossy(&screen[..length]).into_owned()
}

#[test]
fn on_a_terminal_one_key_decides_about_a_hunk() {
    let book = Project::with_chapter(
        r#"
        # One

        ```bash {name=a}
        cat "$GUIDE_BOOK/file"
        ```

        ```output
        a
        b
        c
        load 0.50 now
        ```
    "#,
    );
    book.write("file", "A\nb\nC\nload 0.75 now\n");
    book.guide("run").exits(1);
    let screen = press(&book, "rq");
    assert!(screen.contains("\u{1b}["), "on a terminal it is painted: {screen}");
    assert!(book.read("guide/chapter-1.md").contains("```output\na\nb\nc\nload 0.50 now\n```"));
    press(&book, "apa");
    assert!(
        book.read("guide/chapter-1.md").contains("```output\nA\nb\nC\nload [..] now\n```"),
        "{}",
        book.read("guide/chapter-1.md")
    );
    book.guide("run").exits(0);
}

#[test]
fn skipped_hunks_stay_pending_and_accepted_hunks_are_written() {
    let book = Project::with_chapter(
        r#"
        # One

        ```bash {name=a}
        cat "$GUIDE_BOOK/file"
        ```

        ```output
        a
        b
        c
        ```
    "#,
    );
    book.write("file", "A\nb\nC\n");
    book.guide("run").exits(1);
    press(&book, "as");
    assert!(book.read("guide/chapter-1.md").contains("```output\nA\nb\nc\n```"));
    book.guide("review --list").exits(0).says("output fence, 1 change");
    press(&book, "A");
    assert!(book.read("guide/chapter-1.md").contains("```output\nA\nb\nC\n```"));
}
