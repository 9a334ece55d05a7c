//! Which processes there are below us, and how they are ended.
//!
//! The runner is a subreaper: what a step leaves behind, in a session of its own or not, becomes a child of the shell's or of
//! ours, and is found there. A child of ours belongs to a step if its environment says so ([`TAG`]), or if it says nothing but
//! stands in a shell's process group or in another session than ours; other rooms' children are in our own group and session.

use std::collections::HashSet;
use std::io;
use std::os::fd::OwnedFd;
use std::sync::{Mutex, PoisonError};

use rustix::fs::{Mode, OFlags};
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, WaitOptions};

use crate::output::LeftoverProcess;

/// Environment variable that marks every process of a run.
pub(super) const TAG: &str = "GUIDE_RUN_TAG";

/// Value of [`TAG`] for what may outlive the run.
pub(super) const KEPT: &str = "kept";

/// Longest command line that is told, in characters.
const COMMAND_LENGTH: usize = 120;

/// Children that this process started itself and waits for: shells, background steps, guards.
static STARTED: Mutex<Option<HashSet<i32>>> = Mutex::new(None);

/// From now on a child of ours that is waited for elsewhere.
pub(super) fn started(pid: Pid) {
    let mut started = STARTED.lock().unwrap_or_else(PoisonError::into_inner);
    started.get_or_insert_default().insert(pid.as_raw_nonzero().get());
}

/// It was waited for.
pub(super) fn ended(pid: Pid) {
    if let Some(started) = STARTED.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
        started.remove(&pid.as_raw_nonzero().get());
    }
}

fn is_started(pid: Pid) -> bool {
    let started = STARTED.lock().unwrap_or_else(PoisonError::into_inner);
    started.as_ref().is_some_and(|started| started.contains(&pid.as_raw_nonzero().get()))
}

/// Children of one thread, asked again and again through one descriptor.
pub(super) struct Children(OwnedFd);

impl Children {
    /// Of a process's first thread.
    pub(super) fn of(pid: Pid) -> io::Result<Self> {
        Ok(Self(open(&format!("/proc/{pid}/task/{pid}/children", pid = pid.as_raw_nonzero()))?))
    }

    /// Their ids; none when the process is gone.
    pub(super) fn list(&self) -> Vec<Pid> {
        let mut text = [0; 4096];
        match rustix::io::pread(&self.0, &mut text, 0) {
            Ok(0) | Err(_) => Vec::new(),
            Ok(length) if length < text.len() => pids(&text[..length]),
            Ok(_) => read_all(&self.0).map_or_else(|_| Vec::new(), |text| pids(&text)),
        }
    }
}

/// Looks for processes of this run's steps.
pub(super) struct Processes {
    ours: Children,
    tag: String,
    groups: HashSet<Pid>,
}

impl Processes {
    /// Makes this process a subreaper.
    pub(super) fn new(tag: String) -> io::Result<Self> {
        rustix::process::set_child_subreaper(Some(rustix::process::getpid()))?;
        Ok(Self { ours: Children::of(rustix::process::getpid())?, tag, groups: HashSet::new() })
    }

    /// This process group is a shell's of this run.
    pub(super) fn add_group(&mut self, group: Pid) {
        self.groups.insert(group);
    }

    /// Is there anything below the shell, or any child of ours nobody waits for? Costs two reads.
    pub(super) fn any_left(&self, shell: Option<&Children>) -> bool {
        shell.is_some_and(|shell| !shell.list().is_empty())
            || self.ours.list().into_iter().any(|pid| !is_started(pid))
    }

    /// The processes a step has left: below the shell (not the shell itself), and those that came to us. The dead are reaped.
    pub(super) fn left(&self, shell: Option<&Children>, spared: &[Pid]) -> Vec<Pid> {
        let mut roots = shell.map(Children::list).unwrap_or_default();
        roots.extend(
            self.ours
                .list()
                .into_iter()
                .filter(|&pid| !is_started(pid) && self.is_of_this_run(pid, spared)),
        );
        let mut found = Vec::new();
        for root in roots {
            with_descendants(root, &mut found);
        }
        found.retain(|&pid| is_alive(pid));
        found
    }

    /// Children of ours that a background step has left to us, with all below them.
    pub(super) fn orphans_of(&self, tag: &str, group: Pid) -> Vec<Pid> {
        let mut found = Vec::new();
        for pid in self.ours.list().into_iter().filter(|&pid| !is_started(pid)) {
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

    fn is_of_this_run(&self, pid: Pid, spared: &[Pid]) -> bool {
        let Some(stat) = Stat::of(pid) else { return false };
        if [stat.group, stat.session].into_iter().flatten().any(|id| spared.contains(&id)) {
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

/// A process and all below it, parents first.
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

/// The folder of its open descriptors.
pub(super) fn descriptors_of(pid: Pid) -> io::Result<OwnedFd> {
    let path = format!("/proc/{}/fd", pid.as_raw_nonzero());
    Ok(rustix::fs::open(path, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?)
}

/// What a report says of a process; none if it is gone.
pub(super) fn described(pid: Pid) -> Option<LeftoverProcess> {
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

/// Sends a signal to each, those that stand still are woken to take it.
pub(super) fn signal(pids: &[Pid], signal: Signal) {
    for &pid in pids {
        let _ = rustix::process::kill_process(pid, signal);
        if signal != Signal::KILL {
            let _ = rustix::process::kill_process(pid, Signal::CONT);
        }
    }
}

/// Its process group.
pub(super) fn group_of(pid: Pid) -> Option<Pid> {
    Stat::of(pid)?.group
}

/// Is it there and not a zombie?
pub(super) fn is_alive(pid: Pid) -> bool {
    Stat::of(pid).is_some_and(|stat| !matches!(stat.state, b'Z' | b'X'))
}

/// Was it stopped, by Ctrl-Z, say?
pub(super) fn is_stopped(pid: Pid) -> bool {
    Stat::of(pid).is_some_and(|stat| stat.state == b'T')
}

/// The signal by which the kernel has stopped this child of ours because it wanted something of the terminal, which only the
/// foreground process group may have. Nobody would ever let it go on.
pub(super) fn stopped_for_terminal(child: Pid) -> Option<i32> {
    let options = WaitIdOptions::STOPPED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    let signal = rustix::process::waitid(WaitId::Pid(child), options).ok()??.stopping_signal()?;
    [Signal::TTIN, Signal::TTOU]
        .into_iter()
        .map(Signal::as_raw)
        .find(|terminal| *terminal == signal)
}

/// A process as `/proc/PID/stat` shows it. A group or session whose leader stands outside this pid namespace has no number
/// here (the kernel shows 0): in a container started without a session of its own, that is the runner's own session.
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
        // The name in parentheses may hold anything, also parentheses.
        let after = &text[memchr::memrchr(b')', &text)? + 2..];
        let mut fields = std::str::from_utf8(after).ok()?.split(' ');
        let state = *fields.next()?.as_bytes().first()?;
        // A process that is just going has -1 there.
        let mut ids =
            fields.map(|field| field.parse().ok().filter(|&id| id >= 0).map(Pid::from_raw)).skip(1);
        Some(Self { state, group: ids.next()??, session: ids.next()?? })
    }
}

/// Read from `/proc` and not by getsid(2), whose 0 for a leader outside this pid namespace `rustix` takes for impossible.
fn own_session() -> Option<Pid> {
    Stat::of(rustix::process::getpid())?.session
}

/// The run a process belongs to, as its environment says.
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
