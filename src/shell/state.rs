//! The state of a chapter's shell after a step: converts the output of `dump.sh` into bash text
//! that restores the state.
//!
//! Only differences from a new shell are kept, without variables that change by themselves (RANDOM,
//! SECONDS …), so that a step that changes nothing gives the same bytes as the step before it. Jobs
//! and the command hash are not kept.

mod declaration;
mod descriptors;
mod dump;
mod initial;
mod mentioned;
mod parts;
mod roots;
mod without_secrets;

use self::declaration::{Declaration, Declarations, words};
use self::dump::Dump;
pub(super) use self::initial::Initial;
pub(super) use self::mentioned::MentionedNames;
use self::parts::Parts;
use self::roots::Roots;
use self::without_secrets::without_secrets;
use crate::output::ShellState;
use crate::secrets::Masker;
use crate::shell::exit_trap::is_own;
use crate::shell::secrets::Secrets;
use crate::text::shell_word::quoted;

/// Prints the state.
pub(super) const DUMP: &str = include_str!("state/dump.sh");
/// Prints the open descriptors, as a part of the state and of what a new shell has.
pub(super) const DESCRIPTORS: &str = include_str!("state/descriptors.sh");

/// A shell's state, as the runner keeps it in memory.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct ShellSnapshot {
    /// The step's exit code. The exit code of the shell may be another one, if the shell ended.
    pub(super) code: i32,
    /// Restores everything when a new shell sources it, secrets too.
    pub(super) text: Vec<u8>,
    /// The same without the pieces that contain a secret. `None` if no piece does.
    text_without_secrets: Option<Vec<u8>>,
    /// Commands to run again before every step of the same shell. They set tracing options, traps
    /// (DEBUG, ERR, RETURN) and disabled builtins, which would disturb the runner's own commands.
    pub(super) deferred_setup: Vec<u8>,
    /// Whether a step has replaced the runner's EXIT trap.
    pub(super) exit_trap_lost: bool,
    /// The EXIT trap that the steps have set, quoted; empty if there is none. The runner's EXIT
    /// trap runs it.
    pub(super) exit_trap: Vec<u8>,
    /// Whether one of the functions may set a secret.
    pub(super) function_sets_secret: bool,
    /// The parts that are missing from the chapter's saved state, because they contain a secret,
    /// and that no step has set again.
    missing: Vec<String>,
    /// `None` for a state that is only known as text.
    parts: Option<Parts>,
}

impl ShellSnapshot {
    /// A state to start from that is only known as text.
    pub(super) fn from_text(text: &[u8]) -> Self {
        let exit_trap = text
            .split(|&byte| byte == b'\n')
            .rev()
            .find_map(|line| line.strip_prefix(b"__guide_exit="));
        Self {
            text: text.to_vec(),
            exit_trap: exit_trap.unwrap_or_default().to_vec(),
            missing: ShellState(text.to_vec()).left_out(),
            // The text itself sets the variable.
            deferred_setup: b"\\builtin eval \"${__guide_late-}\"; ".to_vec(),
            ..Self::default()
        }
    }

    /// Reads a dump. `None` when it is not complete.
    pub(super) fn read(
        dump: &[u8],
        mark: &str,
        (initial, mentioned): (&Initial, &MentionedNames),
        secrets: &mut Secrets,
        masker: &Masker,
    ) -> Option<Self> {
        let dump = Dump::split(dump, mark)?;
        let variables: Vec<Declaration<'_>> = dump.variables.clone().collect();
        learn_values(&variables, None, secrets, masker);
        let mut snapshot = Self { code: dump.code, ..Self::default() };
        snapshot.function_sets_secret = !secrets.is_empty()
            && secrets.are_mentioned_in(&String::from_utf8_lossy(dump.functions.1));
        let traps = snapshot.take_traps(&dump.traps, dump.exit_trap, initial);
        snapshot.defer_options(dump.options);
        for line in &dump.disabled {
            let disable = [b"\\builtin ", line.trim_ascii_end(), b"; "].concat();
            snapshot.deferred_setup.extend(disable);
        }
        snapshot.parts = Some(Parts::of(&dump, &variables, traps, (initial, mentioned)));
        snapshot.compose(secrets, masker);
        Some(snapshot)
    }

    /// Changes the state to the one after a step that passed and can have changed only these variables.
    pub(super) fn change_variables(
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
        learn_values(&found, Some(names), secrets, masker);
        for name in names.iter().map(String::as_bytes) {
            parts.variables.remove(name);
            parts.unset.retain(|unset| unset != name);
            let declared = found.iter().find(|variable| variable.name == name);
            if let Some(variable) = declared {
                let text = initial.roots.declaration(variable.text);
                parts.variables.insert(name.to_vec(), text);
            } else if initial.variables.contains_key(name) {
                parts.unset.push(name.to_vec());
            }
        }
        parts.unset.sort_unstable();
        self.compose(secrets, masker);
    }

    /// Whether the words of a script have their plain meaning in this shell, without functions,
    /// aliases or changed options, so that `side_effects.rs` may judge a script.
    pub(super) fn tracks_precisely(&self) -> bool {
        let is_plain = |parts: &Parts| {
            parts.before.is_empty()
                && parts.after.is_empty()
                && parts.descriptors.is_empty()
                && !parts.has_indirect_variables
        };
        self.deferred_setup.is_empty()
            && self.exit_trap.is_empty()
            && !self.exit_trap_lost
            && self.parts.as_ref().is_some_and(is_plain)
    }

    /// The state that may be written to disk.
    pub(super) fn for_disk(&self) -> ShellState {
        let text = self.text_without_secrets.as_deref().unwrap_or(&self.text);
        ShellState(text.to_vec()).also_left_out(&self.missing)
    }

    /// Takes over the parts that were missing from the previous state and are still missing,
    /// because a run that is resumed again has to report them again.
    pub(super) fn inherit_missing(&mut self, before: &Self) {
        let missing = before.missing.iter().filter(|name| self.lacks(name));
        self.missing = missing.cloned().collect();
    }

    /// Whether a part with this description (as `without_secrets.rs` gives it) is not in the state.
    fn lacks(&self, part: &str) -> bool {
        let Some(parts) = &self.parts else { return true };
        let has =
            |text: &[u8], wanted: String| memchr::memmem::find(text, wanted.as_bytes()).is_some();
        if let Some(function) = part.strip_suffix("()") {
            let definition = format!("{function} () \n");
            !parts.before.starts_with(definition.as_bytes())
                && !has(&parts.before, format!("\n{definition}"))
        } else if let Some(signal) = part.strip_prefix("the trap ") {
            !has(&self.text, format!(" {signal}\n")) && !has(&self.text, format!(" SIG{signal}\n"))
        } else if let Some(number) = part.strip_prefix("the descriptor ") {
            !has(&parts.descriptors.concat(), format!("{}{number}", descriptors::START))
        } else {
            !parts.variables.contains_key(part.as_bytes())
        }
    }

    fn compose(&mut self, secrets: &Secrets, masker: &Masker) {
        let pieces = self.pieces();
        self.text_without_secrets = if secrets.is_empty() && masker.is_empty() {
            None
        } else {
            without_secrets(&pieces, secrets, masker)
        };
        self.text = pieces.concat();
    }

    /// The text that brings a new shell into this state, piece by piece.
    fn pieces(&self) -> Vec<Vec<u8>> {
        let Some(parts) = &self.parts else { return Vec::new() };
        let unset: Vec<u8> = parts
            .unset
            .iter()
            .flat_map(|name| [b"\\builtin unset -v ", name.as_slice(), b"\n"].concat())
            .collect();
        let mut runner_variables = Vec::new();
        for (name, value) in
            [("late", quoted(&self.deferred_setup).into_bytes()), ("exit", self.exit_trap.clone())]
        {
            if !matches!(value.as_slice(), b"" | b"''") {
                runner_variables.push([b"__guide_", name.as_bytes(), b"=", &value, b"\n"].concat());
            }
        }
        // The roots come last, because the values of other variables may use their names.
        let (roots, others): (Vec<_>, Vec<_>) =
            parts.variables.iter().partition(|(name, _)| Roots::are_named_by(name));
        let variables = others.into_iter().chain(roots).map(|(_, text)| text);
        let pieces = [&parts.before, &parts.folder].into_iter().chain(variables).chain([&unset]);
        let pieces = pieces.chain(&parts.after).chain(&parts.descriptors);
        let pieces = pieces.chain([&parts.umask, &parts.limits]);
        pieces.chain(&runner_variables).cloned().collect()
    }

    /// Sorts the traps into EXIT, those that would disturb the runner's own commands, and the
    /// others, which are returned.
    fn take_traps(&mut self, traps: &[Vec<u8>], exit_trap: &[u8], initial: &Initial) -> Vec<u8> {
        let mut others = Vec::new();
        self.exit_trap_lost = true;
        let mut of_step = Vec::new();
        for trap in traps.iter().filter(|trap| !initial.ignored.contains(*trap)) {
            let text = trap.strip_prefix(b"trap -- ").unwrap_or_default().trim_ascii_end();
            let Some(space) = memchr::memrchr(b' ', text) else { continue };
            let (body, signal) = (&text[..space], &text[space + 1..]);
            match signal {
                b"EXIT" if is_own(body) => self.exit_trap_lost = false,
                b"EXIT" => of_step = body.to_vec(),
                b"DEBUG" | b"ERR" | b"RETURN" => {
                    let set = [b"\\builtin trap -- ", body, b" ", signal, b"; "].concat();
                    self.deferred_setup.extend(set);
                }
                _ => others.extend_from_slice(trap),
            }
        }
        self.exit_trap = if self.exit_trap_lost { of_step } else { exit_trap.to_owned() };
        if self.exit_trap == b"''" {
            self.exit_trap.clear();
        }
        others
    }

    /// Defers the options of `set` that differ from those in which a step starts.
    fn defer_options(&mut self, options: &str) {
        const USUAL: [&str; 5] =
            ["braceexpand", "errexit", "hashall", "interactive-comments", "pipefail"];
        let on: Vec<&str> = options.split(':').filter(|option| !option.is_empty()).collect();
        let extra: Vec<&str> =
            on.iter().copied().filter(|option| !USUAL.contains(option)).collect();
        let missing: Vec<&str> = USUAL.into_iter().filter(|option| !on.contains(option)).collect();
        if extra.is_empty() && missing.is_empty() {
            return;
        }
        let mut command = "\\builtin set -e -o pipefail".to_owned();
        for option in missing.iter().filter(|option| !["errexit", "pipefail"].contains(option)) {
            command += &format!(" +o {option}");
        }
        // A tracing option comes last, because it prints all following commands.
        let (tracing, silent): (Vec<&str>, Vec<&str>) =
            extra.into_iter().partition(|option| ["verbose", "xtrace"].contains(option));
        for option in silent.iter().chain(&tracing) {
            command += &format!(" -o {option}");
        }
        self.deferred_setup.extend_from_slice((command + "; ").as_bytes());
    }
}

/// Adds the values of secret variables to the masker. `among` are the variables that were printed;
/// `None`: all were printed.
fn learn_values(
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
        secrets.set_known(name, values.iter().any(|value| !value.is_empty()));
    }
}
