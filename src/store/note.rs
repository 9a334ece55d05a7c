//! One-line notes in the state folder, and failure reports.

use std::path::{Path, PathBuf};

use super::StoreError;
use super::whole_file::{read_if_there, replace_private_file};
use crate::engine::FailureReports;
use crate::ids::StepId;
use crate::plan::{PlannedChapter, Step};
use crate::secrets::Masker;

/// Reads a note.
///
/// # Errors
/// When it is there and can't be read.
pub(crate) fn read_note(state: &Path, name: &str) -> Result<Option<String>, StoreError> {
    let bytes = read_if_there(&state.join(name))?;
    Ok(bytes
        .map(|bytes| String::from_utf8_lossy(&bytes).trim().to_owned())
        .filter(|text| !text.is_empty()))
}

/// Writes a note.
///
/// # Errors
/// When it can't be written.
pub(crate) fn write_note(state: &Path, name: &str, text: &str) -> Result<(), StoreError> {
    replace_private_file(&state.join(name), format!("{text}\n").as_bytes(), false)
}

/// `.guide/failures/RUN/CHAPTER/STEP/`: what is kept of a failed step.
#[derive(Debug)]
pub(crate) struct FailureFolder {
    folder: PathBuf,
    root: PathBuf,
    masker: Masker,
}

impl FailureFolder {
    /// FailureReports of a run, under the state folder; told relative to the book's root where they lie in it.
    pub(crate) fn of(state: &Path, run: &str, root: &Path, masker: Masker) -> Self {
        Self { folder: state.join("failures").join(run), root: root.to_owned(), masker }
    }
}

/// The failure report that a run kept of a step, if there is one.
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
            replace_private_file(&folder.join(name), self.masker.mask(text).as_bytes(), false)
                .ok()?;
        }
        Some(folder.strip_prefix(&self.root).map(Path::to_owned).unwrap_or(folder))
    }
}
