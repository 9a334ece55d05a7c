//! The text that bash gets for a step: the commands before the script, and the script.

use std::path::{Path, PathBuf};

use crate::book::resolve_cwd;
use crate::shell::side_effects::SideEffects;
use crate::text::shell_word::quoted;
use crate::world::{Command, Mode, ShellContext};

/// Makes a shell return to its folder after the step.
const GO_BACK: &str = "__guide_folder=$PWD __guide_back=${OLDPWD-} \
    __guide_after='\\builtin cd -- \"$__guide_folder\" || \\builtin :; OLDPWD=$__guide_back; \
    \\builtin unset -v __guide_folder __guide_back __guide_after';";

/// Runs the text in `__guide_aside` in a subshell under `set -e`, and keeps its exit code.
const RUN_ASIDE: &str = "\\builtin set +e; ( \\builtin set -e; \\builtin eval \"$__guide_aside\" ); __guide_result=$?; \\builtin set -e";

/// The text for a step in the chapter's shell. It is one line up to the script, so that the script's lines keep their numbers.
pub(super) fn for_shell(
    command: &Command,
    context: Option<&ShellContext>,
    deferred_setup: &[u8],
    effects: &SideEffects,
) -> String {
    let mut text = effects.for_driver();
    text.extend(exports(command));
    let mut script = String::new();
    if !deferred_setup.is_empty() {
        script += &format!("\\builtin eval {}; ", quoted(deferred_setup));
    }
    if let Some(go) = go_to_folder(command, context) {
        text += GO_BACK;
        script += &go;
    }
    script += &command.script;
    match command.mode {
        Mode::Aside => {
            let script = quoted(script.as_bytes());
            let after = "\\builtin unset -v __guide_aside __guide_result __guide_after";
            text += &format!("__guide_aside={script} __guide_after=${{__guide_after-}}'{after}';");
            text + &script_assignment(command, RUN_ASIDE)
        }
        Mode::Interactive => {
            let script = quoted(script.as_bytes());
            let on_terminal = format!("\\builtin eval {script} </dev/tty >/dev/tty 2>&1");
            text + &script_assignment(command, &on_terminal)
        }
        Mode::Shell | Mode::Background(_) => text + &script_assignment(command, &script),
    }
}

/// The text for a background step, which has a bash of its own. It follows the text that restores the chapter's state.
pub(super) fn for_background(command: &Command, context: Option<&ShellContext>) -> String {
    let folder = go_to_folder(command, context).unwrap_or_default();
    let options = "if [[ ${__guide_lost-} ]]; then \\builtin printf 'guide: of the state that this step starts from, this is gone: %s\\n' \
        \"$__guide_lost\" >&2; \\builtin exit 1; fi; \\builtin set -e -o pipefail; \\builtin eval \"${__guide_late-}\"; ";
    let script = [options, folder.as_str(), &command.script].concat();
    exports(command).chain([script_assignment(command, &script)]).collect()
}

fn exports(command: &Command) -> impl Iterator<Item = String> {
    let bound = command.bound.iter();
    bound.map(|(name, value)| {
        format!("\\builtin export {name}={} || \\builtin :;", quoted(value.as_bytes()))
    })
}

/// Goes to the folder that the step names with `cwd=`.
fn go_to_folder(command: &Command, context: Option<&ShellContext>) -> Option<String> {
    let folder = step_folder(command.cwd.as_deref(), context)?;
    Some(format!("\\builtin cd -- {}; ", quoted(folder.as_os_str().as_encoded_bytes())))
}

/// The folder that a step names with `cwd=`.
pub(super) fn step_folder(cwd: Option<&str>, context: Option<&ShellContext>) -> Option<PathBuf> {
    let (context, cwd) = (context?, cwd?);
    let variable = |name: &str| {
        let found = context.environment.iter().rev().find(|(known, _)| known == name);
        found.map(|(_, value)| Path::new(value))
    };
    let rendered = variable("GUIDE_STATE")
        .zip(variable("GUIDE_CHAPTER"))
        .map(|(state, chapter)| state.join("rendered").join(chapter));
    let rendered = rendered.as_deref().unwrap_or(&context.folder);
    Some(resolve_cwd(cwd, variable("GUIDE_BOOK").unwrap_or(&context.folder), rendered))
}

fn script_assignment(command: &Command, script: &str) -> String {
    let name = quoted(command.step.step.as_str().as_bytes());
    format!("GUIDE_STEP={name} __guide_script={}\n", quoted(script.as_bytes()))
}
