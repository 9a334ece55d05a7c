//! The run that holds the lock of a state folder, as the lock file describes it.

use serde::{Deserialize, Serialize};

use crate::ids::ChapterName;

/// The run that holds the lock.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// Its process.
    pub pid: u32,
    /// The chapter that it is in; `None` before the first one.
    pub chapter: Option<ChapterName>,
    /// When the run began (RFC 3339, UTC).
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
