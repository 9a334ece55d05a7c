//! The state of a new shell, which a snapshot omits.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::declaration::{Declaration, Declarations, line_end, unquoted};
use super::descriptors::{Descriptor, descriptors};
use super::dump::{Limit, limits_of, traps, zero_second};
use super::roots::Roots;

/// The state of a new shell.
#[derive(Debug, Default)]
pub(in crate::shell) struct Initial {
    /// The declaration of each variable.
    pub(super) variables: HashMap<Vec<u8>, Vec<u8>>,
    /// The options of `shopt` that are on.
    pub(super) options: String,
    pub(super) limits: BTreeMap<u8, Limit>,
    /// The second since 1970 at which `SECONDS` was 0.
    pub(super) zero_second: Option<i64>,
    pub(super) roots: Roots,
    /// The descriptors that the runner's caller has opened.
    descriptors: Vec<Descriptor>,
    /// The file of the shell's output, as a link in `/proc/PID/fd` names it.
    pub(super) output: Vec<u8>,
    /// The traps of signals that the runner's caller ignores (as Python and `nohup` do). No shell
    /// can change these traps.
    pub(super) ignored: HashSet<Vec<u8>>,
}

impl Initial {
    /// Reads what a new shell prints: `$EPOCHSECONDS $SECONDS`, `ulimit`, `trap -p`, the descriptors and `declare -p`.
    ///
    /// `output` is the inode of the pipe that takes the shell's output.
    pub(in crate::shell) fn read(text: &[u8], output: u64) -> Self {
        let before = memchr::memmem::find(text, b"declare -").unwrap_or(text.len());
        let ignored = traps(&text[..before])
            .into_iter()
            .filter(|trap| trap.starts_with(b"trap -- '' "))
            .collect();
        let first = std::str::from_utf8(&text[..line_end(text)]).unwrap_or_default().trim_end();
        let (limits, zero_second) = (limits_of(&text[..before]), zero_second(first));
        let descriptors = descriptors(&text[..before]);
        let output = format!("pipe:[{output}]").into_bytes();
        let mut initial =
            Self { limits, zero_second, descriptors, output, ignored, ..Self::default() };
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

    /// Whether the new shell has this descriptor open on the same thing.
    pub(super) fn has_descriptor(&self, open: &Descriptor) -> bool {
        self.descriptors.iter().any(|other| other.is_like(open))
    }

    /// Whether the new shell has this variable with this value and these attributes.
    pub(super) fn has(&self, variable: &Declaration<'_>) -> bool {
        self.variables.get(variable.name).is_some_and(|before| before == variable.text)
    }
}

/// Variables that change by themselves or belong to bash. `GUIDE_STEP` and `__guide_…` belong to the runner.
const VOLATILE: &[&str] = &[
    "_",
    "BASH",
    "BASHOPTS",
    "BASHPID",
    "BASH_ALIASES",
    "BASH_ARGC",
    "BASH_ARGV",
    "BASH_ARGV0",
    "BASH_CMDS",
    "BASH_COMMAND",
    "BASH_EXECUTION_STRING",
    "BASH_LINENO",
    "BASH_MONOSECONDS",
    "BASH_SOURCE",
    "BASH_SUBSHELL",
    "BASH_TRAPSIG",
    "BASH_VERSINFO",
    "BASH_VERSION",
    "BASH_XTRACEFD",
    "DIRSTACK",
    "EPOCHREALTIME",
    "EPOCHSECONDS",
    "EUID",
    "FUNCNAME",
    "GROUPS",
    "GUIDE_STEP",
    "HISTCMD",
    "LINENO",
    "PIPESTATUS",
    "PPID",
    "RANDOM",
    "SECONDS",
    "SHELLOPTS",
    "SHLVL",
    "SRANDOM",
    "UID",
];

/// Whether the variable is not part of the state.
pub(super) fn is_volatile(name: &[u8]) -> bool {
    name.starts_with(b"__guide_") || VOLATILE.iter().any(|volatile| volatile.as_bytes() == name)
}
