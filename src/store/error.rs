//! What can go wrong with a run's files, for people: what, where, why, what to do next.

use std::io;
use std::path::{Path, PathBuf};

use super::lock::Holder;
use crate::diagnostic::Diagnostic;

/// A file of a run could not be read, written or trusted.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The operating system refused.
    #[error("can't {doing} `{}`: {}", path.display(), in_words(source))]
    Io {
        /// A verb: `write`, `read`, `make the folder` …
        doing: &'static str,
        path: PathBuf,
        source: io::Error,
    },
    /// Another run of the book goes on.
    #[error("another run of this book is going on: {holder}")]
    Busy {
        /// Who holds the lock.
        holder: Holder,
        /// The lock's file.
        path: PathBuf,
    },
    /// Written by a newer guide.
    #[error("`{}` has format {found}, written by guide {by}; this is guide {} and knows format {known}", path.display(), env!("CARGO_PKG_VERSION"))]
    NewerFormat {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: u32,
        /// The newest one known here.
        known: u32,
        /// The version of guide that wrote it.
        by: String,
    },
    /// A chapter was edited while it was reviewed.
    #[error("`{}` was changed while it was reviewed", path.display())]
    ChapterChanged {
        /// The file.
        path: PathBuf,
    },
    /// A file among the snapshots that is none.
    #[error("`{}` is not a snapshot: {why}", path.display())]
    InvalidSnapshot {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// A file among the snapshots that is no recording.
    #[error("`{}` is not a recording: {why}", path.display())]
    InvalidRecording {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// mdBook could not make the site.
    #[error("mdBook can't make a site of `{}`: {why}", root.display())]
    SiteFailed {
        /// The book.
        root: PathBuf,
        /// What mdBook says.
        why: String,
    },
    /// A command of another program that `book.toml` names failed.
    #[error("a command of book.toml failed, {command}: {why}")]
    CommandFailed {
        command: String,
        /// What mdBook says.
        why: String,
    },
    /// A command of another program that `book.toml` names was not allowed.
    #[error("book.toml names a command that nobody allowed, {command}")]
    CommandNotAllowed { command: String },
    /// The folder of the site holds something else.
    #[error("guide does not make the site in `{}`, as what is there would be deleted: {why}", path.display())]
    NotASite {
        /// The folder.
        path: PathBuf,
        /// By what guide knows that it is not its own.
        why: String,
    },
    /// Not what guide writes.
    #[error("`{}:{line}` is not a line of a journal: {why}", path.display())]
    CorruptJournal {
        /// The file.
        path: PathBuf,
        /// 1-based line.
        line: usize,
        /// What the parser says.
        why: String,
    },
}

impl StoreError {
    /// Makes an I/O error of a path, for `map_err`.
    pub(super) fn io(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { doing, path, source }
    }

    /// A file whose path the writer does not know.
    pub fn write_failed(path: &Path, source: io::Error) -> Self {
        Self::Io { doing: "write", path: path.to_owned(), source }
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Io { source, .. } => match source.kind() {
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                    Some("make room on that disk, then `guide run --resume`: every step written down so far is kept".to_owned())
                }
                io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied => {
                    Some("name a folder that can be written with `--state DIR`".to_owned())
                }
                _ => None,
            },
            Self::Busy { holder, .. } => Some(format!("wait for process {}, or end it with `kill {}`", holder.pid, holder.pid)),
            Self::NewerFormat { .. } => {
                Some("use that guide, or name another folder with `--state DIR`, or move the file away".to_owned())
            }
            Self::ChapterChanged { .. } => Some("review it again: nothing of it was written".to_owned()),
            Self::InvalidSnapshot { .. } => {
                Some("take it back from version control, or remove it: the next run writes a pending one".to_owned())
            }
            Self::InvalidRecording { .. } => {
                Some("take it back from version control, or remove it: the next run writes a pending one".to_owned())
            }
            Self::SiteFailed { .. } => Some(
                "guide makes sites with mdBook 0.5, which no longer knows some keys of 0.4; `guide check` finds what is wrong with the chapters"
                    .to_owned(),
            ),
            Self::CommandFailed { .. } => Some(
                "it is another program than guide: see what it printed, correct or install it, or take its table out of book.toml".to_owned(),
            ),
            Self::CommandNotAllowed { .. } => Some("allow it with `--allow-commands`, or take its table out of book.toml".to_owned()),
            Self::NotASite { .. } => Some(
                "name an empty or a new folder with `--out`; a site that mdBook or an older guide made may be removed by hand"
                    .to_owned(),
            ),
            Self::CorruptJournal { .. } => Some(
                "something else has written into that file: move the run's folder away; the run before it is then the last one"
                    .to_owned(),
            ),
        }
    }
}

/// Lower case and without the number that the standard library adds.
fn in_words(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::StorageFull => "the disk is full".to_owned(),
        io::ErrorKind::ReadOnlyFilesystem => "the disk is read-only".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        io::ErrorKind::NotFound => "there is no such file".to_owned(),
        _ => error.to_string(),
    }
}

impl From<StoreError> for Diagnostic {
    fn from(error: StoreError) -> Self {
        Self { message: error.to_string(), hint: error.hint() }
    }
}
