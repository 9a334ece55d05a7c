//! Journals → [`Past`], on which a resumed run is based.
//!
//! A run of the whole book replaces all runs before it. A partial run overlays the run before it; if it was killed, its own entries
//! are the only ones trusted for the chapters that it had begun. A resumed run that was killed before it had decided where to start
//! has changed nothing, so that the run that it resumes still counts. `guide verify` passes no acting step and is ignored.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use super::error::StoreError;
use super::history_cache::{HistoryCache, add_remembered, stored_root};
use super::journal::Journal;
use super::run_folder::read_stored;
use super::runs::{Runs, has_decided, has_ended, runs_steps, succeeded};
use crate::compare::Bindings;
use crate::event::{Event, StepFinished, Stored};
use crate::history::{Past, PastStep, Standing};
use crate::ids::{ChapterName, Fingerprint};
use crate::output::ShellState;

/// The past of the book in the folder `root`; empty if it was never run.
///
/// # Errors
/// A journal that counts cannot be read, is newer than this guide, or is damaged.
pub fn load_past(state_dir: &Path, root: &Path) -> Result<Past, StoreError> {
    let runs = Runs::list(state_dir, root)?;
    let mut past = Past::default();
    let mut journals: Vec<Journal> = runs.last(runs_steps)?.into_iter().collect();
    if let Some(last) = journals.first() {
        past.run.clone_from(&last.started.run);
        while let Some(before) = runs.base_run(&journals[journals.len() - 1])? {
            journals.push(before);
        }
    }
    for journal in journals.iter().rev() {
        overlay(&mut past, journal, &runs);
    }
    add_remembered(&mut past, state_dir, &runs, &journals)?;
    Ok(past)
}

/// The state of the shell after a step; `None` if none was stored.
///
/// # Errors
/// When it cannot be read, or was damaged.
pub(crate) fn past_state(
    state_dir: &Path,
    root: &Path,
    before: &PastStep,
) -> Result<Option<ShellState>, StoreError> {
    let Some(stored) = &before.state else { return Ok(None) };
    let folder = Runs::list(state_dir, root)?.folder.join(&before.run);
    read_stored(&folder, stored).map(|bytes| Some(ShellState(bytes)))
}

/// The manifests that `guide down` deletes: file names by chapter.
pub(crate) type DeletedManifests = BTreeMap<ChapterName, BTreeSet<String>>;

/// Records that `guide down` deletes the objects of these manifests: steps with these manifests as parts must run again, even if their
/// checks pass, and their chapters no longer count as done.
///
/// # Errors
/// When it cannot be written.
pub(crate) fn forget_deleted(
    state_dir: &Path,
    root: &Path,
    past: &mut Past,
    deleted: &DeletedManifests,
) -> Result<(), StoreError> {
    for chapter in deleted.keys() {
        if let Some(known) = past.chapters.get_mut(chapter) {
            known.passed_as = None;
        }
    }
    for (step, records) in &mut past.records {
        let Some(files) = deleted.get(&step.chapter) else { continue };
        for record in records.values_mut() {
            if matches!(&record.standing, Standing::Passed { made_of } if files.iter().any(|file| made_of.has_manifest(file)))
            {
                record.standing = Standing::TakenDown;
            }
        }
    }
    HistoryCache::of(past).write(state_dir, &stored_root(state_dir, root))
}

/// The journal of the last run.
///
/// # Errors
/// As [`load_past`].
pub(crate) fn last_run(state_dir: &Path, root: &Path) -> Result<Option<Journal>, StoreError> {
    Runs::list(state_dir, root)?.last(|_| true)
}

/// The targets that `guide run --resume` continues with: those of the newest run that failed and was not followed by a successful run
/// of the same targets; otherwise those of the last run. (A failure in one chapter is often repaired by a run of another.) Targets are
/// as typed, including `--from STEP` and similar options; empty for the whole book and for a book that was never run. `guide verify`
/// does not count.
///
/// # Errors
/// As [`load_past`].
pub(crate) fn unfinished_targets(state_dir: &Path, root: &Path) -> Result<Vec<String>, StoreError> {
    let runs = Runs::list(state_dir, root)?;
    let mut succeeded_targets: Vec<Vec<String>> = Vec::new();
    for id in runs.ids.iter().rev() {
        let Some(journal) = runs.read(id)? else { continue };
        let targets = journal.started.targets.clone();
        if !runs_steps(&journal.started) || succeeded_targets.contains(&targets) {
            continue;
        }
        if !succeeded(&journal) {
            return Ok(targets);
        }
        let whole_book = targets.is_empty();
        succeeded_targets.push(targets);
        if whole_book {
            break;
        }
    }
    Ok(succeeded_targets.into_iter().next().unwrap_or_default())
}

/// Replaces the entries of earlier runs by those of a later run.
fn overlay(past: &mut Past, journal: &Journal, runs: &Runs) {
    if !has_decided(journal) {
        return;
    }
    if journal.started.targets.is_empty() {
        past.steps.clear();
    } else if !has_ended(journal) {
        for event in &journal.events {
            if let Event::ChapterStarted { chapter, .. } = event {
                past.steps.retain(|step, _| step.chapter != *chapter);
            }
        }
    }
    let folder = runs.folder.join(&journal.started.run);
    let mut readable = HashMap::new();
    for (number, event) in journal.events.iter().enumerate() {
        match event {
            Event::StepStarted { step, .. } => {
                past.steps.insert(step.clone(), cut_off_step(journal, number));
            }
            Event::StepFinished(finished) => {
                let state = finished.state.as_ref();
                let state_lost = state.is_some_and(|it| !is_readable(it, &folder, &mut readable));
                let step = PastStep { state_lost, ..finished_step(journal, number, finished) };
                past.steps.insert(finished.step.clone(), step);
            }
            _ => {}
        }
    }
}

fn finished_step(journal: &Journal, number: usize, finished: &StepFinished) -> PastStep {
    PastStep {
        profile: journal.started.profile.clone(),
        number,
        fingerprint: finished.fingerprint,
        passed: finished.outcome.passes(),
        skipped: matches!(finished.outcome, crate::event::Outcome::Skipped { .. }),
        cut_off: false,
        state_lost: false,
        seconds: finished.seconds,
        at: finished.at.clone(),
        attempts: finished.attempts,
        ending: finished.ending,
        run: journal.started.run.clone(),
        output: finished.output.clone(),
        state: finished.state.clone(),
        bound: finished.bound.clone(),
    }
}

/// A step that has begun. A later line of the journal records its end.
fn cut_off_step(journal: &Journal, number: usize) -> PastStep {
    PastStep {
        profile: journal.started.profile.clone(),
        number,
        fingerprint: Fingerprint::of([]),
        passed: false,
        skipped: false,
        cut_off: true,
        state_lost: false,
        seconds: 0.0,
        at: journal.started.at.clone(),
        attempts: 0,
        ending: None,
        run: journal.started.run.clone(),
        output: None,
        state: None,
        bound: Bindings::new(),
    }
}

/// Returns whether that part of the file exists and is undamaged. After a loss of power the journal may name bytes that are not on
/// the disk. Steps that changed nothing share one part, which is read once.
fn is_readable(
    stored: &Stored,
    folder: &Path,
    readable: &mut HashMap<(PathBuf, u64, u64), bool>,
) -> bool {
    let key = (stored.file.clone(), stored.offset, stored.length);
    *readable.entry(key).or_insert_with(|| read_stored(folder, stored).is_ok())
}
