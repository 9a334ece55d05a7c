//! The real world: a chapter's steps in one long-lived bash.
//!
//! A step runs at the top level of that bash, under `set -e -o pipefail`, stdin empty. The shell tells the end of a step and its
//! own state; when a step ends the shell itself (`exit`, a failing command, `exec`, a signal, the time limit), the next command
//! gets a new one, brought into the last state that was told. Not carried over into a new shell: open descriptors and jobs.
//!
//! The steps' own EXIT trap, once set, is kept by the runner: it runs once, at the chapter's end. Where a step ends the shell before,
//! it does not: for the chapter, that shell goes on in the next one.
//!
//! Limits: an `EXIT` trap that a step sets where it can't be seen in its script (in a file it sources), and that it then meets within
//! the same step, keeps the shell from telling its state; the state before the step is used then. A step that defines a function called `builtin` loses that function.

mod assigned;
mod assignments;
mod background;
mod channel;
mod declaration;
mod dump;
mod guard;
mod left;
mod processes;
mod pump;
mod reach;
mod rerun;
mod roots;
mod safe_state;
mod secrets;
mod session;
mod signals;
mod sink;
mod state;
mod syntax;
mod terminal;

use std::ffi::OsString;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::process::Pid;

use self::assigned::Assigned;
use self::background::BackgroundStep;
use self::guard::Watchdog;
use self::processes::{Processes, TAG};
use self::secrets::Secrets;
use self::session::{Session, Start};
pub use self::signals::Interrupt;
use self::state::ShellSnapshot;
pub(crate) use self::syntax::{SyntaxError, syntax_errors};
use crate::book::Background;
use crate::diagnostic::Diagnostic;
use crate::ids::StepId;
use crate::ids::{ChapterName, StepName};
use crate::output::{LeftoverProcess, Output, ShellState};
use crate::secrets::Masker;
use crate::world::{Command, Flow, Mode, ShellContext, Watcher, World};

pub(crate) use rerun::Rerun;

mod backgrounds;
mod preparation;
mod step;

/// How long a step's own EXIT trap may run at the chapter's end.
const FAREWELL: Duration = Duration::from_secs(5);

/// What the real world needs to know beforehand.
#[derive(Debug, Clone)]
pub struct ShellOptions {
    /// The shell; `bash` is looked for on the `PATH` of `environment`.
    pub bash: PathBuf,
    /// The caller's environment, all of it.
    pub environment: Vec<(OsString, OsString)>,
    /// Secrets; shared with whoever else masks.
    pub masker: Masker,
    /// How the user asks for an end.
    pub interrupt: Interrupt,
}

/// Commands run by bash, on this machine.
pub struct ShellWorld {
    options: ShellOptions,
    tag: String,
    processes: Processes,
    guard: Option<Watchdog>,
    /// The run's lock, for the guard.
    lock: Option<OwnedFd>,
    /// The first chapter's shell, started beforehand, and where.
    expected: Option<(ShellContext, Session)>,
    scene: Option<ShellContext>,
    environment: Vec<(OsString, OsString)>,
    session: Option<Session>,
    /// Killed, and not yet seen to be dead.
    let_go: Vec<Session>,
    /// The session has not been brought into the state yet.
    new: bool,
    live: ShellSnapshot,
    /// A step has run in the chapter's shell.
    acted: bool,
    secrets: Secrets,
    /// Variables that the chapter's steps may have assigned.
    assigned: Assigned,
    backgrounds: Vec<BackgroundStep>,
    background_count: usize,
    buffer: Vec<u8>,
}

impl ShellWorld {
    /// Makes this process the one that orphans of its descendants come to.
    ///
    /// # Errors
    /// When the kernel does not let it.
    pub fn new(mut options: ShellOptions) -> Result<Self, Diagnostic> {
        use std::hash::{BuildHasher, RandomState};
        let tag = format!(
            "{}-{:016x}",
            std::process::id(),
            RandomState::new().hash_one(std::process::id())
        );
        let processes = Processes::new(tag.clone())
            .map_err(|error| broken("processes can't be watched", &error))?;
        options.bash = found_on_path(&options.bash, &options.environment);
        Ok(Self {
            options,
            tag,
            processes,
            guard: None,
            lock: None,
            expected: None,
            scene: None,
            environment: Vec::new(),
            session: None,
            let_go: Vec::new(),
            new: false,
            live: ShellSnapshot::default(),
            acted: false,
            secrets: Secrets::default(),
            assigned: Assigned::default(),
            backgrounds: Vec::new(),
            background_count: 0,
            buffer: Vec::new(),
        })
    }

    /// Where the first chapter will most likely be entered: its bash is started, and makes itself ready beside what the caller does
    /// next. Nothing runs in it before the chapter is entered. What goes wrong is told then; another scene can be entered as well.
    pub fn expect(&mut self, scene: ShellContext) {
        let environment = self.environment_in(&scene);
        let start =
            Start { bash: &self.options.bash, folder: &scene.folder, environment: &environment };
        self.expected = Session::start(&start).ok().map(|session| (scene, session));
    }

    /// The run's lock stays held, if this process is killed, until all that it had started is ended. To be called before a chapter
    /// is entered.
    pub fn hold(&mut self, lock: OwnedFd) {
        self.lock = Some(lock);
    }

    /// What is masked in all that comes out; secrets learnt elsewhere may be added to it.
    pub fn masker(&self) -> Masker {
        self.options.masker.clone()
    }

    /// The chapter's surroundings, for a new bash.
    fn surroundings(&self) -> io::Result<Start<'_>> {
        let scene =
            self.scene.as_ref().ok_or_else(|| io::Error::other("no chapter has been entered"))?;
        if !scene.folder.is_dir() {
            return Err(io::Error::other(Lost(format!("the folder {}", scene.folder.display()))));
        }
        Ok(Start {
            bash: &self.options.bash,
            folder: &scene.folder,
            environment: &self.environment,
        })
    }

    fn start(&mut self) -> io::Result<Session> {
        let expected = self.expected.take().filter(|(scene, _)| self.scene.as_ref() == Some(scene));
        let session = match expected {
            Some((_, session)) => session,
            None => Session::start(&self.surroundings()?)?,
        };
        self.processes.add_group(session.pid());
        self.new = true;
        Ok(session)
    }

    /// All that a chapter's shell finds in its environment.
    fn environment_in(&self, scene: &ShellContext) -> Vec<(OsString, OsString)> {
        let added = scene.environment.iter().map(|(name, value)| (name.into(), value.into()));
        let ours = [(TAG.into(), self.tag.clone().into()), ("GUIDE_STEP".into(), OsString::new())];
        self.options.environment.iter().cloned().chain(added).chain(ours).collect()
    }

    /// Process groups of the background steps.
    fn spared(&self) -> Vec<Pid> {
        self.backgrounds.iter().map(|background| background.pid).collect()
    }

    /// Ends the chapter's shell. Steps' own EXIT trap runs first; what it prints nobody sees.
    fn end_shell(&mut self) -> Vec<LeftoverProcess> {
        let mut left = Vec::new();
        if std::mem::take(&mut self.acted) && !self.live.at_exit.is_empty() {
            let step = StepId { chapter: ChapterName::new(""), step: StepName::new("") };
            let (timeout, mode) = (FAREWELL, Mode::Shell);
            let exit = Command {
                step,
                script: "__guide_ending=1; exit 0".into(),
                timeout,
                mode,
                bound: Vec::new(),
                secrets: Vec::new(),
                cwd: None,
            };
            left.extend(
                self.execute(&exit, &mut NullWatcher)
                    .map(|output| output.leftovers)
                    .unwrap_or_default(),
            );
        }
        if let Some(session) = self.session.take() {
            self.end(session);
            let stopped =
                self.processes.stop_left(None, &self.spared(), &self.options.masker, || Ok(()));
            left.extend(stopped.unwrap_or_default());
        }
        // The trap was a step of its own.
        self.acted = false;
        left
    }

    /// Ends a shell. One that has no children leaves nothing behind, so nobody needs to wait until it is dead.
    fn end(&mut self, session: Session) {
        self.let_go.retain(|session| !matches!(session.try_wait(), Ok(Some(_))));
        if session.children().list().is_empty() {
            session.let_go();
            self.let_go.push(session);
        }
    }
}

impl World for ShellWorld {
    fn enter(
        &mut self,
        scene: &ShellContext,
        state: Option<&ShellState>,
    ) -> Result<(), Diagnostic> {
        self.leave();
        self.environment = self.environment_in(scene);
        self.scene = Some(scene.clone());
        self.secrets.forget_values();
        self.live =
            state.map_or_else(ShellSnapshot::default, |state| ShellSnapshot::from_text(&state.0));
        self.assigned = Assigned::default();
        self.assigned.add(&String::from_utf8_lossy(&self.live.text));
        self.secrets.set_by_function =
            self.secrets.are_mentioned_in(&String::from_utf8_lossy(&self.live.text));
        let session = self.start().map_err(|error| Diagnostic {
            message: format!(
                "{} can't be started in {}: {error}",
                self.options.bash.display(),
                scene.folder.display()
            ),
            hint: Some(
                "guide runs steps with bash: is it installed and on the PATH, and does the folder exist?"
                    .to_owned(),
            ),
        })?;
        // While bash makes itself ready. A guard that can't be started is tried again, and spoken of, before the first step.
        let _ = self.guard(session.pid());
        self.session = Some(session);
        Ok(())
    }

    fn run(&mut self, command: &Command, watcher: &mut dyn Watcher) -> Result<Output, Diagnostic> {
        let output = match command.mode {
            Mode::Background(kind) => self.start_background(command, kind, watcher),
            Mode::Shell | Mode::Aside | Mode::Interactive => self.execute(command, watcher),
        };
        output.map_err(|error| {
            let lost = error.get_ref().is_some_and(|error| error.is::<Lost>());
            let chapter = &command.step.chapter;
            let hint =
                format!("bring it back, then `guide run --resume`; or run the chapter from its beginning: `guide run {chapter}`");
            Diagnostic { hint: lost.then_some(hint), ..broken(&format!("step {} can't be run", command.step), &error) }
        })
    }

    fn background_ended(&mut self, step: &StepId) -> Option<Output> {
        self.ended_background(step)
    }

    fn leave(&mut self) -> Vec<LeftoverProcess> {
        let left = self.end_shell();
        self.stop_backgrounds(|kind| kind == Background::Chapter);
        self.scene = None;
        left
    }

    fn close(&mut self) -> Vec<LeftoverProcess> {
        let left = self.leave();
        self.stop_backgrounds(|kind| kind != Background::Keep);
        self.expected = None;
        self.guard = None;
        left
    }
}

impl Drop for ShellWorld {
    fn drop(&mut self) {
        self.close();
    }
}

/// The program's whole path, so that it need not be looked for at each start (and can be started without copying this process).
/// As it was given, if it is not found: the error then says so.
fn found_on_path(program: &Path, environment: &[(OsString, OsString)]) -> PathBuf {
    let path = environment
        .iter()
        .rev()
        .find(|(name, _)| name == "PATH")
        .map(|(_, path)| path.clone())
        .unwrap_or_default();
    let folders = std::env::split_paths(&path)
        .filter(|folder| folder.is_absolute() && program.components().count() == 1);
    let mut programs = folders.map(|folder| folder.join(program));
    let found = programs.find(|path| {
        path.is_file() && rustix::fs::access(path, rustix::fs::Access::EXEC_OK).is_ok()
    });
    found.unwrap_or_else(|| program.to_owned())
}

/// What of the state that the step before left is not there any more. No step is run without it, nor with another thing in its place.
#[derive(Debug, thiserror::Error)]
#[error("it needs what the step before left, and this is gone: {}", .0.trim_end_matches("; "))]
struct Lost(String);

/// Nobody looks.
struct NullWatcher;

impl Watcher for NullWatcher {
    fn output(&mut self, _bytes: &[u8]) {}

    fn tick(&mut self, _elapsed: Duration) -> Flow {
        Flow::Continue
    }
}

fn broken(what: &str, error: &io::Error) -> Diagnostic {
    Diagnostic::new(format!("{what}: {error}"))
}

#[cfg(test)]
mod tests;
