//! One attempt: the command is run while the journal, the reporter and the monitor see what comes.

use std::time::{Duration, Instant};

use super::ports::{ClusterMonitor, ClusterStatus};
use crate::diagnostic::Diagnostic;
use crate::event::{Event, Record, Reporter};
use crate::ids::StepId;
use crate::output::Output;
use crate::world::{Command, Flow, Watcher, World};

/// How often a running step is told of.
const PROGRESS: Duration = Duration::from_millis(100);
/// Longest last line that is shown.
const LINE: usize = 200;

/// One attempt's output and what the monitor last saw.
pub(super) struct Attempted {
    /// What came.
    pub output: Output,
    /// What was seen.
    pub status: ClusterStatus,
}

/// How an attempt may be ended before its time.
pub(super) struct GiveUpPolicy {
    /// When the step (not the attempt) began.
    pub since: Instant,
    /// It is ended once the monitor has seen no hope for so long; none: never.
    pub gives_up_after: Option<Duration>,
}

/// The ports one attempt needs.
pub(super) struct Observers<'a> {
    /// Keeps the output.
    pub record: &'a mut dyn Record,
    /// Told of progress.
    pub reporter: &'a mut dyn Reporter,
    /// Looks at the cluster.
    pub monitor: &'a mut dyn ClusterMonitor,
    /// Ctrl-C or SIGTERM came.
    pub interrupted: &'a dyn Fn() -> bool,
}

/// Runs a command once.
///
/// # Errors
/// When it could not be started.
pub(super) fn attempt(
    world: &mut dyn World,
    eyes: &mut Observers<'_>,
    command: &Command,
    patience: &GiveUpPolicy,
) -> Result<Attempted, Diagnostic> {
    let mut sink = Sink {
        eyes,
        step: &command.step,
        patience,
        line: LastLine::default(),
        told: Duration::ZERO,
        status: ClusterStatus::default(),
        unrecoverable: UnrecoverableTimer::default(),
    };
    let output = world.run(command, &mut sink)?;
    let status = sink.status;
    Ok(Attempted { output, status })
}

struct Sink<'a, 'b> {
    eyes: &'a mut Observers<'b>,
    step: &'a StepId,
    patience: &'a GiveUpPolicy,
    line: LastLine,
    told: Duration,
    status: ClusterStatus,
    unrecoverable: UnrecoverableTimer,
}

/// Since when, without a break, there was no hope.
#[derive(Default)]
struct UnrecoverableTimer(Option<Duration>);

impl UnrecoverableTimer {
    /// Is it over, with what was seen just now?
    fn is_over(&mut self, unrecoverable: bool, elapsed: Duration, after: Option<Duration>) -> bool {
        self.0 = unrecoverable.then(|| self.0.unwrap_or(elapsed));
        let lasted = self.0.map(|from| elapsed.saturating_sub(from));
        lasted.zip(after).is_some_and(|(lasted, after)| lasted >= after)
    }
}

impl Watcher for Sink<'_, '_> {
    fn output(&mut self, bytes: &[u8]) {
        self.eyes.record.output(bytes);
        self.line.push(bytes);
    }

    fn tick(&mut self, elapsed: Duration) -> Flow {
        if (self.eyes.interrupted)() {
            return Flow::Interrupt;
        }
        if elapsed.saturating_sub(self.told) < PROGRESS {
            return Flow::Continue;
        }
        self.told = elapsed;
        let since = self.patience.since.elapsed();
        let status = self.eyes.monitor.status(since);
        let over = self.unrecoverable.is_over(
            status.unrecoverable.is_some(),
            elapsed,
            self.patience.gives_up_after,
        );
        if status != ClusterStatus::default() {
            self.status = status;
        }
        self.eyes.reporter.report(&Event::StepProgress {
            step: self.step.clone(),
            line: self.line.text(),
            seconds: since.as_secs_f64(),
            waiting_for: self.status.waiting_for.clone(),
        });
        if over { Flow::GiveUp } else { Flow::Continue }
    }
}

/// The last line that has any text, however the output is cut into pieces. Bounded.
#[derive(Default)]
struct LastLine {
    whole: Vec<u8>,
    open: Vec<u8>,
}

impl LastLine {
    fn push(&mut self, bytes: &[u8]) {
        // Only the end matters: a long piece is cut before it is looked at.
        let bytes = &bytes[bytes.len().saturating_sub(4 * LINE)..];
        for piece in bytes.split_inclusive(|&byte| byte == b'\n' || byte == b'\r') {
            let ended = piece.ends_with(b"\n") || piece.ends_with(b"\r");
            let text = if ended { &piece[..piece.len() - 1] } else { piece };
            let room = (4 * LINE).saturating_sub(self.open.len());
            self.open.extend_from_slice(&text[..text.len().min(room)]);
            if ended {
                if self.open.iter().any(|byte| !byte.is_ascii_whitespace()) {
                    std::mem::swap(&mut self.whole, &mut self.open);
                }
                self.open.clear();
            }
        }
    }

    fn text(&self) -> String {
        let line = if self.open.is_empty() { &self.whole } else { &self.open };
        let plain = anstream::adapter::strip_bytes(line).into_vec();
        String::from_utf8_lossy(&plain)
            .chars()
            .filter(|character| !character.is_control())
            .take(LINE)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{LastLine, UnrecoverableTimer};

    #[test]
    fn only_a_hopelessness_that_lasts_ends_a_step_that_may_mend_it() {
        let seconds = Duration::from_secs;
        let mut unrecoverable = UnrecoverableTimer::default();
        assert!(!unrecoverable.is_over(true, seconds(2), Some(seconds(30))));
        assert!(!unrecoverable.is_over(false, seconds(20), Some(seconds(30))), "mended");
        assert!(!unrecoverable.is_over(true, seconds(25), Some(seconds(30))));
        assert!(!unrecoverable.is_over(true, seconds(54), Some(seconds(30))));
        assert!(unrecoverable.is_over(true, seconds(55), Some(seconds(30))));
        assert!(
            UnrecoverableTimer::default().is_over(true, seconds(2), Some(Duration::ZERO)),
            "at once"
        );
        assert!(
            !UnrecoverableTimer::default().is_over(true, seconds(99), None),
            "a step that shows a failure"
        );
    }

    fn last(pieces: &[&str]) -> String {
        let mut line = LastLine::default();
        for piece in pieces {
            line.push(piece.as_bytes());
        }
        line.text()
    }

    #[test]
    fn the_last_line_with_text_is_shown() {
        assert_eq!(last(&["one\ntwo\n\n"]), "two");
        assert_eq!(last(&["one\ntw", "o and a half"]), "two and a half");
        assert_eq!(last(&["10%\r20%\r"]), "20%");
        assert_eq!(last(&["\u{1b}[32mgreen\u{1b}[0m\n"]), "green");
    }

    #[test]
    fn a_line_without_end_stays_bounded() {
        let mut line = LastLine::default();
        for _ in 0..1000 {
            line.push(&[b'x'; 10_000]);
        }
        assert_eq!(line.text().len(), 200);
    }
}
