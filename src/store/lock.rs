//! One run of a book at a time. The kernel holds the lock, so one whose process is dead is no obstacle.

#![expect(clippy::disallowed_methods, reason = "`store` is the room that opens files")]

use std::fs::{self, File};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{FileExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};

use super::error::StoreError;
use super::whole_file::make_private_folder;
use crate::ids::ChapterName;

/// The lock's text is padded to this, so that one write replaces all of it and a reader never sees half.
const SIZE: usize = 512;

/// How long a killed run's guard is waited for: it holds the lock until it has ended the processes of that run.
const CLEARING: Duration = Duration::from_secs(10);
/// How often it is looked.
const LOOK: Duration = Duration::from_millis(20);

/// Who holds the lock, as it told itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// Process id.
    pub pid: u32,
    /// The chapter it is in; none before the first.
    pub chapter: Option<ChapterName>,
    /// Since when the run goes on (RFC 3339, UTC).
    pub since: String,
}

impl std::fmt::Display for Holder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "process {}", self.pid)?;
        if let Some(chapter) = &self.chapter {
            write!(f, ", in {chapter}")?;
        }
        if self.since.is_empty() { Ok(()) } else { write!(f, ", since {}", self.since) }
    }
}

/// The lock, held until it is dropped, and after this process was killed until whoever has its descriptor ends, too.
#[derive(Debug)]
pub struct RunLock {
    path: PathBuf,
    file: File,
    holder: Holder,
}

impl RunLock {
    /// Takes the lock of a state folder, which is made where it is missing.
    ///
    /// # Errors
    /// [`StoreError::Busy`] at once when another run holds it; else when the file can't be made.
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
        let since_when = Instant::now();
        let mut taken = lock_at_once(&file);
        while taken == Err(rustix::io::Errno::WOULDBLOCK)
            && since_when.elapsed() < CLEARING
            && !read_holder(&file).is_alive()
        {
            std::thread::sleep(LOOK);
            taken = lock_at_once(&file);
        }
        match taken {
            Ok(()) => {}
            Err(rustix::io::Errno::WOULDBLOCK) => {
                return Err(StoreError::Busy { holder: read_holder(&file), path });
            }
            Err(errno) => return Err(StoreError::io("lock", &path)(io::Error::from(errno))),
        }
        let holder = Holder { pid, chapter: None, since: since.to_owned() };
        let lock = Self { path, file, holder };
        lock.write()?;
        Ok(lock)
    }

    /// The lock once more, for whoever ends the run's processes if this one is killed.
    ///
    /// # Errors
    /// When there is no descriptor to be had.
    pub fn descriptor(&self) -> Result<OwnedFd, StoreError> {
        Ok(self.file.try_clone().map_err(StoreError::io("lock", &self.path))?.into())
    }

    /// Tells others which chapter the run is in.
    ///
    /// # Errors
    /// When the file can't be written.
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
        // For all descriptors of it: a run that ends by itself has nothing left to be ended.
        let _ = flock(&self.file, FlockOperation::Unlock);
    }
}

impl Holder {
    /// Is its process there, and not one that has ended and that nobody has noticed yet? In doubt, it is.
    fn is_alive(&self) -> bool {
        match fs::read_to_string(format!("/proc/{}/stat", self.pid)) {
            Ok(stat) => {
                !stat.rsplit_once(") ").is_some_and(|(_, fields)| fields.starts_with(['Z', 'X']))
            }
            Err(_) => {
                let pid = i32::try_from(self.pid).ok().and_then(rustix::process::Pid::from_raw);
                pid.is_none_or(|pid| {
                    rustix::process::test_kill_process(pid) != Err(rustix::io::Errno::SRCH)
                })
            }
        }
    }
}

/// Who runs the book of that state folder right now.
pub(crate) fn current_holder(state_dir: &Path) -> Option<Holder> {
    let file = File::open(state_dir.join("lock")).ok()?;
    match flock(&file, FlockOperation::NonBlockingLockShared) {
        Err(rustix::io::Errno::WOULDBLOCK) => Some(read_holder(&file)),
        _ => None,
    }
}

/// Takes the lock, or knows at once that it can't. A second try passes over whoever only asked [`current_holder`] at that moment.
/// Takes from others what an earlier version, or whoever made the folder, let them see. Only of a folder that is surely ours: one
/// that was named by mistake stays as it is.
fn make_private(state_dir: &Path) {
    let Ok(found) = fs::symlink_metadata(state_dir) else { return };
    let mode = found.permissions().mode();
    let is_ours = found.is_dir()
        && (state_dir.join("lock").exists()
            || fs::read_dir(state_dir).is_ok_and(|mut all| all.next().is_none()));
    if is_ours && mode & 0o077 != 0 && mode & 0o1000 == 0 {
        // Where it is another user's the next write says so.
        let _ = fs::set_permissions(state_dir, fs::Permissions::from_mode(mode & 0o7700));
    }
}

fn lock_at_once(file: &File) -> rustix::io::Result<()> {
    flock(file, FlockOperation::NonBlockingLockExclusive).or_else(|_| {
        std::thread::sleep(LOOK);
        flock(file, FlockOperation::NonBlockingLockExclusive)
    })
}

/// What the lock's file says; of one that can't be understood, nothing.
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
    fn who_runs_the_book_can_be_asked_without_taking_the_lock() {
        let state = tempfile::tempdir().unwrap();
        assert_eq!(current_holder(state.path()), None);
        let lock = RunLock::take(state.path(), 7, "now").unwrap();
        assert_eq!(current_holder(state.path()).unwrap().pid, 7);
        drop(lock);
        assert_eq!(current_holder(state.path()), None);
    }

    #[test]
    fn a_lock_that_was_let_go_is_free() {
        let state = tempfile::tempdir().unwrap();
        drop(RunLock::take(state.path(), 1, "then").unwrap());
        RunLock::take(state.path(), 2, "now").unwrap();
    }

    #[test]
    fn a_killed_runs_lock_is_waited_for_until_its_guard_has_ended() {
        let state = tempfile::tempdir().unwrap();
        let mut dead = std::process::Command::new("true").spawn().unwrap();
        dead.wait().unwrap();
        let lock = RunLock::take(state.path(), dead.id(), "then").unwrap();
        let guards = lock.descriptor().unwrap();
        // What a kill does: nothing of the lock's own is done any more.
        std::mem::forget(lock);
        let guard = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(200));
            let file = File::from(guards);
            flock(&file, FlockOperation::Unlock).unwrap();
        });
        let since = Instant::now();
        let again = RunLock::take(state.path(), 7, "now").unwrap();
        assert!(since.elapsed() >= Duration::from_millis(150), "{:?}", since.elapsed());
        guard.join().unwrap();

        let copy = again.descriptor().unwrap();
        drop(again);
        RunLock::take(state.path(), 8, "later").unwrap();
        drop(copy);
    }

    #[test]
    fn a_lock_file_left_by_a_dead_process_is_no_obstacle() {
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
    fn a_lock_file_of_other_content_still_refuses() {
        let state = tempfile::tempdir().unwrap();
        let first = RunLock::take(state.path(), 7, "now").unwrap();
        first.file.write_all_at(&[0xff; 512], 0).unwrap();
        let refused = RunLock::take(state.path(), 8, "now").unwrap_err();
        assert_eq!(refused.to_string(), "another run of this book is going on: process 0");
    }
}
