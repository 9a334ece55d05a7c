//! The pipes and memory files between the runner and one bash. All of them are closed on exec: bash opens them by path.

use std::io;
use std::os::fd::{AsFd, OwnedFd};

use rustix::fs::{MemfdFlags, Mode, OFlags};
use rustix::pipe::PipeFlags;

/// The size of the output pipe in bytes, so that a step that prints a lot does not stop at every 64
/// KiB. If the kernel refuses this size, the default size is used.
const PIPE_BYTES: usize = 1024 * 1024;

/// The connection of the runner with one bash.
pub(super) struct Channel {
    /// Commands to bash: the read end (only for its path) and the runner's non-blocking end.
    pub(super) commands: (OwnedFd, OwnedFd),
    /// One byte from bash at each end of a step: the runner's non-blocking end and the write end (only for its path).
    pub(super) control: (OwnedFd, OwnedFd),
    /// stdout and stderr: the runner's non-blocking end and the write end.
    pub(super) output: (OwnedFd, OwnedFd),
    /// The state after a step.
    pub(super) state: OwnedFd,
    /// The state of the new shell.
    pub(super) initial: OwnedFd,
    /// The text of the EXIT trap.
    pub(super) exit_trap: OwnedFd,
    /// A state to start from.
    pub(super) restore: OwnedFd,
}

impl Channel {
    pub(super) fn open() -> io::Result<Self> {
        let pipe = || rustix::pipe::pipe_with(PipeFlags::CLOEXEC);
        let memory = || rustix::fs::memfd_create("guide", MemfdFlags::CLOEXEC);
        let channel = Self {
            commands: pipe()?,
            control: pipe()?,
            output: output_pipe()?,
            state: memory()?,
            initial: memory()?,
            exit_trap: memory()?,
            restore: memory()?,
        };
        for end in [&channel.commands.1, &channel.control.0] {
            nonblocking(end)?;
        }
        Ok(channel)
    }
}

/// A pipe for output, as large as the kernel allows; the runner's end does not block.
fn output_pipe() -> io::Result<(OwnedFd, OwnedFd)> {
    let pipe = rustix::pipe::pipe_with(PipeFlags::CLOEXEC)?;
    let _ = rustix::pipe::fcntl_setpipe_size(&pipe.0, PIPE_BYTES);
    nonblocking(&pipe.0)?;
    Ok(pipe)
}

/// An empty input, or an output that is discarded.
pub(super) fn dev_null() -> io::Result<OwnedFd> {
    Ok(rustix::fs::open("/dev/null", OFlags::RDWR | OFlags::CLOEXEC, Mode::empty())?)
}

/// The path by which another process of this user opens a descriptor of the runner.
pub(super) fn path_of(fd: &impl AsFd) -> String {
    use std::os::fd::AsRawFd;
    format!("/proc/{}/fd/{}", std::process::id(), fd.as_fd().as_raw_fd())
}

/// Reads a memory file.
pub(super) fn read_memory(file: &OwnedFd, buffer: &mut Vec<u8>) -> io::Result<()> {
    const STEP: usize = 16 * 1024;
    buffer.clear();
    loop {
        let start = buffer.len();
        buffer.resize(start + STEP.max(start), 0);
        let read = rustix::io::pread(file, &mut buffer[start..], start as u64)?;
        let full = start + read == buffer.len();
        buffer.truncate(start + read);
        if !full {
            return Ok(());
        }
    }
}

/// Fills a memory file.
pub(super) fn write_memory(file: &OwnedFd, mut bytes: &[u8]) -> io::Result<()> {
    rustix::fs::ftruncate(file, 0)?;
    let mut offset = 0;
    while !bytes.is_empty() {
        let written = rustix::io::pwrite(file, bytes, offset)?;
        offset += written as u64;
        bytes = &bytes[written..];
    }
    Ok(())
}

fn nonblocking(end: &OwnedFd) -> io::Result<()> {
    Ok(rustix::fs::fcntl_setfl(end, rustix::fs::fcntl_getfl(end)? | OFlags::NONBLOCK)?)
}
