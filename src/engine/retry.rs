//! Repeating a step: `retry=` for acting steps, `until=` and `stable=` for checks.

use std::time::Duration;

use super::attempt::{Attempt, GiveUpPolicy, Observers, run_attempt};
use super::judge::{JudgeContext, Judgement, judge};
use super::ports::ChangeWait;
use crate::book::Background;
use crate::compare::Bindings;
use crate::diagnostic::Diagnostic;
use crate::event::{Event, Failure, Outcome, Reason, Stored};
use crate::output::{Ending, Output};
use crate::plan::Step;
use crate::world::{Command, World};

/// The time between two attempts of a check, if no change of the cluster ends it earlier. `kubectl`
/// makes one or two API calls, and a waiting step must not make more than four a second.
pub(super) const CHECK_INTERVAL: Duration = Duration::from_millis(500);
/// The interval, between two attempts, at which Ctrl-C is noticed and progress is reported.
const POLL_INTERVAL: Duration = Duration::from_millis(100);
/// The time that an acting step has to solve an unrecoverable problem that the cluster shows. It
/// may be about to do that, by applying a manifest again.
const ACTING_STEP_GRACE: Duration = Duration::from_secs(30);
/// The time between two attempts of an acting step.
pub(super) const RETRY_INTERVAL: Duration = Duration::from_secs(1);
/// The shortest time limit of an attempt, even if less of `until=` remains.
const SHORTEST_ATTEMPT: Duration = Duration::from_secs(1);

/// How often and for how long a step is repeated.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct RetryPolicy {
    /// The time for which a check is repeated until it passes. `None`: the step is not waited for.
    pub(super) until: Option<Duration>,
    /// The time for which it has to keep passing.
    pub(super) stable: Duration,
    /// The number of further attempts after a failure, if `until` is `None`.
    pub(super) retries: u32,
}

impl RetryPolicy {
    /// The policy of the step's attributes.
    pub(super) fn of(step: &Step) -> Self {
        let attributes = &step.attributes;
        Self {
            until: attributes.until,
            stable: attributes.stable.unwrap_or_default(),
            retries: attributes.retry,
        }
    }

    /// The policy of the step's attributes, with `until` limited.
    pub(super) fn wait_at_most(step: &Step, limit: Duration) -> Self {
        let policy = Self::of(step);
        Self { until: policy.until.map(|until| until.min(limit)), ..policy }
    }

    /// The policy of the step's attributes, with `until` limited and without `stable` and retries:
    /// the first pass counts.
    pub(super) fn until_first_pass(step: &Step, limit: Duration) -> Self {
        Self { stable: Duration::ZERO, ..Self::wait_at_most(step, limit) }
    }

    /// The policy of a step that runs once.
    pub(super) const ONCE: Self = Self { until: None, stable: Duration::ZERO, retries: 0 };
}

/// Everything about a step that stays the same in all its attempts.
pub(super) struct AttemptSpec<'a> {
    pub(super) step: &'a Step,
    pub(super) command: &'a Command,
    /// Values of the plan, for `check=`.
    pub(super) values: &'a serde_json::Value,
    /// The names that the chapter has bound, with their values.
    pub(super) bound: &'a Bindings,
    /// The accepted snapshot.
    pub(super) accepted: Option<&'a str>,
    pub(super) reason: Reason,
    pub(super) policy: RetryPolicy,
    /// The background step whose readiness this check proves. If that step has ended, there is
    /// nothing to wait for.
    pub(super) depends_on: Option<&'a Step>,
    /// The number of the step in its chapter, from 1.
    pub(super) number: usize,
    /// The duration in seconds when it last passed.
    pub(super) expected_seconds: Option<f64>,
}

/// The result of all attempts of a step.
pub(super) struct StepResult {
    /// The last attempt's output.
    pub(super) output: Output,
    pub(super) judgement: Judgement,
    /// The number of attempts.
    pub(super) attempts: u32,
    /// The time from the start of the first attempt to the end of the last one.
    pub(super) duration: Duration,
    /// Where the last output is kept.
    pub(super) stored: Stored,
}

/// The output of a background step that ended although it should be running. One with
/// `background=keep` may end with exit code 0: it has started a daemon, which keeps running.
pub(super) fn background_end(world: &mut dyn World, step: &Step) -> Option<Output> {
    let starts_daemon = step.attributes.background == Some(Background::Keep);
    world
        .background_ended(&step.id)
        .filter(|output| !(starts_daemon && output.ending == Ending::Exited(0)))
}

/// What to do after an attempt.
enum Next {
    /// Its result is final.
    Settled,
    /// The time of `until=`, given here, is over.
    OutOfTime(Duration),
    /// Make another attempt after this pause.
    After(Duration),
}

/// Makes attempts until the policy is satisfied or nothing can change the result.
pub(super) fn run_until_settled(
    world: &mut dyn World,
    observers: &mut Observers<'_>,
    spec: &AttemptSpec<'_>,
) -> Result<StepResult, Diagnostic> {
    let began = observers.clock.now();
    let mut passing_since: Option<Duration> = None;
    let mut previous: Option<StepResult> = None;
    let mut attempts = 0;
    loop {
        attempts += 1;
        let mut result = run_once(world, observers, spec, began, attempts)?;
        if is_final(world, spec, &result) {
            return Ok(result);
        }
        let now = observers.clock.now();
        passing_since =
            if result.judgement.outcome.passes() { passing_since.or(Some(now)) } else { None };
        let steady = passing_since.map(|since| now.saturating_sub(since));
        let pause = match next(spec.policy, steady, now.saturating_sub(began), attempts) {
            Next::Settled => return Ok(result),
            Next::OutOfTime(until) => return Ok(out_of_time(result, previous, until)),
            Next::After(pause) => pause,
        };
        if !wait_before_retry(observers, spec, began, pause, &result) {
            result.judgement.outcome = Outcome::Interrupted;
            return Ok(result);
        }
        previous = Some(result);
    }
}

/// Whether a further attempt could not change the result.
fn is_final(world: &mut dyn World, spec: &AttemptSpec<'_>, result: &StepResult) -> bool {
    match result.judgement.outcome {
        Outcome::Interrupted | Outcome::Failed(Failure::Unrecoverable { .. }) => true,
        // A step that reads from the terminal would do so again in each attempt.
        Outcome::Failed(_) if result.output.ending.wanted_terminal() => true,
        Outcome::Failed(_) => {
            spec.depends_on.is_some_and(|step| background_end(world, step).is_some())
        }
        _ => false,
    }
}

/// Decides what to do after an attempt that ended `elapsed` after the start of the first one.
/// `steady` is the time since which every attempt has passed, `None` if the last one failed.
fn next(policy: RetryPolicy, steady: Option<Duration>, elapsed: Duration, attempts: u32) -> Next {
    match (steady, policy.until) {
        (Some(steady), _) if steady >= policy.stable => Next::Settled,
        (Some(steady), _) => Next::After(CHECK_INTERVAL.min(policy.stable - steady)),
        (None, Some(until)) if elapsed < until => Next::After(CHECK_INTERVAL.min(until - elapsed)),
        (None, Some(until)) => Next::OutOfTime(until),
        (None, None) if attempts <= policy.retries => Next::After(RETRY_INTERVAL),
        (None, None) => Next::Settled,
    }
}

fn run_once(
    world: &mut dyn World,
    observers: &mut Observers<'_>,
    spec: &AttemptSpec<'_>,
    began: Duration,
    number: u32,
) -> Result<StepResult, Diagnostic> {
    let step = spec.step;
    let started = step_started(spec, number);
    // The journal keeps the first attempt, so that the journal of a killed run shows which step was
    // running.
    if spec.reason == Reason::Turn && number == 1 {
        observers.record.event(&started)?;
    }
    observers.reporter.report(&started);
    let mut command = spec.command.clone();
    if let Some(until) = spec.policy.until {
        let remaining = until.saturating_sub(observers.clock.now().saturating_sub(began));
        command.timeout = command.timeout.min(remaining.max(SHORTEST_ATTEMPT));
    }
    // A step that expects a failure may show an image that cannot be pulled, so only steps that
    // expect success are given up.
    let give_up_after = match spec.policy.until {
        Some(_) => Some(Duration::ZERO),
        None => step.attributes.exit.accepts(0).then_some(ACTING_STEP_GRACE),
    };
    observers.monitor.begin_attempt();
    let policy = GiveUpPolicy { began, give_up_after };
    let Attempt { output, status } = run_attempt(world, observers, &command, &policy)?;
    let stored = observers.record.finish_output();
    let context = JudgeContext {
        values: spec.values,
        bound: spec.bound,
        accepted: spec.accepted,
        waiting_for: status.waiting_for.as_deref(),
        unrecoverable: status.unrecoverable.as_deref(),
    };
    let judgement = judge(step, &output, &context);
    let duration = observers.clock.now().saturating_sub(began);
    Ok(StepResult { output, judgement, attempts: number, duration, stored })
}

fn step_started(spec: &AttemptSpec<'_>, attempt: u32) -> Event {
    let step = spec.step;
    let first_line = step.script.lines().find(|line| !line.trim().is_empty());
    Event::StepStarted {
        step: step.id.clone(),
        place: step.place.clone(),
        command: first_line.unwrap_or_default().to_owned(),
        number: spec.number,
        attempt,
        expected_seconds: spec.expected_seconds,
        reason: spec.reason,
        interactive: step.attributes.interactive,
    }
}

/// Waits before the next attempt. A change of the cluster ends the wait. Returns false if the run
/// was interrupted.
fn wait_before_retry(
    observers: &mut Observers<'_>,
    spec: &AttemptSpec<'_>,
    began: Duration,
    pause: Duration,
    last: &StepResult,
) -> bool {
    let wait_began = observers.clock.now();
    let text = String::from_utf8_lossy(&last.output.bytes);
    let line: String = text.lines().last().unwrap_or_default().chars().take(200).collect();
    loop {
        if (observers.interrupted)() {
            return false;
        }
        let now = observers.clock.now();
        let remaining = pause.saturating_sub(now.saturating_sub(wait_began));
        if remaining.is_zero() {
            return true;
        }
        let elapsed = now.saturating_sub(began);
        let status = observers.monitor.status(elapsed);
        observers.reporter.report(&Event::StepProgress {
            step: spec.step.id.clone(),
            line: line.clone(),
            seconds: elapsed.as_secs_f64(),
            waiting_for: status.waiting_for,
        });
        let limit = POLL_INTERVAL.min(remaining);
        match observers.monitor.wait_for_change(limit) {
            ChangeWait::Changed => return true,
            ChangeWait::Unchanged => {}
            ChangeWait::NotWatched => observers.clock.sleep(limit),
        }
    }
}

/// The result when the time of `until=` is over. If the last attempt was cut short, it has no
/// answer, and the result of the attempt before it is returned, unless the last one hung for most
/// of the time.
fn out_of_time(
    mut result: StepResult,
    previous: Option<StepResult>,
    until: Duration,
) -> StepResult {
    let was_cut_short =
        result.output.ending == Ending::TimedOut && result.output.duration < until / 2;
    if let Some(previous) = previous.filter(|_| was_cut_short) {
        return StepResult { attempts: result.attempts, duration: result.duration, ..previous };
    }
    let outcome = &mut result.judgement.outcome;
    if let Outcome::Failed(Failure::TimedOut { seconds, limit, .. }) = outcome {
        *seconds = until.as_secs_f64();
        "until".clone_into(limit);
    }
    result
}
