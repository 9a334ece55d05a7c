//! Supervises a running step in one poll loop: takes its output, notices its end, and stops it at
//! its time limit or an interrupt.
//!
//! The loop does not wait for the end of the output pipe, because a leftover process may keep the
//! pipe open without end. The step's output is complete with the bytes that are in the pipe when
//! bash reports the end of the step.

#![expect(clippy::disallowed_methods, reason = "a step has a time limit")]

use std::io;
use std::os::fd::OwnedFd;
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::process::{Pid, Signal};

use crate::output::Ending;
use crate::shell::processes::{self, Processes};
use crate::shell::session::Session;
use crate::shell::signals::Interrupt;
use crate::shell::sink::Sink;
use crate::shell::watchdog::Watchdog;
use crate::world::Flow;

/// The longest time between two ticks of the watcher.
const TICK: Duration = Duration::from_millis(100);
/// The time between SIGTERM and SIGKILL.
const GRACE: Duration = Duration::from_secs(5);
/// For this time after the step's start, output alone does not end a wait, so that the runner wakes
/// once for a quick step and not twice (`cargo bench --bench shell`). Meanwhile the pipe holds the
/// output, and a step that fills the pipe waits for at most this time.
const OUTPUT_COALESCE: Duration = Duration::from_millis(2);
/// The time for which only the shell has received SIGTERM, so that it does not print how its
/// children ended.
const TERM_SHELL_FIRST: Duration = Duration::from_millis(10);
/// The interval at which the end of all processes is checked.
const STOP_POLL: Duration = Duration::from_millis(2);

/// How a step ended.
#[derive(Debug, Default)]
pub(super) struct Supervised {
    /// bash has reported the step's state.
    pub(super) reported: bool,
    /// bash waits for its next command.
    pub(super) is_ready: bool,
    pub(super) state_is_lost: bool,
    /// How bash itself ended, if it did.
    pub(super) died: Option<ExitStatus>,
    /// The reason why the runner stopped the step, if it did.
    pub(super) stopped: Option<Ending>,
}

/// The supervisor of one step.
pub(super) struct Supervisor<'a, 'b> {
    pub(super) session: &'a Session,
    pub(super) processes: &'a Processes,
    /// Process groups of background steps, which do not belong to this step.
    pub(super) background_groups: &'a [Pid],
    pub(super) watchdog: Option<&'a mut Watchdog>,
    pub(super) interrupt: &'a Interrupt,
    pub(super) sink: &'a mut Sink<'b>,
    pub(super) buffer: &'a mut [u8],
    /// Whether the shell has to survive when the step is stopped.
    pub(super) spare_shell: bool,
    /// Whether the step has the terminal. Such a step is continued after Ctrl-Z has stopped it,
    /// because no other process could continue it.
    pub(super) has_terminal: bool,
}

/// The descriptors that have something to read.
struct Ready {
    output: bool,
    control: bool,
    died: bool,
    interrupt: bool,
}

/// A message of the shell.
enum Message {
    /// The step has ended, and the shell waits for the next command.
    Next,
    /// The step has ended the shell, which has reported its state.
    LastState,
    /// The shell could not be brought into the state after the previous step.
    Lost,
}

impl Supervisor<'_, '_> {
    /// Supervises the step until it has ended or was stopped.
    pub(super) fn supervise(
        &mut self,
        started: Instant,
        limit: Duration,
    ) -> io::Result<Supervised> {
        let mut result = Supervised::default();
        let mut next_tick = started + TICK;
        let sent = Instant::now();
        let mut now = sent;
        loop {
            let wait = next_tick.min(started + limit).saturating_duration_since(now);
            let coalesce = OUTPUT_COALESCE.saturating_sub(now - sent);
            let ready = if coalesce.is_zero() {
                self.wait(wait, true)?
            } else {
                self.wait(wait.min(coalesce), false)?
            };
            if self.take(&ready, &mut result)? {
                break;
            }
            now = Instant::now();
            if now >= next_tick || ready.interrupt {
                next_tick = now + TICK;
                result.stopped = self.tick(now - started);
            }
            if result.stopped.is_none() && now - started >= limit {
                result.stopped = Some(Ending::TimedOut);
            }
            if result.stopped.is_some() {
                self.stop(&mut result)?;
                break;
            }
        }
        Ok(result)
    }

    /// Takes the bytes that are in the pipe now, and no more, because a leftover process may
    /// continue to write.
    pub(super) fn take_rest(&mut self) -> io::Result<()> {
        let end = &self.session.channel().output.0;
        let mut waiting = usize::try_from(rustix::io::ioctl_fionread(end)?).unwrap_or(usize::MAX);
        while waiting > 0 {
            let limit = waiting.min(self.buffer.len());
            if !read_some(end, &mut self.buffer[..limit], |bytes| {
                waiting -= bytes.len();
                self.sink.push(bytes);
            })? {
                break;
            }
        }
        Ok(())
    }

    /// Calls the watcher, and reports new process groups to the watchdog. Returns why the step has
    /// to be stopped, if it has to.
    fn tick(&mut self, elapsed: Duration) -> Option<Ending> {
        // This also empties the pipe that woke the loop.
        let _ = self.interrupt.count();
        if self.has_terminal && processes::is_stopped(self.session.pid()) {
            let _ = rustix::process::kill_process_group(self.session.pid(), Signal::CONT);
        }
        if let Some(watchdog) = &mut self.watchdog {
            let of_step =
                self.processes.of_step(Some(self.session.children()), self.background_groups);
            let groups = of_step.into_iter().filter_map(processes::group_of);
            groups.for_each(|group| watchdog.add(group));
        }
        match self.sink.tick(elapsed) {
            Flow::Continue if self.has_terminal => None,
            Flow::Continue => {
                processes::stopped_for_terminal(self.session.pid()).map(Ending::Signalled)
            }
            Flow::Interrupt => Some(Ending::Interrupted),
            Flow::GiveUp => Some(Ending::GivenUp),
        }
    }

    /// Takes output and messages. Returns true when the step has ended.
    fn take(&mut self, ready: &Ready, result: &mut Supervised) -> io::Result<bool> {
        if ready.output {
            let end = &self.session.channel().output.0;
            read_some(end, self.buffer, |bytes| self.sink.push(bytes))?;
        }
        if ready.control || ready.died {
            match self.message() {
                Some(Message::Next) => {
                    result.reported = true;
                    result.is_ready = true;
                }
                // The loop continues until the shell is dead, so that the time limit and interrupts
                // apply until then.
                Some(Message::LastState) => result.reported = true,
                Some(Message::Lost) => result.state_is_lost = true,
                // bash sends its last message before it ends, so no message will follow.
                None if ready.died => result.died = self.session.try_wait()?,
                None => {}
            }
        }
        Ok(result.is_ready || result.state_is_lost || result.died.is_some())
    }

    /// Waits for a message, the shell's end, an interrupt and (`for_output`) output.
    fn wait(&self, limit: Duration, for_output: bool) -> io::Result<Ready> {
        let channel = self.session.channel();
        let output = if for_output { PollFlags::IN } else { PollFlags::empty() };
        let mut descriptors = [
            PollFd::new(&channel.output.0, output),
            PollFd::new(&channel.control.0, PollFlags::IN),
            PollFd::new(self.session.pidfd(), PollFlags::IN),
            PollFd::new(self.interrupt.descriptor(), PollFlags::IN),
        ];
        let limit = Timespec::try_from(limit).map_err(io::Error::other)?;
        match rustix::event::poll(&mut descriptors, Some(&limit)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {
                let [output, control, died, interrupt] =
                    descriptors.map(|descriptor| !descriptor.revents().is_empty());
                Ok(Ready { output, control, died, interrupt })
            }
            Err(error) => Err(error.into()),
        }
    }

    fn message(&self) -> Option<Message> {
        let mut byte = [0];
        match rustix::io::read(&self.session.channel().control.0, &mut byte) {
            Ok(1) if byte[0] == b'E' => Some(Message::LastState),
            Ok(1) if byte[0] == b'L' => Some(Message::Lost),
            Ok(1) => Some(Message::Next),
            _ => None,
        }
    }

    /// Sends SIGTERM to all processes of the step, and SIGKILL after the grace period or at the
    /// second Ctrl-C. Output is taken meanwhile.
    fn stop(&mut self, result: &mut Supervised) -> io::Result<()> {
        let started = Instant::now();
        let mut warned: Vec<Pid> = Vec::new();
        let mut killing = false;
        loop {
            let is_over = result.died.is_some() || (self.spare_shell && result.is_ready);
            let mut alive =
                self.processes.of_step(Some(self.session.children()), self.background_groups);
            if (is_over && alive.is_empty()) || started.elapsed() >= GRACE * 2 {
                return Ok(());
            }
            if self.spare_shell {
                // It may have been stopped together with its child.
                let _ = rustix::process::kill_process(self.session.pid(), Signal::CONT);
            } else if result.died.is_none() {
                if started.elapsed() < TERM_SHELL_FIRST {
                    alive.clear();
                }
                alive.push(self.session.pid());
            }
            killing |= started.elapsed() >= GRACE || self.interrupt.count() > 1;
            if killing {
                processes::signal(&alive, Signal::KILL);
            } else {
                alive.retain(|pid| !warned.contains(pid));
                processes::signal(&alive, Signal::TERM);
                warned.extend(alive);
            }
            let ready = self.wait(STOP_POLL, true)?;
            self.take(&ready, result)?;
        }
    }
}

/// Reads once from a non-blocking descriptor. Returns true when there was something to read.
fn read_some(end: &OwnedFd, buffer: &mut [u8], mut take: impl FnMut(&[u8])) -> io::Result<bool> {
    match rustix::io::read(end, &mut *buffer) {
        Ok(0) | Err(rustix::io::Errno::AGAIN | rustix::io::Errno::INTR) => Ok(false),
        Ok(length) => {
            take(&buffer[..length]);
            Ok(true)
        }
        Err(error) => Err(error.into()),
    }
}
