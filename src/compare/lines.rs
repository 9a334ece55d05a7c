//! Compares texts by line, with patterns, and pairs the lines of texts that differ.

mod align;
mod anchor;

use std::borrow::Cow;
use std::cell::OnceCell;

use super::difference::Differences;
use super::normalize::{Rules, TextNormalizer, View, Where};
use super::pattern::{Pattern, Scope, may_have_patterns};
use super::strip_ansi::lines;
use super::verdict::{Bindings, Verdict};
use crate::book::{is_any_lines, unescape_line};

pub(super) use align::{Pairing, pair_lines};

/// A line of the expected text.
#[derive(Debug)]
pub(super) enum Expected<'t> {
    /// `...`
    AnyLines,
    /// Exactly this line or, with rules, a line that differs only in volatile parts: its written
    /// form, and the form in which it is compared.
    Plain(&'t str, Cow<'t, str>),
    /// A line with patterns.
    Pattern(&'t str, Pattern<'t>),
}

/// Both texts by line, and the normalizers for the comparison.
pub(super) struct Texts<'t> {
    pub expected: Vec<Expected<'t>>,
    pub actual: Vec<&'t str>,
    canonical: Vec<OnceCell<String>>,
    /// The normalizer of the output. `None` if only patterns allow differences.
    output: Option<TextNormalizer>,
}

impl<'t> Texts<'t> {
    pub(super) fn new(expected: &[&'t str], actual: Vec<&'t str>, rules: Option<Rules>) -> Self {
        let accepted = rules.map(|rules| rules.accepted(&expected.join("\n")));
        let view = accepted.as_ref().map(|normalizer| View { normalizer, place: Where::Line });
        let expected = expected.iter().map(|line| Expected::parse(line, view)).collect();
        let canonical =
            rules.map(|_| actual.iter().map(|_| OnceCell::new()).collect()).unwrap_or_default();
        let output = rules.map(|rules| rules.output(&actual.join("\n")));
        Self { expected, actual, canonical, output }
    }

    /// The view of the output's lines.
    pub(super) fn view(&self) -> Option<View<'_>> {
        self.output.as_ref().map(|normalizer| View { normalizer, place: Where::Line })
    }

    /// The line of the output in the form in which it is compared.
    fn canonical(&self, actual: usize) -> &str {
        match self.view() {
            None => self.actual[actual],
            Some(view) => self.canonical[actual]
                .get_or_init(|| view.canonical(self.actual[actual]).into_owned()),
        }
    }

    /// Whether the line matches with the names that the scope has bound.
    pub(super) fn line_matches(
        &self,
        expected: usize,
        actual: usize,
        scope: &mut Scope<'_>,
    ) -> bool {
        match &self.expected[expected] {
            Expected::AnyLines => true,
            Expected::Pattern(_, pattern) => {
                pattern.matches(self.actual[actual], scope, self.view())
            }
            Expected::Plain(_, text) => {
                **text == *self.actual[actual] && self.output.is_none()
                    || **text == *self.canonical(actual)
            }
        }
    }
}

impl<'t> Expected<'t> {
    fn parse(line: &'t str, view: Option<View<'_>>) -> Self {
        if is_any_lines(line) {
            return Self::AnyLines;
        }
        if let Some(pattern) = Pattern::parse(line, view) {
            return Self::Pattern(line, pattern);
        }
        Self::Plain(line, view.map_or_else(|| unescape_line(line), |view| view.canonical(line)))
    }

    /// The written form of the line.
    pub(super) fn text(&self) -> &'t str {
        match self {
            Self::AnyLines => "...",
            Self::Plain(text, _) | Self::Pattern(text, _) => text,
        }
    }
}

/// Compares two texts by line. With `rules`, volatile text is ignored on both sides; without, only
/// patterns allow differences.
pub(super) fn compare_lines(
    expected: &str,
    actual: &str,
    rules: Option<Rules>,
    bound: &Bindings,
) -> Verdict {
    // In an output a bracket of a placeholder is text, and in an accepted text it begins a
    // placeholder.
    let patterns = may_have_patterns(expected) || rules.is_some() && actual.contains('⟨');
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
    report_differences(&texts, bound, &mut found);
    if found.is_empty() {
        found.changed("the output", expected, actual, Some(1));
    }
    Verdict::Differs(found.into_vec())
}

fn report_differences(texts: &Texts<'_>, bound: &Bindings, found: &mut Differences) {
    let mut scope = Scope::new(bound);
    for pairing in pair_lines(texts) {
        match pairing {
            Pairing::Same(expected, actual) => {
                if !texts.line_matches(expected, actual, &mut scope) {
                    report_changed(texts, expected, actual, &scope, found);
                }
            }
            Pairing::Changed(expected, actual) => {
                report_changed(texts, expected, actual, &scope, found);
            }
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

fn report_changed(
    texts: &Texts<'_>,
    expected: usize,
    actual: usize,
    scope: &Scope<'_>,
    found: &mut Differences,
) {
    let line = expected + 1;
    let text = texts.actual[actual];
    if let Expected::Pattern(_, pattern) = &texts.expected[expected]
        && let Some(mismatch_reason) = pattern.mismatch_reason(text, scope, texts.view())
    {
        return found.binding(mismatch_reason, Some(line));
    }
    found.changed(format!("line {line}"), texts.expected[expected].text(), text, Some(line));
}

#[cfg(test)]
pub(super) mod tests;
