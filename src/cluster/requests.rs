//! How many requests were sent, and how many in the busiest second: so that "no more than four a second" is counted, not hoped.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Requests sent so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RequestCount {
    /// In all.
    pub total: u64,
    /// Most within any second.
    pub busiest_second: usize,
}

/// Counts requests as the client sends them.
#[derive(Debug, Default)]
pub(super) struct Requests(Mutex<(RequestCount, VecDeque<Instant>)>);

impl Requests {
    /// One more, at this moment.
    pub(super) fn sent(&self, at: Instant) {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (count, recent) = &mut *inner;
        recent.retain(|moment| *moment + Duration::from_secs(1) > at);
        recent.push_back(at);
        count.total += 1;
        count.busiest_second = count.busiest_second.max(recent.len());
    }

    /// So far.
    pub(super) fn count(&self) -> RequestCount {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_busiest_second_is_remembered() {
        let (requests, start) = (Requests::default(), Instant::now());
        for millis in [0, 100, 900, 1050, 5000] {
            requests.sent(start + Duration::from_millis(millis));
        }
        assert_eq!(requests.count(), RequestCount { total: 5, busiest_second: 3 });
    }
}
