//! A clock that moves only when a test or a wait moves it.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use crate::engine::clock::Clock;

/// The time since the start of the test.
#[derive(Debug, Clone, Default)]
pub(super) struct FakeClock(Rc<Cell<Duration>>);

impl FakeClock {
    /// Moves the clock by the duration.
    pub(super) fn advance(&self, duration: Duration) {
        self.0.set(self.0.get() + duration);
    }
}

impl Clock for FakeClock {
    fn now(&self) -> Duration {
        self.0.get()
    }

    fn sleep(&self, duration: Duration) {
        self.advance(duration);
    }

    fn timestamp(&self) -> String {
        format!("2026-11-23T12:00:{:02}Z", self.now().as_secs() % 60)
    }
}
