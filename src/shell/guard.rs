//! The guard: a small shell beside the runner that ends the run's processes when the runner itself is killed. Until then it is the
//! system's `sh`, mostly smaller than bash; when it has to act it becomes bash.
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

use crate::shell::processes;
use crate::shell::session::pid_of;

const WATCH: &str = include_str!("watch.sh");
const GUARD: &str = include_str!("guard.sh");

/// A guard at work.
pub(super) struct Watchdog {
    handle: duct::Handle,
    pid: Pid,
    pipe: OwnedFd,
    told: HashSet<Pid>,
}

impl Watchdog {
    /// Starts it; nothing is waited for. The run's lock, if there is one, is held by it as well: it is free once the processes of a
    /// killed run are gone, and not before.
    pub(super) fn start(bash: &Path, tag: &str, lock: Option<&OwnedFd>) -> io::Result<Self> {
        let (read, pipe) = rustix::pipe::pipe_with(PipeFlags::CLOEXEC)?;
        let [watch, guard] = [WATCH, GUARD].map(without_comments);
        let arguments = [
            "-c".as_ref(),
            watch.as_ref(),
            "guide-guard".as_ref(),
            bash.as_os_str(),
            guard.as_ref(),
            tag.as_ref(),
        ];
        let guard = duct::cmd("/bin/sh", arguments);
        // It writes nothing, so its output is where a descriptor can be handed over.
        let guard = match lock {
            Some(lock) => guard.stdout_file(lock.try_clone()?),
            None => guard.stdout_null(),
        };
        let handle = guard
            // It needs none, and starts sooner without one.
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
        let gone: Vec<Pid> =
            self.told.iter().copied().filter(|group| !groups.contains(group)).collect();
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

fn without_comments(program: &str) -> String {
    program
        .lines()
        .filter(|line| !line.trim_start().starts_with('#'))
        .collect::<Vec<_>>()
        .join("\n")
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        self.tell("done\n");
        // Not waited for: it ends by itself. Until it is reaped it stays known as ours.
        if matches!(self.handle.try_wait(), Ok(Some(_))) {
            processes::ended(self.pid);
        }
    }
}
