//! `.guide/remembered.json`: the history of all runs, including those whose folders were removed: how long steps took, and which steps
//! and chapters passed in this world with which fingerprint.

#![expect(clippy::disallowed_methods, reason = "`store` is the room that opens files")]

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::error::StoreError;
use super::files::{Durability, read_if_there, replace_private_file};
use super::journal::Journal;
use super::runs::{Runs, runs_steps};
use super::state_file::read_world;
use crate::event::{ChapterOutcome, Event, Outcome, RunStarted, StepFinished};
use crate::history::{Past, PastChapter, Standing, StepRecord};
use crate::ids::{ChapterName, Fingerprint, StepId};

/// Format version of the file.
const FORMAT: u32 = 2;

/// The file's content.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct HistoryCache {
    format: u32,
    /// The newest run that the cache covers. The journals of later runs have to be added.
    pub through: String,
    /// How long each step took when it last passed, in seconds.
    pub seconds: BTreeMap<StepId, f64>,
    /// How chapters last ended, and their fingerprints when they last passed.
    pub chapters: BTreeMap<ChapterName, PastChapter>,
    /// What happened last to each step in this world, by profile.
    #[serde(default)]
    pub records: BTreeMap<StepId, BTreeMap<String, StepRecord>>,
    /// The cluster that chapters and records belong to.
    #[serde(default)]
    pub world: Option<String>,
}

/// Reads the cache. One that is missing, of another format or damaged counts as empty.
///
/// # Errors
/// When the file exists and cannot be read.
pub(super) fn read_history_cache(state_dir: &Path, root: &str) -> Result<HistoryCache, StoreError> {
    let bytes = read_if_there(&path(state_dir, root))?.unwrap_or_default();
    let remembered: Option<HistoryCache> = serde_json::from_slice(&bytes).ok();
    Ok(remembered.filter(|remembered| remembered.format <= FORMAT).unwrap_or_default())
}

impl HistoryCache {
    /// The cache of this past.
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

    /// Writes the cache, if there was a run.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(super) fn write(&self, state_dir: &Path, root: &str) -> Result<(), StoreError> {
        if self.through.is_empty() {
            return Ok(());
        }
        replace_private_file(
            &path(state_dir, root),
            &serde_json::to_vec(self).unwrap_or_default(),
            Durability::Lazy,
        )
    }
}

/// A book's own state folder has one cache. In a folder that several books share each book has its own.
fn path(state_dir: &Path, root: &str) -> PathBuf {
    if !Path::new(root).is_absolute() {
        return state_dir.join("remembered.json");
    }
    state_dir
        .join(format!("remembered-{}.json", &Fingerprint::of([root.as_bytes()]).to_string()[..12]))
}

/// The name of a book's folder in journals: relative to the state folder if that is inside of the book, so that both can be moved
/// together.
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

/// Adds the cache, and the runs after it, to the past. `journals` were read already.
///
/// # Errors
/// When the cache, or `world.json`, cannot be read.
pub(super) fn add_remembered(
    past: &mut Past,
    state_dir: &Path,
    runs: &Runs,
    journals: &[Journal],
) -> Result<(), StoreError> {
    let cache = read_history_cache(state_dir, &runs.root)?;
    past.seconds.extend(cache.seconds);
    past.chapters.extend(cache.chapters);
    past.records.extend(cache.records);
    past.world = cache.world;
    past.newest_run = runs.ids.last().max(Some(&cache.through)).cloned().unwrap_or_default();
    for id in runs.ids.iter().filter(|id| **id > cache.through) {
        match journals.iter().find(|journal| journal.started.run == *id) {
            Some(journal) => add_run(past, journal),
            // An old journal that cannot be read only costs a time or two.
            None => runs.read(id).ok().flatten().iter().for_each(|journal| add_run(past, journal)),
        }
    }
    let kept = read_world(state_dir)?;
    let now = kept.as_ref().map(|kept| kept.identity.key().to_owned());
    enter_world(past, now, kept.map(|kept| kept.run).as_deref());
    Ok(())
}

/// Removes what passed in another cluster. A cluster that was unknown before was made or adopted by the run that its file names, so
/// that the results of that run belong to it.
fn enter_world(past: &mut Past, world: Option<String>, made_by: Option<&str>) {
    if past.world.is_some() && past.world != world {
        for records in past.records.values_mut() {
            records.retain(|_, record| made_by == Some(record.run.as_str()));
        }
        past.records.retain(|_, records| !records.is_empty());
        past.chapters.values_mut().for_each(|chapter| chapter.passed_as = None);
    }
    past.world = world;
}

fn add_run(past: &mut Past, journal: &Journal) {
    let started = &journal.started;
    if started.world.is_some() {
        enter_world(past, started.world.clone(), None);
    }
    // The state of each chapter before this run began it, because a run that ends within a chapter does not finish it.
    let mut before: HashMap<&ChapterName, Option<PastChapter>> = HashMap::new();
    for event in &journal.events {
        match event {
            Event::StepStarted { step, .. } => {
                set_standing(past, started, step, Standing::Unfinished);
            }
            Event::StepFinished(finished) => add_step(past, started, finished),
            Event::ChapterStarted { chapter, .. } if runs_steps(started) => {
                let outcome = ChapterOutcome::Interrupted;
                let unfinished =
                    PastChapter { outcome, passed_as: None, profile: started.profile.clone() };
                before.insert(chapter, past.chapters.insert(chapter.clone(), unfinished));
            }
            Event::ChapterFinished { chapter, outcome, fingerprint, .. }
                if *outcome != ChapterOutcome::NotRun =>
            {
                let passed = matches!(outcome, ChapterOutcome::Passed | ChapterOutcome::UpToDate);
                let known = match before.remove(chapter) {
                    Some(known) => known,
                    None => past.chapters.get(chapter).cloned(),
                };
                // If only a part of a chapter ran and passed, the rest of it is unchanged.
                let known = known.filter(|known| passed && known.profile == started.profile);
                let passed_as = fingerprint.or(known.and_then(|known| known.passed_as));
                let chapter_now =
                    PastChapter { outcome: *outcome, passed_as, profile: started.profile.clone() };
                past.chapters.insert(chapter.clone(), chapter_now);
            }
            _ => {}
        }
    }
}

fn add_step(past: &mut Past, started: &RunStarted, finished: &StepFinished) {
    let ran = matches!(finished.outcome, Outcome::Passed | Outcome::Pending);
    if ran {
        past.seconds.insert(finished.step.clone(), finished.seconds);
    }
    match (&finished.outcome, &finished.made_of) {
        (Outcome::Passed | Outcome::Pending | Outcome::FoundSo, Some(made_of)) => {
            set_standing(
                past,
                started,
                &finished.step,
                Standing::Passed { made_of: made_of.clone() },
            );
        }
        // Only acting steps have a standing.
        (Outcome::Passed | Outcome::Pending, None) => {
            if let Some(records) = past.records.get_mut(&finished.step) {
                records.remove(&started.profile);
            }
        }
        (Outcome::Failed(_) | Outcome::Interrupted, _) if finished.attempts > 0 => {
            set_standing(past, started, &finished.step, Standing::Unfinished);
        }
        _ => {}
    }
}

fn set_standing(past: &mut Past, started: &RunStarted, step: &StepId, standing: Standing) {
    let record = StepRecord { run: started.run.clone(), standing };
    past.records.entry(step.clone()).or_default().insert(started.profile.clone(), record);
}
