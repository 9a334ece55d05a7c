//! The guard: a small bash beside the runner that ends the run's processes when the runner itself is killed.
//!
//! It learns of the runner's death from the end of a pipe, so it is in time however the runner ends, and finds what is left by
//! the process groups it was told and by the tag in the environment. Not found: what has cleared its environment *and* made a
//! process group of its own *and* was not seen by one of the runner's looks, ten times a second, before the runner died.

use std::collections::HashSet;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::path::Path;

use rustix::pipe::PipeFlags;
use rustix::process::Pid;

use super::processes;
use super::session::pid_of;

const GUARD: &str = include_str!("guard.sh");

/// A guard at work.
pub(super) struct Guard {
    handle: duct::Handle,
    pid: Pid,
    pipe: OwnedFd,
    told: HashSet<Pid>,
}

impl Guard {
    /// Starts it; nothing is waited for.
    pub(super) fn start(bash: &Path, tag: &str) -> io::Result<Self> {
        let (read, pipe) = rustix::pipe::pipe_with(PipeFlags::CLOEXEC)?;
        let lines: Vec<&str> = GUARD.lines().filter(|line| !line.trim_start().starts_with('#')).collect();
        let program = lines.join("\n");
        let handle = duct::cmd(bash.as_os_str().to_owned(), ["--noprofile", "--norc", "-c", &program, "guide-guard", tag])
            // It needs none, and starts sooner without one.
            .full_env([("LC_ALL", "C")])
            .dir("/")
            .stdin_file(read)
            .stdout_null()
            .stderr_null()
            .unchecked()
            .before_spawn(|command| {
                command.process_group(0);
                Ok(())
            })
            .start()?;
        let pid = pid_of(&handle)?;
        processes::started(pid);
        Ok(Self { handle, pid, pipe, told: HashSet::new() })
    }

    /// This process group belongs to the run.
    pub(super) fn add(&mut self, group: Pid) {
        if self.told.insert(group) {
            self.tell(&format!("group {}\n", group.as_raw_nonzero()));
        }
    }

    /// Only these process groups do.
    pub(super) fn keep_only(&mut self, groups: &[Pid]) {
        let gone: Vec<Pid> = self.told.iter().copied().filter(|group| !groups.contains(group)).collect();
        for group in gone {
            self.told.remove(&group);
            self.tell(&format!("gone {}\n", group.as_raw_nonzero()));
        }
    }

    fn tell(&self, line: &str) {
        // A guard that is gone can't be told; the run goes on without it.
        let _ = rustix::io::write(&self.pipe, line.as_bytes());
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.tell("done\n");
        // Not waited for: it ends by itself. Until it is reaped it stays known as ours.
        if matches!(self.handle.try_wait(), Ok(Some(_))) {
            processes::ended(self.pid);
        }
    }
}
