//! Background steps: each one runs in its own bash, in the chapter's present state, beside the
//! chapter's shell.
//!
//! A thread takes the output of a step into memory, up to [`crate::output::KEPT_BYTES`], and it is
//! shown when the step has ended. Output of the first moments is also passed to the watcher. A step
//! that is kept after the run gets its own session, and its output is discarded, because no process
//! reads it after the runner has ended. Such a step has to write to a file if its output matters.

#![expect(clippy::disallowed_methods, reason = "a background step is waited for and timed")]

use std::ffi::OsString;
use std::io;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::fs::MemfdFlags;
use rustix::pipe::PipeFlags;
use rustix::process::{Pid, PidfdFlags, Signal};

use super::ShellWorld;
use super::preparation::for_background;
use crate::book::Background;
use crate::ids::StepId;
use crate::output::{Ending, Output};
use crate::secrets::{MaskStream, Masker};
use crate::shell::bash::{Start, ending_of, pid_of};
use crate::shell::channel::{dev_null, write_memory};
use crate::shell::processes::{self, KEPT, Processes, TAG};
use crate::shell::sink::{Captured, withheld_notice};
use crate::world::{Command, Watcher};

/// The time for which a start is watched. A step that ends within this time counts as ended at
/// once.
const START_TIME: Duration = Duration::from_millis(100);
/// The time limit for reading the rest of the output of an ended step.
const READ_LIMIT: Duration = Duration::from_secs(2);
/// The time between SIGTERM and SIGKILL.
const GRACE: Duration = Duration::from_secs(5);
/// The whole program of such a bash. The text of the step is passed through standard input, so that
/// no command line contains a secret.
///
/// The program closes the descriptors that the runner inherited from its caller, because a kept
/// step must not keep a pipe of the caller open.
const PROGRAM: &str = "for __guide_fd in /dev/fd/*; do if (( ${__guide_fd##*/} > 2 )); then builtin eval \"exec ${__guide_fd##*/}>&-\"; fi; done; \
    builtin source /dev/fd/0; exec </dev/null; builtin eval \"$__guide_script\"";

impl ShellWorld {
    /// Starts a background step in the state of the chapter's shell.
    pub(super) fn start_background(
        &mut self,
        command: &Command,
        kind: Background,
        watcher: &mut dyn Watcher,
    ) -> io::Result<Output> {
        self.learn_secrets(command);
        let mut text = b"__guide_background=1\n".to_vec();
        text.extend_from_slice(&self.snapshot.text);
        text.extend_from_slice(for_background(command, self.context.as_ref()).as_bytes());
        self.background_count += 1;
        let withheld = self.secrets.may_be_set(&command.script, &command.secrets);
        let tag = format!("{}+{}", self.tag, self.background_count);
        let masker = &self.options.masker;
        let mut step =
            BackgroundStep::start(command, kind, &self.start()?, &text, tag, masker, withheld)?;
        if kind != Background::Keep {
            self.watch_group(step.pid)?;
        }
        step.wait_until_started()?;
        let ending = step.ending(&self.processes)?.unwrap_or(Ending::Started);
        let output = step.output(ending, &self.processes);
        watcher.output(&output.bytes);
        self.backgrounds.push(step);
        Ok(output)
    }

    /// How the latest background step of this name ended; `None` while it runs.
    pub(super) fn ended_background(&mut self, step: &StepId) -> Option<Output> {
        let mut steps = self.backgrounds.iter_mut().rev();
        let background = steps.find(|background| background.step == *step)?;
        let ending = background.ending(&self.processes).ok()??;
        Some(background.output(ending, &self.processes))
    }

    /// Stops the background steps of these kinds.
    pub(super) fn stop_backgrounds(&mut self, these: impl Fn(Background) -> bool) {
        for background in self.backgrounds.extract_if(.., |background| these(background.kind)) {
            background.stop(&self.processes);
        }
    }
}

/// A background step.
pub(super) struct BackgroundStep {
    step: StepId,
    kind: Background,
    started: Instant,
    /// The tag of its processes and of no others.
    tag: String,
    masker: Masker,
    /// Whether the output cannot be shown, because the step may set a secret whose value is not
    /// reported.
    withheld: bool,
    pid: Pid,
    handle: duct::Handle,
    pidfd: OwnedFd,
    /// The output so far, masked.
    captured: Arc<Mutex<Captured>>,
    /// The thread that takes the output. `None` for a kept step.
    reader: Option<JoinHandle<()>>,
    /// The signal with which the kernel stopped it because it tried to use the terminal. The runner
    /// has ended such a step.
    wanted_terminal: Option<i32>,
}

impl BackgroundStep {
    /// Starts a background step. `text` restores the chapter's state and sets `__guide_script`.
    fn start(
        command: &Command,
        kind: Background,
        start: &Start<'_>,
        text: &[u8],
        tag: String,
        masker: &Masker,
        withheld: bool,
    ) -> io::Result<Self> {
        let started = Instant::now();
        let input = rustix::fs::memfd_create("guide", MemfdFlags::CLOEXEC)?;
        write_memory(&input, text)?;
        let (read, write) = rustix::pipe::pipe_with(PipeFlags::CLOEXEC)?;
        let mut environment: Vec<(OsString, OsString)> =
            start.environment.iter().filter(|(name, _)| name != TAG).cloned().collect();
        let is_kept = kind == Background::Keep;
        environment.push((TAG.into(), if is_kept { KEPT.into() } else { tag.clone().into() }));
        let start = Start { environment: &environment, ..*start };
        let handle = {
            // The write end is closed after this block, so that the reader receives the end of the
            // output.
            let output = if is_kept { dev_null()? } else { write };
            start.bash(&["-c", PROGRAM, "bash"], input, output, is_kept).start()?
        };
        let pid = pid_of(&handle)?;
        processes::started(pid);
        let captured = Arc::new(Mutex::new(Captured::default()));
        let reader = (!is_kept).then(|| {
            let (captured, masker) = (Arc::clone(&captured), masker.clone());
            std::thread::spawn(move || capture(&read, &captured, &masker))
        });
        Ok(Self {
            step: command.step.clone(),
            kind,
            started,
            tag,
            masker: masker.clone(),
            withheld,
            pid,
            handle,
            pidfd: rustix::process::pidfd_open(pid, PidfdFlags::empty())?,
            captured,
            reader,
            wanted_terminal: None,
        })
    }

    /// Its process group.
    pub(super) fn group(&self) -> Pid {
        self.pid
    }

    /// Waits for its first moments.
    fn wait_until_started(&self) -> io::Result<()> {
        let limit = Timespec::try_from(START_TIME).map_err(io::Error::other)?;
        let _ = rustix::event::poll(&mut [PollFd::new(&self.pidfd, PollFlags::IN)], Some(&limit));
        Ok(())
    }

    /// How it ended, or `None` while it runs. A step that tries to use the terminal is ended here,
    /// because no other process would continue it.
    fn ending(&mut self, processes: &Processes) -> io::Result<Option<Ending>> {
        if self.wanted_terminal.is_none() {
            if let Some(output) = self.handle.try_wait()? {
                return Ok(Some(ending_of(output.status)));
            }
            self.wanted_terminal = processes::stopped_for_terminal(self.pid);
            if self.wanted_terminal.is_some() {
                self.stop(processes);
            }
        }
        Ok(self.wanted_terminal.map(Ending::Signalled))
    }

    fn is_running(&self) -> bool {
        matches!(self.handle.try_wait(), Ok(None))
    }

    /// Its output until now, as the output of a step with this ending.
    fn output(&self, ending: Ending, processes: &Processes) -> Output {
        let Captured { kept: bytes, total, withheld } = self.captured(processes);
        let duration = self.started.elapsed();
        Output { bytes, total, withheld, ending, duration, ..Output::default() }
    }

    /// The output until now. After the end of the step it is the whole output, unless a process of
    /// the step keeps the pipe open.
    fn captured(&self, processes: &Processes) -> Captured {
        let since = Instant::now();
        let is_reading = || self.reader.as_ref().is_some_and(|reader| !reader.is_finished());
        while !self.is_running() && is_reading() {
            let has_orphans = !processes.orphans_of(&self.tag, self.pid).is_empty();
            if since.elapsed() >= if has_orphans { START_TIME } else { READ_LIMIT } {
                break;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        let captured = self.captured.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if !self.withheld {
            // The output was masked when it was read, but the masker may know more secrets now.
            return Captured { kept: self.masker.mask_bytes(&captured.kept), ..captured };
        }
        if captured.total == 0 {
            return captured;
        }
        let why =
            "a background step that sets one does not tell its value; set it in a step before";
        let notice = withheld_notice(captured.total, why);
        let withheld = Some(why.to_owned());
        Captured { total: notice.len() as u64, kept: notice.into_bytes(), withheld }
    }

    /// Stops it with all its processes.
    fn stop(&self, processes: &Processes) {
        let started = Instant::now();
        let mut warned: Vec<Pid> = Vec::new();
        loop {
            let mut alive = Vec::new();
            if self.is_running() {
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
        if !self.is_running() {
            processes::ended(self.pid);
        }
    }
}

/// Takes the output until every process that writes to the pipe has ended.
fn capture(end: &OwnedFd, captured: &Mutex<Captured>, masker: &Masker) {
    let mut buffer = vec![0; 64 * 1024];
    let mut stream = MaskStream::default();
    let mut keep = |piece: &[u8]| {
        captured.lock().unwrap_or_else(PoisonError::into_inner).keep(piece);
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
