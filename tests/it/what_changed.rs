//! A step that passed runs again where anything that it is made of has changed since, however the step names it.

use crate::Project;

/// One chapter in its own folder beside its files, and one in its rendered folder. Each check sees only that its step has run.
fn book() -> Project {
    let book = Project::with_chapters(&[
        (
            "chapter-1.md",
            r#"
            ---
            cwd: chapter
            ---
            # One

            ```yaml {file=app.yaml}
            apiVersion: v1
            kind: ConfigMap
            metadata: {name: app}
            data: {greeting: "{{ greeting }}"}
            ```

            ```bash {name=setup}
            FOLDER=conf; load() { cat conf/*.txt; }
            ```

            ```bash {name=plain}
            cat conf/a.txt >> "$GUIDE_BOOK/plain"
            ```

            ```bash {name=plain-ran verify}
            test -e "$GUIDE_BOOK/plain"
            ```

            ```bash {name=pattern}
            for file in conf/*.txt; do cat "$file" >> "$GUIDE_BOOK/pattern"; done
            ```

            ```bash {name=pattern-ran verify}
            test -e "$GUIDE_BOOK/pattern"
            ```

            ```bash {name=variable}
            cat "$FOLDER/a.txt" >> "$GUIDE_BOOK/variable"
            ```

            ```bash {name=variable-ran verify}
            test -e "$GUIDE_BOOK/variable"
            ```

            ```bash {name=function}
            load >> "$GUIDE_BOOK/function"
            ```

            ```bash {name=function-ran verify}
            test -e "$GUIDE_BOOK/function"
            ```

            ```bash {name=folder}
            (cd conf; cat a.txt) >> "$GUIDE_BOOK/folder"
            ```

            ```bash {name=folder-ran verify}
            test -e "$GUIDE_BOOK/folder"
            ```

            ```bash {name=quoted}
            "$GUIDE_BOOK"/guide/conf/print >> "$GUIDE_BOOK/quoted"
            ```

            ```bash {name=quoted-ran verify}
            test -e "$GUIDE_BOOK/quoted"
            ```
            "#,
        ),
        (
            "chapter-2.md",
            r#"
            # Two

            ```bash {name=write}
            cat > own.yaml <<'END'
            text: one
            END
            ```

            ```bash {name=write-ran verify}
            test -e own.yaml
            ```

            ```bash {name=written}
            cat own.yaml >> "$GUIDE_BOOK/written"
            ```

            ```bash {name=written-ran verify}
            test -e "$GUIDE_BOOK/written"
            ```

            ```bash {name=other-chapter}
            cat ../chapter-1/app.yaml >> "$GUIDE_BOOK/other-chapter"
            ```

            ```bash {name=other-chapter-ran verify}
            test -e "$GUIDE_BOOK/other-chapter"
            ```

            ```bash {name=all-of-other}
            cat ../chapter-1/*.yaml >> "$GUIDE_BOOK/all-of-other"
            ```

            ```bash {name=all-of-other-ran verify}
            test -e "$GUIDE_BOOK/all-of-other"
            ```
            "#,
        ),
    ]);
    book.write("guide/values.yaml", "greeting: hello\n");
    book.write("guide/conf/a.txt", "a-one\n");
    book.write("guide/conf/print", "#!/bin/sh\necho print-one\n");
    let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(book.path("guide/conf/print"), executable).expect("made executable");
    book.guide("run").exits(0);
    book.guide("run").exits(0).never_says("changed");
    book
}

#[test]
fn a_changed_file_runs_every_step_that_reads_it() {
    let book = book();
    book.write("guide/conf/a.txt", "a-two\n");
    book.guide("plan").exits(0).says("the file guide/conf/a.txt has changed");
    book.guide("run").exits(0);
    for step in ["plain", "pattern", "variable", "function", "folder"] {
        assert_eq!(book.read(step), "a-one\na-two\n", "{step}");
    }
    assert_eq!(book.read("quoted"), "print-one\n");
    book.write("guide/conf/print", "#!/bin/sh\necho print-two\n");
    book.guide("run").exits(0);
    assert_eq!(
        (book.read("quoted").as_str(), book.read("plain").as_str()),
        ("print-one\nprint-two\n", "a-one\na-two\n")
    );
    book.guide("run").exits(0).never_says("changed");
}

#[test]
fn a_file_that_comes_or_goes_is_a_change_of_the_pattern_that_it_fits() {
    let book = book();
    book.write("guide/conf/b.txt", "b-one\n");
    book.guide("run").exits(0).says("the file guide/conf/*.txt has changed");
    assert_eq!(book.read("pattern"), "a-one\na-one\nb-one\n");
    assert_eq!(book.read("plain"), "a-one\n");
}

#[test]
fn a_changed_value_runs_the_steps_of_other_chapters_that_read_the_manifest() {
    let book = book();
    book.guide("run --set greeting=hola")
        .exits(0)
        .says("the manifest chapter-1/app.yaml has changed");
    for step in ["other-chapter", "all-of-other"] {
        assert!(book.read(step).contains("hola"), "{step}: {}", book.read(step));
    }
    assert_eq!(book.read("written"), "text: one\n");
}

#[test]
fn a_step_that_writes_a_file_is_a_part_of_the_steps_that_read_the_file() {
    let book = book();
    let text = book.read("guide/chapter-2.md").replace("text: one", "text: two");
    book.write("guide/chapter-2.md", text);
    book.guide("run").exits(0).says("the step write, which defines what it uses, has changed");
    assert_eq!(book.read("written"), "text: one\ntext: two\n");
}

#[test]
fn what_another_profile_applied_last_is_what_the_world_has() {
    let book = Project::with_chapter(
        r#"
        # One

        ```bash {name=apply}
        echo "$COLOUR" > "$GUIDE_BOOK/world"
        ```

        ```bash {name=ready verify}
        test -e "$GUIDE_BOOK/world"
        ```
        "#,
    );
    book.write("guide/values.yaml", "colour: blue\n");
    book.write("guide/values.green.yaml", "colour: green\n");
    for (profile, colour) in [("default", "blue"), ("green", "green"), ("default", "blue")] {
        book.guide(&format!("run --profile {profile}")).exits(0).never_says("found so");
        assert_eq!(book.read("world"), format!("{colour}\n"), "{profile}");
    }
    book.guide("run --profile default").exits(0).says("1 passed, 1 up to date");
}
