//! Errors of the files of a book and of its runs: what happened, where, why, and what to do next.

use std::io;
use std::path::{Path, PathBuf};

use super::holder::Holder;
use crate::diagnostic::Diagnostic;

/// A file could not be read, written or trusted.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The operating system refused to read or write a file of the state folder.
    #[error("can't {doing} `{}`: {}", path.display(), in_words(source))]
    Io {
        /// A verb: `write`, `read`, `make the folder` …
        doing: &'static str,
        path: PathBuf,
        source: io::Error,
    },
    /// The operating system refused to read or write a file outside of the state folder: of the book, or a report.
    #[error("can't {doing} `{}`: {}", path.display(), in_words(source))]
    File { doing: &'static str, path: PathBuf, source: io::Error },
    /// Another run of the book is in progress.
    #[error("another run of this book is going on: {holder}")]
    Busy {
        holder: Holder,
        /// The lock file.
        path: PathBuf,
    },
    /// The file was written by a newer guide.
    #[error("`{}` has format {found}, written by guide {by}; this is guide {} and knows format {known}", path.display(), env!("CARGO_PKG_VERSION"))]
    NewerFormat { path: PathBuf, found: u32, known: u32, by: String },
    /// A chapter was edited while it was reviewed.
    #[error("`{}` was changed while it was reviewed", path.display())]
    ChapterChanged { path: PathBuf },
    /// A file under `snapshots/` is not a snapshot.
    #[error("`{}` is not a snapshot: {why}", path.display())]
    InvalidSnapshot { path: PathBuf, why: String },
    /// A file under `snapshots/` is not a recording.
    #[error("`{}` is not a recording: {why}", path.display())]
    InvalidRecording { path: PathBuf, why: String },
    /// mdBook could not build the site.
    #[error("mdBook can't make a site of `{}`: {why}", root.display())]
    SiteFailed { root: PathBuf, why: String },
    /// A command of another program that `book.toml` names failed.
    #[error("a command of book.toml failed, {command}: {why}")]
    CommandFailed { command: String, why: String },
    /// A command of another program that `book.toml` names was not allowed.
    #[error("book.toml names a command that nobody allowed, {command}")]
    CommandNotAllowed { command: String },
    /// The folder of the site contains something that guide did not make.
    #[error("guide does not make the site in `{}`, as what is there would be deleted: {why}", path.display())]
    NotASite { path: PathBuf, why: String },
    /// A line of a journal was not written by guide.
    #[error("`{}:{line}` is not a line of a journal: {why}", path.display())]
    CorruptJournal {
        path: PathBuf,
        /// 1-based.
        line: usize,
        why: String,
    },
    /// `world.json` was not written by guide.
    #[error("`{}` does not name a cluster: {why}", path.display())]
    CorruptWorld { path: PathBuf, why: String },
}

impl StoreError {
    /// Makes an error of a file in the state folder, for `map_err`.
    pub(super) fn io(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { doing, path, source }
    }

    /// Makes an error of a file outside of the state folder, for `map_err`.
    pub(super) fn file(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File { doing, path, source }
    }

    /// A report could not be written to an open file.
    pub(crate) fn write_failed(path: &Path, source: io::Error) -> Self {
        Self::File { doing: "write", path: path.to_owned(), source }
    }

    /// Returns whether no file can be written there, because the disk is read-only or belongs to another user.
    pub(crate) fn is_unwritable(&self) -> bool {
        use io::ErrorKind::{PermissionDenied, ReadOnlyFilesystem};
        matches!(self, Self::File { source, .. } if matches!(source.kind(), PermissionDenied | ReadOnlyFilesystem))
    }

    /// Returns whether a file of the book is wrong, which its author has to correct.
    pub(crate) fn is_of_book(&self) -> bool {
        matches!(self, Self::InvalidSnapshot { .. } | Self::InvalidRecording { .. })
    }

    /// What to do next.
    pub(crate) fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Io { source, .. } => return state_hint(source).map(str::to_owned),
            Self::File { doing, source, .. } => {
                return file_hint(doing, source).map(str::to_owned);
            }
            Self::Busy { holder, .. } => {
                return Some(format!(
                    "wait for process {}, or end it with `kill {}`",
                    holder.pid, holder.pid
                ));
            }
            Self::NewerFormat { .. } => {
                "use that guide, or name another folder with `--state DIR`, or move the file away"
            }
            Self::ChapterChanged { .. } => "review it again: nothing of it was written",
            Self::InvalidSnapshot { path, .. } | Self::InvalidRecording { path, .. }
                if path.extension().is_some_and(|extension| extension == "new") =>
            {
                "reject it with `guide review --reject`, or run the chapter again"
            }
            Self::InvalidSnapshot { .. } | Self::InvalidRecording { .. } => {
                "take it back from version control, or remove it: the next run writes a pending one"
            }
            Self::SiteFailed { .. } => {
                "guide makes sites with mdBook 0.5, which no longer knows some keys of 0.4; `guide check` finds what is wrong with the chapters"
            }
            Self::CommandFailed { .. } => {
                "it is another program than guide: see what it printed, correct or install it, or take its table out of book.toml"
            }
            Self::CommandNotAllowed { .. } => {
                "allow it with `--allow-commands`, or take its table out of book.toml"
            }
            Self::NotASite { .. } => {
                "name an empty or a new folder with `--out`; a site that mdBook or an older guide made may be removed by hand"
            }
            Self::CorruptJournal { .. } => {
                "something else has written into that file: move the run's folder away; the run before it is then the last one"
            }
            Self::CorruptWorld { .. } => {
                "something else has written into that file: remove it if the book's cluster is gone, and else name another folder with `--state DIR`"
            }
        };
        Some(hint.to_owned())
    }
}

fn state_hint(error: &io::Error) -> Option<&'static str> {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Some(
            "make room on that disk, then `guide run --resume`: every step written down so far is kept",
        ),
        io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied => {
            Some("name a folder that can be written with `--state DIR`")
        }
        _ => None,
    }
}

fn file_hint(doing: &str, error: &io::Error) -> Option<&'static str> {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            Some("make room on that disk, then type the command again")
        }
        io::ErrorKind::ReadOnlyFilesystem => Some("copy the book to a disk that can be written"),
        io::ErrorKind::PermissionDenied if doing == "read" => {
            Some("give yourself permission to read it: `chmod u+r`")
        }
        io::ErrorKind::PermissionDenied => {
            Some("give yourself permission to write it and its folder: `chmod u+w`")
        }
        _ => None,
    }
}

/// The message in lower case and without the number that the standard library adds.
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
