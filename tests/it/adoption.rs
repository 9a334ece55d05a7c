//! Documents that were not written for guide: what is ignored, what is reported, and where their commands run.

use crate::Project;
use crate::project::unindented;

#[test]
fn a_document_of_other_tools_passes_and_strict_lists_the_ignored_words() {
    let book = Project::with_chapter(
        "\
---
description: A page
weight: 3
---
# Page

```bash title=\"Terminal\" {1}
echo hello
```

It prints:

<!-- expected_similarity=0.3 -->

```output
hello
```

```sh {\"id\":\"01HZ\",\"terminalRows\":\"20\"}
true
```
",
    );
    let said = book.guide("check").exits(0).says("1 chapter with 2 steps: no problem\n");
    said.says(
        "note: 6 words or blocks of other tools are ignored (`guide check --strict` lists them)",
    );
    let said = book
        .guide("check --strict")
        .exits(0)
        .says("`description` is a key of another tool's front matter");
    said.says("`terminalRows` is an attribute of Runme, which guide ignores")
        .says("guide/chapter-1.md:19:");
    book.guide("run").exits(0).says("2 passed");
}

#[test]
fn a_fence_that_only_looks_like_a_step_is_a_warning_with_its_line() {
    let book = Project::with_chapter(
        r#"
        # One

        ```Bash {name=a}
        echo hi
        ```

        ```output
        hi
        ```

        === "Tab"

            ```bash
            ls
            ```
    "#,
    );
    let said = book
        .guide("check")
        .exits(0)
        .says("warning: `Bash` opens no step")
        .says("hint: did you mean `bash`?");
    let said = said
        .says("guide/chapter-1.md:3:")
        .says("warning: this output belongs to no step")
        .says("guide/chapter-1.md:7:1");
    said.says("indented by four columns")
        .says("guide/chapter-1.md:13:")
        .says("no problem, 3 warnings");
}

#[test]
fn a_step_that_bash_cannot_parse_is_reported_with_its_line_and_nothing_runs() {
    let book = Project::with_chapter(
        r#"
        # One

        ```bash {name=a}
        touch "$GUIDE_BOOK/ran"
        ```

        - item

          ```bash {name=b}
          if true; then
          echo
          done
          ```
    "#,
    );
    for command in ["check", "run"] {
        let said = book
            .guide(command)
            .exits(2)
            .says("bash cannot parse this step: syntax error near unexpected token `done'");
        said.says("guide/chapter-1.md:12:3").says("12 |   done\n");
    }
    assert!(!book.has("ran"));
}

#[test]
fn a_prompt_in_a_bash_step_is_an_error() {
    let book = Project::with_chapter(
        r"
        # One

        ```bash
        $ ls
        file
        ```
    ",
    );
    book.guide("check")
        .exits(2)
        .says("this step contains a prompt: bash would look for a program named `$`")
        .says("guide/chapter-1.md:4:1");
    let book = Project::with_chapter(
        r#"
        # One

        ```console
        $ x=3
        $ echo \
        > $x
        3
        ```

        ```bash
        echo "still $x"
        ```
    "#,
    );
    book.write(
        "book.toml",
        "[book]\nsrc = \"guide\"\n\n[preprocessor.guide]\nlanguages = [\"console\"]\n",
    );
    book.guide("run").exits(0).says("2 passed");
    book.write(
        "guide/chapter-1.md",
        r"
        # One

        ```console
        $ echo 4
        3
        ```
    ",
    );
    book.guide("run").exits(1);
    book.guide("review --accept").exits(0);
    assert_eq!(
        book.read("guide/chapter-1.md"),
        unindented(
            r"
            # One

            ```console
            $ echo 4
            4
            ```
        "
        )
    );
}

#[test]
fn chapters_with_the_same_file_name_are_named_by_their_paths() {
    let step = |words: &str| {
        format!(
            r"
            # {words}

            ```bash {{name=say snapshot}}
            echo {words}
            ```
        "
        )
    };
    let book = Project::with_chapters(&[
        ("intro.md", &step("first")),
        ("install/intro.md", &format!("---\nneeds: [intro]\n---\n{}", unindented(&step("second")))),
        ("install/linux.md", &step("third")),
    ]);
    book.guide("run").exits(1).says("3 passed");
    book.guide("review --accept").exits(0);
    assert!(
        book.has("snapshots/intro/say.snap")
            && book.has("snapshots/install/intro/say.snap")
            && book.has("snapshots/linux/say.snap")
    );
    book.guide("check").exits(0).says("no problem");
    book.guide("run install/linux --rerun").exits(0).says("1 passed");
    book.guide("run install/intro/say --rerun").exits(0);
    book.guide("run guide/install/intro.md").exits(0);
    book.guide("run --resume").exits(0);
}

#[test]
fn a_file_of_dots_stays_in_its_folder() {
    let book = Project::with_chapters(&[(
        "...md",
        r"
            # Dots

            ```bash {name=a snapshot}
            echo hi
            ```
        ",
    )]);
    book.guide("run").exits(1).says("1 passed");
    assert!(book.has("snapshots/chapter/a.snap.new") && !book.has("a.snap.new"));
}

#[test]
fn steps_run_in_the_folder_that_cwd_names() {
    let step = |words: &str| format!("```bash {{{words}}}\npwd\n```\n\n");
    let chapter = |cwd: &str, steps: &str, expected: &str| {
        let book =
            Project::with_chapters(&[("sub/a.md", &format!("---\ntitle: A\n{cwd}---\n{steps}"))]);
        std::fs::create_dir_all(book.path("examples")).expect("a folder");
        let text = book.read("guide/sub/a.md");
        book.write(
            "guide/sub/a.md",
            format!(
                "{text}```output\n{}{expected}\n```\n",
                book.root().canonicalize().expect("a path").display()
            ),
        );
        book.guide("run").exits(0).says("passed");
    };
    chapter("", &step("name=a"), "/.guide/rendered/a");
    chapter("cwd: book\n", &step("name=a"), "");
    chapter("cwd: chapter\n", &step("name=a"), "/guide/sub");
    chapter("cwd: examples\n", &step("name=a"), "/examples");
    chapter("", &step("name=a cwd=chapter"), "/guide/sub");
    chapter("", &step("name=a cwd=examples"), "/examples");
    chapter("cwd: book\n", &step("name=a cwd=rendered"), "/.guide/rendered/a");
    chapter("", &step("\"cwd\":\"..\""), "/guide");
    let book = Project::with_chapter(
        r"
        ---
        cwd: nowhere
        ---
        ```bash
        pwd
        ```
    ",
    );
    book.guide("run").exits(3).says("there is no folder").says("correct `cwd`");
}

#[test]
fn after_must_name_an_earlier_chapter() {
    let book = |after: &str| {
        Project::with_chapters(&[
            ("a.md", "# A\n"),
            ("b.md", &format!("---\nafter: [{after}]\n---\n# B\n")),
            ("c.md", "# C\n"),
        ])
    };
    book("a").guide("check").exits(0);
    book("c")
        .guide("check")
        .exits(2)
        .says("b is to run after c, which does not precede it")
        .says("guide/b.md:2:9");
    book("nothing").guide("check").exits(2).says("the book has no chapter `nothing`");
}
