//! A file that only grows, by whole records.

#![expect(clippy::disallowed_methods, reason = "`store` is the room that opens files")]

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::io::Errno;

use super::error::StoreError;

/// A file of a run that is appended to.
#[derive(Debug)]
pub(super) struct AppendOnlyFile {
    path: PathBuf,
    file: Arc<File>,
    length: u64,
    /// The byte up to which disk space is reserved, so that the next record can be written to a full disk. 0: nothing is reserved.
    reserved: u64,
    /// How many bytes to reserve ahead; 0: none.
    ahead: u64,
}

impl AppendOnlyFile {
    /// Creates the file, which must not exist. `ahead` bytes of disk space are reserved for later records.
    pub(super) fn create(path: &Path, ahead: u64) -> Result<Self, StoreError> {
        let file = File::options()
            .append(true)
            .create_new(true)
            .mode(0o600)
            .open(path)
            .map_err(StoreError::io("make", path))?;
        let mut appender =
            Self { path: path.to_owned(), file: Arc::new(file), length: 0, reserved: 0, ahead };
        appender.reserve()?;
        Ok(appender)
    }

    /// The open file, to be synced by another thread.
    pub(super) fn file(&self) -> Arc<File> {
        Arc::clone(&self.file)
    }

    /// The file's path.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The number of bytes so far.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// Appends a record with one write(2). If it cannot be written as a whole, no part of it remains.
    pub(super) fn append(&mut self, record: &[u8]) -> Result<(), StoreError> {
        let mut file = &*self.file;
        if let Err(error) = file.write_all(record) {
            // A part may have been written. If removing it fails too, the reader of the file drops the torn end.
            let _ = file.set_len(self.length);
            self.reserved = 0;
            return Err(StoreError::io("write", &self.path)(error));
        }
        self.length += record.len() as u64;
        Ok(())
    }

    /// Reserves disk space for the next records. It is called *after* a record was written, so that a full disk is reported while
    /// everything that has happened is safe.
    pub(super) fn reserve(&mut self) -> Result<(), StoreError> {
        if self.ahead == 0 || self.reserved >= self.length + self.ahead / 2 {
            return Ok(());
        }
        let wanted = self.length + self.ahead;
        match reserve(&self.file, self.reserved, wanted - self.reserved) {
            Ok(()) => self.reserved = wanted,
            // The file system cannot reserve space.
            Err(Errno::OPNOTSUPP | Errno::NOSYS | Errno::INVAL) => self.ahead = 0,
            Err(Errno::INTR) => {}
            Err(errno) => return Err(StoreError::io("write", &self.path)(io::Error::from(errno))),
        }
        Ok(())
    }
}

/// Reserves disk space after the end of the file, which does not move.
#[cfg(target_os = "linux")]
fn reserve(file: &File, from: u64, bytes: u64) -> rustix::io::Result<()> {
    use rustix::fs::{FallocateFlags, fallocate};
    fallocate(file, FallocateFlags::KEEP_SIZE, from, bytes)
}

/// Other systems cannot reserve space.
#[cfg(not(target_os = "linux"))]
fn reserve(_: &File, _: u64, _: u64) -> rustix::io::Result<()> {
    Err(Errno::OPNOTSUPP)
}

/// Releases the reserved space of a file that is complete. A failure is ignored, because it only costs some kilobytes.
pub(super) fn release_reserve(path: &Path) {
    let Ok(file) = File::options().write(true).open(path) else { return };
    if let Ok(metadata) = file.metadata() {
        let _ = file.set_len(metadata.len());
    }
}
