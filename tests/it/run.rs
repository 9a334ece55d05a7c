//! A book runs: order, exit codes, verify steps, waiting, confirming, manifests.

use crate::Project;

#[test]
fn steps_run_in_order_and_their_output_is_compared() {
    let book = Project::with_chapter(
        "# One\n\n```bash {name=first}\necho one >> log\ncat log\n```\n\n```output\none\n```\n\n```bash {name=second}\necho two >> log\ncat log\n```\n\n```output\none\ntwo\n```\n",
    );
    book.guide("run").exits(0).says("2 passed");
}

#[test]
fn the_first_failure_ends_the_run_and_names_its_line() {
    let book = Project::with_chapter(
        "# One\n\n```bash {name=boom}\necho before\nfalse\necho after\n```\n\n```bash {name=later}\ntouch later-ran\n```\n",
    );
    book.guide("run")
        .exits(1)
        .says("guide/chapter-1.md:3")
        .says("chapter-1/boom")
        .says("before")
        .says("exit 1")
        .says("guide run --resume")
        .never_says("  │ after");
    assert!(!book.has(".guide/rendered/chapter-1/later-ran"));
}

#[test]
fn keep_going_runs_what_comes_after_a_failure() {
    let book = Project::with_chapter(
        "# One\n\n```bash {name=boom}\nfalse\n```\n\n```bash {name=later}\ntouch later-ran\n```\n",
    );
    book.guide("run --keep-going").exits(1).says("1 passed").says("1 failed");
    assert!(book.has(".guide/rendered/chapter-1/later-ran"));
}

#[test]
fn another_output_than_written_is_a_failure() {
    let book = Project::with_chapter(
        "# One\n\n```bash {name=greet}\necho right\n```\n\n```output\nwrong\n```\n",
    );
    book.guide("run").exits(1).says("chapter-1/greet").says("wrong").says("right");
}

#[test]
fn an_expected_exit_code_passes_and_another_one_fails() {
    let book = Project::with_chapter(
        "# One\n\n```bash {name=seven exit=7,52,56}\nexit 52\n```\n\n```bash {name=any exit=fails}\nexit 9\n```\n",
    );
    book.guide("run").exits(0);
    let book = Project::with_chapter("# One\n\n```bash {name=any exit=fails}\ntrue\n```\n");
    book.guide("run").exits(1).says("exit 0, expected any but 0");
}

#[test]
fn a_step_whose_verify_step_already_passes_is_skipped() {
    let book = Project::with_chapter(
        "# One\n\n```bash {name=make}\necho made >> \"$GUIDE_BOOK/made\"\n```\n\n```bash {name=is-made verify}\ntest -e \"$GUIDE_BOOK/made\"\n```\n",
    );
    book.guide("run").exits(0).says("2 passed");
    book.guide("run").exits(0).says("up to date");
    assert_eq!(book.read("made"), "made\n", "the acting step ran once");
    book.guide("run --rerun").exits(0);
    assert_eq!(book.read("made"), "made\nmade\n", "--rerun runs it once more");
}

#[test]
fn a_chapter_whose_done_steps_pass_is_up_to_date_until_it_is_edited() {
    let text = "---\ndone: [is-made]\n---\n# One\n\n```bash {name=make}\necho made >> \"$GUIDE_BOOK/made\"\n```\n\n```bash {name=is-made verify}\ntest -e \"$GUIDE_BOOK/made\"\n```\n\n```bash {name=tell}\necho told >> \"$GUIDE_BOOK/told\"\n```\n";
    let book = Project::with_chapter(text);
    book.guide("run").exits(0);
    book.guide("run").exits(0);
    assert_eq!(book.read("told"), "told\n", "nothing of an up-to-date chapter is run");
    book.write("guide/chapter-1.md", text.replace("echo told", "echo edited"));
    book.guide("run").exits(0);
    assert_eq!(book.read("told"), "told\nedited\n", "an edited chapter is told anew");
}

#[test]
fn until_waits_for_the_world() {
    let book = Project::with_chapter(
        "# One\n\n```bash {name=act}\n(sleep 0.6; touch \"$GUIDE_BOOK/late\") > /dev/null 2>&1 < /dev/null & disown\necho $! > /dev/null\n```\n",
    );
    // What a step leaves behind is named and stopped: nothing comes late.
    book.guide("run").exits(0).says("sleep 0.6");
    assert!(!book.has("late"));
    let book = Project::with_chapter(
        "# One\n\n```bash {name=count verify until=20s}\necho x >> n\ntest \"$(wc -l < n)\" -ge 3\n```\n",
    );
    book.guide("run").exits(0).says("1 passed");
    let book = Project::with_chapter(
        "# One\n\n```bash {name=never verify until=1s}\necho still not\nfalse\n```\n",
    );
    book.guide("run").exits(1).says("still not");
}

#[test]
fn a_question_is_asked_before_anything_runs() {
    let book = Project::with_chapter(
        "# One\n\n```bash {name=before}\ntouch \"$GUIDE_BOOK/before\"\n```\n\n```bash {name=prune confirm=\"Prune the disk?\"}\ntouch \"$GUIDE_BOOK/pruned\"\n```\n",
    );
    book.guide("run").exits(2).says("Prune the disk?").says("--yes");
    assert!(!book.has("before"), "without a terminal and --yes it is an error before step 1");
    book.guide("run --yes").exits(0);
    assert!(book.has("pruned"));
}

#[test]
fn manifests_are_rendered_from_values_into_the_steps_folder() {
    let book = Project::with_chapter(
        "# One\n\n```yaml {file=web.yaml}\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ web.name }}\n```\n\n```bash {name=show}\ncat web.yaml\necho $WEB_NAME\n```\n\n```output\n...\n  name: front\nfront\n```\n",
    );
    book.write("guide/values.yaml", "web:\n  name: front\n");
    book.guide("run").exits(0);
    book.guide("run --set web.name=back").exits(1).says("back");
}

#[test]
fn a_bound_value_is_a_variable_of_later_steps_and_must_stay_equal() {
    let book = Project::with_chapter(
        "# One\n\n```bash {name=first}\necho pod web-1234\n```\n\n```output\npod <web>\n```\n\n```bash {name=second}\necho \"again $web\"\n```\n\n```output\nagain <web>\n```\n\n```bash {name=third}\necho pod other\n```\n\n```output\npod <web>\n```\n",
    );
    book.guide("run").exits(1).says("2 passed").says("chapter-1/third").says("web-1234");
}

#[test]
fn only_the_steps_of_the_profile_run() {
    let book = Project::with_chapter(
        "# One\n\n```bash {name=open profile=open}\necho from-open\n```\n\n```bash {name=both}\necho \"profile $GUIDE_PROFILE\"\n```\n\n```output\nprofile sealed\n```\n",
    );
    book.guide("run --profile sealed").exits(0).says("1 passed");
}

#[test]
fn targets_name_chapters_steps_and_ranges() {
    let chapter = |name: &str| {
        format!(
            "# T\n\n```bash {{name=a}}\necho {name}-a >> \"$GUIDE_BOOK/log\"\n```\n\n```bash {{name=b}}\necho {name}-b >> \"$GUIDE_BOOK/log\"\n```\n"
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
fn a_chapter_brings_along_what_it_needs_unless_that_is_in_place() {
    let first = "---\ndone: [made]\n---\n# A\n\n```bash {name=make}\necho made >> \"$GUIDE_BOOK/made\"\n```\n\n```bash {name=made verify}\ntest -e \"$GUIDE_BOOK/made\"\n```\n";
    let second =
        "---\nneeds: [chapter-1]\n---\n# B\n\n```bash {name=use}\ncat \"$GUIDE_BOOK/made\"\n```\n";
    let book = Project::with_chapters(&[("chapter-1.md", first), ("chapter-2.md", second)]);
    book.guide("run chapter-2").exits(0).says("3 passed");
    book.guide("run chapter-2").exits(0).says("1 passed, 1 chapter taken as done");
    assert_eq!(book.read("made"), "made\n");
}

#[test]
fn a_kept_step_that_starts_a_daemon_and_ends_well_is_ready_when_its_ready_step_passes() {
    let book = Project::with_chapter(
        "# One\n\n```bash {name=engine background=keep ready=answers timeout=20s}\n(sleep 0.4; touch \"$GUIDE_BOOK/socket\") >/dev/null 2>&1 &\n```\n\n```bash {name=answers verify=engine}\ntest -e \"$GUIDE_BOOK/socket\"\n```\n",
    );
    book.guide("run").exits(0).says("2 passed");
}

#[test]
fn waiting_for_ready_ends_when_the_background_step_has_failed() {
    let book = Project::with_chapter(
        "# One\n\n```bash {name=engine background=keep ready=answers timeout=60s}\nsleep 0.3; exit 3\n```\n\n```bash {name=answers verify=engine}\necho not yet; false\n```\n",
    );
    let began = std::time::Instant::now();
    book.guide("run").exits(1).says("the background step has ended (exit 3)").says("not yet");
    assert!(began.elapsed().as_secs() < 30, "it does not wait for the whole minute");
}

#[test]
fn a_question_cut_short_by_until_does_not_hide_the_answer_before_it() {
    let book = Project::with_chapter(
        "# One\n\n```bash {name=colour verify until=4s}\n\
         test -e \"$GUIDE_BOOK/began\" || date +%s%N >\"$GUIDE_BOOK/began\"\n\
         (( $(date +%s%N) - $(cat \"$GUIDE_BOOK/began\") < 2400000000 )) || sleep 30\n\
         echo red\n```\n\n```output\nblue\n```\n",
    );
    let said = book.guide("run");
    assert_eq!(said.code, Some(1));
    assert!(said.stderr.contains("red") && said.stderr.contains("blue"), "{}", said.stderr);
    assert!(!said.stderr.contains("it wrote nothing"), "{}", said.stderr);
}

#[test]
fn a_misspelt_target_is_no_problem_of_the_book() {
    let book = Project::with_chapter("# One\n\n```bash {name=a}\ntrue\n```\n");
    for command in ["run chapter-9", "verify chapter-9", "plan chapter-1/b", "review chapter-9"] {
        book.guide(command)
            .exits(2)
            .says("did you mean `chapter-1")
            .never_says("the book has 1 problem");
    }
}
