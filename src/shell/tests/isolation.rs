//! Effects of earlier steps and of the runner that a step must not notice.

use super::*;

#[test]
fn tracing_left_on_traces_only_the_next_script() {
    let mut chapter = Chapter::new();
    chapter.prints("set -x", "");
    chapter.prints("echo hi", "++ echo hi\nhi\n");
    chapter.prints("set +x", "++ set +x\n");
    chapter.prints("trap 'echo debug' DEBUG", "");
    chapter.prints("echo hi", "debug\nhi\n");
}

#[test]
fn job_control_and_a_moved_output_do_not_last_into_the_next_step() {
    let mut chapter = Chapter::new();
    chapter.ends("set -m; sleep 0.01 & wait", Ending::Exited(0));
    chapter.prints("[[ -o monitor ]] && set +m", "");
    chapter.prints("exec >log 2>&1; echo hidden; exec </dev/zero", "");
    chapter.prints("echo seen; cat; cat log", "seen\nhidden\n");
}

#[test]
fn exit_code_and_arguments_at_a_steps_start_are_those_of_a_new_shell() {
    let mut chapter = Chapter::new();
    for _ in 0..3 {
        chapter.prints("echo $? $# $-", "0 0 ehBc\n");
    }
    chapter.prints("echo $GUIDE_STEP", "step\n");
}

/// The shell must not have the source of its commands as stdin, because each step would have to
/// begin with a correction of that.
#[test]
fn between_steps_the_shell_has_its_original_streams() {
    let mut chapter = Chapter::new();
    for script in ["echo a", "cd .", "seq 3 >/dev/null"] {
        chapter.run(script);
        let session = chapter.world.session.as_ref().unwrap();
        // The shell may still be between the step's end and its next command.
        let until = Instant::now() + Duration::from_secs(5);
        let mut seen = 0;
        while seen < 20 && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(5));
            seen = if session.has_own_streams() { seen + 1 } else { 0 };
        }
        assert_eq!(seen, 20, "{script}");
    }
}

#[test]
fn a_step_may_use_the_descriptor_of_the_commands() {
    let mut chapter = Chapter::new();
    chapter.prints("exec 9>log; echo one >&9", "");
    chapter.prints("echo two >&9; cat log", "one\ntwo\n");
    chapter.prints("exec 9>&-; [[ ! -e /proc/self/fd/9 ]] && echo closed", "closed\n");
}

#[test]
fn bound_names_are_exported_and_the_folder_of_cwd_lasts_for_one_step() {
    let mut chapter = Chapter::new();
    let bound = Command {
        bound: vec![("pod".to_owned(), "web'1".to_owned())],
        ..command("bash -c 'echo $pod'")
    };
    assert_eq!(text(&chapter.with(&bound)), "web'1\n");
    chapter.prints("mkdir deep", "");
    let there = Command { cwd: Some("deep".to_owned()), ..command("basename $PWD") };
    assert_eq!(text(&chapter.with(&there)), "deep\n");
    chapter.prints("[[ $PWD != */deep ]]", "");
}

#[test]
fn a_step_run_aside_changes_nothing() {
    let mut chapter = Chapter::new();
    chapter.prints("x=1", "");
    let aside = |script: &str| Command { mode: Mode::Aside, ..command(script) };
    let output = chapter.with(&aside("echo $x; x=2; cd /; exit 5"));
    assert_eq!(
        (text(&output).as_str(), output.ending, output.state),
        ("1\n", Ending::Exited(5), None)
    );
    let output = chapter.with(&aside("false; echo not reached"));
    assert_eq!((text(&output).as_str(), output.ending), ("", Ending::Exited(1)));
    let hung = Command { timeout: Duration::from_millis(200), ..aside("sleep 617") };
    let shell = chapter.run("echo $$");
    assert_eq!(chapter.with(&hung).ending, Ending::TimedOut);
    chapter.prints("echo $x $$", &format!("1 {}", text(&shell)));
}

/// bash counts the characters of the text that it receives before a step, in the locale that the
/// previous step has set.
#[test]
fn text_of_any_encoding_in_a_trap_neither_delays_the_next_step_nor_changes() {
    for locale in ["C", "C.UTF-8"] {
        for (escaped, bytes) in
            [("tsch\\303\\274ss", "tsch\u{fc}ss".as_bytes()), ("\\374\\377", b"\xfc\xff")]
        {
            for signal in ["EXIT", "USR1", "ERR", "DEBUG"] {
                let mut chapter = Chapter::with_environment(&[("LC_ALL", locale)]);
                let quick =
                    |script: &str| Command { timeout: Duration::from_secs(10), ..command(script) };
                let set = format!(
                    "text=$'{escaped}'; trap \"printf '%s\\\\n' '$text' >>'$PWD/log'\" {signal}"
                );
                assert_eq!(chapter.with(&quick(&set)).ending, Ending::Exited(0), "{set}");
                let next = quick(match signal {
                    "USR1" => "kill -USR1 $$",
                    "ERR" => "set +e; false; true",
                    _ => "true",
                });
                assert_eq!(chapter.with(&next).ending, Ending::Exited(0), "{signal} {bytes:?}");
                // The same in a new shell.
                chapter.ends("kill -9 $$", Ending::Signalled(9));
                assert_eq!(chapter.with(&next).ending, Ending::Exited(0), "{signal} {bytes:?}");
                chapter.world.leave();
                let log = std::fs::read(chapter.folder.path().join("log")).unwrap();
                let lines: Vec<&[u8]> = log
                    .split_inclusive(|&byte| byte == b'\n')
                    .map(<[u8]>::trim_ascii_end)
                    .collect();
                assert!(
                    !lines.is_empty() && lines.iter().all(|line| *line == bytes),
                    "{signal} {bytes:?}: {log:?}"
                );
            }
        }
    }
}
