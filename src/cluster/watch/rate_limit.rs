//! The rate limit: a watch and the checks that it allows send at most four requests a second.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The number of requests that may be sent within any second.
const PER_SECOND: usize = 4;

/// The number of these that a watch may send. The rest is reserved for the checks, because a
/// request is sent a little after its moment.
const FOR_WATCHES: usize = 2;

/// The shortest time between two checks: a change just after a check waits no longer than this for the next one.
const BETWEEN_CHECKS: Duration = Duration::from_millis(250);

const SECOND: Duration = Duration::from_secs(1);

/// Reserves moments so that no second contains more than [`PER_SECOND`] of them.
#[derive(Debug, Default)]
pub(super) struct RateLimit(Mutex<Reserved>);

#[derive(Debug, Default)]
struct Reserved {
    /// All reserved moments of the last second and later, in order.
    moments: VecDeque<Instant>,
    /// The moment of the last check, which may be in the future.
    check: Option<Instant>,
    /// Whether the last check was reserved and has not begun yet.
    check_is_pending: bool,
}

impl RateLimit {
    /// Reserves a moment for starting a watch or fetching a log. Returns how long to wait for it from `now`.
    pub(super) fn reserve(&self, now: Instant) -> Duration {
        self.lock().reserve(FOR_WATCHES, now) - now
    }

    /// Reserves a moment for the next check. Returns how long to wait for it from `now`.
    pub(super) fn reserve_check(&self, now: Instant) -> Duration {
        let mut reserved = self.lock();
        let earliest = reserved.check.map_or(now, |last| now.max(last + BETWEEN_CHECKS));
        let moment = reserved.reserve(PER_SECOND, earliest);
        reserved.check = Some(moment);
        reserved.check_is_pending = true;
        moment - now
    }

    /// Counts a check that begins now, unless its moment was reserved.
    pub(super) fn begin_check(&self, now: Instant) {
        let mut reserved = self.lock();
        if !std::mem::take(&mut reserved.check_is_pending) {
            reserved.insert(now);
        }
        reserved.check = Some(now);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Reserved> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Reserved {
    /// Reserves the first moment from `earliest` on before which no second contains `limit` others.
    fn reserve(&mut self, limit: usize, earliest: Instant) -> Instant {
        self.moments.retain(|moment| *moment + SECOND > earliest);
        let mut moment = earliest;
        if self.moments.len() >= limit {
            moment = moment.max(self.moments[self.moments.len() - limit] + SECOND);
        }
        self.insert(moment);
        moment
    }

    fn insert(&mut self, moment: Instant) {
        let at = self.moments.partition_point(|other| *other <= moment);
        self.moments.insert(at, moment);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The largest number of moments within any second.
    fn busiest_second(moments: &[Instant]) -> usize {
        moments
            .iter()
            .map(|from| moments.iter().filter(|at| *at >= from && **at < *from + SECOND).count())
            .max()
            .unwrap_or(0)
    }

    #[test]
    fn no_second_contains_more_than_four_requests() {
        let (limit, start) = (RateLimit::default(), Instant::now());
        let mut moments = Vec::new();
        for step in 0..200u64 {
            let now = start + Duration::from_millis(step * 37);
            let wait = if step % 3 == 0 { limit.reserve(now) } else { limit.reserve_check(now) };
            moments.push(now + wait);
        }
        assert_eq!(busiest_second(&moments), PER_SECOND);
    }

    #[test]
    fn the_first_requests_need_not_wait() {
        let (limit, now) = (RateLimit::default(), Instant::now());
        assert_eq!((0..2).map(|_| limit.reserve(now)).max(), Some(Duration::ZERO));
        assert_eq!(limit.reserve(now), Duration::from_secs(1), "the rest is kept for checks");
    }

    #[test]
    fn watches_leave_room_for_a_check() {
        let (limit, now) = (RateLimit::default(), Instant::now());
        for _ in 0..2 {
            limit.reserve(now);
        }
        assert_eq!(limit.reserve_check(now), Duration::ZERO);
    }

    #[test]
    fn checks_are_a_quarter_of_a_second_apart() {
        let (limit, start) = (RateLimit::default(), Instant::now());
        limit.begin_check(start);
        assert_eq!(
            limit.reserve_check(start + Duration::from_millis(80)),
            Duration::from_millis(170)
        );
        assert_eq!(
            limit.reserve_check(start + Duration::from_secs(9)),
            Duration::ZERO,
            "after a quiet time a check may begin at once"
        );
    }

    #[test]
    fn a_check_whose_moment_was_reserved_counts_once() {
        let (limit, start) = (RateLimit::default(), Instant::now());
        let at = |millis| start + Duration::from_millis(millis);
        limit.reserve_check(at(0));
        limit.begin_check(at(1));
        assert_eq!(limit.reserve(at(2)), Duration::ZERO);
        assert_ne!(limit.reserve(at(3)), Duration::ZERO, "two moments are reserved");
    }
}
