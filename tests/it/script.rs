//! `guide script`: a chapter as one shell script that runs by hand.

use std::process::{Command, Output};

use crate::Project;

fn run(book: &Project, script: &str) -> Output {
    book.write("chapter.sh", script);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut bash = Command::new("bash");
    bash.arg("chapter.sh").current_dir(book.root()).env_clear().env("PATH", path);
    bash.output().expect("bash")
}

/// The script, byte by byte.
fn script(book: &Project, chapter: &str) -> String {
    let output = book.command(&format!("script {chapter}")).output().expect("guide starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

const CHAPTER: &str = r#"
    # One

    ```yaml {file=web.yaml}
    shape: flat
    metadata: {name: "{{ colour }}"}
    ```

    ```bash {name=a}
    x='kept by the shell'
    cat web.yaml
    ```

    ```bash {name=quiet hidden}
    echo pod web-7
    ```

    ```output
    pod <pod>
    ```

    ```bash {name=b exit=7}
    echo "$pod $x $COLOUR"
    exit 7
    ```

    ```bash {name=act}
    (sleep 2; touch "$GUIDE_STATE/there") &
    ```

    ```bash {name=check verify until=20s}
    [ -e "$GUIDE_STATE/there" ]
    ```

    ```bash {name=clean always}
    echo cleaned
    ```

    ```bash {name=ends}
    echo ends; exit 0
    ```

    ```bash {name=last}
    echo last
    sh -c "test ! -e \"\$1\"" sh "$GUIDE_BOOK/fail" | cat
    echo passed
    ```
"#;

fn book() -> Project {
    let book = Project::with_chapters(&[
        ("chapter-1.md", CHAPTER),
        ("chapter-2.md", "# Two\n\n```bash {name=a}\ntrue\n```\n"),
    ]);
    book.write("guide/values.yaml", "colour: \"it's $blue\"\n");
    book.write(
        "book.toml",
        "[book]\ntitle = \"Test\"\nsrc = \"guide\"\n\n[preprocessor.guide]\nvalues = \"values.yaml\"\n",
    );
    book
}

#[test]
fn a_chapter_runs_by_hand_as_guide_runs_it() {
    let book = book();
    let script = script(&book, "chapter-1");
    let output = run(&book, &script);
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        "shape: flat\nmetadata: {name: \"it's $blue\"}\npod web-7\n\
         web-7 kept by the shell it's $blue\nends\nlast\npassed\ncleaned\n",
        "{stderr}\n{script}"
    );
    assert_eq!(output.status.code(), Some(0), "{stderr}");
    assert!(stderr.starts_with("==> chapter-1/a (guide/chapter-1.md:8)\n"), "{stderr}");
    book.write("fail", "");
    let output = run(&book, &script);
    assert_eq!(output.status.code(), Some(1), "a pipeline that fails stops the script");
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(stdout.ends_with("last\ncleaned\n"), "the always step runs all the same: {stdout}");
}

#[test]
fn a_script_has_nothing_that_shellcheck_warns_of() {
    let book = book();
    let script = script(&book, "1");
    book.write("chapter.sh", &script);
    let checked = Command::new("shellcheck")
        .args(["--norc", "--severity=warning", "--exclude=SC2154"])
        .arg(book.path("chapter.sh"))
        .output();
    // Without shellcheck bash alone says whether it can read the script.
    let Ok(checked) = checked else { return assert!(bash_reads(&book)) };
    assert!(checked.status.success(), "{}\n{script}", String::from_utf8_lossy(&checked.stdout));
    assert!(bash_reads(&book));
}

fn bash_reads(book: &Project) -> bool {
    let bash = Command::new("bash").arg("-n").arg(book.path("chapter.sh")).status();
    bash.expect("bash").success()
}

#[test]
fn a_check_that_never_passes_ends_the_script_in_its_time() {
    let book = Project::with_chapter(
        "
        # One

        ```bash {name=check verify until=1s}
        false | cat
        ```
    ",
    );
    let output = run(&book, &script(&book, "chapter-1"));
    assert_eq!(output.status.code(), Some(1));
    assert!(
        String::from_utf8_lossy(&output.stderr).contains("chapter-1/check did not pass"),
        "{output:?}"
    );
}

#[test]
fn a_secret_is_not_in_the_script() {
    let book = Project::with_chapter(
        r#"
        # One

        ```yaml {file=secret.yaml}
        apiVersion: v1
        kind: Secret
        metadata: {name: x}
        stringData: {password: "{{ token }}"}
        ```

        ```bash {name=a secret=TOKEN}
        test "${#TOKEN}" = 15
        ```
    "#,
    );
    book.write("guide/values.yaml", "token: hunter2-hunter2\n");
    book.write(
        "book.toml",
        "[book]\ntitle = \"Test\"\nsrc = \"guide\"\n\n[preprocessor.guide]\nvalues = \"values.yaml\"\n",
    );
    let script = script(&book, "chapter-1");
    assert!(!script.contains("hunter2"), "{script}");
    let output = run(&book, &script);
    assert!(
        String::from_utf8_lossy(&output.stderr).contains("TOKEN: is secret and not written here"),
        "{output:?}"
    );
}

#[test]
fn a_script_is_made_of_one_whole_chapter() {
    let book = book();
    book.guide("script chapter-1/a").exits(2).says("write `guide script chapter-1`");
    book.guide("script chapter-1..chapter-2").exits(2).says("a script is made of one");
    book.guide("script chapter-9").exits(2).says("chapter-9");
}
