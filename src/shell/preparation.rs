//! What bash is given for a step: what it does before the script, and the script.

use std::path::Path;

use crate::book::resolve_cwd;
use crate::shell::reach::SideEffects;
use crate::text::shell_word::quoted;
use crate::world::{Command, Mode, ShellContext};

/// Makes a shell go back to its folder after the step.
const BACK: &str = "__guide_folder=$PWD __guide_back=${OLDPWD-} \
    __guide_after='\\builtin cd -- \"$__guide_folder\" || \\builtin :; OLDPWD=$__guide_back; \
    \\builtin unset -v __guide_folder __guide_back __guide_after';";

/// Runs the text in `__guide_aside` in a subshell, under `set -e` though its end is looked at.
const ASIDE: &str = "\\builtin set +e; ( \\builtin set -e; \\builtin eval \"$__guide_aside\" ); __guide_result=$?; \\builtin set -e";

/// A step that sets an EXIT trap puts it in the place of ours, and when that step ends the shell as well, nobody tells its state. So its
/// `trap` is a function that keeps the text of such a trap for the chapter's end and puts ours back; none where the script could
/// notice that it is not the builtin.
pub(super) fn keep_exit_trap(script: &str, state: &[u8], ours: &str) -> Option<String> {
    let has = |word: &str| script.contains(word);
    let sets = has("trap") && ["EXIT", "exit", " 0"].into_iter().any(has);
    let notices = ["RETURN", "DEBUG", "trap()", "trap ()", "function trap"].into_iter().any(has);
    if !sets || notices || memchr::memmem::find(state, b"trap () ").is_some() {
        return None;
    }
    Some(format!(
        "__guide_trap=1; trap() {{ if [[ ${{1-}} == -- ]]; then \\builtin shift; fi; \
        case ${{1-}} in -?*) \\builtin trap \"$@\"; \\builtin return;; esac; \\builtin trap -- \"$@\" || \\builtin return; \
        if [[ ${{BASHPID:-$$}} != \"$$\" ]]; then \\builtin return 0; fi; \
        if (($# == 1)); then \\builtin set -- - \"$1\"; fi; \\builtin local __guide_signal; \
        for __guide_signal in \"${{@:2}}\"; do case $__guide_signal in 0|[eE][xX][iI][tT]|[sS][iI][gG][eE][xX][iI][tT]) \
        if [[ $1 == - ]]; then __guide_exit=; else __guide_exit=$1; fi; {ours} ;; esac; done; }};"
    ))
}

/// Adds what a step in the chapter's shell needs. All on one line with the script's first, so that lines keep their numbers.
pub(super) fn prepare(
    command: &Command,
    scene: Option<&ShellContext>,
    late: &[u8],
    reach: &SideEffects,
    preparation: &mut Vec<String>,
) {
    preparation.push(match reach {
        SideEffects::Everything => "__guide_reach=;".to_owned(),
        SideEffects::Names(names) if names.is_empty() => "__guide_reach=nothing;".to_owned(),
        SideEffects::Names(names) => {
            format!("__guide_reach=some __guide_names=({});", names.join(" "))
        }
    });
    preparation.extend(exports(command));
    let late =
        if late.is_empty() { String::new() } else { format!("\\builtin eval {}; ", quoted(late)) };
    let folder = into_folder(command, scene);
    if folder.is_some() {
        preparation.push(BACK.to_owned());
    }
    let mut script = [&late, folder.as_deref().unwrap_or_default(), &command.script].concat();
    match command.mode {
        Mode::Aside => {
            let after = "\\builtin unset -v __guide_aside __guide_result __guide_after";
            let text = quoted(script.as_bytes());
            preparation
                .push(format!("__guide_aside={text} __guide_after=${{__guide_after-}}'{after}';"));
            ASIDE.clone_into(&mut script);
        }
        Mode::Interactive => {
            script =
                format!("\\builtin eval {} </dev/tty >/dev/tty 2>&1", quoted(script.as_bytes()))
        }
        Mode::Shell | Mode::Background(_) => {}
    }
    preparation.push(script_of(command, &script));
}

/// What brings a new bash of its own to a background step.
pub(super) fn prepare_background(command: &Command, scene: Option<&ShellContext>) -> String {
    let folder = into_folder(command, scene).unwrap_or_default();
    let options = "if [[ ${__guide_lost-} ]]; then \\builtin printf 'guide: of the state that this step starts from, this is gone: %s\\n' \
        \"$__guide_lost\" >&2; \\builtin exit 1; fi; \\builtin set -e -o pipefail; \\builtin eval \"${__guide_late-}\"; ";
    let script = [options, folder.as_str(), &command.script].concat();
    exports(command).chain([script_of(command, &script)]).collect()
}

fn exports(command: &Command) -> impl Iterator<Item = String> {
    let bound = command.bound.iter();
    bound.map(|(name, value)| {
        format!("\\builtin export {name}={} || \\builtin :;", quoted(value.as_bytes()))
    })
}

fn into_folder(command: &Command, scene: Option<&ShellContext>) -> Option<String> {
    let (scene, cwd) = (scene?, command.cwd.as_ref()?);
    let variable = |name: &str| {
        scene
            .environment
            .iter()
            .rev()
            .find(|(known, _)| known == name)
            .map(|(_, value)| Path::new(value))
    };
    let rendered = variable("GUIDE_STATE")
        .zip(variable("GUIDE_CHAPTER"))
        .map(|(state, chapter)| state.join("rendered").join(chapter));
    let rendered = rendered.as_deref().unwrap_or(&scene.folder);
    let folder = resolve_cwd(cwd, variable("GUIDE_BOOK").unwrap_or(&scene.folder), rendered);
    Some(format!("\\builtin cd -- {}; ", quoted(folder.as_os_str().as_encoded_bytes())))
}

fn script_of(command: &Command, script: &str) -> String {
    let name = quoted(command.step.step.as_str().as_bytes());
    format!("GUIDE_STEP={name} __guide_script={}\n", quoted(script.as_bytes()))
}
