//! EXIT traps of the steps.

use super::*;

#[test]
fn an_exit_trap_runs_once_at_the_chapters_end_even_if_the_shell_was_replaced() {
    for last in ["true", "kill -9 $$", "exit 3", "exec false"] {
        let mut chapter = Chapter::new();
        chapter.prints("trap 'echo \"bye $kept\" >>\"$PWD/log\"' EXIT; kept=yes", "");
        chapter.ends("kept=again; exit 6", Ending::Exited(6));
        chapter.ends("kill -9 $$", Ending::Signalled(9));
        chapter.ends("false", Ending::Exited(1));
        chapter.ends("exec true", Ending::Exited(0));
        chapter.prints("[[ ! -e log ]]; echo $kept", "again\n");
        chapter.run(last);
        assert_eq!(chapter.world.leave(), Vec::new());
        assert_eq!(
            std::fs::read_to_string(chapter.folder.path().join("log")).unwrap(),
            "bye again\n",
            "{last}"
        );
        chapter.world.leave();
        chapter.world.close();
        assert_eq!(
            std::fs::read_to_string(chapter.folder.path().join("log")).unwrap(),
            "bye again\n",
            "{last}"
        );
    }
}

#[test]
fn an_exit_trap_and_the_state_of_a_step_survive_a_step_that_ends_its_shell() {
    for (set, ran) in [
        ("trap 'echo \"bye $x\" >>\"$PWD/log\"' EXIT", true),
        ("trap -- 'echo \"bye $x\" >>\"$PWD/log\"' 0", true),
        ("cleanup() { echo \"bye $x\" >>\"$PWD/log\"; }; trap cleanup INT exit", true),
        ("trap 'echo first >>\"$PWD/log\"' EXIT; trap - EXIT", false),
        ("trap 'echo first >>\"$PWD/log\"' EXIT; trap EXIT", false),
        ("(trap 'echo subshell' EXIT; true)", false),
    ] {
        for (end, ending) in [
            ("false", Ending::Exited(1)),
            ("exit 3", Ending::Exited(3)),
            ("true", Ending::Exited(0)),
        ] {
            let mut chapter = Chapter::new();
            let output = chapter.ends(&format!("{set}; x=5; {end}"), ending);
            assert_eq!(
                text(&output),
                if set.starts_with('(') { "subshell\n" } else { "" },
                "{set}; {end}"
            );
            chapter.prints("echo \"$x $(type -t trap)\"; [[ ! -e log ]]", "5 builtin\n");
            chapter.world.leave();
            let log =
                std::fs::read_to_string(chapter.folder.path().join("log")).unwrap_or_default();
            assert_eq!(log, if ran { "bye 5\n" } else { "" }, "{set}; {end}");
        }
    }
}

#[test]
fn an_exit_trap_of_a_restored_state_does_not_run_if_no_step_runs() {
    let mut chapter = Chapter::new();
    let state = chapter.run("trap 'touch \"$PWD/trap-ran\"' EXIT").state.unwrap();
    let (other, context) = (tempfile::tempdir().unwrap(), |folder: &tempfile::TempDir| {
        ShellContext { folder: folder.path().to_owned(), environment: Vec::new() }
    });
    chapter.world.enter(&context(&other), Some(&state)).unwrap();
    chapter.with(&Command { mode: Mode::Aside, ..command("true") });
    chapter.world.leave();
    assert!(!other.path().join("trap-ran").exists());
    chapter.world.enter(&context(&other), Some(&state)).unwrap();
    chapter.ends("kill -9 $$", Ending::Signalled(9));
    chapter.world.leave();
    assert!(other.path().join("trap-ran").exists());
}

#[test]
fn the_output_of_an_exit_trap_is_kept() {
    let mut chapter = Chapter::new();
    chapter.prints("trap 'echo bye; echo error >&2; exit 5' EXIT", "");
    assert!(chapter.world.take_exit_trap().is_none());
    chapter.world.leave();
    let output = ran(&mut chapter).unwrap();
    assert_eq!((text(&output).as_str(), output.ending), ("bye\nerror\n", Ending::Exited(5)));
    assert!(chapter.world.take_exit_trap().is_none());
}

/// `guide verify` must not clean up the results of the run before it.
#[test]
fn a_run_of_checks_runs_only_the_traps_that_its_checks_have_set() {
    for (check, printed) in [("true", None), ("trap 'echo own' EXIT", Some("own\n"))] {
        let mut chapter = Chapter::new();
        let state = chapter.run("trap 'echo \"inherited\nit'\\''s\"' EXIT").state.unwrap();
        chapter.world.options.verify_only = true;
        let folder = chapter.folder.path().to_owned();
        let context = ShellContext { folder, environment: Vec::new() };
        chapter.world.enter(&context, Some(&state)).unwrap();
        chapter.world.take_exit_trap();
        chapter.prints(check, "");
        chapter.world.leave();
        let output = ran(&mut chapter);
        assert_eq!(output.as_ref().map(text).as_deref(), printed, "{check}");
    }
}

/// The output of the trap, if it ran.
fn ran(chapter: &mut Chapter) -> Option<Output> {
    match chapter.world.take_exit_trap()? {
        ExitTrap::Ran(output) => Some(output),
        ExitTrap::NotRun { why } => panic!("it did not run: {why}"),
    }
}

/// A trap cleans up, and would do so in another folder or with other variables.
#[test]
fn an_exit_trap_whose_state_is_lost_does_not_run_and_is_noted() {
    for (lose, lost) in [
        ("mkdir deep; cd deep; rmdir ../deep", "/deep"),
        ("exec 3< <(sleep 5)", "the descriptor 3 (a pipe, which only one shell can have)"),
    ] {
        let mut chapter = Chapter::new();
        chapter.prints("trap 'touch \"$OLDPWD/trap-ran\" trap-ran' EXIT; cd .", "");
        chapter.prints(lose, "");
        chapter.ends("kill -9 $$", Ending::Signalled(9));
        chapter.world.leave();
        let Some(ExitTrap::NotRun { why }) = chapter.world.take_exit_trap() else {
            panic!("{lose}: the trap ran");
        };
        assert!(why.starts_with("it needs what the step before left, and this is gone: "), "{why}");
        assert!(why.ends_with(lost), "{why}");
        assert!(!chapter.folder.path().join("trap-ran").exists());
        chapter.world.leave();
        assert!(chapter.world.take_exit_trap().is_none(), "it is reported once");
    }
}
