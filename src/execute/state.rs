//! What a step left in its shell: the dump of `dump.sh` → text that restores it, and what the runner itself has to know.
//!
//! Only what differs from a new shell is kept, without what changes by itself (RANDOM, SECONDS …): a step that changed nothing
//! gives the same bytes as the one before it. Open descriptors, jobs and the command hash are not kept.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::declaration::{Declaration, Declarations, unquoted, words};
use super::dump::{Dump, traps};
use super::quote::quoted;
use super::safe_state::without_secrets;
use super::secrets::Secrets;
use crate::secrets::Masker;

/// What a new shell has, to leave it out.
#[derive(Debug, Default)]
pub(super) struct Initial {
    variables: HashMap<Vec<u8>, Vec<u8>>,
    options: String,
    /// Signals that whoever started the runner ignores (Python does, `nohup` does): no shell can change that.
    ignored: HashSet<String>,
}

impl Initial {
    /// Reads `trap -p` and `declare -p` of a new shell.
    pub(super) fn read(text: &[u8]) -> Self {
        let before = memchr::memmem::find(text, b"declare -").unwrap_or(text.len());
        let ignored = traps(&text[..before]).into_iter().filter(|trap| trap.starts_with("trap -- '' ")).collect();
        let mut initial = Self { ignored, ..Self::default() };
        for found in Declarations(text) {
            if found.name == b"BASHOPTS" {
                let options = found.value.and_then(unquoted).unwrap_or_default();
                initial.options = String::from_utf8_lossy(&options).into_owned();
            }
            if !is_volatile(found.name) {
                initial.variables.insert(found.name.to_vec(), found.text.to_vec());
            }
        }
        initial
    }

    fn has(&self, variable: &Declaration<'_>) -> bool {
        self.variables.get(variable.name).is_some_and(|before| before == variable.text)
    }
}

/// A shell's state, as the runner keeps it in memory.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Live {
    /// Exit code the step had (its shell's may be another one, if it ended).
    pub code: i32,
    /// Restores everything when sourced in a new shell, secrets too.
    pub text: Vec<u8>,
    /// The same without anything that holds a secret; none where it is no other.
    safe_text: Option<Vec<u8>>,
    /// What must be set again before every step of the same shell, as it would get into our own commands: tracing options, DEBUG …
    pub late: String,
    /// Is our EXIT trap no longer in place?
    pub exit_trap_lost: bool,
    /// The steps' own EXIT trap, quoted; empty for none. Ours runs it.
    pub at_exit: String,
    /// May one of its functions set a secret?
    pub function_sets_secret: bool,
    parts: Option<Parts>,
}

/// What the text is made of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Parts {
    /// Options and functions.
    before: Vec<u8>,
    folder: Vec<u8>,
    variables: BTreeMap<Vec<u8>, Vec<u8>>,
    gone: Vec<Vec<u8>>,
    /// Aliases, folders of `pushd`, arguments, traps: a piece each.
    after: Vec<Vec<u8>>,
    umask: Vec<u8>,
    /// A variable is a reference, or evaluates what it is assigned.
    tricky: bool,
}

impl Live {
    /// A state to start from that is only known as text.
    pub(super) fn from_text(text: &[u8]) -> Self {
        // The text sets the variable where it is needed.
        Self { text: text.to_vec(), late: "\\builtin eval \"${__guide_late-}\"; ".to_owned(), ..Self::default() }
    }

    /// Reads a dump. None when it is torn.
    pub(super) fn read(dump: &[u8], mark: &str, initial: &Initial, secrets: &mut Secrets, masker: &Masker) -> Option<Self> {
        let dump = Dump::split(dump, mark)?;
        let mut live = Self { code: dump.code, ..Self::default() };
        let variables: Vec<Declaration<'_>> = dump.variables.collect();
        learn(&variables, None, secrets, masker);
        live.function_sets_secret = !secrets.is_empty() && secrets.are_mentioned_in(&String::from_utf8_lossy(dump.functions.1));
        let traps = live.take_traps(dump.traps, dump.at_exit, initial);
        live.late_options(dump.options);
        let mut parts = Parts { umask: dump.umask.to_vec(), ..Parts::default() };
        parts.take_variables(&variables, initial);
        shell_options(dump.shell_options, &initial.options, &mut parts.before);
        let changed = |line: &&[u8]| !line.starts_with(b"declare -f ");
        parts.before.extend_from_slice(dump.functions.1);
        parts.before.extend(dump.functions.0.split_inclusive(|&byte| byte == b'\n').filter(changed).flatten());
        for made in dump.made {
            parts.after.push(if made.name == b"DIRSTACK" { pushed_folders(&made) } else { made.text.to_vec() });
        }
        if !dump.arguments.is_empty() {
            let words = dump.arguments.iter().map(|&byte| if byte == b'\n' { b' ' } else { byte });
            parts.after.push(b"\\builtin set -- ".iter().copied().chain(words).chain([b'\n']).collect());
        }
        parts.after.push(traps);
        parts.after.retain(|part| !part.is_empty());
        live.parts = Some(parts);
        live.compose(secrets, masker);
        Some(live)
    }

    /// The state after a step that can have changed nothing but these variables, whose declarations these are.
    pub(super) fn changed(
        &mut self,
        names: &[String],
        declarations: &[u8],
        initial: &Initial,
        secrets: &mut Secrets,
        masker: &Masker,
    ) {
        self.code = 0;
        let Some(parts) = self.parts.as_mut().filter(|_| !names.is_empty()) else { return };
        let found: Vec<Declaration<'_>> = Declarations(declarations).collect();
        learn(&found, Some(names), secrets, masker);
        for name in names.iter().map(String::as_bytes) {
            parts.variables.remove(name);
            parts.gone.retain(|gone| gone != name);
            match found.iter().find(|variable| variable.name == name) {
                Some(variable) if initial.has(variable) => {}
                Some(variable) => drop(parts.variables.insert(name.to_vec(), variable.text.to_vec())),
                None if initial.variables.contains_key(name) => parts.gone.push(name.to_vec()),
                None => {}
            }
        }
        parts.gone.sort_unstable();
        self.compose(secrets, masker);
    }

    /// May a script be judged by its look (`reach.rs`)?
    pub(super) fn is_plain(&self) -> bool {
        let plain = |parts: &Parts| parts.before.is_empty() && parts.after.is_empty() && !parts.tricky;
        self.late.is_empty() && self.at_exit.is_empty() && !self.exit_trap_lost && self.parts.as_ref().is_some_and(plain)
    }

    /// What may be written to disk.
    pub(super) fn for_disk(&self) -> &[u8] {
        self.safe_text.as_deref().unwrap_or(&self.text)
    }

    fn compose(&mut self, secrets: &Secrets, masker: &Masker) {
        let pieces = self.pieces();
        self.safe_text = if secrets.is_empty() && masker.is_empty() { None } else { without_secrets(&pieces, secrets, masker) };
        self.text = pieces.concat();
    }

    /// The text that brings a new shell into this state, piece by piece.
    fn pieces(&self) -> Vec<Vec<u8>> {
        let Some(parts) = &self.parts else { return Vec::new() };
        let gone = parts.gone.iter().map(|name| [b"\\builtin unset -v ", name.as_slice(), b"\n"].concat());
        let gone = gone.collect::<Vec<_>>().concat();
        let mut late = Vec::new();
        for (name, value) in [("late", quoted(self.late.as_bytes())), ("exit", self.at_exit.clone())] {
            if !matches!(value.as_str(), "" | "''") {
                late.push(format!("__guide_{name}={value}\n").into_bytes());
            }
        }
        let pieces = [&parts.before, &parts.folder].into_iter().chain(parts.variables.values()).chain([&gone]);
        let pieces = pieces.chain(&parts.after).chain([&parts.umask]).chain(&late);
        pieces.cloned().collect()
    }

    /// Sorts the traps: EXIT, those that would disturb the runner's own commands, and the rest, which is returned.
    fn take_traps(&mut self, traps: Vec<String>, at_exit: &str, initial: &Initial) -> Vec<u8> {
        let (mut rest, mut late) = (Vec::new(), Vec::new());
        self.exit_trap_lost = true;
        let mut theirs = String::new();
        for trap in traps.into_iter().filter(|trap| !initial.ignored.contains(trap)) {
            let Some((body, signal)) = trap.strip_prefix("trap -- ").and_then(|after| after.trim_end().rsplit_once(' ')) else {
                continue;
            };
            match signal {
                "EXIT" if body.starts_with("'\\builtin source /proc/") => self.exit_trap_lost = false,
                "EXIT" => body.clone_into(&mut theirs),
                "DEBUG" | "ERR" | "RETURN" => late.push(format!("\\builtin trap -- {body} {signal}; ")),
                _ => rest.extend_from_slice(trap.as_bytes()),
            }
        }
        self.late = late.concat();
        self.at_exit = if self.exit_trap_lost { theirs } else { at_exit.to_owned() };
        if self.at_exit == "''" {
            self.at_exit.clear();
        }
        rest
    }

    fn late_options(&mut self, options: &str) {
        const USUAL: [&str; 5] = ["braceexpand", "errexit", "hashall", "interactive-comments", "pipefail"];
        let extra: Vec<&str> = options.split(':').filter(|option| !option.is_empty() && !USUAL.contains(option)).collect();
        let missing = USUAL.iter().filter(|usual| !options.split(':').any(|option| option == **usual));
        let missing: Vec<&str> = missing.copied().collect();
        if extra.is_empty() && missing.is_empty() {
            return;
        }
        let is_loud = |option: &&&str| ["verbose", "xtrace"].contains(*option);
        let off = missing.iter().filter(|option| !["errexit", "pipefail"].contains(option)).map(|option| format!(" +o {option}"));
        let on = extra.iter().filter(|option| !is_loud(option)).chain(extra.iter().filter(is_loud));
        let all: Vec<String> = off.chain(on.map(|option| format!(" -o {option}"))).collect();
        self.late += &["\\builtin set -e -o pipefail", &all.concat(), "; "].concat();
    }
}

impl Parts {
    fn take_variables(&mut self, found: &[Declaration<'_>], initial: &Initial) {
        let mut known = 0;
        for variable in found.iter().filter(|variable| !is_volatile(variable.name) || variable.name == b"PWD") {
            known += usize::from(initial.variables.contains_key(variable.name));
            if initial.has(variable) {
                continue;
            }
            if variable.name == b"PWD" {
                let folder = variable.value.unwrap_or(b"\"\"");
                self.folder = [b"\\builtin cd -- ", folder, b" 2>/dev/null || \\builtin :\n"].concat();
                continue;
            }
            self.tricky |= variable.attributes().iter().any(|attribute| b"in".contains(attribute));
            self.variables.insert(variable.name.to_vec(), variable.text.to_vec());
        }
        if known < initial.variables.len() {
            let there: HashSet<&[u8]> = found.iter().map(|variable| variable.name).collect();
            self.gone = initial.variables.keys().filter(|name| !there.contains(name.as_slice())).cloned().collect();
            self.gone.sort_unstable();
        }
    }
}

/// Values of variables named as secret. `among`: the only variables that were looked at; none: all were.
fn learn(found: &[Declaration<'_>], among: Option<&[String]>, secrets: &mut Secrets, masker: &Masker) {
    let names: Vec<String> = secrets.names().map(str::to_owned).collect();
    for name in names.iter().filter(|name| among.is_none_or(|among| among.contains(name))) {
        let variables = found.iter().filter(|variable| variable.name == name.as_bytes());
        let values: Vec<Vec<u8>> = variables.filter_map(|variable| variable.value).flat_map(words).collect();
        values.iter().for_each(|value| masker.add(value));
        if values.iter().any(|value| !value.is_empty()) { secrets.is_known(name) } else { secrets.is_unknown(name) }
    }
}

/// `pushd` made these; the first entry is the folder itself.
fn pushed_folders(variable: &Declaration<'_>) -> Vec<u8> {
    let Some(value) = variable.value.filter(|value| memchr::memmem::find(value, b"[1]=").is_some()) else {
        return Vec::new();
    };
    let mut text = [b"declare -a __guide_folders=", value, b"\n"].concat();
    text.extend_from_slice(
        b"for ((__guide_turn = ${#__guide_folders[@]} - 1; __guide_turn > 0; __guide_turn--)); do \
        builtin pushd -n \"${__guide_folders[__guide_turn]}\" >/dev/null || \\builtin :; done\n",
    );
    text
}

fn shell_options(now: &str, before: &str, text: &mut Vec<u8>) {
    let differing = |one: &str, other: &str| {
        let other: Vec<&str> = other.split(':').collect();
        one.split(':').filter(|option| !option.is_empty() && !other.contains(option)).collect::<Vec<_>>().join(" ")
    };
    for (switch, options) in [("-s", differing(now, before)), ("-u", differing(before, now))] {
        if !options.is_empty() {
            text.extend_from_slice(format!("\\builtin shopt {switch} {options} || \\builtin :\n").as_bytes());
        }
    }
}

/// Changes by itself, belongs to bash, or is ours.
fn is_volatile(name: &[u8]) -> bool {
    matches!(
        name,
        b"_" | b"COLUMNS"
            | b"DIRSTACK"
            | b"EPOCHREALTIME"
            | b"EPOCHSECONDS"
            | b"EUID"
            | b"FUNCNAME"
            | b"GROUPS"
            | b"GUIDE_STEP"
            | b"HISTCMD"
            | b"LINENO"
            | b"LINES"
            | b"PIPESTATUS"
            | b"PPID"
            | b"RANDOM"
            | b"SECONDS"
            | b"SHELLOPTS"
            | b"SHLVL"
            | b"SRANDOM"
            | b"UID"
    ) || name.starts_with(b"BASH")
        || name.starts_with(b"__guide_")
}
