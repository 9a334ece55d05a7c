//! Notices about slow work that has no events: after two seconds, and then at growing intervals, the work and its duration are named.

#![expect(clippy::disallowed_methods, reason = "the notice appears after some time")]

use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use super::humanize::duration;
use super::terminal::eprint;

/// The time until the first notice.
const NOTICE_AFTER: Duration = Duration::from_secs(2);

/// Does the work. If it takes longer than two seconds, prints `what` and the time that has passed.
pub(crate) fn notice_when_slow<T>(what: &str, work: impl FnOnce() -> T) -> T {
    with_notices(
        NOTICE_AFTER,
        &|since| eprint(&format!("{what} … {}\n", duration(since.as_secs_f64()))),
        work,
    )
}

fn with_notices<T>(
    first_after: Duration,
    notify: &(dyn Fn(Duration) + Sync),
    work: impl FnOnce() -> T,
) -> T {
    let (working, ended) = channel::<()>();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            let (began, mut wait) = (Instant::now(), first_after);
            while ended.recv_timeout(wait) == Err(RecvTimeoutError::Timeout) {
                notify(began.elapsed());
                wait = began.elapsed();
            }
        });
        let made = work();
        drop(working);
        made
    })
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    fn notices(first_after: Duration, works: Duration) -> usize {
        let notices = AtomicUsize::new(0);
        let notify = |_| {
            notices.fetch_add(1, Ordering::SeqCst);
        };
        let result = with_notices(first_after, &notify, || {
            std::thread::sleep(works);
            7
        });
        assert_eq!(result, 7);
        notices.into_inner()
    }

    #[test]
    fn long_work_has_notices_at_growing_intervals_and_short_work_has_none() {
        assert_eq!(notices(Duration::from_secs(60), Duration::ZERO), 0);
        let number = notices(Duration::from_millis(20), Duration::from_millis(500));
        assert!((1..=5).contains(&number), "{number}");
    }
}
