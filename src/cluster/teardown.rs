//! `guide down`: which objects would be deleted, and deleting them.

mod plan;
mod run;

pub use plan::TeardownRequest;
pub(crate) use plan::{Action, KeepReason, TeardownItem, TeardownPlan};
pub(crate) use run::{TeardownOutcome, TeardownProgress};
