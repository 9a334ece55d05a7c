//! A step is up to date only if it passed as it is now, and a chapter is done only if its last run passed.

use crate::Project;
use crate::project::{interrupt, unindented};

/// A book whose check tests only a part of what the acting step does.
const SHALLOW: &str = r#"# One

```yaml {file=app.yaml}
apiVersion: v1
kind: ConfigMap
metadata: {name: app}
data: {greeting: "{{ greeting }}", grace: "1"}
```

```bash {name=apply}
cp app.yaml "$GUIDE_BOOK/world"
```

```bash {name=ready verify}
test -e "$GUIDE_BOOK/world"
```

```bash {name=other}
echo other >> "$GUIDE_BOOK/others"
```

```bash {name=other-ready verify}
test -e "$GUIDE_BOOK/others"
```
"#;

fn shallow() -> Project {
    let book = Project::with_chapter(SHALLOW);
    book.write("guide/values.yaml", "greeting: hello\n");
    book.guide("run").exits(0).says("4 passed");
    book.guide("run").exits(0).says("2 passed, 2 up to date");
    book
}

#[test]
fn an_edited_manifest_is_applied_although_its_check_passes_and_the_reason_is_shown() {
    let book = shallow();
    book.write("guide/chapter-1.md", SHALLOW.replace("grace: \"1\"", "grace: \"3\""));
    book.guide("plan").exits(0).says("runs: the manifest app.yaml has changed");
    book.guide("run")
        .exits(0)
        .says("apply")
        .says("(the manifest app.yaml has changed)")
        .says("3 passed, 1 up to date");
    assert!(book.read("world").contains("grace: \"3\""), "{}", book.read("world"));
    assert_eq!(
        book.read("others"),
        "other\n",
        "a step that does not name the manifest stays up to date"
    );
    book.guide("run").exits(0).says("2 passed, 2 up to date");
}

#[test]
fn an_edited_value_is_applied_although_its_check_passes() {
    let book = shallow();
    book.write("guide/values.yaml", "greeting: bonjour\n");
    book.guide("run").exits(0).says("(the manifest app.yaml has changed)");
    assert!(book.read("world").contains("bonjour"));
    book.guide("run --set greeting=hola").exits(0);
    assert!(book.read("world").contains("hola"));
}

#[test]
fn an_edited_file_or_command_of_a_step_runs_it_again() {
    let text = r#"
        # One

        ```bash {name=copy}
        cp "$GUIDE_BOOK/conf/a.txt" "$GUIDE_BOOK/world"
        ```

        ```bash {name=there verify}
        test -e "$GUIDE_BOOK/world"
        ```
    "#;
    let book = Project::with_chapter(text);
    book.write("conf/a.txt", "one\n");
    book.guide("run").exits(0);
    book.write("conf/a.txt", "two\n");
    book.guide("run").exits(0).says("(the file conf/a.txt has changed)");
    assert_eq!(book.read("world"), "two\n");
    book.write("guide/chapter-1.md", text.replace("cp ", "cp -f "));
    book.guide("run").exits(0).says("(its commands have changed)");
    book.guide("run").exits(0).says("1 passed, 1 up to date");
}

#[test]
fn an_edit_that_failed_and_was_reverted_is_applied_again() {
    let text = r#"
        # One

        ```bash {name=set}
        echo 1 > "$GUIDE_BOOK/world"
        ```

        ```bash {name=there verify}
        test -e "$GUIDE_BOOK/world"
        ```
    "#;
    let book = Project::with_chapter(text);
    book.guide("run").exits(0);
    book.write(
        "guide/chapter-1.md",
        text.replace("echo 1 > \"$GUIDE_BOOK/world\"", "echo 2 > \"$GUIDE_BOOK/world\"; false"),
    );
    book.guide("run").exits(1);
    book.write("guide/chapter-1.md", text);
    book.guide("run").exits(0).says("it did not pass the last time it began");
    assert_eq!(book.read("world"), "1\n");
}

#[test]
fn a_step_whose_work_was_done_before_the_first_run_is_found_so() {
    let book = Project::with_chapter(SHALLOW);
    book.write("guide/values.yaml", "greeting: hello\n");
    book.write("world", "");
    book.guide("run").exits(0).says("up to date (found so)").says("3 passed, 1 up to date");
    book.write("guide/values.yaml", "greeting: bonjour\n");
    book.guide("run").exits(0).says("(the manifest app.yaml has changed)");
}

#[test]
fn the_reason_why_a_check_did_not_pass_is_shown() {
    let text = r#"
        # One

        ```bash {name=scale}
        echo "READY 2/2" > "$GUIDE_BOOK/world"
        ```

        ```bash {name=ready verify}
        cat "$GUIDE_BOOK/world"
        ```

        ```output
        READY 2/2
        ```
    "#;
    let book = Project::with_chapter(text);
    book.guide("run").exits(0).never_says("did not pass");
    book.write("world", "READY 3/3\n");
    book.guide("run").exits(0).says("ready did not pass: ").says("READY 3/3");
}

const DONE: &str = r#"---
done: [p]
---
# One

```bash {name=act}
echo 2 > "$GUIDE_BOOK/world"
```

```bash {name=p verify}
cat "$GUIDE_BOOK/world"
```

```output
<n:int>
```

```bash {name=tail}
test ! -e "$GUIDE_BOOK/broken"
```

```bash {name=end}
true
```
"#;

#[test]
fn a_failed_chapter_is_not_done() {
    let book = Project::with_chapter(DONE);
    book.guide("run").exits(0);
    book.guide("run")
        .exits(0)
        .says("taken as done: p passes")
        .says("1 chapter taken as done")
        .never_says("tail");
    book.write("broken", "");
    book.guide("run --rerun").exits(1).says("1 failed");
    book.guide("run").exits(1).says("tail").never_says("taken as done");
    book.guide("run --resume").exits(1).says("tail");
    book.guide("run chapter-1/tail").exits(1);
    std::fs::remove_file(book.path("broken")).expect("removed");
    book.guide("run chapter-1/tail").exits(0);
    book.guide("run").exits(0).says("tail").never_says("taken as done");
    book.guide("run").exits(0).says("taken as done");
}

#[test]
fn a_killed_or_partly_failed_run_ends_a_done_chapter_too() {
    let book = Project::with_chapter(DONE);
    book.guide("run").exits(0);
    book.write("broken", "");
    book.guide("run chapter-1/tail").exits(1);
    book.guide("run").exits(1).never_says("taken as done");
}

#[test]
fn resume_runs_the_failed_step_and_its_checks_bind_again() {
    let book = Project::with_chapter(DONE);
    book.write("broken", "");
    book.guide("run").exits(1).says("tail");
    book.write("world", "7\n");
    book.guide("run --resume")
        .exits(1)
        .says("resuming at chapter-1/tail: failed")
        .never_says("no longer holds");
    std::fs::remove_file(book.path("broken")).expect("removed");
    book.guide("run --resume")
        .exits(0)
        .says("resuming at chapter-1/tail")
        .says("2 passed, 2 up to date");
}

#[test]
fn resume_starts_at_the_acting_step_of_an_edited_check() {
    let text = r#"
        # One

        ```bash {name=greet}
        echo "{}" > "$GUIDE_BOOK/world"
        ```

        ```bash {name=greeted verify}
        cat "$GUIDE_BOOK/world"
        ```

        ```output
        {}
        ```

        ```bash {name=boom}
        test -e "$GUIDE_BOOK/cured"
        ```
    "#;
    let book = Project::with_chapter(&text.replace("{}", "Hello"));
    book.guide("run").exits(1).says("boom");
    book.write("guide/chapter-1.md", text.replace("{}", "Good day"));
    book.write("cured", "");
    book.guide("run --resume").exits(0).says("resuming at chapter-1/greet");
    assert_eq!(book.read("world"), "Good day\n");
}

#[test]
fn a_check_that_passes_before_its_step_ever_ran_proves_nothing() {
    let text = r#"
        # One

        ```bash {name=act}
        echo hello > "$GUIDE_BOOK/file"
        ```

        ```bash {name=proof verify}
        true
        ```
    "#;
    let book = Project::with_chapter(text);
    book.guide("run --prove").exits(1).says(
        "proof (guide/chapter-1.md:7) passes before act (guide/chapter-1.md:3) has ever run here",
    );
    assert!(!book.has("file"));
    book.write("guide/chapter-1.md", text.replace("verify", "verify preexisting"));
    book.guide("run --prove").exits(0).says("up to date (found so)");
    book.write("guide/chapter-1.md", text.replace("true", "test -e \"$GUIDE_BOOK/file\""));
    let book = Project::with_chapter(&text.replace("true", "test -e \"$GUIDE_BOOK/file\""));
    book.guide("run --prove").exits(0).says("2 passed");
    book.guide("run --prove").exits(0).says("1 passed, 1 up to date");
}

#[test]
fn a_check_that_cannot_fail_is_a_warning_in_a_world_that_the_book_makes() {
    let first = r#"
        # One

        ```bash {name=first}
        touch "$GUIDE_BOOK/first"
        ```

        ```bash {name=there verify}
        test -e "$GUIDE_BOOK/first"
        ```

    "#;
    let second = "```bash {name=second}\ntouch \"$GUIDE_BOOK/second\"\n```\n\n```bash {name=blind verify}\ntrue\n```\n";
    let book = Project::with_chapter(&format!("{}{second}", unindented(first)));
    book.guide("run").exits(0).says("warning: blind").says("passes before second");
}

#[test]
fn a_name_that_a_step_reads_comes_from_the_last_run_or_the_run_is_refused() {
    let text = r#"
        # One

        ```bash {name=ask}
        echo world
        ```

        ```output
        <who>
        ```

        ```bash {name=greet}
        echo "hi $who" > "$GUIDE_BOOK/said"
        ```
    "#;
    for words in ["run --from greet", "run --only greet", "run chapter-1/greet"] {
        let book = Project::with_chapter(text);
        book.guide(words)
            .exits(2)
            .says("chapter-1/greet reads `who`, which chapter-1/ask binds")
            .says("--from ask");
        book.guide("run").exits(0);
        std::fs::remove_file(book.path("said")).expect("removed");
        book.guide(words).exits(0);
        assert_eq!(book.read("said"), "hi world\n", "{words}");
    }
}

#[test]
fn a_background_step_that_ends_by_itself_fails_with_its_output() {
    let text = r#"
        # One

        ```bash {name=server background ready=up}
        touch "$GUIDE_BOOK/up"; sleep 0.4; echo 'fatal: out of disk'; exit 5
        ```

        ```bash {name=up verify=server}
        test -e "$GUIDE_BOOK/up"
        ```

        ```bash {name=work}
        sleep 0.8
        ```
    "#;
    let book = Project::with_chapter(text);
    book.guide("run")
        .exits(1)
        .says("server")
        .says("it ended by itself (exit 5)")
        .says("fatal: out of disk")
        .says("1 failed");
    std::fs::remove_file(book.path("up")).expect("removed");
    let book = Project::with_chapter(&format!(
        "{}\n```bash {{name=later}}\ntouch \"$GUIDE_BOOK/later\"\n```\n",
        unindented(text)
    ));
    book.guide("run").exits(1).says("fatal: out of disk").says("1 not run");
    assert!(!book.has("later"), "it is told at the next step's start");
}

#[test]
fn a_background_step_that_a_later_step_stops_has_not_failed() {
    let book = Project::with_chapter(
        r#"
        # One

        ```bash {name=server background ready=up}
        echo $$ > "$GUIDE_BOOK/pid"; exec sleep 60
        ```

        ```bash {name=up verify=server}
        test -e "$GUIDE_BOOK/pid"
        ```

        ```bash {name=stop}
        kill "$(cat "$GUIDE_BOOK/pid")"; sleep 0.3
        ```
    "#,
    );
    book.guide("run").exits(0).says("3 passed");
}

#[test]
fn verify_and_done_skip_checks_that_need_a_background_step() {
    let text = r#"
        # One

        ```bash {name=forward background ready=answers}
        touch "$GUIDE_BOOK/port"; trap 'rm "$GUIDE_BOOK/port"; exit' TERM; sleep 60 & wait
        ```

        ```bash {name=answers verify=forward}
        test -e "$GUIDE_BOOK/port"
        ```
    "#;
    let book = Project::with_chapter(text);
    book.guide("run").exits(0);
    book.guide("verify").exits(0).says("it checks a background step");
    book.guide("run").exits(0).says("2 passed");
    book.write("guide/chapter-1.md", format!("---\ndone: [answers]\n---\n{}", unindented(text)));
    book.guide("check").exits(2).says("`answers` proves `forward`, a background step");
}

#[test]
fn a_secret_without_a_value_is_reported_before_its_step_runs() {
    let text = r#"
        # One

        ```bash {name=set secret=TOK}
        TOK=hush-hush
        ```

        ```bash {name=boom}
        test -e "$GUIDE_BOOK/cured"
        ```

        ```bash {name=use secret=TOK}
        echo "use $TOK" > "$GUIDE_BOOK/used"
        ```
    "#;
    let book = Project::with_chapter(text);
    book.guide("run").exits(1).says("boom");
    book.write("cured", "");
    book.guide("run --resume").exits(1).says("the secret TOK has no value here");
    assert!(!book.has("used"));
    book.guide("run").exits(0);
    let book = Project::with_chapter(
        r"
        # One

        ```bash {name=use secret=TOKX}
        true
        ```
    ",
    );
    book.guide("run").exits(1).says("the secret TOKX has no value here");
    let with = book.command("run").env("TOKX", "hush-hush").output().expect("guide starts");
    assert_eq!(with.status.code(), Some(0));
}

#[test]
fn an_interrupted_run_names_the_always_steps_that_did_not_run() {
    let book = Project::with_chapter(
        r#"
        # One

        ```bash {name=long}
        touch "$GUIDE_BOOK/began"; sleep 30
        ```

        ```bash {name=clean always}
        true
        ```
    "#,
    );
    let runner = book.start("run");
    book.wait_for_file("began");
    interrupt(&runner);
    let said = crate::Said::of(&runner.wait_with_output().expect("ends"), book.root());
    said.exits(130).says("always step not run, since the run was stopped: clean");
}

#[test]
fn a_step_that_was_running_when_the_run_was_killed_is_named() {
    let book = Project::with_chapter(
        r#"
        # One

        ```bash {name=long}
        echo x >> "$GUIDE_BOOK/began"; test -e "$GUIDE_BOOK/quick" || sleep 30
        ```

        ```bash {name=there verify}
        test -e "$GUIDE_BOOK/began"
        ```
    "#,
    );
    let mut runner = book.start("run");
    book.wait_for_file("began");
    runner.kill().expect("killed");
    runner.wait().expect("gone");
    book.write("quick", "");
    book.guide("run --resume").exits(0).says(
        "resuming at chapter-1/long: it was running when the run was killed, and may have done its work",
    );
    assert_eq!(
        book.read("began"),
        "x\nx\n",
        "what did not pass runs again, although its check passes"
    );
}

#[test]
fn the_state_of_another_book_is_ignored() {
    let step = |text: &str| {
        format!(
            "# One\n\n```bash {{name=a}}\n{text}\n```\n\n```bash {{name=b}}\ntest -e \"$GUIDE_BOOK/cured\"\n```\n"
        )
    };
    let (one, two) = (
        Project::with_chapter(&step("touch \"$GUIDE_BOOK/ran\"")),
        Project::with_chapter(&step("touch \"$GUIDE_BOOK/ran\"")),
    );
    let state = tempfile::tempdir().expect("a folder");
    let words = |words: &str| format!("{words} --state {}", state.path().display());
    one.guide(&words("run")).exits(1);
    two.write("cured", "");
    two.guide(&words("run --resume")).exits(0).says("2 passed");
    assert!(two.has("ran"), "what the other book's run did is not taken over");
}

#[test]
fn a_state_folder_that_disappears_during_a_run_is_an_error() {
    let book = Project::with_chapter(
        r#"
            # One

            ```bash {name=a}
            rm -rf "$GUIDE_STATE/runs"
            ```
        "#,
    );
    let said = book.guide("run");
    assert_eq!(said.code, Some(3), "{}", said.stderr);
    assert!(said.stderr.contains("journal.jsonl"), "{}", said.stderr);
}
