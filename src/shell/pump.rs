//! Watches a running step: output, end, time, interrupts, all in one poll loop; and ends it when it has to.
//!
//! No end of file is waited for: a process that was left may hold the pipe for ever. When bash has told its end, what is in the
//! pipe by then is the step's output.

use std::io;
use std::os::fd::OwnedFd;
use std::process::ExitStatus;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::process::{Pid, Signal};

use crate::output::Ending;
use crate::shell::guard::Watchdog;
use crate::shell::processes::{self, Processes};
use crate::shell::session::Session;
use crate::shell::signals::Interrupt;
use crate::shell::sink::Sink;
use crate::world::Flow;

/// Longest time between two ticks.
const TICK: Duration = Duration::from_millis(100);
/// Time between TERM and KILL.
const GRACE: Duration = Duration::from_secs(5);
/// How long a step is waited for without sleeping: many end within this time, and to be woken would cost them half as much again
/// (on a machine that rents its processors out, a sleeping one takes its time to come back).
/// Where there is one processor only, the step needs it.
static AWAKE: LazyLock<Duration> = LazyLock::new(|| {
    let alone = std::thread::available_parallelism().is_ok_and(|count| count.get() == 1);
    Duration::from_micros(if alone { 150 } else { 1_500 })
});
/// How long a step's output alone wakes nobody: the many steps that end within this time are woken for once, not twice. The pipe
/// holds what comes until then, and who writes more than it holds waits no longer than this.
const UNHEARD: Duration = Duration::from_millis(2);
/// How long the shell alone has TERM.
const HEAD_START: Duration = Duration::from_millis(10);
/// How often it is looked whether all are gone.
const LOOK: Duration = Duration::from_millis(2);

/// What became of a step.
#[derive(Debug, Default)]
pub(super) struct Watched {
    /// bash has sent the step's state.
    pub told: bool,
    /// bash waits for its next command.
    pub goes_on: bool,
    /// bash could not be brought into the state of the step before.
    pub lost: bool,
    /// bash has ended, so.
    pub died: Option<ExitStatus>,
    /// The runner has ended the step, for this reason.
    pub stopped: Option<Ending>,
}

/// One step being watched.
pub(super) struct Supervisor<'a, 'b> {
    pub session: &'a Session,
    pub processes: &'a Processes,
    /// Process groups of background steps: not this step's.
    pub spared: &'a [Pid],
    pub guard: Option<&'a mut Watchdog>,
    pub interrupt: &'a Interrupt,
    pub sink: &'a mut Sink<'b>,
    pub buffer: &'a mut [u8],
    /// Leave the shell alive when the step has to be stopped.
    pub spare_shell: bool,
    /// It has the terminal: Ctrl-Z, which nobody could undo, is undone.
    pub has_terminal: bool,
}

struct Ready {
    output: bool,
    control: bool,
    died: bool,
    interrupt: bool,
}

/// What a wait is ended by beside the step's end, its time and Ctrl-C.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Heeds {
    /// Nothing.
    End,
    /// Output, too.
    Output,
}

enum Message {
    Next,
    Farewell,
    Lost,
}

impl Supervisor<'_, '_> {
    /// Runs until the step has ended, one way or the other.
    pub(super) fn watch(&mut self, started: Instant, timeout: Duration) -> io::Result<Watched> {
        let mut watched = Watched::default();
        let mut next_tick = started + TICK;
        let sent = Instant::now();
        let mut now = sent;
        loop {
            let limit = next_tick.min(started + timeout).saturating_duration_since(now);
            let ready = match now - sent {
                since if since < *AWAKE => {
                    // Where both are on one processor, the step's turn.
                    std::thread::yield_now();
                    self.wait(Duration::ZERO, Heeds::End)?
                }
                since if since < UNHEARD => self.wait(limit.min(UNHEARD - since), Heeds::End)?,
                _ => self.wait(limit, Heeds::Output)?,
            };
            if self.look(&ready, &mut watched)? {
                break;
            }
            now = Instant::now();
            if now >= next_tick || ready.interrupt {
                next_tick = now + TICK;
                watched.stopped = self.tick(now - started);
            }
            if watched.stopped.is_none() && now - started >= timeout {
                watched.stopped = Some(Ending::TimedOut);
            }
            if watched.stopped.is_some() {
                self.stop(&mut watched)?;
                break;
            }
        }
        Ok(watched)
    }

    /// Takes what is in the pipe now, and no more: what was left may go on writing.
    pub(super) fn finish(&mut self) -> io::Result<()> {
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

    fn tick(&mut self, elapsed: Duration) -> Option<Ending> {
        let _ = self.interrupt.asked();
        if self.has_terminal && processes::is_stopped(self.session.pid()) {
            let _ = rustix::process::kill_process_group(self.session.pid(), Signal::CONT);
        }
        if let Some(guard) = &mut self.guard {
            let below = self.processes.left(Some(self.session.children()), self.spared);
            below.into_iter().filter_map(processes::group_of).for_each(|group| guard.add(group));
        }
        let flow = self.sink.tick(elapsed);
        if flow == Flow::Continue && !self.has_terminal {
            return processes::stopped_for_terminal(self.session.pid()).map(Ending::Signalled);
        }
        match flow {
            Flow::Continue => None,
            Flow::Interrupt => Some(Ending::Interrupted),
            Flow::GiveUp => Some(Ending::GivenUp),
        }
    }

    /// Takes what has come; true when the step has ended.
    fn look(&mut self, ready: &Ready, watched: &mut Watched) -> io::Result<bool> {
        if ready.output {
            self.drain()?;
        }
        if ready.control || ready.died {
            match self.message() {
                Some(Message::Next) => {
                    watched.told = true;
                    watched.goes_on = true;
                }
                // Its end is not waited for here: until it comes, the time limit and interrupts are heeded as before.
                Some(Message::Farewell) => watched.told = true,
                Some(Message::Lost) => watched.lost = true,
                // bash sends its last message before it ends, so there is none to come.
                None if ready.died => watched.died = self.session.try_wait()?,
                None => {}
            }
        }
        Ok(watched.goes_on || watched.lost || watched.died.is_some())
    }

    fn wait(&self, limit: Duration, heeds: Heeds) -> io::Result<Ready> {
        let channel = self.session.channel();
        let fd = |fd| PollFd::new(fd, PollFlags::IN);
        let mut fds: [PollFd<'_>; 4] = [
            &channel.output.0,
            &channel.control.0,
            self.session.pidfd(),
            self.interrupt.descriptor(),
        ]
        .map(fd);
        if heeds == Heeds::End {
            fds[0] = PollFd::new(&channel.output.0, PollFlags::empty());
        }
        let limit = Timespec::try_from(limit).map_err(io::Error::other)?;
        match rustix::event::poll(&mut fds, Some(&limit)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {
                let [output, control, died, interrupt] = fds.map(|fd| !fd.revents().is_empty());
                Ok(Ready { output, control, died, interrupt })
            }
            Err(error) => Err(error.into()),
        }
    }

    fn message(&self) -> Option<Message> {
        let mut byte = [0];
        match rustix::io::read(&self.session.channel().control.0, &mut byte) {
            Ok(1) if byte[0] == b'E' => Some(Message::Farewell),
            Ok(1) if byte[0] == b'L' => Some(Message::Lost),
            Ok(1) => Some(Message::Next),
            _ => None,
        }
    }

    /// Takes one buffer of output; true when there was any.
    fn drain(&mut self) -> io::Result<bool> {
        read_some(&self.session.channel().output.0, self.buffer, |bytes| self.sink.push(bytes))
    }

    /// TERM to all of it, KILL after the grace or at the second Ctrl-C; output goes on being taken.
    fn stop(&mut self, watched: &mut Watched) -> io::Result<()> {
        let started = Instant::now();
        let mut warned: Vec<Pid> = Vec::new();
        let mut killing = false;
        loop {
            let over = watched.died.is_some() || (self.spare_shell && watched.goes_on);
            let mut alive = self.processes.left(Some(self.session.children()), self.spared);
            if (over && alive.is_empty()) || started.elapsed() >= GRACE * 2 {
                return Ok(());
            }
            if self.spare_shell {
                // It may have been stopped together with what it waits for.
                let _ = rustix::process::kill_process(self.session.pid(), Signal::CONT);
            } else if watched.died.is_none() {
                // The shell has a start, so that it does not report how its children ended.
                if started.elapsed() < HEAD_START {
                    alive.clear();
                }
                alive.push(self.session.pid());
            }
            killing |= started.elapsed() >= GRACE || self.interrupt.asked() > 1;
            if killing {
                processes::signal(&alive, Signal::KILL);
            } else {
                let new: Vec<Pid> =
                    alive.iter().copied().filter(|pid| !warned.contains(pid)).collect();
                processes::signal(&new, Signal::TERM);
                warned.extend(new);
            }
            let ready = self.wait(LOOK, Heeds::Output)?;
            self.look(&ready, watched)?;
        }
    }
}

/// Reads once from a non-blocking end; true when something came.
pub(super) fn read_some(
    end: &OwnedFd,
    buffer: &mut [u8],
    mut take: impl FnMut(&[u8]),
) -> io::Result<bool> {
    match rustix::io::read(end, &mut *buffer) {
        Ok(0) | Err(rustix::io::Errno::AGAIN | rustix::io::Errno::INTR) => Ok(false),
        Ok(length) => {
            take(&buffer[..length]);
            Ok(true)
        }
        Err(error) => Err(error.into()),
    }
}
