//! The text of `guide status`: the last run with the time, duration and outcome of each step, and the files to look into.

use std::path::PathBuf;

use super::humanize::summary;
use super::json::json_text;
use super::step_line::{chapter_end_line, chapter_line, resumed_line, step_line};
use super::style::Style;
use crate::event::{Event, Outcome, RunStarted, StepFinished, Stored};
use crate::ids::StepId;

/// A run as its journal describes it.
pub(crate) struct ShownRun<'a> {
    /// How it began.
    pub started: &'a RunStarted,
    /// The events that it has recorded.
    pub events: &'a [Event],
    /// The process that runs the book now, as a text.
    pub active: Option<String>,
    /// The run's folder, as it is shown.
    pub folder: PathBuf,
    /// The path of a failed step's failure report, as it is shown.
    pub failure_report: &'a dyn Fn(&StepId) -> Option<PathBuf>,
}

/// The run for a person.
pub(crate) fn status(run: &ShownRun<'_>, style: &Style) -> String {
    let mut lines = heading(run, style);
    let mut ended = None;
    for event in run.events {
        match event {
            Event::ChapterStarted { chapter, title, steps } => {
                lines.push(chapter_line(chapter.as_str(), title, *steps, style));
            }
            Event::StepFinished(finished) if finished.outcome == Outcome::TakenAsDone => {}
            Event::StepFinished(finished) => lines.extend(step(finished, run, style)),
            Event::ChapterFinished { chapter, outcome, done, .. } => {
                lines.extend(chapter_end_line(chapter.as_str(), *outcome, done, style));
            }
            Event::Resumed { at, why } => lines.push(resumed_line(at.as_ref(), why, 0, style)),
            Event::Note { text, .. } => lines.push(format!("         {}", style.faint(text))),
            Event::RunFinished(summary) => ended = Some(summary),
            Event::RunStarted(_) | Event::StepStarted { .. } | Event::StepProgress { .. } => {}
        }
    }
    let last = match (ended, &run.active) {
        (Some(counts), _) => summary(counts, style).trim_end().to_owned(),
        (None, Some(process)) => format!("still running: {process}"),
        (None, None) => {
            let what =
                style.warning("the run was cut off: guide was killed, or the machine stopped");
            format!("{what}\n{}: continue with `guide run --resume`", style.hint("hint"))
        }
    };
    lines.push(last);
    lines.iter().flat_map(|line| [line.trim_end(), "\n"]).collect()
}

/// The run for a program: how it began, every event of its journal, and whether it is still running.
pub(crate) fn status_json(run: &ShownRun<'_>) -> String {
    let ended = run.events.iter().any(|event| matches!(event, Event::RunFinished(_)));
    let all = serde_json::json!({
        "run": run.started,
        "folder": run.folder,
        "going_on": !ended && run.active.is_some(),
        "ended": ended,
        "events": run.events,
    });
    json_text(&all)
}

fn heading(shown: &ShownRun<'_>, style: &Style) -> Vec<String> {
    let (run, dot) = (shown.started, style.symbols().dot);
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
        shown.folder.display()
    );
    vec![first, style.faint(began).to_string()]
}

fn step(finished: &StepFinished, run: &ShownRun<'_>, style: &Style) -> Vec<String> {
    let mut lines =
        vec![format!("{} {}", style.faint(time(&finished.at)), step_line(finished, style))];
    if matches!(finished.outcome, Outcome::Failed(_) | Outcome::Interrupted) {
        let mut look = |text: String| lines.push(format!("           {}", style.faint(text)));
        look(finished.place.to_string());
        if let Some(output) = finished.output.as_ref().filter(|output| output.length > 0) {
            look(format!("output: {}", how_to_read(output, run)));
        }
        if let Some(failure_report) = (run.failure_report)(&finished.step) {
            look(format!("failure report: {}", failure_report.display()));
        }
    }
    lines
}

/// A command that shows a part of a file.
fn how_to_read(stored: &Stored, run: &ShownRun<'_>) -> String {
    let file = run.folder.join(&stored.file);
    format!("tail -c +{} {} | head -c {}", stored.offset + 1, file.display(), stored.length)
}

/// `22:45:10` of an RFC 3339 time; another text is returned unchanged.
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

    fn status_of(events: &[Event], active: Option<&str>) -> String {
        let failure_report = |step: &StepId| {
            (*step == id("chapter-1/curl")).then(|| PathBuf::from(".guide/failures/curl"))
        };
        let run = started("run-1");
        let shown = ShownRun {
            started: &run,
            events,
            active: active.map(str::to_owned),
            folder: ".guide/runs/run-1".into(),
            failure_report: &failure_report,
        };
        status(&shown, &Style::colourless())
    }

    #[test]
    fn a_run_is_shown_step_by_step_with_the_files_to_look_into() {
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
            status_of(&events, None),
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
    fn a_run_that_was_killed_and_a_run_that_is_active_are_named() {
        let passed = [Event::StepFinished(finished("chapter-1/a", Outcome::Passed))];
        let end =
            |text: String| text.lines().skip(3).map(|line| format!("{line}\n")).collect::<String>();
        assert_eq!(
            end(status_of(&passed, None)),
            "the run was cut off: guide was killed, or the machine stopped\n\
             hint: continue with `guide run --resume`\n"
        );
        assert_eq!(
            end(status_of(&passed, Some("process 4711, in chapter-1"))),
            "still running: process 4711, in chapter-1\n"
        );
    }

    #[test]
    fn a_program_gets_every_event_of_the_journal() {
        let events = every_event();
        let run = started("run-1");
        let shown = ShownRun {
            started: &run,
            events: &events,
            active: None,
            folder: "f".into(),
            failure_report: &|_| None,
        };
        let json: serde_json::Value = serde_json::from_str(&status_json(&shown)).unwrap();
        assert_eq!(json["events"].as_array().unwrap().len(), events.len());
        assert_eq!(json["run"]["run"], "run-1");
        assert_eq!(json["ended"], true);
    }
}
