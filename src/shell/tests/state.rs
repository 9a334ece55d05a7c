//! The state into which a new shell is brought.

use super::*;

#[test]
fn variables_arrays_functions_aliases_and_options_carry_over() {
    let mut chapter = Chapter::new();
    let define = "plain=1; export given=$'a\\nb'; list=(a 'b c'); declare -A map=([k]=v [\"q'\"]='w\"')\n\
        f() { echo \"f $1\"; }; shopt -s expand_aliases extglob; alias greet='echo hi'; readonly fixed=5; declare -i number=3\n\
        set -u; set -o noclobber; umask 027; mkdir sub; cd sub; pushd / >/dev/null; set -- one 'two three'; trap 'echo usr1' USR1";
    let show = "echo \"$plain|$given|${list[1]}|${map[k]}|${map[\"q'\"]}|$fixed|$((number+=1))|$#:$2\"; f x\ngreet\n\
        [[ -o nounset && -o noclobber ]] && echo options; shopt -q extglob && echo extglob; umask; dirs | sed \"s|$HOME|~|\" | wc -w; pwd; trap -p USR1\n\
        bash -c 'echo \"$given|$plain\"'";
    chapter.prints(define, "");
    let first = chapter.run(show);
    assert!(
        text(&first).starts_with(
            "1|a\nb|b c|v|w\"|5|4|2:two three\nf x\nhi\noptions\nextglob\n0027\n2\n/\ntrap -- 'echo usr1' SIGUSR1\na\nb|\n"
        ),
        "{}",
        text(&first)
    );
    // The same in a new shell, after the first one has ended.
    chapter.ends("kill -9 $$", Ending::Signalled(9));
    let second = chapter.run(show);
    assert_eq!(text(&second), text(&first).replace("|5|4|", "|5|5|"));
}

#[test]
fn a_new_shell_never_runs_a_step_in_another_folder_than_the_old_shell() {
    for (leave, gone) in [("mkdir deep; cd deep; rmdir ../deep", "/deep"), ("rm -r \"$PWD\"", "")] {
        let mut chapter = Chapter::new();
        chapter.prints(leave, "");
        chapter.ends("kill -9 $$", Ending::Signalled(9));
        let error = chapter
            .world
            .run(&command("touch \"$HOME/never\"; echo ran"), &mut TestWatcher::default())
            .unwrap_err();
        let folder = chapter
            .folder
            .path()
            .canonicalize()
            .unwrap_or_else(|_| chapter.folder.path().to_owned());
        assert_eq!(
            error.to_string(),
            format!(
                "step chapter/step can't be run: it needs what the step before left, and this is gone: the folder {}{gone}",
                folder.display()
            )
        );
        assert!(error.hint.unwrap().contains("`guide run chapter`"));
    }
}

#[test]
fn everything_that_a_step_sets_exists_in_a_new_shell() {
    let set = "export COLUMNS=100 LINES=7; BASHRC=rc; export BASH_ENV=/dev/null; BASH_COMPAT=4.4; BASHLY_VERSION=1; ulimit -n 77; \
        ulimit -Ss 4096; SECONDS=1000; enable -n test; [[ abc =~ b(.) ]]";
    let show = "echo \"$COLUMNS $LINES $BASHRC $BASH_ENV $BASH_COMPAT $BASHLY_VERSION $(ulimit -Sn) $(ulimit -Hn) $(ulimit -Ss) \
        $((SECONDS / 100)) $(enable -n) ${BASH_REMATCH[1]}\"; shopt inherit_errexit || true";
    let expected =
        "100 7 rc /dev/null 4.4 1 77 77 4096 10 enable -n test c\ninherit_errexit\toff\n";
    let mut chapter = Chapter::new();
    chapter.prints(set, "");
    chapter.prints(show, expected);
    for _ in 0..2 {
        chapter.ends("kill -9 $$", Ending::Signalled(9));
        chapter.prints(show, expected);
    }
}

#[test]
fn builtins_that_a_step_disables_stay_disabled_and_delay_no_step() {
    let all = "printf read eval source . trap declare exit cd set unset export umask ulimit";
    for name in all.split(' ').chain([all]) {
        let mut chapter = Chapter::new();
        chapter.prints(&format!("kept=yes; enable -n {name}"), "");
        for _ in 0..2 {
            let listed = chapter.run("enable -n");
            let mut names: Vec<&str> =
                std::str::from_utf8(&listed.bytes).unwrap().split_whitespace().collect();
            names.retain(|word| !["enable", "-n"].contains(word));
            let mut wanted: Vec<&str> = name.split(' ').collect();
            wanted.sort_unstable();
            assert_eq!((names, listed.ending), (wanted, Ending::Exited(0)));
            chapter.prints(
                "echo $kept; shopt inherit_errexit expand_aliases || :",
                "yes\ninherit_errexit\toff\nexpand_aliases \toff\n",
            );
            chapter.ends("kill -9 $$", Ending::Signalled(9));
        }
    }
}

/// The runner's EXIT trap needs builtins, too.
#[test]
fn a_step_that_disables_builtins_and_ends_its_shell_still_reports_its_state() {
    for name in [".", "source", "printf", "trap", "declare", "exit", "return", "eval", "shopt"] {
        for end in ["false", "bash -c 'exit 3'", "set -u; : $nothing_there"] {
            let mut chapter = Chapter::new();
            let script = format!("kept=yes; enable -n {name}; {end}");
            let output = chapter.run(&script);
            let expected = if end.starts_with("set") {
                "bash: line 1: nothing_there: unbound variable\n"
            } else {
                ""
            };
            assert_eq!(text(&output), expected, "{script}");
            assert_ne!(output.ending, Ending::Exited(0), "{script}");
            chapter.prints("echo $kept; enable -n", &format!("yes\nenable -n {name}\n"));
        }
    }
}

#[test]
fn text_of_a_step_that_looks_like_a_part_of_the_state_is_only_text() {
    let text = "echo bye\numask 022\ndeclare -A BASH_ALIASES=()\ndeclare -f f\ntrap -- x USR2\n";
    let mut chapter = Chapter::new();
    chapter.prints(
        &format!("umask 027; x='{text}'; trap '{text}' USR1; trap \"$x\" EXIT; set -- '{text}' two; f() {{ : '{text}'; }}"),
        "",
    );
    let show = "umask; trap -p USR1 USR2; echo \"$x|$1|$2\"; declare -f f";
    let before = text_of(&mut chapter, show);
    assert!(before.starts_with("0027\ntrap -- 'echo bye\numask 022\n"), "{before}");
    chapter.ends("kill -9 $$", Ending::Signalled(9));
    assert_eq!(text_of(&mut chapter, show), before);
}

#[track_caller]
fn text_of(chapter: &mut Chapter, script: &str) -> String {
    let output = chapter.run(script);
    assert_eq!(output.ending, Ending::Exited(0), "{}", text(&output));
    text(&output)
}

#[test]
fn a_state_keeps_the_values_of_its_steps_in_every_environment() {
    let given = [("REGION", "eu-1"), ("TIER", "low"), ("STAYS", "one")];
    let (book, copy) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let context = |book: &tempfile::TempDir, given: &[(&str, &str)]| {
        let root = book.path().canonicalize().unwrap();
        let folder = root.join("state/chapter");
        std::fs::create_dir_all(folder.join("deep")).unwrap();
        std::fs::create_dir_all(root.join("other")).unwrap();
        let (root, state) = (root.display().to_string(), root.join("state").display().to_string());
        let mut environment: Vec<(String, String)> =
            given.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        environment.extend([("GUIDE_BOOK".to_owned(), root), ("GUIDE_STATE".to_owned(), state)]);
        ShellContext { folder, environment }
    };
    for (leave, folder) in
        [("cd deep", "state/chapter/deep"), ("cd \"$GUIDE_BOOK/other\"", "other"), ("cd /usr", "")]
    {
        let mut chapter = Chapter::new();
        chapter.world.enter(&context(&book, &given), None).unwrap();
        let set = "export REGION=eu-1; unset OLDTOKEN; read -r TIER <<<low; FILE=$GUIDE_BOOK/other/file; LIST=(\"$GUIDE_STATE\" \"a:$GUIDE_BOOK:b\")";
        chapter.prints(set, "");
        let state = chapter.run(leave).state.unwrap();
        let other =
            [("REGION", "us-9"), ("OLDTOKEN", "left over"), ("TIER", "high"), ("STAYS", "two")];
        chapter.world.enter(&context(&copy, &other), Some(&state)).unwrap();
        let root = copy.path().canonicalize().unwrap().display().to_string();
        let here = if folder.is_empty() { "/usr".to_owned() } else { format!("{root}/{folder}") };
        let expected =
            format!("eu-1 unset low two {root}/other/file {root}/state a:{root}:b {here}\n");
        let show = "echo \"$REGION ${OLDTOKEN-unset} $TIER $STAYS $FILE ${LIST[@]} $PWD\"";
        chapter.prints(show, &expected);
        // A value that equals the new environment by chance is also kept as the step's value.
        let state = chapter.run(show).state.unwrap();
        chapter.world.enter(&context(&copy, &given), Some(&state)).unwrap();
        let state = chapter.run("true").state.unwrap();
        chapter.world.enter(&context(&copy, &other), Some(&state)).unwrap();
        chapter.prints(show, &expected);
    }
}

#[test]
fn a_state_that_cannot_be_restored_stops_the_run_and_names_the_missing_part() {
    let mut chapter = Chapter::new();
    let context =
        ShellContext { folder: chapter.folder.path().to_owned(), environment: Vec::new() };
    for (text, named) in [
        ("x=1\n\\builtin shopt -s no_such_option\n", "what `shopt -s no_such_option` sets"),
        ("x=1\nf() { \n", "the state as a whole, which is damaged"),
        ("deblare -- x=1\n", "what `deblare -- x=1` sets"),
    ] {
        chapter.world.enter(&context, Some(&ShellState(text.as_bytes().to_vec()))).unwrap();
        let error =
            chapter.world.run(&command("echo ran"), &mut TestWatcher::default()).unwrap_err();
        assert!(error.to_string().ends_with(&format!("and this is gone: {named}")), "{error}");
    }
}

#[test]
fn a_new_chapter_can_start_from_a_state() {
    let mut chapter = Chapter::new();
    let state = chapter.run("x=1; list=(a b); cd /usr; set -u; f() { echo f; }").state.unwrap();
    let context =
        ShellContext { folder: chapter.folder.path().to_owned(), environment: Vec::new() };
    chapter.world.enter(&context, None).unwrap();
    chapter.prints("echo ${x-none}", "none\n");
    chapter.world.enter(&context, Some(&state)).unwrap();
    chapter.prints(
        "echo $x ${list[1]} $PWD; f; [[ -o nounset ]] && echo nounset",
        "1 b /usr\nf\nnounset\n",
    );
}

#[test]
fn a_step_that_changes_nothing_leaves_the_same_state() {
    let mut chapter = Chapter::new();
    let first = chapter.run("x=1; echo $RANDOM");
    let second = chapter.run("echo $RANDOM; ls >/dev/null");
    assert_eq!(first.state, second.state);
    assert_ne!(chapter.run("x=2").state, second.state);
}

#[test]
fn a_shell_that_was_killed_between_two_steps_is_replaced() {
    let mut chapter = Chapter::new();
    chapter.prints(
        "x=1; export -f f 2>/dev/null || f() { echo \"f $x\"; }; export -f f; export x; mkdir deep; cd deep",
        "",
    );
    let session = chapter.world.session.as_ref().unwrap();
    rustix::process::kill_process(session.pid(), rustix::process::Signal::KILL).unwrap();
    wait_until("the shell has ended", || session.try_wait().unwrap().is_some());
    let expected =
        format!("1\nf 1\n{}/deep\n", chapter.folder.path().canonicalize().unwrap().display());
    chapter.prints("echo $x; bash -c f; pwd -P", &expected);
}

/// A run that is resumed twice has to report the missing parts twice.
#[test]
fn a_part_that_is_missing_from_a_saved_state_is_named_until_a_step_sets_it_again() {
    let mut chapter = Chapter::new();
    let set = "TOKEN=s3cret-value; COPY=x$TOKEN; f() { echo s3cret-value; }; trap 'echo s3cret-value' USR1";
    let step = Command { secrets: vec!["TOKEN".to_owned()], ..command(set) };
    let state = chapter.with(&step).state.unwrap();
    let lost = ["COPY", "TOKEN", "f()", "the trap SIGUSR1"];
    assert_eq!(state.left_out(), lost);
    let folder = chapter.folder.path().to_owned();
    let context = ShellContext { folder, environment: Vec::new() };
    chapter.world.enter(&context, Some(&state)).unwrap();
    for script in ["true", "g() { :; }; OTHER=1"] {
        assert_eq!(chapter.run(script).state.unwrap().left_out(), lost, "{script}");
    }
    let state = chapter.run("COPY=new; f() { :; }").state.unwrap();
    assert_eq!(state.left_out(), ["TOKEN", "the trap SIGUSR1"]);
    let state = chapter.run("trap : USR1; TOKEN=").state.unwrap();
    assert_eq!(state.left_out(), ["TOKEN"], "its name is secret, whatever its value is");
}

/// A shell in which this script ran, after its replacement.
fn replaced_after(script: &str) -> Chapter {
    let mut chapter = Chapter::new();
    chapter.prints(script, "");
    chapter.ends("kill -9 $$", Ending::Signalled(9));
    chapter
}

#[test]
fn the_files_that_a_step_has_opened_are_open_in_a_new_shell() {
    let open = "printf 'one\ntwo\nthree\n' > list; exec 3> log 4< list 5<> 'o p' 7>> log; exec {free}> /dev/null; exec 6>&1\n\
        echo first >&3; read -r line <&4; echo $line >&3; printf abc >&5";
    let use_them = "echo second >&3; echo third >&7; read -r line <&4; printf d >&5; echo out >&6; echo gone >&$free\n\
        echo \"$line $(tr '\\n' ' ' < log) $(cat 'o p')\"";
    let mut chapter = replaced_after(open);
    chapter.prints(use_them, "out\ntwo first one second third  abcd\n");
    for ending in ["false", "exit 3"] {
        let ending = chapter.run(ending).ending;
        assert!(matches!(ending, Ending::Exited(1 | 3)), "{ending:?}");
    }
    chapter.prints("read -r line <&4; echo $line", "three\n");
}

#[test]
fn a_file_that_was_opened_in_the_step_that_ended_the_shell_is_open_in_the_next_one() {
    let mut chapter = Chapter::new();
    chapter.ends("exec 3> log; echo a >&3; false", Ending::Exited(1));
    chapter.prints("echo b >&3; cat log", "a\nb\n");
    chapter.ends("exec 3>&-; false", Ending::Exited(1));
    let output = chapter.run("echo c >&3");
    assert!(text(&output).contains("3: Bad file descriptor"), "{}", text(&output));
}

#[test]
fn a_lock_is_held_by_the_new_shell() {
    let mut chapter = replaced_after("exec 9> lock; flock 9");
    chapter.prints(": anything; flock -n lock true || echo locked", "locked\n");
}

#[test]
fn a_descriptor_that_cannot_be_opened_again_is_named_and_no_step_runs_without_it() {
    for (script, named) in [
        ("exec 3< <(sleep 5)", "the descriptor 3 (a pipe, which only one shell can have)"),
        ("echo abc > f; exec 4< f; rm f", "the descriptor 4 (the file FOLDER/f (deleted))"),
        (
            "echo abcdef > f; exec 3<> f; read -r -N 2 -u 3; exec 5> f; echo x >&5; echo longer >> f",
            "the descriptor 5 (the file FOLDER/f, written up to byte 2)",
        ),
        (
            "printf 'a\\0bc' > f; exec 3< f; LC_ALL=C read -r -N 2 -u 3",
            "the descriptor 3 (the file FOLDER/f, read up to byte 3)",
        ),
        ("echo x > f; exec 3< f; (sleep 0.1; rm f) & wait", "the descriptor 3"),
    ] {
        let mut chapter = replaced_after(script);
        let error =
            chapter.world.run(&command("echo ran"), &mut TestWatcher::default()).unwrap_err();
        let folder = chapter.folder.path().canonicalize().unwrap();
        let named = named.replace("FOLDER", &folder.display().to_string());
        assert!(error.to_string().contains(&format!("this is gone: {named}")), "{script}: {error}");
    }
}

#[test]
fn a_file_that_was_removed_since_is_not_created_again() {
    let mut chapter = Chapter::new();
    chapter.prints("exec 3> log; echo a >&3", "");
    std::fs::remove_file(chapter.folder.path().join("log")).unwrap();
    chapter.ends("kill -9 $$", Ending::Signalled(9));
    let error = chapter.world.run(&command("echo b >&3"), &mut TestWatcher::default()).unwrap_err();
    assert!(error.to_string().contains("the descriptor 3 (the file "), "{error}");
    assert!(!chapter.folder.path().join("log").exists());
}

#[test]
fn a_background_step_starts_without_the_chapter_s_descriptors() {
    let mut chapter = Chapter::new();
    chapter.prints("exec 3< <(sleep 5)", "");
    let background = Command {
        mode: Mode::Background(Background::Chapter),
        ..command("echo started; exec sleep 30")
    };
    let output = chapter.with(&background);
    assert_eq!((text(&output).as_str(), output.ending), ("started\n", Ending::Started));
}
