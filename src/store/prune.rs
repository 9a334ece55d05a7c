//! Removes the folders of old runs, so that `.guide` does not grow without limit.
//!
//! The newest runs are kept. An older one is kept only if the book's history still needs it: it contains the output and the state of
//! a step that no later run ran again, a later run resumes it, or `guide run --resume` would continue with it.

#![expect(clippy::disallowed_methods, reason = "`store` is the room that opens files")]

use std::collections::{BTreeSet, HashMap, HashSet};
use std::fs;
use std::path::Path;

use super::append_only::release_reserve;
use super::error::StoreError;
use super::journal::{Journal, read_journal};
use super::run_folder::{JOURNAL, STATES};
use super::runs::{Runs, has_decided, has_ended, runs_steps, succeeded};
use super::temporary::sweep;
use crate::event::Event;
use crate::ids::{ChapterName, StepId};

/// The number of newest runs, which are always kept.
pub(super) const KEPT_RUNS: usize = 20;
/// Prune in batches of this many, so that most runs skip pruning.
const BATCH: usize = 10;

/// Releases the disk space that the run before `current` reserved, and removes the temporary files of killed processes and the folders
/// of runs that are no longer needed.
///
/// # Errors
/// When the folders cannot be listed.
pub(super) fn prune_runs(state_dir: &Path, root: &str, current: &str) -> Result<(), StoreError> {
    sweep(state_dir);
    let runs = Runs::list_for(state_dir, root.to_owned())?;
    if let Some(last) = runs.ids.iter().rfind(|id| *id != current) {
        for name in [JOURNAL, STATES] {
            release_reserve(&runs.folder.join(last).join(name));
        }
    }
    if runs.ids.len() < KEPT_RUNS + BATCH {
        return Ok(());
    }
    // The next run tries again to remove a folder that cannot be removed.
    for id in unneeded(&runs, current) {
        let _ = fs::remove_dir_all(runs.folder.join(&id));
        let _ = fs::remove_dir_all(state_dir.join("failures").join(&id));
    }
    Ok(())
}

/// The ids of the runs that are no longer needed.
fn unneeded(runs: &Runs, current: &str) -> Vec<String> {
    let mut needs = Needs::default();
    let mut old = Vec::new();
    let mut kept = 0;
    for id in runs.ids.iter().rev() {
        kept += 1;
        // The present run may still take over states of older ones.
        if id == current {
            continue;
        }
        match read_journal(&runs.folder.join(id).join(JOURNAL)) {
            Ok(Some(journal)) if !runs.is_of_book(&journal.started) => {}
            Ok(Some(journal)) => {
                if needs.add(&journal) || kept <= KEPT_RUNS {
                    if kept > KEPT_RUNS {
                        needs.chapters_kept.extend(chapters_of(&journal).cloned());
                    }
                    continue;
                }
                let cleared = if has_ended(&journal) { Vec::new() } else { begun(&journal) };
                old.push(Candidate { id: id.clone(), cleared });
            }
            // The run was killed before it had written a line.
            Ok(None) if kept > KEPT_RUNS => {
                old.push(Candidate { id: id.clone(), cleared: Vec::new() });
            }
            // A journal that cannot be read may be needed once it has been repaired.
            Ok(None) | Err(_) => {}
        }
    }
    // A killed run also withdraws the entries of older runs about the chapters that it had begun. Without such entries it is not needed.
    old.retain(|run| !run.cleared.iter().any(|chapter| needs.chapters_kept.contains(chapter)));
    old.into_iter().map(|run| run.id).collect()
}

struct Candidate {
    id: String,
    cleared: Vec<ChapterName>,
}

/// What the runs read so far, newest first, decide about older runs.
#[derive(Default)]
struct Needs {
    /// Steps with an entry in a newer run.
    steps: HashSet<StepId>,
    /// Whether a run of the whole book was found that has decided, which is the oldest run that counts.
    complete: bool,
    /// Runs that a newer one resumes without having decided anything.
    resumed: HashSet<String>,
    /// For each list of targets, whether its newest run succeeded. `--resume` continues with the newest one that did not.
    targets: HashMap<Vec<String>, bool>,
    /// Chapters with an entry in an old run that is kept.
    chapters_kept: BTreeSet<ChapterName>,
}

impl Needs {
    /// Adds the next older run; returns whether it is needed.
    fn add(&mut self, journal: &Journal) -> bool {
        let started = &journal.started;
        if !runs_steps(started) {
            return false;
        }
        let is_resumed = self.resumed.contains(&started.run);
        if self.complete && !is_resumed {
            return false;
        }
        let whole_book = started.targets.is_empty();
        let success = succeeded(journal);
        let is_open = !self.targets.contains_key(&started.targets) && !success;
        self.targets.entry(started.targets.clone()).or_insert(success);
        if !has_decided(journal) {
            self.resumed.extend(started.resumes.clone());
            return is_open;
        }
        let before = self.steps.len();
        self.steps.extend(steps_of(journal).cloned());
        self.complete |= whole_book;
        whole_book || is_open || is_resumed || self.steps.len() > before
    }
}

fn steps_of(journal: &Journal) -> impl Iterator<Item = &StepId> {
    journal.events.iter().filter_map(|event| match event {
        Event::StepStarted { step, .. } => Some(step),
        Event::StepFinished(finished) => Some(&finished.step),
        _ => None,
    })
}

fn chapters_of(journal: &Journal) -> impl Iterator<Item = &ChapterName> {
    steps_of(journal).map(|step| &step.chapter)
}

fn begun(journal: &Journal) -> Vec<ChapterName> {
    let begun = journal.events.iter().filter_map(|event| match event {
        Event::ChapterStarted { chapter, .. } => Some(chapter.clone()),
        _ => None,
    });
    begun.collect()
}
