//! Steps that are started and go on: a bash of their own each, in the chapter's present state, outside the chapter's shell.
//!
//! Its output is taken by a thread into memory, the first [`KEPT_BYTES`] of it, and is told when the step has ended; what it
//! wrote in its first moments goes to the watcher as well. A step that is kept for ever gets a session of its own and writes to
//! nowhere, as nobody is there to read once the runner is gone: it names a file itself if its output matters.

use std::ffi::OsString;
use std::io;
use std::os::fd::OwnedFd;
use std::process::ExitStatus;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::fs::MemfdFlags;
use rustix::pipe::PipeFlags;
use rustix::process::{Pid, PidfdFlags, Signal};

use crate::book;
use crate::ids::StepId;
use crate::output::KEPT_BYTES;
use crate::secrets::{MaskStream, Masker};
use crate::shell::channel::{nowhere, write_memory};
use crate::shell::processes::{self, KEPT, Processes, TAG};
use crate::shell::session::{Start, bash, pid_of};
use crate::shell::sink::withheld;

/// How long a start is watched: what ends within this time has ended at once.
const AT_ONCE: Duration = Duration::from_millis(100);
/// Time between TERM and KILL.
const GRACE: Duration = Duration::from_secs(5);
/// The whole program of such a bash: its text comes by standard input, and no command line holds a secret.
///
/// It closes what the runner itself was given open by its caller: a step that is kept must hold no pipe of theirs.
const PROGRAM: &str = "for __guide_fd in /dev/fd/*; do if (( ${__guide_fd##*/} > 2 )); then builtin eval \"exec ${__guide_fd##*/}>&-\"; fi; done; \
    builtin source /dev/fd/0; exec </dev/null; builtin eval \"$__guide_script\"";

/// A background step.
pub(super) struct BackgroundStep {
    pub step: StepId,
    pub kind: book::Background,
    pub started: Instant,
    pub pid: Pid,
    handle: duct::Handle,
    pidfd: OwnedFd,
    tag: String,
    masker: Masker,
    /// Its output can't be shown: it may set a secret, and nobody will tell the value.
    withheld: bool,
    taken: Arc<Mutex<Taken>>,
    taking: Option<JoinHandle<()>>,
}

/// What it wrote so far, masked.
#[derive(Debug, Clone, Default)]
pub(super) struct Taken {
    pub bytes: Vec<u8>,
    pub total: u64,
}

impl BackgroundStep {
    /// Starts one. `text` brings a new shell into the present state and sets `__guide_script`; `tag` is this step's alone.
    pub(super) fn start(
        step: &StepId,
        kind: book::Background,
        start: &Start<'_>,
        text: &[u8],
        tag: String,
        masker: &Masker,
        withheld: bool,
    ) -> io::Result<Self> {
        let input = rustix::fs::memfd_create("guide", MemfdFlags::CLOEXEC)?;
        write_memory(&input, text)?;
        let (read, write) = rustix::pipe::pipe_with(PipeFlags::CLOEXEC)?;
        let mut environment: Vec<(OsString, OsString)> =
            start.environment.iter().filter(|(name, _)| name != TAG).cloned().collect();
        let kept = kind == book::Background::Keep;
        environment.push((TAG.into(), if kept { KEPT.into() } else { tag.clone().into() }));
        let start = Start { environment: &environment, ..*start };
        let handle = {
            let output = if kept { nowhere()? } else { write };
            bash(&start, &["-c", PROGRAM, "bash"], input, output, kept).start()?
        };
        let pid = pid_of(&handle)?;
        processes::started(pid);
        let pidfd = rustix::process::pidfd_open(pid, PidfdFlags::empty())?;
        let taken = Arc::new(Mutex::new(Taken::default()));
        let taking = (!kept).then(|| {
            let (taken, masker) = (Arc::clone(&taken), masker.clone());
            std::thread::spawn(move || take_all(&read, &taken, &masker))
        });
        Ok(Self {
            step: step.clone(),
            kind,
            started: Instant::now(),
            pid,
            handle,
            pidfd,
            tag,
            masker: masker.clone(),
            withheld,
            taken,
            taking,
        })
    }

    /// Waits for the first moments; how it ended if it did.
    pub(super) fn at_once(&self) -> io::Result<Option<ExitStatus>> {
        let limit = Timespec::try_from(AT_ONCE).map_err(io::Error::other)?;
        let _ = rustix::event::poll(&mut [PollFd::new(&self.pidfd, PollFlags::IN)], Some(&limit));
        self.ended()
    }

    /// How it ended, if it did.
    pub(super) fn ended(&self) -> io::Result<Option<ExitStatus>> {
        Ok(self.handle.try_wait()?.map(|output| output.status))
    }

    /// What it wrote so far. When it has ended, all of it, unless a process it left holds on to the pipe.
    pub(super) fn taken(&self) -> Taken {
        let since = Instant::now();
        let ended = matches!(self.ended(), Ok(Some(_)));
        while ended
            && since.elapsed() < AT_ONCE
            && self.taking.as_ref().is_some_and(|taking| !taking.is_finished())
        {
            std::thread::sleep(Duration::from_millis(1));
        }
        let taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if !self.withheld {
            // Masked once already, when it came; more may be known by now.
            return Taken { bytes: self.masker.mask_bytes(&taken.bytes), ..taken };
        }
        let why =
            "a background step that sets one does not tell its value; set it in a step before";
        let notice = if taken.total > 0 { withheld(taken.total, why) } else { String::new() };
        Taken { total: notice.len() as u64, bytes: notice.into_bytes() }
    }

    /// Ends it with all it started.
    pub(super) fn stop(&self, processes: &Processes) {
        let started = Instant::now();
        let mut warned: Vec<Pid> = Vec::new();
        loop {
            let mut alive = Vec::new();
            if matches!(self.ended(), Ok(None)) {
                processes::with_descendants(self.pid, &mut alive);
            }
            alive.extend(processes.orphans_of(&self.tag, self.pid));
            alive.retain(|&pid| processes::is_alive(pid));
            if alive.is_empty() || started.elapsed() > GRACE * 2 {
                break;
            }
            let new: Vec<Pid> = alive.iter().copied().filter(|pid| !warned.contains(pid)).collect();
            processes::signal(&new, Signal::TERM);
            warned.extend(new);
            if started.elapsed() >= GRACE {
                processes::signal(&alive, Signal::KILL);
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        if matches!(self.ended(), Ok(Some(_))) {
            processes::ended(self.pid);
        }
    }
}

/// Reads until every process that writes there is gone.
fn take_all(end: &OwnedFd, taken: &Mutex<Taken>, masker: &Masker) {
    let mut buffer = vec![0; 64 * 1024];
    let mut stream = MaskStream::default();
    let mut keep = |piece: &[u8]| {
        let mut taken = taken.lock().unwrap_or_else(PoisonError::into_inner);
        let room = KEPT_BYTES.saturating_sub(taken.bytes.len()).min(piece.len());
        taken.bytes.extend_from_slice(&piece[..room]);
        taken.total += piece.len() as u64;
    };
    loop {
        match rustix::io::read(end, &mut *buffer) {
            Ok(0) => break,
            Ok(length) => stream.push(masker, &buffer[..length], &mut keep),
            Err(rustix::io::Errno::INTR) => {}
            Err(_) => break,
        }
    }
    stream.end(masker, &mut keep);
}
