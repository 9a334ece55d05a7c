//! `guide status`: the last run, step by step: when, how long, how it came out, where to look.

use std::path::PathBuf;

use super::humanize::summary;
use super::json::json_text;
use super::step_line::{chapter_end_line, chapter_line, resumed_line, step_line};
use super::style::Style;
use crate::event::{Event, Outcome, RunStarted, StepFinished, Stored};
use crate::ids::StepId;

/// A run as its journal tells it.
pub(crate) struct ShownRun<'a> {
    /// How it began.
    pub started: &'a RunStarted,
    /// What it wrote down since.
    pub events: &'a [Event],
    /// Who runs the book right now, in words.
    pub going_on: Option<String>,
    /// The run's folder, as it is to be shown.
    pub folder: PathBuf,
    /// Where a failed step's failure report is, as it is to be shown.
    pub failure_report: &'a dyn Fn(&StepId) -> Option<PathBuf>,
}

/// The run for a person.
pub(crate) fn status(seen: &ShownRun<'_>, style: &Style) -> String {
    let mut lines = heading(seen, style);
    let mut ended = None;
    for event in seen.events {
        match event {
            Event::ChapterStarted { chapter, title, steps } => {
                lines.push(chapter_line(chapter.as_str(), title, *steps, style));
            }
            Event::StepFinished(finished) if finished.outcome == Outcome::TakenAsDone => {}
            Event::StepFinished(finished) => lines.extend(step(finished, seen, style)),
            Event::ChapterFinished { chapter, outcome, done, .. } => {
                lines.extend(chapter_end_line(chapter.as_str(), *outcome, done, style));
            }
            Event::Resumed { at, why } => lines.push(resumed_line(at.as_ref(), why, 0, style)),
            Event::Note { text, .. } => lines.push(format!("         {}", style.faint(text))),
            Event::RunFinished(summary) => ended = Some(summary),
            Event::RunStarted(_) | Event::StepStarted { .. } | Event::StepProgress { .. } => {}
        }
    }
    let last = match (ended, &seen.going_on) {
        (Some(run), _) => summary(run, style).trim_end().to_owned(),
        (None, Some(who)) => format!("still going on: {who}"),
        (None, None) => {
            let what = style.warning(
                "it did not come to its end: the runner was killed, or the machine stopped",
            );
            format!("{what}\n{}: go on with `guide run --resume`", style.hint("hint"))
        }
    };
    lines.push(last);
    lines.iter().flat_map(|line| [line.trim_end(), "\n"]).collect()
}

/// The run for a program: how it began, every event its journal holds, and whether it still goes on.
pub(crate) fn status_json(seen: &ShownRun<'_>) -> String {
    let ended = seen.events.iter().any(|event| matches!(event, Event::RunFinished(_)));
    let all = serde_json::json!({
        "run": seen.started,
        "folder": seen.folder,
        "going_on": !ended && seen.going_on.is_some(),
        "ended": ended,
        "events": seen.events,
    });
    json_text(&all)
}

fn heading(seen: &ShownRun<'_>, style: &Style) -> Vec<String> {
    let (run, dot) = (seen.started, style.symbols().dot);
    let what =
        if run.targets.is_empty() { "the whole book".to_owned() } else { run.targets.join(" ") };
    let mut first = format!(
        "{} {dot} {what} {dot} profile {}",
        style.strong(format!("run {}", run.run)),
        run.profile
    );
    if let Some(resumed) = &run.resumes {
        first += &[" ", dot, " resumed ", resumed].concat();
    }
    let began = format!(
        "began {} UTC {dot} guide {} {dot} {}",
        day_and_time(&run.at),
        run.guide,
        seen.folder.display()
    );
    vec![first, style.faint(began).to_string()]
}

fn step(finished: &StepFinished, seen: &ShownRun<'_>, style: &Style) -> Vec<String> {
    let mut lines =
        vec![format!("{} {}", style.faint(time(&finished.at)), step_line(finished, style))];
    if matches!(finished.outcome, Outcome::Failed(_) | Outcome::Interrupted) {
        let mut look = |text: String| lines.push(format!("           {}", style.faint(text)));
        look(finished.place.to_string());
        if let Some(output) = finished.output.as_ref().filter(|output| output.length > 0) {
            look(format!("output: {}", how_to_read(output, seen)));
        }
        if let Some(failure_report) = (seen.failure_report)(&finished.step) {
            look(format!("failure report: {}", failure_report.display()));
        }
    }
    lines
}

/// A command that shows a part of a file.
fn how_to_read(stored: &Stored, seen: &ShownRun<'_>) -> String {
    let file = seen.folder.join(&stored.file);
    format!("tail -c +{} {} | head -c {}", stored.offset + 1, file.display(), stored.length)
}

/// `22:45:10` of an RFC 3339 time; all of it when it is none.
fn time(at: &str) -> &str {
    at.get(11..19).unwrap_or(at)
}

fn day_and_time(at: &str) -> String {
    match at.get(..10) {
        Some(day) => format!("{day} {}", time(at)),
        None => at.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::samples::{
        chapter_finished, chapter_started, every_event, finished, id, started,
    };
    use crate::event::{ChapterOutcome, Failure, RunSummary};

    fn told(events: &[Event], going_on: Option<&str>) -> String {
        let failure_report = |step: &StepId| {
            (*step == id("chapter-1/curl")).then(|| PathBuf::from(".guide/failures/curl"))
        };
        let run = started("run-1");
        let seen = ShownRun {
            started: &run,
            events,
            going_on: going_on.map(str::to_owned),
            folder: ".guide/runs/run-1".into(),
            failure_report: &failure_report,
        };
        status(&seen, &Style::colourless())
    }

    #[test]
    fn a_run_is_told_step_by_step_with_where_to_look() {
        let failed = Outcome::Failed(Failure::Exit { code: 7, expected: "0".to_owned() });
        let output =
            Some(Stored { file: "output.log".into(), offset: 100, length: 45, checksum: None });
        let events = [
            chapter_started("chapter-1", 3),
            Event::StepFinished(finished("chapter-1/engine", Outcome::UpToDate)),
            Event::StepFinished(StepFinished { output, ..finished("chapter-1/curl", failed) }),
            chapter_finished("chapter-1", ChapterOutcome::Failed),
            chapter_finished("chapter-2", ChapterOutcome::NotRun),
            Event::RunFinished(RunSummary {
                up_to_date: 1,
                failed: 1,
                not_run: 1,
                seconds: 9.0,
                ..RunSummary::default()
            }),
        ];
        assert_eq!(
            told(&events, None),
            "\
run run-1 · the whole book · profile open
began 2026-11-23 22:45:00 UTC · guide 0.1.0 · .guide/runs/run-1
chapter-1 · Infrastructure · 3 steps
22:45:10 ↷ engine                           up to date
22:45:10 ✗ curl                                1.5s  exit 7, expected 0
           guide/chapter-1.md:57
           output: tail -c +101 .guide/runs/run-1/output.log | head -c 45
           failure report: .guide/failures/curl
· chapter-2  not run
1 up to date, 1 failed, 1 not run in 9.0s
"
        );
    }

    #[test]
    fn a_run_that_was_killed_says_so_and_one_that_goes_on_too() {
        let passed = [Event::StepFinished(finished("chapter-1/a", Outcome::Passed))];
        let end =
            |text: String| text.lines().skip(3).map(|line| format!("{line}\n")).collect::<String>();
        assert_eq!(
            end(told(&passed, None)),
            "it did not come to its end: the runner was killed, or the machine stopped\n\
             hint: go on with `guide run --resume`\n"
        );
        assert_eq!(
            end(told(&passed, Some("process 4711, in chapter-1"))),
            "still going on: process 4711, in chapter-1\n"
        );
    }

    #[test]
    fn a_program_gets_every_event_of_the_journal() {
        let events = every_event();
        let run = started("run-1");
        let seen = ShownRun {
            started: &run,
            events: &events,
            going_on: None,
            folder: "f".into(),
            failure_report: &|_| None,
        };
        let json: serde_json::Value = serde_json::from_str(&status_json(&seen)).unwrap();
        assert_eq!(json["events"].as_array().unwrap().len(), events.len());
        assert_eq!(json["run"]["run"], "run-1");
        assert_eq!(json["ended"], true);
    }
}
