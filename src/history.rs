//! HISTORY: what earlier runs did, and where a resumed run starts. Pure: `store` reads the journals.

mod applied;
pub(crate) mod resume;
mod shell_start;
mod step_record;

pub(crate) use applied::Applied;
pub use resume::*;
pub(crate) use shell_start::{NoState, ShellStart, shell_start, step_of_interest};
pub(crate) use step_record::{Standing, StepRecord};
