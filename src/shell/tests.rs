//! Tests against the bash of this machine.

#![expect(clippy::disallowed_methods, reason = "tests make and read files of their own")]

mod background;
mod endings;
mod exit_trap;
mod isolation;
mod leftovers;
mod output;
mod side_effects;
mod state;

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

/// Keeps the output, and stops the step after a time.
#[derive(Default)]
struct TestWatcher {
    bytes: Vec<u8>,
    ticks: usize,
    flow: Option<(Duration, Flow)>,
}

impl Watcher for TestWatcher {
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
            verify_only: false,
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
        self.world.run(command, &mut TestWatcher::default()).unwrap()
    }

    /// Runs a script that must pass with this output.
    #[track_caller]
    fn prints(&mut self, script: &str, expected: &str) {
        let output = self.run(script);
        assert_eq!(
            (text(&output).as_str(), output.ending),
            (expected, Ending::Exited(0)),
            "{script}"
        );
    }

    /// Runs a script that must have this ending.
    #[track_caller]
    fn ends(&mut self, script: &str, ending: Ending) -> Output {
        let output = self.run(script);
        assert_eq!(output.ending, ending, "{script}: {}", text(&output));
        output
    }
}

/// Waits until the condition is true, which may take long on a busy machine.
#[track_caller]
fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let since = Instant::now();
    while !is_so() {
        assert!(since.elapsed() < Duration::from_secs(30), "not so after 30 s: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.bytes).into_owned()
}
