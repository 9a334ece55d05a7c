//! One run of a book at a time. The kernel holds the lock, so that the lock file of a dead process does not block a run.

#![expect(clippy::disallowed_methods, reason = "`store` is the room that opens files")]

use std::fs::{self, File, TryLockError};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{FileExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::error::StoreError;
use super::files::make_private_folder;
use super::holder::Holder;
use super::process::is_alive;
use crate::ids::ChapterName;

/// The lock file's text is padded to this length, so that one write replaces all of it and a reader never sees a part.
const SIZE: usize = 512;

/// How long to wait for the watchdog of a killed run: it holds the lock until it has ended the processes of that run.
const WATCHDOG_LIMIT: Duration = Duration::from_secs(10);
/// How long to wait for any other run, because one that was just killed may still exist.
const SHORTEST_WAIT: Duration = Duration::from_millis(300);
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// The lock. It is held until it is dropped; when this process is killed, until every process that has its descriptor has ended.
#[derive(Debug)]
pub struct RunLock {
    path: PathBuf,
    file: File,
    holder: Holder,
}

impl RunLock {
    /// Takes the lock of a state folder, which is made where it does not exist.
    ///
    /// # Errors
    /// [`StoreError::Busy`] at once when another run holds it; else when the file cannot be made.
    pub fn take(state_dir: &Path, pid: u32, since: &str) -> Result<Self, StoreError> {
        make_private_folder(state_dir)?;
        make_private(state_dir);
        let path = state_dir.join("lock");
        let file = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(StoreError::io("write", &path))?;
        match wait_for_lock(&file) {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(StoreError::Busy { holder: read_holder(&file), path });
            }
            Err(TryLockError::Error(error)) => return Err(StoreError::io("lock", &path)(error)),
        }
        let holder = Holder { pid, chapter: None, since: since.to_owned() };
        let lock = Self { path, file, holder };
        lock.write()?;
        Ok(lock)
    }

    /// A second descriptor of the lock, for the watchdog that ends the run's processes when this process is killed.
    ///
    /// # Errors
    /// When this process can have no more descriptors.
    pub fn descriptor(&self) -> Result<OwnedFd, StoreError> {
        Ok(self.file.try_clone().map_err(StoreError::io("lock", &self.path))?.into())
    }

    /// Writes into the lock file which chapter the run is in.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn enter(&mut self, chapter: &ChapterName) -> Result<(), StoreError> {
        self.holder.chapter = Some(chapter.clone());
        self.write()
    }

    fn write(&self) -> Result<(), StoreError> {
        let mut text = serde_json::to_vec(&self.holder).unwrap_or_default();
        text.resize(text.len().max(SIZE - 1), b' ');
        text.push(b'\n');
        self.file.write_all_at(&text, 0).map_err(StoreError::io("write", &self.path))
    }
}

impl Drop for RunLock {
    fn drop(&mut self) {
        // This releases the lock for all its descriptors: a run that ends by itself has no more processes to stop.
        let _ = self.file.unlock();
    }
}

/// The run that holds the lock of that state folder right now.
pub(crate) fn current_holder(state_dir: &Path) -> Option<Holder> {
    let file = File::open(state_dir.join("lock")).ok()?;
    matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)).then(|| read_holder(&file))
}

/// Removes the permissions of other users, which an earlier version or the maker of the folder may have given. Only a folder that is
/// certainly a state folder is changed, because another one may be named by mistake.
fn make_private(state_dir: &Path) {
    let Ok(found) = fs::symlink_metadata(state_dir) else { return };
    let mode = found.permissions().mode();
    let is_ours = found.is_dir()
        && (state_dir.join("lock").exists()
            || fs::read_dir(state_dir).is_ok_and(|mut all| all.next().is_none()));
    if is_ours && mode & 0o077 != 0 && mode & 0o1000 == 0 {
        // If the folder belongs to another user, the next write fails with a message.
        let _ = fs::set_permissions(state_dir, fs::Permissions::from_mode(mode & 0o7700));
    }
}

/// Takes the lock; waits only for the watchdog of a run whose process is dead.
fn wait_for_lock(file: &File) -> Result<(), TryLockError> {
    let began = Instant::now();
    loop {
        match lock_now(file) {
            Err(TryLockError::WouldBlock)
                if began.elapsed() < SHORTEST_WAIT
                    || (began.elapsed() < WATCHDOG_LIMIT && !is_alive(read_holder(file).pid)) => {}
            result => return result,
        }
        std::thread::sleep(POLL_INTERVAL);
    }
}

/// The second attempt succeeds if the first one met a process that was calling [`current_holder`].
fn lock_now(file: &File) -> Result<(), TryLockError> {
    file.try_lock().or_else(|_| {
        std::thread::sleep(POLL_INTERVAL);
        file.try_lock()
    })
}

/// The content of the lock file; the default if it cannot be parsed.
fn read_holder(file: &File) -> Holder {
    let mut text = vec![0; 4 * SIZE];
    let length = file.read_at(&mut text, 0).unwrap_or(0);
    let line = text[..length].split(|byte| *byte == b'\n').next().unwrap_or_default();
    serde_json::from_slice(line).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_run_is_refused_and_the_first_one_named() {
        let state = tempfile::tempdir().unwrap();
        let own = std::process::id();
        let mut first = RunLock::take(state.path(), own, "2026-11-23T22:45:00Z").unwrap();
        first.enter(&ChapterName::new("chapter-2")).unwrap();

        let refused = RunLock::take(state.path(), 4712, "2026-11-23T22:46:00Z").unwrap_err();

        assert_eq!(
            refused.to_string(),
            format!(
                "another run of this book is going on: process {own}, in chapter-2, since 2026-11-23T22:45:00Z"
            )
        );
        assert_eq!(
            refused.hint().unwrap(),
            format!("wait for process {own}, or end it with `kill {own}`")
        );
    }

    #[test]
    fn the_holder_is_known_without_taking_the_lock() {
        let state = tempfile::tempdir().unwrap();
        assert_eq!(current_holder(state.path()), None);
        let lock = RunLock::take(state.path(), 7, "now").unwrap();
        assert_eq!(current_holder(state.path()).unwrap().pid, 7);
        drop(lock);
        assert_eq!(current_holder(state.path()), None);
    }

    #[test]
    fn a_released_lock_is_free() {
        let state = tempfile::tempdir().unwrap();
        drop(RunLock::take(state.path(), 1, "then").unwrap());
        RunLock::take(state.path(), 2, "now").unwrap();
    }

    #[test]
    fn the_lock_of_a_killed_run_is_taken_once_its_watchdog_has_ended() {
        let state = tempfile::tempdir().unwrap();
        let mut dead = std::process::Command::new("true").spawn().unwrap();
        dead.wait().unwrap();
        let lock = RunLock::take(state.path(), dead.id(), "then").unwrap();
        let watchdogs = lock.descriptor().unwrap();
        // As after a kill: the destructor does not run.
        std::mem::forget(lock);
        let watchdog = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(200));
            let file = File::from(watchdogs);
            file.unlock().unwrap();
        });
        let began = Instant::now();
        let again = RunLock::take(state.path(), 7, "now").unwrap();
        assert!(began.elapsed() >= Duration::from_millis(150), "{:?}", began.elapsed());
        watchdog.join().unwrap();

        let copy = again.descriptor().unwrap();
        drop(again);
        RunLock::take(state.path(), 8, "later").unwrap();
        drop(copy);
    }

    #[test]
    fn the_lock_file_of_a_dead_process_does_not_block_a_run() {
        let state = tempfile::tempdir().unwrap();
        fs::write(
            state.path().join("lock"),
            r#"{"pid":999999,"chapter":"chapter-1","since":"long ago"}"#,
        )
        .unwrap();
        let lock = RunLock::take(state.path(), 7, "now").unwrap();
        assert_eq!(
            read_holder(&lock.file),
            Holder { pid: 7, chapter: None, since: "now".to_owned() }
        );
    }

    #[test]
    fn a_shorter_chapter_name_leaves_nothing_of_a_longer_one() {
        let state = tempfile::tempdir().unwrap();
        let mut lock = RunLock::take(state.path(), 7, "now").unwrap();
        lock.enter(&ChapterName::new("x".repeat(600))).unwrap();
        lock.enter(&ChapterName::new("chapter-1")).unwrap();
        assert_eq!(read_holder(&lock.file).chapter, Some(ChapterName::new("chapter-1")));
    }

    #[test]
    fn a_lock_file_of_other_content_still_locks() {
        let state = tempfile::tempdir().unwrap();
        let first = RunLock::take(state.path(), 7, "now").unwrap();
        first.file.write_all_at(&[0xff; 512], 0).unwrap();
        let refused = RunLock::take(state.path(), 8, "now").unwrap_err();
        assert_eq!(refused.to_string(), "another run of this book is going on: process 0");
    }
}
