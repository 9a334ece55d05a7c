//! What an author meets in the first hours with guide: messages that show the values, name the file to rename, and never lead into
//! the next error.

use crate::Project;

#[test]
fn a_check_that_is_not_true_shows_the_values_it_was_asked_with() {
    let book = Project::with_chapter(
        r#"
        # One

        ```bash {name=bind}
        echo root
        ```

        ```output
        <who>
        ```

        ```bash {name=ask check="who in output and exit == 0"}
        echo nobody
        ```
        "#,
    );
    book.guide("run").exits(1).says("who = \"root\", output = \"nobody\", exit = 0\n");
}

#[test]
fn the_snapshot_of_a_renamed_step_is_named_with_the_command_that_renames_it() {
    let book = Project::with_chapter("# One\n\n```bash {name=table snapshot}\necho hi\n```\n");
    book.guide("run").exits(1);
    book.guide("review --accept").exits(0);
    let chapter = book.read("guide/chapter-1.md");
    book.write("guide/chapter-1.md", chapter.replace("name=table", "name=svc-table"));
    let (old, new) = ("snapshots/chapter-1/table.snap", "snapshots/chapter-1/svc-table.snap");
    book.guide("check").exits(2).says(&format!("`mv {old} {new}`"));
    book.write(new, book.read(old));
    std::fs::remove_file(book.path(old)).expect("the old file is removed");
    book.guide("check").exits(0);
    book.guide("run").exits(0);
}

#[test]
fn accepting_keeps_the_name_that_a_later_step_needs() {
    let book = Project::with_chapter(
        r#"
        # One

        ```bash {name=greet}
        echo "Good day, root"
        ```

        ```output
        Hello, <who>
        ```

        ```bash {name=ask check="who in output"}
        echo "$who"
        ```
        "#,
    );
    book.guide("run").exits(1);
    book.guide("review --accept").exits(0).says("chapter-1/greet  accepted");
    assert!(book.read("guide/chapter-1.md").contains("Good day, <who>\n"));
    book.guide("check").exits(0);
    book.guide("run").exits(0);
}

#[test]
fn accepting_never_takes_a_name_away_that_a_later_step_needs() {
    let book = Project::with_chapter(
        r#"
        # One

        ```bash {name=greet}
        echo "nothing of the kind"
        ```

        ```output
        <count:int> apples
        ```

        ```bash {name=ask check="count > 1"}
        true
        ```
        "#,
    );
    let before = book.read("guide/chapter-1.md");
    book.guide("run").exits(1);
    let said = book.guide("review --accept").exits(2);
    said.says("`guide check` would refuse the chapter: unknown name `count`");
    assert_eq!(book.read("guide/chapter-1.md"), before);
    book.guide("check").exits(0);
}

#[test]
fn accepting_everything_leaves_a_check_that_was_waited_for_until_it_is_named() {
    let book = Project::with_chapter(
        r"
        # One

        ```bash {name=count}
        echo 1 > count
        ```

        ```bash {name=three verify until=300ms}
        cat count
        ```

        ```output
        3
        ```
        ",
    );
    book.guide("run").exits(1);
    let said = book.guide("review --accept").exits(0).says("chapter-1/three  pending");
    said.says("`guide review --accept chapter-1/three`");
    assert!(book.read("guide/chapter-1.md").contains("\n3\n"), "not rewritten");
    book.guide("review --accept chapter-1/three").exits(0).says("chapter-1/three  accepted");
    assert!(book.read("guide/chapter-1.md").contains("```output\n1\n"), "rewritten");
}

#[test]
fn a_site_is_made_of_a_book_that_shows_prompts_and_a_run_refuses_it() {
    let book = Project::with_chapter("# One\n\n```bash\n$ ls\nREADME.md\n```\n");
    book.guide("publish").exits(0);
    assert!(book.read("book/chapter-1.html").contains("README.md"));
    for command in ["check", "plan", "run"] {
        book.guide(command)
            .exits(2)
            .says("error: this step contains a prompt: bash would look for a program named `$`");
    }
}
