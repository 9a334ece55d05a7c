//! One line (or cell, or field) of an expected text as a pattern.
//!
//! - `[..]` is any text, none included.
//! - `<name>` is a word: at least one character, no white space; the shortest that lets the line match, but all of the word where
//!   `[..]` follows. It binds the variable `name` (a `-` in it becomes `_`) where it is seen first, and must be equal later.
//! - `<name:int>` and `<name:float>` are numbers, as long as they can be.
//! - A name is a lower-case letter, then lower-case letters, digits, `_` and `-`. What kubectl itself prints in angle brackets
//!   is no name, and where the output has the very text `<name>` it means itself and binds nothing: so HTML
//!   can be expected as it is.
//! - A backslash before any of them makes it text. The grammar is [`crate::book::marks`].

mod matching;

use std::ops::Range;

use super::normalize::{Found, View};
use super::verdict::Bindings;
use crate::book::{Mark, NameKind, marks};

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
    /// What one normalizer replaces, whatever it was.
    Volatile(&'static str),
    /// White space of any width (only beside volatile text: columns move with their widest cell).
    Gap,
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
    pub bound_here: Bindings,
}

impl<'b> Scope<'b> {
    pub(super) fn new(earlier: &'b Bindings) -> Self {
        Self { earlier, bound_here: Bindings::new() }
    }

    /// All that is bound, by earlier comparisons and by this one.
    pub(super) fn all(&self) -> Bindings {
        let mut all = self.earlier.clone();
        all.extend(self.bound_here.iter().map(|(name, value)| (name.clone(), value.clone())));
        all
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.bound_here.get(name).or_else(|| self.earlier.get(name)).map(String::as_str)
    }
}

/// Could there be a pattern or an escape in the text at all?
pub(super) fn may_have_patterns(text: &str) -> bool {
    memchr::memchr(b'<', text.as_bytes()).is_some()
        || memchr::memmem::find(text.as_bytes(), b"[..]").is_some()
        || memchr::memmem::find(text.as_bytes(), b"...").is_some()
}

impl<'t> Pattern<'t> {
    /// The line's pattern; `None` when there is none in it. With a view, its own volatile parts stand for all their like.
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

    /// Names that occur in it.
    pub(super) fn binds(&self) -> bool {
        self.tokens.iter().any(|token| matches!(token, Token::Name { .. }))
    }
}

/// Pushes the text between two patterns; with rules, split at its volatile parts and at its gaps.
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

/// Plain text; an escaped bracket of a placeholder is that bracket.
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
