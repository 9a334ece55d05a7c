//! One live bash: started, given commands, asked for its state. What is done with them is `shell.rs`'s concern.

use std::ffi::OsString;
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::fs::{AtFlags, Stat};
use rustix::process::{Pid, PidfdFlags};

use crate::secrets::Masker;
use crate::shell::assigned::Assigned;
use crate::shell::channel::{Channel, nowhere, path_of, read_memory, write_memory};
use crate::shell::processes::{self, Children};
use crate::shell::secrets::Secrets;
use crate::shell::signals::Interrupt;
use crate::shell::state::{Initial, ShellSnapshot};
use crate::text::shell_word::quoted;

const DRIVER: &str = include_str!("driver.sh");
const DUMP: &str = include_str!("dump.sh");
const FAREWELL: &str = include_str!("farewell.sh");

/// Variables of the caller that would change what bash does before its first command.
const NOT_INHERITED: [&str; 5] = ["BASH_ENV", "ENV", "SHELLOPTS", "BASHOPTS", "POSIXLY_CORRECT"];

/// How long a killed bash is waited for.
const KILLED: Duration = Duration::from_secs(10);

/// How a bash is started.
#[derive(Clone, Copy)]
pub(super) struct Start<'a> {
    pub bash: &'a Path,
    pub folder: &'a Path,
    pub environment: &'a [(OsString, OsString)],
}

/// A bash that waits for commands or runs one.
pub(super) struct Session {
    handle: duct::Handle,
    pid: Pid,
    pidfd: OwnedFd,
    children: Children,
    channel: Channel,
    /// The folder of its open descriptors.
    descriptors: OwnedFd,
    /// What its input and its output are.
    streams: [Stat; 2],
    /// Has anything run that could have moved them, since they were last seen to be its own?
    streams_may_have_moved: bool,
    initial: Option<Initial>,
    nonce: u64,
    count: u64,
    buffer: Vec<u8>,
}

impl Session {
    /// Starts bash in its own process group, the driver as its program.
    pub(super) fn start(start: &Start<'_>) -> io::Result<Self> {
        let channel = Channel::open()?;
        let dump = one_line(DUMP);
        let fill = |text: &str| {
            text.replace("@DUMP@", &dump)
                .replace("@COMMANDS@", &path_of(&channel.commands.0))
                .replace("@CONTROL@", &path_of(&channel.control.1))
                .replace("@STATE@", &path_of(&channel.state))
                .replace("@INITIAL@", &path_of(&channel.initial))
                .replace("@EXIT@", &path_of(&channel.farewell))
        };
        write_memory(&channel.farewell, fill(FAREWELL).as_bytes())?;
        let input = nowhere()?;
        let streams = [rustix::fs::fstat(&input)?, rustix::fs::fstat(&channel.output.1)?];
        let handle = bash(
            start,
            &["-c", &fill(&one_line(DRIVER)), "bash"],
            input,
            channel.output.1.try_clone()?,
            false,
        )
        .start()?;
        let pid = pid_of(&handle)?;
        processes::started(pid);
        Ok(Self {
            pidfd: rustix::process::pidfd_open(pid, PidfdFlags::empty())?,
            children: Children::of(pid)?,
            descriptors: processes::descriptors_of(pid)?,
            streams,
            streams_may_have_moved: false,
            handle,
            pid,
            channel,
            initial: None,
            nonce: RandomState::new().hash_one(pid),
            count: 0,
            buffer: Vec::new(),
        })
    }

    /// Gives bash something to prepare with (one command), in which `__guide_script` is set to what it then runs.
    ///
    /// # Errors
    /// `BrokenPipe` when bash has ended, `TimedOut` when it did not read all of it within the limit, `Interrupted` when the user
    /// did not want to wait for that.
    pub(super) fn send(
        &mut self,
        preparation: &str,
        limit: Duration,
        interrupt: &Interrupt,
    ) -> io::Result<()> {
        self.count += 1;
        let mut command = format!("__guide_mark={};{preparation}", self.mark());
        if !command.is_ascii() {
            // bash counts characters of the locale that a step may have set, not bytes.
            command = format!("\\builtin eval {}", quoted(command.as_bytes()));
        }
        rustix::fs::ftruncate(&self.channel.state, 0)?;
        let message = format!("{:<10}{command}", command.len());
        let mut bytes = message.as_bytes();
        let sent = Instant::now();
        while !bytes.is_empty() {
            match rustix::io::write(&self.channel.commands.1, bytes) {
                Ok(written) => bytes = &bytes[written..],
                Err(rustix::io::Errno::AGAIN) => {
                    self.until_it_reads(limit.saturating_sub(sent.elapsed()), interrupt)?
                }
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    fn until_it_reads(&self, limit: Duration, interrupt: &Interrupt) -> io::Result<()> {
        let mut ready = [
            PollFd::new(&self.channel.commands.1, PollFlags::OUT),
            PollFd::new(&self.pidfd, PollFlags::IN),
            PollFd::new(interrupt.descriptor(), PollFlags::IN),
        ];
        match rustix::event::poll(
            &mut ready,
            Some(&Timespec::try_from(limit).map_err(io::Error::other)?),
        ) {
            Ok(0) => Err(io::ErrorKind::TimedOut.into()),
            Ok(_) if !ready[1].revents().is_empty() => Err(io::ErrorKind::BrokenPipe.into()),
            Ok(_) if interrupt.asked() > 0 => Err(io::ErrorKind::Interrupted.into()),
            Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// The whole state it told last, after the step or when it ended.
    pub(super) fn state(
        &mut self,
        assigned: &Assigned,
        secrets: &mut Secrets,
        masker: &Masker,
    ) -> io::Result<Option<ShellSnapshot>> {
        if self.initial.is_none() {
            read_memory(&self.channel.initial, &mut self.buffer)?;
            self.initial = Some(Initial::read(&self.buffer));
        }
        read_memory(&self.channel.state, &mut self.buffer)?;
        let mark = self.mark();
        let initial = &*self.initial.get_or_insert_default();
        Ok(ShellSnapshot::read(&self.buffer, &mark, (initial, assigned), secrets, masker))
    }

    /// What it told last of some variables.
    pub(super) fn variables(&mut self) -> io::Result<&[u8]> {
        read_memory(&self.channel.state, &mut self.buffer)?;
        Ok(&self.buffer)
    }

    /// What it was like when it was new, if its whole state has been read.
    pub(super) fn initial(&self) -> Option<&Initial> {
        self.initial.as_ref()
    }

    /// Commands that bring a new shell into the state of this text. What of it can't be brought back is told, and ends the shell.
    pub(super) fn restore(&self, text: &[u8]) -> io::Result<String> {
        write_memory(&self.channel.restore, &[text, b"__guide_restored=1\n"].concat())?;
        let [text, state, control] =
            [&self.channel.restore, &self.channel.state, &self.channel.control.1].map(path_of);
        Ok(format!(
            "\\builtin set +e; \\builtin trap '__guide_lost+=\"what \\`$BASH_COMMAND\\` sets; \"' ERR; \\builtin source {text}; \
            \\builtin trap - ERR; \\builtin set -e; \
            if [[ ! ${{__guide_restored-}} ]]; then __guide_lost='the state as a whole, which is damaged; '; fi; \
            if [[ ${{__guide_lost-}} ]]; then \\builtin trap - EXIT; \\builtin printf %s \"$__guide_lost\" 1<>{state}; \
            \\builtin printf L >{control}; \\builtin exit 1; fi; \\builtin unset -v __guide_restored;"
        ))
    }

    /// What it told last of what it could not bring back.
    pub(super) fn lost(&mut self) -> io::Result<String> {
        read_memory(&self.channel.state, &mut self.buffer)?;
        Ok(String::from_utf8_lossy(&self.buffer).into_owned())
    }

    /// The command that puts our EXIT trap in its place.
    pub(super) fn exit_trap(&self) -> String {
        format!("\\builtin trap '\\builtin source {}' EXIT;", path_of(&self.channel.farewell))
    }

    fn mark(&self) -> String {
        format!("guide-{:016x}-{}", self.nonce, self.count)
    }

    /// How it ended, if it has.
    pub(super) fn try_wait(&self) -> io::Result<Option<ExitStatus>> {
        Ok(self.handle.try_wait()?.map(|output| output.status))
    }

    /// Its process, and process group.
    pub(super) fn pid(&self) -> Pid {
        self.pid
    }

    /// Readable when it has ended.
    pub(super) fn pidfd(&self) -> &OwnedFd {
        &self.pidfd
    }

    /// Its children.
    pub(super) fn children(&self) -> &Children {
        &self.children
    }

    /// The pipes.
    pub(super) fn channel(&self) -> &Channel {
        &self.channel
    }

    /// Are stdin, stdout and stderr still what it was started with? (A step may have moved them with `exec`.)
    pub(super) fn has_own_streams(&self) -> bool {
        let same = |name: &str, with: &Stat| {
            let found = rustix::fs::statat(&self.descriptors, name, AtFlags::empty());
            found.is_ok_and(|found| found.st_ino == with.st_ino && found.st_dev == with.st_dev)
        };
        let [input, output] = &self.streams;
        same("0", input) && same("1", output) && same("2", output)
    }

    /// What is run next can move them, or can't; they have been seen to, and put back, before it.
    pub(super) fn may_move_streams(&mut self, can: bool) {
        self.streams_may_have_moved = can;
    }

    /// Is there a reason to look whether it still [has its own](Self::has_own_streams)?
    pub(super) fn streams_may_have_moved(&self) -> bool {
        self.streams_may_have_moved
    }

    /// Ends it, nothing is said any more. Its end is not waited for.
    pub(super) fn let_go(&self) {
        let _ = rustix::process::kill_process_group(self.pid, rustix::process::Signal::KILL);
    }

    /// Ends it, nothing is said any more. Its end is waited for, but not for ever: the kernel may hold up a process that stands
    /// in the middle of a call to it.
    pub(super) fn kill(&self) {
        self.let_go();
        let since = Instant::now();
        while matches!(self.try_wait(), Ok(None)) && since.elapsed() < KILLED {
            let limit = Timespec::try_from(KILLED.saturating_sub(since.elapsed())).ok();
            let _ =
                rustix::event::poll(&mut [PollFd::new(&self.pidfd, PollFlags::IN)], limit.as_ref());
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if !matches!(self.try_wait(), Ok(Some(_))) {
            self.kill();
        }
        processes::ended(self.pid);
    }
}

/// A bash with these arguments, with this input and output, in its own process group or (if there is a `setsid`) session.
pub(super) fn bash(
    start: &Start<'_>,
    arguments: &[&str],
    input: OwnedFd,
    output: OwnedFd,
    own_session: bool,
) -> duct::Expression {
    let mut all: Vec<OsString> = vec![start.bash.into(), "--noprofile".into(), "--norc".into()];
    all.extend(arguments.iter().map(OsString::from));
    if own_session {
        all.insert(0, "setsid".into());
    }
    let environment = start
        .environment
        .iter()
        .filter(|(name, _)| !NOT_INHERITED.iter().any(|not| name == not))
        .cloned();
    duct::cmd(all.remove(0), all)
        .dir(start.folder)
        .full_env(environment)
        .stderr_to_stdout()
        .stdin_file(input)
        .stdout_file(output)
        .unchecked()
        .before_spawn(move |command| {
            if !own_session {
                command.process_group(0);
            }
            Ok(())
        })
}

/// The process of a handle on a single command.
pub(super) fn pid_of(handle: &duct::Handle) -> io::Result<Pid> {
    let pid = handle.pids().first().and_then(|&pid| Pid::from_raw(pid.cast_signed()));
    pid.ok_or_else(|| io::Error::other("no process was started"))
}

/// Drops comments and joins lines, so that every line of a step's script has its own number in bash's messages.
fn one_line(text: &str) -> String {
    let lines =
        text.lines().map(str::trim).filter(|line| !line.starts_with('#') && !line.is_empty());
    lines.collect::<Vec<_>>().join(" ")
}
