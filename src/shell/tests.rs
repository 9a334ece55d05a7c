//! Against the bash of this machine.

use std::time::{Duration, Instant};

use super::*;
use crate::ids::{ChapterName, StepName};
use crate::output::Ending;
use crate::world::Flow;

/// A chapter in a temporary folder.
struct Chapter {
    world: ShellWorld,
    folder: tempfile::TempDir,
    interrupt: Interrupt,
}

/// Keeps what it is shown.
#[derive(Default)]
struct Seen {
    bytes: Vec<u8>,
    ticks: usize,
    flow: Option<(Duration, Flow)>,
}

impl Watcher for Seen {
    fn output(&mut self, bytes: &[u8]) {
        if self.bytes.len() < 10_000_000 {
            self.bytes.extend_from_slice(bytes);
        }
    }

    fn tick(&mut self, elapsed: Duration) -> Flow {
        self.ticks += 1;
        match &self.flow {
            Some((from, flow)) if elapsed >= *from => flow.clone(),
            _ => Flow::Continue,
        }
    }
}

fn command(script: &str) -> Command {
    Command {
        step: StepId { chapter: ChapterName::new("chapter"), step: StepName::new("step") },
        script: script.into(),
        timeout: Duration::from_secs(20),
        mode: Mode::Shell,
        bound: Vec::new(),
        secrets: Vec::new(),
        cwd: None,
    }
}

impl Chapter {
    fn new() -> Self {
        Self::with_environment(&[])
    }

    fn with_environment(environment: &[(&str, &str)]) -> Self {
        let interrupt = Interrupt::unconnected().unwrap();
        let options = ShellOptions {
            bash: "bash".into(),
            environment: std::env::vars_os().collect(),
            masker: Masker::new(),
            interrupt: interrupt.clone(),
        };
        Self::of(options, environment, interrupt)
    }

    fn of(options: ShellOptions, environment: &[(&str, &str)], interrupt: Interrupt) -> Self {
        let mut world = ShellWorld::new(options).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let environment = environment
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        world.enter(&ShellContext { folder: folder.path().to_owned(), environment }, None).unwrap();
        Self { world, folder, interrupt }
    }

    fn run(&mut self, script: &str) -> Output {
        self.with(&command(script))
    }

    fn with(&mut self, command: &Command) -> Output {
        self.world.run(command, &mut Seen::default()).unwrap()
    }

    /// Runs a script that must pass.
    #[track_caller]
    fn says(&mut self, script: &str, expected: &str) {
        let output = self.run(script);
        assert_eq!(
            (text(&output).as_str(), output.ending),
            (expected, Ending::Exited(0)),
            "{script}"
        );
    }

    /// Runs a script that must end like this.
    #[track_caller]
    fn ends(&mut self, script: &str, ending: Ending) -> Output {
        let output = self.run(script);
        assert_eq!(output.ending, ending, "{script}: {}", text(&output));
        output
    }
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.bytes).into_owned()
}

#[test]
fn a_shell_that_was_expected_is_the_one_of_its_scene_and_of_no_other() {
    let scene = |folder: &tempfile::TempDir, value: &str| ShellContext {
        folder: folder.path().canonicalize().unwrap(),
        environment: vec![("WHERE".to_owned(), value.to_owned())],
    };
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for (entered, is_used) in
        [(scene(&one, "one"), true), (scene(&two, "one"), false), (scene(&one, "two"), false)]
    {
        let mut chapter = Chapter::new();
        chapter.world.expect(scene(&one, "one"));
        let pid = chapter.world.expected.as_ref().unwrap().1.pid();
        chapter.world.enter(&entered, None).unwrap();
        chapter.says(
            "echo $WHERE; pwd",
            &format!("{}\n{}\n", entered.environment[0].1, entered.folder.display()),
        );
        let said = text(&chapter.run("echo $$"));
        assert_eq!(said.trim() == pid.as_raw_nonzero().to_string(), is_used, "{entered:?}");
        let goes_on = rustix::process::test_kill_process(pid).is_ok();
        assert_eq!(goes_on, is_used, "what is not needed is ended");
    }
}

#[test]
fn a_shell_that_could_not_be_started_beforehand_is_started_when_its_folder_is_there() {
    let mut chapter = Chapter::new();
    let folder = chapter.folder.path().join("later");
    let scene = ShellContext { folder: folder.clone(), environment: Vec::new() };
    chapter.world.expect(scene.clone());
    assert!(chapter.world.expected.is_none());
    std::fs::create_dir(&folder).unwrap();
    chapter.world.enter(&scene, None).unwrap();
    chapter.says("basename \"$PWD\"", "later\n");
}

#[test]
fn a_step_tells_its_output_and_code() {
    let mut chapter = Chapter::new();
    chapter.says("echo hello", "hello\n");
    chapter.says("echo out; echo err >&2; echo out", "out\nerr\nout\n");
    chapter.ends("exit 7", Ending::Exited(7));
    chapter.ends("false", Ending::Exited(1));
    chapter.ends("false | true", Ending::Exited(1));
    chapter.says("set +e; false; true", "");
    chapter.ends("set +e; false", Ending::Exited(1));
    chapter.ends("false", Ending::Exited(1));
}

#[test]
fn variables_arrays_functions_aliases_and_options_carry_over() {
    let mut chapter = Chapter::new();
    let define = "plain=1; export given=$'a\\nb'; list=(a 'b c'); declare -A map=([k]=v [\"q'\"]='w\"')\n\
        f() { echo \"f $1\"; }; shopt -s expand_aliases extglob; alias greet='echo hi'; readonly fixed=5; declare -i number=3\n\
        set -u; set -o noclobber; umask 027; mkdir sub; cd sub; pushd / >/dev/null; set -- one 'two three'; trap 'echo usr1' USR1";
    let show = "echo \"$plain|$given|${list[1]}|${map[k]}|${map[\"q'\"]}|$fixed|$((number+=1))|$#:$2\"; f x\ngreet\n\
        [[ -o nounset && -o noclobber ]] && echo options; shopt -q extglob && echo extglob; umask; dirs | sed \"s|$HOME|~|\" | wc -w; pwd; trap -p USR1\n\
        bash -c 'echo \"$given|$plain\"'";
    chapter.says(define, "");
    let first = chapter.run(show);
    assert!(
        text(&first).starts_with(
            "1|a\nb|b c|v|w\"|5|4|2:two three\nf x\nhi\noptions\nextglob\n0027\n2\n/\ntrap -- 'echo usr1' SIGUSR1\na\nb|\n"
        ),
        "{}",
        text(&first)
    );
    // The same from a new shell, after the first one is gone.
    chapter.ends("kill -9 $$", Ending::Signalled(9));
    let second = chapter.run(show);
    assert_eq!(text(&second), text(&first).replace("|5|4|", "|5|5|"));
}

#[test]
fn no_end_of_a_step_loses_the_next_one() {
    let mut chapter = Chapter::new();
    chapter.says("kept=yes", "");
    for (script, ending) in [
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
    ] {
        chapter.ends(script, ending);
        let output = chapter.run("\\builtin echo \"$kept\"");
        assert_eq!(
            (text(&output).as_str(), output.ending),
            ("yes\n", Ending::Exited(0)),
            "after {script}"
        );
    }
}

/// A child that is killed before it has put off the traps of its parent runs the EXIT trap with which the shell tells its end. Each
/// script is run often enough to meet that moment, and none may take the next step's place, its state or its time.
#[test]
fn a_child_that_is_killed_at_once_never_speaks_for_the_shell() {
    const TIMES: usize = 12;
    for script in [
        "sleep 100 & kill $!",
        "for ((i = 0; i < 5; i++)); do sleep 100 & pids+=($!); done; kill \"${pids[@]}\"; pids=()",
        "coproc cat; kill $COPROC_PID; wait $COPROC_PID || true",
        "serve() { sleep 100; }; serve & pid=$!; kill $pid; wait $pid || true",
        "(sleep 100) & kill -HUP $!",
        "(trap 'echo no >&2' USR1; sleep 100) & kill -INT $!; kill $!",
        "{ sleep 100 | cat; } & kill $!",
        ": < <(sleep 100) & kill $! || true; wait || true",
        "sleep 100 & kill -9 $!; unset BASHPID",
        "trap 'true' CHLD; sleep 100 & kill $!; trap - CHLD",
    ] {
        let mut chapter = Chapter::new();
        chapter.says("trap 'exit_trap_ran=1' EXIT", "");
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
            // bash may first say how the child of the step before has ended.
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
fn a_time_limit_and_an_interrupt_are_heard_while_children_are_started_and_killed() {
    for (script, limit) in [
        ("trap : TERM; while :; do sleep 0.0001 & done", true),
        ("while :; do sleep 100 & kill $!; done", true),
        ("trap : TERM; while :; do ( : ) & done", false),
        ("while :; do coproc cat; kill $COPROC_PID; wait || true; done 2>/dev/null", false),
    ] {
        for _ in 0..3 {
            let mut chapter = Chapter::new();
            chapter.says("kept=yes", "");
            let step = Command {
                timeout: Duration::from_millis(if limit { 200 } else { 20_000 }),
                ..command(script)
            };
            let flow = (!limit).then_some((Duration::from_millis(200), Flow::Interrupt));
            let before = Instant::now();
            let output = chapter.world.run(&step, &mut Seen { flow, ..Seen::default() }).unwrap();
            assert_eq!(
                output.ending,
                if limit { Ending::TimedOut } else { Ending::Interrupted },
                "{script}"
            );
            assert!(before.elapsed() < Duration::from_secs(15), "{script}: {:?}", before.elapsed());
            chapter.says("echo $kept", "yes\n");
        }
    }
}

/// What is given to the shell before a step is counted, by bash in characters of a locale that the step before has chosen.
#[test]
fn text_of_any_encoding_in_a_trap_neither_holds_up_the_next_step_nor_changes() {
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

#[test]
fn a_new_shell_never_runs_a_step_in_another_folder_than_the_one_before_left() {
    for (leave, gone) in [("mkdir deep; cd deep; rmdir ../deep", "/deep"), ("rm -r \"$PWD\"", "")] {
        let mut chapter = Chapter::new();
        chapter.says(leave, "");
        chapter.ends("kill -9 $$", Ending::Signalled(9));
        let error = chapter
            .world
            .run(&command("touch \"$HOME/never\"; echo ran"), &mut Seen::default())
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
fn whatever_a_step_set_is_there_in_a_new_shell() {
    let set = "export COLUMNS=100 LINES=7; BASHRC=rc; export BASH_ENV=/dev/null; BASH_COMPAT=4.4; BASHLY_VERSION=1; ulimit -n 77; \
        ulimit -Ss 4096; SECONDS=1000; enable -n test; [[ abc =~ b(.) ]]";
    let show = "echo \"$COLUMNS $LINES $BASHRC $BASH_ENV $BASH_COMPAT $BASHLY_VERSION $(ulimit -Sn) $(ulimit -Hn) $(ulimit -Ss) \
        $((SECONDS / 100)) $(enable -n) ${BASH_REMATCH[1]}\"; shopt inherit_errexit || true";
    let expected =
        "100 7 rc /dev/null 4.4 1 77 77 4096 10 enable -n test c\ninherit_errexit\toff\n";
    let mut chapter = Chapter::new();
    chapter.says(set, "");
    chapter.says(show, expected);
    for _ in 0..2 {
        chapter.ends("kill -9 $$", Ending::Signalled(9));
        chapter.says(show, expected);
    }
}

#[test]
fn builtins_that_a_step_has_disabled_stay_so_and_hold_up_nothing() {
    let all = "printf read eval source trap declare exit cd set unset export umask ulimit";
    for name in all.split(' ').chain([all]) {
        let mut chapter = Chapter::new();
        chapter.says(&format!("kept=yes; enable -n {name}"), "");
        for _ in 0..2 {
            let listed = chapter.run("enable -n");
            let mut names: Vec<&str> =
                std::str::from_utf8(&listed.bytes).unwrap().split_whitespace().collect();
            names.retain(|word| !["enable", "-n"].contains(word));
            let mut wanted: Vec<&str> = name.split(' ').collect();
            wanted.sort_unstable();
            assert_eq!((names, listed.ending), (wanted, Ending::Exited(0)));
            chapter.says(
                "echo $kept; shopt inherit_errexit expand_aliases || :",
                "yes\ninherit_errexit\toff\nexpand_aliases \toff\n",
            );
            chapter.ends("kill -9 $$", Ending::Signalled(9));
        }
    }
}

#[test]
fn text_of_a_step_that_looks_like_a_part_of_the_state_is_only_text() {
    let text = "echo bye\numask 022\ndeclare -A BASH_ALIASES=()\ndeclare -f f\ntrap -- x USR2\n";
    let mut chapter = Chapter::new();
    chapter.says(
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
fn a_state_is_the_steps_own_wherever_it_is_gone_on_with() {
    let given = [("REGION", "eu-1"), ("TIER", "low"), ("STAYS", "one")];
    let (book, copy) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let scene = |book: &tempfile::TempDir, given: &[(&str, &str)]| {
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
        chapter.world.enter(&scene(&book, &given), None).unwrap();
        let set = "export REGION=eu-1; unset OLDTOKEN; read -r TIER <<<low; FILE=$GUIDE_BOOK/other/file; LIST=(\"$GUIDE_STATE\" \"a:$GUIDE_BOOK:b\")";
        chapter.says(set, "");
        let state = chapter.run(leave).state.unwrap();
        let other =
            [("REGION", "us-9"), ("OLDTOKEN", "left over"), ("TIER", "high"), ("STAYS", "two")];
        chapter.world.enter(&scene(&copy, &other), Some(&state)).unwrap();
        let root = copy.path().canonicalize().unwrap().display().to_string();
        let here = if folder.is_empty() { "/usr".to_owned() } else { format!("{root}/{folder}") };
        let expected =
            format!("eu-1 unset low two {root}/other/file {root}/state a:{root}:b {here}\n");
        let show = "echo \"$REGION ${OLDTOKEN-unset} $TIER $STAYS $FILE ${LIST[@]} $PWD\"";
        chapter.says(show, &expected);
        // And so it stays: what equals the new environment by chance is the step's, too.
        let state = chapter.run(show).state.unwrap();
        chapter.world.enter(&scene(&copy, &given), Some(&state)).unwrap();
        let state = chapter.run("true").state.unwrap();
        chapter.world.enter(&scene(&copy, &other), Some(&state)).unwrap();
        chapter.says(show, &expected);
    }
}

#[test]
fn a_state_that_cannot_be_brought_back_stops_the_run_with_the_name_of_what_is_missing() {
    let mut chapter = Chapter::new();
    let scene = ShellContext { folder: chapter.folder.path().to_owned(), environment: Vec::new() };
    for (text, named) in [
        ("x=1\n\\builtin shopt -s no_such_option\n", "what `shopt -s no_such_option` sets"),
        ("x=1\nf() { \n", "the state as a whole, which is damaged"),
        ("deblare -- x=1\n", "what `deblare -- x=1` sets"),
    ] {
        chapter.world.enter(&scene, Some(&ShellState(text.as_bytes().to_vec()))).unwrap();
        let error = chapter.world.run(&command("echo ran"), &mut Seen::default()).unwrap_err();
        assert!(error.to_string().ends_with(&format!("and this is gone: {named}")), "{error}");
    }
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

/// A `sleep` no other test run on this machine has, and the pattern that finds it and not whoever looks for it.
fn own_sleep(seconds: u32) -> (String, String) {
    let own = std::process::id();
    (format!("sleep {seconds}.{own}"), format!("[s]leep {seconds}[.]{own}"))
}

#[test]
fn a_step_out_of_time_is_stopped_with_all_its_processes() {
    let mut chapter = Chapter::new();
    let (sleep, pattern) = own_sleep(611);
    let mut hung = command(&format!("echo before; setsid {sleep} & {sleep} & {sleep}"));
    let mut late = Vec::new();
    // Stopped with nothing left alive each time; within 200 ms of its time at the first try on an idle machine. On a busy
    // one bash itself may come too late: it gets more time, and the same 200 ms.
    for seconds in [1, 2, 4, 8] {
        hung.timeout = Duration::from_secs(seconds);
        let before = Instant::now();
        let output = chapter.with(&hung);
        late.push(before.elapsed().saturating_sub(hung.timeout));
        assert_eq!(output.ending, Ending::TimedOut);
        chapter.says(&format!("pgrep -f '{pattern}' || echo none"), "none\n");
        if text(&output) == "before\n" && late.last() < Some(&Duration::from_millis(200)) {
            return;
        }
        assert!(["", "before\n"].contains(&text(&output).as_str()), "{}", text(&output));
    }
    panic!("stopped too late each time: {late:?}");
}

#[test]
fn a_step_that_ignores_term_is_killed_after_the_grace() {
    let mut chapter = Chapter::new();
    let mut deaf = command("trap '' TERM; echo deaf; while :; do sleep 0.1; done");
    deaf.timeout = Duration::from_millis(300);
    let before = Instant::now();
    assert_eq!(chapter.with(&deaf).ending, Ending::TimedOut);
    assert!((5..7).contains(&before.elapsed().as_secs()), "{:?}", before.elapsed());
    chapter.says("echo on", "on\n");
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
    let mut seen =
        Seen { flow: Some((Duration::from_millis(150), Flow::Interrupt)), ..Seen::default() };
    let before = Instant::now();
    let output = chapter
        .world
        .run(&command("trap '' TERM; while :; do sleep 0.1; done"), &mut seen)
        .unwrap();
    assert_eq!(output.ending, Ending::Interrupted);
    assert!(before.elapsed() < Duration::from_secs(1), "{:?}", before.elapsed());
    sender.join().unwrap();
}

#[test]
fn what_a_step_leaves_behind_is_named_and_stopped() {
    let mut chapter = Chapter::new();
    let ((first, one), (second, other)) = (own_sleep(613), own_sleep(614));
    // A child is bash or setsid until it has become `sleep`: the step ends once both have.
    let both =
        format!("until pgrep -xf '{one}' && pgrep -xf '{other}'; do sleep 0.01; done >/dev/null");
    let output = chapter.run(&format!("{first} & (setsid -f {second}); {both}; echo started"));
    assert_eq!((text(&output).as_str(), output.ending), ("started\n", Ending::Exited(0)));
    let mut names: Vec<&str> = output.leftovers.iter().map(|left| left.command.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, [first.as_str(), second.as_str()]);
    chapter.says(&format!("pgrep -f '{one}|{other}' || echo none"), "none\n");
}

#[test]
fn what_ends_by_itself_at_once_is_not_called_left() {
    let mut chapter = Chapter::new();
    let output = chapter.run("sleep 0.02 & cat <(echo x; sleep 0.01)");
    assert_eq!((text(&output).as_str(), output.leftovers), ("x\n", Vec::new()));
}

#[test]
fn any_bytes_come_through() {
    let mut chapter = Chapter::new();
    let output = chapter.run("printf 'a\\0b\\377\\n\\033[1mc'");
    assert_eq!(output.bytes, b"a\0b\xff\n\x1b[1mc");
    assert_eq!(text(&chapter.run("printf '%s' 'é \u{1F600}'")), "é \u{1F600}");
}

#[test]
fn a_large_output_is_counted_and_kept_in_part() {
    let mut chapter = Chapter::new();
    let output = chapter.run("head -c 100000000 /dev/zero");
    assert_eq!((output.total, output.bytes.len()), (100_000_000, crate::output::KEPT_BYTES));
}

#[test]
fn secrets_are_masked_also_those_set_later() {
    let mut chapter = Chapter::with_environment(&[("TOKEN", "from-the-scene")]);
    let with = |script: &str| Command { secrets: vec!["TOKEN".to_owned()], ..command(script) };
    assert_eq!(text(&chapter.with(&with("echo $TOKEN; echo $TOKEN | base64"))), "***\n***K\n");
    assert_eq!(
        text(&chapter.with(&with("TOKEN=made-in-here; copy=x$TOKEN; echo $TOKEN"))),
        "***\n"
    );
    let output = chapter.run("echo $TOKEN $copy");
    assert_eq!(text(&output), "*** x***\n");
    assert!(!String::from_utf8_lossy(&output.state.unwrap().0).contains("made-in-here"));
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
fn a_new_chapter_can_start_from_a_state() {
    let mut chapter = Chapter::new();
    let state = chapter.run("x=1; list=(a b); cd /usr; set -u; f() { echo f; }").state.unwrap();
    let scene = ShellContext { folder: chapter.folder.path().to_owned(), environment: Vec::new() };
    chapter.world.enter(&scene, None).unwrap();
    chapter.says("echo ${x-none}", "none\n");
    chapter.world.enter(&scene, Some(&state)).unwrap();
    chapter.says(
        "echo $x ${list[1]} $PWD; f; [[ -o nounset ]] && echo nounset",
        "1 b /usr\nf\nnounset\n",
    );
}

#[test]
fn bound_names_are_exported_and_a_folder_is_left_again() {
    let mut chapter = Chapter::new();
    let bound = Command {
        bound: vec![("pod".to_owned(), "web'1".to_owned())],
        ..command("bash -c 'echo $pod'")
    };
    assert_eq!(text(&chapter.with(&bound)), "web'1\n");
    chapter.says("mkdir deep", "");
    let there = Command { cwd: Some("deep".to_owned()), ..command("basename $PWD") };
    assert_eq!(text(&chapter.with(&there)), "deep\n");
    chapter.says("[[ $PWD != */deep ]]", "");
}

#[test]
fn a_step_run_aside_changes_nothing() {
    let mut chapter = Chapter::new();
    chapter.says("x=1", "");
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
    chapter.says("echo $x $$", &format!("1 {}", text(&shell)));
}

#[test]
fn tracing_left_on_traces_only_the_next_script() {
    let mut chapter = Chapter::new();
    chapter.says("set -x", "");
    chapter.says("echo hi", "++ echo hi\nhi\n");
    chapter.says("set +x", "++ set +x\n");
    chapter.says("trap 'echo debug' DEBUG", "");
    chapter.says("echo hi", "debug\nhi\n");
}

#[test]
fn an_exit_trap_runs_once_at_the_chapters_end_however_often_the_shell_was_replaced() {
    for last in ["true", "kill -9 $$", "exit 3", "exec false"] {
        let mut chapter = Chapter::new();
        chapter.says("trap 'echo \"bye $kept\" >>\"$PWD/log\"' EXIT; kept=yes", "");
        chapter.ends("kept=again; exit 6", Ending::Exited(6));
        chapter.ends("kill -9 $$", Ending::Signalled(9));
        chapter.ends("false", Ending::Exited(1));
        chapter.ends("exec true", Ending::Exited(0));
        chapter.says("[[ ! -e log ]]; echo $kept", "again\n");
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
fn an_exit_trap_and_all_else_that_a_step_set_outlives_that_steps_own_end() {
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
            chapter.says("echo \"$x $(type -t trap)\"; [[ ! -e log ]]", "5 builtin\n");
            chapter.world.leave();
            let log =
                std::fs::read_to_string(chapter.folder.path().join("log")).unwrap_or_default();
            assert_eq!(log, if ran { "bye 5\n" } else { "" }, "{set}; {end}");
        }
    }
}

#[test]
fn an_exit_trap_of_a_state_is_not_run_where_no_step_is() {
    let mut chapter = Chapter::new();
    let state = chapter.run("trap 'touch \"$PWD/farewell\"' EXIT").state.unwrap();
    let (other, scene) = (tempfile::tempdir().unwrap(), |folder: &tempfile::TempDir| {
        ShellContext { folder: folder.path().to_owned(), environment: Vec::new() }
    });
    chapter.world.enter(&scene(&other), Some(&state)).unwrap();
    chapter.with(&Command { mode: Mode::Aside, ..command("true") });
    chapter.world.leave();
    assert!(!other.path().join("farewell").exists());
    chapter.world.enter(&scene(&other), Some(&state)).unwrap();
    chapter.ends("kill -9 $$", Ending::Signalled(9));
    chapter.world.leave();
    assert!(other.path().join("farewell").exists());
}

fn background(script: &str, kind: Background) -> Command {
    Command { mode: Mode::Background(kind), ..command(script) }
}

#[test]
fn a_background_step_goes_on_in_the_chapters_state_until_its_end() {
    let mut chapter = Chapter::new();
    chapter.says("greeting=hi; f() { echo \"f $1\"; }; set -u", "");
    let start = background("echo $greeting; f x; sleep 618", Background::Chapter);
    let output = chapter.with(&start);
    assert_eq!((text(&output).as_str(), output.ending), ("hi\nf x\n", Ending::Started));
    chapter.says("pgrep -c -x -f 'sleep 618'", "1\n");
    assert!(chapter.world.background_ended(&start.step).is_none());
    assert_eq!(chapter.world.leave(), Vec::new());
    assert!(chapter.world.background_ended(&start.step).is_none());
    let scene = ShellContext { folder: chapter.folder.path().to_owned(), environment: Vec::new() };
    chapter.world.enter(&scene, None).unwrap();
    chapter.says("pgrep -x -f 'sleep 618' || echo none", "none\n");
}

#[test]
fn a_background_step_that_ends_is_told_with_its_output() {
    let mut chapter = Chapter::new();
    let start = background("echo no such thing; exit 3", Background::Chapter);
    let mut output = chapter.with(&start);
    // On a busy machine it may not even have begun within the first moment.
    for _ in 0..50 {
        if output.ending == Ending::Started {
            std::thread::sleep(Duration::from_millis(100));
            output = chapter.world.background_ended(&start.step).unwrap_or(output);
        }
    }
    assert_eq!((text(&output).as_str(), output.ending), ("no such thing\n", Ending::Exited(3)));
    let start = background("sleep 0.3; echo later; exit 4", Background::Chapter);
    assert_eq!(chapter.with(&start).ending, Ending::Started);
    chapter.says("sleep 0.6", "");
    let output = chapter.world.background_ended(&start.step).unwrap();
    assert_eq!((text(&output).as_str(), output.ending), ("later\n", Ending::Exited(4)));
}

#[test]
fn a_background_step_of_the_run_outlives_its_chapter_and_a_daemon_of_it_ends_with_it() {
    let mut chapter = Chapter::new();
    let start = background("(setsid -f sleep 619); sleep 620", Background::Run);
    assert_eq!(chapter.with(&start).ending, Ending::Started);
    chapter.world.leave();
    let scene = ShellContext { folder: chapter.folder.path().to_owned(), environment: Vec::new() };
    chapter.world.enter(&scene, None).unwrap();
    let alive = "pgrep -c -x -f 'sleep (619|620)' || true";
    chapter.says(alive, "2\n");
    chapter.world.close();
    chapter.world.enter(&scene, None).unwrap();
    chapter.says(alive, "0\n");
}

#[test]
fn a_kept_background_step_is_never_stopped() {
    let mut chapter = Chapter::new();
    assert_eq!(chapter.with(&background("sleep 621", Background::Keep)).ending, Ending::Started);
    chapter.world.close();
    let scene = ShellContext { folder: chapter.folder.path().to_owned(), environment: Vec::new() };
    chapter.world.enter(&scene, None).unwrap();
    chapter.says(
        "pgrep -c -x -f 'sleep 621'; ls -l /proc/$(pgrep -x -f 'sleep 621')/fd | grep -c pipe: || true",
        "1\n0\n",
    );
    chapter.says("pkill -x -f 'sleep 621'", "");
}

#[test]
fn a_shell_that_was_killed_between_two_steps_is_replaced() {
    let mut chapter = Chapter::new();
    chapter.says(
        "x=1; export -f f 2>/dev/null || f() { echo \"f $x\"; }; export -f f; export x; mkdir deep; cd deep",
        "",
    );
    let shell = text(&chapter.run("echo $$"));
    rustix::process::kill_process(
        Pid::from_raw(shell.trim().parse().unwrap()).unwrap(),
        rustix::process::Signal::KILL,
    )
    .unwrap();
    std::thread::sleep(Duration::from_millis(50));
    let expected =
        format!("1\nf 1\n{}/deep\n", chapter.folder.path().canonicalize().unwrap().display());
    chapter.says("echo $x; bash -c f; pwd -P", &expected);
}

#[test]
fn a_secret_of_the_shell_outlives_the_shell_but_is_not_in_the_state() {
    let mut chapter = Chapter::new();
    let set = Command {
        secrets: vec!["TOKEN".to_owned()],
        ..command("TOKEN=s3cret-value; list=(a \"$TOKEN\"); echo ok")
    };
    let output = chapter.with(&set);
    assert_eq!(text(&output), "ok\n");
    assert!(!String::from_utf8_lossy(&output.state.unwrap().0).contains("s3cret"));
    chapter.ends("kill -9 $$", Ending::Signalled(9));
    chapter
        .says("[[ $TOKEN == s3cret-value && ${list[1]} == s3cret-value ]] && echo $TOKEN", "***\n");
}

#[test]
fn the_output_of_a_killed_step_that_may_have_set_a_secret_is_withheld() {
    let mut chapter = Chapter::new();
    let set = Command {
        secrets: vec!["TOKEN".to_owned()],
        ..command("TOKEN=s3cret-value; echo $TOKEN; kill -9 $$")
    };
    let output = chapter.with(&set);
    assert!(text(&output).starts_with("[guide: 13 bytes of output withheld"), "{}", text(&output));
}

#[test]
fn a_long_script_and_a_long_line_are_taken() {
    let mut chapter = Chapter::new();
    let long = "x".repeat(700_000);
    let script = format!("y='{long}'\n{}echo ${{#y}}", "echo a line of many\n".repeat(20_000));
    let output = chapter.run(&script);
    assert_eq!((output.ending, output.total), (Ending::Exited(0), 20_000 * 15 + 7));
}

#[test]
fn job_control_and_a_moved_output_do_not_last_into_the_next_step() {
    let mut chapter = Chapter::new();
    chapter.ends("set -m; sleep 0.01 & wait", Ending::Exited(0));
    chapter.says("[[ -o monitor ]] && set +m", "");
    chapter.says("exec >log 2>&1; echo hidden; exec </dev/zero", "");
    chapter.says("echo seen; cat; cat log", "seen\nhidden\n");
}

#[test]
fn every_tick_comes_and_giving_up_ends_the_step() {
    let mut chapter = Chapter::new();
    let mut seen =
        Seen { flow: Some((Duration::from_millis(450), Flow::GiveUp)), ..Seen::default() };
    let output = chapter.world.run(&command("echo a; sleep 622"), &mut seen).unwrap();
    assert_eq!((output.ending, seen.bytes.as_slice()), (Ending::GivenUp, b"a\n".as_slice()));
    assert!((3..=6).contains(&seen.ticks), "{}", seen.ticks);
}

#[test]
fn the_first_thing_a_step_may_ask_for_is_as_in_a_new_shell() {
    let mut chapter = Chapter::new();
    for _ in 0..3 {
        chapter.says("echo $? $# $-", "0 0 ehBc\n");
    }
    chapter.says("echo $GUIDE_STEP", "step\n");
}

#[test]
fn what_goes_on_writing_neither_holds_up_its_step_nor_gets_into_the_next() {
    let mut chapter = Chapter::new();
    let output = chapter.run("yes & sleep 0.05; echo done");
    assert_eq!(output.ending, Ending::Exited(0));
    assert_eq!(
        output.leftovers.iter().map(|left| left.command.as_str()).collect::<Vec<_>>(),
        ["yes"]
    );
    chapter.says("echo clean", "clean\n");
    chapter.ends("yes & exit 3", Ending::Exited(3));
    chapter.says("echo clean", "clean\n");
}

/// A script that `reach.rs` judges by its look.
fn plain_script() -> impl proptest::strategy::Strategy<Value = String> {
    use proptest::prelude::*;
    let name = prop::sample::select(vec!["A", "B", "C_1", "PATH", "HOME", "TERM", "NEW"]);
    let value = prop::sample::select(vec![
        "1",
        "'two words'",
        "\"$A x\"",
        "${B}",
        "$PATH",
        "",
        "\"q\\\"q\"",
        "'it\"s'",
        "\"$?\"",
        "é",
    ]);
    let assign = (name, value).prop_map(|(name, value)| format!("{name}={value}"));
    let command = prop_oneof![
        assign.clone(),
        assign.clone().prop_map(|assign| format!("export {assign}")),
        assign.clone().prop_map(|assign| format!("{assign} true")),
        (assign.clone(), assign).prop_map(|(one, other)| format!("{one} {other}")),
        Just("export A NEW".to_owned()),
        Just("echo $A ${B} | cat >&2".to_owned()),
        Just("false || echo no # why\ntrue".to_owned()),
        Just("/bin/true && ls /dev/null".to_owned()),
    ];
    let between = prop::sample::select(vec!["\n", "; ", " && "]);
    prop::collection::vec((command, between), 1..5).prop_map(|parts| {
        parts.into_iter().map(|(command, between)| command + between).collect::<String>() + "true"
    })
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { cases: 24, ..Default::default() })]

    #[test]
    fn a_script_judged_by_its_look_leaves_the_state_it_really_leaves(scripts in proptest::collection::vec(plain_script(), 1..6)) {
        let (mut judged, mut told) = (Chapter::new(), Chapter::new());
        judged.says("true", "");
        told.says("true", "");
        let folder = |chapter: &Chapter, output: &Output| {
            let state = output.state.as_ref().map(|state| String::from_utf8_lossy(&state.0).into_owned());
            state.map(|state| state.replace(&chapter.folder.path().display().to_string(), "FOLDER"))
        };
        for script in scripts {
            assert_ne!(super::reach::reach(&script), super::reach::SideEffects::Everything, "{script}");
            let one = judged.run(&script);
            // What `eval` runs is not looked at, so everything is told.
            let other = told.run(&format!("eval ''; {script}"));
            assert_eq!((one.ending, &one.bytes), (other.ending, &other.bytes), "{script}");
            assert_eq!(folder(&judged, &one), folder(&told, &other), "{script}");
        }
    }
}

/// What the shell reads its commands from must not be seen as its stdin: each step would begin with putting that right.
#[test]
fn between_steps_the_shell_has_the_streams_it_was_started_with() {
    let mut chapter = Chapter::new();
    for script in ["echo a", "cd .", "seq 3 >/dev/null"] {
        chapter.run(script);
        let session = chapter.world.session.as_ref().unwrap();
        // It may still be on its way from the step's end to its next command.
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
fn a_step_may_have_the_descriptor_the_commands_come_by() {
    let mut chapter = Chapter::new();
    chapter.says("exec 9>log; echo one >&9", "");
    chapter.says("echo two >&9; cat log", "one\ntwo\n");
    chapter.says("exec 9>&-; [[ ! -e /proc/self/fd/9 ]] && echo closed", "closed\n");
}

/// Who is started by Python or by `nohup` ignores signals from the start; that is no state of the chapter's, and the steps' reach can be
/// judged all the same.
#[test]
fn a_signal_that_was_ignored_from_the_start_is_no_state() {
    let mut maker = Chapter::new();
    maker.says(
        "printf '#!/bin/bash\\ntrap \"\" XFSZ HUP\\nexec bash \"$@\"\\n' >ignoring; chmod +x ignoring",
        "",
    );
    let bash = maker.folder.path().join("ignoring");
    let interrupt = Interrupt::unconnected().unwrap();
    let environment = std::env::vars_os().collect();
    let options =
        ShellOptions { bash, environment, masker: Masker::new(), interrupt: interrupt.clone() };
    let mut chapter = Chapter::of(options, &[], interrupt);
    // Whoever started the tests may have ignored more.
    for name in ["SIGXFSZ", "SIGHUP"] {
        chapter.says(&format!("trap -p {name}"), &format!("trap -- '' {name}\n"));
    }
    assert!(chapter.world.live.is_plain());
    let state = chapter.run("trap '' USR1; x=1").state.unwrap();
    let state = String::from_utf8(state.0).unwrap();
    assert!(
        state.contains("trap -- '' SIGUSR1")
            && !state.contains("SIGHUP")
            && !state.contains("SIGXFSZ"),
        "{state}"
    );
}
