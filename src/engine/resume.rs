//! `--resume`: chooses the first step to run, after the checks before it have run again.

use std::time::Duration;

use super::context::{ChapterRun, RunContext, StepRef};
use super::execute::run_check_aside;
use super::retry::RetryPolicy;
use super::{entry, finish};
use crate::diagnostic::Diagnostic;
use crate::event::{Event, Outcome, Reason, StepFinished};
use crate::history::{
    Position, Resume, earlier_checks, resume_checks, resume_point, start_after_checks,
};

/// The limit of `until=` for a check that runs again. It is not zero, because a cluster that was
/// just started, as the last run's failure may have advised, needs some time to become ready.
const WAKE_UP_LIMIT: Duration = Duration::from_secs(60);

/// Chooses the first step to run, takes over the steps before it, and records the reason.
pub(super) fn choose_start(ctx: &mut RunContext<'_, '_>) -> Result<(), Diagnostic> {
    let (plan, past) = (ctx.plan(), ctx.request.past);
    let mut point = resume_point(plan, past);
    if let Some(failing) = first_failing_check(ctx, &point)? {
        point = start_after_checks(plan, &point, failing);
    }
    ctx.start = point.position();
    let (at, why) = match point {
        Resume::At { chapter, step, why } => {
            (Some(plan.chapters[chapter].steps[step].id.clone()), why)
        }
        Resume::NothingLeft => {
            (None, "every step has passed, and the checks still pass".to_owned())
        }
    };
    let mut events = take_over_steps(ctx);
    events.push(Event::Resumed { at, why });
    // The events are written together, so that a killed run has taken over either all of these
    // steps or none.
    ctx.record(&events)
}

/// The events that make the steps before the start steps of this run.
fn take_over_steps(ctx: &mut RunContext<'_, '_>) -> Vec<Event> {
    let plan = ctx.plan();
    let steps = (0..plan.chapters.len()).flat_map(|chapter| StepRef::all(plan, chapter));
    let mut events = Vec::new();
    for step in steps {
        if ctx.executes(step.position) {
            continue;
        }
        let Some(past) = ctx.request.past.steps.get(&step.step.id) else { continue };
        let mut bound = past.bound.clone();
        ctx.rebind(step.position.0, &mut bound);
        let record = &mut *ctx.ports.record;
        let state = past.state.as_ref().map(|stored| record.take_over(&past.run, stored));
        let output = past.output.as_ref().map(|stored| record.take_over(&past.run, stored));
        let run = ChapterRun::new(plan, step.position.0);
        let outcome = if past.skipped {
            Outcome::Skipped { why: "it was skipped in the run that this one resumes".to_owned() }
        } else {
            Outcome::PassedBefore
        };
        events.push(Event::StepFinished(StepFinished {
            at: past.at.clone(),
            seconds: past.seconds,
            ending: past.ending,
            bound,
            state,
            output,
            ..finish::without_running(ctx, &run, step.step, outcome)
        }));
    }
    events
}

/// Runs the checks before the resume point again, each chapter in its last kept state. Returns the
/// failing check that decides where to start.
fn first_failing_check(
    ctx: &mut RunContext<'_, '_>,
    point: &Resume,
) -> Result<Option<Position>, Diagnostic> {
    let plan = ctx.plan();
    let mut entered = None;
    let mut found = run_checks(ctx, resume_checks(plan, point), point, &mut entered)?;
    if let Some(failing) = found {
        let earlier = earlier_checks(plan, point, failing);
        found = run_checks(ctx, earlier, point, &mut entered)?.or(found);
    }
    if entered.is_some() {
        entry::leave(ctx);
    }
    // An interrupted check has no result, so the steps that passed before stay passed.
    Ok(found.filter(|_| !ctx.is_interrupted()))
}

/// Runs these checks up to the first one that fails, and returns that one.
fn run_checks<'a>(
    ctx: &mut RunContext<'a, '_>,
    checks: Vec<Position>,
    point: &Resume,
    entered: &mut Option<usize>,
) -> Result<Option<Position>, Diagnostic> {
    for position in checks {
        let chapter = position.0;
        let check = StepRef::at(ctx.plan(), position);
        if ctx.request.past.steps.get(&check.step.id).is_some_and(|before| before.skipped) {
            continue;
        }
        let mut run = ChapterRun::new(ctx.plan(), chapter);
        if *entered != Some(chapter) {
            if entered.is_some() {
                entry::leave(ctx);
            }
            ctx.start = point.position();
            entry::enter(ctx, &mut run)?;
            *entered = Some(chapter);
        }
        if let Some(past) = ctx.request.past.steps.get(&check.step.id) {
            run.bound.clone_from(&past.bound);
        }
        // The check may bind another value than in the earlier run, and the checks after it must
        // use the new value.
        ctx.rebind(chapter, &mut run.bound);
        run.unbind(check.step);
        let policy = RetryPolicy::until_first_pass(check.step, WAKE_UP_LIMIT);
        let result = run_check_aside(ctx, &run, check, Reason::Recheck, policy)?;
        if !result.passes {
            return Ok(Some(position));
        }
        ctx.rebound.entry(chapter).or_default().extend(result.bound);
    }
    Ok(None)
}
