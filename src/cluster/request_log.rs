//! Counts the requests of a connection, so that tests can measure the rate limit of a watch.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The numbers of requests that were sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RequestCount {
    pub total: u64,
    /// The largest number within any second.
    pub busiest_second: usize,
}

/// Counts requests as the client sends them.
#[derive(Debug, Default)]
pub(super) struct RequestLog(Mutex<(RequestCount, VecDeque<Instant>)>);

impl RequestLog {
    /// Counts one request, sent at this moment.
    pub(super) fn sent(&self, at: Instant) {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (count, recent) = &mut *inner;
        recent.retain(|moment| *moment + Duration::from_secs(1) > at);
        recent.push_back(at);
        count.total += 1;
        count.busiest_second = count.busiest_second.max(recent.len());
    }

    /// The requests until now.
    pub(super) fn count(&self) -> RequestCount {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).0
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "the tests are about time")]
mod tests {
    use super::*;

    #[test]
    fn the_busiest_second_is_counted() {
        let (requests, start) = (RequestLog::default(), Instant::now());
        for millis in [0, 100, 900, 1050, 5000] {
            requests.sent(start + Duration::from_millis(millis));
        }
        assert_eq!(requests.count(), RequestCount { total: 5, busiest_second: 3 });
    }
}
