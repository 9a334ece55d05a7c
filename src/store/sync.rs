//! Writes the files of a run to the disk at least once a second while they change, and at the end of the run.
//!
//! It protects against a loss of power. A killed runner loses nothing, because the kernel has what was written.

use std::fs::File;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::error::StoreError;

/// How long written bytes may stay unsynced.
const INTERVAL: Duration = Duration::from_millis(900);

/// A thread that syncs.
#[derive(Debug)]
pub(super) struct Syncer {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    wake: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// The files in the order in which they are synced: a journal after the files that it names.
    files: Vec<(PathBuf, Arc<File>)>,
    dirty: bool,
    /// Whether the thread is syncing.
    busy: bool,
    stop: bool,
    failed: Option<StoreError>,
}

impl Syncer {
    /// Starts the thread, which first does `first`. If no thread can be started, `first` is not done, and the files are synced at the
    /// end only.
    pub(super) fn start(first: impl FnOnce() -> Result<(), StoreError> + Send + 'static) -> Self {
        let shared = Arc::new(Shared::default());
        shared.lock().busy = true;
        let for_thread = Arc::clone(&shared);
        let thread = std::thread::Builder::new().name("sync".to_owned()).spawn(move || {
            for_thread.work(first);
            for_thread.go_on();
        });
        shared.lock().busy &= thread.is_ok();
        Self { shared }
    }

    /// Adds a file; it is synced before those that were added earlier.
    pub(super) fn add(&self, path: PathBuf, file: Arc<File>) {
        self.shared.lock().files.insert(0, (path, file));
    }

    /// Notes that a file was written.
    ///
    /// # Errors
    /// The last sync or `first` failed.
    pub(super) fn changed(&self) -> Result<(), StoreError> {
        let mut state = self.shared.lock();
        if !state.dirty {
            state.dirty = true;
            self.shared.wake.notify_one();
        }
        state.result()
    }

    /// Syncs a last time. It waits for a sync in progress, but not for the thread, which ends when it next wakes.
    ///
    /// # Errors
    /// When this or the last sync failed.
    pub(super) fn finish(&mut self) -> Result<(), StoreError> {
        let mut state = self.shared.lock();
        state.stop = true;
        self.shared.wake.notify_all();
        let mut state = self
            .shared
            .wake
            .wait_while(state, |state| state.busy)
            .unwrap_or_else(PoisonError::into_inner);
        if state.dirty {
            state.dirty = false;
            let failed = sync(&state.files).err();
            state.failed = state.failed.take().or(failed);
        }
        state.result()
    }
}

impl Drop for Syncer {
    fn drop(&mut self) {
        // A caller that needs the result has called `finish` itself.
        let _ = self.finish();
    }
}

impl State {
    fn result(&mut self) -> Result<(), StoreError> {
        self.failed.take().map_or(Ok(()), Err)
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn go_on(&self) {
        let mut state = self.lock();
        loop {
            state = self
                .wake
                .wait_while(state, |state| !state.dirty && !state.stop)
                .unwrap_or_else(PoisonError::into_inner);
            let waited = self.wake.wait_timeout_while(state, INTERVAL, |state| !state.stop);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
            if state.stop {
                return;
            }
            state.dirty = false;
            state.busy = true;
            let files = state.files.clone();
            drop(state);
            self.work(|| sync(&files));
            state = self.lock();
        }
    }

    /// Does a piece of work of the thread. Even if it panicked, another thread would not wait for it forever.
    fn work(&self, work: impl FnOnce() -> Result<(), StoreError>) {
        let _rest = Rest(self);
        let failed = work().err();
        let mut state = self.lock();
        state.failed = state.failed.take().or(failed);
    }
}

/// Marks the thread as idle when it is dropped.
struct Rest<'a>(&'a Shared);

impl Drop for Rest<'_> {
    fn drop(&mut self) {
        self.0.lock().busy = false;
        self.0.wake.notify_all();
    }
}

fn sync(files: &[(PathBuf, Arc<File>)]) -> Result<(), StoreError> {
    files.iter().try_for_each(|(path, file)| {
        file.sync_data().map_err(StoreError::io("bring to the disk", path))
    })
}
