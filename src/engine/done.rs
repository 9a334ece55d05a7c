//! Taking a chapter as done: every step of it passed in its last run, nothing in it has changed
//! since, and its `done:` checks pass.

use std::time::Duration;

use super::context::{ChapterRun, RunContext, StepRef};
use super::execute::run_check_aside;
use super::retry::RetryPolicy;
use super::{entry, finish};
use crate::diagnostic::Diagnostic;
use crate::event::{Outcome, Reason};

/// The limit of `until=` for a `done:` check. A world that was just changed becomes stable within
/// seconds; after a longer time the chapter has to run anyway.
const DONE_CHECK_LIMIT: Duration = Duration::from_secs(10);

/// Takes the chapter as done if it is done: every step of it is then recorded. Returns whether it
/// is.
pub(super) fn take_as_done(
    ctx: &mut RunContext<'_, '_>,
    run: &mut ChapterRun<'_>,
) -> Result<bool, Diagnostic> {
    if !may_be_done(ctx, run) || !done_checks_pass(ctx, run)? {
        return Ok(false);
    }
    for step in StepRef::all(ctx.plan(), run.index) {
        finish_as_done(ctx, run, step)?;
    }
    Ok(true)
}

/// Whether the chapter is done if its `done:` checks pass. A chapter that another one needs may
/// have no such checks: it is done if every step passed.
fn may_be_done(ctx: &RunContext<'_, '_>, run: &ChapterRun<'_>) -> bool {
    let (chapter, options) = (run.chapter, ctx.request.options);
    let mut checks = chapter.done.iter().map(|check| StepRef::at(ctx.plan(), (run.index, *check)));
    let can_pass = !checks.any(StepRef::needs_running_process);
    let has_checks = !chapter.done.is_empty() || chapter.needed_by.is_some();
    let is_resumed = options.resume && ctx.start.0 == run.index;
    let must_run = ctx.must_rerun(chapter) || options.verify_only || is_resumed || chapter.partial;
    has_checks && can_pass && !must_run && ctx.request.past.passed_whole(chapter, ctx.plan())
}

/// Runs the `done:` checks. If one fails, the shell in which they ran is ended.
fn done_checks_pass(
    ctx: &mut RunContext<'_, '_>,
    run: &mut ChapterRun<'_>,
) -> Result<bool, Diagnostic> {
    if run.chapter.done.is_empty() {
        return Ok(true);
    }
    entry::enter_from_last_state(ctx, run)?;
    let bound = run.bound.clone();
    for &index in &run.chapter.done {
        let check = StepRef::at(ctx.plan(), (run.index, index));
        run.unbind(check.step);
        let policy = RetryPolicy::until_first_pass(check.step, DONE_CHECK_LIMIT);
        if !run_check_aside(ctx, run, check, Reason::ChapterDone, policy)?.passes {
            entry::leave(ctx);
            run.reset();
            return Ok(false);
        }
        run.bound.clone_from(&bound);
    }
    Ok(true)
}

/// Records a step of a chapter that is taken as done. Its state and its bindings are taken over for
/// the next run.
fn finish_as_done(
    ctx: &mut RunContext<'_, '_>,
    run: &ChapterRun<'_>,
    step: StepRef<'_>,
) -> Result<(), Diagnostic> {
    let mut finished = finish::without_running(ctx, run, step.step, Outcome::TakenAsDone);
    let kept = ctx.request.past.kept(step.step, ctx.plan());
    if let Some(before) = kept.filter(|before| before.fingerprint == step.step.fingerprint) {
        finished.bound.clone_from(&before.bound);
        let stored = before.state.as_ref();
        finished.state = stored.map(|stored| ctx.ports.record.take_over(&before.run, stored));
    }
    finish::record(ctx, finished)
}
