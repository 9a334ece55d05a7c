//! The pipes and memory files between the runner and one bash. All of them are closed on exec: bash opens them by path.

use std::io;
use std::os::fd::{AsFd, OwnedFd};

use rustix::fs::{MemfdFlags, Mode, OFlags};
use rustix::pipe::PipeFlags;

/// Pipe size asked for: a step that prints a lot is not stopped at every 64 KiB. Refused by the kernel: the default is used.
const PIPE_BYTES: usize = 1024 * 1024;

/// What joins the runner with one bash.
pub(super) struct Channel {
    /// Commands to bash: read end (for its path only) and our non-blocking end.
    pub commands: (OwnedFd, OwnedFd),
    /// One byte from bash at each end: our non-blocking end and the write end (for its path only).
    pub control: (OwnedFd, OwnedFd),
    /// stdout and stderr: our non-blocking end and the write end.
    pub output: (OwnedFd, OwnedFd),
    /// The state after a step.
    pub state: OwnedFd,
    /// The variables of the new shell.
    pub initial: OwnedFd,
    /// Text of the EXIT trap.
    pub farewell: OwnedFd,
    /// A state to start from.
    pub restore: OwnedFd,
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
            farewell: memory()?,
            restore: memory()?,
        };
        for end in [&channel.commands.1, &channel.control.0] {
            nonblocking(end)?;
        }
        Ok(channel)
    }
}

/// A pipe for output, as large as we may have it; our end does not block.
pub(super) fn output_pipe() -> io::Result<(OwnedFd, OwnedFd)> {
    let pipe = rustix::pipe::pipe_with(PipeFlags::CLOEXEC)?;
    let _ = rustix::pipe::fcntl_setpipe_size(&pipe.0, PIPE_BYTES);
    nonblocking(&pipe.0)?;
    Ok(pipe)
}

/// An empty input, or an output nobody reads.
pub(super) fn nowhere() -> io::Result<OwnedFd> {
    Ok(rustix::fs::open("/dev/null", OFlags::RDWR | OFlags::CLOEXEC, Mode::empty())?)
}

/// The path under which another process of this user opens a descriptor of ours.
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
