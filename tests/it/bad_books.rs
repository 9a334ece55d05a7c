//! Wrong books: every error at once, each with its place and what to do, exit code 2.

use crate::Project;

#[test]
fn no_book_says_where_it_looked() {
    let folder = tempfile::tempdir().expect("folder");
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_guide"))
        .arg("run")
        .current_dir(folder.path())
        .output()
        .expect("starts");
    crate::Said::of(&output, folder.path()).exits(2).says("book.toml").says("hint:");
}

#[test]
fn an_unknown_chapter_names_the_nearest() {
    let book =
        Project::with_chapters(&[("chapter-1-start.md", "# A\n"), ("chapter-2-end.md", "# B\n")]);
    book.guide("run chapter-22").exits(2).says("chapter-22").says("did you mean `chapter-2`?");
}

#[test]
fn every_error_of_every_chapter_is_reported_at_once() {
    let book = Project::with_chapters(&[
        (
            "chapter-1.md",
            "# A\n\n```bash {name=x tmeout=5s}\ntrue\n```\n\n```bash {name=x}\ntrue\n```\n\n```bash {name=y timeout=5parsecs}\ntrue\n```\n",
        ),
        (
            "chapter-2.md",
            "# B\n\n```yaml {file=a.yaml}\nname: {{ no.such }}\n```\n\n```bash {name=z verify=missing}\ntrue\n```\n\n```bash {name=open}\necho never closed\n",
        ),
    ]);
    book.guide("check")
        .exits(2)
        .says("guide/chapter-1.md:3")
        .says("timeout")
        .says("guide/chapter-1.md:7")
        .says("guide/chapter-1.md:11")
        .says("5parsecs")
        .says("guide/chapter-2.md:4")
        .says("guide/chapter-2.md:7")
        .says("missing")
        .says("guide/chapter-2.md:11");
}

#[test]
fn an_unclosed_fence_is_an_error_with_its_line() {
    let book = Project::with_chapter("# A\n\ntext\n\n```bash {name=a}\necho hi\n");
    book.guide("run").exits(2).says("guide/chapter-1.md:5").says("closed");
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
    book.guide("check").exits(2).says("guide/chapter-1.md").says("UTF-8").says("3");
}

#[test]
fn yaml_that_is_invalid_after_rendering_is_found_before_step_one() {
    let book = Project::with_chapter(
        "# A\n\n```bash {name=a}\ntouch \"$GUIDE_BOOK/ran\"\n```\n\n```yaml {file=a.yaml}\na: {{ web }}: b: c\n```\n",
    );
    book.write("guide/values.yaml", "web: 1\n");
    book.guide("run").exits(2).says("a.yaml");
    assert!(!book.has("ran"));
}

#[test]
fn an_unknown_need_and_a_wrong_done_are_errors() {
    let book = Project::with_chapters(&[
        ("chapter-1.md", "# A\n"),
        (
            "chapter-2.md",
            "---\nneeds: [chapter-l]\ndone: [act]\n---\n# B\n\n```bash {name=act}\ntrue\n```\n",
        ),
    ]);
    book.guide("check").exits(2).says("chapter-l").says("chapter-1").says("act");
}

#[test]
fn a_wrong_command_line_is_exit_two() {
    let book = Project::with_chapter("# A\n");
    book.guide("rum").exits(2);
    book.guide("run --nope").exits(2);
    book.guide("run --report tea=x").exits(2).says("junit");
}

#[test]
fn what_mdbook_would_put_in_the_place_of_a_step_is_told() {
    let included = |fence: &str| {
        format!(
            "# One\n\n```bash {{name=a}}\ntrue\n```\n\n```{fence}\n{{{{#include a.sh}}}}\n```\n"
        )
    };
    for fence in ["bash {name=b}", "output"] {
        let book = Project::with_chapter(&included(fence));
        book.guide("check")
            .exits(2)
            .says("guide takes it as it stands")
            .says("guide/chapter-1.md:8:1")
            .says("^^^^^^^^^^^^^^^^^");
    }
    Project::with_chapter(&included("bash {skip}")).guide("check").exits(0);
}
