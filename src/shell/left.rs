//! What a step leaves behind: named, and stopped.

use std::io;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal};

use crate::output::LeftoverProcess;
use crate::secrets::Masker;
use crate::shell::processes::{self, Children, Processes};

/// What is still ending when its step has (a process substitution, say) is not called left until this time is over.
const SETTLING: Duration = Duration::from_millis(100);
/// Time between TERM and KILL.
const GRACE: Duration = Duration::from_millis(500);
/// How often it is looked.
const LOOK: Duration = Duration::from_millis(1);

impl Processes {
    /// Names and ends what is below the shell (which lives on) and what came to us, unless it ends by itself within a moment.
    /// Process groups of background steps are spared. `meanwhile` takes the output, without which it might not end.
    pub(super) fn stop_left(
        &self,
        shell: Option<&Children>,
        spared: &[Pid],
        masker: &Masker,
        mut meanwhile: impl FnMut() -> io::Result<()>,
    ) -> io::Result<Vec<LeftoverProcess>> {
        let started = Instant::now();
        let mut named: Vec<LeftoverProcess> = Vec::new();
        let (mut waiting, mut warned): (Vec<(Pid, Instant)>, Vec<Pid>) = (Vec::new(), Vec::new());
        while self.any_left(shell) && started.elapsed() < SETTLING * 2 + GRACE * 2 {
            let alive = self.left(shell, spared);
            if alive.is_empty() {
                break;
            }
            // A process is only believed to be left when it is seen so all the time: while it changes its program (`exec`) its
            // environment looks empty for a moment.
            let now = Instant::now();
            waiting.retain(|(pid, _)| alive.contains(pid));
            let known: Vec<Pid> = waiting.iter().map(|(pid, _)| *pid).collect();
            waiting.extend(alive.iter().filter(|pid| !known.contains(pid)).map(|&pid| (pid, now)));
            let settled =
                waiting.iter().filter(|(_, since)| now - *since >= SETTLING).map(|(pid, _)| *pid);
            let settled: Vec<Pid> = settled.collect();
            let new: Vec<Pid> =
                settled.iter().copied().filter(|pid| !warned.contains(pid)).collect();
            let described = new.iter().copied().filter_map(processes::described);
            named.extend(
                described
                    .map(|left| LeftoverProcess { command: masker.mask(&left.command), ..left }),
            );
            processes::signal(&new, Signal::TERM);
            warned.extend(new);
            if started.elapsed() >= SETTLING + GRACE {
                processes::signal(&settled, Signal::KILL);
            }
            std::thread::sleep(LOOK);
            meanwhile()?;
        }
        Ok(named)
    }
}
