//! Streams that are or are not a terminal, and the plain ways of writing to them.

use std::io::{IsTerminal, Write};

use super::talk::BestEffortWriter;

/// Is somebody there to answer?
pub(crate) fn stdin_is_terminal() -> bool {
    std::io::stdin().is_terminal()
}

/// Is stderr, where talk goes, a terminal?
pub(crate) fn stderr_is_terminal() -> bool {
    std::io::stderr().is_terminal()
}

/// Is stdout, where data goes, a terminal?
pub(crate) fn stdout_is_terminal() -> bool {
    std::io::stdout().is_terminal()
}

/// Writes data to stdout. A reader who has gone away is no error.
pub(crate) fn write_data(text: &str) {
    BestEffortWriter::to(std::io::stdout().lock()).say(text);
}

/// Writes talk to stderr.
pub(crate) fn write_talk(text: &str) {
    BestEffortWriter::to(std::io::stderr().lock()).say(text);
}

/// Prints a completion script.
pub(crate) fn completions(command: &mut clap::Command, shell: clap_complete::Shell) {
    let mut script = Vec::new();
    clap_complete::generate(shell, command, "guide", &mut script);
    let _ = std::io::stdout().lock().write_all(&script);
}
