//! The lines of the live display, which fit the terminal. Pure: numbers in, text out.

use std::fmt::Display;

use unicode_width::UnicodeWidthStr;

use super::humanize::duration;
use super::style::Style;
use crate::event::Reason;
use crate::text::sanitize::{fit, one_line};

/// The width of a progress bar, in columns.
const BAR: usize = 20;
/// How many frames of the spinner are drawn in a second.
const FRAMES_PER_SECOND: f64 = 10.0;

/// The step that is running.
#[derive(Debug, Clone)]
pub(super) struct RunningStep {
    /// Its chapter.
    pub chapter: String,
    /// Its name.
    pub step: String,
    /// Its 1-based number in the chapter.
    pub number: usize,
    /// The number of steps of its chapter.
    pub of: usize,
    /// 1 for the first attempt.
    pub attempt: u32,
    /// Why it runs.
    pub reason: Reason,
    /// Seconds since it started.
    pub seconds: f64,
    /// How many seconds it took last time.
    pub expected: Option<f64>,
    /// Its last line of output.
    pub line: String,
    /// The cluster's problem that it waits for.
    pub waiting_for: Option<String>,
}

/// The display as lines: the step, its last output, what it waits for, and how many steps are done.
pub(super) fn frame(
    now: Option<&RunningStep>,
    done: usize,
    steps: usize,
    width: usize,
    style: &Style,
) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(now) = now {
        lines.push(step_line(now, width, style));
        if !now.line.trim().is_empty() {
            let mut line = Line::new(width, style);
            line.push(&format!("  {} ", style.symbols().bar), |text| style.frame(text));
            line.push(one_line(&now.line).trim(), |text| style.faint(text));
            lines.push(line.text);
        }
        if let Some(what) = &now.waiting_for {
            let mut line = Line::new(width, style);
            line.push("  waiting for ", |text| style.warning(text));
            line.push(&one_line(what), |text| style.warning(text));
            lines.push(line.text);
        }
    }
    if steps > 0 {
        let mut line = Line::new(width, style);
        line.push("  ", |text| style.faint(text));
        line.bar(done as f64 / steps as f64);
        line.push(&format!(" {done}/{steps} steps"), |text| style.faint(text));
        lines.push(line.text);
    }
    lines
}

/// `⠹ chapter-1 · 4/17 create-cluster  8.0s ━━━━━━╌╌╌╌╌╌╌╌╌╌╌╌╌╌ 23.0s last time`
fn step_line(now: &RunningStep, width: usize, style: &Style) -> String {
    let symbols = style.symbols();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the index of a frame, of which any is correct"
    )]
    let turn = (now.seconds * FRAMES_PER_SECOND) as usize % symbols.spinner.len();
    let mut line = Line::new(width, style);
    line.push(symbols.spinner[turn], |text| style.skipped(text));
    line.push(&format!(" {} {} {}/{} ", now.chapter, symbols.dot, now.number, now.of), |text| {
        style.faint(text)
    });
    line.push(&now.step, |text| style.strong(text));
    if let Some(doing) = doing(now) {
        line.push(&format!(" ({doing})"), |text| style.faint(text));
    }
    line.push(&format!("  {}", duration(now.seconds)), |text| style.strong(text));
    if let Some(expected) = now.expected.filter(|expected| *expected >= 0.5) {
        let words = if now.seconds > expected {
            format!(" longer than last time ({})", duration(expected))
        } else {
            format!(" {} last time", duration(expected))
        };
        if line.room() > BAR + words.width() {
            line.push(" ", |text| style.faint(text));
            line.bar(now.seconds / expected);
        }
        line.push(&words, |text| style.faint(text));
    }
    line.text
}

fn doing(now: &RunningStep) -> Option<String> {
    match (now.reason, now.attempt) {
        (Reason::UpToDate, _) => Some("up to date?".to_owned()),
        (Reason::Recheck, _) => Some("still passes?".to_owned()),
        (Reason::ChapterDone, _) => Some("chapter done?".to_owned()),
        (Reason::Ready, _) => Some("ready?".to_owned()),
        (Reason::Turn, 0 | 1) => None,
        (Reason::Turn, attempt) => Some(format!("attempt {attempt}")),
    }
}

/// A line that is never wider than the terminal. A piece that does not fit is truncated, and no piece follows it.
struct Line<'a> {
    text: String,
    used: usize,
    width: usize,
    style: &'a Style,
}

impl<'a> Line<'a> {
    fn new(width: usize, style: &'a Style) -> Self {
        Self { text: String::new(), used: 0, width, style }
    }

    fn room(&self) -> usize {
        self.width.saturating_sub(self.used)
    }

    fn push<D: Display>(&mut self, piece: &str, paint: impl FnOnce(String) -> D) {
        if self.room() == 0 || piece.is_empty() {
            return;
        }
        let cut = piece.width() > self.room();
        let piece = fit(piece, self.room(), self.style.symbols().ellipsis);
        self.used = if cut { self.width } else { self.used + piece.width() };
        self.text += &paint(piece).to_string();
    }

    fn bar(&mut self, part: f64) {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "between 0 and BAR"
        )]
        let full = (part.clamp(0.0, 1.0) * BAR as f64).round() as usize;
        let (symbols, style) = (self.style.symbols(), self.style);
        self.push(&symbols.full.repeat(full), |text| style.passed(text));
        self.push(&symbols.open.repeat(BAR - full), |text| style.faint(text));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::ColourChoice;
    use crate::text::sanitize::is_colour_mark;

    fn now() -> RunningStep {
        RunningStep {
            chapter: "chapter-1".to_owned(),
            step: "create-cluster".to_owned(),
            number: 4,
            of: 17,
            attempt: 1,
            reason: Reason::Turn,
            seconds: 8.0,
            expected: Some(23.0),
            line: "\u{1b}[32m • Preparing nodes 📦 📦 📦\u{1b}[0m  ...\r".to_owned(),
            waiting_for: Some("node kind-cluster-worker: NotReady".to_owned()),
        }
    }

    fn drawn(now: &RunningStep, width: usize) -> Vec<String> {
        frame(Some(now), 8, 35, width, &Style::colourless())
    }

    #[test]
    fn a_running_step_is_drawn_with_its_progress_and_what_it_waits_for() {
        assert_eq!(
            drawn(&now(), 80),
            [
                "⠋ chapter-1 · 4/17 create-cluster  8.0s ━━━━━━━╌╌╌╌╌╌╌╌╌╌╌╌╌ 23.0s last time",
                "  │ • Preparing nodes 📦 📦 📦  ...",
                "  waiting for node kind-cluster-worker: NotReady",
                "  ━━━━━╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌ 8/35 steps",
            ]
        );
    }

    #[test]
    fn a_step_that_takes_longer_than_last_time_is_marked() {
        let slow = RunningStep { seconds: 31.3, line: String::new(), waiting_for: None, ..now() };
        assert_eq!(
            drawn(&slow, 100)[0],
            "⠸ chapter-1 · 4/17 create-cluster  31.3s ━━━━━━━━━━━━━━━━━━━━ longer than last time (23.0s)"
        );
        assert_eq!(
            drawn(&slow, 80)[0],
            "⠸ chapter-1 · 4/17 create-cluster  31.3s longer than last time (23.0s)"
        );
    }

    #[test]
    fn the_reason_of_a_check_and_the_number_of_an_attempt_are_named() {
        let check = RunningStep { reason: Reason::UpToDate, expected: None, ..now() };
        assert_eq!(drawn(&check, 80)[0], "⠋ chapter-1 · 4/17 create-cluster (up to date?)  8.0s");
        let again = RunningStep { attempt: 3, expected: None, ..now() };
        assert_eq!(drawn(&again, 80)[0], "⠋ chapter-1 · 4/17 create-cluster (attempt 3)  8.0s");
    }

    #[test]
    fn no_line_is_wider_than_the_terminal() {
        let wide = RunningStep {
            step: "a-very-long-name-".repeat(9),
            line: "x".repeat(999),
            waiting_for: Some("日".repeat(99)),
            ..now()
        };
        for style in [Style::colourless(), Style::decide(ColourChoice::Always, true, false, false)]
        {
            for width in 0..200 {
                for line in frame(Some(&wide), 8, 35, width, &style) {
                    let plain: String =
                        line.chars().filter(|next| !is_colour_mark(*next)).collect();
                    assert!(plain.width() <= width, "{} > {width}: {plain}", plain.width());
                }
            }
        }
    }

    #[test]
    fn between_steps_only_the_progress_of_the_run_is_drawn() {
        assert_eq!(
            frame(None, 35, 35, 80, &Style::colourless()),
            ["  ━━━━━━━━━━━━━━━━━━━━ 35/35 steps"]
        );
        assert_eq!(frame(None, 0, 0, 80, &Style::colourless()), Vec::<String>::new());
    }
}
