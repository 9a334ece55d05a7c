//! The world as a few verbs. `shell` implements it with bash; tests of the engine use `scripted`.

#[cfg(test)]
pub(crate) mod scripted;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::diagnostic::Diagnostic;
use crate::ids::StepId;
use crate::output::{LeftoverProcess, Output, ShellState};

/// The folder and environment in which a chapter's shell starts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ShellContext {
    /// The chapter's working folder, which exists.
    pub folder: PathBuf,
    /// The environment that is added to the caller's: values, `KUBECONFIG`, `GUIDE_BOOK`, `GUIDE_STATE`, `GUIDE_PROFILE`, `GUIDE_CHAPTER`, `PATH` …
    pub environment: Vec<(String, String)>,
}

/// A shell for a person, in the state that the chapter's shell has.
#[derive(Debug, Clone, Copy)]
pub struct StepShell<'a> {
    /// The step whose state it is.
    pub step: &'a StepId,
    /// Names that are bound there: exported variables.
    pub bound: &'a [(String, String)],
    /// Folder to start in, as in [`Command::cwd`].
    pub cwd: Option<&'a str>,
    /// Whether a person types the commands; else they are read from stdin.
    pub on_terminal: bool,
}

/// One attempt at a step.
#[derive(Debug, Clone)]
pub struct Command {
    pub step: StepId,
    /// The script as bash gets it.
    pub script: Arc<str>,
    /// The time limit.
    pub timeout: Duration,
    /// How the command is run.
    pub mode: Mode,
    /// The names bound since the last command. They become exported variables of the shell before the script runs.
    pub bound: Vec<(String, String)>,
    /// The environment variables whose values are masked in the output.
    pub secrets: Vec<String>,
    /// The folder to run in: `rendered/…`, an absolute path, or a path relative to the book. The shell returns to its own folder.
    pub cwd: Option<String>,
}

/// How a command is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// In the chapter's shell, so that its state carries over. If the attempt does not succeed and the shell is lost, the next
    /// command starts it again from its last state.
    Shell,
    /// In a shell with the chapter's present state, whose changes are discarded (a check that runs before its turn).
    Aside,
    /// Started and kept running. `Output::ending` is `Started` unless the command ended at once.
    Background(crate::book::Background),
    /// In the chapter's shell with the terminal as stdin, stdout and stderr.
    Interactive,
}

/// The watcher's decision about a running command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Flow {
    /// Continue.
    Continue,
    /// Stop the process group, because the run was interrupted.
    Interrupt,
    /// Stop the process group, because the objects that it waits for cannot become ready any more.
    GiveUp,
}

/// Receives a command's output while the command runs.
pub trait Watcher {
    /// The next piece of output, with secrets masked. The watcher gets the whole output, however long it is.
    fn output(&mut self, bytes: &[u8]);
    /// Called at least every 100 ms while the command runs, with the time since it started.
    fn tick(&mut self, elapsed: Duration) -> Flow;
}

/// What became of the EXIT trap of a chapter's steps, at the chapter's end.
#[derive(Debug, Clone)]
pub enum ExitTrap {
    /// It ran, with this output.
    Ran(Output),
    /// It did not run.
    NotRun {
        /// Why, in words.
        why: String,
    },
}

/// The outside, as the engine uses it.
pub trait World {
    /// Begins a chapter: the next command runs in a new shell, which starts from `state` if it is given.
    ///
    /// # Errors
    /// When no shell can be started.
    fn enter(
        &mut self,
        context: &ShellContext,
        state: Option<&ShellState>,
    ) -> Result<(), Diagnostic>;

    /// Runs one command to its end; for `Background` only to its start.
    ///
    /// # Errors
    /// Only when the command could not be started or watched.
    fn run(&mut self, command: &Command, watcher: &mut dyn Watcher) -> Result<Output, Diagnostic>;

    /// Opens a shell for a person in the chapter's present state, and returns its exit code when it has ended. What is done in it
    /// changes the machine and not the chapter's shell.
    ///
    /// # Errors
    /// When the state cannot be restored, or there is no shell.
    fn open_shell(&mut self, _shell: &StepShell<'_>) -> Result<i32, Diagnostic> {
        Err(Diagnostic::new("there is no shell for a person here"))
    }

    /// How that background step ended; `None` while it runs.
    fn background_ended(&mut self, step: &StepId) -> Option<Output>;

    /// Ends the chapter: its shell, and the background steps that do not outlive it. Returns the leftover processes, which were
    /// stopped.
    fn leave(&mut self) -> Vec<LeftoverProcess>;

    /// What became of the EXIT trap that a step of the last chapter had set.
    fn take_exit_trap(&mut self) -> Option<ExitTrap> {
        None
    }

    /// Ends every process that must not outlive the run. Returns the leftover processes.
    fn close(&mut self) -> Vec<LeftoverProcess>;
}
