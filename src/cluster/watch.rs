//! Watching while a step waits: what its objects are waiting for, what keeps them from coming up, and a word at every change.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::task::JoinHandle;

use super::follow::supervise;
use super::pace::Pace;
use super::requests::{RequestCount, Requests};
use super::seen::{Seen, WatchStatus};
use super::{Cluster, ClusterError};
use crate::ids::ObjectRef;

/// What a chapter's watch looks at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WatchScope {
    /// The objects of the chapter's manifests: problems are told only of these and of what they own.
    pub objects: Vec<ObjectRef>,
    /// Further namespaces whose pods and events count as changes of the world (the chapter's own). With no namespace at all,
    /// neither here nor in `objects`, the pods of all are watched.
    pub namespaces: Vec<String>,
}

/// A running watch. It costs one request for each kind and namespace when it starts, none while nothing happens, and never more
/// than four a second with the questions that [`ClusterWatch::changed_after`] allows. Ends when dropped.
#[derive(Debug)]
pub struct ClusterWatch {
    shared: Arc<Shared>,
    task: JoinHandle<()>,
    /// Keeps the thread going that drives the watch.
    _cluster: Cluster,
}

/// What the watching tasks and the waiting side have in common.
#[derive(Debug, Default)]
pub(super) struct Shared {
    seen: Mutex<Seen>,
    changed: Condvar,
    /// Keeps all requests of this watch, and the questions it allows, within the limit.
    pub(super) pace: Pace,
    /// Every request of this watch.
    pub(super) requests: Arc<Requests>,
}

impl Shared {
    /// What was seen, to read or to add to.
    pub(super) fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes something in, and wakes whoever waits for a change.
    pub(super) fn change(&self, take_in: impl FnOnce(&mut Seen)) {
        let mut seen = self.seen();
        take_in(&mut seen);
        seen.generation += 1;
        drop(seen);
        self.changed.notify_all();
    }

    /// The cluster can, or can't, be watched: that too is a change, told once.
    pub(super) fn reached(&self, problem: Option<String>) {
        let was = self.seen().unreachable.is_some();
        if was != problem.is_some() {
            self.change(|seen| seen.unreachable = problem);
        } else if was {
            self.seen().unreachable = problem;
        }
    }
}

impl Cluster {
    /// Starts watching in the background and returns at once. What goes wrong is told by [`WatchStatus::unreachable`], and tried again:
    /// the cluster may be made, stopped and started under way.
    ///
    /// # Errors
    /// Only when the thread that asks the cluster can't be started.
    pub fn watch(&self, scope: WatchScope) -> Result<ClusterWatch, ClusterError> {
        let shared = Arc::new(Shared::default());
        let task = self.driver()?.spawn(supervise(self.access.clone(), scope, Arc::clone(&shared)));
        Ok(ClusterWatch { shared, task, _cluster: self.clone() })
    }
}

impl ClusterWatch {
    /// What there is to see now. Cheap: no request is made.
    pub fn look(&self) -> WatchStatus {
        self.shared.seen().sight(Instant::now())
    }

    /// A verify step is asked now, which counts as a request: call it just before. The number goes up with every change; give it
    /// to [`ClusterWatch::changed_after`] afterwards, and a change in between is not missed.
    pub fn asking(&self) -> u64 {
        self.shared.pace.question(Instant::now());
        self.shared.seen().generation
    }

    /// The requests that this watch has sent (the verify steps' own not among them).
    pub fn requests(&self) -> RequestCount {
        self.shared.requests.count()
    }

    /// Waits until something has changed since [`ClusterWatch::asking`] gave this number, for at most `limit`, and until it may be
    /// asked again: a quarter of a second after the last time, and never the fifth request within a second. Says whether there
    /// was a change.
    pub fn changed_after(&self, generation: u64, limit: Duration) -> bool {
        let deadline = Instant::now() + limit;
        let seen = self.shared.seen();
        let (seen, waited) = self
            .shared
            .changed
            .wait_timeout_while(seen, limit, |seen| seen.generation <= generation)
            .unwrap_or_else(PoisonError::into_inner);
        drop(seen);
        if waited.timed_out() {
            return false;
        }
        let now = Instant::now();
        let pause =
            self.shared.pace.reserve_question(now).min(deadline.saturating_duration_since(now));
        std::thread::sleep(pause);
        true
    }
}

impl Drop for ClusterWatch {
    fn drop(&mut self) {
        self.task.abort();
    }
}
