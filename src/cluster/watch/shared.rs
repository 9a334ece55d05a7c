//! The state that the watching tasks and the waiting side of a watch share.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::cache::WatchCache;
use super::rate_limit::RateLimit;
use crate::cluster::request_log::RequestLog;
use crate::ids::ObjectRef;

/// The objects that a chapter's watch covers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WatchScope {
    /// The objects of the chapter's manifests. Problems are reported only for these and for what they own.
    pub objects: Vec<ObjectRef>,
    /// Further namespaces whose pods and events count as changes (the chapter's own). When neither this nor `objects` names a
    /// namespace, the pods of all namespaces are watched.
    pub namespaces: Vec<String>,
}

/// The state that both sides share.
#[derive(Debug, Default)]
pub(super) struct Shared {
    cache: Mutex<WatchCache>,
    changed: Condvar,
    /// The rate limit of all requests of this watch, and of the checks that it allows.
    pub(super) rate_limit: RateLimit,
    /// Counts every request of this watch.
    pub(super) requests: Arc<RequestLog>,
}

impl Shared {
    /// The cache, for reading or for a change that ends no wait.
    pub(super) fn cache(&self) -> MutexGuard<'_, WatchCache> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the cache and ends the waits for a change.
    pub(super) fn change(&self, change: impl FnOnce(&mut WatchCache)) {
        let mut cache = self.cache();
        change(&mut cache);
        cache.generation += 1;
        drop(cache);
        self.changed.notify_all();
    }

    /// Waits for at most `limit` until the cache is newer than `generation`. Returns whether it is.
    pub(super) fn wait_for_change(&self, generation: u64, limit: Duration) -> bool {
        let (cache, _timed_out) = self
            .changed
            .wait_timeout_while(self.cache(), limit, |cache| cache.generation <= generation)
            .unwrap_or_else(PoisonError::into_inner);
        cache.generation > generation
    }

    /// Stores why the cluster cannot be watched, or `None` when it can. Losing and regaining the cluster are changes.
    pub(super) fn set_unreachable(&self, reason: Option<String>) {
        let was_unreachable = self.cache().unreachable.is_some();
        if was_unreachable == reason.is_some() {
            self.cache().unreachable = reason;
        } else {
            self.change(|cache| cache.unreachable = reason);
        }
    }
}
