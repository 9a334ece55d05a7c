//! The layout of `.guide/runs/ID/`, and the ids of runs.

#![expect(clippy::disallowed_methods, reason = "`store` is the room that opens files")]

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use super::error::StoreError;
use crate::event::Stored;

/// All events of a run.
pub(crate) const JOURNAL: &str = "journal.jsonl";
/// All outputs of a run.
pub(super) const OUTPUT: &str = "output.log";
/// The shell states of a run.
pub(super) const STATES: &str = "states.log";

/// The form of the time in a run's id.
const ID_TIME: &str = "%Y%m%dT%H%M%S.%3fZ";

/// The id of a new run, made of its time and process. Ids sort in the order of the runs even if the clock is set back, because a new
/// one follows the newest one. Two runs of one book never happen at the same time.
pub(crate) fn run_id(at: jiff::Timestamp, pid: u32, newest: &str) -> String {
    let id = |at: jiff::Timestamp| format!("{}-{pid}", at.strftime(ID_TIME));
    let last = newest
        .rsplit_once('-')
        .and_then(|(time, _)| jiff::civil::DateTime::strptime(ID_TIME, time).ok());
    let last = last
        .and_then(|last| last.to_zoned(jiff::tz::TimeZone::UTC).ok())
        .map(|last| last.timestamp());
    match last {
        // The clock was set back, or two runs began within a millisecond.
        Some(last) if id(at).as_str() <= newest => id(last + jiff::SignedDuration::from_millis(1)),
        _ => id(at),
    }
}

/// The folder of all runs.
pub(super) fn runs_folder(state_dir: &Path) -> PathBuf {
    state_dir.join("runs")
}

/// Reads a part of a file of a run's folder.
///
/// # Errors
/// The file does not contain all of the part.
pub(crate) fn read_stored(folder: &Path, stored: &Stored) -> Result<Vec<u8>, StoreError> {
    if stored.length == 0 {
        return Ok(Vec::new());
    }
    let path = folder.join(&stored.file);
    let read = File::open(&path).and_then(|file| {
        let length = usize::try_from(stored.length).map_err(io::Error::other)?;
        if file.metadata()?.len() < stored.offset.saturating_add(stored.length) {
            return Err(io::Error::other("a part of it is missing"));
        }
        let mut bytes = vec![0; length];
        file.read_exact_at(&mut bytes, stored.offset)?;
        if stored.checksum.as_ref().is_some_and(|kept| *kept != checksum(&bytes)) {
            return Err(io::Error::other("a part of it is damaged"));
        }
        Ok(bytes)
    });
    read.map_err(StoreError::io("read", &path))
}

/// The checksum of a state. A state that was changed by accident or by hand must not be restored.
pub(super) fn checksum(bytes: &[u8]) -> String {
    use sha2::{Digest, Sha256};
    Sha256::digest(bytes)[..8].iter().map(|byte| format!("{byte:02x}")).collect()
}
