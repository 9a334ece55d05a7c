//! Comparing by line, with patterns, and finding which lines belong together where the texts differ.

mod align;
mod anchor;

use std::borrow::Cow;
use std::cell::OnceCell;

use super::difference::Differences;
use super::normalise::Rules;
use super::pattern::{Pattern, Scope, is_any_lines, may_have_patterns};
use super::plain::lines;
use super::verdict::{Bindings, Verdict};

pub(super) use align::{Pairing, pair_lines};

/// A line of the expected text.
#[derive(Debug)]
pub(super) enum Expected<'t> {
    /// `...`
    AnyLines,
    /// This very line (or, with rules, one that is the same but for its volatile parts).
    Plain(&'t str),
    /// With patterns in it.
    Pattern(&'t str, Pattern<'t>),
}

/// Both texts by line, and what is forgiven.
pub(super) struct Texts<'t> {
    pub expected: Vec<Expected<'t>>,
    pub actual: Vec<&'t str>,
    canonical: Vec<OnceCell<Cow<'t, str>>>,
    pub rules: Option<&'t Rules>,
}

impl<'t> Texts<'t> {
    pub fn new(expected: &[&'t str], actual: Vec<&'t str>, rules: Option<&'t Rules>) -> Self {
        let expected = expected.iter().map(|line| Expected::parse(line, rules)).collect();
        let canonical = rules.map(|_| actual.iter().map(|_| OnceCell::new()).collect()).unwrap_or_default();
        Self { expected, actual, canonical, rules }
    }

    /// The line of the output in the form in which it is compared.
    fn canonical(&self, actual: usize) -> &str {
        match self.rules {
            None => self.actual[actual],
            Some(rules) => self.canonical[actual].get_or_init(|| rules.canonical(self.actual[actual])),
        }
    }

    /// Does the line match, with what the scope has bound?
    pub fn line_matches(&self, expected: usize, actual: usize, scope: &mut Scope<'_>) -> bool {
        match &self.expected[expected] {
            Expected::AnyLines => true,
            Expected::Pattern(_, pattern) => pattern.matches(self.actual[actual], scope, self.rules),
            Expected::Plain(text) => {
                *text == self.actual[actual] || self.rules.is_some_and(|rules| rules.canonical(text) == self.canonical(actual))
            }
        }
    }
}

impl<'t> Expected<'t> {
    fn parse(line: &'t str, rules: Option<&Rules>) -> Self {
        if is_any_lines(line) {
            return Self::AnyLines;
        }
        Pattern::parse(line, rules).map_or(Self::Plain(line), |pattern| Self::Pattern(line, pattern))
    }

    /// As it is written.
    pub fn text(&self) -> &'t str {
        match self {
            Self::AnyLines => "...",
            Self::Plain(text) | Self::Pattern(text, _) => text,
        }
    }
}

/// Compares two texts by line. `rules`: what is volatile on both sides; without, only the patterns forgive.
pub(super) fn compare_lines(expected: &str, actual: &str, rules: Option<&Rules>, bound: &Bindings) -> Verdict {
    let patterns = may_have_patterns(expected);
    if !patterns && expected.trim_end() == actual.trim_end() {
        return Verdict::Same { bound: Bindings::new() };
    }
    let (expected_lines, actual_lines) = (lines(expected), lines(actual));
    if !patterns && expected_lines == actual_lines {
        return Verdict::Same { bound: Bindings::new() };
    }
    let texts = Texts::new(&expected_lines, actual_lines, rules);
    if let Some(bound) = anchor::match_all(&texts, bound) {
        return Verdict::Same { bound };
    }
    let mut found = Differences::default();
    tell_differences(&texts, bound, &mut found);
    if found.is_empty() {
        found.changed("the output", expected, actual, Some(1));
    }
    Verdict::Differs(found.into_vec())
}

fn tell_differences(texts: &Texts<'_>, bound: &Bindings, found: &mut Differences) {
    let mut scope = Scope::new(bound);
    for pairing in pair_lines(texts) {
        match pairing {
            Pairing::Same(expected, actual) => {
                if !texts.line_matches(expected, actual, &mut scope) {
                    tell_changed(texts, expected, actual, &scope, found);
                }
            }
            Pairing::Changed(expected, actual) => tell_changed(texts, expected, actual, &scope, found),
            Pairing::Missing(expected) => {
                let line = expected + 1;
                found.missing(format!("line {line}"), texts.expected[expected].text(), Some(line));
            }
            Pairing::Unexpected(actual) => {
                let line = actual + 1;
                found.unexpected(format!("line {line}"), texts.actual[actual], Some(line));
            }
            Pairing::Absorbed(..) => {}
        }
    }
}

fn tell_changed(texts: &Texts<'_>, expected: usize, actual: usize, scope: &Scope<'_>, found: &mut Differences) {
    let line = expected + 1;
    let text = texts.actual[actual];
    if let Expected::Pattern(_, pattern) = &texts.expected[expected]
        && let Some(blame) = pattern.blame(text, scope, texts.rules)
    {
        return found.binding(blame, Some(line));
    }
    found.changed(format!("line {line}"), texts.expected[expected].text(), text, Some(line));
}

#[cfg(test)]
pub(super) mod tests;
