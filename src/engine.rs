//! ENGINE: a [`Plan`](crate::plan::Plan) and a [`World`](crate::world::World) →
//! [`Event`](crate::event::Event)s.
//!
//! The engine runs the steps, compares their output, and records and reports what happened. It also
//! retries, waits and resumes.
//!
//! A [`context`] is passed down and results are returned up: `run::conduct` → `chapter::run` →
//! `step::run` → `execute::run_attempts` → `retry::run_until_settled` → `attempt::run_attempt`. The
//! engine reaches everything outside through the [`Ports`].

mod attempt;
mod background;
mod chapter;
mod clock;
mod condition;
mod context;
mod done;
mod entry;
mod execute;
mod finish;
mod judge;
mod pause;
mod ports;
mod request;
mod resume;
mod retry;
mod run;
mod step;
#[cfg(test)]
mod tests;
mod up_to_date;
mod verify;

pub(crate) use clock::{Clock, SystemClock};
pub(crate) use entry::chapter_environment;
pub(crate) use ports::{
    ChangeWait, ClusterMonitor, ClusterStatus, FailureReports, Ports, Prompt, SnapshotStore,
    Workspace, WorkspaceRequest,
};
pub(crate) use request::{Options, RunRequest};
pub(crate) use run::conduct;
