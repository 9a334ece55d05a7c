//! `STATE/pending/CHAPTER/STEP.json`: the proposed text of an `output` fence whose step printed something else.

#![expect(clippy::disallowed_methods, reason = "`store` is the room that opens files")]

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::error::StoreError;
use super::files::{Durability, read_if_there, remove_if_there, replace_private_file};
use super::temporary::sweep;
use super::texts::chapter_folders;
use crate::compare::{Bindings, Rules, accept_fence, strip_ansi};
use crate::ids::StepId;
use crate::plan::Step;

/// A fence whose step printed another output.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PendingFence {
    pub step: StepId,
    /// The fence's text when the step ran. If the fence has changed since then, this file is out of date.
    pub expected: String,
    /// The proposed text, which differs from the fence only where the output really changed, so that the author's patterns remain.
    pub proposed: String,
}

/// Pending fences in a state folder.
#[derive(Debug)]
pub(crate) struct PendingFences {
    folder: PathBuf,
    /// Whether the folder exists. It does not in most runs.
    exists: bool,
}

impl PendingFences {
    /// The pending fences in this state folder.
    pub(crate) fn of(state: &Path) -> Self {
        let folder = state.join("pending");
        let exists = folder.exists();
        Self { folder, exists }
    }

    /// Proposes the output that the step printed in place of its fence.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn write_pending(
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
        self.write(&fence)?;
        self.exists = true;
        Ok(self.path(&step.id))
    }

    /// Writes a pending fence.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn write(&self, fence: &PendingFence) -> Result<(), StoreError> {
        let text = serde_json::to_string_pretty(fence).unwrap_or_default();
        replace_private_file(&self.path(&fence.step), text.as_bytes(), Durability::Lazy)
    }

    /// Removes the pending fence of a step whose output matches its fence.
    ///
    /// # Errors
    /// When the file exists and cannot be removed.
    pub(crate) fn clear_pending(&self, step: &StepId) -> Result<(), StoreError> {
        if !self.exists {
            return Ok(());
        }
        remove_if_there(&self.path(step))
    }

    /// The pending fence of a step. A damaged file counts as none: the next run writes it again.
    ///
    /// # Errors
    /// When the file exists and cannot be read.
    pub(crate) fn get(&self, step: &StepId) -> Result<Option<PendingFence>, StoreError> {
        let bytes = if self.exists { read_if_there(&self.path(step))? } else { None };
        Ok(bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()))
    }

    /// Removes the temporary files that killed processes left beside the pending fences.
    pub(super) fn sweep(&self) {
        if self.exists {
            chapter_folders(&self.folder).iter().for_each(|folder| sweep(folder));
        }
    }

    fn path(&self, step: &StepId) -> PathBuf {
        self.folder.join(step.chapter.as_str()).join(format!("{}.json", step.step))
    }
}
