//! The time as the engine sees it. The real clock is here; tests have one that moves only when they say so.

#![expect(
    clippy::disallowed_methods,
    reason = "this is the clock through which the engine reads the time"
)]

use std::time::{Duration, Instant};

/// Measures time, waits, and knows the date.
pub(crate) trait Clock {
    /// The time since a fixed moment. It never goes back.
    fn now(&self) -> Duration;
    /// Waits for this long.
    fn sleep(&self, duration: Duration);
    /// The present date and time, RFC 3339, UTC.
    fn timestamp(&self) -> String;
}

/// The clock of this machine.
#[derive(Debug)]
pub(crate) struct SystemClock {
    started: Instant,
}

impl SystemClock {
    /// A clock whose `now` counts from this call.
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
