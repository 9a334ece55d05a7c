//! EXIT traps: the trap of the runner, which reports the state of a shell that ends, and the trap
//! that the steps set, which runs at the chapter's end.

use std::os::fd::OwnedFd;
use std::time::Duration;

use super::ShellWorld;
use crate::ids::{ChapterName, StepId, StepName};
use crate::shell::channel::path_of;
use crate::world::{Command, ExitTrap, Flow, Mode, Watcher};

/// The program of the runner's trap, which is in a memory file.
pub(super) const PROGRAM: &str = include_str!("exit_trap.sh");

/// The time limit of the steps' own trap.
const LIMIT: Duration = Duration::from_secs(5);

/// The beginning of the text of the runner's trap.
const START: &str = "{ __guide_result=$?; ";

/// The text of the runner's trap, which sources [`PROGRAM`]. It keeps the exit code, and lists and
/// enables the builtins that a step may have disabled, without an effect on the output of a traced
/// step (`set -x`). A child of the shell must not write to the state.
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
/// A step that sets an EXIT trap replaces the runner's trap, so the state would not be reported if
/// the step also ends the shell. The function therefore keeps the text of the step's trap for the
/// chapter's end and sets the runner's trap again. `None` if the script could notice that `trap` is
/// not the builtin.
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
    /// Runs the steps' own trap at the chapter's end. Returns its result, if there was a trap to run.
    ///
    /// The trap runs in the state after the steps. If that state cannot be restored, it does not run,
    /// because it would clean up in another folder or with other variables.
    ///
    /// `guide verify` runs only traps that its own checks have set, because a trap of an earlier
    /// run would clean up the results of that run.
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
        // The trap itself is not a step.
        self.has_run_a_step = false;
        Some(match output {
            Ok(output) => ExitTrap::Ran(output),
            Err(error) => ExitTrap::NotRun { why: error.to_string() },
        })
    }
}

/// A watcher that ignores the output.
struct NullWatcher;

impl Watcher for NullWatcher {
    fn output(&mut self, _bytes: &[u8]) {}

    fn tick(&mut self, _elapsed: Duration) -> Flow {
        Flow::Continue
    }
}
