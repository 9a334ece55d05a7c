//! The end of a step: its state, its pending snapshot, the evidence of its failure, and the event that records it.

use std::path::PathBuf;

use super::context::{ChapterRun, RunContext, StepRef, variables};
use super::entry::chapter_environment;
use super::judge::Judgement;
use super::retry::{RetryPolicy, StepResult};
use crate::book::SnapshotKind;
use crate::compare::{strip_ansi, unified};
use crate::diagnostic::Diagnostic;
use crate::event::{Event, Evidence, Failure, Outcome, StepFinished};
use crate::plan::{MadeOf, Step};
use crate::shell::Rerun;

/// The number of bytes of a failed step's output that its event contains.
const OUTPUT_TAIL: usize = 16 * 1024;
/// The file of a failure report that holds the shell's state.
const STATE_FILE: &str = "state.sh";

/// Facts about a step that ran, beside its result.
pub(super) struct Finish {
    /// The fingerprints of everything that an acting step is made of, if it passed.
    pub(super) made_of: Option<MadeOf>,
    /// The reason why an acting step ran again although it had passed here before.
    pub(super) because: Option<String>,
    /// The policy with which its attempts were made.
    pub(super) policy: RetryPolicy,
}

/// Records a step that ran. Its state and its pending snapshot are written before the event that
/// names them.
pub(super) fn finish(
    ctx: &mut RunContext<'_, '_>,
    run: &mut ChapterRun<'_>,
    step: StepRef<'_>,
    result: StepResult,
    finish: Finish,
) -> Result<(), Diagnostic> {
    let StepResult { mut output, judgement, attempts, duration, stored } = result;
    let Judgement { outcome, bound, pending } = judgement;
    let mut state = None;
    if outcome.passes() {
        run.unsent_bindings.extend(variables(&bound));
        run.bound.extend(bound);
        let chapter = &step.step.id.chapter;
        state = output.state.as_ref().map(|state| ctx.ports.record.state(chapter, state));
    }
    let pending = write_pending(ctx, run, step.step, &outcome, &output.bytes, pending);
    if matches!(outcome, Outcome::Failed(_)) {
        ctx.failed_output = String::from_utf8_lossy(&output.bytes).into_owned();
    }
    let mut evidence = collect_evidence(ctx, run, step, &outcome, &output.bytes, pending);
    if let Some(evidence) = &mut evidence {
        let allowed = step.step.attributes.until;
        evidence.wait = allowed.filter(|until| Some(*until) > finish.policy.until);
    }
    if state.is_some() {
        run.state = output.state.take();
    }
    ctx.note_leftovers(&output.leftovers, Some(&step.step.id));
    let finished = StepFinished {
        seconds: duration.as_secs_f64(),
        attempts,
        ending: Some(output.ending),
        output: Some(stored),
        state,
        leftovers: output.leftovers,
        made_of: finish.made_of,
        because: finish.because,
        evidence: evidence.map(Box::new),
        ..without_running(ctx, run, step.step, outcome)
    };
    record(ctx, finished)
}

/// The event of a step that did not run.
pub(super) fn without_running(
    ctx: &RunContext<'_, '_>,
    run: &ChapterRun<'_>,
    step: &Step,
    outcome: Outcome,
) -> StepFinished {
    StepFinished {
        step: step.id.clone(),
        place: step.place.clone(),
        fingerprint: step.fingerprint,
        outcome,
        at: ctx.ports.clock.timestamp(),
        seconds: 0.0,
        attempts: 0,
        ending: None,
        output: None,
        state: None,
        bound: run.bound.clone(),
        leftovers: Vec::new(),
        made_of: None,
        because: None,
        evidence: None,
    }
}

/// Records and reports the end of a step.
pub(super) fn record(
    ctx: &mut RunContext<'_, '_>,
    finished: StepFinished,
) -> Result<(), Diagnostic> {
    ctx.record(&[Event::StepFinished(finished)])
}

/// The evidence of a step that could not be run: only its script.
pub(super) fn script_of(step: &Step) -> Evidence {
    Evidence {
        script: step.script.to_string(),
        script_line: step.script_line,
        ..Evidence::default()
    }
}

/// Writes the output for review if it differs from the accepted text, and otherwise removes the
/// pending one. Returns the path of the written file.
fn write_pending(
    ctx: &mut RunContext<'_, '_>,
    run: &ChapterRun<'_>,
    step: &Step,
    outcome: &Outcome,
    bytes: &[u8],
    pending: Option<SnapshotKind>,
) -> Option<PathBuf> {
    let snapshots = &mut *ctx.ports.snapshots;
    match (pending, outcome) {
        (Some(kind), _) => snapshots.write_pending(step, kind, &run.bound, bytes),
        (None, Outcome::Failed(Failure::Mismatch { fence: true, .. })) => {
            snapshots.write_pending_fence(step, &run.bound, bytes)
        }
        (None, Outcome::Passed)
            if step.attributes.snapshot.is_some() || step.expected.is_some() =>
        {
            snapshots.clear_pending(step);
            None
        }
        _ => None,
    }
}

/// Collects what a person needs to understand a failure, and writes the failure report. Returns
/// `None` for a step that neither failed nor has a pending snapshot.
pub(super) fn collect_evidence(
    ctx: &mut RunContext<'_, '_>,
    run: &ChapterRun<'_>,
    step: StepRef<'_>,
    outcome: &Outcome,
    bytes: &[u8],
    pending: Option<PathBuf>,
) -> Option<Evidence> {
    let has_failed = matches!(outcome, Outcome::Failed(_));
    if !has_failed && pending.is_none() {
        return None;
    }
    let tail = &bytes[bytes.len().saturating_sub(OUTPUT_TAIL)..];
    let mut evidence = Evidence {
        output_tail: String::from_utf8_lossy(tail).into_owned(),
        expected: step.step.expected.as_deref().map(str::to_owned),
        pending,
        verify_only: ctx.request.options.verify_only,
        ..script_of(step.step)
    };
    if has_failed {
        evidence.failure_report = write_failure_report(ctx, run, step, outcome, bytes);
        evidence.hint = ctx.ports.monitor.hint();
    }
    Some(evidence)
}

fn write_failure_report(
    ctx: &mut RunContext<'_, '_>,
    run: &ChapterRun<'_>,
    step: StepRef<'_>,
    outcome: &Outcome,
    bytes: &[u8],
) -> Option<PathBuf> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let state = run.state.as_ref().filter(|state| !state.0.is_empty());
    let script = script_to_run_by_hand(ctx, run, step.step, state.map(|_| STATE_FILE));
    let mut parts = vec![("run.sh".to_owned(), script)];
    parts.extend(state.map(|state| (STATE_FILE.to_owned(), text(&state.0))));
    parts.push(("output.txt".to_owned(), text(bytes)));
    parts.extend(whole_difference(ctx, step.step, outcome, bytes));
    parts.extend(ctx.ports.monitor.evidence(step.chapter));
    ctx.ports.failure_reports.write(step.step, step.chapter, &parts)
}

/// The expected text and the whole difference as files of the failure report, because the terminal
/// shows only the first differences.
fn whole_difference(
    ctx: &mut RunContext<'_, '_>,
    step: &Step,
    outcome: &Outcome,
    bytes: &[u8],
) -> Vec<(String, String)> {
    let Outcome::Failed(Failure::Mismatch { fence, .. }) = outcome else { return Vec::new() };
    let expected = if *fence {
        step.expected.as_deref().map(str::to_owned)
    } else {
        ctx.ports.snapshots.accepted_text(step)
    };
    let Some(mut expected) = expected else { return Vec::new() };
    if !expected.ends_with('\n') {
        expected.push('\n');
    }
    let difference = unified(&expected, &strip_ansi(bytes));
    vec![("expected.txt".to_owned(), expected), ("output.diff".to_owned(), difference)]
}

fn script_to_run_by_hand(
    ctx: &RunContext<'_, '_>,
    run: &ChapterRun<'_>,
    step: &Step,
    state: Option<&str>,
) -> String {
    let request = ctx.request;
    let mut environment =
        chapter_environment(request.plan, &request.environment, &run.chapter.name);
    environment.push(("GUIDE_STEP".to_owned(), step.id.step.to_string()));
    environment.extend(variables(&run.bound));
    let rerun = Rerun {
        step: &step.id,
        place: &step.place,
        folder: &run.folder,
        environment: &environment,
        secrets: &request.masker.names(),
        state,
        script: &step.script,
    };
    rerun.text()
}
