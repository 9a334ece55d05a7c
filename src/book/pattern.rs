//! The patterns of an `output` fence: `[..]`, `<name>`, `<name:int>`, `<name:float>`, and `...` alone on a line.
//!
//! A backslash before a pattern escapes it: `\[..]` is the text `[..]`. A backslash before a pattern that is text itself is written
//! twice. Accepted output is written with these escapes, so that only patterns of the author are patterns.

use std::borrow::Cow;
use std::ops::Range;

/// Words in angle brackets that kubectl prints, so that they are text and not names.
pub(crate) const NEVER_NAMES: [&str; 8] =
    ["none", "unset", "pending", "invalid", "unknown", "nil", "error", "no value"];

/// The type of the value that a name binds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NameKind {
    /// Text.
    Word,
    /// A whole number.
    Int,
    /// A number.
    Float,
}

/// A pattern, or an escaped text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Mark<'t> {
    /// `[..]`
    Any,
    /// `<name>`, which binds a variable.
    Name {
        /// The pattern as written, with its brackets.
        raw: &'t str,
        /// The name with `_` for `-`.
        variable: String,
        /// The type of its value.
        kind: NameKind,
    },
    /// An escaped text.
    Literal(&'t str),
}

/// Whether this line is the pattern for any number of lines.
pub(crate) fn is_any_lines(line: &str) -> bool {
    line.trim() == "..."
}

/// The patterns and escapes of a line with their places, in order.
pub(crate) fn marks(line: &str) -> Vec<(Range<usize>, Mark<'_>)> {
    if let Some(at) = escaped_dots(line) {
        return vec![(at..line.len(), Mark::Literal(&line[at + 1..]))];
    }
    let mut marks = Vec::new();
    let mut from = 0;
    let mut after_last = 0;
    while let Some(offset) = memchr::memchr2(b'[', b'<', &line.as_bytes()[from..]) {
        let start = from + offset;
        from = start + 1;
        let Some((length, mark)) = mark_at(&line[start..]) else { continue };
        let end = start + length;
        let slashes = backslashes(&line[after_last..start]);
        if slashes % 2 == 1 {
            marks.push((start - slashes..end, Mark::Literal(&line[start - slashes / 2..end])));
        } else {
            if slashes > 0 {
                marks.push((
                    start - slashes..start,
                    Mark::Literal(&line[start - slashes / 2..start]),
                ));
            }
            marks.push((start..end, mark));
        }
        from = end;
        after_last = end;
    }
    marks
}

/// The line with every pattern escaped, so that it matches itself only.
pub(crate) fn escape_line(line: &str) -> Cow<'_, str> {
    let indent = line.len() - line.trim_start().len();
    if is_any_lines(line) || escaped_dots(line).is_some() {
        return Cow::Owned(format!("{}\\{}", &line[..indent], &line[indent..]));
    }
    let mut escaped = String::new();
    let (mut at, mut from) = (0, 0);
    while let Some(offset) = memchr::memchr2(b'[', b'<', &line.as_bytes()[from..]) {
        let start = from + offset;
        from = start + 1;
        let Some((length, _)) = mark_at(&line[start..]) else { continue };
        escaped.push_str(&line[at..start]);
        escaped.extend(std::iter::repeat_n('\\', backslashes(&line[at..start]) + 1));
        escaped.push_str(&line[start..start + length]);
        at = start + length;
        from = at;
    }
    if at == 0 {
        return Cow::Borrowed(line);
    }
    escaped.push_str(&line[at..]);
    Cow::Owned(escaped)
}

/// The text with every line escaped.
pub(crate) fn escape_text(text: &str) -> Cow<'_, str> {
    if text.lines().all(|line| matches!(escape_line(line), Cow::Borrowed(_))) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.split('\n').map(escape_line).collect::<Vec<_>>().join("\n"))
}

/// The line with every escape removed. Patterns stay as written.
pub(crate) fn unescape_line(line: &str) -> Cow<'_, str> {
    let marks = marks(line);
    if !marks.iter().any(|(_, mark)| matches!(mark, Mark::Literal(_))) {
        return Cow::Borrowed(line);
    }
    let mut text = String::with_capacity(line.len());
    let mut at = 0;
    for (range, mark) in &marks {
        text.push_str(&line[at..range.start]);
        text.push_str(if let Mark::Literal(literal) = mark {
            literal
        } else {
            &line[range.clone()]
        });
        at = range.end;
    }
    text.push_str(&line[at..]);
    Cow::Owned(text)
}

/// The variables that a text binds, in order and with their types. A repeated variable is repeated here.
pub(crate) fn names_in(text: &str) -> impl Iterator<Item = (String, NameKind)> + '_ {
    text.lines().filter(|line| line.contains('<')).flat_map(marks).filter_map(
        |(_, mark)| match mark {
            Mark::Name { variable, kind, .. } => Some((variable, kind)),
            _ => None,
        },
    )
}

/// The byte of the first backslash before a `...` that is alone on its line.
fn escaped_dots(line: &str) -> Option<usize> {
    let text = line.trim_end();
    let start = text.len() - text.trim_start().len();
    let slashes = text[start..].bytes().take_while(|byte| *byte == b'\\').count();
    (slashes > 0 && &text[start + slashes..] == "...").then_some(start)
}

fn backslashes(before: &str) -> usize {
    before.bytes().rev().take_while(|byte| *byte == b'\\').count()
}

/// The pattern at the start of a text, and its length in bytes.
fn mark_at(text: &str) -> Option<(usize, Mark<'_>)> {
    if text.starts_with("[..]") {
        return Some((4, Mark::Any));
    }
    let inner = text.strip_prefix('<')?;
    let end = inner.bytes().take(80).position(|byte| byte == b'>')?;
    let (name, kind) = match inner[..end].split_once(':') {
        None => (&inner[..end], NameKind::Word),
        Some((name, "int")) => (name, NameKind::Int),
        Some((name, "float")) => (name, NameKind::Float),
        Some(_) => return None,
    };
    let well_formed = name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-'));
    if !well_formed || NEVER_NAMES.contains(&name) {
        return None;
    }
    Some((end + 2, Mark::Name { raw: &text[..end + 2], variable: name.replace('-', "_"), kind }))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_backslash_escapes_a_pattern() {
        assert_eq!(marks(r"a \[..] b"), [(2..7, Mark::Literal("[..]"))]);
        assert_eq!(unescape_line(r"cp \<file> \<dir>"), "cp <file> <dir>");
        assert_eq!(unescape_line(r"  \..."), "  ...");
        assert_eq!(unescape_line(r"\d \\ \n"), r"\d \\ \n");
    }

    #[test]
    fn a_backslash_before_a_pattern_is_written_twice() {
        assert_eq!(marks(r"C:\\<user>")[0], (2..4, Mark::Literal(r"\")));
        assert!(matches!(marks(r"C:\\<user>")[1].1, Mark::Name { .. }));
        assert_eq!(escape_line(r"C:\<user>"), r"C:\\\<user>");
        assert_eq!(unescape_line(r"C:\\\<user>"), r"C:\<user>");
    }

    #[test]
    fn text_without_patterns_is_not_escaped() {
        for line in ["<none>", "<Pending>", "[...]", "a ... b", "a < b > c", r"\n"] {
            assert!(matches!(escape_line(line), Cow::Borrowed(_)), "{line}");
        }
    }

    proptest! {
        #[test]
        fn an_escaped_line_has_no_pattern_and_matches_itself(line in r"([a ]|\\|\.\.\.|\[\.\.\]|<a>|<n:int>|[<>\[\].]){0,10}") {
            let escaped = escape_line(&line).into_owned();
            prop_assert!(!is_any_lines(&escaped));
            prop_assert!(marks(&escaped).iter().all(|(_, mark)| matches!(mark, Mark::Literal(_))), "{}", escaped);
            prop_assert_eq!(unescape_line(&escaped), line);
        }
    }
}
