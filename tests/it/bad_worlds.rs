//! Worlds that cannot be reached, and files that cannot be written.

use crate::faults::newest_journal;
use crate::{Project, Said};

#[test]
fn a_torn_last_journal_line_is_dropped() {
    let book = Project::with_chapter(
        r#"
        # One

        ```bash {name=a}
        echo a >> "$GUIDE_BOOK/log"
        ```

        ```bash {name=b}
        test -e "$GUIDE_BOOK/cured"
        ```
    "#,
    );
    book.guide("run").exits(1);
    let run = newest_journal(&book.path(".guide"));
    let text = std::fs::read_to_string(&run).expect("journal");
    std::fs::write(&run, &text[..text.len() - 7]).expect("torn");
    book.write("cured", "");
    book.guide("run --resume").exits(0).says("resuming at chapter-1/b");
    assert_eq!(book.read("log"), "a\n");
}

#[test]
fn a_state_folder_that_is_a_file_is_a_clear_error() {
    let book = Project::with_chapter(
        r"
        # One

        ```bash {name=a}
        true
        ```
    ",
    );
    book.write(".guide", "a file in the way");
    insta::assert_snapshot!(book.guide("run").whole());
}

/// A kubeconfig with two contexts, at an address where no server listens.
fn two_contexts(current: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: \"{current}\"\nusers: [{{name: u, user: {{token: t}}}}]\n\
         clusters:\n- {{name: c, cluster: {{server: \"https://127.0.0.1:1\"}}}}\n\
         contexts:\n- {{name: mine, context: {{cluster: c, user: u}}}}\n- {{name: production, context: {{cluster: c, user: u}}}}\n"
    )
}

fn book_with_cluster() -> Project {
    let book = Project::with_chapter(
        r#"
            # One

            ```bash {name=a}
            echo a >> "$GUIDE_BOOK/log"
            ```
        "#,
    );
    let config = "[book]\ntitle = \"Test\"\nsrc = \"guide\"\n\n[preprocessor.guide]\ncluster = \"mine\"\ncontext = \"mine\"\n";
    book.write("book.toml", config);
    book
}

#[test]
fn commands_that_would_reach_another_context_are_not_run() {
    let book = book_with_cluster();
    book.write("other", two_contexts("production"));
    for call in
        ["run --yes --kubeconfig other", "verify --kubeconfig other", "diff --kubeconfig other"]
    {
        let said = book.guide(call);
        assert_eq!(said.code, Some(3), "{call}: {}{}", said.stdout, said.stderr);
        assert!(
            said.stderr.contains("context mine")
                && said.stderr.contains("reach context production"),
            "{}",
            said.stderr
        );
    }
    assert!(!book.has("log"));
    book.write("other", two_contexts("mine"));
    book.guide("run --yes --kubeconfig other").exits(0);
    book.write("other", two_contexts(""));
    book.guide("run --yes --rerun --kubeconfig other").exits(0);
    assert_eq!(book.read("log"), "a\na\n");
}

#[test]
fn a_book_that_adopted_a_cluster_does_not_run_without_it() {
    let book = book_with_cluster();
    let kept = |more: &str| {
        format!(
            r#"{{"format": 1, "at": "2026-01-01T00:00:00Z", "run": "r", "identity": {{"context": "mine", "server": "https://there", "ca_sha256": null, "nodes": ["n"]}}{more}}}"#
        )
    };
    book.write(".guide/world.json", kept(r#", "kubeconfig": "/home/me/adopted""#));
    let said = book.guide("run --yes");
    assert_eq!(said.code, Some(3), "{}{}", said.stdout, said.stderr);
    for words in [
        "context mine at https://there",
        "from /home/me/adopted",
        "found: none in ",
        "--kubeconfig /home/me/adopted",
    ] {
        assert!(said.stderr.contains(words), "{words}: {}", said.stderr);
    }
    assert!(!book.has("log"));
    // A cluster that the book made itself may be gone: its first chapter makes it again.
    book.write(".guide/world.json", kept(""));
    book.guide("run --yes").exits(0);
}

#[test]
fn data_that_cannot_be_written_is_an_error_of_every_command_that_prints_data() {
    let book = Project::with_chapter("```bash {name=a}\necho hi\n```\n");
    book.guide("run").exits(0);
    for words in [
        "plan",
        "plan --json",
        "check",
        "check --coverage",
        "status",
        "status --json",
        "completions bash",
        "--help",
        "--version",
    ] {
        let full = std::fs::File::options().write(true).open("/dev/full").expect("/dev/full");
        let output = book.command(words).stdout(full).output().expect("guide starts");
        let said = Said::of(&output, book.root());
        assert_eq!(said.code, Some(3), "guide {words}: {}", said.stderr);
        assert!(said.stderr.contains("No space left on device"), "guide {words}: {}", said.stderr);
    }
    for report in ["json", "junit"] {
        book.guide(&format!("run --rerun --report {report}=/dev/full"))
            .exits(3)
            .says("the disk is full");
    }
}

#[test]
fn a_stream_that_is_closed_is_no_panic() {
    let book = Project::with_chapter("```bash {name=a}\necho hi\n```\n");
    for words in ["run", "plan", "check", "status", "--help", "nonsense"] {
        for closed in [">&-", "2>&-", ">&- 2>&- <&-"] {
            let script = format!("{} {words} {closed}", env!("CARGO_BIN_EXE_guide"));
            let output = std::process::Command::new("bash")
                .args(["-c", &script])
                .current_dir(book.root())
                .output();
            let output = output.expect("bash starts");
            let text =
                String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
            assert!(
                output.status.code().is_some_and(|code| code < 100) && !text.contains("panicked"),
                "{script}: {text}"
            );
        }
    }
}

#[test]
fn a_snapshot_that_cannot_be_read_or_written_is_an_error_and_passes_nothing() {
    let book = Project::with_chapter("```bash {name=a snapshot}\necho hi\n```\n");
    book.write("snapshots", "in the way\n");
    book.guide("run").exits(3).says("can't make the folder `BOOK/snapshots/chapter-1`");
    std::fs::remove_file(book.path("snapshots")).expect("removed");
    std::fs::create_dir_all(book.path("snapshots/chapter-1/a.snap")).expect("made");
    book.guide("run").exits(3).says("can't read `BOOK/snapshots/chapter-1/a.snap`");
    std::fs::remove_dir(book.path("snapshots/chapter-1/a.snap")).expect("removed");
    std::os::unix::fs::symlink("/dev/zero", book.path("snapshots/chapter-1/a.snap"))
        .expect("linked");
    book.guide("run").exits(3).says("it is a pipe, a socket or a device, and not a file");
    book.guide("check").exits(2).says("it is a pipe, a socket or a device, and not a file");
}

#[test]
fn a_chapter_that_is_a_link_to_a_device_or_a_pipe_is_refused_at_once() {
    let book = Project::with_chapter("# One\n");
    for target in ["/dev/zero", "/dev/stdin"] {
        std::fs::remove_file(book.path("guide/chapter-1.md")).expect("removed");
        std::os::unix::fs::symlink(target, book.path("guide/chapter-1.md")).expect("linked");
        book.guide("check").exits(2).says("and not a file");
    }
}
