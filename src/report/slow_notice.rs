//! Work that tells no events and may take long: after two seconds, and then less and less often, it is said that it goes on.

use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use super::humanize::duration;
use super::terminal::eprint;

/// A reader who waits longer than this wants to know why.
const NOTICE_AFTER: Duration = Duration::from_secs(2);

/// Does the work; says `what` is going on, and since when, where it takes longer than two seconds.
pub(crate) fn notice_when_slow<T>(what: &str, work: impl FnOnce() -> T) -> T {
    telling(
        NOTICE_AFTER,
        &|since| eprint(&format!("{what} … {}\n", duration(since.as_secs_f64()))),
        work,
    )
}

fn telling<T>(patience: Duration, tell: &(dyn Fn(Duration) + Sync), work: impl FnOnce() -> T) -> T {
    let (working, ended) = channel::<()>();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            let (began, mut wait) = (Instant::now(), patience);
            while ended.recv_timeout(wait) == Err(RecvTimeoutError::Timeout) {
                tell(began.elapsed());
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

    fn told(patience: Duration, works: Duration) -> usize {
        let told = AtomicUsize::new(0);
        let tell = |_| {
            told.fetch_add(1, Ordering::SeqCst);
        };
        let made = telling(patience, &tell, || {
            std::thread::sleep(works);
            7
        });
        assert_eq!(made, 7);
        told.into_inner()
    }

    #[test]
    fn long_work_is_told_less_and_less_often_and_short_work_never() {
        assert_eq!(told(Duration::from_secs(60), Duration::ZERO), 0);
        let often = told(Duration::from_millis(20), Duration::from_millis(500));
        assert!((1..=5).contains(&often), "{often}");
    }
}
