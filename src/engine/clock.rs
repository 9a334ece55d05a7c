//! The clock of the engine. The real clock is here; tests use one that moves only when a test or a
//! wait moves it.

#![expect(
    clippy::disallowed_methods,
    reason = "this is the clock through which the engine reads the time"
)]

use std::time::{Duration, Instant};

/// Measures time, waits, and returns the date.
pub(crate) trait Clock {
    /// The time since a fixed moment. It never goes back.
    fn now(&self) -> Duration;
    /// Waits for the duration.
    fn sleep(&self, duration: Duration);
    /// The current date and time in RFC 3339, in UTC with milliseconds.
    fn timestamp(&self) -> String;
}

/// The clock of this machine.
#[derive(Debug)]
pub(crate) struct SystemClock {
    started: Instant,
}

impl SystemClock {
    /// A clock whose `now` is measured from this call.
    pub(crate) fn start() -> Self {
        Self { started: Instant::now() }
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Duration {
        self.started.elapsed()
    }

    fn sleep(&self, duration: Duration) {
        std::thread::sleep(duration);
    }

    fn timestamp(&self) -> String {
        format!("{:.3}", jiff::Timestamp::now())
    }
}
