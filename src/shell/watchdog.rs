//! The watchdog: a small bash beside the runner that stops the run's processes when the runner itself is killed.
//!
//! It notices the runner's death by the end of a pipe, so it works for every kind of death. It
//! finds the processes by the process groups that the runner has named and by the tag in their
//! environment. It misses a process that has cleared its environment and has made its own process
//! group less than a tenth of a second before the runner died, because the supervisor looks for new
//! process groups ten times a second.

use std::collections::HashSet;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::path::Path;

use rustix::pipe::PipeFlags;
use rustix::process::Pid;

use crate::shell::bash::pid_of;
use crate::shell::processes;

const PROGRAM: &str = include_str!("watchdog.sh");

/// A running watchdog.
pub(super) struct Watchdog {
    handle: duct::Handle,
    pid: Pid,
    pipe: OwnedFd,
    /// The process groups that were reported to it.
    groups: HashSet<Pid>,
}

impl Watchdog {
    /// Starts the watchdog without waiting until it is ready. It shares the run's lock, if there is
    /// one, so that the lock of a killed run becomes free only when the run's processes have ended.
    pub(super) fn start(bash: &Path, tag: &str, lock: Option<&OwnedFd>) -> io::Result<Self> {
        let (read, pipe) = rustix::pipe::pipe_with(PipeFlags::CLOEXEC)?;
        let arguments = [
            bash.as_os_str(),
            "--noprofile".as_ref(),
            "--norc".as_ref(),
            "-c".as_ref(),
            PROGRAM.as_ref(),
            "guide-watchdog".as_ref(),
            tag.as_ref(),
        ];
        let program = duct::cmd(arguments[0], &arguments[1..]);
        // The watchdog prints nothing, so the descriptor of the lock can be passed as its output.
        let program = match lock {
            Some(lock) => program.stdout_file(lock.try_clone()?),
            None => program.stdout_null(),
        };
        let handle = program
            // The caller's variables, such as BASH_ENV, must not change its behaviour.
            .full_env([("LC_ALL", "C")])
            .dir("/")
            .stdin_file(read)
            .stderr_null()
            .unchecked()
            .before_spawn(|command| {
                command.process_group(0);
                Ok(())
            })
            .start()?;
        let pid = pid_of(&handle)?;
        processes::started(pid);
        Ok(Self { handle, pid, pipe, groups: HashSet::new() })
    }

    /// Adds a process group of the run.
    pub(super) fn add(&mut self, group: Pid) {
        if self.groups.insert(group) {
            self.send(&format!("group {}\n", group.as_raw_nonzero()));
        }
    }

    /// Removes all other process groups, which have ended, because the system may give their
    /// numbers to other programs.
    pub(super) fn keep_only(&mut self, groups: &[Pid]) {
        for group in self.groups.extract_if(|group| !groups.contains(group)).collect::<Vec<_>>() {
            self.send(&format!("gone {}\n", group.as_raw_nonzero()));
        }
    }

    fn send(&self, line: &str) {
        // The run continues without a watchdog if another process has ended it.
        let _ = rustix::io::write(&self.pipe, line.as_bytes());
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        self.send("done\n");
        // The watchdog ends by itself. Until it is reaped, it stays registered as a child that the
        // runner has started.
        if matches!(self.handle.try_wait(), Ok(Some(_))) {
            processes::ended(self.pid);
        }
    }
}
