//! One running bash of a chapter, which receives commands and reports its state. `step.rs` decides
//! which commands it receives.

#![expect(clippy::disallowed_methods, reason = "a step is timed")]

use std::hash::{BuildHasher, RandomState};
use std::io;
use std::os::fd::OwnedFd;
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::fs::{AtFlags, Stat};
use rustix::process::{Pid, PidfdFlags, Signal};

use crate::secrets::Masker;
use crate::shell::bash::{Start, pid_of};

use crate::shell::channel::{Channel, dev_null, path_of, read_memory, write_memory};
use crate::shell::exit_trap;
use crate::shell::processes::{self, Children};
use crate::shell::secrets::Secrets;
use crate::shell::signals::Interrupt;
use crate::shell::state::{DESCRIPTORS, DUMP, Initial, MentionedNames, ShellSnapshot};
use crate::text::shell_word::quoted;

const DRIVER: &str = include_str!("driver.sh");

/// The time limit for the end of a killed bash.
const KILL_LIMIT: Duration = Duration::from_secs(10);

/// A bash that waits for a command or runs one.
pub(super) struct Session {
    handle: duct::Handle,
    pid: Pid,
    pidfd: OwnedFd,
    children: Children,
    channel: Channel,
    /// The folder of its open descriptors.
    descriptors: OwnedFd,
    /// The input and the output that it was started with.
    streams: [Stat; 2],
    /// Whether a command has run that could have moved them since they were last compared.
    streams_may_have_moved: bool,
    initial: Option<Initial>,
    nonce: u64,
    /// The number of commands that it has received.
    count: u64,
    buffer: Vec<u8>,
}

impl Session {
    /// Starts bash in a process group of its own, with the driver as its program.
    pub(super) fn start(start: &Start<'_>) -> io::Result<Self> {
        let channel = Channel::open()?;
        let (dump, descriptors) = (one_line(DUMP), one_line(DESCRIPTORS));
        let fill = |text: &str| {
            text.replace("@DUMP@", &dump)
                .replace("@DESCRIPTORS@", &descriptors)
                .replace("@COMMANDS@", &path_of(&channel.commands.0))
                .replace("@CONTROL@", &path_of(&channel.control.1))
                .replace("@STATE@", &path_of(&channel.state))
                .replace("@INITIAL@", &path_of(&channel.initial))
                .replace("@TRAP@", &exit_trap::text(&channel.exit_trap, &channel.state))
        };
        write_memory(&channel.exit_trap, fill(exit_trap::PROGRAM).as_bytes())?;
        let input = dev_null()?;
        let output = channel.output.1.try_clone()?;
        let streams = [rustix::fs::fstat(&input)?, rustix::fs::fstat(&output)?];
        let arguments = ["-c", &fill(&one_line(DRIVER)), "bash"];
        let handle = start.bash(&arguments, input, output, false).start()?;
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

    /// Sends one command, which prepares the shell and sets `__guide_script` to the step's script; bash then runs that.
    ///
    /// # Errors
    /// `BrokenPipe` when bash has ended, `TimedOut` when it did not read all of it within the limit, `Interrupted` when the user
    /// stopped the run meanwhile.
    pub(super) fn send(
        &mut self,
        preparation: &str,
        limit: Duration,
        interrupt: &Interrupt,
    ) -> io::Result<()> {
        self.count += 1;
        let mut command = format!("__guide_mark={};{preparation}", self.mark());
        if !command.is_ascii() {
            // bash counts characters, in the locale that a step may have set, and not bytes.
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
                    self.wait_until_it_reads(limit.saturating_sub(sent.elapsed()), interrupt)?;
                }
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    fn wait_until_it_reads(&self, limit: Duration, interrupt: &Interrupt) -> io::Result<()> {
        let mut ready = [
            PollFd::new(&self.channel.commands.1, PollFlags::OUT),
            PollFd::new(&self.pidfd, PollFlags::IN),
            PollFd::new(interrupt.descriptor(), PollFlags::IN),
        ];
        let limit = Timespec::try_from(limit).map_err(io::Error::other)?;
        match rustix::event::poll(&mut ready, Some(&limit)) {
            Ok(0) => Err(io::ErrorKind::TimedOut.into()),
            Ok(_) if !ready[1].revents().is_empty() => Err(io::ErrorKind::BrokenPipe.into()),
            Ok(_) if interrupt.count() > 0 => Err(io::ErrorKind::Interrupted.into()),
            Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// The whole state that it reported last, after a step or when it ended. `None` when the report is not complete.
    pub(super) fn state(
        &mut self,
        mentioned: &MentionedNames,
        secrets: &mut Secrets,
        masker: &Masker,
    ) -> io::Result<Option<ShellSnapshot>> {
        if self.initial.is_none() {
            read_memory(&self.channel.initial, &mut self.buffer)?;
            self.initial = Some(Initial::read(&self.buffer, self.streams[1].st_ino));
        }
        read_memory(&self.channel.state, &mut self.buffer)?;
        let mark = self.mark();
        let initial = &*self.initial.get_or_insert_default();
        Ok(ShellSnapshot::read(&self.buffer, &mark, (initial, mentioned), secrets, masker))
    }

    /// The declarations that it reported last, of the variables that the step named.
    pub(super) fn variables(&mut self) -> io::Result<&[u8]> {
        read_memory(&self.channel.state, &mut self.buffer)?;
        Ok(&self.buffer)
    }

    /// The state of the new shell. It is `None` until a whole state has been read.
    pub(super) fn initial(&self) -> Option<&Initial> {
        self.initial.as_ref()
    }

    /// The commands that bring a new shell into the state of this text. A shell in which that fails
    /// reports what is missing and ends.
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

    /// The part of the state that it reported as missing when it could not be brought into a state.
    pub(super) fn lost(&mut self) -> io::Result<String> {
        read_memory(&self.channel.state, &mut self.buffer)?;
        Ok(String::from_utf8_lossy(&self.buffer).into_owned())
    }

    /// The command that sets the runner's EXIT trap, which a step has replaced.
    pub(super) fn set_exit_trap(&self) -> String {
        format!(
            "\\builtin trap '{}' EXIT;",
            exit_trap::text(&self.channel.exit_trap, &self.channel.state)
        )
    }

    fn mark(&self) -> String {
        format!("guide-{:016x}-{}", self.nonce, self.count)
    }

    /// How it ended, or `None` while it runs.
    pub(super) fn try_wait(&self) -> io::Result<Option<ExitStatus>> {
        Ok(self.handle.try_wait()?.map(|output| output.status))
    }

    /// Its process, which leads its process group.
    pub(super) fn pid(&self) -> Pid {
        self.pid
    }

    /// A descriptor that is readable when it has ended.
    pub(super) fn pidfd(&self) -> &OwnedFd {
        &self.pidfd
    }

    pub(super) fn children(&self) -> &Children {
        &self.children
    }

    pub(super) fn channel(&self) -> &Channel {
        &self.channel
    }

    /// Whether stdin, stdout and stderr are still those with which it was started. A step may have
    /// moved them with `exec`.
    pub(super) fn has_own_streams(&self) -> bool {
        let same = |name: &str, with: &Stat| {
            let found = rustix::fs::statat(&self.descriptors, name, AtFlags::empty());
            found.is_ok_and(|found| found.st_ino == with.st_ino && found.st_dev == with.st_dev)
        };
        let [input, output] = &self.streams;
        same("0", input) && same("1", output) && same("2", output)
    }

    /// Notes whether the next command can move the streams, which are in their place before it.
    pub(super) fn may_move_streams(&mut self, can: bool) {
        self.streams_may_have_moved = can;
    }

    /// Whether the last command could have moved the streams, so that [`Self::has_own_streams`] has to be called.
    pub(super) fn streams_may_have_moved(&self) -> bool {
        self.streams_may_have_moved
    }
}

impl Drop for Session {
    /// Kills the shell and waits for its end, for a limited time, because the kernel may delay a
    /// process in the middle of a system call.
    fn drop(&mut self) {
        let since = Instant::now();
        while matches!(self.try_wait(), Ok(None)) && since.elapsed() < KILL_LIMIT {
            let _ = rustix::process::kill_process_group(self.pid, Signal::KILL);
            let limit = Timespec::try_from(KILL_LIMIT.saturating_sub(since.elapsed())).ok();
            let ended = PollFd::new(&self.pidfd, PollFlags::IN);
            let _ = rustix::event::poll(&mut [ended], limit.as_ref());
        }
        processes::ended(self.pid);
    }
}

/// Removes comments and joins lines, so that every line of a step's script has its own number in
/// bash's messages.
fn one_line(text: &str) -> String {
    let lines =
        text.lines().map(str::trim).filter(|line| !line.starts_with('#') && !line.is_empty());
    lines.collect::<Vec<_>>().join(" ")
}
