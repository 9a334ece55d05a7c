//! What only a process of its own can show: a runner that is killed, signals, a terminal, orphans that say nothing of their run.
//!
//! Each test starts this test program once more, as the runner.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "it is a test, and the runner tells by printing"
)]
#![expect(clippy::disallowed_methods, reason = "it looks at the machine from outside of the rooms")]

use std::process::{Child, Command as Process, Stdio};
use std::time::{Duration, Instant};

use guide::testing::ids::StepId;
use guide::testing::ids::{ChapterName, StepName};
use guide::testing::secrets::Masker;
use guide::testing::shell::{Interrupt, ShellOptions, ShellWorld};
use guide::testing::world::{Command, Flow, Mode, ShellContext, Watcher, World};

/// Prints what it is shown, and heeds signals.
struct Shown(Interrupt);

impl Watcher for Shown {
    fn output(&mut self, bytes: &[u8]) {
        use std::io::Write;
        std::io::stdout().write_all(bytes).unwrap();
        std::io::stdout().flush().unwrap();
    }

    fn tick(&mut self, _elapsed: Duration) -> Flow {
        if self.0.count() > 0 { Flow::Interrupt } else { Flow::Continue }
    }
}

/// The runner: runs the script that the environment names, as the mode there says, and tells what came of it.
#[test]
#[ignore = "started by the other tests"]
fn runner() {
    let Ok(script) = std::env::var("RUNNER_SCRIPT") else { return };
    let interactive = std::env::var("RUNNER_INTERACTIVE").is_ok();
    let interrupt = Interrupt::install().unwrap();
    let environment = std::env::vars_os()
        .filter(|(name, _)| !name.to_string_lossy().starts_with("RUNNER_"))
        .collect();
    let options = ShellOptions {
        bash: "bash".into(),
        environment,
        masker: Masker::new(),
        interrupt: interrupt.clone(),
        verify_only: false,
    };
    let mut world = ShellWorld::new(options).unwrap();
    let folder = tempfile::tempdir().unwrap();
    world
        .enter(&ShellContext { folder: folder.path().to_owned(), environment: Vec::new() }, None)
        .unwrap();
    let command = Command {
        step: StepId { chapter: ChapterName::new("chapter"), step: StepName::new("step") },
        script: script.into(),
        timeout: Duration::from_secs(60),
        mode: if interactive { Mode::Interactive } else { Mode::Shell },
        bound: Vec::new(),
        secrets: Vec::new(),
        cwd: None,
    };
    let output = world.run(&command, &mut Shown(interrupt)).unwrap();
    println!("ending: {:?}", output.ending);
    for left in output.leftovers {
        println!("left: {}", left.command);
    }
}

fn start(script: &str) -> Child {
    Process::new(std::env::current_exe().unwrap())
        .args(["--exact", "runner", "--ignored", "--nocapture"])
        .env("RUNNER_SCRIPT", script)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

fn told(runner: Child) -> String {
    let output = runner.wait_with_output().unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// How many processes have exactly this command line.
fn count(command: &str) -> usize {
    let wanted = command.replace(' ', "\0") + "\0";
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    processes
        .filter(|process| {
            std::fs::read(process.path().join("cmdline"))
                .is_ok_and(|found| found == wanted.as_bytes())
        })
        .count()
}

#[track_caller]
fn soon(what: &str, holds: impl Fn() -> bool) {
    let since = Instant::now();
    while !holds() {
        assert!(since.elapsed() < Duration::from_secs(20), "not so after 20 s: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_killed_runner_leaves_nothing_of_its_step() {
    let mut runner = start(
        "sleep 7001 & setsid sleep 7002 & (setsid -f sleep 7003); env -i \"$(type -p setsid)\" -f sleep 7004; sleep 7005",
    );
    let all = ["sleep 7001", "sleep 7002", "sleep 7003", "sleep 7004", "sleep 7005"];
    soon("the step runs", || all.iter().all(|command| count(command) == 1));
    // The one that has cleared its environment is known after the runner's next look.
    std::thread::sleep(Duration::from_millis(500));
    runner.kill().unwrap();
    runner.wait().unwrap();
    soon("nothing is left", || all.iter().all(|command| count(command) == 0));
}

#[test]
fn a_runner_killed_at_any_moment_leaves_nothing() {
    let mut seen = 0;
    for moment in 0..25 {
        let mut runner = start("sleep 7006 & setsid sleep 7006 & sleep 7006");
        std::thread::sleep(Duration::from_millis(moment * 8));
        seen += usize::from(count("sleep 7006") > 0);
        runner.kill().unwrap();
        runner.wait().unwrap();
    }
    assert!(seen > 0, "no runner had come as far as its step");
    // Whatever was being started then has had its time.
    std::thread::sleep(Duration::from_millis(500));
    soon("nothing is left", || count("sleep 7006") == 0);
}

#[test]
fn an_orphan_that_says_nothing_of_its_run_is_named_and_stopped() {
    let told = told(start(
        "env -i \"$(type -p setsid)\" -f sleep 7007; (setsid sh -c 'sleep 7008; :' &); echo started",
    ));
    // On a busy machine one of them may not have become `sleep` yet.
    let left: Vec<&str> = told.lines().filter(|line| line.starts_with("left: ")).collect();
    assert!(told.contains("started\nending: Exited(0)\n"), "{told}");
    assert!(
        ["7007", "7008"].iter().all(|number| left.iter().any(|line| line.contains(number))),
        "{told}"
    );
    assert_eq!(count("sleep 7007") + count("sleep 7008"), 0);
}

#[test]
fn a_signal_ends_the_step_within_a_tenth_of_a_second() {
    for signal in ["-INT", "-TERM"] {
        let runner = start("echo before; sleep 7009");
        soon("the step runs", || count("sleep 7009") == 1);
        let before = Instant::now();
        assert!(
            Process::new("kill")
                .args([signal, &runner.id().to_string()])
                .status()
                .unwrap()
                .success()
        );
        let told = told(runner);
        assert!(told.contains("before\nending: Interrupted\n"), "{told}");
        assert!(before.elapsed() < Duration::from_secs(1), "{:?}", before.elapsed());
        assert_eq!(count("sleep 7009"), 0);
    }
}

#[test]
fn a_step_that_waits_for_the_terminal_is_ended_at_once() {
    for (script, signal) in [
        ("read -r -p 'Password: ' x </dev/tty", 21),
        ("cat </dev/tty | tr a b", 21),
        ("(sleep 0.1; stty -echo </dev/tty)", 22),
    ] {
        let inner = format!(
            "{} --exact runner --ignored --nocapture",
            std::env::current_exe().unwrap().display()
        );
        let before = Instant::now();
        let output = Process::new("script")
            .args(["-qec", &inner, "/dev/null"])
            .env("RUNNER_SCRIPT", script)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(told.contains(&format!("ending: Signalled({signal})")), "{script}: {told}");
        assert!(before.elapsed() < Duration::from_secs(20), "{script}: {:?}", before.elapsed());
    }
}

#[test]
fn an_interactive_step_has_the_terminal() {
    let script = "tty >/dev/null && [[ -t 0 && -t 1 && -t 2 ]] && echo terminal; read -r -t 5 line; echo \"read $line\"; \
        ps -o stat= -p $$ | grep -q '+' && echo foreground";
    let program = std::env::current_exe().unwrap();
    let inner = format!("{} --exact runner --ignored --nocapture", program.display());
    let mut terminal = Process::new("script")
        .args(["-qec", &inner, "/dev/null"])
        .env("RUNNER_SCRIPT", script)
        .env("RUNNER_INTERACTIVE", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut keys = terminal.stdin.take().unwrap();
    std::io::Write::write_all(&mut keys, b"typed\n").unwrap();
    let told = terminal.wait_with_output().unwrap();
    drop(keys);
    let told = String::from_utf8_lossy(&told.stdout).replace('\r', "");
    for line in ["terminal\n", "read typed\n", "foreground\n", "ending: Exited(0)\n"] {
        assert!(told.contains(line), "{line}{told}");
    }
}
