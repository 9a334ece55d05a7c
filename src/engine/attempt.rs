//! One attempt: runs the command once, while the journal, the reporter and the cluster monitor
//! follow it.

use std::time::Duration;

use super::clock::Clock;
use super::ports::{ClusterMonitor, ClusterStatus};
use crate::diagnostic::Diagnostic;
use crate::event::{Event, Record, Reporter};
use crate::ids::StepId;
use crate::output::Output;
use crate::world::{Command, Flow, Watcher, World};

/// How often the progress of a running step is reported.
const PROGRESS_INTERVAL: Duration = Duration::from_millis(100);
/// The longest last line that is reported, in characters.
const LINE: usize = 200;

/// The result of an attempt, before it is judged.
pub(super) struct Attempt {
    pub(super) output: Output,
    /// The last status that the cluster monitor returned.
    pub(super) status: ClusterStatus,
}

/// The rule for stopping an attempt that cannot succeed.
pub(super) struct GiveUpPolicy {
    /// When the first attempt of the step began.
    pub(super) began: Duration,
    /// How long the cluster must show an unrecoverable problem without a break before the attempt
    /// is stopped. `None`: never.
    pub(super) give_up_after: Option<Duration>,
}

/// The ports that follow an attempt.
pub(super) struct Observers<'a> {
    pub(super) record: &'a mut dyn Record,
    pub(super) reporter: &'a mut dyn Reporter,
    pub(super) monitor: &'a mut dyn ClusterMonitor,
    /// Whether Ctrl-C or SIGTERM has arrived.
    pub(super) interrupted: &'a dyn Fn() -> bool,
    pub(super) clock: &'a dyn Clock,
}

/// Runs a command once.
pub(super) fn run_attempt(
    world: &mut dyn World,
    observers: &mut Observers<'_>,
    command: &Command,
    policy: &GiveUpPolicy,
) -> Result<Attempt, Diagnostic> {
    let mut follower = Follower {
        observers,
        step: &command.step,
        policy,
        line: LastLine::default(),
        reported_at: Duration::ZERO,
        status: ClusterStatus::default(),
        unrecoverable: UnrecoverableTimer::default(),
    };
    let output = world.run(command, &mut follower)?;
    let status = follower.status;
    Ok(Attempt { output, status })
}

/// Follows a running command.
struct Follower<'a, 'b> {
    observers: &'a mut Observers<'b>,
    step: &'a StepId,
    policy: &'a GiveUpPolicy,
    line: LastLine,
    /// The time of the last progress report, measured from the command's start.
    reported_at: Duration,
    status: ClusterStatus,
    unrecoverable: UnrecoverableTimer,
}

/// The moment since which the cluster has shown an unrecoverable problem without a break, measured
/// from the command's start.
#[derive(Default)]
struct UnrecoverableTimer(Option<Duration>);

impl UnrecoverableTimer {
    /// Notes whether the cluster shows a problem at `elapsed`. Returns whether the problem has
    /// lasted for `limit`.
    fn has_lasted(
        &mut self,
        unrecoverable: bool,
        elapsed: Duration,
        limit: Option<Duration>,
    ) -> bool {
        self.0 = unrecoverable.then(|| self.0.unwrap_or(elapsed));
        let lasted = self.0.map(|since| elapsed.saturating_sub(since));
        lasted.zip(limit).is_some_and(|(lasted, limit)| lasted >= limit)
    }
}

impl Watcher for Follower<'_, '_> {
    fn output(&mut self, bytes: &[u8]) {
        self.observers.record.output(bytes);
        self.line.push(bytes);
    }

    fn tick(&mut self, elapsed: Duration) -> Flow {
        let observers = &mut *self.observers;
        if (observers.interrupted)() {
            return Flow::Interrupt;
        }
        if elapsed.saturating_sub(self.reported_at) < PROGRESS_INTERVAL {
            return Flow::Continue;
        }
        self.reported_at = elapsed;
        let of_step = observers.clock.now().saturating_sub(self.policy.began);
        let status = observers.monitor.status(of_step);
        let is_unrecoverable = status.unrecoverable.is_some();
        if status != ClusterStatus::default() {
            self.status = status;
        }
        observers.reporter.report(&Event::StepProgress {
            step: self.step.clone(),
            line: self.line.text(),
            seconds: of_step.as_secs_f64(),
            waiting_for: self.status.waiting_for.clone(),
        });
        if self.unrecoverable.has_lasted(is_unrecoverable, elapsed, self.policy.give_up_after) {
            Flow::GiveUp
        } else {
            Flow::Continue
        }
    }
}

/// The last line that is not blank, independent of how the output is cut into pieces. Its memory is
/// bounded.
#[derive(Default)]
struct LastLine {
    /// The last line that is complete and not blank.
    complete: Vec<u8>,
    /// The line that is not complete yet.
    open: Vec<u8>,
}

impl LastLine {
    fn push(&mut self, bytes: &[u8]) {
        // Only the end of a long piece matters.
        let bytes = &bytes[bytes.len().saturating_sub(4 * LINE)..];
        for piece in bytes.split_inclusive(|&byte| byte == b'\n' || byte == b'\r') {
            let is_complete = piece.ends_with(b"\n") || piece.ends_with(b"\r");
            let text = if is_complete { &piece[..piece.len() - 1] } else { piece };
            let room = (4 * LINE).saturating_sub(self.open.len());
            self.open.extend_from_slice(&text[..text.len().min(room)]);
            if is_complete {
                if self.open.iter().any(|byte| !byte.is_ascii_whitespace()) {
                    std::mem::swap(&mut self.complete, &mut self.open);
                }
                self.open.clear();
            }
        }
    }

    fn text(&self) -> String {
        let line = if self.open.is_empty() { &self.complete } else { &self.open };
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
    fn only_a_problem_that_lasts_stops_a_step_that_may_solve_it() {
        let seconds = Duration::from_secs;
        let mut unrecoverable = UnrecoverableTimer::default();
        assert!(!unrecoverable.has_lasted(true, seconds(2), Some(seconds(30))));
        assert!(!unrecoverable.has_lasted(false, seconds(20), Some(seconds(30))), "solved");
        assert!(!unrecoverable.has_lasted(true, seconds(25), Some(seconds(30))));
        assert!(!unrecoverable.has_lasted(true, seconds(54), Some(seconds(30))));
        assert!(unrecoverable.has_lasted(true, seconds(55), Some(seconds(30))));
        assert!(
            UnrecoverableTimer::default().has_lasted(true, seconds(2), Some(Duration::ZERO)),
            "at once"
        );
        assert!(
            !UnrecoverableTimer::default().has_lasted(true, seconds(99), None),
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
