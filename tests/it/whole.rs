//! The whole effect of a command: exit code, stdout, stderr and every file, compared with accepted snapshots.
//!
//! `cargo insta review` (or `INSTA_UPDATE=always` and a review of the diff) accepts changes.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use regex::Regex;

use crate::project::entries_below;
use crate::{Project, Said};

/// The parts that differ from run to run and from machine to machine, and their replacements.
const CALM: [(&str, &str); 14] = [
    (r"\d{8}T\d{6}\.\d{3}Z-\d+", "RUN"),
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "[when]"),
    (r#"("pid":|pid )\d+"#, "$1[pid]"),
    (r#"("seconds":|\btime="|timeout=")[\d.e-]+"#, "$1[seconds]"),
    (r#""fingerprint":"[0-9a-f]{32}""#, r#""fingerprint":"[fingerprint]""#),
    (r" *\b\d+(\.\d+)?m?s\b", " [time]"),
    (r"(BOOK/\.guide/bin):[^'\n]*", "$1:PATH"),
    (r"umask 0\d+", "umask [umask]"),
    (r"ended \d+", "ended [number]"),
    (r#"":\d+\.\d{4,}"#, r#"":[seconds]"#),
    (r#""passed_as":"[0-9a-f]{32}""#, r#""passed_as":"[fingerprint]""#),
    (
        r#""states.log","offset":\d+,"length":\d+,"checksum":"[0-9a-f]{16}""#,
        r#""states.log",[place]"#,
    ),
    (r#""checksum":"[0-9a-f]{16}""#, r#""checksum":"[checksum]""#),
    (r"\} {9,}", "} "),
];

pub(crate) fn calm(text: &str, root: &Path) -> String {
    let text = text.replace(&root.display().to_string(), "BOOK");
    CALM.iter().fold(text, |text, (found, instead)| {
        Regex::new(found).expect("a pattern").replace_all(&text, *instead).into_owned()
    })
}

/// The content of the book's folder by name: the text of a file, or the target of a link.
fn files_of(book: &Project) -> BTreeMap<String, String> {
    let named = |path: PathBuf| {
        let name = path.strip_prefix(book.root()).expect("below").display().to_string();
        match fs::read_link(&path) {
            Ok(leads) => (name, format!("→ {}\n", leads.display())),
            Err(_) => {
                (name, String::from_utf8_lossy(&fs::read(&path).expect("a file")).into_owned())
            }
        }
    };
    entries_below(book.root()).into_iter().map(named).collect()
}

/// Runs `guide WORDS` and returns its whole effect. Of the files it contains those that are new or changed.
fn whole(book: &Project, words: &str) -> String {
    let before = files_of(book);
    let output = book.command(words).output().expect("guide starts");
    let after = files_of(book);
    let code = output.status.code().map_or_else(|| "none".to_owned(), |code| code.to_string());
    let (stdout, stderr) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let mut text =
        format!("$ guide {words}\nexit {code}\n--- stdout\n{stdout}--- stderr\n{stderr}");
    for (name, content) in after.iter().filter(|(name, content)| before.get(*name) != Some(content))
    {
        text += &format!(
            "--- {name}\n{content}{}",
            if content.is_empty() || content.ends_with('\n') { "" } else { "⏎\n" }
        );
    }
    for name in before.keys().filter(|name| !after.contains_key(*name)) {
        text += &format!("--- {name}: gone\n");
    }
    calm(&text, book.root())
}

fn block(attributes: &str, script: &str) -> String {
    format!("```bash {{{attributes}}}\n{script}\n```\n\n")
}

fn fence(expected: &str) -> String {
    format!("```output\n{expected}\n```\n\n")
}

fn book(parts: &[String]) -> Project {
    Project::with_chapter(&format!("# One\n\n{}", parts.concat()))
}

#[test]
fn a_run_that_passes() {
    let book = book(&[
        block("name=a", "echo pod web-7; x=1"),
        fence("pod <web>"),
        block("name=b", "echo \"again $web $x\""),
    ]);
    insta::assert_snapshot!(whole(&book, "run"));
}

#[test]
fn a_wrong_exit_code_leaves_a_failure_report_with_the_shell_the_step_started_from() {
    let book = book(&[
        block(
            "name=a",
            "list=(1 'two words'); f() { echo \"f ${list[1]}\"; }; mkdir -p sub; cd sub",
        ),
        block("name=fails", "f; ls nowhere"),
        block("name=later", "echo never"),
        block("name=cleanup always", "echo cleaned"),
    ]);
    insta::assert_snapshot!(whole(&book, "run"));
    let runs = fs::read_dir(book.path(".guide/failures"))
        .expect("failures")
        .next()
        .expect("one")
        .expect("entry")
        .path();
    let by_hand = std::process::Command::new("bash")
        .arg(runs.join("chapter-1/fails/run.sh"))
        .output()
        .expect("bash");
    assert_eq!(
        String::from_utf8_lossy(&by_hand.stdout),
        "f two words\n",
        "{}",
        String::from_utf8_lossy(&by_hand.stderr)
    );
    assert_eq!(by_hand.status.code(), Some(2));
}

#[test]
fn a_text_that_differs_is_shown_by_words_and_pending_review() {
    let book = book(&[
        block("name=a", "printf '%s\\n' 'the quick brown fox' 'same line' 'one more'"),
        fence("the quick red fox\nsame line\nlast"),
    ]);
    insta::assert_snapshot!(whole(&book, "run"));
}

#[test]
fn a_table_that_differs_is_shown_by_rows_and_columns() {
    let book = book(&[block("name=pods snapshot=table", "cat \"$GUIDE_BOOK/table\"")]);
    book.write(
        "table",
        "NAME   READY   STATUS    AGE\ndb-0   1/1     Running   9m\nweb-0  2/2     Running   5m\n",
    );
    book.guide("run").exits(1);
    book.guide("review --accept").exits(0);
    book.write(
        "table",
        "NAME   READY   STATUS    AGE\nweb-0  1/2     Running   1s\nnew-0  1/1     Pending   1s\n",
    );
    insta::assert_snapshot!(whole(&book, "run"));
}

#[test]
fn a_name_that_binds_to_another_value_is_a_failure() {
    let book = book(&[
        block("name=a", "echo port 80"),
        fence("port <port:int>"),
        block("name=b", "echo port 81"),
        fence("port <port>"),
    ]);
    insta::assert_snapshot!(whole(&book, "run"));
}

#[test]
fn a_step_that_hangs_is_stopped_and_its_output_is_kept() {
    let book = book(&[block("name=hangs timeout=1s", "echo begun; exec sleep 6161")]);
    insta::assert_snapshot!(whole(&book, "run"));
}

#[test]
fn a_leftover_process_is_named_and_stopped() {
    let book = book(&[block(
        "name=leaves",
        "sleep 6162 &\nuntil [[ $(ps -o args= -p $!) == 'sleep 6162' ]]; do :; done\necho done",
    )]);
    insta::assert_snapshot!(whole(&book, "run"));
    crate::project::nothing_runs("sleep 6162");
}

#[test]
fn a_resumed_run_names_the_reason_for_its_start() {
    let book = book(&[
        block("name=a", "x=kept"),
        block("name=b", "test -e \"$GUIDE_BOOK/cured\"; echo \"$x\""),
        block("name=c", "echo c"),
    ]);
    book.guide("run").exits(1);
    book.write("cured", "");
    insta::assert_snapshot!(whole(&book, "run --resume"));
}

#[test]
fn a_secret_appears_nowhere() {
    let book = book(&[
        block(
            "name=login secret=TOKEN",
            "TOKEN=$(printf 'hush/%s hush&' hush); echo \"token $TOKEN\"",
        ),
        block("name=b snapshot", "echo \"later $TOKEN\""),
        block("name=c", "echo \"f $TOKEN\" >&2; false"),
    ]);
    let all = whole(&book, "run --report junit=junit.xml --report json=run.jsonl");
    assert!(!all.contains("hush/hush"), "{all}");
    insta::assert_snapshot!(all);
}

#[test]
fn every_error_of_a_wrong_book() {
    let book = book(&[
        block("name=a timout=5s", "true"),
        block("name=a exit=many", "true"),
        block("name=b verify=nobody", "true"),
    ]);
    insta::assert_snapshot!(whole(&book, "check"));
}

#[test]
fn the_text_of_a_plan() {
    let book = book(&[
        "```yaml {file=web.yaml}\napiVersion: v1\nkind: Namespace\nmetadata: {name: \"{{ web.name }}\"}\n```\n\n".to_owned(),
        block("name=a", "cat web.yaml"),
        block("name=b verify until=30s snapshot=table", "echo"),
        block("name=only profile=open", "true"),
    ]);
    book.write("guide/values.yaml", "web: {name: shop}\n");
    insta::assert_snapshot!(whole(&book, "plan"));
}

#[test]
fn a_check_that_passes_makes_its_acting_step_up_to_date() {
    let book = book(&[
        block("name=make", "touch \"$GUIDE_BOOK/made\""),
        block("name=made verify", "test -e \"$GUIDE_BOOK/made\""),
    ]);
    book.write("made", "");
    insta::assert_snapshot!(whole(&book, "run"));
}

#[test]
fn a_review_without_a_terminal() {
    let book = book(&[block("name=a snapshot=text", "echo one; echo two")]);
    book.guide("run").exits(1);
    insta::assert_snapshot!("listed", whole(&book, "review --list"));
    insta::assert_snapshot!("as_json", whole(&book, "review --json"));
    insta::assert_snapshot!("accepted", whole(&book, "review --accept"));
    let _: Said = book.guide("run").exits(0);
}
