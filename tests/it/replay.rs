//! `--resume`, and what a killed run leaves behind.

use crate::Project;
use crate::project::{interrupt, nothing_runs};

const THREE: &str = r#"
    # One

    ```bash {name=a}
    x=kept
    echo a >> "$GUIDE_BOOK/log"
    ```

    ```bash {name=b}
    echo "b $x" >> "$GUIDE_BOOK/log"
    test -e "$GUIDE_BOOK/cured"
    ```

    ```bash {name=c}
    echo c >> "$GUIDE_BOOK/log"
    ```
"#;

#[test]
fn resume_continues_at_the_failed_step_with_its_shell_state() {
    let book = Project::with_chapter(THREE);
    book.guide("run").exits(1).says("chapter-1/b");
    book.write("cured", "");
    book.guide("run --resume").exits(0).says("resuming at chapter-1/b");
    assert_eq!(book.read("log"), "a\nb kept\nb kept\nc\n");
}

#[test]
fn an_edited_step_and_all_after_it_run_again() {
    let book = Project::with_chapter(THREE);
    book.write("cured", "");
    book.guide("run").exits(0);
    book.guide("run --resume").exits(0).says("no step has to run");
    book.write("guide/chapter-1.md", THREE.replace("echo \"b $x\"", "echo \"edited $x\""));
    book.guide("run --resume").exits(0).says("resuming at chapter-1/b").says("changed");
    assert_eq!(book.read("log"), "a\nb kept\nc\nedited kept\nc\n");
}

#[test]
fn an_edited_value_makes_the_steps_that_use_it_run_again() {
    let book = Project::with_chapter(
        r#"
        # One

        ```bash {name=a}
        echo a >> "$GUIDE_BOOK/log"
        ```

        ```bash {name=b}
        echo "$COLOR" >> "$GUIDE_BOOK/log"
        ```
    "#,
    );
    book.write("guide/values.yaml", "color: red\n");
    book.guide("run").exits(0);
    book.write("guide/values.yaml", "color: blue\n");
    book.guide("run --resume").exits(0).says("resuming at chapter-1/b");
    assert_eq!(book.read("log"), "a\nred\nblue\n");
}

#[test]
fn resume_starts_at_the_acting_step_of_a_check_that_no_longer_passes() {
    let book = Project::with_chapter(
        r#"
        # One

        ```bash {name=make}
        echo x > "$GUIDE_BOOK/made"
        ```

        ```bash {name=made verify}
        test -e "$GUIDE_BOOK/made"
        ```

        ```bash {name=last}
        test -e "$GUIDE_BOOK/cured"
        ```
    "#,
    );
    book.guide("run").exits(1).says("chapter-1/last");
    book.write("cured", "");
    std::fs::remove_file(book.path("made")).expect("removed");
    book.guide("run --resume")
        .exits(0)
        .says("resuming at chapter-1/make")
        .says("chapter-1/made")
        .says("no longer holds");
    assert!(book.has("made"));
}

#[test]
fn a_verify_before_a_resume_marks_no_step_as_passed() {
    let book = Project::with_chapter(
        r#"
        # One

        ```bash {name=where}
        ask() { test -e "$GUIDE_BOOK/$1"; }
        echo where >> "$GUIDE_BOOK/log"
        ```

        ```bash {name=quiet verify}
        true
        ```

        ```bash {name=last verify}
        ask cured
        seen=yes
        ```

        ```bash {name=after}
        ask cured; echo "${seen-no} after" >> "$GUIDE_BOOK/log"
        ```
    "#,
    );
    book.guide("run").exits(1).says("chapter-1/last");
    book.write("cured", "");
    book.guide("verify").exits(0).says("2 passed");
    book.guide("run --resume").exits(0).says("resuming at chapter-1/last");
    assert_eq!(book.read("log"), "where\nyes after\n");
}

#[test]
fn a_killed_runner_loses_no_passed_step() {
    let book = Project::with_chapter(
        r#"
        # One

        ```bash {name=a}
        echo a >> "$GUIDE_BOOK/log"
        ```

        ```bash {name=b}
        test -e "$GUIDE_BOOK/cured" || { touch "$GUIDE_BOOK/in-b"; sleep 616; }
        echo b >> "$GUIDE_BOOK/log"
        ```
    "#,
    );
    let mut runner = book.start("run");
    book.wait_for_file("in-b");
    runner.kill().expect("killed");
    runner.wait().expect("gone");
    book.write("cured", "");
    book.guide("run --resume").exits(0).says("resuming at chapter-1/b");
    assert_eq!(book.read("log"), "a\nb\n");
    nothing_runs("sleep 616");
}

#[test]
fn a_second_run_is_refused_and_names_the_first() {
    let book = Project::with_chapter(
        r#"
        # One

        ```bash {name=a}
        touch "$GUIDE_BOOK/in-a"
        sleep 3
        ```
    "#,
    );
    let mut first = book.start("run");
    book.wait_for_file("in-a");
    let pid = first.id().to_string();
    insta::assert_snapshot!(book.guide("run").says(&pid).whole().replace(&pid, "[pid]"));
    first.wait().expect("ended");
}

#[test]
fn ctrl_c_ends_the_step_keeps_the_journal_and_says_how_to_continue() {
    let book = Project::with_chapter(
        r#"
        # One

        ```bash {name=a}
        echo a
        ```

        ```bash {name=b}
        touch "$GUIDE_BOOK/in-b"
        sleep 617
        ```
    "#,
    );
    let runner = book.start("run");
    book.wait_for_file("in-b");
    interrupt(&runner);
    let output = runner.wait_with_output().expect("ended");
    crate::Said::of(&output, book.root()).exits(130).says("--resume");
    nothing_runs("sleep 617");
    book.guide("status").exits(0).says("✓ a").says("interrupted");
}

const CURABLE: &str = r#"
    # Two

    ```bash {name=b}
    echo b >> "$GUIDE_BOOK/log"
    test -e "$GUIDE_BOOK/cured"
    ```

    ```bash {name=c}
    echo c >> "$GUIDE_BOOK/log"
    ```
"#;

/// Three chapters: the second fails until `cured` is there.
fn three_chapters() -> Project {
    let writes = |word: &str| {
        format!(
            r#"
            # {word}

            ```bash {{name={word}}}
            echo {word} >> "$GUIDE_BOOK/log"
            ```
        "#
        )
    };
    Project::with_chapters(&[
        ("chapter-1.md", &writes("first")),
        ("chapter-2.md", CURABLE),
        ("chapter-3.md", &writes("third")),
    ])
}

#[test]
fn resume_continues_the_targets_of_the_failed_run_and_not_the_whole_book() {
    let book = three_chapters();
    book.guide("run chapter-2").exits(1);
    book.guide("verify").exits(0);
    book.write("cured", "");
    book.guide("run --resume").exits(0).says("resuming at chapter-2/b").never_says("chapter-3");
    book.guide("run --resume").exits(0).says("no step has to run");
    assert_eq!(book.read("log"), "b\nb\nc\n");
}

#[test]
fn resume_keeps_the_bounds_of_the_last_run() {
    let book = three_chapters();
    book.guide("run --from chapter-2/b --to chapter-2/b").exits(1);
    book.write("cured", "");
    book.guide("run --resume").exits(0).never_says("chapter-3");
    assert_eq!(book.read("log"), "b\nb\n");
}

#[test]
fn resume_with_other_targets_uses_the_given_targets() {
    let book = three_chapters();
    book.guide("run chapter-2").exits(1);
    book.write("cured", "");
    book.guide("run --resume chapter-2..chapter-3").exits(0).says("resuming at chapter-2/b");
    assert_eq!(book.read("log"), "b\nb\nc\nthird\n");
}

#[test]
fn resume_returns_to_the_failed_run_after_another_run_corrected_the_cause() {
    let book = three_chapters();
    book.guide("run chapter-2").exits(1);
    book.guide("run chapter-3").exits(0);
    book.write("cured", "");
    book.guide("run --resume").exits(0).says("resuming at chapter-2/b").never_says("chapter-3");
    assert_eq!(book.read("log"), "b\nthird\nb\nc\n");
}
