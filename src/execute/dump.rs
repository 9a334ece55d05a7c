//! Takes apart what `dump.sh` prints.

use super::declaration::{Declarations, line_end};

/// The sections of one dump.
pub(super) struct Dump<'a> {
    /// The step's exit code.
    pub code: i32,
    /// Options of `set -o` that were on.
    pub options: &'a str,
    /// Options of `shopt` that were on.
    pub shell_options: &'a str,
    /// The steps' own EXIT trap as the shell knows it, quoted; empty for none.
    pub at_exit: &'a [u8],
    /// Positional parameters, quoted, a line each.
    pub arguments: &'a [u8],
    /// The commands that set the traps.
    pub traps: Vec<Vec<u8>>,
    /// The command that sets the umask.
    pub umask: &'a [u8],
    /// `BASH_ALIASES` and `DIRSTACK`, where there is anything in them.
    pub made: Declarations<'a>,
    /// All variables.
    pub variables: Declarations<'a>,
    /// Attributes of the functions (`declare -F`) and the functions.
    pub functions: (&'a [u8], &'a [u8]),
}

impl<'a> Dump<'a> {
    /// None when it is not the one with this mark, or torn.
    pub(super) fn split(dump: &'a [u8], mark: &str) -> Option<Self> {
        let begin = format!("\n{mark}\n");
        let mut rest = &dump[memchr::memmem::find(dump, begin.as_bytes())? + begin.len()..];
        let mut line = || {
            let (line, after) = rest.split_at(line_end(rest));
            rest = after;
            line.strip_suffix(b"\n")
        };
        // What a step wrote itself may be of any encoding, and of none.
        let plain = |line: &'a [u8]| std::str::from_utf8(line).ok();
        let (code, options, shell_options) = (plain(line()?)?.parse().ok()?, plain(line()?)?, plain(line()?)?);
        let (at_exit, count) = (line()?, line()?);
        let arguments = &rest[..memchr::memmem::find(rest, &begin.as_bytes()[1..])?];
        rest = &rest[arguments.len() + begin.len() - 1..];
        let at_umask = start_of_line(rest, b"umask ")?;
        let (traps_and_made, rest) = rest.split_at(at_umask);
        let at_made = start_of_line(traps_and_made, b"declare -A BASH_ALIASES=").unwrap_or(traps_and_made.len());
        let (umask, rest) = rest.split_at(line_end(rest));
        let (variables, functions) = rest.split_at(end_of_declarations(rest));
        let attributes = function_attributes(functions);
        Some(Self {
            code,
            options,
            shell_options,
            at_exit,
            arguments: if count == b"0" { b"" } else { arguments },
            traps: traps(&traps_and_made[..at_made]),
            umask,
            made: Declarations(&traps_and_made[at_made..]),
            variables: Declarations(variables),
            functions: functions.split_at(attributes),
        })
    }
}

fn start_of_line(text: &[u8], start: &[u8]) -> Option<usize> {
    let with_newline = [b"\n", start].concat();
    text.starts_with(start).then_some(0).or_else(|| memchr::memmem::find(text, &with_newline).map(|at| at + 1))
}

fn end_of_declarations(text: &[u8]) -> usize {
    // No function, as mostly: nothing to look for.
    if memchr::memmem::find(text, b"\ndeclare -f").is_none() {
        return text.len();
    }
    let mut declarations = Declarations(text);
    while declarations.next().is_some() {}
    text.len() - declarations.0.len()
}

fn function_attributes(text: &[u8]) -> usize {
    let mut end = 0;
    while text[end..].starts_with(b"declare -f") {
        end += line_end(&text[end..]);
    }
    end
}

/// The commands in the output of `trap -p` (other lines are passed over); a trap's text may hold newlines, within single quotes.
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
    use super::{Dump, traps};

    #[test]
    fn a_trap_may_have_more_than_one_line() {
        let text = b"trap -- 'echo \"a\nb\" it'\\''s' EXIT\njunk\ntrap -- '' SIGINT\n";
        assert_eq!(traps(text), [&b"trap -- 'echo \"a\nb\" it'\\''s' EXIT\n"[..], b"trap -- '' SIGINT\n"]);
    }

    #[test]
    fn a_torn_dump_is_none() {
        let whole = "junk\nM\n0\nerrexit\nextglob\n\n0\n\nM\numask 0022\ndeclare -- A=\"1\"\n";
        assert_eq!(Dump::split(whole.as_bytes(), "M").map(|dump| dump.variables.count()), Some(1));
        assert!(Dump::split(&whole.as_bytes()[..30], "M").is_none());
        assert!(Dump::split(whole.as_bytes(), "N").is_none());
    }
}
