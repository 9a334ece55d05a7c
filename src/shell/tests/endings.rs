//! The ways in which a step may end.

use super::*;

#[test]
fn a_step_reports_its_output_and_code() {
    let mut chapter = Chapter::new();
    chapter.prints("echo hello", "hello\n");
    chapter.prints("echo out; echo err >&2; echo out", "out\nerr\nout\n");
    chapter.ends("exit 7", Ending::Exited(7));
    chapter.ends("false", Ending::Exited(1));
    chapter.ends("false | true", Ending::Exited(1));
    chapter.prints("set +e; false; true", "");
    chapter.ends("set +e; false", Ending::Exited(1));
    chapter.ends("false", Ending::Exited(1));
}

/// Scripts that end or change their shell, with the ending that they must have.
const ENDINGS: &[(&str, Ending)] = &[
    ("exit 3", Ending::Exited(3)),
    ("exit 0", Ending::Exited(0)),
    ("exec true", Ending::Exited(0)),
    ("exec sh -c 'exit 9'", Ending::Exited(9)),
    ("kill -9 $$", Ending::Signalled(9)),
    ("kill $$; sleep 5", Ending::Signalled(15)),
    ("exec >&-; exec 2>&-", Ending::Exited(0)),
    ("exec 0<&- 1>&- 2>&-; echo lost", Ending::Exited(1)),
    ("set -u; echo $nothing_there", Ending::Exited(1)),
    ("set -u", Ending::Exited(0)),
    ("set -n", Ending::Exited(0)),
    ("set -r", Ending::Exited(1)),
    ("trap - EXIT", Ending::Exited(0)),
    ("trap - EXIT; exit 4", Ending::Exited(4)),
    (
        "read() { return 1; }; eval() { :; }; declare() { :; }; printf() { echo no; }; trap() { :; }; source() { :; }",
        Ending::Exited(0),
    ),
    ("unset -f read eval declare printf trap source", Ending::Exited(0)),
    ("builtin() { echo mine; }", Ending::Exited(0)),
    ("shopt -s expand_aliases; alias builtin=false eval=false if=false", Ending::Exited(0)),
    ("unalias -a", Ending::Exited(0)),
    ("IFS=abcdefghijklmnopqrstuvwxyz0123456789; TMOUT=1; LC_ALL=C", Ending::Exited(0)),
    ("unset PATH IFS", Ending::Exited(0)),
    ("PATH=/usr/bin:/bin", Ending::Exited(0)),
    ("mkdir gone; cd gone; rmdir ../gone", Ending::Exited(0)),
    ("cd /", Ending::Exited(0)),
    ("enable -n printf", Ending::Exited(0)),
    ("if true; then", Ending::Exited(2)),
    ("break", Ending::Exited(1)),
    ("return 3", Ending::Exited(2)),
    ("big=$(head -c 3000000 /dev/zero | tr '\\0' x)", Ending::Exited(0)),
    ("[[ ${#big} == 3000000 ]]; unset big", Ending::Exited(0)),
];

#[test]
fn no_end_of_a_step_loses_the_next_one() {
    let mut chapter = Chapter::new();
    chapter.prints("kept=yes", "");
    for &(script, ending) in ENDINGS {
        chapter.ends(script, ending);
        let output = chapter.run("\\builtin echo \"$kept\"");
        assert_eq!(
            (text(&output).as_str(), output.ending),
            ("yes\n", Ending::Exited(0)),
            "after {script}"
        );
    }
}

/// A child that is killed before it has reset the traps of its parent runs the EXIT trap with which
/// the shell reports its end. Each script runs often enough to hit that moment, and no such report
/// may be taken for one of the shell.
#[test]
fn a_child_that_is_killed_at_once_never_reports_for_the_shell() {
    const TIMES: usize = 12;
    for script in [
        "sleep 100 & kill $!",
        "for ((i = 0; i < 5; i++)); do sleep 100 & pids+=($!); done; kill \"${pids[@]}\"; pids=()",
        "coproc cat; kill $COPROC_PID; wait $COPROC_PID || true",
        "serve() { sleep 100; }; serve & pid=$!; kill $pid; wait $pid || true",
        "(sleep 100) & kill -HUP $!",
        // INT ends the child if it comes before the child ignores it, as background jobs do.
        "(trap 'echo no >&2' USR1; sleep 100) & kill -INT $!; kill $! || true",
        "{ sleep 100 | cat; } & kill $!",
        ": < <(sleep 100) & kill $! || true; wait || true",
        "sleep 100 & kill -9 $!; unset BASHPID",
    ] {
        let mut chapter = Chapter::new();
        chapter.prints("trap 'exit_trap_ran=1' EXIT", "");
        for turn in 0..TIMES {
            let step = Command {
                timeout: Duration::from_secs(10),
                ..command(&format!("n=begun\n{script}\nn=ended-{turn}"))
            };
            let output = chapter.with(&step);
            assert_eq!(
                (output.ending, output.state.is_some()),
                (Ending::Exited(0), true),
                "{script}: {}",
                text(&output)
            );
            // bash may first print how the child of the previous step has ended.
            let output = chapter.run("echo \"$n ${exit_trap_ran-}\"");
            assert_eq!(
                text(&output).lines().last(),
                Some(format!("ended-{turn} ").as_str()),
                "{script}"
            );
        }
    }
}

#[test]
fn a_time_limit_and_an_interrupt_end_a_step_that_starts_and_kills_children() {
    for (script, limit) in [
        ("trap : TERM; while :; do sleep 0.0001 & done", true),
        ("while :; do sleep 100 & kill $!; done", true),
        ("trap : TERM; while :; do ( : ) & done", false),
        ("while :; do coproc cat; kill $COPROC_PID; wait || true; done 2>/dev/null", false),
    ] {
        for _ in 0..3 {
            let mut chapter = Chapter::new();
            chapter.prints("kept=yes", "");
            let step = Command {
                timeout: Duration::from_millis(if limit { 200 } else { 20_000 }),
                ..command(script)
            };
            let flow = (!limit).then_some((Duration::from_millis(200), Flow::Interrupt));
            let before = Instant::now();
            let output = chapter
                .world
                .run(&step, &mut TestWatcher { flow, ..TestWatcher::default() })
                .unwrap();
            assert_eq!(
                output.ending,
                if limit { Ending::TimedOut } else { Ending::Interrupted },
                "{script}"
            );
            assert!(before.elapsed() < Duration::from_secs(15), "{script}: {:?}", before.elapsed());
            chapter.prints("echo $kept", "yes\n");
        }
    }
}

#[test]
fn a_step_that_ignores_sigterm_is_killed_after_the_grace_period() {
    let mut chapter = Chapter::new();
    let mut deaf = command("trap '' TERM; echo deaf; while :; do sleep 0.1; done");
    deaf.timeout = Duration::from_millis(300);
    let before = Instant::now();
    assert_eq!(chapter.with(&deaf).ending, Ending::TimedOut);
    assert!(before.elapsed() >= Duration::from_secs(5), "{:?}", before.elapsed());
    chapter.prints("echo on", "on\n");
}

#[test]
fn the_second_interrupt_kills_at_once() {
    let mut chapter = Chapter::new();
    let interrupt = chapter.interrupt.clone();
    let sender = std::thread::spawn(move || {
        for _ in 0..2 {
            std::thread::sleep(Duration::from_millis(200));
            interrupt.raise();
        }
    });
    let mut seen = TestWatcher {
        flow: Some((Duration::from_millis(150), Flow::Interrupt)),
        ..TestWatcher::default()
    };
    let before = Instant::now();
    let output = chapter
        .world
        .run(&command("trap '' TERM; while :; do sleep 0.1; done"), &mut seen)
        .unwrap();
    assert_eq!(output.ending, Ending::Interrupted);
    assert!(
        before.elapsed() < Duration::from_secs(5),
        "not before the grace: {:?}",
        before.elapsed()
    );
    sender.join().unwrap();
}

#[test]
fn the_watcher_is_called_at_every_tick_and_can_give_up_the_step() {
    /// Gives up at the fourth tick after the output.
    #[derive(Default)]
    struct Impatient {
        output: Vec<u8>,
        ticks: Vec<Duration>,
    }

    impl Watcher for Impatient {
        fn output(&mut self, bytes: &[u8]) {
            self.output.extend_from_slice(bytes);
        }

        fn tick(&mut self, elapsed: Duration) -> Flow {
            if !self.output.is_empty() {
                self.ticks.push(elapsed);
            }
            if self.ticks.len() == 4 { Flow::GiveUp } else { Flow::Continue }
        }
    }

    let mut chapter = Chapter::new();
    let mut watcher = Impatient::default();
    let mut endless = command("echo a; while :; do sleep 0.1; done");
    endless.timeout = Duration::from_secs(600);
    let output = chapter.world.run(&endless, &mut watcher).unwrap();
    assert_eq!((output.ending, watcher.output.as_slice()), (Ending::GivenUp, b"a\n".as_slice()));
    assert!(watcher.ticks.is_sorted() && watcher.ticks.len() == 4, "{:?}", watcher.ticks);
}

#[test]
fn messages_of_bash_name_the_line_of_the_script() {
    let mut chapter = Chapter::new();
    assert_eq!(
        text(&chapter.run("true\nnot-there\n")),
        "bash: line 2: not-there: command not found\n"
    );
    assert_eq!(
        text(&chapter.run("# a comment\n\ncd /not/there")),
        "bash: line 3: cd: /not/there: No such file or directory\n"
    );
}
