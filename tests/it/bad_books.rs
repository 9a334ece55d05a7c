//! Wrong books: every error is reported at once, with its place and a hint, and the exit code is 2.

use crate::Project;

#[test]
fn without_a_book_the_error_names_the_folders_that_were_searched() {
    let folder = tempfile::tempdir().expect("folder");
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_guide"))
        .arg("run")
        .current_dir(folder.path())
        .output()
        .expect("starts");
    insta::assert_snapshot!(crate::Said::of(&output, folder.path()).whole());
}

#[test]
fn an_unknown_chapter_names_the_nearest() {
    let book =
        Project::with_chapters(&[("chapter-1-start.md", "# A\n"), ("chapter-2-end.md", "# B\n")]);
    insta::assert_snapshot!(book.guide("run chapter-22").whole());
}

#[test]
fn every_error_of_every_chapter_is_reported_at_once() {
    let book = Project::with_chapters(&[
        (
            "chapter-1.md",
            r"
            # A

            ```bash {name=x tmeout=2m}
            true
            ```

            ```bash {name=x}
            true
            ```

            ```bash {name=y timeout=5parsecs}
            true
            ```
        ",
        ),
        (
            "chapter-2.md",
            r"
            # B

            ```yaml {file=a.yaml}
            name: {{ no.such }}
            ```

            ```bash {name=z verify=missing}
            true
            ```

            ```bash {name=open}
            echo never closed
        ",
        ),
    ]);
    insta::assert_snapshot!(book.guide("check").whole());
}

#[test]
fn an_unclosed_fence_is_an_error_with_its_line() {
    let book = Project::with_chapter(
        r"
        # A

        text

        ```bash {name=a}
        echo hi
    ",
    );
    insta::assert_snapshot!(book.guide("run").whole());
}

#[test]
fn crlf_and_tabs_run_like_any_text() {
    let book = Project::with_chapter(
        "# A\r\n\r\n```bash {name=a}\r\necho\tone\r\n```\r\n\r\n```output\r\none\r\n```\r\n",
    );
    book.guide("run").exits(0).says("1 passed");
}

#[test]
fn text_that_is_not_utf8_is_named_with_its_place() {
    let book = Project::with_chapter("# A\n");
    book.write("guide/chapter-1.md", b"# A\n\nbad \xff byte\n");
    insta::assert_snapshot!(book.guide("check").whole());
}

#[test]
fn yaml_that_is_invalid_after_rendering_is_found_before_step_one() {
    let book = Project::with_chapter(
        r#"
        # A

        ```bash {name=a}
        touch "$GUIDE_BOOK/ran"
        ```

        ```yaml {file=a.yaml}
        a: {{ web }}: b: c
        ```
    "#,
    );
    book.write("guide/values.yaml", "web: 1\n");
    insta::assert_snapshot!(book.guide("run").whole());
    assert!(!book.has("ran"));
}

#[test]
fn an_unknown_need_and_a_wrong_done_are_errors() {
    let book = Project::with_chapters(&[
        ("chapter-1.md", "# A\n"),
        (
            "chapter-2.md",
            r"
            ---
            needs: [chapter-l]
            done: [act]
            ---
            # B

            ```bash {name=act}
            true
            ```
        ",
        ),
    ]);
    insta::assert_snapshot!(book.guide("check").whole());
}

#[test]
fn a_wrong_command_line_is_exit_two() {
    let book = Project::with_chapter("# A\n");
    book.guide("rum").exits(2);
    book.guide("run --nope").exits(2);
    insta::assert_snapshot!(book.guide("run --report tea=x").whole());
}

#[test]
fn an_include_that_mdbook_would_expand_in_a_step_is_an_error() {
    let included = |fence: &str| {
        format!(
            r"
            # One

            ```bash {{name=a}}
            true
            ```

            ```{fence}
            {{{{#include a.sh}}}}
            ```
        "
        )
    };
    for fence in ["bash {name=b}", "output"] {
        let book = Project::with_chapter(&included(fence));
        book.guide("check")
            .exits(2)
            .says("mdBook replaces this on the page, but guide uses it as written")
            .says("guide/chapter-1.md:8:1")
            .says("^^^^^^^^^^^^^^^^^");
    }
    Project::with_chapter(&included("bash {skip}")).guide("check").exits(0);
}
