//! Tests that need a runner in its own process, which is killed, receives signals, has a terminal,
//! or adopts untagged orphans.
//!
//! Each test starts this test program again as the runner.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "it is a test, and the runner reports by printing"
)]
#![expect(clippy::disallowed_methods, reason = "it observes the machine from outside of the rooms")]

use std::process::{Child, Command as Process, Stdio};
use std::time::{Duration, Instant};

use guide::testing::book::Background;
use guide::testing::ids::{ChapterName, StepId, StepName};
use guide::testing::output::Ending;
use guide::testing::secrets::Masker;
use guide::testing::shell::{Interrupt, ShellOptions, ShellWorld};
use guide::testing::world::{Command, Flow, Mode, ShellContext, Watcher, World};

/// Prints the output, and stops the step at a signal.
struct PrintingWatcher(Interrupt);

impl Watcher for PrintingWatcher {
    fn output(&mut self, bytes: &[u8]) {
        use std::io::Write;
        std::io::stdout().write_all(bytes).unwrap();
        std::io::stdout().flush().unwrap();
    }

    fn tick(&mut self, _elapsed: Duration) -> Flow {
        if self.0.count() > 0 { Flow::Interrupt } else { Flow::Continue }
    }
}

/// The runner: it runs the script that the environment gives, in the mode that the environment gives, and prints the result.
#[test]
#[ignore = "started by the other tests"]
fn runner() {
    let Ok(script) = std::env::var("RUNNER_SCRIPT") else { return };
    let mode = match std::env::var("RUNNER_MODE").as_deref() {
        Ok("interactive") => Mode::Interactive,
        Ok("background") => Mode::Background(Background::Chapter),
        _ => Mode::Shell,
    };
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
        mode,
        bound: Vec::new(),
        secrets: Vec::new(),
        cwd: None,
    };
    let mut output = world.run(&command, &mut PrintingWatcher(interrupt)).unwrap();
    while output.ending == Ending::Started {
        std::thread::sleep(Duration::from_millis(10));
        output = world.background_ended(&command.step).unwrap_or(output);
    }
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

fn printed_by(runner: Child) -> String {
    let output = runner.wait_with_output().unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The number of processes with exactly this command line.
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
fn wait_until(what: &str, is_so: impl Fn() -> bool) {
    let since = Instant::now();
    while !is_so() {
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
    wait_until("the step runs", || all.iter().all(|command| count(command) == 1));
    // A process that has cleared its environment is found at the runner's next tick.
    std::thread::sleep(Duration::from_secs(1));
    runner.kill().unwrap();
    runner.wait().unwrap();
    wait_until("nothing is left", || all.iter().all(|command| count(command) == 0));
}

#[test]
fn a_runner_killed_at_any_moment_leaves_nothing() {
    const SCRIPT: &str = "sleep 7006 & setsid sleep 7006 & sleep 7006";
    for moment in 0..25 {
        let mut runner = start(SCRIPT);
        std::thread::sleep(Duration::from_millis(moment * 8));
        runner.kill().unwrap();
        runner.wait().unwrap();
    }
    // On a busy machine none of them may have reached its step.
    let mut runner = start(SCRIPT);
    wait_until("a process of the step runs", || count("sleep 7006") > 0);
    runner.kill().unwrap();
    runner.wait().unwrap();
    // A process that was starting at that moment needs time to appear.
    std::thread::sleep(Duration::from_millis(500));
    wait_until("nothing is left", || count("sleep 7006") == 0);
}

#[test]
fn an_orphan_without_a_tag_is_named_and_stopped() {
    let printed = printed_by(start(
        "env -i \"$(type -p setsid)\" -f sleep 7007; (setsid sh -c 'sleep 7008; :' &); echo started",
    ));
    // On a busy machine one of them may not have become `sleep` yet.
    let left: Vec<&str> = printed.lines().filter(|line| line.starts_with("left: ")).collect();
    assert!(printed.contains("started\nending: Exited(0)\n"), "{printed}");
    assert!(
        ["7007", "7008"].iter().all(|number| left.iter().any(|line| line.contains(number))),
        "{printed}"
    );
    assert_eq!(count("sleep 7007") + count("sleep 7008"), 0);
}

#[test]
fn a_signal_ends_the_step() {
    for signal in ["-INT", "-TERM"] {
        let runner = start("echo before; sleep 7009");
        wait_until("the step runs", || count("sleep 7009") == 1);
        assert!(
            Process::new("kill")
                .args([signal, &runner.id().to_string()])
                .status()
                .unwrap()
                .success()
        );
        let printed = printed_by(runner);
        assert!(printed.contains("before\nending: Interrupted\n"), "{printed}");
        assert_eq!(count("sleep 7009"), 0);
    }
}

#[test]
fn a_step_that_uses_the_terminal_is_stopped_at_once() {
    for (script, mode, signal) in [
        ("read -r -p 'Password: ' x </dev/tty", "shell", 21),
        ("cat </dev/tty | tr a b", "shell", 21),
        ("(sleep 0.1; stty -echo </dev/tty)", "shell", 22),
        ("read -r -p 'Password: ' x </dev/tty", "background", 21),
        ("sleep 0.5; cat </dev/tty | tr a b", "background", 21),
        ("(sleep 0.5; stty -echo </dev/tty); sleep 1000", "background", 22),
    ] {
        let inner = format!(
            "{} --exact runner --ignored --nocapture",
            std::env::current_exe().unwrap().display()
        );
        let output = Process::new("script")
            .args(["-qec", &inner, "/dev/null"])
            .env("RUNNER_SCRIPT", script)
            .env("RUNNER_MODE", mode)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(printed.contains(&format!("ending: Signalled({signal})")), "{script}: {printed}");
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
        .env("RUNNER_MODE", "interactive")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut keys = terminal.stdin.take().unwrap();
    std::io::Write::write_all(&mut keys, b"typed\n").unwrap();
    let printed = terminal.wait_with_output().unwrap();
    drop(keys);
    let printed = String::from_utf8_lossy(&printed.stdout).replace('\r', "");
    for line in ["terminal\n", "read typed\n", "foreground\n", "ending: Exited(0)\n"] {
        assert!(printed.contains(line), "{line}{printed}");
    }
}
