//! `.guide/failures/RUN/CHAPTER/STEP/`: the failure report of a step.

#![expect(clippy::disallowed_methods, reason = "`store` is the room that opens files")]

use std::path::{Path, PathBuf};

use super::files::{Durability, replace_private_file};
use crate::engine::FailureReports;
use crate::ids::StepId;
use crate::plan::{PlannedChapter, Step};
use crate::secrets::Masker;

/// The failure reports of one run.
#[derive(Debug)]
pub(crate) struct FailureFolder {
    folder: PathBuf,
    root: PathBuf,
    masker: Masker,
}

impl FailureFolder {
    /// The failure reports of a run in the state folder. Messages show their paths relative to the book's root if they are below it.
    pub(crate) fn of(state: &Path, run: &str, root: &Path, masker: Masker) -> Self {
        Self { folder: state.join("failures").join(run), root: root.to_owned(), masker }
    }
}

/// The folder of the failure report of a step in a run, if it exists.
pub(crate) fn find_failure_report(state: &Path, run: &str, step: &StepId) -> Option<PathBuf> {
    let folder =
        state.join("failures").join(run).join(step.chapter.as_str()).join(step.step.as_str());
    folder.is_dir().then_some(folder)
}

impl FailureReports for FailureFolder {
    fn write(
        &mut self,
        step: &Step,
        chapter: &PlannedChapter,
        parts: &[(String, String)],
    ) -> Option<PathBuf> {
        let folder = self.folder.join(chapter.name.as_str()).join(step.id.step.as_str());
        for (name, text) in parts {
            replace_private_file(
                &folder.join(name),
                self.masker.mask(text).as_bytes(),
                Durability::Lazy,
            )
            .ok()?;
        }
        Some(folder.strip_prefix(&self.root).map(Path::to_owned).unwrap_or(folder))
    }
}
