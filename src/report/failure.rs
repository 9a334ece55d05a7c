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
mod tests {
    use super::*;
    use crate::compare::Difference;
    use crate::event::samples::{every_failure, finished};

    fn failed(failure: Failure, evidence: Evidence) -> StepFinished {
        StepFinished {
            evidence: Some(Box::new(evidence)),
            ..finished("chapter-2/curl-localhost", Outcome::Failed(failure))
        }
    }

    fn curl() -> Evidence {
        Evidence {
            script: "curl -sf http://localhost/\necho done\n".to_owned(),
            script_line: 99,
            output_tail: "curl: (7) Failed to connect\n".to_owned(),
            failure_report: Some(".guide/failures/chapter-2/curl-localhost".into()),
            ..Evidence::default()
        }
    }

    #[test]
    fn a_wrong_exit_code_is_shown_with_its_place_command_output_and_what_to_do() {
        let step = failed(Failure::Exit { code: 7, expected: "0".to_owned() }, curl());
        assert_eq!(
            failure(&step, &Style::colourless()),
            "\
error: chapter-2/curl-localhost failed: exit 7, expected 0
  --> guide/chapter-2.md:57
    │
 99 │ curl -sf http://localhost/
100 │ echo done
    │
output:
  │ curl: (7) Failed to connect
failure report: .guide/failures/chapter-2/curl-localhost
hint: fix it, then `guide run --resume`
"
        );
    }

    #[test]
    fn after_a_verify_the_hint_does_not_offer_to_resume() {
        let hint = |failure_: Failure, evidence: Evidence| {
            let text = failure(
                &failed(failure_, Evidence { verify_only: true, ..evidence }),
                &Style::colourless(),
            );
            text.lines().last().unwrap_or_default().to_owned()
        };
        let exit = Failure::Exit { code: 7, expected: "0".to_owned() };
        assert_eq!(hint(exit.clone(), curl()), "hint: fix it, or let `guide run chapter-2` do so");
        let cure = Some("lab-worker is stopped: `docker start lab-worker`".to_owned());
        assert_eq!(
            hint(exit, Evidence { hint: cure, ..curl() }),
            "hint: lab-worker is stopped: `docker start lab-worker`, then `guide verify`"
        );
        let timed_out =
            Failure::TimedOut { seconds: 120.0, limit: "until".to_owned(), waiting_for: None };
        assert_eq!(
            hint(timed_out, curl()),
            "hint: if it only needs longer, raise `until=`; else fix it, or let `guide run chapter-2` do so"
        );
        let cut_short = Evidence { wait: Some(std::time::Duration::from_secs(300)), ..curl() };
        assert_eq!(
            hint(Failure::Exit { code: 7, expected: "0".to_owned() }, cut_short),
            "hint: if it only needs longer, `guide verify --wait 300s`; else fix it, or let `guide run chapter-2` do so"
        );
    }

    #[test]
    fn for_a_stopped_node_the_hint_is_to_start_it_and_not_a_longer_wait() {
        let cure = Some("lab-worker is stopped: `docker start lab-worker`".to_owned());
        let timed_out =
            Failure::TimedOut { seconds: 120.0, limit: "until".to_owned(), waiting_for: None };
        let text =
            failure(&failed(timed_out, Evidence { hint: cure, ..curl() }), &Style::colourless());
        assert!(
            text.ends_with(
                "\nhint: lab-worker is stopped: `docker start lab-worker`, then `guide run --resume`\n"
            ),
            "{text}"
        );
    }

    #[test]
    fn a_mismatch_shows_the_differences_instead_of_the_whole_output() {
        let differences = vec![Difference::Changed {
            what: "row web, column READY".to_owned(),
            expected: "2/2".to_owned(),
            actual: "1/2".to_owned(),
            line: None,
        }];
        let evidence = Evidence {
            pending: Some("snapshots/chapter-2/pods.snap.new".into()),
            failure_report: None,
            ..curl()
        };
        let step = failed(Failure::Mismatch { differences, fence: false }, evidence);
        assert_eq!(
            failure(&step, &Style::colourless()),
            "\
error: chapter-2/curl-localhost failed: the output differs from the accepted snapshot in 1 place
  --> guide/chapter-2.md:57
    │
 99 │ curl -sf http://localhost/
100 │ echo done
    │
differences (- expected, + actual):
  row web, column READY: 2/2 → 1/2
hint: if the new output is correct, accept it with `guide review`; else fix it, then `guide run --resume`
"
        );
    }

    #[test]
    fn a_timeout_names_what_the_step_waited_for_and_its_leftover_processes() {
        let timed_out = Failure::TimedOut {
            seconds: 120.0,
            limit: "until".to_owned(),
            waiting_for: Some("pod web: Pending".to_owned()),
        };
        let mut step = failed(
            timed_out,
            Evidence { output_tail: String::new(), failure_report: None, ..curl() },
        );
        step.leftovers
            .push(crate::output::LeftoverProcess { pid: 99, command: "sleep 1000".to_owned() });
        let text = failure(&step, &Style::colourless());
        let end = text.split_once("    │\nit").unwrap().1;
        assert_eq!(
            end,
            " was waiting for pod web: Pending\nno output\nstopped leftover process 99: sleep 1000\n\
             hint: if it only needs longer, raise `until=`; else fix it, then `guide run --resume`\n"
        );
    }

    #[test]
    fn a_long_output_shows_its_last_thirty_lines() {
        let output: String = (1..=100).map(|line| format!("line {line}\n")).collect();
        let step = failed(
            Failure::Exit { code: 1, expected: "0".to_owned() },
            Evidence { output_tail: output, ..curl() },
        );
        let text = failure(&step, &Style::colourless());
        assert!(text.contains("output, last 30 lines:\n  │ line 71\n"), "{text}");
        assert!(!text.contains("line 70\n"));
    }

    #[test]
    fn a_long_command_and_many_differences_are_bounded() {
        let differences: Vec<Difference> = (0..300)
            .map(|row| Difference::Missing {
                what: format!("row {row}"),
                expected: "x".to_owned(),
                line: None,
            })
            .collect();
        let evidence = Evidence { script: "true\n".repeat(500), ..curl() };
        let step = failed(Failure::Mismatch { differences, fence: true }, evidence);
        let text = failure(&step, &Style::colourless());
        assert!(text.contains("    │ … 480 lines more\n"), "{text}");
        assert!(
            text.contains(
                "  … 280 differences more: all of it in .guide/failures/chapter-2/curl-localhost\n"
            ),
            "{text}"
        );
        assert!(text.lines().count() < 80);
    }

    #[test]
    fn every_failure_has_a_report_even_without_evidence() {
        for kind in every_failure() {
            let text =
                failure(&finished("chapter-1/a", Outcome::Failed(kind)), &Style::colourless());
            assert!(
                text.starts_with("error: chapter-1/a failed: ") && text.contains("\nhint: "),
                "{text}"
            );
        }
        assert_eq!(failure(&finished("chapter-1/a", Outcome::Passed), &Style::colourless()), "");
    }
}
