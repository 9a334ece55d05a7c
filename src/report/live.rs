//! The display on a terminal: a line for each finished step, and below them the running step, which is drawn again at every event.
//!
//! The display has no clock and no thread of its own. It moves because the engine reports a running step at least ten times a second.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressFinish, ProgressStyle};

use super::failure::failure;
use super::humanize::summary;
use super::live_view::{RunningStep, frame};
use super::step_line::{chapter_end_line, chapter_line, has_line, resumed_line, step_line};
use super::style::Style;
use super::terminal::printable;
use crate::event::{ChapterOutcome, Event, Reporter};

/// The width of a terminal that does not report its width, in columns.
const UNKNOWN_WIDTH: usize = 80;

/// The live display.
pub(crate) struct Live {
    bar: ProgressBar,
    style: Style,
    width: Box<dyn Fn() -> usize>,
    running: Option<RunningStep>,
    /// The display is hidden, because the running step uses the terminal.
    hidden: bool,
    /// The number of steps of the present chapter.
    of: usize,
    done: usize,
    steps: usize,
}

/// Hides the live display while something else uses the terminal.
#[derive(Debug, Clone)]
pub(crate) struct DisplayGuard {
    bar: ProgressBar,
}

impl DisplayGuard {
    /// Runs `act` while nothing is drawn on the terminal.
    pub(crate) fn suspended<R>(&self, act: impl FnOnce() -> R) -> R {
        self.bar.suspend(act)
    }
}

impl Live {
    /// Draws on stderr.
    pub(crate) fn new(style: Style) -> Self {
        Self::on(ProgressDrawTarget::stderr(), style, Box::new(stderr_width))
    }

    fn on(target: ProgressDrawTarget, style: Style, width: Box<dyn Fn() -> usize>) -> Self {
        // However the run ends, no part of the display stays on the screen.
        let bar = ProgressBar::with_draw_target(None, target).with_finish(ProgressFinish::AndClear);
        bar.set_style(
            ProgressStyle::with_template("{msg}")
                .unwrap_or_else(|_| ProgressStyle::default_spinner()),
        );
        Self { bar, style, width, running: None, hidden: false, of: 0, done: 0, steps: 0 }
    }

    /// The guard for code that needs the terminal during the run.
    pub(crate) fn display_guard(&self) -> DisplayGuard {
        DisplayGuard { bar: self.bar.clone() }
    }

    fn draw(&self) {
        match (self.hidden, self.bar.is_finished()) {
            (true, true) => return,
            (true, false) => return self.bar.finish_and_clear(),
            (false, true) => self.bar.reset(),
            (false, false) => {}
        }
        // One column stays empty, since a terminal may wrap a line that fills it.
        let width = (self.width)().saturating_sub(1);
        let lines = frame(self.running.as_ref(), self.done, self.steps, width, &self.style);
        self.bar.set_message(printable(&lines.join("\n")));
    }

    fn print(&self, text: &str) {
        self.bar.println(printable(text.trim_end()));
    }

    fn update_running(&mut self, event: &Event) {
        match event {
            Event::StepStarted { attempt, .. } if *attempt > 1 && self.running.is_some() => {
                self.running.as_mut().into_iter().for_each(|step| step.attempt = *attempt);
            }
            Event::StepStarted {
                step,
                number,
                attempt,
                expected_seconds,
                reason,
                interactive,
                ..
            } => {
                self.hidden = *interactive;
                self.running = Some(RunningStep {
                    chapter: step.chapter.to_string(),
                    step: step.step.to_string(),
                    number: *number,
                    of: self.of,
                    attempt: *attempt,
                    reason: *reason,
                    seconds: 0.0,
                    expected: *expected_seconds,
                    line: String::new(),
                    waiting_for: None,
                });
            }
            Event::StepProgress { line, seconds, waiting_for, .. } => {
                if let Some(step) = &mut self.running {
                    step.seconds = *seconds;
                    line.clone_into(&mut step.line);
                    step.waiting_for.clone_from(waiting_for);
                }
            }
            _ => (self.running, self.hidden) = (None, false),
        }
    }
}

impl Reporter for Live {
    fn report(&mut self, event: &Event) {
        self.update_running(event);
        let style = self.style;
        match event {
            Event::RunStarted(run) => self.steps = run.steps,
            Event::ChapterStarted { chapter, title, steps } => {
                self.of = *steps;
                self.print(&chapter_line(chapter.as_str(), title, *steps, &style));
            }
            Event::StepFinished(finished) if !has_line(&finished.outcome) => self.done += 1,
            Event::StepFinished(finished) => {
                self.done += 1;
                self.print(&format!(
                    "  {}\n{}",
                    step_line(finished, &style),
                    failure(finished, &style)
                ));
            }
            Event::Note { text, .. } => self.print(&format!("  {}", style.faint(text))),
            Event::Resumed { at, why } => {
                self.print(&resumed_line(at.as_ref(), why, self.done, &style));
            }
            Event::ChapterFinished { chapter, outcome, done, .. } => {
                if let Some(line) = chapter_end_line(chapter.as_str(), *outcome, done, &style) {
                    let indent = if *outcome == ChapterOutcome::UpToDate { "  " } else { "" };
                    self.print(&format!("{indent}{line}"));
                }
            }
            Event::RunFinished(run) => {
                self.print(&summary(run, &style));
                return self.bar.finish_and_clear();
            }
            Event::StepStarted { .. } | Event::StepProgress { .. } => {}
        }
        self.draw();
    }
}

/// The width of the terminal on stderr, in columns. It is read each time, since the terminal may have been resized.
fn stderr_width() -> usize {
    match rustix::termios::tcgetwinsize(rustix::stdio::stderr()) {
        Ok(size) if size.ws_col > 0 => size.ws_col.into(),
        _ => UNKNOWN_WIDTH,
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "the test waits for a frame to be drawn")]
mod tests {
    use indicatif::InMemoryTerm;

    use super::*;
    use crate::event::samples::{
        chapter_finished, chapter_started, finished, progress, started, step_started,
    };
    use crate::event::{Failure, Outcome, RunSummary};

    fn live(columns: u16) -> (InMemoryTerm, Live) {
        let screen = InMemoryTerm::new(24, columns);
        // The tests report events faster than a terminal is usually drawn.
        let target = ProgressDrawTarget::term_like_with_hz(Box::new(screen.clone()), 255);
        let live = Live::on(target, Style::colourless(), Box::new(move || columns.into()));
        (screen, live)
    }

    fn report_all(live: &mut Live, events: &[Event]) {
        for event in events {
            live.report(event);
            std::thread::sleep(std::time::Duration::from_millis(8));
        }
    }

    #[test]
    fn a_running_step_is_drawn_below_the_finished_steps() {
        let (screen, mut live) = live(80);
        report_all(
            &mut live,
            &[
                Event::RunStarted(started("run-1")),
                chapter_started("chapter-1", 3),
                Event::StepFinished(finished("chapter-1/engine", Outcome::UpToDate)),
                step_started("chapter-1/create-cluster", 2, Some(4.0)),
                progress("chapter-1/create-cluster", 1.0, "Preparing nodes", None),
                progress(
                    "chapter-1/create-cluster",
                    2.0,
                    "Starting control-plane",
                    Some("node worker: NotReady"),
                ),
            ],
        );
        assert_eq!(
            screen.contents(),
            "\
chapter-1 · Infrastructure · 3 steps
  ↷ engine                           up to date
⠋ chapter-1 · 2/3 create-cluster  2.0s ━━━━━━━━━━╌╌╌╌╌╌╌╌╌╌ 4.0s last time
  │ Starting control-plane
  waiting for node worker: NotReady
  ━━━━━╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌ 1/4 steps"
        );
    }

    #[test]
    fn at_the_end_only_the_lines_of_steps_and_the_summary_remain() {
        let (screen, mut live) = live(80);
        report_all(
            &mut live,
            &[
                Event::RunStarted(started("run-1")),
                chapter_started("chapter-1", 2),
                step_started("chapter-1/a", 1, None),
                progress("chapter-1/a", 1.0, "working", None),
                Event::StepFinished(finished("chapter-1/a", Outcome::Passed)),
                step_started("chapter-1/b", 2, None),
                Event::StepFinished(finished(
                    "chapter-1/b",
                    Outcome::Failed(Failure::Signal { signal: 9 }),
                )),
                chapter_finished("chapter-1", ChapterOutcome::Failed),
                Event::RunFinished(RunSummary {
                    passed: 1,
                    failed: 1,
                    seconds: 3.0,
                    ..RunSummary::default()
                }),
            ],
        );
        assert_eq!(
            screen.contents(),
            "\
chapter-1 · Infrastructure · 2 steps
  ✓ a                                   1.5s
  ✗ b                                   1.5s  ended by signal 9 (KILL)
error: chapter-1/b failed: ended by signal 9 (KILL)
  --> guide/chapter-1.md:57
no output
hint: fix it, then `guide run --resume`
1 passed, 1 failed in 3.0s"
        );
    }

    #[test]
    fn a_display_that_is_dropped_during_a_step_leaves_an_empty_screen() {
        let (screen, mut live) = live(80);
        report_all(
            &mut live,
            &[
                Event::RunStarted(started("run-1")),
                step_started("chapter-1/a", 1, None),
                progress("chapter-1/a", 1.0, "working", None),
            ],
        );
        assert!(screen.contents().contains("working"));
        drop(live);
        assert_eq!(screen.contents(), "");
    }

    #[test]
    fn the_display_is_hidden_during_an_interactive_step() {
        let (screen, mut live) = live(80);
        let mut interactive = step_started("chapter-1/edit", 1, None);
        if let Event::StepStarted { interactive, .. } = &mut interactive {
            *interactive = true;
        }
        report_all(
            &mut live,
            &[
                Event::RunStarted(started("run-1")),
                interactive,
                progress("chapter-1/edit", 9.0, "", None),
            ],
        );
        assert_eq!(screen.contents(), "");
        report_all(
            &mut live,
            &[
                Event::StepFinished(finished("chapter-1/edit", Outcome::Passed)),
                step_started("chapter-1/next", 2, None),
            ],
        );
        assert_eq!(
            screen.contents(),
            "  ✓ edit                                1.5s\n⠋ chapter-1 · 2/0 next  0.0s\n  ━━━━━╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌ 1/4 steps"
        );
    }

    #[test]
    fn the_display_is_hidden_while_it_is_suspended() {
        let (screen, mut live) = live(80);
        report_all(
            &mut live,
            &[Event::RunStarted(started("run-1")), step_started("chapter-1/a", 1, None)],
        );
        let suspended = live.display_guard().suspended(|| screen.contents());
        assert_eq!(suspended, "");
        assert!(screen.contents().contains("chapter-1 · 1/0 a"), "{}", screen.contents());
    }
}
