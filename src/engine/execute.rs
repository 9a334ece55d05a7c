//! Executing a step: makes the command for the world, and the attempts that the step's policy
//! allows.

use super::attempt::Observers;
use super::context::{ChapterRun, RunContext, StepRef, variables};
use super::retry::{AttemptSpec, RetryPolicy, StepResult, run_until_settled};
use crate::compare::{Bindings, Difference};
use crate::diagnostic::Diagnostic;
use crate::event::{Failure, Outcome, Reason};
use crate::plan::Step;
use crate::world::{Command, Mode};

/// The way in which a step is executed.
pub(super) struct Execution<'a> {
    pub(super) mode: Mode,
    /// The bindings that become variables of the shell before the script runs.
    pub(super) bound: Vec<(String, String)>,
    pub(super) reason: Reason,
    pub(super) policy: RetryPolicy,
    /// The background step whose readiness this step proves.
    pub(super) depends_on: Option<&'a Step>,
}

/// The result of a check that ran outside its place in the chapter.
pub(super) struct CheckResult {
    pub(super) passes: bool,
    /// The names that its output bound, with their values.
    pub(super) bound: Bindings,
    /// Why it did not pass, in a few words.
    pub(super) why: Option<String>,
}

/// Runs a check in a copy of the shell, whose changes are discarded. Only its result is kept.
pub(super) fn run_check_aside(
    ctx: &mut RunContext<'_, '_>,
    run: &ChapterRun<'_>,
    check: StepRef<'_>,
    reason: Reason,
    policy: RetryPolicy,
) -> Result<CheckResult, Diagnostic> {
    let bound = variables(&run.bound);
    let execution = Execution { mode: Mode::Aside, bound, reason, policy, depends_on: None };
    let result = run_attempts(ctx, run, check, execution)?;
    let why = match &result.judgement.outcome {
        Outcome::Failed(failure) => Some(in_short(failure)),
        _ => None,
    };
    let passes = result.judgement.outcome == Outcome::Passed;
    Ok(CheckResult { passes, bound: result.judgement.bound, why })
}

/// Makes the attempts that the policy allows, and returns their result.
pub(super) fn run_attempts(
    ctx: &mut RunContext<'_, '_>,
    run: &ChapterRun<'_>,
    step: StepRef<'_>,
    execution: Execution<'_>,
) -> Result<StepResult, Diagnostic> {
    let request = ctx.request;
    let is_compared = step.step.attributes.snapshot.is_some();
    let accepted = is_compared.then(|| ctx.ports.snapshots.accepted_text(step.step)).flatten();
    ctx.ports.monitor.begin_step(step.chapter);
    let Execution { mode, bound, reason, policy, depends_on } = execution;
    let command = command(step.step, mode, bound);
    let spec = AttemptSpec {
        step: step.step,
        command: &command,
        values: &request.plan.values,
        bound: &run.bound,
        accepted: accepted.as_deref(),
        reason,
        policy,
        depends_on,
        number: step.position.1 + 1,
        expected_seconds: request.past.seconds.get(&step.step.id).copied(),
    };
    let mut observers = Observers {
        record: &mut *ctx.ports.record,
        reporter: &mut *ctx.ports.reporter,
        monitor: &mut *ctx.ports.monitor,
        interrupted: request.interrupted,
        clock: ctx.ports.clock,
    };
    run_until_settled(&mut *ctx.ports.world, &mut observers, &spec)
}

fn command(step: &Step, mode: Mode, bound: Vec<(String, String)>) -> Command {
    Command {
        step: step.id.clone(),
        script: step.script.clone(),
        timeout: step.timeout(),
        mode,
        bound,
        secrets: step.attributes.secrets.clone(),
        cwd: step.attributes.cwd.clone(),
    }
}

/// Why a check did not pass, in a few words.
fn in_short(failure: &Failure) -> String {
    match failure {
        Failure::Exit { code, expected } => format!("exit {code}, expected {expected}"),
        Failure::Signal { signal } => format!("ended by signal {signal}"),
        Failure::TimedOut { limit, .. } => format!("out of time ({limit}=)"),
        Failure::Mismatch { differences, .. } => {
            differences.first().map_or_else(|| "another output".to_owned(), difference)
        }
        Failure::Check { expression, why } => format!("`check={expression}` is not true: {why}"),
        Failure::Unrecoverable { why } | Failure::Broken { why } => {
            why.lines().next().unwrap_or_default().to_owned()
        }
    }
}

fn difference(difference: &Difference) -> String {
    match difference {
        Difference::Missing { what, expected, .. } => format!("{what} is missing: {expected}"),
        Difference::Unexpected { what, actual, .. } => format!("{what} was not expected: {actual}"),
        Difference::Changed { what, expected, actual, .. } => {
            format!("{what}: {actual}, expected {expected}")
        }
        Difference::Binding { name, why, .. } => format!("{name}: {why}"),
    }
}
