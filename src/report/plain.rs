//! The report without a terminal: one line for each step, and further lines during a long step.

use std::io::Write;

use super::failure::failure;
use super::humanize::{duration, summary};
use super::step_line::{chapter_end_line, chapter_line, has_line, resumed_line, step_line};
use super::style::Style;
use super::terminal::BestEffortWriter;
use crate::event::{ChapterOutcome, Event, Outcome, Reason, Reporter};

/// Seconds between two progress lines of a step.
const PROGRESS_EVERY: f64 = 30.0;

/// Seconds until the first progress line of a check that runs before its turn: no other line is printed while the run waits for it.
const CHECK_NOTICE: f64 = 1.5;

/// The report for logs and pipes.
#[derive(Debug)]
pub(crate) struct Plain<W> {
    writer: BestEffortWriter<W>,
    style: Style,
    /// Seconds into the present attempt at which the next progress line is due.
    due: f64,
    /// The number of steps that a resumed run took over.
    passed_before: usize,
}

impl<W: Write> Plain<W> {
    /// Writes to a stream, which is stderr except in tests.
    pub(crate) fn new(stream: W, style: Style) -> Self {
        let writer = BestEffortWriter::new(stream);
        Self { writer, style, due: PROGRESS_EVERY, passed_before: 0 }
    }

    /// The stream that it writes to.
    #[cfg(test)]
    pub(crate) fn stream(&self) -> &W {
        self.writer.stream()
    }

    fn progress(&mut self, event: &Event) {
        let Event::StepProgress { step, line, seconds, waiting_for } = event else { return };
        if *seconds < self.due {
            return;
        }
        self.due = seconds + PROGRESS_EVERY;
        let mut text =
            format!("    {} {step} for {}", self.style.symbols().ellipsis, duration(*seconds));
        match waiting_for {
            Some(what) => text += &[", waiting for ", what].concat(),
            None if line.trim().is_empty() => {}
            None => text += &[": ", line.trim()].concat(),
        }
        self.writer.write(&format!("{}\n", self.style.faint(text)));
    }
}

impl<W: Write> Reporter for Plain<W> {
    fn report(&mut self, event: &Event) {
        let style = self.style;
        let line = match event {
            Event::ChapterStarted { chapter, title, steps } => {
                chapter_line(chapter.as_str(), title, *steps, &style)
            }
            // The time of further attempts counts from the first one.
            Event::StepStarted { attempt: 0 | 1, reason, .. } => {
                let is_ahead = *reason != Reason::Turn;
                return self.due = if is_ahead { CHECK_NOTICE } else { PROGRESS_EVERY };
            }
            Event::StepStarted { .. } => return,
            Event::StepProgress { .. } => return self.progress(event),
            Event::StepFinished(finished) if finished.outcome == Outcome::PassedBefore => {
                self.passed_before += 1;
                return;
            }
            Event::StepFinished(finished) if !has_line(&finished.outcome) => return,
            Event::StepFinished(finished) => {
                let line =
                    format!("  {}\n{}", step_line(finished, &style), failure(finished, &style));
                line.trim_end().to_owned()
            }
            Event::Note { text, .. } => format!("  {}", style.faint(text)),
            Event::ChapterFinished { chapter, outcome, done, .. } => {
                match chapter_end_line(chapter.as_str(), *outcome, done, &style) {
                    Some(line) if *outcome == ChapterOutcome::UpToDate => format!("  {line}"),
                    Some(line) => line,
                    None => return,
                }
            }
            Event::Resumed { at, why } => {
                resumed_line(at.as_ref(), why, self.passed_before, &style)
            }
            Event::RunStarted(_) => return,
            Event::RunFinished(run) => summary(run, &style).trim_end().to_owned(),
        };
        self.writer.write(&format!("{line}\n"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::samples::{
        chapter_finished, chapter_started, every_event, finished, id, progress, step_started,
    };
    use crate::event::{Failure, RunSummary, StepFinished};
    use crate::report::ColourChoice;

    fn again(step: &str, number: u32) -> Event {
        let mut event = step_started(step, 2, None);
        if let Event::StepStarted { attempt, .. } = &mut event {
            *attempt = number;
        }
        event
    }

    fn reported(events: &[Event]) -> String {
        let mut plain = Plain::new(Vec::new(), Style::colourless());
        events.iter().for_each(|event| plain.report(event));
        String::from_utf8(plain.stream().clone()).unwrap()
    }

    #[test]
    fn a_run_has_a_line_for_each_step_and_a_summary() {
        let mut slow = finished("chapter-1/create-cluster", Outcome::Passed);
        (slow.seconds, slow.attempts) = (125.0, 2);
        let events = [
            Event::StepFinished(finished("chapter-1/machine", Outcome::PassedBefore)),
            Event::StepFinished(finished("chapter-1/tools", Outcome::PassedBefore)),
            Event::Resumed { at: Some(id("chapter-1/create-cluster")), why: "failed".to_owned() },
            chapter_started("chapter-1", 3),
            Event::StepFinished(finished("chapter-1/engine-ready", Outcome::UpToDate)),
            step_started("chapter-1/create-cluster", 2, None),
            progress("chapter-1/create-cluster", 3.0, "Preparing nodes", None),
            Event::StepFinished(slow),
            Event::Note { text: "stopped leftover process 9: sleep 9".to_owned(), step: None },
            Event::StepFinished(finished("chapter-1/nodes", Outcome::Pending)),
            chapter_finished("chapter-1", ChapterOutcome::Passed),
            chapter_finished("chapter-2", ChapterOutcome::NotRun),
            Event::RunFinished(RunSummary {
                passed: 2,
                up_to_date: 1,
                pending: 1,
                seconds: 126.0,
                ..RunSummary::default()
            }),
        ];
        assert_eq!(
            reported(&events),
            "\
resuming at chapter-1/create-cluster: failed (2 steps passed before)
chapter-1 · Infrastructure · 3 steps
  ↷ engine-ready                     up to date
  ✓ create-cluster                    2m 05s, 2 attempts
  stopped leftover process 9: sleep 9
  ✓ nodes                               1.5s  new snapshot, pending review
· chapter-2  not run
2 passed, 1 up to date in 2m 06s
hint: 1 snapshot pending; run `guide review`
"
        );
    }

    #[test]
    fn a_failure_is_reported_when_its_step_ends() {
        let failed = Outcome::Failed(Failure::Exit { code: 7, expected: "0".to_owned() });
        assert_eq!(
            reported(&[Event::StepFinished(finished("chapter-1/curl", failed))]),
            "  ✗ curl                                1.5s  exit 7, expected 0
error: chapter-1/curl failed: exit 7, expected 0
  --> guide/chapter-1.md:57
no output
hint: fix it, then `guide run --resume`
"
        );
    }

    #[test]
    fn a_long_step_has_a_progress_line_every_thirty_seconds() {
        let mut events = vec![step_started("chapter-1/a", 1, None)];
        events.extend((0..650).map(|tenths| {
            progress("chapter-1/a", f64::from(tenths) / 10.0, "Preparing nodes", None)
        }));
        events.push(step_started("chapter-1/b", 2, None));
        events.push(again("chapter-1/b", 2));
        events.push(progress("chapter-1/b", 31.0, "ignored", Some("pod web: Pending")));
        events.push(again("chapter-1/b", 3));
        events.push(progress("chapter-1/b", 32.0, "too soon", None));
        events.push(progress("chapter-1/b", 62.0, "  ", None));
        assert_eq!(
            reported(&events),
            "    … chapter-1/a for 30.0s: Preparing nodes\n    … chapter-1/a for 1m 00s: Preparing nodes\n    \
             … chapter-1/b for 31.0s, waiting for pod web: Pending\n    … chapter-1/b for 1m 02s\n"
        );
    }

    #[test]
    fn without_utf8_nothing_but_ascii_is_written() {
        let mut plain =
            Plain::new(Vec::new(), Style::decide(ColourChoice::Auto, true, true, false));
        every_event().iter().for_each(|event| plain.report(event));
        let text = String::from_utf8(plain.stream().clone()).unwrap();
        assert!(text.is_ascii(), "{text}");
        assert!(text.contains("  FAIL step-9 "), "{text}");
    }

    /// A pipe whose reader has closed it.
    #[derive(Debug, Default)]
    struct Broken {
        tried: usize,
    }

    impl Write for Broken {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            self.tried += 1;
            Err(std::io::ErrorKind::BrokenPipe.into())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn after_a_failed_write_nothing_more_is_written() {
        let mut plain = Plain::new(Broken::default(), Style::colourless());
        every_event().iter().for_each(|event| plain.report(event));
        assert_eq!(plain.stream().tried, 1);
    }

    #[test]
    fn a_step_line_needs_no_evidence() {
        let step = StepFinished {
            attempts: 0,
            ..finished("chapter-1/a", Outcome::Skipped { why: "no terminal".to_owned() })
        };
        assert_eq!(
            reported(&[Event::StepFinished(step)]),
            "  ↷ a                                skipped: no terminal\n"
        );
    }
}
