//! Splits the output of `dump.sh` into its sections.

use std::collections::BTreeMap;

use super::declaration::{Declarations, line_end};
use super::descriptors::{Descriptor, descriptors};

/// The sections of one dump.
pub(super) struct Dump<'a> {
    /// The step's exit code.
    pub code: i32,
    /// Options of `set -o` that were on.
    pub options: &'a str,
    /// Options of `shopt` that were on.
    pub shell_options: &'a str,
    /// The second since 1970 at which `SECONDS` was 0.
    pub zero_second: Option<i64>,
    /// The EXIT trap that the steps have set, quoted. Empty if there is none.
    pub exit_trap: &'a [u8],
    /// The positional parameters, quoted, one line each.
    pub arguments: &'a [u8],
    /// The commands that disable builtins, one line each.
    pub disabled: Vec<&'a [u8]>,
    /// The commands that set the traps.
    pub traps: Vec<Vec<u8>>,
    /// `BASH_ALIASES` and `DIRSTACK`, unless both are empty. bash fills them only when they are named.
    pub special: Declarations<'a>,
    /// The command that sets the umask.
    pub umask: &'a [u8],
    /// The limits of resources, by their letter.
    pub limits: BTreeMap<u8, Limit>,
    /// The open descriptors.
    pub descriptors: Vec<Descriptor>,
    /// All variables.
    pub variables: Declarations<'a>,
    /// The attributes of the functions (`declare -F`) and their definitions.
    pub functions: (&'a [u8], &'a [u8]),
}

/// A resource's limits as `ulimit` prints them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Limit {
    pub soft: String,
    pub hard: String,
}

impl<'a> Dump<'a> {
    /// Splits a dump. `None` if it has another mark or is not complete.
    pub(super) fn split(dump: &'a [u8], mark: &str) -> Option<Self> {
        let begin = format!("\n{mark}\n");
        let at = memchr::memmem::find(dump, begin.as_bytes())?;
        let (before, mut rest) = (&dump[..at], &dump[at + begin.len()..]);
        let mut line = || {
            let (line, after) = rest.split_at(line_end(rest));
            rest = after;
            line.strip_suffix(b"\n")
        };
        // Text that a step wrote itself may be in any encoding or in none.
        let plain = |line: &'a [u8]| std::str::from_utf8(line).ok();
        let (code, options, shell_options) =
            (plain(line()?)?.parse().ok()?, plain(line()?)?, plain(line()?)?);
        let zero_second = zero_second(plain(line()?)?);
        let (exit_trap, count) = (line()?, line()?);
        let mut section = || {
            let is_empty = rest.starts_with(&begin.as_bytes()[1..]);
            let end = if is_empty { 0 } else { memchr::memmem::find(rest, begin.as_bytes())? + 1 };
            let (section, after) = rest.split_at(end);
            rest = &after[begin.len() - 1..];
            Some(section)
        };
        let (arguments, traps_set) = (section()?, section()?);
        let (special, limits) = (section()?, section()?);
        let (umask, limits) = limits.split_at(line_end(limits));
        Some(Self {
            code,
            options,
            shell_options,
            zero_second,
            exit_trap,
            arguments: if count == b"0" { b"" } else { arguments },
            disabled: lines(before).filter(|line| line.starts_with(b"enable -n ")).collect(),
            traps: traps(traps_set),
            special: Declarations(special),
            umask,
            limits: limits_of(limits),
            descriptors: descriptors(section()?),
            variables: Declarations(section()?),
            functions: (section()?, section()?),
        })
    }
}

fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split_inclusive(|&byte| byte == b'\n')
}

/// The second since 1970 at which `SECONDS` was 0, from a line with the present second and `SECONDS`.
pub(super) fn zero_second(line: &str) -> Option<i64> {
    let (now, seconds) = line.split_once(' ')?;
    Some(now.parse::<i64>().ok()? - seconds.parse::<i64>().ok()?)
}

/// Reads what `ulimit -aS` and after it `ulimit -aH` print: lines such as `open files      (-n) 1024`.
pub(super) fn limits_of(text: &[u8]) -> BTreeMap<u8, Limit> {
    let mut limits: BTreeMap<u8, Limit> = BTreeMap::new();
    for line in text.split(|&byte| byte == b'\n').filter_map(|line| std::str::from_utf8(line).ok())
    {
        let Some((what, value)) = line.rsplit_once(") ") else { continue };
        let Some(letter) = what.bytes().last().filter(u8::is_ascii_alphabetic) else {
            continue;
        };
        // The size of a pipe's buffer cannot be set.
        if letter == b'p' || !what[..what.len() - 1].ends_with('-') {
            continue;
        }
        let value = value.trim().to_owned();
        limits
            .entry(letter)
            .and_modify(|limit| limit.hard.clone_from(&value))
            .or_insert_with(|| Limit { soft: value.clone(), hard: value });
    }
    limits
}

/// The commands in the output of `trap -p`. Other lines are skipped. A trap's text may contain
/// newlines within single quotes.
pub(super) fn traps(text: &[u8]) -> Vec<Vec<u8>> {
    let mut found: Vec<Vec<u8>> = Vec::new();
    let mut open = false;
    for line in text.split_inclusive(|&byte| byte == b'\n') {
        match found.last_mut() {
            Some(last) if open => last.extend_from_slice(line),
            _ if line.starts_with(b"trap -- ") => found.push(line.to_vec()),
            _ => continue,
        }
        open = found.last().is_some_and(|last| ends_within_quotes(last));
    }
    found
}

fn ends_within_quotes(text: &[u8]) -> bool {
    let mut bytes = text.iter();
    let mut within = false;
    while let Some(byte) = bytes.next() {
        match byte {
            b'\'' => within = !within,
            b'\\' if !within => {
                bytes.next();
            }
            _ => {}
        }
    }
    within
}

#[cfg(test)]
mod tests {
    use super::{Dump, Limit, traps};

    #[test]
    fn a_trap_may_have_more_than_one_line() {
        let text = b"trap -- 'echo \"a\nb\" it'\\''s' EXIT\njunk\ntrap -- '' SIGINT\n";
        assert_eq!(
            traps(text),
            [&b"trap -- 'echo \"a\nb\" it'\\''s' EXIT\n"[..], b"trap -- '' SIGINT\n"]
        );
    }

    const WHOLE: &str = "enable -n test\njunk\nM\n0\nerrexit\nextglob\n100 40\n'bye'\n1\n'x'\nM\ntrap -- 'a\numask 022\ndeclare -A BASH_ALIASES=()\n' SIGUSR1\nM\nM\n\
        umask 0022\nopen files                          (-n) 1024\nopen files                          (-n) 4096\nM\nfd 3\ntarget /x\nM\n\
        declare -- A=\"1\"\nM\ndeclare -f f\nM\nf () \n{ \n    :\n}\nM\n";

    #[test]
    fn a_dump_is_split_at_its_marks_and_not_at_what_a_step_wrote() {
        let dump = Dump::split(WHOLE.as_bytes(), "M").unwrap();
        assert_eq!((dump.code, dump.zero_second, dump.exit_trap), (0, Some(60), &b"'bye'"[..]));
        assert_eq!(
            dump.traps,
            [&b"trap -- 'a\numask 022\ndeclare -A BASH_ALIASES=()\n' SIGUSR1\n"[..]]
        );
        assert_eq!(
            (dump.special.count(), dump.umask, dump.variables.count()),
            (0, &b"umask 0022\n"[..], 1)
        );
        assert_eq!(dump.disabled, [b"enable -n test\n"]);
        assert_eq!(dump.descriptors.iter().map(|open| open.number).collect::<Vec<_>>(), [3]);
        let limit = Limit { soft: "1024".to_owned(), hard: "4096".to_owned() };
        assert_eq!(dump.limits.into_iter().collect::<Vec<_>>(), [(b'n', limit)]);
        assert_eq!(dump.functions, (&b"declare -f f\n"[..], &b"f () \n{ \n    :\n}\n"[..]));
    }

    #[test]
    fn an_incomplete_dump_is_not_read() {
        assert!(
            (0..WHOLE.len()).all(|length| Dump::split(&WHOLE.as_bytes()[..length], "M").is_none())
        );
        assert!(Dump::split(WHOLE.as_bytes(), "N").is_none());
    }
}
