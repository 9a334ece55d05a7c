//! Many difficult secrets in many forms, searched for in every stream and file of many commands; and the ways in which a step can have
//! a secret whose value is unknown at its end.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::Project;
use crate::project::entries_below;

/// Each value is difficult for some encoder.
const VALUES: [&str; 40] = [
    "plain-word-7731",
    "Pa$$w0rd!2024",
    "it's-secret-42",
    "''quoted'twice''",
    "\"double\"quoted\"",
    "back\\slash\\\\path",
    "`tick`$(sub)${brace}",
    "semi;colon|pipe&amp",
    "<tag attr='x'>&lt;",
    "percent%41%%2Fend",
    "a+b c+d e/f=g?h#i",
    "ümläut-ß-passwort",
    "日本語のパスワード",
    "emoji😀🔑-key-value",
    "tab\there\tand\tthere",
    "two\nlines-of\nsecret-text",
    "-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG9w0\n-----END KEY-----",
    "{\"auth\": \"c2VjcmV0\", \"n\": [1]}",
    "key: value # not-a-comment",
    "'single at the start",
    "\"double at the start",
    "\\backslash at the start",
    "$dollar-at-the-start",
    "#hash-at-the-start",
    "~tilde-at-the-start",
    "-n dash-at-the-start",
    "=equals-at-the-start",
    "*glob?[a-z]{b,c}*",
    "history!bang!!expand",
    "ends with backslash\\",
    "ends with quote'",
    "ends with double\"",
    "postgres://u:p%40ss@h/db",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N",
    "AKIAIOSFODNN7EXAMPLE/+wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEYzz==",
    "ghp_AbCdEfGhIjKlMnOpQrStUvWxYz0123456789aBcDeFgHiJkLmNoPqRsTuVwXyZ98765",
    "{{ jinja }}{% raw %}{#",
    "\u{1b}[31mred\u{1b}[0m-bell\u{7}",
    "comma,and^caret=tilde~",
    "q0Zx9w-",
];

/// Writes `$V` in the forms that shells and the usual tools write, with a NUL after each.
const FORMS: &str = r#"
form() { printf '%s\0' "$1"; }
form "$V"; form "$(printf %q "$V")"; form "${V@Q}"; form "$(declare -p V)"; form "${V@A}"
form "$( { set -x; : "$V"; } 2>&1 )"; form "$( { set -x; : "pre $V"; } 2>&1 )"; form "$(set | grep -A9 '^V=')"
form "$(LC_ALL=C; declare -p V)"; form "$(LC_ALL=C; printf %q "x$V")"; form "$(x="echo ${V@Q}"; printf %s "${x@Q}")"
form "$(alias v="echo $V"; alias -p)"; form "$(trap "echo $V" USR1; trap -p USR1)"; form "$(export V; export -p | grep -A9 ' V=')"
for before in '' u us use user:; do
  form "$(printf %s "$before$V" | base64 -w0)"; form "$(printf %s "$before$V" | base64)"; form "$(printf %s "$before$V" | base64 -w 20)"
  form "$(printf %s "$before$V" | base64 -w0 | base64 -w0)"
done
form "$(printf %s "$V" | base64 -w0 | tr '+/' '-_' | tr -d =)"; form "$(printf %s "$V" | od -An -tx1 | tr -d ' \n')"
"#;

/// The forms that other encoders write.
fn encoded(value: &str) -> Vec<String> {
    let json = serde_json::Value::from(value).to_string();
    let ascii: String = json
        .encode_utf16()
        .map(|unit| match u8::try_from(unit) {
            Ok(byte) if byte.is_ascii() => char::from(byte).to_string(),
            _ => format!("\\u{unit:04x}"),
        })
        .collect();
    let html = value
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;");
    let percent = utf8_percent_encode(value, NON_ALPHANUMERIC).to_string();
    let keep = |kept: &str| -> String {
        let one = |letter: char| {
            if kept.contains(letter) {
                letter.to_string()
            } else {
                utf8_percent_encode(&letter.to_string(), NON_ALPHANUMERIC).to_string()
            }
        };
        value.chars().map(one).collect()
    };
    vec![
        serde_yaml::to_string(&value).expect("YAML"),
        format!(
            "\"{}\"",
            value
                .replace('\\', "\\\\")
                .replace('"', "\\\"")
                .replace('\n', "\\n")
                .replace('\t', "\\t")
        ),
        format!("'{}'", value.replace('\'', "''").replace('\n', "\n\n  ")),
        format!("|\n  {}", value.replace('\n', "\n  ")),
        serde_json::Value::from(json.as_str()).to_string(),
        json.replace('<', "\\u003c")
            .replace('>', "\\u003e")
            .replace('&', "\\u0026")
            .replace('/', "\\/"),
        json,
        ascii,
        html.replace("&#39;", "&#x27;").replace('&', "&amp;"),
        html,
        lower_case_escapes(&percent),
        utf8_percent_encode(&percent, NON_ALPHANUMERIC).to_string(),
        percent.replace("%20", "+"),
        keep("-._~/"),
        keep("-_.!~*'()"),
        percent,
    ]
}

/// `%2F` → `%2f`.
fn lower_case_escapes(percent: &str) -> String {
    let mut pieces = percent.split('%');
    let first = pieces.next().unwrap_or_default().to_owned();
    first
        + &pieces
            .map(|piece| format!("%{}{}", piece[..2].to_ascii_lowercase(), &piece[2..]))
            .collect::<String>()
}

/// All forms of a value as bash and the encoders write them, without the text around them.
fn forms_of(value: &str) -> Vec<Vec<u8>> {
    let output = Command::new("bash")
        .args(["-c", FORMS])
        .env("V", value)
        .env("LC_ALL", "C.UTF-8")
        .output()
        .expect("bash starts");
    let mut forms: Vec<Vec<u8>> =
        output.stdout.split(|&byte| byte == 0).map(<[u8]>::to_vec).collect();
    forms.extend(encoded(value).into_iter().map(String::into_bytes));
    forms.retain(|form| form.trim_ascii().len() >= 4);
    forms
}

fn chapter() -> String {
    let names: Vec<String> = (0..VALUES.len()).map(|index| format!("V{index}")).collect();
    let set: String =
        names.iter().map(|name| format!("export {name}=\"$(cat \"$FORMS/{name}\")\"\n")).collect();
    let derive: String = names
        .iter()
        .map(|name| {
            format!("D{name}=\"x ${name} y\"; L{name}=(a \"${name}\"); f{name}() {{ echo \"fixed\"; }}\n")
        })
        .collect();
    format!(
        "# One\n\n\
        ```bash {{name=set secret={names}}}\n{set}```\n\n\
        ```bash {{name=derive}}\n{derive}KEPT=kept; shopt -s nullglob; alias ok='echo ok'\n```\n\n\
        ```bash {{name=prints}}\ncat \"$FORMS/all\"; cat \"$FORMS/all\" >&2; env; set; declare -p; export -p\n```\n\n\
        ```bash {{name=traced}}\nset -x; : \"$V1\" \"$V2\" \"$V5\"; ls \"/nowhere/$V6\" || true; set +x\n```\n\n\
        ```bash {{name=snap snapshot=text}}\ncat \"$FORMS/all\"\n```\n\n\
        ```bash {{name=serves background}}\ncat \"$FORMS/all\"; exec sleep 30\n```\n\n\
        ```bash {{name=fails}}\ncat \"$FORMS/all\"; test -e \"$GUIDE_BOOK/go\"\n```\n\n\
        ```bash {{name=after}}\necho \"kept=$KEPT $(type -t fV0)\"; shopt nullglob\n```\n",
        names = names.join(",")
    )
}

fn files_and_streams(book: &Project, streams: Vec<(String, Vec<u8>)>) -> Vec<(String, Vec<u8>)> {
    let is_file = |path: &Path| fs::symlink_metadata(path).expect("it is there").is_file();
    let files = entries_below(book.root()).into_iter().filter(|path| is_file(path));
    streams
        .into_iter()
        .chain(files.map(|path| (path.display().to_string(), fs::read(&path).expect("a file"))))
        .collect()
}

#[test]
fn forty_difficult_secrets_appear_nowhere_in_any_form() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut all = Vec::new();
    let mut searched = Vec::new();
    for (index, value) in VALUES.iter().enumerate() {
        fs::write(folder.path().join(format!("V{index}")), value).expect("written");
        for form in forms_of(value) {
            all.extend_from_slice(&[b"a line\n", form.as_slice(), b"\n"].concat());
            searched.push((index, form));
        }
    }
    fs::write(folder.path().join("all"), &all).expect("written");
    let book = Project::with_chapter(&chapter());
    let mut streams = Vec::new();
    for words in [
        "run --report junit=junit.xml --report json=run.jsonl --record",
        "run --resume --record",
        "status",
        "plan --json",
        "review --list",
        "review --json",
        "review --accept",
        "run --keep-going --record",
        "publish",
    ] {
        if words == "run --resume --record" {
            book.write("go", "");
        }
        let mut command = book.command(words);
        command
            .env("FORMS", folder.path())
            .env("GITHUB_ACTIONS", "true")
            .env("GITHUB_STEP_SUMMARY", book.path("summary.md"));
        if words.contains("--resume") {
            for (index, value) in VALUES.iter().enumerate() {
                command.env(format!("V{index}"), value);
            }
        }
        let output = command.output().expect("guide starts");
        streams.push((format!("`{words}`, stdout"), output.stdout));
        streams.push((format!("`{words}`, stderr"), output.stderr));
    }
    let resumed = String::from_utf8_lossy(&streams[2].1).into_owned()
        + &String::from_utf8_lossy(&streams[3].1);
    assert!(
        resumed.contains("DV0") && resumed.contains("without"),
        "what is missing is named: {resumed}"
    );
    let output = fs::read_to_string(book.path(".guide/latest/output.log")).expect("an output");
    assert!(output.contains("***"), "they were printed: {output}");
    assert!(output.contains("kept=kept function"), "what holds no secret is kept");
    let places = files_and_streams(&book, streams);
    let mut found = Vec::new();
    for (name, bytes) in &places {
        for (index, form) in &searched {
            if memchr::memmem::find(bytes, form).is_some() {
                found.push(format!(
                    "{name}: {:?} as {}",
                    VALUES[*index],
                    String::from_utf8_lossy(form)
                ));
            }
        }
        for (index, value) in VALUES.iter().enumerate().filter(|(_, value)| value.len() >= 16) {
            let pieces = value
                .as_bytes()
                .windows(12)
                .filter(|piece| memchr::memmem::find(bytes, piece).is_some());
            found.extend(pieces.map(|piece| {
                format!("{name}: a piece of V{index}: {}", String::from_utf8_lossy(piece))
            }));
        }
    }
    println!(
        "searched {} streams and files for {} forms of {} values",
        places.len(),
        searched.len(),
        VALUES.len()
    );
    found.dedup();
    assert!(
        found.is_empty(),
        "{} places:\n{}",
        found.len(),
        found.iter().take(60).cloned().collect::<Vec<_>>().join("\n")
    );
}

#[test]
fn output_with_a_secret_that_is_unknown_at_the_end_is_withheld_and_reported() {
    for (kind, attributes, script) in [
        (
            "unset",
            "secret=TOKEN",
            "TOKEN=$(printf S3cret%s Value); echo \"sent: $TOKEN\"; unset TOKEN",
        ),
        ("subshell", "secret=TOKEN", "( TOKEN=$(printf S3cret%s Value); echo \"sent: $TOKEN\" )"),
        (
            "prefix",
            "secret=TOKEN",
            "TOKEN=$(printf S3cret%s Value) bash -c 'echo \"sent: $TOKEN\"'",
        ),
        (
            "local",
            "secret=TOKEN",
            "f() { local TOKEN=$(printf S3cret%s Value); echo \"sent: $TOKEN\"; }; f",
        ),
        (
            "two values",
            "secret=TOKEN",
            "TOKEN=$(printf S3cret%s Value); echo \"sent: $TOKEN\"; TOKEN=other-value",
        ),
        (
            "loop",
            "secret=TOKEN",
            "for i in Value Other; do TOKEN=$(printf S3cret%s $i); echo \"sent: $TOKEN\"; done",
        ),
        (
            "pipe",
            "secret=TOKEN",
            "printf S3cret%s Value | while read -r TOKEN || [ -n \"$TOKEN\" ]; do echo \"sent: $TOKEN\"; break; done",
        ),
        (
            "background",
            "background secret=TOKEN",
            "TOKEN=$(printf S3cret%s Value); echo \"sent: $TOKEN\"; exit 1",
        ),
        (
            "check",
            "verify secret=TOKEN",
            "TOKEN=$(printf S3cret%s Value); echo \"sent: $TOKEN\"; unset TOKEN",
        ),
        ("another step's", "", "( TOKEN=$(printf S3cret%s Value); echo \"sent: $TOKEN\" )"),
    ] {
        let names = if attributes.is_empty() {
            "```bash {name=other secret=TOKEN}\ntrue\n```\n\n"
        } else {
            ""
        };
        let book = Project::with_chapter(&format!(
            "# One\n\n```bash {{name=a {attributes}}}\n{script}\n```\n\n{names}"
        ));
        let mut streams = Vec::new();
        for words in ["run --record", "review --accept", "publish"] {
            // An older value of the caller must not count as the value that the step sets.
            let output =
                book.command(words).env("TOKEN", "an-older-value").output().expect("guide starts");
            streams.extend([(words.to_owned(), output.stdout), (words.to_owned(), output.stderr)]);
        }
        let journal = book.read(".guide/latest/output.log");
        assert!(journal.contains("withheld") && !journal.contains("sent:"), "{kind}: {journal}");
        for (name, bytes) in files_and_streams(&book, streams) {
            assert!(memchr::memmem::find(&bytes, b"S3cretValue").is_none(), "{kind}: {name}");
        }
    }
}

#[test]
fn a_secret_of_the_values_files_is_in_no_page_script_or_message() {
    let manifest = "```yaml {file=c.yaml}\nkind: ConfigMap\ndata: {p: \"{{ db.password }}\"}\n```\n\n\
        ```yaml {file=s.yaml}\nkind: \"Secret\" # x\n\"stringData\":\n  p: \"{{ other.key }}\"\n```\n\n";
    let one = format!(
        "# One\n\n{manifest}```bash {{name=a}}\necho \"$OTHER_KEY\"; cat c.yaml s.yaml; false\n```\n"
    );
    let book = Project::with_chapters(&[
        ("one.md", &one),
        (
            "two.md",
            r"
            # Two

            ```bash {name=b secret=DB_PASSWORD}
            true
            ```
        ",
        ),
    ]);
    book.write(
        "guide/values.yaml",
        "db:\n  password: \"it's my passw0rd\"\nother:\n  key: \"hush-hush <7>\"\n",
    );
    let mut streams = Vec::new();
    for words in ["run --keep-going --record", "plan --json", "plan", "check", "status", "publish"]
    {
        let output = book.command(words).output().expect("guide starts");
        streams.extend([
            (format!("{words}, stdout"), output.stdout),
            (format!("{words}, stderr"), output.stderr),
        ]);
    }
    book.write(
        "guide/two.md",
        r"
        # Two

        ```yaml {file=d.yaml}
        a: {{ db.password }}: x
        ```

        ```yaml {file=e.yaml}
        kind: Secret
        data: {{ other.key }}: x
        ```

        ```bash {name=b secret=DB_PASSWORD}
        true
        ```
    ",
    );
    for words in ["check", "run", "plan --json"] {
        let output = book.command(words).output().expect("guide starts");
        assert_eq!(output.status.code(), Some(2), "{words}");
        streams.extend([
            (format!("bad, {words}, stdout"), output.stdout),
            (format!("bad, {words}, stderr"), output.stderr),
        ]);
    }
    let is_theirs =
        |name: &str| name.contains("/.guide/rendered/") || name.ends_with("/values.yaml");
    for (name, bytes) in
        files_and_streams(&book, streams).into_iter().filter(|(name, _)| !is_theirs(name))
    {
        for text in ["passw0rd", "hush-hush"] {
            assert!(memchr::memmem::find(&bytes, text.as_bytes()).is_none(), "{name}: {text}");
        }
    }
}

#[test]
fn a_variable_that_contains_a_secret_is_left_out_of_the_state_alone() {
    let book = Project::with_chapter(
        r#"
        # One

        ```bash {name=a secret=PGPASSWORD}
        PGPASSWORD=postgres; PGUSER=postgres; PGHOST=db
        helper() { echo helped; }; conn() { echo psql -U postgres; }; shopt -s nullglob
        ```

        ```bash {name=gate}
        test -e "$GUIDE_BOOK/go"
        ```

        ```bash {name=use}
        echo "host=$PGHOST user=$PGUSER."; shopt nullglob; helper; type -t conn || true
        ```
    "#,
    );
    book.guide("run").exits(1);
    book.write("go", "");
    book.guide("run --resume")
        .exits(0)
        .says("continues without")
        .says("PGPASSWORD, PGUSER, conn()");
    let output = book.read(".guide/latest/output.log");
    assert!(
        output.contains("host=db user=.") && output.contains("helped") && output.contains("on"),
        "{output}"
    );
}

#[test]
fn the_state_folder_and_its_files_are_readable_by_their_owner_only() {
    let book = Project::with_chapter(
        r"
        # One

        ```yaml {file=c.yaml}
        a: 1
        ```

        ```bash {name=a}
        X=1; false
        ```
    ",
    );
    fs::create_dir(book.path(".guide")).expect("made");
    fs::set_permissions(book.path(".guide"), fs::Permissions::from_mode(0o755)).expect("set");
    book.guide("run").exits(1);
    let mode =
        |path: &Path| fs::symlink_metadata(path).expect("it is there").permissions().mode() & 0o777;
    assert_eq!(mode(&book.path(".guide")), 0o700);
    for path in entries_below(&book.path(".guide")) {
        let is_link = fs::symlink_metadata(&path).expect("it is there").is_symlink();
        assert!(
            is_link || mode(&path).trailing_zeros() >= 6,
            "{}: {:o}",
            path.display(),
            mode(&path)
        );
        assert_eq!(
            mode(path.parent().expect("a folder")) & 0o077,
            0,
            "the folder of {}",
            path.display()
        );
    }
}
