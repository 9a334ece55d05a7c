//! The story of a run: its events as lines of text.

use std::fmt::Write;
use std::time::Duration;

use crate::event::{Event, Failure, Outcome, Reason, RunSummary};

/// An event as a line of the story; `None` for one that is not a part of it.
pub(super) fn line(event: &Event, now: Duration) -> Option<String> {
    let seconds = now.as_secs_f64();
    Some(match event {
        Event::RunStarted(_) | Event::StepProgress { .. } => return None,
        Event::Resumed { at, why } => match at {
            Some(at) => format!("resumed at {at}: {why}"),
            None => format!("resumed: {why}"),
        },
        Event::ChapterStarted { chapter, .. } => chapter.to_string(),
        Event::StepStarted { step, attempt, reason, .. } => {
            let mut text = format!("  {seconds:.1}s {}", step.step);
            if *reason != Reason::Turn {
                let _ = write!(text, " ({reason:?})");
            }
            if *attempt > 1 {
                let _ = write!(text, ", attempt {attempt}");
            }
            text
        }
        Event::StepFinished(finished) => {
            let mut text = format!("  {}: {}", finished.step.step, outcome(&finished.outcome));
            if let Some(because) = &finished.because {
                let _ = write!(text, " (ran because: {because})");
            }
            text
        }
        Event::Note { text, .. } => format!("  note: {text}"),
        Event::ChapterFinished { chapter, outcome, .. } => format!("{chapter}: {outcome:?}"),
        Event::RunFinished(summary) => summary_line(summary),
    })
}

fn outcome(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Failed(failure) => match failure {
            Failure::Mismatch { fence: true, .. } => "failed: not as the fence".into(),
            Failure::Mismatch { .. } => "failed: not as accepted".into(),
            Failure::Exit { code, .. } => format!("failed: exit {code}"),
            Failure::TimedOut { seconds, limit, waiting_for } => {
                let waiting = waiting_for.as_ref().map(|what| format!(", waiting for {what}"));
                format!("failed: {limit} of {seconds}s is over{}", waiting.unwrap_or_default())
            }
            Failure::Unrecoverable { why } => format!("failed: unrecoverable: {why}"),
            Failure::Broken { why } => format!("failed: {why}"),
            other => format!("failed: {other:?}"),
        },
        Outcome::Skipped { why } => format!("skipped: {why}"),
        other => format!("{other:?}"),
    }
}

fn summary_line(summary: &RunSummary) -> String {
    let counts = [
        (summary.passed, "passed"),
        (summary.up_to_date, "up to date"),
        (summary.taken_as_done, "taken as done"),
        (summary.failed, "failed"),
        (summary.skipped, "skipped"),
        (summary.not_run, "not run"),
        (summary.pending, "pending"),
    ];
    let named = counts.iter().filter(|(count, _)| *count > 0);
    let mut parts: Vec<String> = named.map(|(count, name)| format!("{count} {name}")).collect();
    parts.extend(summary.interrupted.then(|| "interrupted".to_owned()));
    parts.extend(summary.broken.as_ref().map(|why| format!("broken: {why}")));
    parts.extend(summary.hint.as_ref().map(|hint| format!("hint: {hint}")));
    parts.join(", ")
}

/// The text without the indentation that all its lines share, and without the blank lines around it.
pub(super) fn unindent(text: &str) -> String {
    let lines: Vec<&str> = text.lines().skip_while(|line| line.trim().is_empty()).collect();
    let written = lines.iter().filter(|line| !line.trim().is_empty());
    let margin = written.map(|line| line.len() - line.trim_start().len()).min().unwrap_or(0);
    let cut = lines.iter().map(|line| line.get(margin..).unwrap_or_default());
    cut.collect::<Vec<_>>().join("\n").trim_end().to_owned() + "\n"
}
