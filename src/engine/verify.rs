//! `guide verify`: runs only checks, each in the shell state in which its chapter last ended.

use super::context::{ChapterRun, RunContext, StepRef};
use super::finish;
use super::retry::{RetryPolicy, StepResult};
use crate::diagnostic::Diagnostic;
use crate::event::Outcome;
use crate::plan::{Role, Step};

/// Prepares a step under `guide verify`. Returns whether it has to run: acting steps do not run,
/// and neither does a check that can pass only while a background step runs.
pub(super) fn prepare(
    ctx: &mut RunContext<'_, '_>,
    run: &mut ChapterRun<'_>,
    step: StepRef<'_>,
) -> Result<bool, Diagnostic> {
    if !step.step.is_verify() {
        return Ok(false);
    }
    if step.needs_running_process() {
        let why = "it checks a background step, which only a run of the chapter starts";
        skip(ctx, run, step.step, why.to_owned())?;
        return Ok(false);
    }
    run.unbind(step.step);
    Ok(true)
}

/// The retry policy of a check: `until=` is limited to the remaining wait budget, and without a
/// budget the check runs once.
pub(super) fn policy(ctx: &RunContext<'_, '_>, check: &Step) -> RetryPolicy {
    let mut policy = RetryPolicy::wait_at_most(check, ctx.wait_budget);
    policy.until = policy.until.filter(|until| !until.is_zero());
    policy
}

/// Subtracts the time that a check was waited for from the wait budget.
pub(super) fn spend_wait_budget(
    ctx: &mut RunContext<'_, '_>,
    policy: RetryPolicy,
    result: &StepResult,
) {
    if result.attempts > 1 {
        let waited = result.duration.saturating_sub(policy.stable);
        ctx.wait_budget = ctx.wait_budget.saturating_sub(waited);
    }
}

/// After a check that failed: notes that the check may only lack functions and variables of the
/// chapter's acting steps, if these never ran here. Each chapter has this note once.
pub(super) fn note_unknown_state(
    ctx: &mut RunContext<'_, '_>,
    run: &mut ChapterRun<'_>,
    step: StepRef<'_>,
) -> Result<(), Diagnostic> {
    if !std::mem::take(&mut run.state_is_unknown) {
        return Ok(());
    }
    let text = format!(
        "{0} has not been run from here, so its checks lack the functions and variables that its acting steps define: run `guide run {0}` first",
        run.chapter.name
    );
    ctx.note(text, Some(&step.step.id))
}

/// Whether the check is a precondition of the chapter: it proves no step of it, but something that
/// all steps need (`kubectl` answers, the cluster is awake). If it fails, the rest of the chapter
/// cannot be checked.
pub(super) fn is_precondition(ctx: &RunContext<'_, '_>, step: StepRef<'_>) -> bool {
    ctx.request.options.verify_only && matches!(step.step.role, Role::Verify { proves: None })
}

/// Skips the checks after a failed precondition, because they would fail for the same reason.
pub(super) fn skip_remaining_checks(
    ctx: &mut RunContext<'_, '_>,
    run: &ChapterRun<'_>,
    failed: StepRef<'_>,
) -> Result<(), Diagnostic> {
    let why = format!("not run, because {} failed", failed.step.id.step);
    let later = StepRef::all(ctx.plan(), run.index).skip(failed.position.1 + 1);
    for step in later.filter(|step| step.step.is_verify() && !step.step.attributes.always) {
        skip(ctx, run, step.step, why.clone())?;
    }
    Ok(())
}

fn skip(
    ctx: &mut RunContext<'_, '_>,
    run: &ChapterRun<'_>,
    step: &Step,
    why: String,
) -> Result<(), Diagnostic> {
    let finished = finish::without_running(ctx, run, step, Outcome::Skipped { why });
    finish::record(ctx, finished)
}
