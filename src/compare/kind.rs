//! Chooses the kind of a comparison and calls it.

use std::borrow::Cow;

use super::lines::compare_lines;
use super::normalize::Rules;
use super::strip_ansi::strip_ansi;
use super::verdict::{Bindings, Verdict};
use super::{table, tree};
use crate::book::SnapshotKind;

/// Compares an output with the `output` fence of its step.
///
/// `kind` is the step's `snapshot=`. With `None` the lines are compared exactly, except for
/// patterns. With a kind the comparison is by structure and the active normalizers apply, as for a
/// snapshot, because the fence is then the accepted output.
pub(crate) fn compare_fence(
    expected: &str,
    actual: &[u8],
    kind: Option<SnapshotKind>,
    bound: &Bindings,
    rules: &Rules,
) -> Verdict {
    match kind {
        Some(kind) => compare_snapshot(expected, actual, kind, bound, rules),
        None => compare_lines(&strip_ansi(expected.as_bytes()), &strip_ansi(actual), None, bound),
    }
}

/// Compares an output with its accepted snapshot, which may contain patterns from a review.
pub fn compare_snapshot(
    accepted: &str,
    actual: &[u8],
    kind: SnapshotKind,
    bound: &Bindings,
    rules: &Rules,
) -> Verdict {
    let (accepted, actual) = (strip_ansi(accepted.as_bytes()), strip_ansi(actual));
    let kind = if kind == SnapshotKind::Auto { kind_of(&accepted) } else { kind };
    compare_as(kind, &accepted, &actual, bound, *rules)
}

fn compare_as(
    kind: SnapshotKind,
    accepted: &Cow<'_, str>,
    actual: &str,
    bound: &Bindings,
    rules: Rules,
) -> Verdict {
    let by_structure = match kind {
        SnapshotKind::Table => table::compare_tables(accepted, actual, bound, rules),
        SnapshotKind::Json | SnapshotKind::Yaml => {
            tree::compare_trees(kind, accepted, actual, bound, rules)
        }
        SnapshotKind::Text | SnapshotKind::Auto => None,
    };
    // Texts that are equal byte for byte do not differ, even if their structure cannot be read.
    let believed = by_structure
        .filter(|verdict| !(matches!(verdict, Verdict::Differs(_)) && accepted == actual));
    believed.unwrap_or_else(|| compare_lines(accepted, actual, Some(rules), bound))
}

/// The kind of an output by its form: JSON, YAML of Kubernetes objects (or with `---`), a kubectl
/// table, and otherwise text.
pub(crate) fn kind_of(text: &str) -> SnapshotKind {
    let start = text.trim_start();
    let objects = || {
        text.lines()
            .take(200)
            .any(|line| line.starts_with("apiVersion:") || line.starts_with("- apiVersion:"))
    };
    if start.starts_with(['{', '[']) && tree::read(SnapshotKind::Json, start).is_ok() {
        SnapshotKind::Json
    } else if (start.starts_with("---\n") || objects())
        && tree::read(SnapshotKind::Yaml, text).is_ok()
    {
        SnapshotKind::Yaml
    } else if table::looks_like_table(text) {
        SnapshotKind::Table
    } else {
        SnapshotKind::Text
    }
}

#[cfg(test)]
mod tests;
