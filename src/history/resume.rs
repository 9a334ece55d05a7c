//! Where a resumed run starts: a pure function of plan and past.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

use super::step_record::StepRecord;
use crate::book::Background;
use crate::compare::Bindings;
use crate::event::{ChapterOutcome, Stored};
use crate::ids::ChapterName;
use crate::ids::Fingerprint;
use crate::ids::StepId;
use crate::output::Ending;
use crate::plan::MadeOf;
use crate::plan::{FromBefore, Plan, PlannedChapter, Role, Step};

/// What the journal of the last run tells (with what that run itself took over from the one before).
#[derive(Debug, Clone, Default)]
pub struct Past {
    /// Id of that run; empty: there was none.
    pub run: String,
    /// Every step that has ended.
    pub steps: HashMap<StepId, PastStep>,
    /// Seconds a step took when it last ran and passed, in whichever run that was.
    pub seconds: HashMap<StepId, f64>,
    /// How chapters ended, in whichever run that was.
    pub chapters: HashMap<ChapterName, PastChapter>,
    /// What happened last to each step in this world, by profile: in whichever run that was.
    pub records: HashMap<StepId, BTreeMap<String, StepRecord>>,
    /// The newest run that `seconds` and `chapters` know of: `run`, or one after it that only asked.
    pub newest_run: String,
    /// The cluster that `records` and `chapters` speak of; none while no cluster is known.
    pub world: Option<String>,
}

impl Past {
    /// How a step ended, where it held in the plan's profile and what it left is there.
    pub fn kept(&self, step: &Step, plan: &Plan) -> Option<&PastStep> {
        self.steps
            .get(&step.id)
            .filter(|before| before.passed && !before.state_lost && before.profile == plan.profile)
    }

    /// The names that a chapter's steps read and steps bind that are not selected, as they were bound last.
    ///
    /// # Errors
    /// A name that is not known here.
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

    /// What happened last to a step in this world, under the plan's profile.
    pub fn record(&self, step: &StepId, profile: &str) -> Option<&StepRecord> {
        self.records.get(step)?.get(profile)
    }

    /// Why an acting step has to run whatever its checks say; `None` where it passed here as it is `now`, and where it never
    /// ran here.
    pub fn why_run(&self, step: &StepId, profile: &str, now: &MadeOf) -> Option<String> {
        self.record(step, profile)?.standing.why_run(now)
    }

    /// Did the chapter's last run here pass whole, as the chapter is now?
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
                self.record(&step.id, &plan.profile)
                    .is_some_and(|record| record.standing.why_run(&now).is_none())
            })
    }
}

/// How a chapter ended in the past.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PastChapter {
    /// How it ended when it was last run.
    pub outcome: ChapterOutcome,
    /// Its fingerprint, where its last run passed whole.
    pub passed_as: Option<Fingerprint>,
    /// The profile of that run.
    #[serde(default)]
    pub profile: String,
}

/// How a step ended in the past.
#[derive(Debug, Clone)]
pub struct PastStep {
    /// The profile it was run under: what passed in one kind of world says nothing of another.
    pub profile: String,
    /// Its place among the steps of that run's journal: steps that have changed places are not what they were.
    pub number: usize,
    /// What it was then.
    pub fingerprint: Fingerprint,
    /// Did it hold (passed, pending, up to date, passed before)?
    pub passed: bool,
    /// It did not run, and the run went on: its `when=` was not true, or a person did not confirm it.
    pub skipped: bool,
    /// It was begun, and the run ended without a word of how it came out.
    pub cut_off: bool,
    /// The shell's state after it should be there and is not (a loss of power, a full disk): it can't be gone on from.
    pub state_lost: bool,
    /// Seconds it took.
    pub seconds: f64,
    /// RFC 3339, UTC, of its end.
    pub at: String,
    /// Attempts made.
    pub attempts: u32,
    /// How the last attempt ended.
    pub ending: Option<Ending>,
    /// Run whose folder holds `output` and `state`.
    pub run: String,
    /// Its output.
    pub output: Option<Stored>,
    /// The shell's state after it.
    pub state: Option<Stored>,
    /// Names bound so far in its chapter.
    pub bound: Bindings,
}

/// Where to start, and why there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Resume {
    /// Every step of the plan has passed and is unchanged.
    NothingLeft,
    /// At this step, for this reason in words ("failed", "changed since it passed", "not reached").
    At {
        /// Index into `Plan::chapters`.
        chapter: usize,
        /// Index into its `steps`.
        step: usize,
        why: String,
    },
}

impl Resume {
    /// The point as a position, [`PAST_END`] when nothing is left.
    pub(crate) fn position(&self) -> Position {
        match self {
            Self::NothingLeft => PAST_END,
            Self::At { chapter, step, .. } => (*chapter, *step),
        }
    }
}

/// A step of a plan: (index into `Plan::chapters`, index into its `steps`).
pub(crate) type Position = (usize, usize);

/// Behind every step.
pub(crate) const PAST_END: Position = (usize::MAX, usize::MAX);

/// The first step, as steps are executed, that has not passed as it stands now; it and all after it count as not done.
pub(crate) fn resume_point(plan: &Plan, past: &Past) -> Resume {
    for (chapter, step) in execution_order(plan) {
        if let Some(why) = why_not_done(plan, past, (chapter, step)) {
            return at_its_act(plan, past, (chapter, step), why);
        }
    }
    Resume::NothingLeft
}

/// A check that was edited may ask for what the acting step before it did not do: it goes on there. One that only failed is run
/// again where it stands.
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

/// Is a step one that a run from `start` executes? Those it does not have passed before. An `always` step runs whenever any
/// step of its chapter before it does.
pub(crate) fn is_run_from(plan: &Plan, start: Position, position: Position) -> bool {
    turn(plan, position) >= turn(plan, start)
}

/// The verify steps before the point, to be asked again. The first of them that no longer holds decides (see
/// [`start_after_checks`]), so they come in the order of the steps at which they would make the run start. For a chapter that
/// ended before the point and has `done:` steps these speak: what its story showed on the way need not be so any more.
pub(crate) fn resume_checks(plan: &Plan, point: &Resume) -> Vec<Position> {
    let point = point.position();
    checks_before(plan, point, |(chapter, step)| {
        let planned = &plan.chapters[chapter];
        planned.done.is_empty() || !has_ended(plan, point, chapter) || planned.done.contains(&step)
    })
}

/// When a `done:` step no longer holds, the other verify steps of its chapter that would make the run start before what it
/// proves: one of them may tell of an earlier loss. Empty where all of them were asked anyway.
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

/// Did all of this chapter pass before the point?
fn has_ended(plan: &Plan, point: Position, chapter: usize) -> bool {
    (0..plan.chapters[chapter].steps.len()).all(|step| !is_run_from(plan, point, (chapter, step)))
}

fn checks_before(plan: &Plan, point: Position, wanted: impl Fn(Position) -> bool) -> Vec<Position> {
    let mut checks: Vec<Position> = execution_order(plan)
        .into_iter()
        .filter(|position| !is_run_from(plan, point, *position))
        .filter(|(chapter, step)| {
            let steps = &plan.chapters[*chapter].steps;
            // What looks at a process that ended with the last run can't pass.
            let ended = matches!(steps[*step].role, Role::Verify { proves: Some(proves) } if steps[proves].ends_with_its_run());
            steps[*step].is_verify() && !steps[*step].attributes.always && !ended
        })
        .filter(|check| wanted(*check))
        .collect();
    checks.sort_by_key(|check| (turn(plan, proved_by(plan, *check)), turn(plan, *check)));
    checks
}

/// Where to start when that check no longer holds: at the step it proves.
pub(crate) fn start_after_checks(plan: &Plan, point: &Resume, first_failing: Position) -> Resume {
    let (chapter, step) = proved_by(plan, first_failing);
    if is_run_from(plan, point.position(), (chapter, step)) {
        return point.clone();
    }
    let failing = &plan.chapters[first_failing.0].steps[first_failing.1].id;
    Resume::At { chapter, step, why: format!("{failing} no longer holds") }
}

/// Background steps before the start whose processes ended with the run that started them and that the steps from there on
/// count on: to be started again, in this order. Those of the start's own chapter, and those of any chapter before that were
/// to go on until the run's end.
pub(crate) fn background_to_restart(plan: &Plan, start: Position) -> Vec<Position> {
    let gone = |(chapter, step): &Position| match plan.chapters[*chapter].steps[*step]
        .attributes
        .background
    {
        Some(Background::Chapter) => *chapter == start.0,
        Some(Background::Run) => start != PAST_END,
        Some(Background::Keep) | None => false,
    };
    let order = execution_order(plan).into_iter();
    order.filter(|position| !is_run_from(plan, start, *position)).filter(gone).collect()
}

/// Why a step does not count as done; `None` when it does.
fn why_not_done(plan: &Plan, past: &Past, (chapter, index): Position) -> Option<String> {
    let step = &plan.chapters[chapter].steps[index];
    let Some(before) = past.steps.get(&step.id) else { return Some("not reached".to_owned()) };
    let why = match before {
        before if before.cut_off => {
            "it was running when the run was killed, and may have done its work"
        }
        before if is_left_out(plan, (chapter, index), before) => return None,
        before if !before.passed => "failed",
        before if before.profile != plan.profile => {
            return Some(format!("it passed under profile `{}`", before.profile));
        }
        before if before.fingerprint != step.fingerprint => "changed since it passed",
        before if has_moved(plan, past, (chapter, index), before) => {
            "stands in another place than when it passed"
        }
        before if before.state_lost => "the shell's state after it was lost",
        _ if step.is_verify() => return None,
        _ => {
            return past.why_run(
                &step.id,
                &plan.profile,
                &step.made_of.with_files(&plan.files_of(step)),
            );
        }
    };
    Some(why.to_owned())
}

/// Was the step skipped, as it is now, since its own `when=` or that of the step it proves was not true?
fn is_left_out(plan: &Plan, (chapter, index): Position, before: &PastStep) -> bool {
    let steps = &plan.chapters[chapter].steps;
    before.skipped
        && before.profile == plan.profile
        && before.fingerprint == steps[index].fingerprint
        && plan.chapters[chapter].conditions_of(index).next().is_some()
}

/// Did the step that now stands before it come after it in the run that both passed in? Its shell state is then another's.
fn has_moved(plan: &Plan, past: &Past, (chapter, index): Position, then: &PastStep) -> bool {
    let steps = &plan.chapters[chapter].steps;
    if steps[index].attributes.always {
        return false;
    }
    let before = steps[..index].iter().rev().find(|step| !step.attributes.always);
    let before = before.and_then(|before| past.steps.get(&before.id));
    before.is_some_and(|before| before.run == then.run && before.number > then.number)
}

/// Chapters in order; in each the steps as they are written, then the `always` steps.
fn execution_order(plan: &Plan) -> Vec<Position> {
    let chapters = plan.chapters.iter().enumerate();
    let mut order: Vec<Position> = chapters
        .flat_map(|(chapter, planned)| (0..planned.steps.len()).map(move |step| (chapter, step)))
        .collect();
    order.sort_by_key(|position| turn(plan, *position));
    order
}

/// Sorts positions as they are executed.
fn turn(plan: &Plan, (chapter, step): Position) -> (usize, bool, usize) {
    let planned = plan.chapters.get(chapter).and_then(|chapter| chapter.steps.get(step));
    (chapter, planned.is_some_and(|step| step.attributes.always), step)
}

/// The step that a verify step proves; itself when it proves none, or one that comes after it.
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
