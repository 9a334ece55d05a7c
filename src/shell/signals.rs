//! Ctrl-C and SIGTERM as a counter, with a descriptor that ends a `poll`.

use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rustix::fs::OFlags;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

/// A counter of the user's requests to stop the run. All clones share the count.
#[derive(Clone, Debug)]
pub struct Interrupt {
    signals: Arc<AtomicUsize>,
    wake: Arc<(OwnedFd, OwnedFd)>,
}

impl Interrupt {
    /// An interrupt that only [`Interrupt::raise`] sends, for tests.
    ///
    /// # Errors
    pub fn unconnected() -> io::Result<Self> {
        let (read, write) = io::pipe()?;
        let wake = (OwnedFd::from(read), OwnedFd::from(write));
        for end in [&wake.0, &wake.1] {
            rustix::fs::fcntl_setfl(end, rustix::fs::fcntl_getfl(end)? | OFlags::NONBLOCK)?;
        }
        Ok(Self { signals: Arc::default(), wake: Arc::new(wake) })
    }

    /// Handles SIGINT, SIGTERM and SIGHUP from now on: they no longer end this process.
    ///
    /// # Errors
    /// When the kernel refuses a pipe, or a signal cannot be handled.
    pub fn install() -> io::Result<Self> {
        let interrupt = Self::unconnected()?;
        for signal in [SIGINT, SIGTERM, SIGHUP] {
            signal_hook::low_level::pipe::register(signal, interrupt.wake.1.try_clone()?)?;
        }
        Ok(interrupt)
    }

    /// The number of signals until now: 0 means continue, 1 means stop, 2 or more mean stop at
    /// once, without a grace period.
    pub fn count(&self) -> usize {
        let mut bytes = [0; 16];
        let new = rustix::io::read(&self.wake.0, &mut bytes).unwrap_or(0);
        self.signals.fetch_add(new, Ordering::SeqCst) + new
    }

    /// Counts as a signal.
    pub fn raise(&self) {
        let _ = rustix::io::write(&self.wake.1, b"!");
    }

    /// A descriptor that is readable when a signal has arrived since the last [`Self::count`].
    #[cfg(target_os = "linux")]
    pub(super) fn descriptor(&self) -> &OwnedFd {
        &self.wake.0
    }
}

#[cfg(test)]
mod tests {
    use super::Interrupt;

    #[test]
    fn all_clones_count_every_signal() {
        let interrupt = Interrupt::unconnected().unwrap();
        let other = interrupt.clone();
        assert_eq!(other.count(), 0);
        interrupt.raise();
        assert_eq!(other.count(), 1);
        other.raise();
        assert_eq!(interrupt.count(), 2);
        assert_eq!(other.count(), 2);
    }
}
