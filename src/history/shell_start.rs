//! In which state a shell for a person starts (`guide shell`): the one that a step left, or the one in which a failed step started.

use super::resume::{Past, PastStep, Position};
use crate::compare::Bindings;
use crate::plan::{Plan, PlannedChapter, Step};

/// Where the shell starts.
#[derive(Debug, Clone)]
pub(crate) struct ShellStart<'p> {
    /// The run's record that holds the state. `None`: the steps before left nothing in the shell, so that a new one is as theirs was.
    pub state: Option<&'p PastStep>,
    /// The names that are bound there.
    pub bound: Bindings,
    /// Whether it is the state after the step; else it is the one in which the step starts.
    pub after: bool,
}

/// Why there is no such state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum NoState {
    /// The step has not run here, nor has this one before it.
    NotRun(String),
    /// The step ran under another profile.
    OtherProfile(String),
    /// The state after this step was lost.
    Lost(String),
}

/// The step that the last run failed at, else the last one that passed, among the steps of a plan.
pub(crate) fn step_of_interest(plan: &Plan, past: &Past) -> Option<Position> {
    let all = plan.chapters.iter().enumerate().flat_map(|(chapter, planned)| {
        planned.steps.iter().enumerate().map(move |(step, planned)| ((chapter, step), planned))
    });
    let known: Vec<(Position, &PastStep)> =
        all.filter_map(|(at, step)| Some((at, past.steps.get(&step.id)?))).collect();
    let last_of = |wanted: &dyn Fn(&PastStep) -> bool| {
        let wanted = known.iter().filter(|(_, before)| wanted(before));
        wanted.max_by_key(|(_, before)| (&before.run, before.number)).map(|(at, _)| *at)
    };
    last_of(&|before| before.run == past.run && !before.passed && !before.skipped)
        .or_else(|| last_of(&|before| before.passed))
        .or_else(|| last_of(&|before| !before.skipped))
}

/// The state of a step of a plan that holds whole chapters.
///
/// # Errors
/// Why it is not known.
pub(crate) fn shell_start<'p>(
    plan: &Plan,
    past: &'p Past,
    (chapter, index): Position,
) -> Result<ShellStart<'p>, NoState> {
    let planned = &plan.chapters[chapter];
    let step = &planned.steps[index];
    let own = past.steps.get(&step.id);
    if let Some(other) = own.filter(|before| before.profile != plan.profile) {
        return Err(NoState::OtherProfile(other.profile.clone()));
    }
    let after = own.is_some_and(|before| before.passed);
    let before = steps_before(planned, index);
    let has_run =
        |step: &&&Step| past.steps.get(&step.id).is_some_and(|it| it.passed || it.skipped);
    if own.is_none()
        && let Some(gap) = before.iter().find(|step| !has_run(step))
    {
        return Err(NoState::NotRun(gap.id.to_string()));
    }
    if own.is_none() && before.is_empty() && !past.steps.keys().any(|id| id.chapter == planned.name)
    {
        return Err(NoState::NotRun(step.id.to_string()));
    }
    let mut bound = None;
    for step in after.then_some(step).into_iter().chain(before.into_iter().rev()) {
        let Some(known) = past.steps.get(&step.id) else { continue };
        let bound = bound.get_or_insert_with(|| known.bound.clone());
        if known.state_lost {
            return Err(NoState::Lost(step.id.to_string()));
        }
        if known.state.is_some() && known.passed {
            return Ok(ShellStart { state: Some(known), bound: std::mem::take(bound), after });
        }
    }
    Ok(ShellStart { state: None, bound: bound.unwrap_or_default(), after })
}

/// The steps that run before a step of its chapter: `always` steps run at the end.
fn steps_before(chapter: &PlannedChapter, index: usize) -> Vec<&Step> {
    let always = |step: &Step| step.attributes.always;
    let of_always = chapter.steps[..index].iter().filter(|step| always(step));
    if always(&chapter.steps[index]) {
        return chapter.steps.iter().filter(|step| !always(step)).chain(of_always).collect();
    }
    chapter.steps[..index].iter().filter(|step| !always(step)).collect()
}
