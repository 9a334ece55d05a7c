//! The standard streams: whether each is a terminal, and the only functions of guide that write to one.
//!
//! Data goes to stdout and must arrive, so a full disk is an error of the command. Text that accompanies the work (progress, failures,
//! hints) goes to stderr, and its errors are ignored. On both streams, a closed pipe is no error.

use std::io::{ErrorKind, IsTerminal, Write};

use super::style::with_escape_sequences;
use crate::diagnostic::Diagnostic;
use crate::error::Error;
use crate::text::sanitize::for_display;

/// Whether a person can answer a question.
pub(crate) fn stdin_is_terminal() -> bool {
    std::io::stdin().is_terminal()
}

/// Whether a person reads the text that accompanies the work.
pub(crate) fn stderr_is_terminal() -> bool {
    std::io::stderr().is_terminal()
}

/// Whether a person reads the data.
pub(crate) fn stdout_is_terminal() -> bool {
    std::io::stdout().is_terminal()
}

/// Text as it is printed: made safe, and only then coloured.
pub(super) fn printable(text: &str) -> String {
    with_escape_sequences(&for_display(text))
}

/// Prints text for a person on stdout.
pub(crate) fn print(text: &str) -> Result<(), Error> {
    print_bytes(printable(text).as_bytes())
}

/// Prints what only a program reads on stdout, byte by byte as it is: a protocol, a script, GitHub's workflow commands.
pub(crate) fn print_bytes(bytes: &[u8]) -> Result<(), Error> {
    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(not_written(&error)),
        _ => Ok(()),
    }
}

fn not_written(error: &std::io::Error) -> Error {
    Diagnostic::new(format!("cannot write to standard output: {error}")).into()
}

/// Prints text for a person on stderr.
pub(crate) fn eprint(text: &str) {
    BestEffortWriter::new(std::io::stderr().lock()).write(text);
}

/// Prints clap's own text: help and version on stdout, an error on stderr. An error repeats words of the command line, so it is made
/// safe like everything else, and has no colour.
pub(crate) fn command_line_text(result: &clap::Error) -> Result<(), Error> {
    if result.use_stderr() {
        eprint(&result.render().to_string());
        return Ok(());
    }
    match result.print() {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(not_written(&error)),
        _ => Ok(()),
    }
}

/// Prints a completion script.
pub(crate) fn completions(
    command: &mut clap::Command,
    shell: clap_complete::Shell,
) -> Result<(), Error> {
    let mut script = Vec::new();
    clap_complete::generate(shell, command, "guide", &mut script);
    print_bytes(&script)
}

/// A stream for people. After the first failed write nothing more is written: the reader has gone, and the work continues without it.
#[derive(Debug)]
pub(super) struct BestEffortWriter<W> {
    stream: W,
    failed: bool,
}

impl<W: Write> BestEffortWriter<W> {
    pub(super) fn new(stream: W) -> Self {
        Self { stream, failed: false }
    }

    /// Writes the whole text at once.
    pub(super) fn write(&mut self, text: &str) {
        if !self.failed {
            let written = self.stream.write_all(printable(text).as_bytes());
            self.failed = written.and_then(|()| self.stream.flush()).is_err();
        }
    }

    #[cfg(test)]
    pub(super) fn stream(&self) -> &W {
        &self.stream
    }
}
