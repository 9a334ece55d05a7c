//! HISTORY: what earlier runs did, and where a resumed run starts. Pure: `store` reads the journals.

mod applied;
pub(crate) mod resume;
mod step_record;

pub(crate) use applied::Applied;
pub use resume::*;
pub(crate) use step_record::{Standing, StepRecord};
