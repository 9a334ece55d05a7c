//! `.guide/remembered.json`: what is known from runs whose folders may be gone: how long steps took, which chapters passed as what.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::fault::StoreError;
use super::whole_file::{read_if_there, replace_private_file};
use crate::book::ChapterName;
use crate::plan::{Past, PastChapter, StepId};

/// Format version of the file.
const FORMAT: u32 = 1;

/// The file's content.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Remembered {
    format: u32,
    /// The newest run it speaks of: journals of later ones are to be added.
    pub through: String,
    /// Seconds a step took when it last passed.
    pub seconds: BTreeMap<StepId, f64>,
    /// How chapters last ended, and what they were when they last passed.
    pub chapters: BTreeMap<ChapterName, PastChapter>,
}

/// Reads it. One that is missing, of another format or not understood says nothing: it only saves work.
///
/// # Errors
/// When it is there and can't be read.
pub fn read_remembered(state_dir: &Path) -> Result<Remembered, StoreError> {
    let bytes = read_if_there(&path(state_dir))?.unwrap_or_default();
    let remembered: Option<Remembered> = serde_json::from_slice(&bytes).ok();
    Ok(remembered.filter(|remembered| remembered.format == FORMAT).unwrap_or_default())
}

impl Remembered {
    /// What is known so far.
    pub fn of(past: &Past) -> Self {
        Self {
            format: FORMAT,
            through: past.through.clone(),
            seconds: past.seconds.iter().map(|(step, seconds)| (step.clone(), *seconds)).collect(),
            chapters: past.chapters.iter().map(|(name, chapter)| (name.clone(), chapter.clone())).collect(),
        }
    }

    /// Writes it down, if there was a run to remember.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn write(&self, state_dir: &Path) -> Result<(), StoreError> {
        if self.through.is_empty() {
            return Ok(());
        }
        replace_private_file(&path(state_dir), &serde_json::to_vec(self).unwrap_or_default(), false)
    }
}

fn path(state_dir: &Path) -> PathBuf {
    state_dir.join("remembered.json")
}
