//! The shell room where the system is not Linux: what runs no step works, and the world of a run says how to use the image.
//!
//! Running a step relies on Linux: on `/proc`, process descriptors, files in memory, and a parent that adopts all orphans.

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

/// What the real world has to know beforehand; here nothing of it is used.
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
    /// Always: steps run on Linux.
    pub fn new(_: ShellOptions) -> Result<Self, Diagnostic> {
        Err(Diagnostic {
            message: "guide runs steps on Linux, and this is another system".to_owned(),
            hint: Some(
                "use guide's image, where Docker runs: `docker run --rm -it --network host --volume \"$PWD:/book\" guide run` (docs/image.md); `guide check`, `plan`, `review`, `status` and `publish` work here"
                    .to_owned(),
            ),
        })
    }

    /// The lock has nothing to outlive here.
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
