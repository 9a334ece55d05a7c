//! Temporary files: the new content of a file before it replaces the old one, in the same folder.
//!
//! A name is `.guide-tmp-PID-RANDOM`. It cannot be guessed and is created exclusively, so that another user of the folder cannot
//! redirect guide with a prepared link. A killed process does not remove its file; [`sweep`] removes those of dead processes.

#![expect(clippy::disallowed_methods, reason = "`store` is the room that opens files")]

use std::fs::{self, File};
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::process::is_alive;

const PREFIX: &str = ".guide-tmp-";

/// An unused name beside `path`. [`RandomState`] takes its keys from the operating system's random numbers.
pub(super) fn name_beside(path: &Path) -> PathBuf {
    let random = RandomState::new().hash_one(path);
    path.with_file_name(format!("{PREFIX}{}-{random:016x}", std::process::id()))
}

/// Creates a temporary file beside `path`. An existing file of the same name is an error and is never opened.
///
/// The file stays locked while it is open: a process that sweeps the folder and does not see this process (in another container,
/// say) still knows that the file is in use.
pub(super) fn create_beside(path: &Path, mode: u32) -> io::Result<(File, PathBuf)> {
    let name = name_beside(path);
    let file = File::options().write(true).create_new(true).mode(mode).open(&name)?;
    let _ = file.try_lock();
    Ok((file, name))
}

/// Removes the temporary files of dead processes from a folder. A folder that cannot be read, and a file that cannot be removed,
/// are passed over.
pub(crate) fn sweep(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let Some(pid) = name.to_str().and_then(process_of) else { continue };
        if pid != std::process::id() && !is_alive(pid) && !is_locked(&entry.path()) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// The process that a temporary file belongs to; `None` for any other name.
fn process_of(name: &str) -> Option<u32> {
    let (pid, random) = name.strip_prefix(PREFIX)?.split_once('-')?;
    let is_random = random.len() == 16 && random.bytes().all(|byte| byte.is_ascii_hexdigit());
    pid.parse().ok().filter(|_| is_random)
}

fn is_locked(path: &Path) -> bool {
    let is_file = fs::symlink_metadata(path).is_ok_and(|about| about.is_file());
    is_file
        && File::open(path)
            .is_ok_and(|file| matches!(file.try_lock(), Err(fs::TryLockError::WouldBlock)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dead_process() -> u32 {
        let mut child = std::process::Command::new("true").spawn().unwrap();
        child.wait().unwrap();
        child.id()
    }

    #[test]
    fn only_files_of_dead_processes_are_swept() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: String| {
            fs::write(folder.path().join(&name), "x").unwrap();
            name
        };
        let dead = dead_process();
        write(format!("{PREFIX}{dead}-0123456789abcdef"));
        let locked = write(format!("{PREFIX}{dead}-fedcba9876543210"));
        let in_use = File::open(folder.path().join(&locked)).unwrap();
        in_use.lock().unwrap();
        let mut kept = vec![
            locked,
            write(format!("{PREFIX}{}-0123456789abcdef", std::process::id())),
            write(format!("{PREFIX}{dead}-short")),
            write(format!(".web.snap.{dead}")),
        ];
        sweep(folder.path());
        let entries = fs::read_dir(folder.path()).unwrap();
        let mut left: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        left.sort();
        kept.sort();
        assert_eq!(left, kept);
    }

    #[test]
    fn names_differ_and_an_existing_file_is_never_opened() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        let names: std::collections::HashSet<PathBuf> =
            (0..100).map(|_| create_beside(&path, 0o600).unwrap().1).collect();
        assert_eq!(names.len(), 100);
    }
}
