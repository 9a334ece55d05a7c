//! The world as a few verbs. `shell` is the real one; tests of the engine use `scripted`.

#[cfg(test)]
pub(crate) mod scripted;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::diagnostic::Diagnostic;
use crate::ids::StepId;
use crate::output::{LeftoverProcess, Output, ShellState};

/// Where a chapter's shell is started.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ShellContext {
    /// The chapter's working folder (exists).
    pub folder: PathBuf,
    /// Environment added to the caller's: values, `KUBECONFIG`, `GUIDE_BOOK`, `GUIDE_STATE`, `GUIDE_PROFILE`, `GUIDE_CHAPTER`, `PATH` …
    pub environment: Vec<(String, String)>,
}

/// One attempt at a step.
#[derive(Debug, Clone)]
pub struct Command {
    pub step: StepId,
    /// What bash gets.
    pub script: Arc<str>,
    /// Time limit.
    pub timeout: Duration,
    /// How it is run.
    pub mode: Mode,
    /// Names bound since the last command: become (exported) variables of the shell before the script runs.
    pub bound: Vec<(String, String)>,
    /// Environment variables whose values are masked in all that comes out.
    pub secrets: Vec<String>,
    /// Folder to run in: `rendered/…`, an absolute path, or a path relative to the book; the shell is back in its own folder afterwards.
    pub cwd: Option<String>,
}

/// How a command is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// In the chapter's shell; its state carries over. If the attempt ends other than by success the shell may be gone: it is
    /// started again, from the last state it left, at the next command.
    Shell,
    /// In a shell with the chapter's present state whose changes are thrown away (a verify step asked ahead of its turn).
    Aside,
    /// Started and left running; `Output::ending` is `Started` unless it ended at once.
    Background(crate::book::Background),
    /// In the chapter's shell with the terminal as stdin, stdout and stderr.
    Interactive,
}

/// What the watcher wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Flow {
    /// Go on.
    Continue,
    /// Stop the process group: the run was interrupted.
    Interrupt,
    /// Stop the process group: what it waits for can't come any more.
    GiveUp,
}

/// Sees a command's output as it comes.
pub trait Watcher {
    /// A piece of output, secrets masked already, in the order in which it was written. All of it, however long.
    fn output(&mut self, bytes: &[u8]);
    /// Called at least every 100 ms while the command runs, with the time since it started.
    fn tick(&mut self, elapsed: Duration) -> Flow;
}

/// The outside, as the engine sees it.
pub trait World {
    /// Begins a chapter: the next command runs in a new shell there, starting from `state` if one is given.
    ///
    /// # Errors
    /// When no shell can be started.
    fn enter(&mut self, scene: &ShellContext, state: Option<&ShellState>)
    -> Result<(), Diagnostic>;

    /// Runs one command to its end (or start, for `Background`).
    ///
    /// # Errors
    /// Only when it could not be started or watched.
    fn run(&mut self, command: &Command, watcher: &mut dyn Watcher) -> Result<Output, Diagnostic>;

    /// Is that background step still running, or how did it end?
    fn background_ended(&mut self, step: &StepId) -> Option<Output>;

    /// Ends the chapter: its shell, and its background steps but those that go on. Returns what had to be stopped beside these.
    fn leave(&mut self) -> Vec<LeftoverProcess>;

    /// The output of the EXIT trap that the steps of the last chapter had set, and that ran as the chapter ended.
    fn take_exit_trap_output(&mut self) -> Option<Output> {
        None
    }

    /// Ends everything that may not outlive the run.
    fn close(&mut self) -> Vec<LeftoverProcess>;
}
