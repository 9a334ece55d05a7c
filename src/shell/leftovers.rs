//! Names and stops the leftover processes of a step.

#![expect(clippy::disallowed_methods, reason = "a leftover process gets some time to end")]

use std::io;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal};

use crate::output::LeftoverProcess;
use crate::secrets::Masker;
use crate::shell::processes::{self, Children, Processes};

/// The time for which a process may outlive its step without counting as a leftover, such as a
/// process substitution that is just ending.
const SETTLE_TIME: Duration = Duration::from_millis(100);
/// The time between SIGTERM and SIGKILL.
const GRACE: Duration = Duration::from_millis(500);
/// The time between two searches for processes.
const POLL_INTERVAL: Duration = Duration::from_millis(1);

impl Processes {
    /// Names and stops the processes below the shell and the orphans that the runner has adopted,
    /// unless they end by themselves within a moment. The shell and the background steps continue.
    /// `meanwhile` takes the output, because a process may be waiting for that.
    pub(super) fn stop_leftovers(
        &self,
        shell: Option<&Children>,
        background_groups: &[Pid],
        masker: &Masker,
        mut meanwhile: impl FnMut() -> io::Result<()>,
    ) -> io::Result<Vec<LeftoverProcess>> {
        let started = Instant::now();
        let mut leftovers: Vec<LeftoverProcess> = Vec::new();
        let (mut first_seen, mut warned): (Vec<(Pid, Instant)>, Vec<Pid>) = Default::default();
        while self.any(shell) && started.elapsed() < SETTLE_TIME * 2 + GRACE * 2 {
            let alive = self.of_step(shell, background_groups);
            if alive.is_empty() {
                break;
            }
            // A process counts only if every search has found it, because its environment looks
            // empty for a moment while it changes its program (`exec`).
            let now = Instant::now();
            first_seen.retain(|(pid, _)| alive.contains(pid));
            for pid in alive {
                if !first_seen.iter().any(|(known, _)| *known == pid) {
                    first_seen.push((pid, now));
                }
            }
            let settled: Vec<Pid> = first_seen
                .iter()
                .filter(|(_, since)| now - *since >= SETTLE_TIME)
                .map(|(pid, _)| *pid)
                .collect();
            let new: Vec<Pid> =
                settled.iter().copied().filter(|pid| !warned.contains(pid)).collect();
            for process in new.iter().copied().filter_map(processes::description) {
                let command = masker.mask(&process.command);
                leftovers.push(LeftoverProcess { command, ..process });
            }
            processes::signal(&new, Signal::TERM);
            warned.extend(new);
            if started.elapsed() >= SETTLE_TIME + GRACE {
                processes::signal(&settled, Signal::KILL);
            }
            std::thread::sleep(POLL_INTERVAL);
            meanwhile()?;
        }
        Ok(leftovers)
    }
}
