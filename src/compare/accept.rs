//! Changes an expected text when an output is accepted. Only real changes are rewritten, and every
//! pattern that still matches stays. New text contains no patterns, because only an author writes
//! patterns.

use super::kind::{compare_fence, compare_snapshot, kind_of};
use super::lines::{Expected, Pairing, Texts, pair_lines};
use super::normalize::{Rules, Where};
use super::normalized::normalized;
use super::pattern::{Pattern, Scope};
use super::strip_ansi::{lines, strip_ansi};
use super::table::{self, Keep};
use super::verdict::{Bindings, Verdict};
use crate::book::{SnapshotKind, escape_text};

/// The new text of a fence with the text `old` when `actual` is accepted. A comparison of the
/// output with the new text finds no difference. If there was none before, the result is the old
/// text, byte for byte. For `kind`, `bound` and `rules` see [`compare_fence`].
pub(crate) fn accept_fence(
    old: &str,
    actual: &str,
    kind: Option<SnapshotKind>,
    bound: &Bindings,
    rules: &Rules,
) -> String {
    let actual = strip_ansi(actual.as_bytes());
    let brackets = kind.is_some();
    let keep = move |text: &str, _: Where<'_>| {
        let text = if brackets { text.replace('⟨', "\\⟨") } else { text.to_owned() };
        escape_text(&text).into_owned()
    };
    let whole: String = lines(&actual)
        .into_iter()
        .flat_map(|line| [keep(line, Where::Line), "\n".to_owned()])
        .collect();
    merged(old, &actual, kind, bound, *rules, &keep, whole)
}

/// The text of a snapshot when `actual` is accepted: the old text with the real changes, without
/// volatile text. Without an old text it is the whole output, [`normalized`].
pub(crate) fn accept_snapshot(
    old: Option<&str>,
    actual: &[u8],
    kind: SnapshotKind,
    bound: &Bindings,
    rules: &Rules,
) -> String {
    let stored = normalized(actual, kind, rules);
    let Some(old) = old else { return stored };
    let same = |text: &str| {
        matches!(compare_snapshot(text, actual, kind, bound, rules), Verdict::Same { .. })
    };
    let by_structure = matches!(
        if kind == SnapshotKind::Auto { kind_of(&stored) } else { kind },
        SnapshotKind::Json | SnapshotKind::Yaml
    );
    let merged = if same(old) {
        old.to_owned()
    } else if by_structure {
        // The printed form of a tree is merged line by line.
        let asis = |line: &str, _: Where<'_>| line.to_owned();
        merge_lines(old, &stored, None, bound, &asis)
    } else {
        // In lines and tables, patterns are compared with the output itself, so that they can bind.
        let text = strip_ansi(actual);
        let output = rules.output(&text);
        let keep = |text: &str, place: Where<'_>| output.stored(text, place);
        merged(old, &text, Some(kind), bound, *rules, &keep, stored.clone())
    };
    if same(&merged) { merged } else { stored }
}

/// The first of these texts that is equal in a comparison: merged by table, merged by line,
/// completely new.
fn merged(
    old: &str,
    actual: &str,
    kind: Option<SnapshotKind>,
    bound: &Bindings,
    rules: Rules,
    keep: Keep<'_>,
    anew: String,
) -> String {
    let same = |text: &str| {
        matches!(compare_fence(text, actual.as_bytes(), kind, bound, &rules), Verdict::Same { .. })
    };
    if same(old) {
        return old.to_owned();
    }
    let form = kind.map(|kind| if kind == SnapshotKind::Auto { kind_of(old) } else { kind });
    let by_table = || {
        (form == Some(SnapshotKind::Table))
            .then(|| table::merge_tables(old, actual, bound, rules, keep))
            .flatten()
    };
    let by_line = || Some(merge_lines(old, actual, kind.map(|_| rules), bound, keep));
    let fits = |text: &String| same(text);
    by_table().filter(fits).or_else(|| by_line().filter(fits)).unwrap_or(anew)
}

fn whole(lines: &[String]) -> String {
    lines.iter().flat_map(|line| [line, "\n"]).collect()
}

/// The text merged by line: lines that match stay unchanged, and `...` lines stay in their places.
fn merge_lines(
    old: &str,
    actual: &str,
    rules: Option<Rules>,
    bound: &Bindings,
    keep: Keep<'_>,
) -> String {
    let raw: Vec<&str> = old.lines().collect();
    let old = strip_ansi(old.as_bytes());
    let texts = Texts::new(&lines(&old), lines(actual), rules);
    let mut scope = Scope::new(bound);
    let mut merge = Merge { merged: Vec::new(), any_from: 0, texts: &texts, raw: &raw };
    for pairing in pair_lines(&texts) {
        match pairing {
            Pairing::Same(index, other) | Pairing::Changed(index, other) => {
                merge.any_lines_before(index);
                let (old, new) = (raw[index], texts.actual[other]);
                merge.merged.push(if texts.line_matches(index, other, &mut scope) {
                    old.to_owned()
                } else {
                    rules
                        .is_none()
                        .then(|| with_patterns(old, new, &mut scope, keep))
                        .flatten()
                        .unwrap_or_else(|| keep(new, Where::Line))
                });
            }
            Pairing::Missing(index) => merge.any_lines_before(index),
            Pairing::Unexpected(other) => merge.merged.push(keep(texts.actual[other], Where::Line)),
            Pairing::Absorbed(index, _) => merge.any_lines_before(index + 1),
        }
    }
    merge.any_lines_before(texts.expected.len());
    merge.merged.extend(
        raw.get(texts.expected.len()..).unwrap_or_default().iter().map(|line| (*line).to_owned()),
    );
    whole(&merge.merged)
}

/// A changed line with those patterns of the old line that still match a word. Matching words are
/// searched for from both ends, and one by one if the number of words is the same. `None`: no
/// pattern can stay.
fn with_patterns(old: &str, actual: &str, scope: &mut Scope<'_>, keep: Keep<'_>) -> Option<String> {
    Pattern::parse(old, None)?;
    let (before, now): (Vec<&str>, Vec<&str>) =
        (old.split(' ').collect(), actual.split(' ').collect());
    let stays = |before: &str, now: &str| match Pattern::parse(before, None) {
        Some(pattern) => pattern.matches_alone(now, None),
        None => before == keep(now, Where::Line),
    };
    let shorter = before.len().min(now.len());
    let front = (0..shorter).take_while(|at| stays(before[*at], now[*at])).count();
    let back = (1..=shorter - front)
        .take_while(|at| stays(before[before.len() - at], now[now.len() - at]))
        .count();
    let counterpart = |at: usize| match at {
        _ if at < front || before.len() == now.len() => Some(at),
        _ if at >= now.len() - back => Some(before.len() - (now.len() - at)),
        _ => None,
    };
    let words = now.iter().enumerate().map(|(at, word)| {
        let old = counterpart(at).map(|at| before[at]).filter(|old| stays(old, word));
        old.map_or_else(|| keep(word, Where::Line), str::to_owned)
    });
    let line = words.collect::<Vec<_>>().join(" ");
    let fits = Pattern::parse(&line, None)?.matches(actual, scope, None);
    fits.then_some(line)
}

struct Merge<'m> {
    merged: Vec<String>,
    any_from: usize,
    texts: &'m Texts<'m>,
    raw: &'m [&'m str],
}

impl Merge<'_> {
    /// Takes over the `...` lines of the old text up to this line.
    fn any_lines_before(&mut self, index: usize) {
        for at in self.any_from..index {
            if matches!(self.texts.expected[at], Expected::AnyLines) {
                self.merged.push(self.raw[at].to_owned());
            }
        }
        self.any_from = self.any_from.max(index);
    }
}

/// A line as a pattern, for the choice "make this a pattern" of a review. Text that a normalizer
/// would replace becomes `[..]`. Without such text, the words that differ from the expected line
/// become `[..]`. The line itself if neither applies.
pub(crate) fn pattern_for(line: &str, expected: Option<&str>, rules: &Rules) -> String {
    let found = rules.accepted(line).find(line, Where::Line);
    let mut pattern = String::with_capacity(line.len());
    let mut at = 0;
    for part in &found {
        pattern.push_str(&line[at..part.range.start]);
        if !pattern.ends_with("[..]") {
            pattern.push_str("[..]");
        }
        at = part.range.end;
    }
    pattern.push_str(&line[at..]);
    match expected.filter(|_| found.is_empty()) {
        Some(expected) => between(expected, line),
        None => pattern,
    }
}

/// The line with `[..]` for each run of words that the other line does not have.
fn between(expected: &str, line: &str) -> String {
    let diff = similar::TextDiff::from_words(expected, line);
    let mut pattern = String::new();
    for change in diff.iter_all_changes() {
        if change.tag() == similar::ChangeTag::Equal {
            pattern.push_str(change.value());
        } else if !pattern.ends_with("[..]") {
            pattern.push_str("[..]");
        }
    }
    // A pattern without any text of the line would match every line, so it is not used.
    let says_something = pattern.replace("[..]", "").trim().len() > 1;
    if says_something { pattern } else { line.to_owned() }
}

#[cfg(test)]
mod tests;
