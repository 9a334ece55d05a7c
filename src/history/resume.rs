//! Decides where a resumed run starts. Pure: the answer depends on the plan and the past only.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

use super::step_record::StepRecord;
use crate::book::Background;
use crate::compare::Bindings;
use crate::event::{ChapterOutcome, Stored};
use crate::ids::{ChapterName, Fingerprint, StepId};
use crate::output::Ending;
use crate::plan::{FromBefore, MadeOf, Plan, PlannedChapter, Role, Step};

/// What the journal of the last run contains, with what that run took over from the run before it.
#[derive(Debug, Clone, Default)]
pub struct Past {
    /// The id of that run; empty if there was none.
    pub run: String,
    /// Every step that has ended.
    pub steps: HashMap<StepId, PastStep>,
    /// How many seconds each step took when it last ran and passed, in any run.
    pub seconds: HashMap<StepId, f64>,
    /// How each chapter last ended, in any run.
    pub chapters: HashMap<ChapterName, PastChapter>,
    /// What last happened to each step in this world under each profile, in any run.
    pub records: HashMap<StepId, BTreeMap<String, StepRecord>>,
    /// The newest run that `seconds` and `chapters` include: `run`, or a later `guide verify`.
    pub newest_run: String,
    /// The cluster that `records` and `chapters` are about; `None` while no cluster is known.
    pub world: Option<String>,
}

impl Past {
    /// How a step ended, if it passed under the plan's profile and its shell state still exists.
    pub fn kept(&self, step: &Step, plan: &Plan) -> Option<&PastStep> {
        self.steps
            .get(&step.id)
            .filter(|before| before.passed && !before.state_lost && before.profile == plan.profile)
    }

    /// The last values of the names that a chapter's steps read and that only unselected steps bind.
    ///
    /// # Errors
    /// A name that no run here has bound.
    pub fn bound_before<'a>(
        &self,
        chapter: &'a PlannedChapter,
        plan: &Plan,
    ) -> Result<Bindings, &'a FromBefore> {
        let known = |from: &'a FromBefore| {
            let before = self
                .steps
                .get(&from.binder)
                .filter(|before| before.passed && before.profile == plan.profile);
            let value = before.and_then(|before| before.bound.get(&from.name));
            value.map(|value| (from.name.clone(), value.clone())).ok_or(from)
        };
        chapter.from_before.iter().map(known).collect()
    }

    /// What last happened to a step in this world, under any profile: all profiles act on the same world.
    pub fn record(&self, step: &StepId) -> Option<&StepRecord> {
        self.records.get(step)?.values().max_by(|a, b| a.run.cmp(&b.run))
    }

    /// What last happened to a step in this world under this profile.
    pub fn record_under(&self, step: &StepId, profile: &str) -> Option<&StepRecord> {
        self.records.get(step)?.get(profile)
    }

    /// Why an acting step must run even if its checks pass. `None` if it passed here unchanged, or never ran here.
    pub fn why_run(&self, step: &StepId, now: &MadeOf) -> Option<String> {
        self.record(step)?.standing.why_run(now)
    }

    /// Whether the whole chapter passed in its last run here and has not changed since.
    pub fn passed_whole(&self, chapter: &PlannedChapter, plan: &Plan) -> bool {
        let last = self.chapters.get(&chapter.name);
        let whole = last.is_some_and(|last| {
            last.passed_as == Some(chapter.fingerprint) && last.profile == plan.profile
        });
        let acts = || chapter.steps.iter().filter(|step| !step.is_verify());
        whole
            && acts().all(|step| {
                let skipped = self
                    .steps
                    .get(&step.id)
                    .is_some_and(|before| before.skipped && before.fingerprint == step.fingerprint);
                if skipped && step.attributes.when.is_some() {
                    return true;
                }
                let now = step.made_of.with_files(&plan.files_of(step));
                self.record(&step.id).is_some_and(|record| record.standing.why_run(&now).is_none())
            })
    }
}

/// How a chapter ended in the past.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PastChapter {
    /// How its last run ended.
    pub outcome: ChapterOutcome,
    /// Its fingerprint, if all of it passed in its last run.
    pub passed_as: Option<Fingerprint>,
    /// The profile of that run.
    #[serde(default)]
    pub profile: String,
}

/// How a step ended in the past.
#[derive(Debug, Clone)]
pub struct PastStep {
    /// The profile under which it ran. A step that passed in one kind of world proves nothing about another.
    pub profile: String,
    /// Its number among the steps of that run's journal, by which a reordering is noticed.
    pub number: usize,
    /// Its fingerprint in that run.
    pub fingerprint: Fingerprint,
    /// Whether it counts as passed: passed, pending, up to date, or passed before.
    pub passed: bool,
    /// It did not run and the run continued: its `when=` was not true, or a person did not confirm it.
    pub skipped: bool,
    /// It had begun when the run was killed, so its outcome is unknown.
    pub cut_off: bool,
    /// The shell's state after it is missing (a loss of power, a full disk), so no run can continue after it.
    pub state_lost: bool,
    /// Seconds it took.
    pub seconds: f64,
    /// RFC 3339, UTC, of its end.
    pub at: String,
    /// Attempts made.
    pub attempts: u32,
    /// How the last attempt ended.
    pub ending: Option<Ending>,
    /// The run whose folder contains `output` and `state`.
    pub run: String,
    /// Its output.
    pub output: Option<Stored>,
    /// The shell's state after it.
    pub state: Option<Stored>,
    /// Names bound so far in its chapter.
    pub bound: Bindings,
}

/// Where to start, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Resume {
    /// Every step of the plan has passed and is unchanged.
    NothingLeft,
    /// At this step. The reason is a text: "failed", "changed since it passed", "not reached".
    At {
        /// Index into `Plan::chapters`.
        chapter: usize,
        /// Index into its `steps`.
        step: usize,
        why: String,
    },
}

impl Resume {
    /// The start as a position; [`PAST_END`] if no step has to run.
    pub(crate) fn position(&self) -> Position {
        match self {
            Self::NothingLeft => PAST_END,
            Self::At { chapter, step, .. } => (*chapter, *step),
        }
    }
}

/// A step of a plan: (index into `Plan::chapters`, index into its `steps`).
pub(crate) type Position = (usize, usize);

/// The position after every step.
pub(crate) const PAST_END: Position = (usize::MAX, usize::MAX);

/// The first step in execution order that has not passed as it is now. It and all steps after it count as not done.
pub(crate) fn resume_point(plan: &Plan, past: &Past) -> Resume {
    for (chapter, step) in execution_order(plan) {
        if let Some(why) = why_not_done(plan, past, (chapter, step)) {
            return at_its_act(plan, past, (chapter, step), why);
        }
    }
    Resume::NothingLeft
}

/// The start for this step. An edited check may test what the acting step before it did not do, so the run starts at that acting
/// step. A check that only failed is itself the start.
fn at_its_act(plan: &Plan, past: &Past, position: Position, why: String) -> Resume {
    let (chapter, step) = proved_by(plan, position);
    let check = &plan.chapters[position.0].steps[position.1];
    let edited = past
        .steps
        .get(&check.id)
        .is_some_and(|before| !before.cut_off && before.fingerprint != check.fingerprint);
    if (chapter, step) == position || !edited {
        return Resume::At { chapter: position.0, step: position.1, why };
    }
    Resume::At { chapter, step, why: format!("its check {} has changed", check.id.step) }
}

/// Whether a run from `start` executes this step. The other steps passed before. An `always` step runs whenever a step of its
/// chapter before it runs.
pub(crate) fn is_run_from(plan: &Plan, start: Position, position: Position) -> bool {
    turn(plan, position) >= turn(plan, start)
}

/// The checks before the point, which run again. The first one that fails decides where the run starts ([`start_after_checks`]), so
/// they are sorted by the steps at which they would make the run start. A chapter that ended before the point and has `done:` checks
/// is represented by these, since its other checks may fail after later steps.
pub(crate) fn resume_checks(plan: &Plan, point: &Resume) -> Vec<Position> {
    let point = point.position();
    checks_before(plan, point, |(chapter, step)| {
        let planned = &plan.chapters[chapter];
        planned.done.is_empty() || !has_ended(plan, point, chapter) || planned.done.contains(&step)
    })
}

/// After a failed `done:` check: the other checks of its chapter that would make the run start earlier, since one of them may show
/// an earlier loss. Empty if all of them have run already.
pub(crate) fn earlier_checks(
    plan: &Plan,
    point: &Resume,
    first_failing: Position,
) -> Vec<Position> {
    let point = point.position();
    let planned = &plan.chapters[first_failing.0];
    if planned.done.is_empty() || !has_ended(plan, point, first_failing.0) {
        return Vec::new();
    }
    let start = turn(plan, proved_by(plan, first_failing));
    checks_before(plan, point, |check| {
        check.0 == first_failing.0
            && !planned.done.contains(&check.1)
            && turn(plan, proved_by(plan, check)) < start
    })
}

/// Whether the whole chapter passed before the point.
fn has_ended(plan: &Plan, point: Position, chapter: usize) -> bool {
    (0..plan.chapters[chapter].steps.len()).all(|step| !is_run_from(plan, point, (chapter, step)))
}

fn checks_before(plan: &Plan, point: Position, wanted: impl Fn(Position) -> bool) -> Vec<Position> {
    let mut checks: Vec<Position> = execution_order(plan)
        .into_iter()
        .filter(|position| !is_run_from(plan, point, *position))
        .filter(|(chapter, step)| {
            let steps = &plan.chapters[*chapter].steps;
            // A check of a process that ended with the last run cannot pass.
            let ended = matches!(steps[*step].role, Role::Verify { proves: Some(proves) } if steps[proves].ends_with_its_run());
            steps[*step].is_verify() && !steps[*step].attributes.always && !ended
        })
        .filter(|check| wanted(*check))
        .collect();
    checks.sort_by_key(|check| (turn(plan, proved_by(plan, *check)), turn(plan, *check)));
    checks
}

/// Where to start after this check failed: at the step that it proves.
pub(crate) fn start_after_checks(plan: &Plan, point: &Resume, first_failing: Position) -> Resume {
    let (chapter, step) = proved_by(plan, first_failing);
    if is_run_from(plan, point.position(), (chapter, step)) {
        return point.clone();
    }
    let failing = &plan.chapters[first_failing.0].steps[first_failing.1].id;
    Resume::At { chapter, step, why: format!("{failing} no longer holds") }
}

/// The background steps before the start that must be started again, in this order: their processes ended with the last run, and
/// later steps rely on them. These are the background steps of the start's own chapter, and those of earlier chapters that run
/// until the end of the run.
pub(crate) fn background_to_restart(plan: &Plan, start: Position) -> Vec<Position> {
    let has_ended = |(chapter, step): &Position| match plan.chapters[*chapter].steps[*step]
        .attributes
        .background
    {
        Some(Background::Chapter) => *chapter == start.0,
        Some(Background::Run) => start != PAST_END,
        Some(Background::Keep) | None => false,
    };
    let order = execution_order(plan).into_iter();
    order.filter(|position| !is_run_from(plan, start, *position)).filter(has_ended).collect()
}

/// Why a step does not count as done; `None` if it does.
fn why_not_done(plan: &Plan, past: &Past, (chapter, index): Position) -> Option<String> {
    let step = &plan.chapters[chapter].steps[index];
    let Some(before) = past.steps.get(&step.id) else { return Some("not reached".to_owned()) };
    let why = match before {
        before if before.cut_off => {
            "it was running when the run was killed, and may have done its work"
        }
        before if was_skipped_by_condition(plan, (chapter, index), before) => return None,
        before if !before.passed => "failed",
        before if before.profile != plan.profile => {
            return Some(format!("it passed under profile `{}`", before.profile));
        }
        before if before.fingerprint != step.fingerprint => "changed since it passed",
        before if has_moved(plan, past, (chapter, index), before) => "it has moved since it passed",
        before if before.state_lost => "the shell's state after it was lost",
        _ if step.is_verify() => return None,
        _ => {
            return past.why_run(&step.id, &step.made_of.with_files(&plan.files_of(step)));
        }
    };
    Some(why.to_owned())
}

/// Whether the unchanged step was skipped because its own `when=`, or that of the step it proves, was not true.
fn was_skipped_by_condition(plan: &Plan, (chapter, index): Position, before: &PastStep) -> bool {
    let steps = &plan.chapters[chapter].steps;
    before.skipped
        && before.profile == plan.profile
        && before.fingerprint == steps[index].fingerprint
        && plan.chapters[chapter].conditions_of(index).next().is_some()
}

/// Whether the step that is now before this one ran after it when both passed. The step then began from another shell state.
fn has_moved(plan: &Plan, past: &Past, (chapter, index): Position, then: &PastStep) -> bool {
    let steps = &plan.chapters[chapter].steps;
    if steps[index].attributes.always {
        return false;
    }
    let before = steps[..index].iter().rev().find(|step| !step.attributes.always);
    let before = before.and_then(|before| past.steps.get(&before.id));
    before.is_some_and(|before| before.run == then.run && before.number > then.number)
}

/// All steps in the order in which they are executed: chapter by chapter, the `always` steps last.
fn execution_order(plan: &Plan) -> Vec<Position> {
    let chapters = plan.chapters.iter().enumerate();
    let mut order: Vec<Position> = chapters
        .flat_map(|(chapter, planned)| (0..planned.steps.len()).map(move |step| (chapter, step)))
        .collect();
    order.sort_by_key(|position| turn(plan, *position));
    order
}

/// A key that sorts positions in execution order.
fn turn(plan: &Plan, (chapter, step): Position) -> (usize, bool, usize) {
    let planned = plan.chapters.get(chapter).and_then(|chapter| chapter.steps.get(step));
    (chapter, planned.is_some_and(|step| step.attributes.always), step)
}

/// The step that a check proves; the check itself if it proves none, or one that runs later.
fn proved_by(plan: &Plan, check: Position) -> Position {
    match plan.chapters[check.0].steps[check.1].role {
        Role::Verify { proves: Some(step) } => {
            std::cmp::min_by_key((check.0, step), check, |position| turn(plan, *position))
        }
        Role::Verify { proves: None } | Role::Act { .. } => check,
    }
}

#[cfg(test)]
mod tests;
