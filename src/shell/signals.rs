//! Ctrl-C and SIGTERM as a counter that can be asked, and a descriptor that wakes whoever polls.

use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rustix::fs::OFlags;
use rustix::pipe::PipeFlags;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

/// Whether, and how often, the user asked the run to stop. Cheap to clone; all clones count together.
#[derive(Clone, Debug)]
pub struct Interrupt {
    asked: Arc<AtomicUsize>,
    wake: Arc<(OwnedFd, OwnedFd)>,
}

impl Interrupt {
    /// An interrupt nothing sends but [`Interrupt::raise`]: for tests, and for runs that leave signals alone.
    ///
    /// # Errors
    /// When no pipe can be made.
    pub fn unconnected() -> io::Result<Self> {
        let wake = rustix::pipe::pipe_with(PipeFlags::CLOEXEC)?;
        for end in [&wake.0, &wake.1] {
            rustix::fs::fcntl_setfl(end, rustix::fs::fcntl_getfl(end)? | OFlags::NONBLOCK)?;
        }
        Ok(Self { asked: Arc::default(), wake: Arc::new(wake) })
    }

    /// Takes SIGINT, SIGTERM and SIGHUP from now on: they no longer end this process.
    ///
    /// # Errors
    /// When no pipe can be made or the signals can't be taken.
    pub fn install() -> io::Result<Self> {
        let interrupt = Self::unconnected()?;
        for signal in [SIGINT, SIGTERM, SIGHUP] {
            signal_hook::low_level::pipe::register(signal, interrupt.wake.1.try_clone()?)?;
        }
        Ok(interrupt)
    }

    /// How often it was asked so far: 0 go on, 1 stop, 2 and more stop at once, without grace.
    pub fn asked(&self) -> usize {
        let mut bytes = [0; 16];
        let new = rustix::io::read(&self.wake.0, &mut bytes).unwrap_or(0);
        self.asked.fetch_add(new, Ordering::SeqCst) + new
    }

    /// As if a signal had come.
    pub fn raise(&self) {
        let _ = rustix::io::write(&self.wake.1, b"!");
    }

    /// Readable when a signal came that nobody has asked for yet.
    pub(super) fn descriptor(&self) -> &OwnedFd {
        &self.wake.0
    }
}

#[cfg(test)]
mod tests {
    use super::Interrupt;

    #[test]
    fn every_clone_counts_what_was_asked() {
        let interrupt = Interrupt::unconnected().unwrap();
        let other = interrupt.clone();
        assert_eq!(other.asked(), 0);
        interrupt.raise();
        assert_eq!(other.asked(), 1);
        other.raise();
        assert_eq!(interrupt.asked(), 2);
        assert_eq!(other.asked(), 2);
    }
}
