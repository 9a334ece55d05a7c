//! The line of a finished step and of a chapter, which is the same on a terminal and in a log.

use super::humanize::{count, duration};
use super::style::Style;
use crate::event::{ChapterOutcome, Failure, Outcome, StepFinished};
use crate::ids::{StepId, StepName};
use crate::text::sanitize::one_line;

/// Names are padded to this width, so that the times are aligned.
const NAME_WIDTH: usize = 32;

/// `chapter-1 · Infrastructure · 17 steps`
pub(super) fn chapter_line(chapter: &str, title: &str, steps: usize, style: &Style) -> String {
    let dot = style.symbols().dot;
    let title =
        if title == chapter { String::new() } else { format!(" {dot} {}", one_line(title)) };
    format!(
        "{}{title} {}",
        style.strong(chapter),
        style.faint(format!("{dot} {}", count(steps, "step")))
    )
}

/// Where a resumed run starts, and the number of steps that it takes over, which have no lines of their own.
pub(super) fn resumed_line(
    at: Option<&StepId>,
    why: &str,
    passed_before: usize,
    style: &Style,
) -> String {
    let before = match passed_before {
        0 => String::new(),
        number => format!(" ({} passed before)", count(number, "step")),
    };
    match at {
        Some(step) => format!("resuming at {}: {why}{before}", style.strong(step)),
        None => format!("no step has to run: {why}{before}"),
    }
}

/// The line at a chapter's end; `None` if the lines of its steps are enough.
pub(super) fn chapter_end_line(
    chapter: &str,
    outcome: ChapterOutcome,
    done: &[StepName],
    style: &Style,
) -> Option<String> {
    match outcome {
        ChapterOutcome::UpToDate => {
            let names: Vec<&str> = done.iter().map(StepName::as_str).collect();
            let why = match names.len() {
                0 => "it passed and has not changed since".to_owned(),
                1 => format!("{} passes", names[0]),
                _ => format!("{} pass", names.join(", ")),
            };
            Some(format!(
                "{} taken as done: {}",
                style.skipped(style.symbols().skipped),
                style.faint(why)
            ))
        }
        ChapterOutcome::NotRun => {
            Some(format!("{} {chapter}  {}", style.symbols().not_run, style.faint("not run")))
        }
        ChapterOutcome::Passed | ChapterOutcome::Failed | ChapterOutcome::Interrupted => None,
    }
}

/// Whether a finished step has a line of its own. Steps of a chapter that is taken as done, and steps that a resumed run takes over,
/// share one line.
pub(super) fn has_line(outcome: &Outcome) -> bool {
    !matches!(outcome, Outcome::PassedBefore | Outcome::TakenAsDone)
}

/// `✓ create-cluster                    23.1s`
pub(super) fn step_line(finished: &StepFinished, style: &Style) -> String {
    let name = format!("{:NAME_WIDTH$}", finished.step.step);
    format!("{} {name} {}", mark(&finished.outcome, style), outcome_text(finished, style))
}

fn mark(outcome: &Outcome, style: &Style) -> String {
    let symbols = style.symbols();
    let mark = match outcome {
        Outcome::Passed | Outcome::Pending => style.passed(symbols.passed),
        Outcome::Skipped { .. } => style.warning(symbols.skipped),
        Outcome::Failed(_) | Outcome::Interrupted => style.failed(symbols.failed),
        Outcome::UpToDate | Outcome::FoundSo | Outcome::TakenAsDone | Outcome::PassedBefore => {
            style.skipped(symbols.skipped)
        }
    };
    mark.to_string()
}

/// The time that a step took, and its outcome unless it passed.
fn outcome_text(finished: &StepFinished, style: &Style) -> String {
    let took = style.faint(format!("{:>7}", duration(finished.seconds)));
    let attempts = match finished.attempts {
        0 | 1 => String::new(),
        attempts => format!(", {attempts} attempts"),
    };
    match &finished.outcome {
        Outcome::Passed => {
            let because = finished.because.as_deref().map(|why| format!("  ({})", one_line(why)));
            let because = because.unwrap_or_default();
            format!("{took}{}{}", style.faint(&attempts), style.faint(because))
        }
        Outcome::Pending => {
            format!("{took}{attempts}  {}", style.warning("new snapshot, pending review"))
        }
        Outcome::UpToDate => style.faint("up to date").to_string(),
        Outcome::FoundSo => style.faint("up to date (found so)").to_string(),
        Outcome::TakenAsDone => style.faint("taken as done").to_string(),
        Outcome::PassedBefore => style.faint("passed before").to_string(),
        Outcome::Skipped { why } => {
            style.warning(format!("skipped: {}", one_line(why))).to_string()
        }
        Outcome::Failed(failure) => {
            format!("{took}{attempts}  {}", style.failed(failure_in_short(failure)))
        }
        Outcome::Interrupted => format!("{took}  {}", style.warning("interrupted")),
    }
}

/// A failure in a few words, which follow "failed: ".
pub(super) fn failure_in_short(failure: &Failure) -> String {
    match failure {
        Failure::Exit { code, expected } => format!("exit {code}, expected {expected}"),
        Failure::Signal { signal: 21 | 22 } => {
            "it tried to use the terminal, which a step does not have".to_owned()
        }
        Failure::Signal { signal } => format!("ended by {}", signal_name(*signal)),
        Failure::TimedOut { seconds, limit, .. } => {
            format!("timed out after {} ({limit}=)", duration(*seconds))
        }
        Failure::Mismatch { differences, fence } => {
            let place = if *fence { "the `output` fence" } else { "the accepted snapshot" };
            format!("the output differs from {place} in {}", count(differences.len(), "place"))
        }
        Failure::Check { expression, .. } => {
            format!("`check={}` is not true", first_line(expression))
        }
        Failure::Unrecoverable { why } => format!("gave up: {}", first_line(why)),
        Failure::Broken { why } => first_line(why),
    }
}

fn first_line(text: &str) -> String {
    text.lines().next().map(one_line).unwrap_or_default()
}

/// `signal 9 (KILL)`.
pub(super) fn signal_name(signal: i32) -> String {
    let name = match signal {
        1 => "HUP",
        2 => "INT",
        3 => "QUIT",
        6 => "ABRT",
        9 => "KILL",
        11 => "SEGV",
        13 => "PIPE",
        14 => "ALRM",
        15 => "TERM",
        21 => "TTIN",
        22 => "TTOU",
        24 => "XCPU",
        25 => "XFSZ",
        _ => return format!("signal {signal}"),
    };
    format!("signal {signal} ({name})")
}
