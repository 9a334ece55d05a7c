//! `guide down`: plans which objects to delete, and deletes them.

mod plan;
mod run;

pub use plan::TeardownRequest;
pub(crate) use plan::{Action, KeepReason, TeardownItem, TeardownPlan};
pub(crate) use run::{TeardownOutcome, TeardownProgress};
