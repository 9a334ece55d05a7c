//! One line (or cell, or field) of an expected text as a pattern.
//!
//! - `[..]` is any text, none included.
//! - `<name>` is a word: at least one character, no white space; the shortest that lets the line match, but all of the word where
//!   `[..]` follows. It binds the variable `name` (a `-` in it becomes `_`) where it is seen first, and must be equal later.
//! - `<name:int>` and `<name:float>` are numbers, as long as they can be.
//! - A name is a lower-case letter, then lower-case letters, digits, `_` and `-`. What kubectl itself prints in angle brackets
//!   ([`NEVER_NAMES`]) is no name, and where the output has the very text `<name>` it means itself and binds nothing: so HTML
//!   can be expected as it is.

mod matching;

use std::ops::Range;

use super::normalise::{Found, Rules};
use super::verdict::Bindings;

/// kubectl's own words in angle brackets: text, never names.
pub(super) const NEVER_NAMES: [&str; 8] = ["none", "unset", "pending", "invalid", "unknown", "nil", "error", "no value"];

/// More patterns than this in one line: it is no line that somebody wrote, and is taken as it stands.
const MOST_TOKENS: usize = 400;

/// A part of a line.
#[derive(Debug, Clone, PartialEq)]
enum Token<'t> {
    /// This text.
    Text(&'t str),
    /// Any text.
    Any,
    /// A word or number to bind or to be equal.
    Name { raw: &'t str, variable: String, kind: NameKind },
    /// What one normaliser replaces, whatever it was.
    Volatile(&'static str),
    /// White space of any width (only beside volatile text: columns move with their widest cell).
    Gap,
}

/// What a name binds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum NameKind {
    Word,
    Int,
    Float,
}

/// A line with at least one pattern in it.
#[derive(Debug, Clone)]
pub(super) struct Pattern<'t> {
    tokens: Vec<Token<'t>>,
}

/// Names bound before, and names bound by this comparison.
#[derive(Debug, Clone)]
pub(super) struct Scope<'b> {
    earlier: &'b Bindings,
    /// Names bound by this comparison.
    pub fresh: Bindings,
}

impl<'b> Scope<'b> {
    pub fn new(earlier: &'b Bindings) -> Self {
        Self { earlier, fresh: Bindings::new() }
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.fresh.get(name).or_else(|| self.earlier.get(name)).map(String::as_str)
    }
}

/// Does this line stand for any lines?
pub(super) fn is_any_lines(line: &str) -> bool {
    line.trim() == "..."
}

/// Could there be a pattern in the text at all?
pub(super) fn may_have_patterns(text: &str) -> bool {
    memchr::memchr(b'<', text.as_bytes()).is_some()
        || memchr::memmem::find(text.as_bytes(), b"[..]").is_some()
        || memchr::memmem::find(text.as_bytes(), b"...").is_some()
}

impl<'t> Pattern<'t> {
    /// The line's pattern; `None` when there is none in it. With rules, its own volatile parts stand for all their like.
    pub fn parse(line: &'t str, rules: Option<&Rules>) -> Option<Self> {
        let marks = marks(line);
        if marks.is_empty() || marks.len() > MOST_TOKENS {
            return None;
        }
        let volatile = rules.map(|rules| rules.find(line)).unwrap_or_default();
        let mut tokens = Vec::new();
        let mut at = 0;
        for (range, token) in marks {
            push_text(&mut tokens, line, at..range.start, &volatile, rules.is_some());
            if !(token == Token::Any && tokens.last() == Some(&Token::Any)) {
                tokens.push(token);
            }
            at = range.end;
        }
        push_text(&mut tokens, line, at..line.len(), &volatile, rules.is_some());
        Some(Self { tokens })
    }

    /// Names that occur in it.
    pub fn binds(&self) -> bool {
        self.tokens.iter().any(|token| matches!(token, Token::Name { .. }))
    }
}

/// The patterns of a line with their places.
fn marks(line: &str) -> Vec<(Range<usize>, Token<'_>)> {
    let mut marks = Vec::new();
    let mut from = 0;
    while let Some(offset) = memchr::memchr2(b'[', b'<', &line.as_bytes()[from..]) {
        let start = from + offset;
        let rest = &line[start..];
        let mark = if rest.starts_with("[..]") { Some((4, Token::Any)) } else { name_mark(rest) };
        from = start + 1;
        if let Some((length, token)) = mark {
            marks.push((start..start + length, token));
            from = start + length;
        }
    }
    marks
}

/// `<name>`, `<name:int>` or `<name:float>` at the start of the text.
fn name_mark(text: &str) -> Option<(usize, Token<'_>)> {
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
    Some((end + 2, Token::Name { raw: &text[..end + 2], variable: name.replace('-', "_"), kind }))
}

/// Pushes the text between two patterns; with rules, split at its volatile parts and at its gaps.
fn push_text<'t>(tokens: &mut Vec<Token<'t>>, line: &'t str, range: Range<usize>, volatile: &[Found], gaps: bool) {
    let mut at = range.start;
    for found in volatile.iter().filter(|found| found.range.start >= range.start && found.range.end <= range.end) {
        push_plain(tokens, &line[at..found.range.start], gaps);
        tokens.push(Token::Volatile(found.placeholder));
        at = found.range.end;
    }
    push_plain(tokens, &line[at..range.end], gaps);
}

fn push_plain<'t>(tokens: &mut Vec<Token<'t>>, text: &'t str, gaps: bool) {
    let mut rest = text;
    while gaps {
        let Some(start) = rest.find("  ") else { break };
        let after = rest[start..].trim_start_matches([' ', '\t']);
        if start > 0 {
            tokens.push(Token::Text(&rest[..start]));
        }
        tokens.push(Token::Gap);
        rest = after;
    }
    if !rest.is_empty() {
        tokens.push(Token::Text(rest));
    }
}

#[cfg(test)]
mod tests;
