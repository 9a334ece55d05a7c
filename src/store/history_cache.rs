//! `.guide/remembered.json`: what is known from runs whose folders may be gone: how long steps took, which steps and chapters
//! passed in this world, and as what.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::error::StoreError;
use super::whole_file::{read_if_there, replace_private_file};
use crate::history::{Past, PastChapter, StepRecord};
use crate::ids::ChapterName;
use crate::ids::Fingerprint;
use crate::ids::StepId;

/// Format version of the file.
const FORMAT: u32 = 2;

/// The file's content.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct HistoryCache {
    format: u32,
    /// The newest run it speaks of: journals of later ones are to be added.
    pub through: String,
    /// Seconds a step took when it last passed.
    pub seconds: BTreeMap<StepId, f64>,
    /// How chapters last ended, and what they were when they last passed.
    pub chapters: BTreeMap<ChapterName, PastChapter>,
    /// What happened last to each step in this world, by profile.
    #[serde(default)]
    pub records: BTreeMap<StepId, BTreeMap<String, StepRecord>>,
    /// The cluster that chapters and records speak of.
    #[serde(default)]
    pub world: Option<String>,
}

/// Reads it. One that is missing, of another format or not understood says nothing: it only saves work.
///
/// # Errors
/// When it is there and can't be read.
pub(super) fn read_history_cache(state_dir: &Path, root: &str) -> Result<HistoryCache, StoreError> {
    let bytes = read_if_there(&path(state_dir, root))?.unwrap_or_default();
    let remembered: Option<HistoryCache> = serde_json::from_slice(&bytes).ok();
    Ok(remembered.filter(|remembered| remembered.format <= FORMAT).unwrap_or_default())
}

impl HistoryCache {
    /// What is known so far.
    pub(super) fn of(past: &Past) -> Self {
        Self {
            format: FORMAT,
            through: past.newest_run.clone(),
            seconds: past.seconds.iter().map(|(step, seconds)| (step.clone(), *seconds)).collect(),
            chapters: past
                .chapters
                .iter()
                .map(|(name, chapter)| (name.clone(), chapter.clone()))
                .collect(),
            records: past
                .records
                .iter()
                .map(|(step, records)| (step.clone(), records.clone()))
                .collect(),
            world: past.world.clone(),
        }
    }

    /// Writes it down, if there was a run to remember.
    ///
    /// # Errors
    /// When it can't be written.
    pub(super) fn write(&self, state_dir: &Path, root: &str) -> Result<(), StoreError> {
        if self.through.is_empty() {
            return Ok(());
        }
        replace_private_file(
            &path(state_dir, root),
            &serde_json::to_vec(self).unwrap_or_default(),
            false,
        )
    }
}

/// A book's own state folder has one file. In a folder that several books share each has its own.
fn path(state_dir: &Path, root: &str) -> PathBuf {
    if !Path::new(root).is_absolute() {
        return state_dir.join("remembered.json");
    }
    state_dir
        .join(format!("remembered-{}.json", &Fingerprint::of([root.as_bytes()]).to_string()[..12]))
}

/// How a run's journal names the folder of its book: relative to the state folder where this lies within it, so that both can be
/// moved together.
pub(crate) fn stored_root(state_dir: &Path, root: &Path) -> String {
    let whole = |path: &Path| {
        path.canonicalize()
            .or_else(|_| std::path::absolute(path))
            .unwrap_or_else(|_| path.to_owned())
    };
    let (state, root) = (whole(state_dir), whole(root));
    match state.strip_prefix(&root) {
        Ok(inside) => vec![".."; inside.components().count()].join("/"),
        Err(_) => root.display().to_string(),
    }
}
