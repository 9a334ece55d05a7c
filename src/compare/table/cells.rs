//! Compares two cells of a table.

use crate::book::Normalizer;
use crate::compare::normalize::View;
use crate::compare::pattern::{Pattern, Scope};

/// The result of a comparison of two cells.
pub(super) enum CellMatch<'t> {
    /// The cells are equal, apart from volatile parts.
    Same,
    /// The cells differ, and the expected one has no pattern.
    Differs,
    /// The expected cell has a pattern, whose match depends on the scope.
    Pattern(Pattern<'t>),
}

/// Two cells of a column to compare.
pub(super) struct Cells<'c, 't> {
    pub(super) column: &'t str,
    pub(super) expected: &'t str,
    pub(super) actual: &'t str,
    pub(super) accepted: View<'c>,
    pub(super) output: View<'c>,
}

impl<'t> Cells<'_, 't> {
    /// Compares the cells. If ages are ignored, RESTARTS `3 (5m ago)` equals `3`.
    pub(super) fn compare(&self) -> CellMatch<'t> {
        if let Some(pattern) = Pattern::parse(self.expected, Some(self.accepted)) {
            return CellMatch::Pattern(pattern);
        }
        let ages = self.output.normalizer.rules.has(Normalizer::Ages);
        let bare = |cell: &str| -> usize {
            if ages && self.column == "RESTARTS" {
                cell.find(" (").unwrap_or(cell.len())
            } else {
                cell.len()
            }
        };
        let (expected, actual) =
            (&self.expected[..bare(self.expected)], &self.actual[..bare(self.actual)]);
        if self.accepted.canonical(expected) == self.output.canonical(actual) {
            CellMatch::Same
        } else {
            CellMatch::Differs
        }
    }

    pub(super) fn matches(&self, scope: &mut Scope<'_>) -> bool {
        match self.compare() {
            CellMatch::Same => true,
            CellMatch::Differs => false,
            CellMatch::Pattern(pattern) => pattern.matches(self.actual, scope, Some(self.output)),
        }
    }
}
