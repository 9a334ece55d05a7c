//! One step: decides whether it has to run, runs it, and records its result.

use super::background;
use super::condition::unmet_condition;
use super::context::{ChapterRun, RunContext, StepRef};
use super::execute::{Execution, run_attempts};
use super::finish::{self, Finish};
use super::retry::RetryPolicy;
use super::up_to_date::{Need, files_of, made_of, missing_secret, need};
use super::verify;
use crate::diagnostic::Diagnostic;
use crate::event::{Failure, Outcome, Reason, StepFinished};
use crate::world::Mode;

/// How the chapter continues after a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StepFlow {
    Continue,
    /// The step printed an answer that is not the expected one.
    Failed,
    /// The step gave no answer: it ended with another exit code, or ran out of time.
    Unanswered,
    Interrupted,
}

impl StepFlow {
    fn after(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Interrupted => Self::Interrupted,
            Outcome::Failed(Failure::Mismatch { .. } | Failure::Check { .. }) => Self::Failed,
            Outcome::Failed(_) => Self::Unanswered,
            _ => Self::Continue,
        }
    }
}

/// Runs a step if it has to run.
pub(super) fn run(
    ctx: &mut RunContext<'_, '_>,
    run: &mut ChapterRun<'_>,
    step: StepRef<'_>,
) -> Result<StepFlow, Diagnostic> {
    if ctx.is_interrupted() {
        return Ok(StepFlow::Interrupted);
    }
    if !ctx.executes(step.position) {
        return Ok(StepFlow::Continue);
    }
    let verify_only = ctx.request.options.verify_only;
    if verify_only && !verify::prepare(ctx, run, step)? {
        return Ok(StepFlow::Continue);
    }
    match unmet_condition(ctx, run, step) {
        Ok(None) => {}
        Ok(Some(why)) => {
            let skipped = Outcome::Skipped { why };
            let finished = finish::without_running(ctx, run, step.step, skipped);
            finish::record(ctx, finished)?;
            return Ok(StepFlow::Continue);
        }
        Err(why) => return refuse(ctx, run, step, why),
    }
    let reason_to_run = match decide(ctx, run, step)? {
        Decision::Run(reason) => reason,
        Decision::Finished(flow) => return Ok(flow),
    };
    if let Some(name) = missing_secret(ctx, run, step).filter(|_| !verify_only) {
        let why = format!(
            "the secret {name} has no value here: set it in the environment of `guide run`"
        );
        return refuse(ctx, run, step, why);
    }
    if let Some(question) = &step.step.attributes.confirm
        && !ctx.ports.prompt.confirm(&step.step.id, question)
    {
        let skipped = Outcome::Skipped { why: "not confirmed".to_owned() };
        let finished = finish::without_running(ctx, run, step.step, skipped);
        finish::record(ctx, finished)?;
        return Ok(StepFlow::Continue);
    }
    execute(ctx, run, step, reason_to_run)
}

enum Decision {
    /// The step has to run. The text says why, if it passed here before.
    Run(Option<String>),
    /// The step does not run, and its outcome is recorded.
    Finished(StepFlow),
}

/// Decides whether the step has to run. A check always has to run.
fn decide(
    ctx: &mut RunContext<'_, '_>,
    run: &ChapterRun<'_>,
    step: StepRef<'_>,
) -> Result<Decision, Diagnostic> {
    if step.step.is_verify() {
        return Ok(Decision::Run(None));
    }
    let now = made_of(ctx, run, step.step);
    let finished = match need(ctx, run, step, &now)? {
        Need::Run(_) if ctx.is_interrupted() => {
            return Ok(Decision::Finished(StepFlow::Interrupted));
        }
        Need::Run(reason) => return Ok(Decision::Run(reason)),
        Need::Unproven(why) => return Ok(Decision::Finished(refuse(ctx, run, step, why)?)),
        Need::UpToDate => finish::without_running(ctx, run, step.step, Outcome::UpToDate),
        Need::FoundSo => {
            let found = finish::without_running(ctx, run, step.step, Outcome::FoundSo);
            StepFinished { made_of: Some(now), ..found }
        }
    };
    finish::record(ctx, finished)?;
    Ok(Decision::Finished(StepFlow::Continue))
}

/// Executes a step and records its result. `because` says why a step that passed here before runs
/// again.
pub(super) fn execute(
    ctx: &mut RunContext<'_, '_>,
    run: &mut ChapterRun<'_>,
    step: StepRef<'_>,
    because: Option<String>,
) -> Result<StepFlow, Diagnostic> {
    let attributes = &step.step.attributes;
    let mode = match (attributes.background, attributes.interactive) {
        (Some(kind), _) => Mode::Background(kind),
        (None, true) => Mode::Interactive,
        (None, false) => Mode::Shell,
    };
    let policy = if ctx.request.options.verify_only {
        verify::policy(ctx, step.step)
    } else {
        RetryPolicy::of(step.step)
    };
    let (files_before, bound_before) = (files_of(ctx, step.step), run.bound.clone());
    let bound = std::mem::take(&mut run.unsent_bindings);
    let unsent = bound.clone();
    let execution = Execution { mode, bound, reason: Reason::Turn, policy, depends_on: None };
    let mut result = run_attempts(ctx, run, step, execution)?;
    if attributes.background.is_some() && result.judgement.outcome.passes() {
        background::await_ready(ctx, run, step, &mut result)?;
    }
    if attributes.background.is_some() && result.judgement.outcome.passes() {
        ctx.background.push(step.position);
    }
    if !result.judgement.outcome.passes() || attributes.background.is_some() {
        // The next step starts from the state before this step, which does not contain these
        // bindings.
        run.unsent_bindings = unsent;
    }
    verify::spend_wait_budget(ctx, policy, &result);
    let has_acted = !step.step.is_verify() && result.judgement.outcome.passes();
    ctx.has_acted |= has_acted;
    let made_of = has_acted.then(|| {
        let now = files_of(ctx, step.step);
        step.step.made_of.in_run(&step.step.reads, &bound_before, &now).after(&files_before, &now)
    });
    let flow = StepFlow::after(&result.judgement.outcome);
    finish::finish(ctx, run, step, result, Finish { made_of, because, policy })?;
    Ok(flow)
}

/// Records a step that cannot run, as one that failed without having run.
fn refuse(
    ctx: &mut RunContext<'_, '_>,
    run: &ChapterRun<'_>,
    step: StepRef<'_>,
    why: String,
) -> Result<StepFlow, Diagnostic> {
    let failed = Outcome::Failed(Failure::Broken { why });
    let finished = finish::without_running(ctx, run, step.step, failed);
    let evidence = Some(Box::new(finish::script_of(step.step)));
    finish::record(ctx, StepFinished { evidence, ..finished })?;
    Ok(StepFlow::Failed)
}
