//! Asking again: `retry` for acting steps, `until` and `stable` for verify steps.

use std::time::{Duration, Instant};

use super::attempt::{Attempted, GiveUpPolicy, Observers, attempt};
use super::judge::{JudgeContext, Judgement, judge};
use super::ready::gone;
use crate::compare::Bindings;
use crate::diagnostic::Diagnostic;
use crate::event::{Event, Failure, Outcome, Reason};
use crate::output::{Ending, Output};
use crate::plan::Step;
use crate::world::{Command, World};

/// Between two questions where nothing tells of a change: kubectl asks the API once or twice a time, and a waiting step shall
/// not make more than 4 calls a second.
const ASK_AGAIN: Duration = Duration::from_millis(500);
/// How often, while waiting, Ctrl-C is heard and the display moves.
const GLANCE: Duration = Duration::from_millis(100);
/// An acting step may be about to mend the very trouble that is seen (a manifest applied anew): it gets this long.
const MENDING: Duration = Duration::from_secs(30);
/// Before a failed acting step is tried again.
const RETRY: Duration = Duration::from_secs(1);

/// What is fixed while a step is asked again and again.
pub(super) struct AttemptSpec<'a> {
    /// The step.
    pub step: &'a Step,
    /// Its command.
    pub command: &'a Command,
    /// Values of the plan.
    pub values: &'a serde_json::Value,
    /// Names bound so far.
    pub bound: &'a Bindings,
    /// The accepted snapshot.
    pub accepted: Option<&'a str>,
    /// Why it is asked.
    pub reason: Reason,
    /// The background step it waits for: when that has ended, waiting is over.
    pub stands_on: Option<&'a Step>,
    /// Number in its chapter.
    pub number: usize,
    /// Seconds it took when it last passed.
    pub expected_seconds: Option<f64>,
}

/// What came in the end.
pub(super) struct StepResult {
    /// The last attempt's output.
    pub output: Output,
    /// Its judgement.
    pub judgement: Judgement,
    /// Attempts made.
    pub attempts: u32,
    /// All of them together.
    pub duration: Duration,
    /// Where the last output is kept.
    pub stored: crate::event::Stored,
}

/// Runs a step as often as its attributes say.
///
/// # Errors
/// When it could not be started, or the journal not be written.
pub(super) fn insist(
    world: &mut dyn World,
    eyes: &mut Observers<'_>,
    case: &AttemptSpec<'_>,
) -> Result<StepResult, Diagnostic> {
    let since = Instant::now();
    let attributes = &case.step.attributes;
    let mut steady: Option<Instant> = None;
    let mut answered: Option<StepResult> = None;
    let mut attempts = 0;
    loop {
        attempts += 1;
        let left = attributes
            .until
            .map(|until| until.saturating_sub(since.elapsed()).max(Duration::from_secs(1)));
        let mut tried = once(world, eyes, case, since, attempts, left)?;
        let holds = tried.judgement.outcome.passes();
        if matches!(
            tried.judgement.outcome,
            Outcome::Interrupted | Outcome::Failed(Failure::Unrecoverable { .. })
        ) {
            return Ok(tried);
        }
        // The step would want the terminal again at each attempt.
        if !holds && tried.output.ending.wanted_terminal() {
            return Ok(tried);
        }
        if !holds && case.stands_on.is_some_and(|step| gone(world, step).is_some()) {
            return Ok(tried);
        }
        let pause = if holds {
            let stable = attributes.stable.unwrap_or_default();
            let from = *steady.get_or_insert_with(Instant::now);
            if from.elapsed() >= stable {
                return Ok(tried);
            }
            ASK_AGAIN.min(stable - from.elapsed())
        } else {
            steady = None;
            match attributes.until {
                Some(until) if since.elapsed() < until => ASK_AGAIN.min(until - since.elapsed()),
                Some(until) => return Ok(out_of_time(tried, answered, until)),
                None if attempts <= attributes.retry => RETRY,
                None => return Ok(tried),
            }
        };
        if !rest(eyes, case, since, pause, &tried) {
            tried.judgement.outcome = Outcome::Interrupted;
            return Ok(tried);
        }
        answered = Some(tried);
    }
}

fn once(
    world: &mut dyn World,
    eyes: &mut Observers<'_>,
    case: &AttemptSpec<'_>,
    since: Instant,
    number: u32,
    left: Option<Duration>,
) -> Result<StepResult, Diagnostic> {
    let step = case.step;
    let started = Event::StepStarted {
        step: step.id.clone(),
        place: step.place.clone(),
        command: step
            .script
            .lines()
            .find(|line| !line.trim().is_empty())
            .unwrap_or_default()
            .to_owned(),
        number: case.number,
        attempt: number,
        expected_seconds: case.expected_seconds,
        reason: case.reason,
        interactive: step.attributes.interactive,
    };
    eyes.reporter.report(&started);
    if case.reason == Reason::Turn && number == 1 {
        eyes.record.event(&started)?;
    }
    let mut command = case.command.clone();
    command.timeout = left.map_or(step.timeout(), |left| step.timeout().min(left));
    // A step that expects to fail may be there to show a pull that fails: only those that wait for success give up early.
    let gives_up_after = match step.attributes.until {
        Some(_) => Some(Duration::ZERO),
        None => step.attributes.exit.accepts(0).then_some(MENDING),
    };
    eyes.monitor.begin_attempt();
    let Attempted { output, status } =
        attempt(world, eyes, &command, &GiveUpPolicy { since, gives_up_after })?;
    let stored = eyes.record.finish_output();
    let bench = JudgeContext {
        values: case.values,
        bound: case.bound,
        accepted: case.accepted,
        waiting_for: status.waiting_for.as_deref(),
        unrecoverable: status.unrecoverable.as_deref(),
    };
    let judgement = judge(step, &output, &bench);
    Ok(StepResult { output, judgement, attempts: number, duration: since.elapsed(), stored })
}

/// Waits before the next question; a change that the monitor sees ends the wait. False when the run was interrupted.
fn rest(
    eyes: &mut Observers<'_>,
    case: &AttemptSpec<'_>,
    since: Instant,
    pause: Duration,
    last: &StepResult,
) -> bool {
    let begun = Instant::now();
    let text = String::from_utf8_lossy(&last.output.bytes);
    let line: String = text.lines().last().unwrap_or_default().chars().take(200).collect();
    while begun.elapsed() < pause {
        if (eyes.interrupted)() {
            return false;
        }
        let status = eyes.monitor.status(since.elapsed());
        eyes.reporter.report(&Event::StepProgress {
            step: case.step.id.clone(),
            line: line.clone(),
            seconds: since.elapsed().as_secs_f64(),
            waiting_for: status.waiting_for,
        });
        if eyes.monitor.wait_for_change(GLANCE.min(pause.saturating_sub(begun.elapsed()))) {
            break;
        }
    }
    true
}

/// `until` ran out: the reader learns that it waited, how long, and what the last answer lacked. A question that was cut short
/// has no answer: the one before it counts, unless it hung so long that this is what there is to tell.
fn out_of_time(mut tried: StepResult, answered: Option<StepResult>, until: Duration) -> StepResult {
    let cut = tried.output.ending == Ending::TimedOut && tried.output.duration < until / 2;
    if let Some(answered) = answered.filter(|_| cut) {
        return StepResult { attempts: tried.attempts, duration: tried.duration, ..answered };
    }
    if let Outcome::Failed(Failure::TimedOut { seconds, limit, .. }) = &mut tried.judgement.outcome
    {
        *seconds = until.as_secs_f64();
        "until".clone_into(limit);
    }
    tried
}
