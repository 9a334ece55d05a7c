//! Background steps: waits until one is ready, and records a failure for one that ended by itself.

use super::context::{ChapterRun, RunContext, StepRef, variables};
use super::execute::{Execution, run_attempts};
use super::finish;
use super::retry::{RetryPolicy, StepResult, background_end};
use crate::book::Background;
use crate::diagnostic::Diagnostic;
use crate::event::{Failure, Outcome, Reason, StepFinished};
use crate::output::{Ending, Output};
use crate::world::Mode;

/// `ready=`: runs the named check until it passes or the background step has ended, and changes
/// `result` to a failure if it did not pass.
pub(super) fn await_ready(
    ctx: &mut RunContext<'_, '_>,
    run: &ChapterRun<'_>,
    step: StepRef<'_>,
    result: &mut StepResult,
) -> Result<(), Diagnostic> {
    let Some(name) = &step.step.attributes.ready else { return Ok(()) };
    let Some(index) = step.chapter.steps.iter().position(|other| other.id.step == *name) else {
        return Ok(());
    };
    let check = step.sibling(index);
    let mut policy = RetryPolicy::of(check.step);
    policy.until.get_or_insert(step.step.timeout());
    let execution = Execution {
        mode: Mode::Aside,
        bound: variables(&run.bound),
        reason: Reason::Ready,
        policy,
        depends_on: Some(step.step),
    };
    let checked = run_attempts(ctx, run, check, execution)?;
    if let Some(ended) = background_end(&mut *ctx.ports.world, step.step) {
        let why = format!("the background step has ended ({})", in_words(ended.ending));
        result.judgement.outcome = Outcome::Failed(Failure::Broken { why });
        result.output = if ended.bytes.is_empty() { checked.output } else { ended };
    } else if !checked.judgement.outcome.passes() {
        result.judgement.outcome = match checked.judgement.outcome {
            Outcome::Interrupted => Outcome::Interrupted,
            _ => Outcome::Failed(Failure::Broken {
                why: format!("`{name}` did not pass, so it is not ready"),
            }),
        };
        result.output = checked.output;
    }
    Ok(())
}

/// Records a failure for every background step that ended by itself while it should be running.
/// Returns whether there was one.
pub(super) fn fail_ended_steps(
    ctx: &mut RunContext<'_, '_>,
    run: &ChapterRun<'_>,
) -> Result<bool, Diagnostic> {
    let mut any = false;
    for position in std::mem::take(&mut ctx.background) {
        let step = StepRef::at(ctx.plan(), position);
        let ended_with_chapter =
            position.0 != run.index && step.step.attributes.background == Some(Background::Chapter);
        if ended_with_chapter {
            continue;
        }
        match background_end(&mut *ctx.ports.world, step.step) {
            None => ctx.background.push(position),
            Some(end) if was_stopped_by_a_step(end.ending) => {}
            Some(end) => {
                record_failure(ctx, run, step, &end)?;
                any = true;
            }
        }
    }
    Ok(any)
}

fn record_failure(
    ctx: &mut RunContext<'_, '_>,
    run: &ChapterRun<'_>,
    step: StepRef<'_>,
    end: &Output,
) -> Result<(), Diagnostic> {
    ctx.ports.record.output(&end.bytes);
    let stored = ctx.ports.record.finish_output();
    let why = format!("it ended by itself ({}), but it should keep running", in_words(end.ending));
    let outcome = Outcome::Failed(Failure::Broken { why });
    let evidence = finish::collect_evidence(ctx, run, step, &outcome, &end.bytes, None);
    let finished = StepFinished {
        attempts: 1,
        seconds: end.duration.as_secs_f64(),
        ending: Some(end.ending),
        output: Some(stored),
        evidence: evidence.map(Box::new),
        ..finish::without_running(ctx, run, step.step, outcome)
    };
    finish::record(ctx, finished)
}

/// Whether the process ended by a signal that a later step may have sent on purpose (SIGHUP, SIGINT
/// or SIGTERM).
fn was_stopped_by_a_step(ending: Ending) -> bool {
    const SIGNALS: [i32; 3] = [1, 2, 15];
    match ending {
        Ending::Signalled(signal) => SIGNALS.contains(&signal),
        Ending::Exited(code) => SIGNALS.contains(&(code - 128)),
        _ => false,
    }
}

fn in_words(ending: Ending) -> String {
    match ending {
        ending if ending.wanted_terminal() => {
            "it waited for the terminal, which a step does not have".to_owned()
        }
        Ending::Exited(code) => format!("exit {code}"),
        Ending::Signalled(signal) => format!("signal {signal}"),
        Ending::TimedOut => "out of time".to_owned(),
        Ending::Interrupted => "interrupted".to_owned(),
        Ending::GivenUp => "given up".to_owned(),
        Ending::Started => "still running".to_owned(),
    }
}
