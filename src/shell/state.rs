//! What a step left in its shell: the dump of `dump.sh` → text that restores it, and what the runner itself has to know.
//!
//! Only what differs from a new shell is kept, without what changes by itself (RANDOM, SECONDS …): a step that changed nothing
//! gives the same bytes as the one before it. Open descriptors, jobs and the command hash are not kept.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::secrets::Masker;
use crate::shell::assigned::Assigned;
use crate::shell::declaration::{Declaration, Declarations, line_end, unquoted, words};
use crate::shell::dump::{Dump, Limit, limits_of, traps, zero_second};
use crate::shell::roots::Roots;
use crate::shell::safe_state::without_secrets;
use crate::shell::secrets::Secrets;
use crate::text::shell_word::quoted;

/// What a new shell has, to leave it out.
#[derive(Debug, Default)]
pub(super) struct Initial {
    variables: HashMap<Vec<u8>, Vec<u8>>,
    options: String,
    /// Limits of resources.
    limits: BTreeMap<u8, Limit>,
    /// The second since 1970 at which `SECONDS` was 0.
    zero_second: Option<i64>,
    roots: Roots,
    /// Signals that whoever started the runner ignores (Python does, `nohup` does): no shell can change that.
    ignored: HashSet<Vec<u8>>,
}

impl Initial {
    /// Reads what a new shell tells: `$EPOCHSECONDS $SECONDS`, `ulimit`, `trap -p` and `declare -p`.
    pub(super) fn read(text: &[u8]) -> Self {
        let before = memchr::memmem::find(text, b"declare -").unwrap_or(text.len());
        let ignored = traps(&text[..before])
            .into_iter()
            .filter(|trap| trap.starts_with(b"trap -- '' "))
            .collect();
        let first = std::str::from_utf8(&text[..line_end(text)]).unwrap_or_default().trim_end();
        let (limits, zero_second) = (limits_of(&text[..before]), zero_second(first));
        let mut initial = Self { ignored, limits, zero_second, ..Self::default() };
        for found in Declarations(text) {
            if found.name == b"BASHOPTS" {
                let options = found.value.and_then(unquoted).unwrap_or_default();
                initial.options = String::from_utf8_lossy(&options).into_owned();
            }
            if !is_volatile(found.name) {
                initial.variables.insert(found.name.to_vec(), found.text.to_vec());
            }
        }
        initial.roots = Roots::of(|name| {
            let text = initial.variables.get(name.as_bytes())?;
            Declarations(text).next()?.value.and_then(unquoted)
        });
        initial
    }

    fn has(&self, variable: &Declaration<'_>) -> bool {
        self.variables.get(variable.name).is_some_and(|before| before == variable.text)
    }
}

/// A shell's state, as the runner keeps it in memory.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct ShellSnapshot {
    /// Exit code the step had (its shell's may be another one, if it ended).
    pub code: i32,
    /// Restores everything when sourced in a new shell, secrets too.
    pub text: Vec<u8>,
    /// The same without anything that holds a secret; none where it is no other.
    safe_text: Option<Vec<u8>>,
    /// What must be set again before every step of the same shell, as it would get into our own commands: tracing options, DEBUG …
    pub late: Vec<u8>,
    /// Is our EXIT trap no longer in place?
    pub exit_trap_lost: bool,
    /// The steps' own EXIT trap, quoted; empty for none. Ours runs it.
    pub at_exit: Vec<u8>,
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
    /// `SECONDS` and limits of resources.
    limits: Vec<u8>,
    /// A variable is a reference, or evaluates what it is assigned.
    tricky: bool,
}

impl ShellSnapshot {
    /// A state to start from that is only known as text.
    pub(super) fn from_text(text: &[u8]) -> Self {
        // The text sets the variable where it is needed.
        let at_exit = text
            .split(|&byte| byte == b'\n')
            .rev()
            .find_map(|line| line.strip_prefix(b"__guide_exit="));
        Self {
            text: text.to_vec(),
            at_exit: at_exit.unwrap_or_default().to_vec(),
            late: b"\\builtin eval \"${__guide_late-}\"; ".to_vec(),
            ..Self::default()
        }
    }

    /// Reads a dump. None when it is torn.
    pub(super) fn read(
        dump: &[u8],
        mark: &str,
        (initial, assigned): (&Initial, &Assigned),
        secrets: &mut Secrets,
        masker: &Masker,
    ) -> Option<Self> {
        let dump = Dump::split(dump, mark)?;
        let mut live = Self { code: dump.code, ..Self::default() };
        let variables: Vec<Declaration<'_>> = dump.variables.collect();
        learn(&variables, None, secrets, masker);
        live.function_sets_secret = !secrets.is_empty()
            && secrets.are_mentioned_in(&String::from_utf8_lossy(dump.functions.1));
        let traps = live.take_traps(dump.traps, dump.at_exit, initial);
        live.late_options(dump.options);
        live.late.extend(
            dump.disabled
                .iter()
                .flat_map(|line| [b"\\builtin ", line.trim_ascii_end(), b"; "].concat()),
        );
        let mut parts = Parts { umask: dump.umask.to_vec(), ..Parts::default() };
        parts.take_variables(&variables, initial, assigned);
        parts.take_limits(&dump.limits, dump.zero_second, initial);
        shell_options(dump.shell_options, &initial.options, &mut parts.before);
        let changed = |line: &&[u8]| !line.starts_with(b"declare -f ");
        parts.before.extend_from_slice(dump.functions.1);
        parts.before.extend(
            dump.functions.0.split_inclusive(|&byte| byte == b'\n').filter(changed).flatten(),
        );
        for made in dump.made {
            parts.after.push(if made.name == b"DIRSTACK" {
                pushed_folders(&made, &initial.roots)
            } else {
                made.text.to_vec()
            });
        }
        if !dump.arguments.is_empty() {
            let words = dump.arguments.iter().map(|&byte| if byte == b'\n' { b' ' } else { byte });
            parts
                .after
                .push(b"\\builtin set -- ".iter().copied().chain(words).chain([b'\n']).collect());
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
                Some(variable) => drop(
                    parts.variables.insert(name.to_vec(), initial.roots.declaration(variable.text)),
                ),
                None if initial.variables.contains_key(name) => parts.gone.push(name.to_vec()),
                None => {}
            }
        }
        parts.gone.sort_unstable();
        self.compose(secrets, masker);
    }

    /// May a script be judged by its look (`reach.rs`)?
    pub(super) fn is_plain(&self) -> bool {
        let plain =
            |parts: &Parts| parts.before.is_empty() && parts.after.is_empty() && !parts.tricky;
        self.late.is_empty()
            && self.at_exit.is_empty()
            && !self.exit_trap_lost
            && self.parts.as_ref().is_some_and(plain)
    }

    /// What may be written to disk.
    pub(super) fn for_disk(&self) -> &[u8] {
        self.safe_text.as_deref().unwrap_or(&self.text)
    }

    fn compose(&mut self, secrets: &Secrets, masker: &Masker) {
        let pieces = self.pieces();
        self.safe_text = if secrets.is_empty() && masker.is_empty() {
            None
        } else {
            without_secrets(&pieces, secrets, masker)
        };
        self.text = pieces.concat();
    }

    /// The text that brings a new shell into this state, piece by piece.
    fn pieces(&self) -> Vec<Vec<u8>> {
        let Some(parts) = &self.parts else { return Vec::new() };
        let gone =
            parts.gone.iter().map(|name| [b"\\builtin unset -v ", name.as_slice(), b"\n"].concat());
        let gone = gone.collect::<Vec<_>>().concat();
        let mut late = Vec::new();
        for (name, value) in
            [("late", quoted(&self.late).into_bytes()), ("exit", self.at_exit.clone())]
        {
            if !matches!(value.as_slice(), b"" | b"''") {
                late.push([b"__guide_", name.as_bytes(), b"=", &value, b"\n"].concat());
            }
        }
        // The others may be written with the names of these.
        let (roots, others): (Vec<_>, Vec<_>) =
            parts.variables.iter().partition(|(name, _)| Roots::are_named_by(name));
        let variables = others.into_iter().chain(roots).map(|(_, text)| text);
        let pieces = [&parts.before, &parts.folder].into_iter().chain(variables).chain([&gone]);
        let pieces = pieces.chain(&parts.after).chain([&parts.umask, &parts.limits]).chain(&late);
        pieces.cloned().collect()
    }

    /// Sorts the traps: EXIT, those that would disturb the runner's own commands, and the rest, which is returned.
    fn take_traps(&mut self, traps: Vec<Vec<u8>>, at_exit: &[u8], initial: &Initial) -> Vec<u8> {
        let (mut rest, mut late) = (Vec::new(), Vec::new());
        self.exit_trap_lost = true;
        let mut theirs = Vec::new();
        for trap in traps.into_iter().filter(|trap| !initial.ignored.contains(trap)) {
            let text = trap.strip_prefix(b"trap -- ").unwrap_or_default().trim_ascii_end();
            let Some(space) = memchr::memrchr(b' ', text) else { continue };
            let (body, signal) = (&text[..space], &text[space + 1..]);
            match signal {
                b"EXIT" if body.starts_with(b"'\\builtin source /proc/") => {
                    self.exit_trap_lost = false
                }
                b"EXIT" => theirs = body.to_vec(),
                b"DEBUG" | b"ERR" | b"RETURN" => {
                    late.push([b"\\builtin trap -- ", body, b" ", signal, b"; "].concat())
                }
                _ => rest.extend_from_slice(&trap),
            }
        }
        self.late = late.concat();
        self.at_exit = if self.exit_trap_lost { theirs } else { at_exit.to_owned() };
        if self.at_exit == b"''" {
            self.at_exit.clear();
        }
        rest
    }

    fn late_options(&mut self, options: &str) {
        const USUAL: [&str; 5] =
            ["braceexpand", "errexit", "hashall", "interactive-comments", "pipefail"];
        let extra: Vec<&str> = options
            .split(':')
            .filter(|option| !option.is_empty() && !USUAL.contains(option))
            .collect();
        let missing =
            USUAL.iter().filter(|usual| !options.split(':').any(|option| option == **usual));
        let missing: Vec<&str> = missing.copied().collect();
        if extra.is_empty() && missing.is_empty() {
            return;
        }
        let is_loud = |option: &&&str| ["verbose", "xtrace"].contains(*option);
        let off = missing
            .iter()
            .filter(|option| !["errexit", "pipefail"].contains(option))
            .map(|option| format!(" +o {option}"));
        let on = extra.iter().filter(|option| !is_loud(option)).chain(extra.iter().filter(is_loud));
        let all: Vec<String> = off.chain(on.map(|option| format!(" -o {option}"))).collect();
        self.late.extend_from_slice(
            ["\\builtin set -e -o pipefail", &all.concat(), "; "].concat().as_bytes(),
        );
    }
}

impl Parts {
    fn take_variables(
        &mut self,
        found: &[Declaration<'_>],
        initial: &Initial,
        assigned: &Assigned,
    ) {
        let mut known = 0;
        for variable in
            found.iter().filter(|variable| !is_volatile(variable.name) || variable.name == b"PWD")
        {
            known += usize::from(initial.variables.contains_key(variable.name));
            if initial.has(variable) && (variable.name == b"PWD" || !assigned.has(variable.name)) {
                continue;
            }
            if variable.name == b"PWD" {
                self.folder = into_folder(
                    &variable.value.and_then(unquoted).unwrap_or_default(),
                    &initial.roots,
                );
                continue;
            }
            self.tricky |= variable.attributes().iter().any(|attribute| b"in".contains(attribute));
            self.variables.insert(variable.name.to_vec(), initial.roots.declaration(variable.text));
        }
        let mut unset =
            assigned.unset().map(str::as_bytes).filter(|name| !is_volatile(name)).peekable();
        if known < initial.variables.len() || unset.peek().is_some() {
            let there: HashSet<&[u8]> = found.iter().map(|variable| variable.name).collect();
            let missing = initial
                .variables
                .keys()
                .map(Vec::as_slice)
                .chain(unset)
                .filter(|name| !there.contains(name));
            self.gone = missing.map(<[u8]>::to_vec).collect();
            self.gone.sort_unstable();
            self.gone.dedup();
        }
    }

    /// What differs from a new shell.
    fn take_limits(
        &mut self,
        limits: &BTreeMap<u8, Limit>,
        zero_second: Option<i64>,
        initial: &Initial,
    ) {
        // Both are read one after the other, and a second may pass between them.
        let zero_second = zero_second
            .filter(|zero| initial.zero_second.is_some_and(|before| before.abs_diff(*zero) > 1));
        if let Some(zero) = zero_second {
            self.limits
                .extend_from_slice(format!("SECONDS=$((EPOCHSECONDS - {zero}))\n").as_bytes());
        }
        for (letter, limit) in
            limits.iter().filter(|(letter, limit)| initial.limits.get(letter) != Some(limit))
        {
            let (letter, Limit { soft, hard }) = (char::from(*letter), limit);
            // Which of the two can be set first depends on what they are.
            let set = format!(
                "\\builtin ulimit -S{letter} {soft} 2>/dev/null || \\builtin :; \\builtin ulimit -H{letter} {hard} 2>/dev/null && \
                \\builtin ulimit -S{letter} {soft} 2>/dev/null || __guide_lost+='the limit `ulimit -{letter} {soft}`; '\n"
            );
            self.limits.extend_from_slice(set.as_bytes());
        }
    }
}

/// Values of variables named as secret. `among`: the only variables that were looked at; none: all were.
fn learn(
    found: &[Declaration<'_>],
    among: Option<&[String]>,
    secrets: &mut Secrets,
    masker: &Masker,
) {
    let names: Vec<String> = secrets.names().map(str::to_owned).collect();
    for name in names.iter().filter(|name| among.is_none_or(|among| among.contains(name))) {
        let variables = found.iter().filter(|variable| variable.name == name.as_bytes());
        let values: Vec<Vec<u8>> =
            variables.filter_map(|variable| variable.value).flat_map(words).collect();
        values.iter().for_each(|value| masker.add(value));
        if values.iter().any(|value| !value.is_empty()) {
            secrets.is_known(name)
        } else {
            secrets.is_unknown(name)
        }
    }
}

/// Never another folder in its place: a step may go on to delete what it finds in its own.
fn into_folder(folder: &[u8], roots: &Roots) -> Vec<u8> {
    let go = "\\builtin cd -- \"$__guide_folder\" 2>/dev/null || __guide_lost+=\"the folder $__guide_folder; \"\n\\builtin unset -v __guide_folder\n";
    [b"__guide_folder=", roots.folder(folder).as_slice(), b"\n", go.as_bytes()].concat()
}

/// `pushd` made these; the first entry is the folder itself.
fn pushed_folders(variable: &Declaration<'_>, roots: &Roots) -> Vec<u8> {
    let folders = variable.value.map(words).unwrap_or_default();
    // In a folder of the chapter's `$PWD` is not what it was in the new shell.
    let pushed = folders.iter().skip(1).rev();
    let pushed = pushed.map(|folder| {
        [b"\\builtin pushd -n ", roots.elsewhere(folder).as_slice(), b" >/dev/null\n"].concat()
    });
    pushed.collect::<Vec<_>>().concat()
}

fn shell_options(now: &str, before: &str, text: &mut Vec<u8>) {
    let differing = |one: &str, other: &str| {
        let other: Vec<&str> = other.split(':').collect();
        one.split(':')
            .filter(|option| !option.is_empty() && !other.contains(option))
            .collect::<Vec<_>>()
            .join(" ")
    };
    for (switch, options) in [("-s", differing(now, before)), ("-u", differing(before, now))] {
        if !options.is_empty() {
            text.extend_from_slice(
                format!("\\builtin shopt {switch} {options} || \\builtin :\n").as_bytes(),
            );
        }
    }
}

/// Changes by itself, belongs to bash, or is ours.
fn is_volatile(name: &[u8]) -> bool {
    matches!(
        name,
        b"_" | b"BASH"
            | b"BASHOPTS"
            | b"BASHPID"
            | b"BASH_ALIASES"
            | b"BASH_ARGC"
            | b"BASH_ARGV"
            | b"BASH_ARGV0"
            | b"BASH_CMDS"
            | b"BASH_COMMAND"
            | b"BASH_EXECUTION_STRING"
            | b"BASH_LINENO"
            | b"BASH_MONOSECONDS"
            | b"BASH_SOURCE"
            | b"BASH_SUBSHELL"
            | b"BASH_TRAPSIG"
            | b"BASH_VERSINFO"
            | b"BASH_VERSION"
            | b"BASH_XTRACEFD"
            | b"DIRSTACK"
            | b"EPOCHREALTIME"
            | b"EPOCHSECONDS"
            | b"EUID"
            | b"FUNCNAME"
            | b"GROUPS"
            | b"GUIDE_STEP"
            | b"HISTCMD"
            | b"LINENO"
            | b"PIPESTATUS"
            | b"PPID"
            | b"RANDOM"
            | b"SECONDS"
            | b"SHELLOPTS"
            | b"SHLVL"
            | b"SRANDOM"
            | b"UID"
    ) || name.starts_with(b"__guide_")
}
