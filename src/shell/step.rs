//! Runs one step in the chapter's shell.

#![expect(clippy::disallowed_methods, reason = "a step is timed")]

use std::io;
use std::time::Instant;

use super::exit_trap;
use super::preparation::for_shell;
use super::{Lost, ShellWorld};
use crate::output::{Ending, Output, ShellState};
use crate::shell::bash::ending_of;
use crate::shell::channel::path_of;
use crate::shell::session::Session;
use crate::shell::side_effects::SideEffects;
use crate::shell::sink::{Captured, Sink};
use crate::shell::state::ShellSnapshot;
use crate::shell::supervisor::{Supervised, Supervisor};
use crate::shell::terminal::{self, LentTerminal};
use crate::text::shell_word::quoted;
use crate::world::{Command, Mode, Watcher};

/// The size of the buffer for output, in bytes.
const BUFFER_BYTES: usize = 256 * 1024;

/// A step that was sent to the chapter's shell.
struct Sent {
    session: Session,
    effects: SideEffects,
    terminal: Option<LentTerminal>,
}

impl ShellWorld {
    /// Runs a step to its end.
    pub(super) fn run_in_shell(
        &mut self,
        command: &Command,
        watcher: &mut dyn Watcher,
    ) -> io::Result<Output> {
        let started = Instant::now();
        self.learn_secrets(command);
        let sent = match self.send(command) {
            Ok(sent) => sent,
            // The shell ended before it received the step, so no command of the step has run.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => self.send(command)?,
            Err(error) => {
                let ending = match error.kind() {
                    io::ErrorKind::TimedOut => Ending::TimedOut,
                    io::ErrorKind::Interrupted => Ending::Interrupted,
                    _ => return Err(error),
                };
                return Ok(Output { ending, duration: started.elapsed(), ..Output::default() });
            }
        };
        self.supervise(sent, command, started, watcher)
    }

    fn supervise(
        &mut self,
        sent: Sent,
        command: &Command,
        started: Instant,
        watcher: &mut dyn Watcher,
    ) -> io::Result<Output> {
        let Sent { mut session, effects, terminal } = sent;
        let (is_aside, masker) = (command.mode == Mode::Aside, self.options.masker.clone());
        let background_groups = self.background_groups();
        let withhold = self.secrets.may_be_set(&command.script, &command.secrets);
        let mut sink = Sink::new(watcher, &masker, withhold);
        self.buffer.resize(BUFFER_BYTES, 0);
        let mut supervisor = Supervisor {
            session: &session,
            processes: &self.processes,
            background_groups: &background_groups,
            watchdog: self.watchdog.as_mut(),
            interrupt: &self.options.interrupt,
            sink: &mut sink,
            buffer: &mut self.buffer,
            spare_shell: is_aside,
            has_terminal: command.mode == Mode::Interactive,
        };
        let result = supervisor.supervise(started, command.timeout)?;
        if result.state_is_lost {
            let lost = session.lost()?.replace("\\builtin ", "");
            return Err(io::Error::other(Lost(masker.mask(&lost))));
        }
        let duration = started.elapsed();
        drop(terminal);
        let lives = lives(&result, is_aside);
        // Leftover processes are stopped before the rest of the output is taken, because their
        // output belongs to this step and not to the next one.
        let leftovers = self.processes.stop_leftovers(
            lives.then(|| session.children()),
            &background_groups,
            &masker,
            || supervisor.take_rest(),
        )?;
        supervisor.take_rest()?;
        let snapshot = self.read_snapshot(&result, &mut session, &effects)?;
        self.session = lives.then_some(session);
        let doubt = self.doubt_about_secrets(command, snapshot.is_some());
        let Captured { kept: bytes, total, withheld } = sink.end(doubt.as_deref());
        let ending = ending(&result, snapshot.as_ref());
        let lasts = !is_aside && result.stopped.is_none();
        let state = snapshot.filter(|_| lasts).map(|snapshot| self.take_snapshot(snapshot));
        Ok(Output { bytes, total, withheld, ending, duration, leftovers, state })
    }

    /// Why the output may contain a secret that the masker does not know. `None`: it does not.
    fn doubt_about_secrets(&self, command: &Command, state_is_known: bool) -> Option<String> {
        if !state_is_known {
            return Some("the shell ended before it could report the value".to_owned());
        }
        let is_aside = command.mode == Mode::Aside;
        self.secrets.doubt(&command.script, &command.secrets, is_aside)
    }

    /// Sends the step to the chapter's shell. `self.session` is `None` until the step has ended.
    fn send(&mut self, command: &Command) -> io::Result<Sent> {
        let is_aside = command.mode == Mode::Aside;
        if !is_aside {
            self.has_run_a_step = true;
            self.mentioned.add(&command.script);
        }
        let mut session = self.living_session()?;
        let mut preparation = self.bring_into_state(&session)?;
        let effects = SideEffects::of(command, &session, &self.snapshot);
        if !is_aside {
            let own = session.set_exit_trap();
            let keep = exit_trap::keep(&command.script, &self.snapshot.text, &own);
            preparation += &keep.unwrap_or_default();
        }
        let setup = &self.snapshot.deferred_setup;
        preparation += &for_shell(command, self.context.as_ref(), setup, &effects);
        self.watch_group(session.pid())?;
        let terminal = (command.mode == Mode::Interactive)
            .then(|| terminal::lend(session.pid()))
            .transpose()?;
        session.send(&preparation, command.timeout, &self.options.interrupt)?;
        session.may_move_streams(effects == SideEffects::Anything);
        Ok(Sent { session, effects, terminal })
    }

    /// The chapter's shell, or a new one if it has ended.
    fn living_session(&mut self) -> io::Result<Session> {
        match self.session.take().filter(|session| matches!(session.try_wait(), Ok(None))) {
            Some(session) => Ok(session),
            None => self.start_session(),
        }
    }

    /// The commands that a shell has to run before its next step: a new shell restores the last
    /// state, and a used shell sets again what the runner needs.
    fn bring_into_state(&mut self, session: &Session) -> io::Result<String> {
        if std::mem::take(&mut self.session_is_new) {
            return match self.snapshot.text.as_slice() {
                [] => Ok(String::new()),
                text => session.restore(text),
            };
        }
        let mut commands = String::new();
        if session.streams_may_have_moved() && !session.has_own_streams() {
            let output = path_of(&session.channel().output.1);
            commands += &format!("exec </dev/null >{output} 2>&1;");
        }
        if self.snapshot.exit_trap_lost {
            // bash quotes the text, and writes it in ASCII only if the step has done so.
            let trap = quoted(&[b"__guide_exit=", self.snapshot.exit_trap.as_slice()].concat());
            commands += &format!("\\builtin eval {trap};{}", session.set_exit_trap());
        }
        Ok(commands)
    }

    /// The state that the shell has reported, if it has and the report is complete.
    fn read_snapshot(
        &mut self,
        result: &Supervised,
        session: &mut Session,
        effects: &SideEffects,
    ) -> io::Result<Option<ShellSnapshot>> {
        if !result.reported {
            return Ok(None);
        }
        // A shell that has ended has reported its whole state.
        let effects = if result.died.is_some() { &SideEffects::Anything } else { effects };
        let masker = &self.options.masker;
        effects.state_after(&self.snapshot, session, &self.mentioned, &mut self.secrets, masker)
    }

    fn take_snapshot(&mut self, mut snapshot: ShellSnapshot) -> ShellState {
        snapshot.inherit_missing(&self.snapshot);
        self.secrets.set_by_function = snapshot.function_sets_secret;
        self.snapshot = snapshot;
        self.snapshot.for_disk()
    }

    /// Adds the values that variables named as secret have before the script runs to the masker.
    pub(super) fn learn_secrets(&mut self, command: &Command) {
        for name in command.secrets.iter().chain(&self.options.masker.names()) {
            self.secrets.add(name);
        }
        if self.secrets.is_empty() {
            return;
        }
        let bound = command.bound.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
        let inherited = self
            .environment
            .iter()
            .filter_map(|(name, value)| Some((name.to_str()?, value.as_encoded_bytes())));
        for (name, value) in inherited.chain(bound) {
            if self.secrets.has(name) {
                self.options.masker.add(value);
                if !value.is_empty() {
                    self.secrets.set_known(name, true);
                }
            }
        }
    }
}

/// Whether the shell can run the next step. A shell that had to be stopped, and has neither ended
/// nor become ready, hangs, and the next step gets a new one.
fn lives(result: &Supervised, is_aside: bool) -> bool {
    result.died.is_none() && (result.stopped.is_none() || (is_aside && result.is_ready))
}

fn ending(result: &Supervised, snapshot: Option<&ShellSnapshot>) -> Ending {
    match (result.stopped, result.died, snapshot) {
        (Some(stopped), ..) => stopped,
        (None, Some(status), _) => ending_of(status),
        (None, None, Some(snapshot)) => Ending::Exited(snapshot.code),
        // The shell has reported the step's end, but no readable state, so the exit code is
        // unknown.
        (None, None, None) => Ending::Exited(-1),
    }
}
