//! Brings a run's files to the disk at least once a second while they change, and at its end.
//!
//! A killed runner loses nothing without this (the kernel has what was written); it is for the machine that loses power.

use std::fs::File;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::error::StoreError;

/// How long written bytes may wait.
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
    /// In the order in which they are synced: a journal after what it speaks of.
    files: Vec<(PathBuf, Arc<File>)>,
    dirty: bool,
    /// The thread is at it.
    busy: bool,
    stop: bool,
    failed: Option<StoreError>,
}

impl Syncer {
    /// Starts the thread, which has something else to do first. Without one (no threads left) that is left undone, and the files
    /// are synced at the end only.
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

    /// Something was written.
    ///
    /// # Errors
    /// When the last sync failed, or what came before the first.
    pub(super) fn changed(&self) -> Result<(), StoreError> {
        let mut state = self.shared.lock();
        if !state.dirty {
            state.dirty = true;
            self.shared.wake.notify_one();
        }
        state.result()
    }

    /// Syncs a last time. The thread ends when it next wakes; only what it is doing just now is waited for.
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
        // The caller that wants to know has called `finish` itself.
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

    /// What the thread is busy with. It does not panic; if it did, nobody would wait for it for ever.
    fn work(&self, work: impl FnOnce() -> Result<(), StoreError>) {
        let _rest = Rest(self);
        let failed = work().err();
        let mut state = self.lock();
        state.failed = state.failed.take().or(failed);
    }
}

/// When it goes, the thread is busy no more.
struct Rest<'a>(&'a Shared);

impl Drop for Rest<'_> {
    fn drop(&mut self) {
        self.0.lock().busy = false;
        self.0.wake.notify_all();
    }
}

fn sync(files: &[(PathBuf, Arc<File>)]) -> Result<(), StoreError> {
    // The kernel begins to write all of them, and brings them down together; one after the other takes twice as long.
    for (_, file) in files {
        let _ = rustix::fs::fadvise(file, 0, None, rustix::fs::Advice::DontNeed);
    }
    files.iter().try_for_each(|(path, file)| {
        file.sync_data().map_err(StoreError::io("bring to the disk", path))
    })
}
