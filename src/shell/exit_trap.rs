//! EXIT traps: the runner's own, which reports the state of a shell that ends, and the steps' own, which runs at the chapter's end.

use std::os::fd::OwnedFd;
use std::time::Duration;

use super::ShellWorld;
use crate::ids::{ChapterName, StepId, StepName};
use crate::shell::channel::path_of;
use crate::world::{Command, ExitTrap, Flow, Mode, Watcher};

/// What the runner's trap runs, from a memory file.
pub(super) const PROGRAM: &str = include_str!("exit_trap.sh");

/// How long the steps' own trap may run.
const LIMIT: Duration = Duration::from_secs(5);

/// How the text of the runner's trap begins.
const START: &str = "{ __guide_result=$?; ";

/// The text of the runner's trap, which sources [`PROGRAM`]. It keeps the exit code, and lists and enables the builtins that a step
/// may have disabled; a traced step (`set -x`) shows nothing of that. A child of the shell must not write to the state.
pub(super) fn text(program: &OwnedFd, state: &OwnedFd) -> String {
    let (program, state) = (path_of(program), path_of(state));
    format!(
        "{START}[[ ${{BASHPID:-$$}} != \"$$\" ]] || \\builtin enable -n >>{state}; \
         \\builtin enable . eval exit printf return set shopt; }} 2>/dev/null; \\builtin . {program}"
    )
}

/// Whether a trap is the runner's own. `quoted` is its text as `trap -p` prints it.
pub(super) fn is_own(quoted: &[u8]) -> bool {
    quoted.strip_prefix(b"'").is_some_and(|text| text.starts_with(START.as_bytes()))
}

/// Replaces `trap` by a function for a step that may set an EXIT trap. `set_own` is the command that sets the runner's trap.
///
/// A step that sets an EXIT trap replaces the runner's trap, and when that step ends the shell as well, the shell's state is not
/// reported. So the function keeps the text of the step's trap for the chapter's end and sets the runner's trap again. `None` where
/// the script could notice that `trap` is not the builtin.
pub(super) fn keep(script: &str, state: &[u8], set_own: &str) -> Option<String> {
    let has = |word: &str| script.contains(word);
    let sets_trap = has("trap") && ["EXIT", "exit", " 0"].into_iter().any(has);
    let notices = ["RETURN", "DEBUG", "trap()", "trap ()", "function trap"].into_iter().any(has);
    if !sets_trap || notices || memchr::memmem::find(state, b"trap () ").is_some() {
        return None;
    }
    Some(format!(
        "__guide_trap=1; trap() {{ if [[ ${{1-}} == -- ]]; then \\builtin shift; fi; \
        case ${{1-}} in -?*) \\builtin trap \"$@\"; \\builtin return;; esac; \\builtin trap -- \"$@\" || \\builtin return; \
        if [[ ${{BASHPID:-$$}} != \"$$\" ]]; then \\builtin return 0; fi; \
        if (($# == 1)); then \\builtin set -- - \"$1\"; fi; \\builtin local __guide_signal; \
        for __guide_signal in \"${{@:2}}\"; do case $__guide_signal in 0|[eE][xX][iI][tT]|[sS][iI][gG][eE][xX][iI][tT]) \
        if [[ $1 == - ]]; then __guide_exit=; else __guide_exit=$1; fi; {set_own} ;; esac; done; }};"
    ))
}

impl ShellWorld {
    /// Runs the steps' own trap, as the chapter ends. Returns what became of it, if there was a trap to run.
    ///
    /// It runs in the state that the steps left. Where that cannot be had any more, it does not run: a trap cleans up, and would do so in
    /// another folder or with other variables.
    ///
    /// `guide verify` runs only traps that its own checks have set: a trap of the run before would clean up what that run has left in
    /// place.
    pub(super) fn run_exit_trap(&mut self) -> Option<ExitTrap> {
        let has_run = std::mem::take(&mut self.has_run_a_step);
        let trap = &self.snapshot.exit_trap;
        let is_inherited = self.options.verify_only && *trap == self.inherited_exit_trap;
        if !has_run || trap.is_empty() || is_inherited {
            return None;
        }
        let command = Command {
            step: StepId { chapter: ChapterName::new(""), step: StepName::new("") },
            script: "__guide_ending=1; exit 0".into(),
            timeout: LIMIT,
            mode: Mode::Shell,
            bound: Vec::new(),
            secrets: Vec::new(),
            cwd: None,
        };
        let output = self.run_in_shell(&command, &mut NullWatcher);
        // The trap itself is no step.
        self.has_run_a_step = false;
        Some(match output {
            Ok(output) => ExitTrap::Ran(output),
            Err(error) => ExitTrap::NotRun { why: error.to_string() },
        })
    }
}

/// A watcher that shows nothing.
struct NullWatcher;

impl Watcher for NullWatcher {
    fn output(&mut self, _bytes: &[u8]) {}

    fn tick(&mut self, _elapsed: Duration) -> Flow {
        Flow::Continue
    }
}
