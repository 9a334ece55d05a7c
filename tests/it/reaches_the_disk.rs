//! What a person has accepted is on the disk before its name is, as the kernel sees it: the calls of `guide review --accept`.

use std::process::Command;

use regex::Regex;

use crate::Project;

/// The system calls of `guide WORDS` that concern files, in their order; `None` where no program can be traced here.
fn calls_of(book: &Project, words: &str) -> Option<Vec<String>> {
    let can_trace =
        Command::new("strace").arg("true").output().is_ok_and(|ran| ran.status.success());
    if !can_trace {
        println!("skipped: strace is not installed, or may trace nothing here");
        return None;
    }
    let guide = book.command(words);
    let log = book.path("calls");
    let status = Command::new("strace")
        .args([
            "-f",
            "-y",
            "-qq",
            "-s",
            "4096",
            "-e",
            "trace=openat,fsync,fdatasync,rename,renameat,renameat2",
            "-o",
        ])
        .arg(&log)
        .arg(guide.get_program())
        .args(guide.get_args())
        .current_dir(book.root())
        .env("HOME", book.root())
        .output()
        .expect("strace starts");
    assert!(status.status.success(), "{}", String::from_utf8_lossy(&status.stderr));
    Some(book.read("calls").lines().map(str::to_owned).collect())
}

#[test]
fn what_was_accepted_is_synced_before_it_has_its_name_and_the_name_after_it() {
    let book = Project::with_chapter(
        "# One\n\n```bash {name=fence}\necho new\n```\n\n```output\nold\n```\n\n```bash {name=snap snapshot}\necho new\n```\n",
    );
    book.guide("run --keep-going").exits(1);
    let quiet = Project::with_chapter("# One\n\n```bash {name=a}\necho new\n```\n");
    quiet.guide("run --record").exits(0);
    for (book, names) in [
        (&book, &["guide/chapter-1.md", "snapshots/chapter-1/snap.snap"][..]),
        (&quiet, &["snapshots/chapter-1/recording@default.json"][..]),
    ] {
        let Some(calls) = calls_of(book, "review --accept") else { return };
        let root = book.root().canonicalize().expect("a folder");
        for name in names {
            let path = root.join(name).display().to_string();
            let renamed = Regex::new(&format!(
                r#"rename.*"([^"]+)".*"{}"(, \w+)?\) *= 0"#,
                regex::escape(&path)
            ));
            let renamed = renamed.expect("a pattern");
            let at = calls.iter().position(|call| renamed.is_match(call));
            let at =
                at.unwrap_or_else(|| panic!("{name} was not renamed into its place: {calls:#?}"));
            let temporary = renamed.captures(&calls[at]).expect("a match")[1].to_owned();
            let synced = |call: &String, path: &str| {
                (call.contains(" fdatasync(") || call.contains(" fsync("))
                    && call.contains(&format!("<{path}>"))
            };
            assert!(
                calls[..at].iter().any(|call| synced(call, &temporary)),
                "{name}: its content: {calls:#?}"
            );
            let folder = path.rsplit_once('/').expect("a folder").0;
            assert!(
                calls[at..].iter().any(|call| synced(call, folder)),
                "{name}: its name: {calls:#?}"
            );
            if temporary.contains(".guide-tmp-") {
                let opened = calls[..at].iter().find(|call| {
                    call.contains("openat(") && call.contains(&format!("\"{temporary}\""))
                });
                let opened =
                    opened.unwrap_or_else(|| panic!("{name}: it was not opened: {calls:#?}"));
                assert!(opened.contains("O_CREAT|O_EXCL"), "{opened}");
            }
        }
    }
}
