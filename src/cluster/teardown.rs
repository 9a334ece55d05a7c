//! `guide down`: which objects would be deleted, and deleting them.

mod plan;
mod run;

pub use plan::{Action, KeepReason, TeardownItem, TeardownPlan, TeardownRequest};
pub use run::{TeardownOutcome, TeardownProgress};
