//! The runs of a book, as the folders under `.guide/runs` list them.

#![expect(clippy::disallowed_methods, reason = "`store` is the room that opens files")]

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::error::StoreError;
use super::history_cache::stored_root;
use super::journal::{Journal, read_journal};
use super::run_folder::{JOURNAL, runs_folder};
use crate::event::{Event, RunStarted, VERIFY_ONLY};

/// The runs under a state folder.
pub(super) struct Runs {
    pub folder: PathBuf,
    /// The book, as [`stored_root`] names it. Runs of another book are not part of this one's history.
    pub root: String,
    /// The run that `.guide/latest` names.
    latest: Option<String>,
    /// Ids, oldest first, also of other books.
    pub ids: Vec<String>,
}

impl Runs {
    pub(super) fn list(state_dir: &Path, root: &Path) -> Result<Self, StoreError> {
        Self::list_for(state_dir, stored_root(state_dir, root))
    }

    pub(super) fn list_for(state_dir: &Path, root: String) -> Result<Self, StoreError> {
        let folder = runs_folder(state_dir);
        let mut ids = Vec::new();
        match fs::read_dir(&folder) {
            Ok(entries) => ids
                .extend(entries.flatten().filter_map(|entry| entry.file_name().into_string().ok())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(StoreError::io("read", &folder)(error)),
        }
        ids.sort_unstable();
        let link = fs::read_link(state_dir.join("latest")).ok();
        let latest = link.and_then(|link| Some(link.file_name()?.to_str()?.to_owned()));
        Ok(Self { folder, root, latest, ids })
    }

    /// The journal of a run of this book. `None`: the run wrote nothing, or belongs to another book.
    pub(super) fn read(&self, id: &str) -> Result<Option<Journal>, StoreError> {
        let journal = read_journal(&self.folder.join(id).join(JOURNAL))?;
        Ok(journal.filter(|journal| self.is_of_book(&journal.started)))
    }

    pub(super) fn is_of_book(&self, started: &RunStarted) -> bool {
        started.root.is_empty() || started.root == self.root
    }

    /// The newest run that `counts`.
    pub(super) fn last(
        &self,
        counts: fn(&RunStarted) -> bool,
    ) -> Result<Option<Journal>, StoreError> {
        let newest_first = self.ids.iter().rev().map(String::as_str);
        for id in self.latest.as_deref().into_iter().chain(newest_first) {
            if let Some(journal) = self.read(id)?.filter(|journal| counts(&journal.started)) {
                return Ok(Some(journal));
            }
        }
        Ok(None)
    }

    /// The run that a partial run overlays.
    pub(super) fn base_run(&self, journal: &Journal) -> Result<Option<Journal>, StoreError> {
        let started = &journal.started;
        match &started.resumes {
            Some(resumed) if !has_decided(journal) => return self.read(resumed),
            _ if started.targets.is_empty() => return Ok(None),
            _ => {}
        }
        for id in self.ids.iter().rev().filter(|id| **id < started.run) {
            if let Some(journal) = self.read(id)?.filter(|journal| runs_steps(&journal.started)) {
                return Ok(Some(journal));
            }
        }
        Ok(None)
    }
}

/// Returns whether the run could execute acting steps. `guide verify` does not.
pub(super) fn runs_steps(started: &RunStarted) -> bool {
    !started.targets.iter().any(|target| target == VERIFY_ONLY)
}

/// Returns whether the run came so far that it may have changed something.
pub(super) fn has_decided(journal: &Journal) -> bool {
    journal.started.resumes.is_none()
        || journal.events.iter().any(|event| matches!(event, Event::Resumed { .. }))
}

/// Returns whether the run ended and nothing in it failed.
pub(super) fn succeeded(journal: &Journal) -> bool {
    journal.events.iter().any(|event| match event {
        Event::RunFinished(ended) => {
            ended.failed == 0 && ended.not_run == 0 && !ended.interrupted && ended.broken.is_none()
        }
        _ => false,
    })
}

/// Returns whether the run wrote its last event.
pub(super) fn has_ended(journal: &Journal) -> bool {
    journal.events.iter().any(|event| matches!(event, Event::RunFinished(_)))
}
