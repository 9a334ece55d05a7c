//! Finds and signals the processes below the runner.
//!
//! The runner is a subreaper: an orphan of a step becomes a child of the shell or of the runner,
//! even if it has a session of its own, and is found there. A child of the runner belongs to a step
//! if its environment contains [`TAG`]. If its environment is empty, the child belongs to a step if
//! it is in a shell's process group or in another session than the runner. Other rooms start their
//! children in the runner's own group and session.

use std::collections::HashSet;
use std::io;
use std::os::fd::OwnedFd;
use std::sync::{Mutex, PoisonError};

use rustix::fs::{Mode, OFlags};
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, WaitOptions};

use crate::output::LeftoverProcess;

/// The environment variable that marks every process of a run.
pub(super) const TAG: &str = "GUIDE_RUN_TAG";

/// The value of [`TAG`] for a process that may outlive the run.
pub(super) const KEPT: &str = "kept";

/// The longest command line that a report shows, in characters.
const COMMAND_LENGTH: usize = 120;

/// The children that the runner started itself and waits for: shells, background steps, watchdogs.
static STARTED: Mutex<Option<HashSet<i32>>> = Mutex::new(None);

/// Registers a child that the runner has started itself and will wait for.
pub(super) fn started(pid: Pid) {
    let mut started = STARTED.lock().unwrap_or_else(PoisonError::into_inner);
    started.get_or_insert_default().insert(pid.as_raw_nonzero().get());
}

/// Removes such a child from the register, after it was waited for.
pub(super) fn ended(pid: Pid) {
    if let Some(started) = STARTED.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
        started.remove(&pid.as_raw_nonzero().get());
    }
}

fn is_started(pid: Pid) -> bool {
    let started = STARTED.lock().unwrap_or_else(PoisonError::into_inner);
    started.as_ref().is_some_and(|started| started.contains(&pid.as_raw_nonzero().get()))
}

/// The children of one thread, which are read repeatedly through one descriptor.
pub(super) struct Children(OwnedFd);

impl Children {
    /// The children of a process's first thread.
    pub(super) fn of(pid: Pid) -> io::Result<Self> {
        Ok(Self(open(&format!("/proc/{pid}/task/{pid}/children", pid = pid.as_raw_nonzero()))?))
    }

    /// Their process ids; empty when the process has ended.
    pub(super) fn list(&self) -> Vec<Pid> {
        let mut text = [0; 4096];
        match rustix::io::pread(&self.0, &mut text, 0) {
            Ok(0) | Err(_) => Vec::new(),
            Ok(length) if length < text.len() => pids(&text[..length]),
            Ok(_) => read_all(&self.0).map_or_else(|_| Vec::new(), |text| pids(&text)),
        }
    }
}

/// Finds the processes of this run's steps.
pub(super) struct Processes {
    own_children: Children,
    /// The tag of the run.
    tag: String,
    /// The process groups of this run's shells.
    groups: HashSet<Pid>,
}

impl Processes {
    /// Makes this process a subreaper.
    pub(super) fn new(tag: String) -> io::Result<Self> {
        rustix::process::set_child_subreaper(Some(rustix::process::getpid()))?;
        Ok(Self {
            own_children: Children::of(rustix::process::getpid())?,
            tag,
            groups: HashSet::new(),
        })
    }

    /// Adds the process group of a shell of this run.
    pub(super) fn add_group(&mut self, group: Pid) {
        self.groups.insert(group);
    }

    /// Whether there is a process below the shell, or a child that the runner has not started
    /// itself. It costs two reads.
    pub(super) fn any(&self, shell: Option<&Children>) -> bool {
        shell.is_some_and(|shell| !shell.list().is_empty())
            || self.own_children.list().into_iter().any(|pid| !is_started(pid))
    }

    /// The processes of a step: those below the shell (not the shell itself), and orphans that the
    /// runner has adopted. Dead orphans are reaped.
    pub(super) fn of_step(&self, shell: Option<&Children>, background_groups: &[Pid]) -> Vec<Pid> {
        let mut roots = shell.map(Children::list).unwrap_or_default();
        roots.extend(
            self.own_children
                .list()
                .into_iter()
                .filter(|&pid| !is_started(pid) && self.is_of_this_run(pid, background_groups)),
        );
        let mut found = Vec::new();
        for root in roots {
            with_descendants(root, &mut found);
        }
        found.retain(|&pid| is_alive(pid));
        found
    }

    /// The orphans of a background step that the runner has adopted, with all processes below them.
    pub(super) fn orphans_of(&self, tag: &str, group: Pid) -> Vec<Pid> {
        let mut found = Vec::new();
        for pid in self.own_children.list().into_iter().filter(|&pid| !is_started(pid)) {
            let Some(stat) = Stat::of(pid) else { continue };
            let same = stat.group == Some(group) || stat.session == Some(group);
            if same && stat.state == b'Z' {
                let _ = rustix::process::waitpid(Some(pid), WaitOptions::NOHANG);
            } else if same || tag_of(pid).is_some_and(|found| found == tag.as_bytes()) {
                with_descendants(pid, &mut found);
            }
        }
        found
    }

    fn is_of_this_run(&self, pid: Pid, background_groups: &[Pid]) -> bool {
        let Some(stat) = Stat::of(pid) else { return false };
        if [stat.group, stat.session]
            .into_iter()
            .flatten()
            .any(|id| background_groups.contains(&id))
        {
            return false;
        }
        let known = stat.group.is_some_and(|group| self.groups.contains(&group));
        if stat.state == b'Z' {
            if known || stat.session != own_session() {
                let _ = rustix::process::waitpid(Some(pid), WaitOptions::NOHANG);
            }
            return false;
        }
        match tag_of(pid) {
            Some(tag) => tag == self.tag.as_bytes(),
            None => known || stat.session != own_session(),
        }
    }
}

/// Adds a process and all processes below it, parents first.
pub(super) fn with_descendants(root: Pid, found: &mut Vec<Pid>) {
    let mut next = found.len();
    found.push(root);
    while next < found.len() {
        let pid = found[next];
        next += 1;
        let Ok(tasks) = rustix::fs::open(
            format!("/proc/{}/task", pid.as_raw_nonzero()),
            OFlags::DIRECTORY | OFlags::CLOEXEC,
            Mode::empty(),
        ) else {
            continue;
        };
        let Ok(entries) = rustix::fs::Dir::read_from(&tasks) else { continue };
        for entry in entries.flatten() {
            let thread = entry.file_name().to_string_lossy().into_owned();
            if !thread.starts_with('.') {
                let path = format!("/proc/{}/task/{thread}/children", pid.as_raw_nonzero());
                found.extend(
                    open(&path)
                        .and_then(|file| read_all(&file))
                        .map_or_else(|_| Vec::new(), |text| pids(&text)),
                );
            }
        }
    }
}

/// The folder of a process's open descriptors.
pub(super) fn descriptors_of(pid: Pid) -> io::Result<OwnedFd> {
    let path = format!("/proc/{}/fd", pid.as_raw_nonzero());
    Ok(rustix::fs::open(path, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?)
}

/// The description of a process for a report. `None` if it has ended.
pub(super) fn description(pid: Pid) -> Option<LeftoverProcess> {
    let text = open(&format!("/proc/{}/cmdline", pid.as_raw_nonzero()))
        .and_then(|file| read_all(&file))
        .ok()?;
    let command = String::from_utf8_lossy(&text).trim_end_matches('\0').replace('\0', " ");
    let command = command
        .chars()
        .map(|letter| if letter.is_control() { ' ' } else { letter })
        .take(COMMAND_LENGTH)
        .collect();
    Some(LeftoverProcess { pid: pid.as_raw_nonzero().get().cast_unsigned(), command })
}

/// Sends a signal to each process, and continues those that are stopped, so that they receive it.
pub(super) fn signal(pids: &[Pid], signal: Signal) {
    for &pid in pids {
        let _ = rustix::process::kill_process(pid, signal);
        if signal != Signal::KILL {
            let _ = rustix::process::kill_process(pid, Signal::CONT);
        }
    }
}

/// The process group of a process.
pub(super) fn group_of(pid: Pid) -> Option<Pid> {
    Stat::of(pid)?.group
}

/// Whether the process exists and is no zombie.
pub(super) fn is_alive(pid: Pid) -> bool {
    Stat::of(pid).is_some_and(|stat| !matches!(stat.state, b'Z' | b'X'))
}

/// Whether the process was stopped (by Ctrl-Z, say).
pub(super) fn is_stopped(pid: Pid) -> bool {
    Stat::of(pid).is_some_and(|stat| stat.state == b'T')
}

/// The signal with which the kernel has stopped this child of the runner because it tried to use
/// the terminal, which only the foreground process group may do. No other process would continue
/// it.
pub(super) fn stopped_for_terminal(child: Pid) -> Option<i32> {
    let options = WaitIdOptions::STOPPED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    let signal = rustix::process::waitid(WaitId::Pid(child), options).ok()??.stopping_signal()?;
    [Signal::TTIN, Signal::TTOU]
        .into_iter()
        .map(Signal::as_raw)
        .find(|terminal| *terminal == signal)
}

/// A process as `/proc/PID/stat` shows it. A group or session is `None` (the kernel shows 0) if its
/// leader is outside of this pid namespace. In a container without a session of its own, this is
/// the case for the runner's own session.
struct Stat {
    state: u8,
    group: Option<Pid>,
    session: Option<Pid>,
}

impl Stat {
    fn of(pid: Pid) -> Option<Self> {
        let text = open(&format!("/proc/{}/stat", pid.as_raw_nonzero()))
            .and_then(|file| read_all(&file))
            .ok()?;
        // The name in parentheses may contain any text, also parentheses.
        let after = &text[memchr::memrchr(b')', &text)? + 2..];
        let mut fields = std::str::from_utf8(after).ok()?.split(' ');
        let state = *fields.next()?.as_bytes().first()?;
        // The field is -1 for a process that is just ending.
        let mut ids =
            fields.map(|field| field.parse().ok().filter(|&id| id >= 0).map(Pid::from_raw)).skip(1);
        Some(Self { state, group: ids.next()??, session: ids.next()?? })
    }
}

/// The runner's own session. It is read from `/proc`, because getsid(2) returns 0 for a leader
/// outside of this pid namespace, which `rustix` considers impossible.
fn own_session() -> Option<Pid> {
    Stat::of(rustix::process::getpid())?.session
}

/// The tag of the run that a process belongs to, from its environment.
fn tag_of(pid: Pid) -> Option<Vec<u8>> {
    let environment = open(&format!("/proc/{}/environ", pid.as_raw_nonzero()))
        .and_then(|file| read_all(&file))
        .ok()?;
    let prefix = [TAG.as_bytes(), b"="].concat();
    environment
        .split(|&byte| byte == 0)
        .find_map(|variable| variable.strip_prefix(prefix.as_slice()))
        .map(<[u8]>::to_vec)
}

fn open(path: &str) -> io::Result<OwnedFd> {
    Ok(rustix::fs::open(path, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?)
}

fn read_all(file: &OwnedFd) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    loop {
        let start = text.len();
        text.resize(start + 4096, 0);
        let read = rustix::io::pread(file, &mut text[start..], start as u64)?;
        text.truncate(start + read);
        if read == 0 {
            return Ok(text);
        }
    }
}

fn pids(text: &[u8]) -> Vec<Pid> {
    let words = text.split(|byte| !byte.is_ascii_digit()).filter(|word| !word.is_empty());
    words
        .filter_map(|word| std::str::from_utf8(word).ok()?.parse().ok().filter(|&id| id > 0))
        .filter_map(Pid::from_raw)
        .collect()
}
