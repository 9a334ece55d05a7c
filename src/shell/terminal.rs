//! Lends the terminal to an interactive step.

use std::io;
use std::os::fd::OwnedFd;

use rustix::fs::{Mode, OFlags};
use rustix::process::Pid;

/// The terminal is lent; taken back when this is dropped.
pub(super) struct Lent {
    terminal: OwnedFd,
    ours: Pid,
}

/// Makes a process group the terminal's foreground one.
///
/// # Errors
/// When there is no terminal.
pub(super) fn lend(to: Pid) -> io::Result<Lent> {
    let terminal = rustix::fs::open("/dev/tty", OFlags::RDWR | OFlags::CLOEXEC, Mode::empty())?;
    let ours = rustix::termios::tcgetpgrp(&terminal)?;
    rustix::termios::tcsetpgrp(&terminal, to)?;
    Ok(Lent { terminal, ours })
}

impl Drop for Lent {
    fn drop(&mut self) {
        // We are in the background now: unless SIGTTOU is ignored, it would stop us here.
        let before = on_write_to_terminal(libc::SIG_IGN);
        let _ = rustix::termios::tcsetpgrp(&self.terminal, self.ours);
        on_write_to_terminal(before);
    }
}

/// Sets what SIGTTOU does; returns what it did.
#[expect(unsafe_code, reason = "no safe call makes a signal ignored")]
fn on_write_to_terminal(action: libc::sighandler_t) -> libc::sighandler_t {
    // SAFETY: the action is SIG_IGN or what this call itself has returned, so no handler of ours is ever called.
    unsafe { libc::signal(libc::SIGTTOU, action) }
}
