//! Text from a book or an output never commands a terminal or a CI, wherever it is shown: whole streams and files, byte by byte.

use std::fs;

use regex::bytes::Regex;

use crate::Project;
use crate::project::entries_below;

/// Everything that commands a terminal (CSI, OSC 0, 8 and 52, C1, BEL, DEL), the order of reading, or GitHub Actions.
const HOSTILE: &str = "\u{1b}[31m\u{1b}]0;pwn\u{7}\u{1b}]52;c;ZXZpbA==\u{7}\u{1b}]8;;http://evil\u{1b}\\\u{9b}2J\u{202e}\u{2066}\u{7f}\r::set-output name=x::y\n::add-mask::z\n::stop-commands::q\n##[error]w";

/// The same in YAML's double quotes.
fn in_yaml() -> String {
    let escaped: String = HOSTILE
        .chars()
        .map(|next| {
            if next.is_ascii_graphic() && next != '"' && next != '\\' {
                next.to_string()
            } else {
                format!("\\u{:04x}", u32::from(next))
            }
        })
        .collect();
    format!("\"{escaped}\"")
}

fn one_line() -> String {
    HOSTILE.replace(['\n', '\r'], " ")
}

fn hostile_book() -> Project {
    let (line, yaml) = (one_line(), in_yaml());
    let book = Project::with_chapters(&[("one.md", ""), ("two.md", "")]);
    book.write("book.toml", "[book]\ntitle = \"T \\u001b]0;pwn\\u0007\\n::add-mask::t\"\nsrc = \"guide\"\n[preprocessor.guide]\n");
    book.write("payload", HOSTILE);
    book.write(
        "guide/SUMMARY.md",
        format!(
            "# S {line}\n\n- [one {}](one.md)\n- [two](two.md)\n",
            line.replace(['[', ']'], "")
        ),
    );
    book.write("guide/values.yaml", format!("v: {yaml}\n"));
    book.write(
        "guide/one.md",
        format!(
            "---\ntitle: {yaml}\n---\n# H {line}\n
```yaml {{file=c.yaml}}\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c}}\n```\n
```bash {{name=print}}\ncat \"$GUIDE_BOOK/payload\"; echo \"$v$V\"\n```\n
```bash {{name=table snapshot=table}}\nprintf 'NAME   VALUE\\nrow    '; tr -d '\\n' < \"$GUIDE_BOOK/payload\"; echo\n```\n
```bash {{name=fence}}\ncat \"$GUIDE_BOOK/payload\"\n```\n
```output\nother {line}\n```\n
```bash {{name=bind}}\necho \"x y$(cat \"$GUIDE_BOOK/payload\")\"\n```\n
```output\nx <who>\n...\n```\n
```bash {{name=condition check=\"v == '1'\"}}\necho hi\n```\n
```bash {{name=left}}\nmkdir -p \"$(printf 'd\\033]0;pwn\\007\\n::add-mask::z')\"; cd d*; (exec -a \"$(printf 'x\\033]0;pwn\\007')\" sleep 300) & \n: '{}'\nfalse\n```\n
```bash {{name=exit exit=3}}\necho '::error::boo'; exit 2\n```\n",
            line.replace('\'', "")
        ),
    );
    book.write("guide/two.md", "# Two\n\n```bash {name=ok}\necho ok\n```\n");
    book
}

/// What no stream may hold, and no file that others read.
fn commands_in(bytes: &[u8]) -> Option<String> {
    let control = Regex::new(
        r"(?-u)[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80[\xaa-\xae]|\xe2\x81[\xa6-\xa9]",
    );
    let shown = |from: usize, to: usize| {
        String::from_utf8_lossy(&bytes[from.saturating_sub(40)..to.min(bytes.len())]).into_owned()
    };
    if let Some(found) = control.expect("a pattern").find(bytes) {
        return Some(format!("a control character: {:?}", shown(found.start(), found.end() + 40)));
    }
    let command = Regex::new(r"(?m-u)^\s*::|##\[").expect("a pattern");
    command
        .find(bytes)
        .map(|found| format!("a command: {:?}", shown(found.start(), found.end() + 40)))
}

#[track_caller]
fn call(book: &Project, words: &str) {
    let output = book.command(words).output().expect("guide starts");
    for (stream, bytes) in [("stdout", &output.stdout), ("stderr", &output.stderr)] {
        assert_eq!(commands_in(bytes), None, "guide {words}: {stream}");
    }
    assert!(
        output.status.code().is_some_and(|code| code < 100),
        "guide {words}: {}",
        output.status
    );
}

#[test]
fn no_stream_and_no_report_commands_a_terminal_or_a_ci() {
    let book = hostile_book();
    book.guide("check").exits(0);
    for words in [
        "check --strict --coverage",
        "plan",
        "plan --json",
        "run --keep-going --record --report json=r.json --report junit=j.xml",
        "status",
        "status --json",
        "review --list",
        "run --resume",
        "verify",
        "review --accept",
        "publish",
        "plan nothing\u{1b}]0;x\u{7}",
        "run --only \u{1b}[2J --set a=\u{1b}]0;x",
    ] {
        call(&book, words);
    }
    for file in ["r.json", "j.xml"] {
        let bytes = fs::read(book.path(file)).expect("a report");
        assert!(bytes.len() > 1000, "{file} holds the run");
        assert_eq!(commands_in(&bytes), None, "{file}");
    }
}

#[test]
fn in_github_actions_only_guide_s_own_commands_stand_in_the_log_and_the_summary_is_text() {
    let book = hostile_book();
    let output = book
        .command("run --keep-going")
        .env("GITHUB_ACTIONS", "true")
        .env("GITHUB_STEP_SUMMARY", book.path("summary.md"))
        .output()
        .expect("guide starts");
    let own = Regex::new(r"(?m-u)^::(error|warning|notice|group|endgroup)( [ -~]*)?::.*$")
        .expect("a pattern");
    for bytes in [&output.stdout, &output.stderr] {
        assert_eq!(commands_in(&own.replace_all(bytes, &b"own"[..])), None);
    }
    assert_eq!(commands_in(&fs::read(book.path("summary.md")).expect("a summary")), None);
}

#[test]
fn a_wrong_book_says_so_without_commands() {
    let (line, yaml) = (one_line(), in_yaml());
    let word = line.replace('"', "");
    for text in [
        format!("---\nneeds: [{yaml}]\n---\n"),
        format!("---\n{yaml}: 1\n---\n"),
        format!("```bash {{name=a {line}=1}}\ntrue\n```\n"),
        format!("```bash {{name=\"{word}\"}}\ntrue\n```\n"),
        format!("```yaml {{file=\"a{word}.yaml\"}}\na: 1\n```\n"),
        format!("```bash {{check=\"{word}\"}}\ntrue\n```\n"),
        format!("```bash\nif {word}\n```\n"),
        format!("{{{{#include {word}}}}}\n\n```output\n{word}\n```\n"),
    ] {
        let book = Project::with_chapter(&text);
        for words in ["check", "run --yes"] {
            call(&book, words);
        }
    }
}

#[test]
fn a_value_that_no_variable_can_hold_is_an_error_of_the_book() {
    let book = Project::with_chapter("```bash {name=a}\ntrue\n```\n");
    book.write("guide/values.yaml", "v: \"a\\0b\"\n");
    book.guide("run").exits(2).says("the value `v` contains a NUL byte");
}

#[test]
fn nothing_that_an_author_wrote_is_invisible_on_a_page() {
    let book = hostile_book();
    let (line, references) = (one_line(), "&#x202e;&#27;&#x9b;");
    book.write(
        "guide/two.md",
        format!(
            "# Two {line} {references}\n\nProse {line}\n{references} and `code {line}` <b title=\"{references}\">x</b>\n\n\
            ```text\nrm {line}\n```\n\n```bash {{name=ok}}\necho ok # {line}\n```\n\n```yaml {{file=d.yaml}}\n# \u{202e}\na: 1\n```\n"
        ),
    );
    book.write("guide/404.md", format!("# Not here {line} {references}\n"));
    let summary = book.read("guide/SUMMARY.md");
    book.write(
        "guide/SUMMARY.md",
        format!("{summary}\n# Part {}\n\n- [draft {references}]()\n", line.replace(['[', ']'], "")),
    );
    let output = book.command("publish").output().expect("guide starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let unsafe_text = Regex::new(
        r"(?-u)[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80[\xaa-\xae]|\xe2\x81[\xa6-\xa9]|&#(27|x202e|x9b)\b",
    )
    .expect("a pattern");
    let mut pages = 0;
    for file in entries_below(&book.path("book")) {
        let name = file.file_name().expect("a name").to_string_lossy().into_owned();
        let is_of_mdbook =
            name.ends_with(".js") && !name.starts_with("toc") && !name.starts_with("searchindex");
        if is_of_mdbook || ![".html", ".js"].iter().any(|end| name.ends_with(end)) {
            continue;
        }
        pages += 1;
        let bytes = fs::read(&file).expect("a page");
        let found = unsafe_text.find(&bytes).map(|found| {
            let from = found.start().saturating_sub(60);
            String::from_utf8_lossy(&bytes[from..found.end() + 20]).into_owned()
        });
        assert_eq!(found, None, "{name}");
    }
    assert!(pages >= 6, "{pages} pages");
}
