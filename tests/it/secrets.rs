//! A secret in every likely form, searched for in all output and files of a run.

use std::fs;
use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use crate::Project;
use crate::project::entries_below;

/// A value with letters and signs that every encoding writes in its own way.
const VALUE: &str = r#"hush/ö+k "q" & 50% \s <9x>"#;

/// The forms that must not appear anywhere, with their names.
fn forms() -> Vec<(&'static str, String)> {
    let percent = |kept: &str, lower: bool| -> String {
        let keep = |byte: u8| byte.is_ascii_alphanumeric() || kept.as_bytes().contains(&byte);
        let escape = |byte: u8| if lower { format!("%{byte:02x}") } else { format!("%{byte:02X}") };
        VALUE
            .bytes()
            .map(|byte| if keep(byte) { char::from(byte).to_string() } else { escape(byte) })
            .collect()
    };
    let json = serde_json::Value::from(VALUE).to_string();
    // If more than the value is encoded, only the middle of the result depends on the value alone.
    let inside = |prefix: &str| STANDARD.encode(format!("{prefix}{VALUE}:after"))[4..24].to_owned();
    vec![
        ("as it is", VALUE.to_owned()),
        ("base64", STANDARD.encode(VALUE).trim_end_matches('=').to_owned()),
        ("base64 for URLs", URL_SAFE_NO_PAD.encode(VALUE)),
        ("base64 after one letter", inside("u")),
        ("base64 after two letters", inside("us")),
        ("base64 after three letters", inside("use")),
        ("URL-encoded", percent("-._~", false)),
        ("URL-encoded in lower case", percent("-._~", true)),
        ("URL-encoded but for slashes", percent("-._~/", false)),
        ("form-encoded", percent("-._", false).replace("%20", "+")),
        ("JSON", json[1..json.len() - 1].to_owned()),
    ]
}

/// The texts that a step writes: the forms, and for a form that is a part of a longer encoding the whole encoding.
fn written() -> String {
    let whole = forms().into_iter().filter(|(name, _)| !name.contains("letter"));
    let mut lines: Vec<String> = whole.map(|(_, form)| form).collect();
    lines
        .extend(["u", "us", "use"].map(|prefix| STANDARD.encode(format!("{prefix}{VALUE}:after"))));
    lines.push(format!("{}{VALUE}{VALUE}", "x".repeat(70_000)));
    lines.join("\n") + "\n"
}

fn chapter() -> String {
    let block =
        |attributes: &str, script: &str| format!("```bash {{{attributes}}}\n{script}\n```\n\n");
    let all = "cat \"$FORMS/all\"";
    [
        "# One\n\n".to_owned(),
        block("name=login secret=TOKEN", "TOKEN=$(cat \"$FORMS/value\"); export TOKEN"),
        block(
            "name=prints",
            &format!("{all}; {all} >&2; printf 'half %s' \"${{TOKEN:0:9}}\"; sleep 0.3; printf '%s\\n' \"${{TOKEN:9}}\""),
        ),
        block("name=binds", "echo \"first ${TOKEN// /_}\""),
        block(
            "name=env",
            "export MORE=\"Bearer $TOKEN\"; alias t=\"echo $TOKEN\"; f() { echo \"$TOKEN\"; }; declare -p TOKEN MORE; set",
        ),
        block("name=snap snapshot=text", all),
        block("name=fence", all),
        "```output\nsomething else\n```\n\n".to_owned(),
        block("name=checked check=\"output == 'x'\"", "echo \"$TOKEN\""),
        block("name=serves background", &format!("{all}; exec sleep 30")),
        block("name=waits verify until=1s", &format!("{all}; false")),
        block("name=leaves", "bash -c 'sleep 30; true' \"$TOKEN\" & disown; sleep 0.2"),
        block("name=hangs timeout=1s", &format!("{all}; sleep 30")),
        block("name=traced", "set -x; echo \"$TOKEN\"; ls \"/nowhere/$TOKEN\""),
        block("name=cleanup always", "echo \"bye $TOKEN\" | tee /dev/stderr"),
    ]
    .concat()
}

#[test]
fn a_secret_in_any_form_is_in_no_stream_and_no_file_of_any_command() {
    let forms_folder = tempfile::tempdir().expect("a temporary folder");
    fs::write(forms_folder.path().join("value"), VALUE).expect("written");
    fs::write(forms_folder.path().join("all"), written()).expect("written");
    let book = Project::with_chapter(&chapter());
    let mut places = Vec::new();
    let calls = [
        "run --keep-going --report junit=junit.xml --report json=run.jsonl --record",
        "run --rerun --keep-going",
        "run --resume --keep-going",
        "status",
        "plan --json",
        "review --list",
        "review --json",
        "review --accept",
        "verify",
        "publish",
    ];
    let (mut said, mut runs) = (Vec::new(), 0);
    for words in calls {
        let mut command = book.command(words);
        command
            .env("FORMS", forms_folder.path())
            .env("GITHUB_ACTIONS", "true")
            .env("GITHUB_WORKSPACE", book.root());
        // No secret is kept on the disk, so a command that does not run the step that sets it gets it from its environment.
        if !words.starts_with("run") || words.contains("--resume") {
            command.env("TOKEN", VALUE);
        }
        command.env("GITHUB_STEP_SUMMARY", book.path("summary.md"));
        let output = command.output().expect("guide starts");
        runs += usize::from(words.starts_with("run"));
        said.push((format!("`{words}`, stdout"), output.stdout));
        said.push((format!("`{words}`, stderr"), output.stderr));
    }
    assert!(
        said.iter().any(|(_, bytes)| String::from_utf8_lossy(bytes).contains("***")),
        "the value was printed at all"
    );
    let is_file = |path: &PathBuf| fs::symlink_metadata(path).expect("it is there").is_file();
    let files: Vec<PathBuf> = entries_below(book.root()).into_iter().filter(is_file).collect();
    for wanted in [
        "junit.xml",
        "run.jsonl",
        "summary.md",
        "journal.jsonl",
        "snap",
        "run.sh",
        "output.txt",
        "index.html",
    ] {
        assert!(
            files.iter().any(|file| file.to_string_lossy().ends_with(wanted)),
            "{wanted} was not written: {files:?}"
        );
    }
    said.extend(
        files.iter().map(|file| (file.display().to_string(), fs::read(file).expect("a file"))),
    );
    for (name, bytes) in &said {
        for (form, text) in forms() {
            if memchr::memmem::find(bytes, text.as_bytes()).is_some() {
                places.push(format!("{name}: {form}"));
            }
        }
    }
    println!(
        "searched {} streams and files of {runs} runs and {} other calls",
        said.len(),
        calls.len() - runs
    );
    assert!(places.is_empty(), "the secret stands in\n{}", places.join("\n"));
}

/// An output of which nothing was seen is as expected by no fence, snapshot or `check=`; a step that has none of them passes.
#[test]
fn an_output_that_was_withheld_is_judged_by_nothing() {
    let script = "( TOKEN=$(printf S3cret%s Value); echo \"sent: $TOKEN\" )";
    let withheld = "the output was withheld because it may contain a secret, so";
    for (attributes, after, judged_by) in [
        ("check=\"'error' not in output\"", "", "its `check=`"),
        ("check=\"'' in output\"", "", "its `check=`"),
        ("snapshot", "", "its snapshot"),
        ("snapshot=table", "", "its snapshot"),
        ("", "```output\n...\n```\n", "the `output` fence"),
        ("", "```output\n[guide: <rest>\n```\n", "the `output` fence"),
    ] {
        let book = Project::with_chapter(&format!(
            "```bash {{name=a secret=TOKEN {attributes}}}\n{script}\n```\n{after}\n```bash {{name=b}}\ntrue\n```\n"
        ));
        let said =
            book.guide("run").exits(1).says(&format!("{withheld} {judged_by} cannot be compared"));
        said.says("TOKEN has no value at the step's end").never_says("S3cretValue");
        book.guide("review --list").exits(0).never_says("chapter-1/a");
    }
    for attributes in ["", "check='exit == 0'", "check='seconds < 60'"] {
        let book = Project::with_chapter(&format!(
            "```bash {{name=a secret=TOKEN {attributes}}}\n{script}\n```\n"
        ));
        book.guide("run").exits(0);
    }
    let silent = "( TOKEN=$(printf S3cret%s Value); : \"$TOKEN\" )";
    let book = Project::with_chapter(&format!(
        "```bash {{name=a secret=TOKEN check=\"'error' not in output\"}}\n{silent}\n```\n"
    ));
    book.guide("run").exits(0);
}
