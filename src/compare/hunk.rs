//! The hunks in which a text differs from the proposed text. A review decides about one hunk after
//! the other.

use similar::{Algorithm, DiffOp};

/// The number of lines of context before and after a hunk.
const CONTEXT: usize = 3;

/// A run of lines that would be replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Hunk {
    /// The index of its first line in the old text, from 0.
    pub start: usize,
    /// Lines of the old text.
    pub old: Vec<String>,
    /// Lines of the proposed text.
    pub new: Vec<String>,
    /// The lines of the old text before it.
    pub before: Vec<String>,
    /// The lines of the old text after it.
    pub after: Vec<String>,
}

/// The decision about a hunk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Choice {
    /// Take the proposed lines.
    Accept,
    /// Keep the old lines.
    Keep,
    /// Take these lines, which contain patterns.
    Lines(Vec<String>),
}

/// The hunks of two texts, in their order.
pub(crate) fn hunks(old: &str, new: &str) -> Vec<Hunk> {
    let (old, new): (Vec<&str>, Vec<&str>) = (split(old), split(new));
    let owned = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect();
    let mut hunks = Vec::new();
    for op in similar::capture_diff_slices(Algorithm::Myers, &old, &new) {
        if matches!(op, DiffOp::Equal { .. }) {
            continue;
        }
        let (old_range, new_range) = (op.old_range(), op.new_range());
        hunks.push(Hunk {
            start: old_range.start,
            before: owned(&old[old_range.start.saturating_sub(CONTEXT)..old_range.start]),
            after: owned(&old[old_range.end..old.len().min(old_range.end + CONTEXT)]),
            old: owned(&old[old_range]),
            new: owned(&new[new_range]),
        });
    }
    hunks
}

/// The old text after the decisions about its hunks. A hunk without a decision keeps the old lines.
pub(crate) fn apply_hunks(old: &str, hunks: &[Hunk], choices: &[Choice]) -> String {
    let lines = split(old);
    let mut text = String::with_capacity(old.len());
    let mut push = |line: &str| {
        text.push_str(line);
        text.push('\n');
    };
    let mut at = 0;
    for (hunk, choice) in hunks.iter().zip(choices) {
        let start = hunk.start.min(lines.len());
        lines[at.min(start)..start].iter().copied().for_each(&mut push);
        let chosen = match choice {
            Choice::Accept => &hunk.new,
            Choice::Keep => &hunk.old,
            Choice::Lines(lines) => lines,
        };
        chosen.iter().map(String::as_str).for_each(&mut push);
        at = start + hunk.old.len();
    }
    lines[at.min(lines.len())..].iter().copied().for_each(&mut push);
    text
}

fn split(text: &str) -> Vec<&str> {
    text.lines().collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn each_hunk_is_decided_on_its_own() {
        let (old, new) = ("a\nb\nc\nd\ne\n", "a\nB\nc\nd\ne\nf\n");
        let hunks = hunks(old, new);
        assert_eq!(hunks.len(), 2);
        assert_eq!(
            (hunks[0].old.as_slice(), hunks[0].new.as_slice()),
            (&["b".to_owned()][..], &["B".to_owned()][..])
        );
        assert_eq!(hunks[0].before, ["a"]);
        assert_eq!(hunks[0].after, ["c", "d", "e"]);
        assert_eq!(apply_hunks(old, &hunks, &[Choice::Accept, Choice::Keep]), "a\nB\nc\nd\ne\n");
        assert_eq!(apply_hunks(old, &hunks, &[Choice::Keep, Choice::Accept]), "a\nb\nc\nd\ne\nf\n");
        assert_eq!(
            apply_hunks(old, &hunks, &[Choice::Lines(vec!["[..]".to_owned()])]),
            "a\n[..]\nc\nd\ne\n"
        );
    }

    proptest! {
        #[test]
        fn all_accepted_is_the_new_text_and_all_kept_the_old(old in "([abc]\n){0,12}", new in "([abc]\n){0,12}") {
            let hunks = hunks(&old, &new);
            prop_assert_eq!(apply_hunks(&old, &hunks, &vec![Choice::Accept; hunks.len()]), new);
            prop_assert_eq!(apply_hunks(&old, &hunks, &vec![Choice::Keep; hunks.len()]), old);
        }
    }
}
