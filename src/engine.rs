//! CONDUCT: Plan + accepted texts + a [`World`](crate::world::World) → Events. Where the phases meet: do, compare, tell; wait,
//! retry, stop, resume. Not: how a command is run, no files, no printing (those are the [`ports`]).

mod asking;
mod attempt;
mod chapter;
mod condition;
mod judge;
#[cfg(test)]
mod oracle_tests;
mod ports;
mod ready;
mod resume;
mod run;
mod step;
mod up_to_date;
mod waiting;

pub(crate) use ports::{
    ClusterMonitor, ClusterStatus, FailureReports, Ports, Prompt, SnapshotStore, Workspace,
    WorkspaceRequest,
};
pub(crate) use run::{Options, RunRequest, conduct};
