//! A bash for a person, in the state of a step. It is interactive on a terminal, and otherwise
//! reads its commands from stdin.
//!
//! It differs from the step's own shell in three points: `set -e` is off, because a failing command
//! would end the shell; the EXIT trap of the steps does not run, because it belongs to the
//! chapter's end; and the person's history file is not changed.

use std::io;
use std::path::Path;

use super::bash::Start;
use super::channel::{path_of, read_memory, write_memory};
use crate::ids::StepId;
use crate::text::shell_word::quoted;
use crate::world::StepShell;

/// How the shell ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ShellEnd {
    /// It ended with this exit code.
    Left(i32),
    /// It could not be opened, because this part of the state does not exist any more.
    Lost(String),
}

/// Opens the shell, and returns when it has ended. `state` restores the shell's state when it is sourced.
/// `folder` is the one that the step names with `cwd=`.
pub(super) fn open(
    start: &Start<'_>,
    state: &[u8],
    shell: &StepShell<'_>,
    folder: Option<&Path>,
) -> io::Result<ShellEnd> {
    let memory = || rustix::fs::memfd_create("guide", rustix::fs::MemfdFlags::CLOEXEC);
    let (text, program, lost) = (memory()?, memory()?, memory()?);
    write_memory(&text, &[state, b"__guide_restored=1\n"].concat())?;
    let start_up = start_up(shell, folder, &path_of(&text), &path_of(&lost));
    write_memory(&program, start_up.as_bytes())?;
    let program = path_of(&program);
    let code = if shell.on_terminal {
        start.for_person(&["--rcfile", &program, "-i"], None)?
    } else {
        start.for_person(&["--norc", "-s"], Some(Path::new(&program)))?
    };
    let mut missing = Vec::new();
    read_memory(&lost, &mut missing)?;
    if missing.is_empty() {
        return Ok(ShellEnd::Left(code));
    }
    Ok(ShellEnd::Lost(String::from_utf8_lossy(&missing).replace("\\builtin ", "")))
}

/// The commands that the shell runs before the first one of the person.
fn start_up(shell: &StepShell<'_>, folder: Option<&Path>, state: &str, lost: &str) -> String {
    let mut lines = vec![
        "\\builtin unset -v BASH_ENV; \\builtin set +e -o pipefail".to_owned(),
        "\\builtin trap '__guide_lost+=\"what \\`$BASH_COMMAND\\` sets; \"' ERR".to_owned(),
        format!("\\builtin source {state}"),
        "\\builtin trap - ERR".to_owned(),
        "if [[ ! ${__guide_restored-} ]]; then __guide_lost='the state as a whole, which is damaged; '; fi".to_owned(),
        format!(
            "if [[ ${{__guide_lost-}} ]]; then \\builtin trap - EXIT; \\builtin printf %s \"$__guide_lost\" 1<>{lost}; \\builtin exit 1; fi"
        ),
    ];
    for (name, value) in shell.bound {
        lines.push(format!("\\builtin export {name}={}", quoted(value.as_bytes())));
    }
    if let Some(folder) = folder {
        let folder = quoted(folder.as_os_str().as_encoded_bytes());
        lines.push(format!(
            "\\builtin cd -- {folder} || {{ \\builtin printf %s {folder} 1<>{lost}; \\builtin exit 1; }}"
        ));
    }
    let step = quoted(shell.step.step.as_str().as_bytes());
    lines.push(format!("\\builtin export GUIDE_STEP={step}"));
    if shell.on_terminal {
        lines.push(format!("PS1={} PROMPT_COMMAND=", quoted(prompt(shell.step).as_bytes())));
        lines.push("\\builtin unset -v HISTFILE".to_owned());
    }
    // Tracing options come last, so that no other command is traced. The text of the variable is
    // read before the variable is unset.
    lines.push(
        "\\builtin eval \"\\builtin unset -v __guide_restored __guide_exit __guide_late; ${__guide_late-} \\builtin set +e\""
            .to_owned(),
    );
    lines.join("\n") + "\n"
}

/// The prompt with the step's name and the folder. Characters that bash would expand in a prompt
/// are replaced.
fn prompt(step: &StepId) -> String {
    let name: String =
        step.to_string()
            .chars()
            .map(|next| {
                if matches!(next, '\\' | '$' | '`' | '!') || next.is_control() { '_' } else { next }
            })
            .collect();
    format!("({name}) \\w \\$ ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{ChapterName, StepName};

    #[test]
    fn nothing_in_a_step_s_name_is_run_by_its_prompt() {
        let step = StepId { chapter: ChapterName::new("a$(rm)`x`\\u"), step: StepName::new("pin") };
        assert_eq!(prompt(&step), "(a_(rm)_x__u/pin) \\w \\$ ");
    }
}
