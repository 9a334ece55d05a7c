//! Watches the cluster while a step waits: finds what its objects wait for and their problems, and
//! ends the wait at every change.

#![expect(
    clippy::disallowed_methods,
    reason = "a watch waits for a cluster that changes by itself"
)]

mod cache;
mod rate_limit;
mod shared;
mod stream;
mod targets;
mod watcher;

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::JoinHandle;

use super::request_log::RequestCount;
use super::{Cluster, ClusterError};

pub use cache::LastingProblem;
pub(crate) use cache::WatchStatus;
use shared::Shared;
pub use shared::WatchScope;
pub(super) use targets::is_custom_group;
use watcher::supervise;

/// A running watch, which ends when it is dropped.
///
/// It sends one request for each kind and namespace when it starts, and none while no object
/// changes. Together with the checks that [`ClusterWatch::changed_after`] allows, it never sends
/// more than four requests a second.
#[derive(Debug)]
pub struct ClusterWatch {
    shared: Arc<Shared>,
    task: JoinHandle<()>,
    /// The thread that runs the watch, which lives as long as this handle.
    _cluster: Cluster,
}

impl Cluster {
    /// Starts a watch in the background and returns at once.
    ///
    /// Errors of the cluster are reported by [`WatchStatus::unreachable`], and the watch is
    /// restarted, because the cluster may be created, stopped and started while a chapter runs. The
    /// only error here is a thread that cannot be started.
    pub fn watch(&self, scope: WatchScope) -> Result<ClusterWatch, ClusterError> {
        let shared = Arc::new(Shared::default());
        let task =
            self.runtime()?.spawn(supervise(self.access.clone(), scope, Arc::clone(&shared)));
        Ok(ClusterWatch { shared, task, _cluster: self.clone() })
    }
}

impl ClusterWatch {
    /// The present knowledge of the watch. No request is sent.
    pub fn status(&self) -> WatchStatus {
        self.shared.cache().status(Instant::now())
    }

    /// Call this just before a check runs; the check counts as a request.
    ///
    /// The number it returns grows with every change. Give it to [`ClusterWatch::changed_after`] after the check, so that a change
    /// during the check is not missed.
    pub fn begin_check(&self) -> u64 {
        self.shared.rate_limit.begin_check(Instant::now());
        self.shared.cache().generation
    }

    /// The number of requests that this watch has sent, without those of the checks.
    pub fn requests(&self) -> RequestCount {
        self.shared.requests.count()
    }

    /// Waits for at most `limit` until something has changed since [`ClusterWatch::begin_check`] returned `generation`, and then
    /// until the check may run again: at least a quarter of a second after the last check, and never as the fifth request within
    /// one second. Returns whether there was a change.
    pub fn changed_after(&self, generation: u64, limit: Duration) -> bool {
        let deadline = Instant::now() + limit;
        if !self.shared.wait_for_change(generation, limit) {
            return false;
        }
        let now = Instant::now();
        let pause =
            self.shared.rate_limit.reserve_check(now).min(deadline.saturating_duration_since(now));
        std::thread::sleep(pause);
        true
    }
}

impl Drop for ClusterWatch {
    fn drop(&mut self) {
        self.task.abort();
    }
}
