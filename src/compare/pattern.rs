//! One line (or cell, or field) of an expected text as a pattern.
//!
//! - `[..]` is any text, none included.
//! - `<name>` is a word: at least one character and no white space. It is the shortest text that
//!   lets the line match, or the whole word if `[..]` follows. It binds the variable `name` (a `-`
//!   in it becomes `_`) at its first occurrence, and must be equal at later ones.
//! - `<name:int>` and `<name:float>` are numbers, as long as possible.
//! - A name is a lower-case letter, followed by lower-case letters, digits, `_` and `-`. Text that
//!   kubectl itself prints in angle brackets is not a name. If the output contains the literal text
//!   `<name>`, the pattern matches it and binds nothing, so that HTML can be expected without
//!   escapes.
//! - A backslash in front of any of them makes it text. The grammar is [`crate::book::marks`].

mod matching;
mod numbers;

use std::ops::Range;

use super::normalize::{Found, View};
use super::verdict::Bindings;
use crate::book::{Mark, NameKind, marks};

/// The most patterns in one line. A line with more was not written by a person, and is compared
/// exactly.
const MOST_TOKENS: usize = 400;

/// A part of a line.
#[derive(Debug, Clone, PartialEq)]
enum Token<'t> {
    /// Exactly this text.
    Text(&'t str),
    /// Any text.
    Any,
    /// A word or number that binds a name, or has to be equal to its value.
    Name { raw: &'t str, variable: String, kind: NameKind },
    /// Any text that this normalizer replaces.
    Volatile(&'static str),
    /// White space of any width. It occurs only beside volatile text, because columns move with
    /// their widest cell.
    Gap,
}

/// A line with at least one pattern.
#[derive(Debug, Clone)]
pub(super) struct Pattern<'t> {
    tokens: Vec<Token<'t>>,
}

/// The names that are bound: before, and by this comparison.
#[derive(Debug, Clone)]
pub(super) struct Scope<'b> {
    earlier: &'b Bindings,
    /// Names bound by this comparison.
    pub bound_here: Bindings,
}

impl<'b> Scope<'b> {
    pub(super) fn new(earlier: &'b Bindings) -> Self {
        Self { earlier, bound_here: Bindings::new() }
    }

    /// All bound names, from earlier comparisons and from this one.
    pub(super) fn all(&self) -> Bindings {
        let mut all = self.earlier.clone();
        all.extend(self.bound_here.iter().map(|(name, value)| (name.clone(), value.clone())));
        all
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.bound_here.get(name).or_else(|| self.earlier.get(name)).map(String::as_str)
    }
}

/// Whether the text may contain a pattern or an escape. A quick check before parsing.
pub(super) fn may_have_patterns(text: &str) -> bool {
    memchr::memchr(b'<', text.as_bytes()).is_some()
        || memchr::memmem::find(text.as_bytes(), b"[..]").is_some()
        || memchr::memmem::find(text.as_bytes(), b"...").is_some()
}

impl<'t> Pattern<'t> {
    /// The line's pattern, or `None` if the line has none. With a view, each volatile part of the
    /// line matches any text of its kind.
    pub(super) fn parse(line: &'t str, view: Option<View<'_>>) -> Option<Self> {
        let marks = marks(line);
        let patterns = marks.iter().filter(|(_, mark)| !matches!(mark, Mark::Literal(_))).count();
        if patterns == 0 || patterns > MOST_TOKENS {
            return None;
        }
        let volatile = view.map(|view| view.find(line)).unwrap_or_default();
        let mut tokens = Vec::new();
        let mut at = 0;
        for (range, mark) in marks {
            push_text(&mut tokens, line, at..range.start, &volatile, view.is_some());
            at = range.end;
            match mark {
                Mark::Any if tokens.last() == Some(&Token::Any) => {}
                Mark::Any => tokens.push(Token::Any),
                Mark::Name { raw, variable, kind } => {
                    tokens.push(Token::Name { raw, variable, kind });
                }
                Mark::Literal(text) => tokens.push(Token::Text(text)),
            }
        }
        push_text(&mut tokens, line, at..line.len(), &volatile, view.is_some());
        Some(Self { tokens })
    }

    /// The names that occur in it.
    pub(super) fn binds(&self) -> bool {
        self.tokens.iter().any(|token| matches!(token, Token::Name { .. }))
    }
}

/// Adds the text between two patterns. With rules, the text is split at its volatile parts and at
/// its gaps.
fn push_text<'t>(
    tokens: &mut Vec<Token<'t>>,
    line: &'t str,
    range: Range<usize>,
    volatile: &[Found],
    gaps: bool,
) {
    let mut at = range.start;
    for found in volatile
        .iter()
        .filter(|found| found.range.start >= range.start && found.range.end <= range.end)
    {
        push_plain(tokens, &line[at..found.range.start], gaps);
        tokens.push(Token::Volatile(found.placeholder));
        at = found.range.end;
    }
    push_plain(tokens, &line[at..range.end], gaps);
}

/// Adds plain text, in which an escaped bracket of a placeholder becomes that bracket.
fn push_plain<'t>(tokens: &mut Vec<Token<'t>>, text: &'t str, gaps: bool) {
    let mut rest = text;
    while let Some(at) = rest.find("\\⟨").filter(|_| gaps) {
        push_gaps(tokens, &rest[..at], gaps);
        rest = &rest[at + 1..];
        let bracket = '⟨'.len_utf8();
        tokens.push(Token::Text(&rest[..bracket]));
        rest = &rest[bracket..];
    }
    push_gaps(tokens, rest, gaps);
}

fn push_gaps<'t>(tokens: &mut Vec<Token<'t>>, text: &'t str, gaps: bool) {
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
