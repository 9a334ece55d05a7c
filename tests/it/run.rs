//! Runs of a book: order, exit codes, checks, waiting, confirming, manifests.

use crate::Project;

#[test]
fn steps_run_in_order_and_their_output_is_compared() {
    let book = Project::with_chapter(
        r"
        # One

        ```bash {name=first}
        echo one >> log
        cat log
        ```

        ```output
        one
        ```

        ```bash {name=second}
        echo two >> log
        cat log
        ```

        ```output
        one
        two
        ```
    ",
    );
    book.guide("run").exits(0).says("2 passed");
}

#[test]
fn the_first_failure_ends_the_run_and_names_its_line() {
    let book = Project::with_chapter(
        r"
        # One

        ```bash {name=boom}
        echo before
        false
        echo after
        ```

        ```bash {name=later}
        touch later-ran
        ```
    ",
    );
    insta::assert_snapshot!(book.guide("run").whole());
    assert!(!book.has(".guide/rendered/chapter-1/later-ran"));
}

#[test]
fn keep_going_runs_the_steps_after_a_failure() {
    let book = Project::with_chapter(
        r"
        # One

        ```bash {name=boom}
        false
        ```

        ```bash {name=later}
        touch later-ran
        ```
    ",
    );
    insta::assert_snapshot!(book.guide("run --keep-going").whole());
    assert!(book.has(".guide/rendered/chapter-1/later-ran"));
}

#[test]
fn an_output_that_differs_from_the_fence_is_a_failure() {
    let book = Project::with_chapter(
        r"
        # One

        ```bash {name=greet}
        echo right
        ```

        ```output
        wrong
        ```
    ",
    );
    insta::assert_snapshot!(book.guide("run").whole());
}

#[test]
fn an_expected_exit_code_passes_and_another_one_fails() {
    let book = Project::with_chapter(
        r"
        # One

        ```bash {name=seven exit=7,52,56}
        exit 52
        ```

        ```bash {name=any exit=fails}
        exit 9
        ```
    ",
    );
    book.guide("run").exits(0);
    let book = Project::with_chapter(
        r"
        # One

        ```bash {name=any exit=fails}
        true
        ```
    ",
    );
    insta::assert_snapshot!(book.guide("run").whole());
}

#[test]
fn a_step_whose_check_already_passes_is_up_to_date() {
    let book = Project::with_chapter(
        r#"
        # One

        ```bash {name=make}
        echo made >> "$GUIDE_BOOK/made"
        ```

        ```bash {name=is-made verify}
        test -e "$GUIDE_BOOK/made"
        ```
    "#,
    );
    book.guide("run").exits(0).says("2 passed");
    book.guide("run").exits(0).says("up to date");
    assert_eq!(book.read("made"), "made\n", "the acting step ran once");
    book.guide("run --rerun").exits(0);
    assert_eq!(book.read("made"), "made\nmade\n", "--rerun runs it once more");
}

#[test]
fn a_chapter_whose_done_checks_pass_is_taken_as_done_until_it_is_edited() {
    let text = r#"
        ---
        done: [is-made]
        ---
        # One

        ```bash {name=make}
        echo made >> "$GUIDE_BOOK/made"
        ```

        ```bash {name=is-made verify}
        test -e "$GUIDE_BOOK/made"
        ```

        ```bash {name=tell}
        echo told >> "$GUIDE_BOOK/told"
        ```
    "#;
    let book = Project::with_chapter(text);
    book.guide("run").exits(0);
    book.guide("run").exits(0);
    assert_eq!(book.read("told"), "told\n", "no step of a chapter that is taken as done runs");
    book.write("guide/chapter-1.md", text.replace("echo told", "echo edited"));
    book.guide("run").exits(0);
    assert_eq!(book.read("told"), "told\nedited\n", "an edited chapter runs again");
}

#[test]
fn until_repeats_a_check_until_it_passes() {
    let book = Project::with_chapter(
        r#"
        # One

        ```bash {name=act}
        (sleep 0.6; touch "$GUIDE_BOOK/late") > /dev/null 2>&1 < /dev/null & disown
        echo $! > /dev/null
        ```
    "#,
    );
    // A leftover process is named and stopped, so `late` is never made.
    book.guide("run").exits(0).says("sleep 0.6");
    assert!(!book.has("late"));
    let book = Project::with_chapter(
        r#"
        # One

        ```bash {name=count verify until=20s}
        echo x >> n
        test "$(wc -l < n)" -ge 3
        ```
    "#,
    );
    book.guide("run").exits(0).says("1 passed");
    let book = Project::with_chapter(
        r"
        # One

        ```bash {name=never verify until=1s}
        echo still not
        false
        ```
    ",
    );
    book.guide("run").exits(1).says("  │ still not");
}

#[test]
fn a_confirmation_without_a_terminal_is_an_error_before_anything_runs() {
    let book = Project::with_chapter(
        r#"
        # One

        ```bash {name=before}
        touch "$GUIDE_BOOK/before"
        ```

        ```bash {name=prune confirm="Prune the disk?"}
        touch "$GUIDE_BOOK/pruned"
        ```
    "#,
    );
    insta::assert_snapshot!(book.guide("run").whole());
    assert!(!book.has("before"), "without a terminal and --yes it is an error before step 1");
    book.guide("run --yes").exits(0);
    assert!(book.has("pruned"));
}

#[test]
fn manifests_are_rendered_from_values_into_the_steps_folder() {
    let book = Project::with_chapter(
        r"
        # One

        ```yaml {file=web.yaml}
        apiVersion: v1
        kind: ConfigMap
        metadata:
          name: {{ web.name }}
        ```

        ```bash {name=show}
        cat web.yaml
        echo $WEB_NAME
        ```

        ```output
        ...
          name: front
        front
        ```
    ",
    );
    book.write("guide/values.yaml", "web:\n  name: front\n");
    book.guide("run").exits(0);
    insta::assert_snapshot!(book.guide("run --set web.name=back").whole());
}

#[test]
fn a_bound_value_is_a_variable_of_later_steps_and_must_stay_the_same() {
    let book = Project::with_chapter(
        r#"
        # One

        ```bash {name=first}
        echo pod web-1234
        ```

        ```output
        pod <web>
        ```

        ```bash {name=second}
        echo "again $web"
        ```

        ```output
        again <web>
        ```

        ```bash {name=third}
        echo pod other
        ```

        ```output
        pod <web>
        ```
    "#,
    );
    insta::assert_snapshot!(book.guide("run").whole());
}

#[test]
fn only_the_steps_of_the_profile_run() {
    let book = Project::with_chapter(
        r#"
        # One

        ```bash {name=open profile=open}
        echo from-open
        ```

        ```bash {name=both}
        echo "profile $GUIDE_PROFILE"
        ```

        ```output
        profile sealed
        ```
    "#,
    );
    book.guide("run --profile sealed").exits(0).says("1 passed");
}

#[test]
fn targets_name_chapters_steps_and_ranges() {
    let chapter = |name: &str| {
        format!(
            r#"
            # T

            ```bash {{name=a}}
            echo {name}-a >> "$GUIDE_BOOK/log"
            ```

            ```bash {{name=b}}
            echo {name}-b >> "$GUIDE_BOOK/log"
            ```
        "#
        )
    };
    let (one, two, three) = (chapter("1"), chapter("2"), chapter("3"));
    let book = Project::with_chapters(&[
        ("chapter-1-start.md", &one),
        ("chapter-2-middle.md", &two),
        ("chapter-3-end.md", &three),
    ]);
    let ran = |words: &str| {
        let _ = std::fs::remove_file(book.path("log"));
        book.guide(words).exits(0);
        book.read("log").lines().collect::<Vec<_>>().join(" ")
    };
    assert_eq!(ran("run chapter-2"), "2-a 2-b");
    assert_eq!(ran("run 3"), "3-a 3-b");
    assert_eq!(ran("run middle"), "2-a 2-b");
    assert_eq!(ran("run chapter-1/b"), "1-b");
    assert_eq!(ran("run chapter-1..chapter-2"), "1-a 1-b 2-a 2-b");
    assert_eq!(ran("run"), "1-a 1-b 2-a 2-b 3-a 3-b");
    assert_eq!(ran("run 2 --only b"), "2-b");
    assert_eq!(ran("run 2 --from b"), "2-b");
    assert_eq!(ran("run 2 --to a"), "2-a");
}

#[test]
fn a_chapter_runs_with_the_chapters_it_needs_unless_they_are_done() {
    let first = r#"
        ---
        done: [made]
        ---
        # A

        ```bash {name=make}
        echo made >> "$GUIDE_BOOK/made"
        ```

        ```bash {name=made verify}
        test -e "$GUIDE_BOOK/made"
        ```
    "#;
    let second = r#"
        ---
        needs: [chapter-1]
        ---
        # B

        ```bash {name=use}
        cat "$GUIDE_BOOK/made"
        ```
    "#;
    let book = Project::with_chapters(&[("chapter-1.md", first), ("chapter-2.md", second)]);
    book.guide("run chapter-2").exits(0).says("3 passed");
    book.guide("run chapter-2").exits(0).says("1 passed, 1 chapter taken as done");
    assert_eq!(book.read("made"), "made\n");
}

#[test]
fn a_background_step_that_starts_a_daemon_is_ready_when_its_ready_check_passes() {
    let book = Project::with_chapter(
        r#"
        # One

        ```bash {name=engine background=keep ready=answers timeout=20s}
        (sleep 0.4; touch "$GUIDE_BOOK/socket") >/dev/null 2>&1 &
        ```

        ```bash {name=answers verify=engine}
        test -e "$GUIDE_BOOK/socket"
        ```
    "#,
    );
    book.guide("run").exits(0).says("2 passed");
}

#[test]
fn waiting_for_ready_ends_when_the_background_step_has_failed() {
    let book = Project::with_chapter(
        r"
        # One

        ```bash {name=engine background=keep ready=answers timeout=60s}
        sleep 0.3; exit 3
        ```

        ```bash {name=answers verify=engine}
        echo not yet; false
        ```
    ",
    );
    let began = std::time::Instant::now();
    book.guide("run").exits(1).says("the background step has ended (exit 3)").says("  │ not yet");
    assert!(began.elapsed().as_secs() < 30, "it must not wait for the whole minute");
}

#[test]
fn an_attempt_that_until_ends_does_not_hide_the_output_of_earlier_attempts() {
    let book = Project::with_chapter(
        r#"
        # One

        ```bash {name=colour verify until=4s}
        test -e "$GUIDE_BOOK/began" || date +%s%N >"$GUIDE_BOOK/began"
        (( $(date +%s%N) - $(cat "$GUIDE_BOOK/began") < 2400000000 )) || sleep 30
        echo red
        ```

        ```output
        blue
        ```
    "#,
    );
    let said = book.guide("run");
    assert_eq!(said.code, Some(1));
    assert!(said.stderr.contains("red") && said.stderr.contains("blue"), "{}", said.stderr);
    assert!(!said.stderr.contains("no output"), "{}", said.stderr);
}

#[test]
fn a_misspelt_target_is_not_counted_as_a_problem_of_the_book() {
    let book = Project::with_chapter(
        r"
        # One

        ```bash {name=a}
        true
        ```
    ",
    );
    for command in ["run chapter-9", "verify chapter-9", "plan chapter-1/b", "review chapter-9"] {
        book.guide(command)
            .exits(2)
            .says("did you mean `chapter-1")
            .never_says("the book has 1 problem");
    }
}
