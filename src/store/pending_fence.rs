//! `STATE/pending/CHAPTER/STEP.json`: what would stand in an `output` fence if what came were accepted.

#![expect(clippy::disallowed_methods, reason = "`store` is the room that opens files")]

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::error::StoreError;
use super::whole_file::{read_if_there, replace_private_file};
use crate::compare::{Bindings, Rules, accept_fence, strip_ansi};
use crate::ids::StepId;
use crate::plan::Step;

/// A fence whose step gave another output.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PendingFence {
    pub step: StepId,
    /// The fence's text when the step ran: where it is another by now, this is out of date.
    pub expected: String,
    /// The text proposed: only what truly changed, patterns kept.
    pub proposed: String,
}

/// Pending fences in a state folder.
#[derive(Debug)]
pub(crate) struct PendingFences {
    folder: PathBuf,
    some: bool,
}

impl PendingFences {
    /// Those of a state folder.
    pub(crate) fn of(state: &Path) -> Self {
        let folder = state.join("pending");
        let some = folder.exists();
        Self { folder, some }
    }

    /// Keeps what came in place of the step's fence.
    ///
    /// # Errors
    /// When it can't be written.
    pub(crate) fn pend(
        &mut self,
        step: &Step,
        bound: &Bindings,
        output: &[u8],
    ) -> Result<PathBuf, StoreError> {
        let expected = step.expected.as_deref().unwrap_or_default().to_owned();
        let proposed = accept_fence(
            &expected,
            &strip_ansi(output),
            step.attributes.snapshot,
            bound,
            &Rules(step.normalizers()),
        );
        let fence = PendingFence { step: step.id.clone(), expected, proposed };
        self.keep(&fence)?;
        self.some = true;
        Ok(self.path(&step.id))
    }

    /// Keeps it as it is now.
    ///
    /// # Errors
    /// When it can't be written.
    pub(crate) fn keep(&self, fence: &PendingFence) -> Result<(), StoreError> {
        let text = serde_json::to_string_pretty(fence).unwrap_or_default();
        replace_private_file(&self.path(&fence.step), text.as_bytes(), false)
    }

    /// The output is as the fence says: nothing is pending any more.
    ///
    /// # Errors
    /// When the file is there and can't be removed.
    pub(crate) fn settle(&self, step: &StepId) -> Result<(), StoreError> {
        if !self.some {
            return Ok(());
        }
        let path = self.path(step);
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(StoreError::io("remove", &path)(error))
            }
            _ => Ok(()),
        }
    }

    /// The pending fence of a step. A file that can't be understood counts as none: the next run writes it anew.
    ///
    /// # Errors
    /// When the file is there and can't be read.
    pub(crate) fn get(&self, step: &StepId) -> Result<Option<PendingFence>, StoreError> {
        let bytes = if self.some { read_if_there(&self.path(step))? } else { None };
        Ok(bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()))
    }

    fn path(&self, step: &StepId) -> PathBuf {
        self.folder.join(step.chapter.as_str()).join(format!("{}.json", step.step))
    }
}
