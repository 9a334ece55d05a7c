//! Pairs the lines of two different texts. The work is bounded for all texts.

#![expect(
    clippy::disallowed_methods,
    reason = "the search for the best alignment has a time limit"
)]

use std::collections::HashMap;
use std::ops::Range;

use similar::{Algorithm, DiffOp};

use super::{Expected, Texts};

/// The most pattern comparisons of the search for the lines that match patterns.
const MOST_PATTERN_TRIES: usize = 200_000;
/// The largest product of line counts of a changed block whose lines are paired by similarity.
const MOST_LIKENESS: usize = 10_000;
/// The similarity from which a line counts as changed, and not as removed and another one added.
const ALIKE: f32 = 0.5;

/// A pair of lines, or one line without a partner, as indices into `Texts::expected` and
/// `Texts::actual`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::compare) enum Pairing {
    /// Equal lines, apart from the names that they bind.
    Same(usize, usize),
    /// A line that has changed into another one.
    Changed(usize, usize),
    /// A line of the expected text only.
    Missing(usize),
    /// A line of the output only.
    Unexpected(usize),
    /// A line of the output that the `...` line at `.0` covers.
    Absorbed(usize, usize),
}

/// Pairs all lines. The pairs are in the order of both texts.
pub(in crate::compare) fn pair_lines(texts: &Texts<'_>) -> Vec<Pairing> {
    let written: Vec<usize> = (0..texts.expected.len())
        .filter(|index| !matches!(texts.expected[*index], Expected::AnyLines))
        .collect();
    let (old, new) = identities(texts, &written);
    let mut pairs = Vec::with_capacity(old.len().max(new.len()));
    for op in similar::capture_diff_slices_deadline(Algorithm::Myers, &old, &new, Some(deadline()))
    {
        match op {
            DiffOp::Equal { old_index, new_index, len } => {
                pairs.extend(
                    (0..len).map(|offset| {
                        Pairing::Same(written[old_index + offset], new_index + offset)
                    }),
                );
            }
            other => {
                let (_, old_range, new_range) = other.as_tag_tuple();
                let any = any_lines_at(&texts.expected, &written, &old_range);
                pair_block(texts, &written[old_range], new_range, any, &mut pairs);
            }
        }
    }
    pairs
}

/// The time limit of the search for the shortest difference, after which a longer one is used.
fn deadline() -> std::time::Instant {
    std::time::Instant::now() + std::time::Duration::from_secs(5)
}

/// Numbers of the lines that are equal if the lines are equal. A pattern has the number of the line
/// that it matches.
fn identities(texts: &Texts<'_>, written: &[usize]) -> (Vec<u32>, Vec<u32>) {
    let mut numbers: HashMap<String, u32> = HashMap::new();
    let mut patterns = Vec::new();
    let mut old = Vec::with_capacity(written.len());
    for &index in written {
        let next = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
        let (key, pattern) = match &texts.expected[index] {
            Expected::Plain(_, text) => (text.clone().into_owned(), None),
            Expected::Pattern(text, pattern) => (format!("\0{text}"), Some(pattern)),
            Expected::AnyLines => continue,
        };
        let number = *numbers.entry(key).or_insert(next);
        if let Some(pattern) = pattern.filter(|_| number == next) {
            patterns.push((number, pattern));
        }
        old.push(number);
    }
    let tries = MOST_PATTERN_TRIES / patterns.len().max(1);
    let mut tried = 0;
    let mut new = Vec::with_capacity(texts.actual.len());
    for index in 0..texts.actual.len() {
        let text = texts.canonical(index);
        let known = numbers.get(text).copied().or_else(|| {
            tried += usize::from(!patterns.is_empty());
            let mut candidates = patterns.iter().filter(|_| tried <= tries);
            candidates
                .find(|(_, pattern)| pattern.matches_alone(texts.actual[index], texts.view()))
                .map(|(number, _)| *number)
        });
        new.push(known.unwrap_or_else(|| {
            let next = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
            *numbers.entry(text.to_owned()).or_insert(next)
        }));
    }
    (old, new)
}

/// The `...` line directly before, in, or directly after the block, if there is one.
fn any_lines_at(
    expected: &[Expected<'_>],
    written: &[usize],
    block: &Range<usize>,
) -> Option<usize> {
    let from = block.start.checked_sub(1).map_or(0, |before| written[before] + 1);
    let to = written.get(block.end).copied().unwrap_or(expected.len());
    (from..to).find(|index| matches!(expected[*index], Expected::AnyLines))
}

fn pair_block(
    texts: &Texts<'_>,
    old: &[usize],
    new: Range<usize>,
    any: Option<usize>,
    pairs: &mut Vec<Pairing>,
) {
    let extra = |actual: usize| {
        any.map_or(Pairing::Unexpected(actual), |any| Pairing::Absorbed(any, actual))
    };
    if old.len() == new.len() && any.is_none() {
        pairs.extend(
            old.iter().zip(new).map(|(expected, actual)| Pairing::Changed(*expected, actual)),
        );
        return;
    }
    let alike = if old.len() * new.len() <= MOST_LIKENESS {
        alike_pairs(texts, old, &new)
    } else {
        Vec::new()
    };
    let mut at = new.start;
    let mut partners = alike.into_iter().peekable();
    for (offset, expected) in old.iter().enumerate() {
        match partners.next_if(|(old, _)| *old == offset) {
            Some((_, partner)) => {
                pairs.extend((at..partner).map(extra));
                pairs.push(Pairing::Changed(*expected, partner));
                at = partner + 1;
            }
            None => pairs.push(Pairing::Missing(*expected)),
        }
    }
    pairs.extend((at..new.end).map(extra));
}

/// The pairs with the largest sum of similarities, in order on both sides (dynamic programming over
/// the block).
fn alike_pairs(texts: &Texts<'_>, old: &[usize], new: &Range<usize>) -> Vec<(usize, usize)> {
    let (rows, columns) = (old.len(), new.len());
    let old_words: Vec<Vec<&str>> =
        old.iter().map(|index| words(texts.expected[*index].text())).collect();
    let new_words: Vec<Vec<&str>> = new.clone().map(|index| words(texts.actual[index])).collect();
    let mut best = vec![vec![0.0f32; columns + 1]; rows + 1];
    for row in (0..rows).rev() {
        for column in (0..columns).rev() {
            let like = likeness(&old_words[row], &new_words[column]);
            let paired = if like >= ALIKE { like + best[row + 1][column + 1] } else { 0.0 };
            best[row][column] = paired.max(best[row + 1][column]).max(best[row][column + 1]);
        }
    }
    let (mut row, mut column) = (0, 0);
    let mut pairs = Vec::new();
    while row < rows && column < columns {
        if best[row][column] <= best[row + 1][column] {
            row += 1;
        } else if best[row][column] <= best[row][column + 1] {
            column += 1;
        } else {
            pairs.push((row, new.start + column));
            (row, column) = (row + 1, column + 1);
        }
    }
    pairs
}

/// The first words of a line, which are enough to measure similarity.
fn words(line: &str) -> Vec<&str> {
    line.split(|c: char| c.is_whitespace() || matches!(c, '/' | ':' | '=' | ',' | '-'))
        .filter(|word| !word.is_empty())
        .take(40)
        .collect()
}

/// The share of words that both lines have, from 0 to 1.
fn likeness(old: &[&str], new: &[&str]) -> f32 {
    let common = old.iter().filter(|word| new.contains(word)).count();
    let all = old.len() + new.len();
    #[expect(clippy::cast_precision_loss, reason = "at most 40 words a line")]
    let share = if all == 0 { 0.0 } else { 2.0 * common as f32 / all as f32 };
    share
}
