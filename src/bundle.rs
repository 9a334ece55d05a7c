//! BUNDLE: a run as one portable file, and several of them as one run. Pure; `store::bundle_file` packs and unpacks.
//!
//! Several machines each run a shard of the book and export it. `guide merge` puts the shards together: every chapter counts in the
//! shard that it belongs to, and a chapter that another shard only needed does not count a second time.

mod compare;
mod merge;

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use crate::event::{Event, Outcome, RunStarted, ShardOf, StepFinished};
use crate::ids::{ChapterName, Fingerprint, Hashing, StepId};
use crate::plan::Plan;

pub(crate) use compare::{Comparison, compare_runs};
pub(crate) use merge::{BundledRun, merged_events, refuse_incomplete};

/// The newest format that this version reads.
pub(crate) const BUNDLE_FORMAT: u32 = 1;

/// The first file of a bundle: what was run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct BundleHead {
    /// [`BUNDLE_FORMAT`].
    pub format: u32,
    /// Version of guide.
    pub guide: String,
    /// Title of the book.
    pub book: String,
    /// What the whole book was, with the profile and the values of the run. Two bundles of one book and one cell have the same.
    pub book_as: Fingerprint,
    /// The profile.
    pub profile: String,
    /// The values that `--set` gave, as typed.
    pub set: Vec<String>,
    /// The targets of the run.
    pub targets: Vec<String>,
    /// The run's id.
    pub run: String,
    /// The shard; `None` for a run that was not divided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shard: Option<ShardOf>,
    /// The chapters that belong to this run. Those that it ran only because these need them are not among them.
    pub chapters: Vec<ChapterName>,
}

impl BundleHead {
    /// The head of a run's bundle. `plan` is the plan of the whole book, `selected` are the chapters of the run.
    pub(crate) fn of(
        started: &RunStarted,
        plan: &Plan,
        selected: Vec<ChapterName>,
        set: &[String],
    ) -> Self {
        Self {
            format: BUNDLE_FORMAT,
            guide: env!("CARGO_PKG_VERSION").to_owned(),
            book: started.book.clone(),
            book_as: fingerprint_of(plan),
            profile: started.profile.clone(),
            set: set.to_vec(),
            targets: started.targets.clone(),
            run: started.run.clone(),
            shard: started.shard.clone(),
            chapters: selected,
        }
    }
}

/// What a whole book is, under the profile and with the values of its plan.
pub(crate) fn fingerprint_of(plan: &Plan) -> Fingerprint {
    let mut hashing = Hashing::default();
    hashing.part(plan.profile.as_bytes());
    for chapter in &plan.chapters {
        hashing.part(chapter.name.as_str().as_bytes()).part(chapter.fingerprint.bytes());
    }
    hashing.finish()
}

/// The step at which a run failed first.
pub(crate) fn first_failure(events: &[Event]) -> Option<&StepFinished> {
    events.iter().find_map(|event| match event {
        Event::StepFinished(finished) if matches!(finished.outcome, Outcome::Failed(_)) => {
            Some(finished)
        }
        _ => None,
    })
}

/// The last outcome of each step that ran, in the order of the run.
fn outcomes(events: &[Event]) -> Vec<(&StepId, &StepFinished)> {
    let mut known = HashSet::new();
    let finished = events.iter().rev().filter_map(|event| match event {
        Event::StepFinished(finished) => Some((&finished.step, finished)),
        _ => None,
    });
    let mut last: Vec<_> = finished.filter(|(step, _)| known.insert(*step)).collect();
    last.reverse();
    last
}
