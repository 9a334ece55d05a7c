//! The report of a failed step for a person: what failed and where, the command, its output, and what to do next.

use super::diff_view::{ConcatLines, Drawn, difference_lines};
use super::exit_codes::meaning;
use super::humanize::count;
use super::step_line::failure_in_short;
use super::style::Style;
use crate::event::{Evidence, Failure, Outcome, StepFinished};
use crate::text::sanitize::{fit, one_line};

/// How many of the output's last lines are shown.
const TAIL_LINES: usize = 30;
/// How many of the command's first lines are shown.
const SCRIPT_LINES: usize = 20;
/// How many lines of differences are shown.
const DIFFERENCE_LINES: usize = 40;
/// The longest line that is shown, in columns.
const WIDTH: usize = 160;

/// The whole report of a failed step; empty for a step that did not fail.
pub(crate) fn failure(finished: &StepFinished, style: &Style) -> String {
    let Outcome::Failed(failure) = &finished.outcome else { return String::new() };
    let mut lines = vec![format!(
        "{}{} {}",
        style.failed("error"),
        style.strong(format!(": {} failed:", finished.step)),
        style.strong(failure_in_short(failure))
    )];
    lines.push(format!("  {} {}", style.frame("-->"), finished.place));
    let evidence = finished.evidence.as_deref();
    if let Some(evidence) = evidence {
        lines.extend(command(evidence, style));
    }
    lines.extend(why(failure, evidence, style));
    if !matches!(failure, Failure::Mismatch { .. }) {
        lines.extend(tail(evidence.map_or("", |evidence| &evidence.output_tail), style));
    }
    for process in &finished.leftovers {
        lines.push(format!(
            "stopped leftover process {}: {}",
            process.pid,
            one_line(&process.command)
        ));
    }
    if let Some(failure_report) = evidence.and_then(|evidence| evidence.failure_report.as_ref()) {
        lines.push(format!("failure report: {}", failure_report.display()));
    }
    lines.push(format!("{}: {}", style.hint("hint"), what_to_do(finished, failure, evidence)));
    lines.concat_lines()
}

/// The command with the line numbers of the chapter.
fn command(evidence: &Evidence, style: &Style) -> Vec<String> {
    let bar = style.symbols().bar;
    let script: Vec<&str> = evidence.script.lines().collect();
    let shown = &script[..script.len().min(SCRIPT_LINES)];
    let last = evidence.script_line as usize + shown.len().saturating_sub(1);
    let gutter = last.to_string().len();
    let mut lines = vec![style.frame(format!("{:gutter$} {bar}", "")).to_string()];
    for (number, line) in (evidence.script_line..).zip(shown) {
        let line = fit(&one_line(line), WIDTH, style.symbols().ellipsis);
        lines.push(format!("{} {line}", style.frame(format!("{number:gutter$} {bar}"))));
    }
    if script.len() > shown.len() {
        let more = format!(
            "{} {} more",
            style.symbols().ellipsis,
            count(script.len() - shown.len(), "line")
        );
        lines.push(format!(
            "{} {}",
            style.frame(format!("{:gutter$} {bar}", "")),
            style.faint(more)
        ));
    }
    lines.push(style.frame(format!("{:gutter$} {bar}", "")).to_string());
    lines
}

/// The details of the failure, which the first line does not contain.
fn why(failure: &Failure, evidence: Option<&Evidence>, style: &Style) -> Vec<String> {
    match failure {
        Failure::TimedOut { waiting_for: Some(what), .. } => {
            vec![format!("it was waiting for {}", one_line(what))]
        }
        Failure::Check { why, .. } => why.lines().map(one_line).collect(),
        Failure::Unrecoverable { why } | Failure::Broken { why } => {
            why.lines().skip(1).map(one_line).collect()
        }
        Failure::Mismatch { differences, .. } => {
            let heading = format!(
                "differences ({} expected, {} actual):",
                style.removed("-"),
                style.added("+")
            );
            let drawn = difference_lines(differences, DIFFERENCE_LINES, style);
            let rest = hidden_part(&drawn, evidence, style);
            let drawn = drawn.lines.into_iter().map(|line| format!("  {line}"));
            std::iter::once(heading).chain(drawn).chain(rest).collect()
        }
        _ => meaning(failure).map(|meaning| meaning.why).into_iter().collect(),
    }
}

/// The line that counts the differences without room, and names the file that contains all of them.
fn hidden_part(drawn: &Drawn, evidence: Option<&Evidence>, style: &Style) -> Option<String> {
    let counts = [(drawn.hidden_lines, "line"), (drawn.hidden_differences, "difference")];
    let hidden: Vec<String> = counts
        .into_iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, of)| count(number, of))
        .collect();
    if hidden.is_empty() {
        return None;
    }
    let more = format!("  {} {} more", style.symbols().ellipsis, hidden.join(" and "));
    let file = evidence
        .and_then(|evidence| evidence.failure_report.as_ref().or(evidence.pending.as_ref()));
    Some(file.map_or(more.clone(), |file| format!("{more}: all of it in {}", file.display())))
}

/// The last lines of the output.
fn tail(output: &str, style: &Style) -> Vec<String> {
    let all: Vec<&str> = output.lines().collect();
    if all.is_empty() {
        return vec![style.faint("no output").to_string()];
    }
    let shown = &all[all.len().saturating_sub(TAIL_LINES)..];
    let heading = if shown.len() < all.len() {
        format!("output, last {}:", count(shown.len(), "line"))
    } else {
        "output:".to_owned()
    };
    let quoted = shown.iter().map(|line| {
        let line = fit(&one_line(line), WIDTH, style.symbols().ellipsis);
        format!("  {} {line}", style.frame(style.symbols().bar))
    });
    std::iter::once(heading).chain(quoted).collect()
}

fn what_to_do(finished: &StepFinished, failure: &Failure, evidence: Option<&Evidence>) -> String {
    let verify_only = evidence.is_some_and(|evidence| evidence.verify_only);
    let next = if verify_only { "verify" } else { "run --resume" };
    if let Some(hint) = evidence.and_then(|evidence| evidence.hint.as_ref()) {
        return format!("{}, then `guide {next}`", one_line(hint));
    }
    let fix = if verify_only {
        format!("fix it, or let `guide run {}` do so", finished.step.chapter)
    } else {
        "fix it, then `guide run --resume`".to_owned()
    };
    let wait = evidence.and_then(|evidence| evidence.wait);
    match failure {
        Failure::Mismatch { fence: false, .. } | Failure::Mismatch { fence: true, .. }
            if evidence.is_some_and(|evidence| evidence.pending.is_some()) =>
        {
            format!("if the new output is correct, accept it with `guide review`; else {fix}")
        }
        Failure::TimedOut { limit, .. } if wait.is_none() => {
            format!("if it only needs longer, raise `{limit}=`; else {fix}")
        }
        _ => {
            if let Some(advice) = meaning(failure).and_then(|meaning| meaning.advice) {
                return format!("{advice}; then `guide {next}`");
            }
            wait.map_or_else(String::new, |wait| {
                format!("if it only needs longer, `guide verify --wait {}s`; else ", wait.as_secs())
            }) + &fix
        }
    }
}

#[cfg(test)]
mod tests;
