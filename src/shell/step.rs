//! One step in the chapter's shell.

use std::io;
use std::process::ExitStatus;
use std::time::Instant;

use rustix::process::Pid;

use super::preparation::{keep_exit_trap, prepare};
use super::{Lost, ShellWorld};
use crate::output::{Ending, Output, ShellState};
use crate::shell::guard::Watchdog;
use crate::shell::pump::{Supervisor, Watched};
use crate::shell::reach::{SideEffects, reach};
use crate::shell::session::Session;
use crate::shell::sink::{Captured, Sink};
use crate::shell::state::ShellSnapshot;
use crate::shell::terminal;
use crate::text::shell_word::quoted;
use crate::world::{Command, Mode, Watcher};

/// Output is read in pieces of at most this size.
const BUFFER_BYTES: usize = 256 * 1024;

impl ShellWorld {
    /// Runs it to its end.
    pub(super) fn execute(
        &mut self,
        command: &Command,
        watcher: &mut dyn Watcher,
    ) -> io::Result<Output> {
        let started = Instant::now();
        self.learn_secrets(command);
        let (mut session, reach, borrowed) = match self.begin(command) {
            Ok(begun) => begun,
            // The shell ended before it took the step: nothing of the step has run.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => self.begin(command)?,
            Err(error) => {
                let ending = match error.kind() {
                    io::ErrorKind::TimedOut => Ending::TimedOut,
                    io::ErrorKind::Interrupted => Ending::Interrupted,
                    _ => return Err(error),
                };
                return Ok(Output { ending, duration: started.elapsed(), ..Output::default() });
            }
        };
        if self.buffer.is_empty() {
            self.buffer = vec![0; BUFFER_BYTES]; // zeroes that cost nothing until they are written over
        }
        let (masker, spared) = (self.options.masker.clone(), self.spared());
        let hold = self.secrets.may_be_set(&command.script, &command.secrets);
        let mut sink = Sink::new(watcher, &masker, hold);
        let mut pump = Supervisor {
            session: &session,
            processes: &self.processes,
            spared: &spared,
            guard: self.guard.as_mut(),
            interrupt: &self.options.interrupt,
            sink: &mut sink,
            buffer: &mut self.buffer,
            spare_shell: command.mode == Mode::Aside,
            has_terminal: command.mode == Mode::Interactive,
        };
        let outcome = pump.watch(started, command.timeout)?;
        if outcome.lost {
            return Err(io::Error::other(Lost(
                masker.mask(&session.lost()?.replace("\\builtin ", "")),
            )));
        }
        let duration = started.elapsed();
        drop(borrowed);
        // What was left is stopped before the rest of the output is taken: it belongs to this step, not to the next one.
        // A shell that was to be stopped and is neither dead nor back is stuck: the next step gets a new one.
        let alive = outcome.died.is_none()
            && (outcome.stopped.is_none() || (command.mode == Mode::Aside && outcome.goes_on));
        let children = alive.then(|| session.children());
        let left = self.processes.stop_left(children, &spared, &masker, || pump.finish())?;
        pump.finish()?;
        let told = if outcome.told {
            self.told(&mut session, &reach, outcome.died.is_some())?
        } else {
            None
        };
        self.session = alive.then_some(session);
        let doubt = match told {
            Some(_) => {
                self.secrets.doubt(&command.script, &command.secrets, command.mode == Mode::Aside)
            }
            None => Some("the shell ended before it could tell the value".to_owned()),
        };
        let Captured { kept: bytes, total } = sink.end(doubt.as_deref());
        let ending = ending(&outcome, told.as_ref());
        let lasts = command.mode != Mode::Aside && outcome.stopped.is_none();
        let state = told.filter(|_| lasts).map(|live| self.take_state(live));
        Ok(Output { bytes, total, ending, duration, leftovers: left, state })
    }

    /// Gives the step to the chapter's shell, which is taken out of its place until the step has ended.
    fn begin(
        &mut self,
        command: &Command,
    ) -> io::Result<(Session, SideEffects, Option<terminal::Lent>)> {
        if command.mode != Mode::Aside {
            self.acted = true;
            self.assigned.add(&command.script);
        }
        let (mut session, mut preparation) = self.ready()?;
        let reach = self.reach_of(command, &session);
        if command.mode != Mode::Aside {
            preparation.extend(keep_exit_trap(
                &command.script,
                &self.live.text,
                &session.exit_trap(),
            ));
        }
        prepare(command, self.scene.as_ref(), &self.live.late, &reach, &mut preparation);
        self.guard(session.pid())?;
        let lent = (command.mode == Mode::Interactive)
            .then(|| terminal::lend(session.pid()))
            .transpose()?;
        session.send(&preparation.concat(), command.timeout, &self.options.interrupt)?;
        session.may_move_streams(reach == SideEffects::Everything);
        Ok((session, reach, lent))
    }

    /// What the script can have changed. A new shell's state is not known well enough to tell.
    fn reach_of(&self, command: &Command, session: &Session) -> SideEffects {
        let known = session.initial().is_some() && self.live.is_plain();
        if !known || command.mode != Mode::Shell || command.cwd.is_some() {
            return SideEffects::Everything;
        }
        let mut reach = reach(&command.script);
        if let SideEffects::Names(names) = &mut reach {
            names.extend(command.bound.iter().map(|(name, _)| name.clone()));
        }
        reach
    }

    /// The state that the shell has told.
    fn told(
        &mut self,
        session: &mut Session,
        reach: &SideEffects,
        died: bool,
    ) -> io::Result<Option<ShellSnapshot>> {
        let masker = &self.options.masker;
        let names = match reach {
            SideEffects::Names(names) if !died => names,
            _ => return session.state(&self.assigned, &mut self.secrets, masker),
        };
        let mut live = self.live.clone();
        let declarations =
            if names.is_empty() { Vec::new() } else { session.variables()?.to_vec() };
        if let Some(initial) = session.initial() {
            live.changed(names, &declarations, initial, &mut self.secrets, masker);
        }
        Ok(Some(live))
    }

    fn take_state(&mut self, live: ShellSnapshot) -> ShellState {
        self.secrets.set_by_function = live.function_sets_secret;
        self.live = live;
        ShellState(self.live.for_disk().to_vec())
    }

    /// Before anything is run there is somebody who ends it if this process is killed.
    pub(super) fn guard(&mut self, group: Pid) -> io::Result<()> {
        let groups: Vec<Pid> = self.spared().into_iter().chain([group]).collect();
        let guard = match self.guard.take() {
            Some(guard) => guard,
            None => Watchdog::start(&self.options.bash, &self.tag, self.lock.as_ref())?,
        };
        let guard = self.guard.insert(guard);
        guard.keep_only(&groups);
        for group in groups {
            guard.add(group);
        }
        Ok(())
    }

    /// The chapter's shell, a new one in the last state if there is none; with what it has to do first.
    fn ready(&mut self) -> io::Result<(Session, Vec<String>)> {
        let mut preparation = Vec::new();
        let alive = self.session.take().filter(|session| matches!(session.try_wait(), Ok(None)));
        let session = match alive {
            Some(session) => session,
            None => self.start()?,
        };
        if std::mem::take(&mut self.new) {
            if !self.live.text.is_empty() {
                preparation.push(session.restore(&self.live.text)?);
            }
            return Ok((session, preparation));
        }
        if session.streams_may_have_moved() && !session.has_own_streams() {
            let output = crate::shell::channel::path_of(&session.channel().output.1);
            preparation.push(format!("exec </dev/null >{output} 2>&1;"));
        }
        if self.live.exit_trap_lost {
            // The text is quoted as bash does it, which is not ASCII where the step's own is not.
            let assigned = quoted(&[b"__guide_exit=", self.live.at_exit.as_slice()].concat());
            preparation.push(format!("\\builtin eval {assigned};{}", session.exit_trap()));
        }
        Ok((session, preparation))
    }

    /// Values that variables named as secret have before the script runs.
    pub(super) fn learn_secrets(&mut self, command: &Command) {
        for name in command.secrets.iter().chain(&self.options.masker.names()) {
            self.secrets.add(name);
        }
        let names: Vec<String> = self.secrets.names().map(str::to_owned).collect();
        if names.is_empty() {
            return;
        }
        let bound = command.bound.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
        let given = self
            .environment
            .iter()
            .filter_map(|(name, value)| Some((name.to_str()?, value.as_encoded_bytes())));
        for (name, value) in
            given.chain(bound).filter(|(name, _)| names.iter().any(|secret| secret == name))
        {
            self.options.masker.add(value);
            if !value.is_empty() {
                self.secrets.is_known(name);
            }
        }
    }
}

fn ending(outcome: &Watched, told: Option<&ShellSnapshot>) -> Ending {
    match (outcome.stopped, outcome.died, told) {
        (Some(stopped), ..) => stopped,
        (None, Some(status), _) => of_status(status),
        (None, None, Some(live)) => Ending::Exited(live.code),
        // It has told an end, but no state that can be read: what it was is not known.
        (None, None, None) => Ending::Exited(-1),
    }
}

/// How a bash ended.
pub(super) fn of_status(status: ExitStatus) -> Ending {
    use std::os::unix::process::ExitStatusExt;
    match status.signal() {
        Some(signal) => Ending::Signalled(signal),
        None => Ending::Exited(status.code().unwrap_or(-1)),
    }
}
