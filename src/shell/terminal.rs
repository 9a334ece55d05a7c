//! Gives the terminal to an interactive step.

use std::io;
use std::os::fd::OwnedFd;

use rustix::fs::{Mode, OFlags};
use rustix::process::Pid;

/// The terminal while a step has it. The runner takes it back when this is dropped.
pub(super) struct LentTerminal {
    terminal: OwnedFd,
    own_group: Pid,
}

/// Makes a process group the foreground group of the terminal.
///
/// # Errors
/// When there is no terminal.
pub(super) fn lend(to: Pid) -> io::Result<LentTerminal> {
    let terminal = rustix::fs::open("/dev/tty", OFlags::RDWR | OFlags::CLOEXEC, Mode::empty())?;
    let own_group = rustix::termios::tcgetpgrp(&terminal)?;
    rustix::termios::tcsetpgrp(&terminal, to)?;
    Ok(LentTerminal { terminal, own_group })
}

impl Drop for LentTerminal {
    fn drop(&mut self) {
        // The runner is in the background now, so SIGTTOU would stop it here unless it is ignored.
        let before = on_write_to_terminal(libc::SIG_IGN);
        let _ = rustix::termios::tcsetpgrp(&self.terminal, self.own_group);
        on_write_to_terminal(before);
    }
}

/// Sets the action of SIGTTOU and returns the one before.
#[expect(unsafe_code, reason = "no safe call makes a signal ignored")]
fn on_write_to_terminal(action: libc::sighandler_t) -> libc::sighandler_t {
    // SAFETY: the action is SIG_IGN or what this call itself has returned, so no handler of ours is ever called.
    unsafe { libc::signal(libc::SIGTTOU, action) }
}
