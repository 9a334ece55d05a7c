//! HISTORY: what earlier runs are known to have done, and where a resumed run starts. Pure: `store` reads the journals.

pub(crate) mod resume;
mod step_record;

pub use resume::*;
pub(crate) use step_record::{Standing, StepRecord};
