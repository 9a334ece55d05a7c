//! The real world: the steps of a chapter in one long-lived bash.
//!
//! A step runs at the top level of that bash, under `set -e -o pipefail`, with an empty stdin. At
//! the end of a step the shell reports its state. When a step ends the shell itself (by `exit`, a
//! failing command, `exec`, a signal, or the time limit), the next step gets a new shell, which is
//! brought into the last reported state, with the files that the steps have opened. A state with a
//! pipe or a connection cannot be restored: the next step is an error that names it. Jobs are not
//! carried over into a new shell.
//!
//! The runner keeps the EXIT trap that the steps set and runs it once, at the chapter's end. It
//! does not run when a step ends the shell earlier, because the next shell continues that shell for
//! the chapter.
//!
//! Limits: The state is not reported when a step ends its shell after it has set an EXIT trap that
//! its script does not show, because the trap is in a sourced file. The state before the step is
//! used then. A step that defines a function called `builtin` loses the function.
//! bash handles SIGTERM and SIGHUP itself if an EXIT trap is set, and the runner's trap is always
//! set. A child that receives one of them between its fork and the start of its program can lose
//! the signal (3 of 1,000 children that are killed at once on a busy machine) and continue: a
//! `wait` for it lasts until its program ends or until the step's time limit, and at the step's end
//! it is named and stopped.

mod background;
mod bash;
mod channel;
mod chapter_script;
mod exit_trap;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod interactive;
mod leftovers;
mod lint;
mod preparation;
mod processes;
mod rerun;
mod secrets;
mod session;
mod side_effects;
mod signals;
mod sink;
mod state;
mod step;
mod supervisor;
mod syntax;
mod terminal;
mod watchdog;

use std::ffi::OsString;
use std::io;
use std::os::fd::OwnedFd;
use std::path::PathBuf;

use rustix::process::Pid;

use self::background::BackgroundStep;
use self::bash::{Start, found_on_path};
pub(crate) use self::chapter_script::ChapterScript;
use self::interactive::ShellEnd;
pub(crate) use self::lint::{LintError, lint};
use self::preparation::step_folder;
use self::processes::{Processes, TAG};
pub(crate) use self::rerun::Rerun;
use self::secrets::Secrets;
use self::session::Session;
pub use self::signals::Interrupt;
use self::state::{MentionedNames, ShellSnapshot};
pub(crate) use self::syntax::{SyntaxError, syntax_errors};
use self::watchdog::Watchdog;
use crate::book::Background;
use crate::diagnostic::Diagnostic;
use crate::ids::StepId;
use crate::output::{LeftoverProcess, Output, ShellState};
use crate::secrets::Masker;
use crate::world::{Command, ExitTrap, Mode, ShellContext, StepShell, Watcher, World};

/// The options of the real world.
#[derive(Debug, Clone)]
pub struct ShellOptions {
    /// The shell. A bare name is searched for on the `PATH` of `environment`.
    pub bash: PathBuf,
    /// The caller's whole environment.
    pub environment: Vec<(OsString, OsString)>,
    /// Masks the secrets. It is shared with all other places that mask.
    pub masker: Masker,
    /// Ctrl-C and SIGTERM.
    pub interrupt: Interrupt,
    /// Whether only checks run. An EXIT trap that is restored with a chapter's state does not run
    /// then.
    pub verify_only: bool,
}

/// The real world: bash on this machine.
pub struct ShellWorld {
    options: ShellOptions,
    /// The value of [`TAG`] in the environment of all processes of the run.
    tag: String,
    processes: Processes,
    watchdog: Option<Watchdog>,
    /// The run's lock, which the watchdog shares.
    lock: Option<OwnedFd>,
    /// The chapter that was entered.
    context: Option<ShellContext>,
    /// The environment of the chapter's shell.
    environment: Vec<(OsString, OsString)>,
    session: Option<Session>,
    /// Whether the session has still to be brought into the chapter's state.
    session_is_new: bool,
    /// The chapter's state after its last step.
    snapshot: ShellSnapshot,
    /// The EXIT trap in the state with which the chapter was entered.
    inherited_exit_trap: Vec<u8>,
    /// Whether a step has run in the chapter's shell.
    has_run_a_step: bool,
    /// The result of the last chapter's EXIT trap.
    exit_trap: Option<ExitTrap>,
    secrets: Secrets,
    mentioned: MentionedNames,
    backgrounds: Vec<BackgroundStep>,
    /// The number of background steps that were started.
    background_count: usize,
    buffer: Vec<u8>,
}

impl ShellWorld {
    /// Makes this process the parent of all orphans of its descendants.
    ///
    /// # Errors
    /// When the kernel refuses this.
    pub fn new(mut options: ShellOptions) -> Result<Self, Diagnostic> {
        use std::hash::{BuildHasher, RandomState};
        let pid = std::process::id();
        let tag = format!("{pid}-{:016x}", RandomState::new().hash_one(pid));
        let processes = Processes::new(tag.clone())
            .map_err(|error| world_error("processes can't be watched", &error))?;
        options.bash = found_on_path(&options.bash, &options.environment);
        Ok(Self {
            options,
            tag,
            processes,
            watchdog: None,
            lock: None,
            context: None,
            environment: Vec::new(),
            session: None,
            session_is_new: false,
            snapshot: ShellSnapshot::default(),
            inherited_exit_trap: Vec::new(),
            has_run_a_step: false,
            exit_trap: None,
            secrets: Secrets::default(),
            mentioned: MentionedNames::default(),
            backgrounds: Vec::new(),
            background_count: 0,
            buffer: Vec::new(),
        })
    }

    /// Keeps the run's lock locked until all processes of the run have ended, even if this process
    /// is killed. It has to be called before a chapter is entered.
    pub fn hold_lock(&mut self, lock: OwnedFd) {
        self.lock = Some(lock);
    }

    /// The arguments of the start of a bash for the chapter.
    #[expect(clippy::disallowed_methods, reason = "bash cannot start in a folder that is gone")]
    fn start(&self) -> io::Result<Start<'_>> {
        let context =
            self.context.as_ref().ok_or_else(|| io::Error::other("no chapter was entered"))?;
        if !context.folder.is_dir() {
            return Err(io::Error::other(Lost(format!("the folder {}", context.folder.display()))));
        }
        Ok(Start {
            bash: &self.options.bash,
            folder: &context.folder,
            environment: &self.environment,
        })
    }

    fn start_session(&mut self) -> io::Result<Session> {
        let session = Session::start(&self.start()?)?;
        self.processes.add_group(session.pid());
        self.session_is_new = true;
        Ok(session)
    }

    /// The whole environment of a chapter's shell.
    fn environment_in(&self, context: &ShellContext) -> Vec<(OsString, OsString)> {
        let of_chapter =
            context.environment.iter().map(|(name, value)| (name.into(), value.into()));
        let own = [(TAG.into(), self.tag.clone().into()), ("GUIDE_STEP".into(), OsString::new())];
        self.options.environment.iter().cloned().chain(of_chapter).chain(own).collect()
    }

    /// The process groups of the background steps.
    fn background_groups(&self) -> Vec<Pid> {
        self.backgrounds.iter().map(BackgroundStep::group).collect()
    }

    /// Starts the watchdog if necessary and reports this process group to it, before a step runs in
    /// the group.
    fn watch_group(&mut self, group: Pid) -> io::Result<()> {
        let groups: Vec<Pid> = self.background_groups().into_iter().chain([group]).collect();
        let watchdog = match self.watchdog.take() {
            Some(watchdog) => watchdog,
            None => Watchdog::start(&self.options.bash, &self.tag, self.lock.as_ref())?,
        };
        let watchdog = self.watchdog.insert(watchdog);
        watchdog.keep_only(&groups);
        groups.into_iter().for_each(|group| watchdog.add(group));
        Ok(())
    }

    /// Ends the chapter's shell, after the steps' own EXIT trap has run.
    fn end_shell(&mut self) -> Vec<LeftoverProcess> {
        let mut leftovers = Vec::new();
        self.exit_trap = self.run_exit_trap();
        if let Some(ExitTrap::Ran(output)) = &self.exit_trap {
            leftovers.extend_from_slice(&output.leftovers);
        }
        if let Some(session) = self.session.take() {
            drop(session);
            let (groups, masker) = (self.background_groups(), &self.options.masker);
            let stopped = self.processes.stop_leftovers(None, &groups, masker, || Ok(()));
            leftovers.extend(stopped.unwrap_or_default());
        }
        leftovers
    }
}

impl World for ShellWorld {
    fn enter(
        &mut self,
        context: &ShellContext,
        state: Option<&ShellState>,
    ) -> Result<(), Diagnostic> {
        self.leave();
        self.environment = self.environment_in(context);
        self.context = Some(context.clone());
        self.snapshot =
            state.map_or_else(ShellSnapshot::default, |state| ShellSnapshot::from_text(&state.0));
        self.inherited_exit_trap.clone_from(&self.snapshot.exit_trap);
        let text = String::from_utf8_lossy(&self.snapshot.text);
        self.mentioned = MentionedNames::default();
        self.mentioned.add(&text);
        self.secrets.forget_values();
        self.secrets.set_by_function = self.secrets.are_mentioned_in(&text);
        let session = self.start_session().map_err(|error| Diagnostic {
            message: format!(
                "{} can't be started in {}: {error}",
                self.options.bash.display(),
                context.folder.display()
            ),
            hint: Some(
                "guide runs steps with bash: is it installed and on the PATH, and does the folder exist?"
                    .to_owned(),
            ),
        })?;
        // The watchdog starts while bash starts. An error is reported by the first step, which
        // starts the watchdog again.
        let _ = self.watch_group(session.pid());
        self.session = Some(session);
        Ok(())
    }

    fn run(&mut self, command: &Command, watcher: &mut dyn Watcher) -> Result<Output, Diagnostic> {
        let output = match command.mode {
            Mode::Background(kind) => self.start_background(command, kind, watcher),
            Mode::Shell | Mode::Aside | Mode::Interactive => self.run_in_shell(command, watcher),
        };
        output.map_err(|error| {
            let is_lost = error.get_ref().and_then(|inner| inner.downcast_ref::<Lost>()).is_some();
            let hint = format!(
                "bring it back, then `guide run --resume`; or run the chapter from its beginning: `guide run {}`",
                command.step.chapter
            );
            let error = world_error(&format!("step {} can't be run", command.step), &error);
            Diagnostic { hint: is_lost.then_some(hint), ..error }
        })
    }

    fn open_shell(&mut self, shell: &StepShell<'_>) -> Result<i32, Diagnostic> {
        let folder = step_folder(shell.cwd, self.context.as_ref());
        let end = self.start().and_then(|start| {
            interactive::open(&start, &self.snapshot.text, shell, folder.as_deref())
        });
        match end {
            Ok(ShellEnd::Left(code)) => Ok(code),
            Ok(ShellEnd::Lost(lost)) => {
                let step = shell.step;
                let lost = self.options.masker.mask(lost.trim_end_matches("; "));
                let message =
                    format!("the state of {step} cannot be restored: this is gone: {lost}");
                let hint = format!(
                    "bring it back, or run the chapter again: `guide run {}`",
                    step.chapter
                );
                Err(Diagnostic::new(message).with_hint(hint))
            }
            Err(error) => Err(world_error("the shell can't be opened", &error)),
        }
    }

    fn background_ended(&mut self, step: &StepId) -> Option<Output> {
        self.ended_background(step)
    }

    fn leave(&mut self) -> Vec<LeftoverProcess> {
        let leftovers = self.end_shell();
        self.stop_backgrounds(|kind| kind == Background::Chapter);
        self.context = None;
        leftovers
    }

    fn take_exit_trap(&mut self) -> Option<ExitTrap> {
        self.exit_trap.take()
    }

    fn close(&mut self) -> Vec<LeftoverProcess> {
        let leftovers = self.leave();
        self.stop_backgrounds(|kind| kind != Background::Keep);
        self.watchdog = None;
        leftovers
    }
}

impl Drop for ShellWorld {
    fn drop(&mut self) {
        self.close();
    }
}

/// A part of the previous state that does not exist any more. No step runs without it or with a
/// replacement.
#[derive(Debug, thiserror::Error)]
#[error("it needs what the step before left, and this is gone: {}", .0.trim_end_matches("; "))]
struct Lost(String);

fn world_error(what: &str, error: &io::Error) -> Diagnostic {
    Diagnostic { message: format!("{what}: {error}"), hint: None }
}

#[cfg(test)]
mod tests;
