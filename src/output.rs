//! OUTPUT: the result of one attempt at a step. Data only; a non-zero code is not an error.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// The part of an output that is kept in memory, from its beginning. The file contains the rest.
pub(crate) const KEPT_BYTES: usize = 16 * 1024 * 1024;

/// The result of one attempt.
#[derive(Debug, Clone, Default)]
pub struct Output {
    /// The first [`KEPT_BYTES`] of stdout and stderr, in the order in which they were written, with secrets masked.
    pub bytes: Vec<u8>,
    /// The number of all bytes.
    pub total: u64,
    /// Why a notice stands in `bytes` in place of the output: it may hold a secret whose value is not known.
    pub withheld: Option<String>,
    /// How the attempt ended.
    pub ending: Ending,
    /// The time from its start to its end.
    pub duration: Duration,
    /// The leftover processes, which were stopped.
    pub leftovers: Vec<LeftoverProcess>,
    /// The shell's state after the attempt, if its ending allows to save one.
    pub state: Option<ShellState>,
}

/// How an attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// With this exit code.
    Exited(i32),
    /// This signal ended the shell itself.
    Signalled(i32),
    /// It reached its time limit, and its process group was stopped.
    TimedOut,
    /// The run was interrupted (Ctrl-C, SIGTERM).
    Interrupted,
    /// The runner stopped it, because the objects that it waits for cannot become ready any more.
    GivenUp,
    /// It is a background step that was started and is running.
    Started,
}

impl Ending {
    /// Whether the kernel stopped the step because it tried to use the terminal (SIGTTIN, SIGTTOU), which a step does not have.
    pub(crate) fn wanted_terminal(self) -> bool {
        matches!(self, Self::Signalled(21 | 22))
    }
}

impl Default for Ending {
    fn default() -> Self {
        Self::Exited(0)
    }
}

/// A process that outlived its step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftoverProcess {
    /// Process id.
    pub pid: u32,
    /// Its command line, at most 120 characters.
    pub command: String,
}

/// The variables, functions, options and folder of a chapter's shell, as bash text that restores them when it is sourced.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ShellState(pub Vec<u8>);

/// Begins the last line of an incomplete state: a comment that names the parts without which it was saved.
const LEFT_OUT: &str = "# left out, as a secret is in it: ";

impl ShellState {
    /// The line that names the parts without which a state was saved.
    pub fn note_of_left_out(names: &[String]) -> Vec<u8> {
        format!("{LEFT_OUT}{}\n", names.join(", ")).into_bytes()
    }

    /// The state with these names added to its last line.
    pub(crate) fn also_left_out(self, names: &[String]) -> Self {
        let mut all = self.left_out();
        let had_note = !all.is_empty();
        all.extend_from_slice(names);
        all.sort_unstable();
        all.dedup();
        let mut text = self.0;
        if had_note {
            let end = text.trim_ascii_end().len();
            text.truncate(memchr::memrchr(b'\n', &text[..end]).map_or(0, |at| at + 1));
        }
        if !all.is_empty() {
            text.extend(Self::note_of_left_out(&all));
        }
        Self(text)
    }

    /// The parts without which the state was saved, because they contain a secret: variables, functions (`name()`) and others.
    pub fn left_out(&self) -> Vec<String> {
        let line = self.0.trim_ascii_end().rsplit(|&byte| byte == b'\n').next().unwrap_or_default();
        let names = line.strip_prefix(LEFT_OUT.as_bytes()).map(String::from_utf8_lossy);
        names.map_or_else(Vec::new, |names| names.split(", ").map(str::to_owned).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::ShellState;

    #[test]
    fn the_parts_that_a_state_lacks_are_in_one_last_line() {
        let state = |text: &str| ShellState(text.as_bytes().to_vec());
        let names =
            |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let whole = state("A=1\n");
        assert_eq!(whole.clone().also_left_out(&[]), whole);
        let first = whole.also_left_out(&names(&["B"]));
        assert_eq!(first.left_out(), ["B"]);
        let second = first.clone().also_left_out(&names(&["A", "B", "f()"]));
        assert_eq!(second.left_out(), ["A", "B", "f()"]);
        assert_eq!(String::from_utf8(second.0).unwrap().lines().count(), 2);
        assert_eq!(first.clone().also_left_out(&[]), first);
    }
}
