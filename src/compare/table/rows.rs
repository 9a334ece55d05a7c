//! Compares the rows of two tables.

use super::cells::{CellMatch, Cells};
use super::pairing::Partner;
use super::{Row, Sides, Table, is_volatile};
use crate::compare::difference::Differences;
use crate::compare::normalize::View;
use crate::compare::pattern::Scope;

/// A column that both tables have: its name, its index in the expected table, and its index in the
/// actual one.
type Shared<'t> = (&'t str, usize, usize);

/// A pair of tables.
pub(super) struct Tables<'c, 't> {
    pub(super) expected: &'c Table<'t>,
    pub(super) actual: &'c Table<'t>,
    pub(super) shared: Vec<Shared<'t>>,
    /// The key columns that both tables have: the index in the expected and in the actual table.
    pub(super) keys: Vec<(usize, usize)>,
    pub(super) sides: Sides<'c>,
}

pub(super) fn compare_table<'t>(
    expected: &Table<'t>,
    actual: &Table<'t>,
    scope: &mut Scope<'_>,
    sides: Sides<'_>,
    found: &mut Differences,
) {
    let tables = Tables::new(expected, actual, sides, found);
    let (partner, taken) = tables.pair_rows(scope);
    for (row, partner) in expected.rows.iter().zip(&partner) {
        match partner {
            Some(Partner { wholly: true, .. }) => {}
            Some(Partner { row: other, .. }) => {
                tables.compare_rows(row, &actual.rows[*other], scope, found);
            }
            None => found.missing(tables.row_name(expected, row), row.text, Some(row.line)),
        }
    }
    if !expected.any_rows {
        for (row, _) in actual.rows.iter().zip(&taken).filter(|(_, taken)| !**taken) {
            found.unexpected(tables.row_name(actual, row), row.text, Some(row.line));
        }
    }
}

fn compare_columns<'t>(
    expected: &Table<'t>,
    actual: &Table<'t>,
    sides: Sides<'_>,
    found: &mut Differences,
) -> Vec<Shared<'t>> {
    let compared = |name: &str| !is_volatile(name, sides.output.rules);
    let mut shared = Vec::new();
    for (index, name) in expected.columns.iter().enumerate().filter(|(_, name)| compared(name)) {
        match actual.same_column(expected, index) {
            Some(other) => shared.push((*name, index, other)),
            None => found.missing(format!("column {name}"), name, Some(expected.line)),
        }
    }
    for (index, name) in actual.columns.iter().enumerate().filter(|(_, name)| compared(name)) {
        if expected.same_column(actual, index).is_none() {
            found.unexpected(format!("column {name}"), name, Some(actual.line));
        }
    }
    shared
}

fn shared_keys(expected: &Table<'_>, shared: &[Shared<'_>]) -> Vec<(usize, usize)> {
    let both = |key: &usize| {
        shared.iter().find(|(_, index, _)| index == key).map(|(_, index, other)| (*index, *other))
    };
    let keys: Vec<_> = expected.keys.iter().filter_map(both).collect();
    if keys.is_empty() {
        shared.first().map(|(_, index, other)| (*index, *other)).into_iter().collect()
    } else {
        keys
    }
}

impl<'c, 't> Tables<'c, 't> {
    /// Adds a difference for each column that only one table has.
    pub(super) fn new(
        expected: &'c Table<'t>,
        actual: &'c Table<'t>,
        sides: Sides<'c>,
        found: &mut Differences,
    ) -> Self {
        let shared = compare_columns(expected, actual, sides, found);
        let keys = shared_keys(expected, &shared);
        Self { expected, actual, shared, keys, sides }
    }

    /// A pair of cells to compare.
    pub(super) fn cells<'r>(
        &'r self,
        (index, other_index): (usize, usize),
        row: &Row<'t>,
        other: &'r Row<'t>,
    ) -> Cells<'r, 't> {
        Cells {
            column: self.expected.columns[index],
            expected: row.cells[index],
            actual: other.cells[other_index],
            accepted: View { normalizer: self.sides.accepted, place: self.expected.place(index) },
            output: View { normalizer: self.sides.output, place: self.actual.place(other_index) },
        }
    }

    fn compare_rows(
        &self,
        row: &Row<'t>,
        other: &Row<'t>,
        scope: &mut Scope<'_>,
        found: &mut Differences,
    ) {
        for (column, index, other_index) in &self.shared {
            let cells = self.cells((*index, *other_index), row, other);
            let mismatch_reason = match cells.compare() {
                CellMatch::Same => continue,
                CellMatch::Differs => None,
                CellMatch::Pattern(pattern)
                    if pattern.matches(cells.actual, scope, Some(cells.output)) =>
                {
                    continue;
                }
                CellMatch::Pattern(pattern) => {
                    pattern.mismatch_reason(cells.actual, scope, Some(cells.output))
                }
            };
            match mismatch_reason {
                Some(mismatch_reason) => found.binding(mismatch_reason, Some(row.line)),
                None => {
                    let what = format!("{}, column {column}", self.row_name(self.actual, other));
                    found.changed(what, cells.expected, cells.actual, Some(row.line));
                }
            }
        }
    }

    /// Whether the cell of the accepted row matches the output's row. The column is one of the
    /// accepted table.
    pub(super) fn cell_is_same(
        &self,
        index: usize,
        row: &Row<'t>,
        other: &Row<'t>,
        scope: &mut Scope<'_>,
    ) -> bool {
        if is_volatile(self.expected.columns[index], self.sides.output.rules) {
            return true;
        }
        let other_index = self.actual.same_column(self.expected, index);
        other_index
            .is_some_and(|other_index| self.cells((index, other_index), row, other).matches(scope))
    }

    /// The name of a row for messages: `row pod/web-…`, with the namespace in front if the table
    /// has one.
    fn row_name(&self, table: &Table<'t>, row: &Row<'t>) -> String {
        let side = if std::ptr::eq(table, self.expected) {
            self.sides.accepted
        } else {
            self.sides.output
        };
        let key: Vec<_> = table
            .keys
            .iter()
            .map(|column| side.shown(row.cells[*column], table.place(*column)))
            .collect();
        format!("row {}", key.join("/"))
    }
}
