//! Green is true: a step is up to date only where it passed as it is now, a chapter is done only where its last run passed.

use crate::Project;

/// A book whose check sees less than what the acting step does.
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
fn an_edited_manifest_is_applied_although_its_check_passes_and_the_reason_is_told() {
    let book = shallow();
    book.write("guide/chapter-1.md", SHALLOW.replace("grace: \"1\"", "grace: \"3\""));
    book.guide("plan").exits(0).says("runs: the manifest app.yaml has changed");
    book.guide("run").exits(0).says("apply").says("(the manifest app.yaml has changed)").says("3 passed, 1 up to date");
    assert!(book.read("world").contains("grace: \"3\""), "{}", book.read("world"));
    assert_eq!(book.read("others"), "other\n", "a step that does not name the manifest stays up to date");
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
    let text = "# One\n\n```bash {name=copy}\ncp \"$GUIDE_BOOK/conf/a.txt\" \"$GUIDE_BOOK/world\"\n```\n\n\
                ```bash {name=there verify}\ntest -e \"$GUIDE_BOOK/world\"\n```\n";
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
fn an_edit_that_failed_and_was_taken_back_is_applied_again() {
    let text = "# One\n\n```bash {name=set}\necho 1 > \"$GUIDE_BOOK/world\"\n```\n\n```bash {name=there verify}\ntest -e \"$GUIDE_BOOK/world\"\n```\n";
    let book = Project::with_chapter(text);
    book.guide("run").exits(0);
    book.write("guide/chapter-1.md", text.replace("echo 1 > \"$GUIDE_BOOK/world\"", "echo 2 > \"$GUIDE_BOOK/world\"; false"));
    book.guide("run").exits(1);
    book.write("guide/chapter-1.md", text);
    book.guide("run").exits(0).says("it has not passed since it was begun last");
    assert_eq!(book.read("world"), "1\n");
}

#[test]
fn what_was_done_before_the_first_run_is_found_so() {
    let book = Project::with_chapter(SHALLOW);
    book.write("guide/values.yaml", "greeting: hello\n");
    book.write("world", "");
    book.guide("run").exits(0).says("up to date (found so)").says("3 passed, 1 up to date");
    book.write("guide/values.yaml", "greeting: bonjour\n");
    book.guide("run").exits(0).says("(the manifest app.yaml has changed)");
}

#[test]
fn the_reason_why_a_check_did_not_pass_is_told() {
    let text = "# One\n\n```bash {name=scale}\necho \"READY 2/2\" > \"$GUIDE_BOOK/world\"\n```\n\n```bash {name=ready verify}\ncat \"$GUIDE_BOOK/world\"\n```\n\n```output\nREADY 2/2\n```\n";
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
    book.guide("run").exits(0).says("taken as done: p passes").says("1 chapter taken as done").never_says("tail");
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
fn resume_runs_the_failed_step_and_its_checks_bind_anew() {
    let book = Project::with_chapter(DONE);
    book.write("broken", "");
    book.guide("run").exits(1).says("tail");
    book.write("world", "7\n");
    book.guide("run --resume").exits(1).says("goes on at chapter-1/tail: failed").never_says("no longer holds");
    std::fs::remove_file(book.path("broken")).expect("removed");
    book.guide("run --resume").exits(0).says("goes on at chapter-1/tail").says("2 passed, 2 up to date");
}

#[test]
fn resume_goes_back_to_the_acting_step_of_an_edited_check() {
    let text = "# One\n\n```bash {name=greet}\necho \"{}\" > \"$GUIDE_BOOK/world\"\n```\n\n```bash {name=greeted verify}\ncat \"$GUIDE_BOOK/world\"\n```\n\n```output\n{}\n```\n\n```bash {name=boom}\ntest -e \"$GUIDE_BOOK/cured\"\n```\n";
    let book = Project::with_chapter(&text.replace("{}", "Hello"));
    book.guide("run").exits(1).says("boom");
    book.write("guide/chapter-1.md", text.replace("{}", "Good day"));
    book.write("cured", "");
    book.guide("run --resume").exits(0).says("goes on at chapter-1/greet");
    assert_eq!(book.read("world"), "Good day\n");
}
