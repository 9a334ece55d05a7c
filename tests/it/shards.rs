//! The book divided among machines: `guide plan --shards`, `guide run --shard`, `guide export`, `merge` and `replay`.

use crate::Project;

/// Four chapters, of which two need the first one; each writes its name to `log`.
fn book() -> Project {
    let book = Project::with_chapters(&[
        ("base.md", "# Base\n\n```bash {name=base}\necho base >> \"$GUIDE_BOOK/log\"\n```\n"),
        (
            "web.md",
            "---\nneeds: [base]\n---\n# Web\n\n```bash {name=web}\necho web >> \"$GUIDE_BOOK/log\"\n```\n",
        ),
        (
            "data.md",
            "---\nneeds: [base]\n---\n# Data\n\n```bash {name=data}\necho data >> \"$GUIDE_BOOK/log\"\ntest ! -e \"$GUIDE_BOOK/broken\"\n```\n",
        ),
        ("docs.md", "# Docs\n\n```bash {name=docs}\necho docs >> \"$GUIDE_BOOK/log\"\n```\n"),
    ]);
    book.write("times.json", r#"{"base": 10, "web": 60, "data": 50, "docs": 5}"#);
    book
}

#[test]
fn the_plan_shows_which_machine_runs_what_and_how_long_it_takes() {
    let said = book().guide("plan --shards auto --times times.json");
    insta::assert_snapshot!(said.whole());
}

#[test]
fn the_matrix_is_one_line_for_github() {
    let said = book().guide("plan --shards 2 --times times.json --github");
    insta::assert_snapshot!(said.whole());
}

#[test]
fn each_shard_runs_its_chapters_and_what_they_need() {
    let book = book();
    book.guide("run --shard 2/2 --times times.json --state state-2").exits(0);
    assert_eq!(book.read("log"), "base\ndata\ndocs\n");
    book.guide("run --shard 1/2 --times times.json --state state-1").exits(0);
    assert_eq!(book.read("log"), "base\ndata\ndocs\nbase\nweb\n");
    book.guide("run --shard 3/3 --times times.json --state state-3").exits(0);
    assert_eq!(book.read("log"), "base\ndata\ndocs\nbase\nweb\ndocs\n");
}

#[test]
fn a_shard_that_does_not_exist_is_an_error_of_the_command_line() {
    let said = book().guide("run --shard 3/2");
    insta::assert_snapshot!(said.whole());
}

/// Runs both shards, each in a state folder of its own, and exports them.
fn exported(book: &Project) {
    for shard in ["1", "2"] {
        let state = format!("--state state-{shard}");
        book.guide(&format!("run --shard {shard}/2 --times times.json --keep-going {state}"));
        book.guide(&format!("export --out {shard}of2.guide.tgz {state}")).exits(0);
    }
}

/// What a report says of each step.
fn verdicts(junit: &str) -> Vec<String> {
    let cases = junit.split("<testcase ").skip(1);
    cases
        .map(|case| {
            let word = |name: &str| {
                let from = case.find(&format!("{name}=\"")).map_or(0, |at| at + name.len() + 2);
                case[from..].split('"').next().unwrap_or_default().to_owned()
            };
            let verdict = ["failure", "error", "skipped"]
                .into_iter()
                .find(|verdict| case.contains(&format!("<{verdict}")))
                .unwrap_or("passed");
            format!("{}/{} {verdict}", word("classname"), word("name"))
        })
        .collect()
}

#[test]
fn the_merged_report_is_that_of_one_run() {
    let book = book();
    book.write("broken", "");
    exported(&book);
    book.guide("merge 1of2.guide.tgz 2of2.guide.tgz --report junit=merged.xml --times next.json")
        .exits(1);
    book.guide("run --keep-going --report junit=whole.xml").exits(1);
    assert_eq!(verdicts(&book.read("merged.xml")), verdicts(&book.read("whole.xml")));
    assert_eq!(
        verdicts(&book.read("merged.xml")),
        ["base/base passed", "web/web passed", "data/data failure", "docs/docs passed"]
    );
    let times: serde_json::Value = serde_json::from_str(&book.read("next.json")).unwrap();
    let chapters: Vec<&String> = times.as_object().unwrap().keys().collect();
    assert_eq!(chapters, ["base", "web", "docs"], "of a chapter that failed no time is known");
}

#[test]
fn a_missing_shard_is_an_error_and_no_silence() {
    let book = book();
    exported(&book);
    let said = book.guide("merge 1of2.guide.tgz");
    insta::assert_snapshot!(said.whole());
}

#[test]
fn the_same_shard_twice_is_refused() {
    let book = book();
    exported(&book);
    std::fs::copy(book.path("1of2.guide.tgz"), book.path("again.guide.tgz")).unwrap();
    let said = book.guide("merge 1of2.guide.tgz again.guide.tgz");
    insta::assert_snapshot!(said.whole());
}

#[test]
fn bundles_of_a_changed_book_are_refused() {
    let book = book();
    exported(&book);
    book.write("guide/docs.md", "# Docs\n\n```bash {name=docs}\necho others\n```\n");
    let said = book.guide("merge 1of2.guide.tgz 2of2.guide.tgz");
    insta::assert_snapshot!(said.whole());
}

#[test]
fn a_bundle_that_was_cut_or_is_something_else_is_refused() {
    let book = book();
    exported(&book);
    let whole = std::fs::read(book.path("1of2.guide.tgz")).unwrap();
    for length in [0, 1, 100, whole.len() / 2, whole.len() - 1] {
        book.write("cut.guide.tgz", &whole[..length]);
        book.guide("merge cut.guide.tgz 2of2.guide.tgz")
            .exits(2)
            .says("`BOOK/cut.guide.tgz` is not a bundle");
    }
    book.write("cut.guide.tgz", "text");
    let said = book.guide("replay cut.guide.tgz");
    insta::assert_snapshot!(said.whole());
}

/// An archive with this one entry.
fn archive(name: &[u8], size: u64, kind: tar::EntryType) -> Vec<u8> {
    let mut header = tar::Header::new_gnu();
    header.as_gnu_mut().expect("a GNU header").name[..name.len()].copy_from_slice(name);
    header.set_size(size);
    header.set_entry_type(kind);
    header.set_cksum();
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut packed, header.as_bytes()).expect("packed");
    packed.finish().expect("packed")
}

#[test]
fn a_bundle_cannot_write_outside_its_places_or_fill_the_memory() {
    use tar::EntryType::{Regular, Symlink};
    let book = book();
    for (name, size, kind) in [
        (&b"../outside"[..], 4, Regular),
        (b"/etc/outside", 4, Regular),
        (b"snapshots/../../outside.snap.new", 4, Regular),
        (b"bundle.json", 10 * 1024 * 1024 * 1024, Regular),
        (b"run/journal.jsonl", 0, Symlink),
    ] {
        book.write("bad.guide.tgz", archive(name, size, kind));
        book.guide("merge bad.guide.tgz").exits(2).says("is not a bundle");
    }
}

#[test]
fn a_replay_tells_the_same_failure_from_another_one() {
    let book = book();
    book.write("broken", "");
    exported(&book);
    book.guide("replay 2of2.guide.tgz --state here").exits(1).says("the same failure: data/data");
    std::fs::remove_file(book.path("broken")).unwrap();
    book.guide("replay 2of2.guide.tgz --state there")
        .exits(0)
        .says("data/data is the first step that behaves differently");
}

#[test]
fn pending_outputs_of_a_shard_come_into_the_book_for_review() {
    let book = book();
    book.write("guide/docs.md", "# Docs\n\n```bash {name=docs snapshot}\necho new\n```\n");
    exported(&book);
    let pending = "snapshots/docs/docs.snap.new";
    assert!(book.has(pending));
    std::fs::remove_file(book.path(pending)).unwrap();
    book.guide("merge 1of2.guide.tgz 2of2.guide.tgz").exits(1);
    assert!(book.has(pending));
    book.guide("review --list").exits(0).says("docs/docs");
}

#[test]
fn a_secret_is_never_exported() {
    let book = Project::with_chapter(
        "
        # One

        ```bash {name=use secret=TOKEN}
        echo \"$TOKEN\" | wc -c
        ```
        ",
    );
    let run = |words: &str| {
        crate::project::Said::of(
            &book.command(words).env("TOKEN", "hunter2-hunter2").output().unwrap(),
            book.root(),
        )
    };
    run("run --set note=hunter2-hunter2").exits(0);
    let said = run("export --out run.guide.tgz --set note=hunter2-hunter2").exits(2);
    assert!(said.stderr.contains("contains a secret"), "{}", said.stderr);
    assert!(!book.has("run.guide.tgz"));
    run("export --out run.guide.tgz").exits(0);
}
