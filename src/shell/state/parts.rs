//! The parts of a shell's state that differ from a new shell, each as bash text that restores it.

use std::collections::{BTreeMap, HashSet};

use super::declaration::{Declaration, unquoted, words};
use super::dump::{Dump, Limit};
use super::initial::{Initial, is_volatile};
use super::mentioned::MentionedNames;
use super::roots::Roots;

/// The parts, in the order in which they are restored.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Parts {
    /// Options of `shopt`, and functions.
    pub(super) before: Vec<u8>,
    pub(super) folder: Vec<u8>,
    pub(super) variables: BTreeMap<Vec<u8>, Vec<u8>>,
    /// Variables that a new shell has and this shell does not have.
    pub(super) unset: Vec<Vec<u8>>,
    /// Aliases, folders of `pushd`, arguments and traps, one piece each.
    pub(super) after: Vec<Vec<u8>>,
    /// Open descriptors, one piece each.
    pub(super) descriptors: Vec<Vec<u8>>,
    pub(super) umask: Vec<u8>,
    /// `SECONDS` and limits of resources.
    pub(super) limits: Vec<u8>,
    /// Whether a variable is a reference to another one, or evaluates the text that is assigned to
    /// it.
    pub(super) has_indirect_variables: bool,
}

impl Parts {
    /// Takes all parts from a dump except the traps, which the caller has sorted.
    pub(super) fn of(
        dump: &Dump<'_>,
        variables: &[Declaration<'_>],
        traps: Vec<u8>,
        (initial, mentioned): (&Initial, &MentionedNames),
    ) -> Self {
        let mut parts = Self { umask: dump.umask.to_vec(), ..Self::default() };
        parts.take_variables(variables, initial, mentioned);
        parts.take_limits(&dump.limits, dump.zero_second, initial);
        parts.before = shell_options(dump.shell_options, &initial.options);
        let (attributes, functions) = dump.functions;
        parts.before.extend_from_slice(functions);
        let has_attributes = |line: &&[u8]| !line.starts_with(b"declare -f ");
        let attributes = attributes.split_inclusive(|&byte| byte == b'\n').filter(has_attributes);
        parts.before.extend(attributes.flatten());
        for variable in dump.special.clone() {
            parts.after.push(if variable.name == b"DIRSTACK" {
                pushed_folders(&variable, &initial.roots)
            } else {
                variable.text.to_vec()
            });
        }
        if !dump.arguments.is_empty() {
            let words = dump.arguments.iter().map(|&byte| if byte == b'\n' { b' ' } else { byte });
            let words: Vec<u8> = words.collect();
            parts.after.push([b"\\builtin set -- ", words.as_slice(), b"\n"].concat());
        }
        let opened = dump.descriptors.iter().filter(|open| !initial.has_descriptor(open));
        parts.descriptors =
            opened.map(|open| open.restored(&initial.roots, &initial.output)).collect();
        parts.after.push(traps);
        parts.after.retain(|part| !part.is_empty());
        parts
    }

    /// Takes the variables that differ from a new shell's, or that a step has named.
    fn take_variables(
        &mut self,
        found: &[Declaration<'_>],
        initial: &Initial,
        mentioned: &MentionedNames,
    ) {
        let mut known = 0;
        for variable in
            found.iter().filter(|variable| !is_volatile(variable.name) || variable.name == b"PWD")
        {
            known += usize::from(initial.variables.contains_key(variable.name));
            let is_pwd = variable.name == b"PWD";
            if initial.has(variable) && (is_pwd || !mentioned.may_be_assigned(variable.name)) {
                continue;
            }
            if is_pwd {
                self.folder = into_folder(
                    &variable.value.and_then(unquoted).unwrap_or_default(),
                    &initial.roots,
                );
                continue;
            }
            self.has_indirect_variables |=
                variable.attributes().iter().any(|attribute| b"in".contains(attribute));
            self.variables.insert(variable.name.to_vec(), initial.roots.declaration(variable.text));
        }
        let mut unset =
            mentioned.unset().map(str::as_bytes).filter(|name| !is_volatile(name)).peekable();
        if known < initial.variables.len() || unset.peek().is_some() {
            let present: HashSet<&[u8]> = found.iter().map(|variable| variable.name).collect();
            let missing = initial
                .variables
                .keys()
                .map(Vec::as_slice)
                .chain(unset)
                .filter(|name| !present.contains(name));
            self.unset = missing.map(<[u8]>::to_vec).collect();
            self.unset.sort_unstable();
            self.unset.dedup();
        }
    }

    /// Takes `SECONDS` and the limits that differ from a new shell's.
    fn take_limits(
        &mut self,
        limits: &BTreeMap<u8, Limit>,
        zero_second: Option<i64>,
        initial: &Initial,
    ) {
        // bash reads the clock twice, and a second may pass between the two.
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
            // Whether the soft or the hard limit can be set first depends on their values.
            let set = format!(
                "\\builtin ulimit -S{letter} {soft} 2>/dev/null || \\builtin :; \\builtin ulimit -H{letter} {hard} 2>/dev/null && \
                \\builtin ulimit -S{letter} {soft} 2>/dev/null || __guide_lost+='the limit `ulimit -{letter} {soft}`; '\n"
            );
            self.limits.extend_from_slice(set.as_bytes());
        }
    }
}

/// Changes to the folder, or reports it as lost. Another folder must never be used instead, because
/// a step may delete the files that it finds there.
fn into_folder(folder: &[u8], roots: &Roots) -> Vec<u8> {
    let go = "\\builtin cd -- \"$__guide_folder\" 2>/dev/null || __guide_lost+=\"the folder $__guide_folder; \"\n\\builtin unset -v __guide_folder\n";
    [b"__guide_folder=", roots.folder(folder).as_slice(), b"\n", go.as_bytes()].concat()
}

/// Restores the folders of `pushd`. The first entry is the current folder.
fn pushed_folders(variable: &Declaration<'_>, roots: &Roots) -> Vec<u8> {
    let folders = variable.value.map(words).unwrap_or_default();
    // The shell is already in its own folder, so `$PWD` is not the chapter's folder.
    let pushed = folders.iter().skip(1).rev();
    let pushed = pushed.map(|folder| {
        [b"\\builtin pushd -n ", roots.elsewhere(folder).as_slice(), b" >/dev/null\n"].concat()
    });
    pushed.collect::<Vec<_>>().concat()
}

/// Sets the options of `shopt` that differ from those before.
fn shell_options(now: &str, before: &str) -> Vec<u8> {
    let mut text = Vec::new();
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
    text
}
