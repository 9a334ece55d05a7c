//! The shell room for systems other than Linux: commands that run no step work, and running a step
//! returns an error that names the container image.
//!
//! Running a step needs features of Linux: `/proc`, process descriptors, memory files, and a parent
//! that adopts all orphans.

#[path = "shell/rerun.rs"]
mod rerun;
#[path = "shell/signals.rs"]
mod signals;
#[path = "shell/syntax.rs"]
mod syntax;

use std::convert::Infallible;
use std::ffi::OsString;
use std::os::fd::OwnedFd;
use std::path::PathBuf;

pub(crate) use self::rerun::Rerun;
pub use self::signals::Interrupt;
pub(crate) use self::syntax::{SyntaxError, syntax_errors};
use crate::diagnostic::Diagnostic;
use crate::ids::StepId;
use crate::output::{LeftoverProcess, Output, ShellState};
use crate::secrets::Masker;
use crate::world::{Command, ShellContext, Watcher, World};

/// The options of the real world, which are not used here.
#[derive(Debug, Clone)]
pub struct ShellOptions {
    pub bash: PathBuf,
    pub environment: Vec<(OsString, OsString)>,
    pub masker: Masker,
    pub interrupt: Interrupt,
    pub verify_only: bool,
}

/// A world that cannot be made on this system.
pub struct ShellWorld(Infallible);

impl ShellWorld {
    /// # Errors
    /// Always, because steps run only on Linux.
    pub fn new(_: ShellOptions) -> Result<Self, Diagnostic> {
        Err(Diagnostic {
            message: "guide runs steps on Linux, and this is another system".to_owned(),
            hint: Some(
                "use guide's image, where Docker runs: `docker run --rm -it --network host --volume \"$PWD:/book\" guide run` (docs/image.md); `guide check`, `plan`, `review`, `status` and `publish` work here"
                    .to_owned(),
            ),
        })
    }

    /// Does nothing, because no process of a run exists here.
    pub fn hold_lock(&mut self, _: OwnedFd) {
        match self.0 {}
    }
}

impl World for ShellWorld {
    fn enter(&mut self, _: &ShellContext, _: Option<&ShellState>) -> Result<(), Diagnostic> {
        match self.0 {}
    }

    fn run(&mut self, _: &Command, _: &mut dyn Watcher) -> Result<Output, Diagnostic> {
        match self.0 {}
    }

    fn background_ended(&mut self, _: &StepId) -> Option<Output> {
        match self.0 {}
    }

    fn leave(&mut self) -> Vec<LeftoverProcess> {
        match self.0 {}
    }

    fn close(&mut self) -> Vec<LeftoverProcess> {
        match self.0 {}
    }
}
