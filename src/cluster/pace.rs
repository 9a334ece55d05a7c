//! At most four requests a second for all watching and asking again: a reservation of moments, pure but for the moment it is told.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Requests a second, in all.
pub(super) const PER_SECOND: usize = 4;

/// How many of these a watch may take: the rest is kept for asking a verify step again.
/// And a request is sent a little after its moment.
const FOR_WATCHES: usize = 2;

/// Least time between two questions of a verify step: a change just after one question waits no longer than this for the next.
const BETWEEN_QUESTIONS: Duration = Duration::from_millis(250);

/// Hands out moments so that no second holds more than [`PER_SECOND`] of them.
#[derive(Debug, Default)]
pub(super) struct Pace(Mutex<Taken>);

#[derive(Debug, Default)]
struct Taken {
    /// In order.
    moments: VecDeque<Instant>,
    /// The last of these that a question has, or will have.
    question: Option<Instant>,
    /// That question was waited for, and not begun yet.
    waited_for: bool,
}

impl Pace {
    /// How long to wait, from `now`, until a watch may be started or a log fetched; the moment is taken.
    pub(super) fn reserve(&self, now: Instant) -> Duration {
        let mut taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        taken.take(FOR_WATCHES, now) - now
    }

    /// How long to wait, from `now`, until a verify step may be asked again; the moment is taken.
    pub(super) fn reserve_question(&self, now: Instant) -> Duration {
        let mut taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let earliest = taken.question.map_or(now, |last| now.max(last + BETWEEN_QUESTIONS));
        let at = taken.take(PER_SECOND, earliest);
        taken.question = Some(at);
        taken.waited_for = true;
        at - now
    }

    /// A verify step is asked now: counts, unless its moment was waited for.
    pub(super) fn question(&self, now: Instant) {
        let mut taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !std::mem::take(&mut taken.waited_for) {
            taken.moments.push_back(now);
            taken.moments.make_contiguous().sort();
        }
        taken.question = Some(now);
    }
}

impl Taken {
    /// The first moment from `earliest` on before which no second holds `limit` others; it is taken.
    fn take(&mut self, limit: usize, earliest: Instant) -> Instant {
        let second = Duration::from_secs(1);
        self.moments.retain(|moment| *moment + second > earliest);
        let mut at = earliest;
        if self.moments.len() >= limit {
            at = at.max(self.moments[self.moments.len() - limit] + second);
        }
        let place = self.moments.partition_point(|moment| *moment <= at);
        self.moments.insert(place, at);
        at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The most moments that any window of one second holds.
    fn busiest_second(moments: &[Instant]) -> usize {
        let second = Duration::from_secs(1);
        moments
            .iter()
            .map(|from| moments.iter().filter(|at| *at >= from && **at < *from + second).count())
            .max()
            .unwrap_or(0)
    }

    #[test]
    fn no_second_holds_more_than_four() {
        let (pace, start) = (Pace::default(), Instant::now());
        let mut moments = Vec::new();
        for step in 0..200u64 {
            let now = start + Duration::from_millis(step * 37);
            let wait = if step % 3 == 0 { pace.reserve(now) } else { pace.reserve_question(now) };
            moments.push(now + wait);
        }
        assert_eq!(busiest_second(&moments), PER_SECOND);
    }

    #[test]
    fn the_first_ones_need_not_wait() {
        let (pace, now) = (Pace::default(), Instant::now());
        assert_eq!((0..2).map(|_| pace.reserve(now)).max(), Some(Duration::ZERO));
        assert_eq!(pace.reserve(now), Duration::from_secs(1), "the rest is kept for a verify step");
    }

    #[test]
    fn watches_leave_room_for_a_verify_step() {
        let (pace, now) = (Pace::default(), Instant::now());
        for _ in 0..2 {
            pace.reserve(now);
        }
        assert_eq!(pace.reserve_question(now), Duration::ZERO);
    }

    #[test]
    fn questions_keep_a_quarter_of_a_second_apart() {
        let (pace, start) = (Pace::default(), Instant::now());
        pace.question(start);
        assert_eq!(
            pace.reserve_question(start + Duration::from_millis(80)),
            Duration::from_millis(170)
        );
        assert_eq!(
            pace.reserve_question(start + Duration::from_secs(9)),
            Duration::ZERO,
            "after a quiet time at once"
        );
    }

    #[test]
    fn a_question_that_was_waited_for_counts_once() {
        let (pace, start) = (Pace::default(), Instant::now());
        let at = |millis| start + Duration::from_millis(millis);
        pace.reserve_question(at(0));
        pace.question(at(1));
        assert_eq!(pace.reserve(at(2)), Duration::ZERO);
        assert_ne!(pace.reserve(at(3)), Duration::ZERO, "two are taken");
    }
}
