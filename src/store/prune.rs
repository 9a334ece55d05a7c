//! Which runs' folders are removed, so that `.guide` does not grow for ever.
//!
//! The newest runs are kept. An older one is kept only if the book's history still needs it: it holds the output and the state of
//! a step that no later run ran again, a later run resumes it, or `guide run --resume` would go on with it.

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

/// Runs that are kept whatever they hold.
pub(super) const KEPT_RUNS: usize = 20;
/// Prune in batches of this many, so that most runs skip pruning.
const BATCH: usize = 10;

/// Gives back the disk space that the run before `current` reserved, removes the temporary files of killed processes, and removes
/// the folders of runs that nothing needs any more.
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
    // A folder that cannot be removed stays; the next run tries again.
    for id in unneeded(&runs, current) {
        let _ = fs::remove_dir_all(runs.folder.join(&id));
        let _ = fs::remove_dir_all(state_dir.join("failures").join(&id));
    }
    Ok(())
}

/// The ids of the runs that nothing needs.
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
    // A killed run also withdraws what older runs say of the chapters it had begun. It is not needed where they say nothing.
    old.retain(|run| !run.cleared.iter().any(|chapter| needs.chapters_kept.contains(chapter)));
    old.into_iter().map(|run| run.id).collect()
}

struct Candidate {
    id: String,
    cleared: Vec<ChapterName>,
}

/// What the runs that were read so far, newest first, leave for an older one to say.
#[derive(Default)]
struct Needs {
    /// Steps that a newer run speaks of.
    steps: HashSet<StepId>,
    /// A run of the whole book that decided is the oldest one that counts.
    complete: bool,
    /// Runs that a newer one resumes without having decided anything.
    resumed: HashSet<String>,
    /// Whether the newest run of these targets succeeded: `--resume` goes on with the newest that did not.
    targets: HashMap<Vec<String>, bool>,
    /// Chapters that an old run which is kept speaks of.
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
