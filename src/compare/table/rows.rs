//! Which rows belong together, and what their cells say.

use std::collections::{HashMap, VecDeque};

use super::{Row, Sides, Table, TextNormalizer, is_volatile};
use crate::book::Normalizer;
use crate::compare::difference::Differences;
use crate::compare::normalize::View;
use crate::compare::pattern::{Pattern, Scope};

/// Rows of one key that are looked through for one that is wholly equal.
const LOOK_AHEAD: usize = 64;
/// Row comparisons spent on rows whose key is a pattern.
const MOST_PATTERN_TRIES: usize = 200_000;

/// A column both tables have: its name, its index in the expected and in the actual table.
type Shared<'t> = (&'t str, usize, usize);

/// The row of the output that belongs to an expected one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Partner {
    /// Its index.
    pub row: usize,
    /// All its cells were seen to match: they need not be compared again.
    pub wholly: bool,
}

/// A pair of tables.
pub(super) struct Tables<'c, 't> {
    expected: &'c Table<'t>,
    actual: &'c Table<'t>,
    shared: Vec<Shared<'t>>,
    /// Key columns that both have: index in the expected and in the actual table.
    keys: Vec<(usize, usize)>,
    sides: Sides<'c>,
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
    /// Columns that only one has are told.
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

    /// For each expected row the row of the output that belongs to it; and which of the output's rows belong to one.
    pub(super) fn pair_rows(&self, scope: &mut Scope<'_>) -> (Vec<Option<Partner>>, Vec<bool>) {
        let mut taken = vec![false; self.actual.rows.len()];
        let mut partner = vec![None; self.expected.rows.len()];
        self.pair_by_key(&mut partner, &mut taken, scope);
        self.pair_by_pattern(&mut partner, &mut taken, scope);
        (partner, taken)
    }

    /// Rows with the same key: wholly equal ones first, then in their order.
    fn pair_by_key(
        &self,
        partner: &mut [Option<Partner>],
        taken: &mut [bool],
        scope: &mut Scope<'_>,
    ) {
        let mut by_key: HashMap<String, VecDeque<usize>> =
            HashMap::with_capacity(self.actual.rows.len());
        for (index, row) in self.actual.rows.iter().enumerate() {
            by_key
                .entry(self.key(self.actual, self.sides.output, row, |(_, column)| column))
                .or_default()
                .push_back(index);
        }
        let keys: Vec<Option<String>> = self
            .expected
            .rows
            .iter()
            .map(|row| {
                (!self.key_is_pattern(row)).then(|| {
                    self.key(self.expected, self.sides.accepted, row, |(column, _)| column)
                })
            })
            .collect();
        for wholly in [true, false] {
            for (index, key) in keys
                .iter()
                .enumerate()
                .filter(|(index, _)| partner[*index].is_none())
                .collect::<Vec<_>>()
            {
                let Some(candidates) = key.as_ref().and_then(|key| by_key.get_mut(key)) else {
                    continue;
                };
                let row = &self.expected.rows[index];
                let place = if wholly {
                    candidates.iter().take(LOOK_AHEAD).position(|other| {
                        self.row_matches(row, &self.actual.rows[*other], scope, SameKey::Known)
                    })
                } else {
                    Some(0)
                };
                if let Some(other) = place.and_then(|place| candidates.remove(place)) {
                    partner[index] = Some(Partner { row: other, wholly });
                    taken[other] = true;
                }
            }
        }
    }

    /// Rows whose key is a pattern: the first free row that matches wholly, else the first whose key does.
    fn pair_by_pattern(
        &self,
        partner: &mut [Option<Partner>],
        taken: &mut [bool],
        scope: &mut Scope<'_>,
    ) {
        let mut tries = MOST_PATTERN_TRIES;
        for wholly in [true, false] {
            for (index, row) in self.expected.rows.iter().enumerate() {
                if partner[index].is_some() || !self.key_is_pattern(row) {
                    continue;
                }
                let fits = |other: &usize| {
                    let other = &self.actual.rows[*other];
                    if wholly {
                        self.row_matches(row, other, scope, SameKey::Unknown)
                    } else {
                        self.key_matches(row, other, scope)
                    }
                };
                let free =
                    (0..taken.len()).filter(|other| !taken[*other]).take(tries).collect::<Vec<_>>();
                tries = tries.saturating_sub(free.len());
                if let Some(other) = free.into_iter().find({
                    let mut fits = fits;
                    move |other| fits(other)
                }) {
                    partner[index] = Some(Partner { row: other, wholly });
                    taken[other] = true;
                }
            }
        }
    }

    fn key(
        &self,
        table: &Table<'t>,
        side: &TextNormalizer,
        row: &Row<'t>,
        which: fn((usize, usize)) -> usize,
    ) -> String {
        let mut key = String::new();
        for column in self.keys.iter().copied().map(which) {
            key.push_str(&side.canonical(row.cells[column], table.place(column)));
            key.push('\0');
        }
        key
    }

    fn key_is_pattern(&self, row: &Row<'t>) -> bool {
        self.keys.iter().any(|(column, _)| Pattern::parse(row.cells[*column], None).is_some())
    }

    /// A pair of cells, to be compared.
    fn cells<'r>(
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

    /// Do all cells match? What the patterns in them bind is then in the scope.
    fn row_matches(
        &self,
        row: &Row<'t>,
        other: &Row<'t>,
        scope: &mut Scope<'_>,
        key: SameKey,
    ) -> bool {
        let mut tried: Option<Scope<'_>> = None;
        let all = self.shared.iter().all(|(_, index, other_index)| {
            if key == SameKey::Known && self.keys.contains(&(*index, *other_index)) {
                return true;
            }
            let cells = self.cells((*index, *other_index), row, other);
            match cells.compare() {
                CellMatch::Same => true,
                CellMatch::Differs => false,
                CellMatch::Pattern(pattern) => {
                    let scope = tried.get_or_insert_with(|| scope.clone());
                    pattern.matches(cells.actual, scope, Some(cells.output))
                }
            }
        });
        if let (true, Some(tried)) = (all, tried) {
            scope.bound_here = tried.bound_here;
        }
        all
    }

    fn key_matches(&self, row: &Row<'t>, other: &Row<'t>, scope: &Scope<'_>) -> bool {
        let mut scope = scope.clone();
        self.keys.iter().all(|key| self.cells(*key, row, other).matches(&mut scope))
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

    /// Is the cell of the accepted row right for the output's row? The column is one of the accepted table.
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

    /// `row pod/web-…`, with the namespace before it where the table has one.
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

/// Is it known that the key's cells are the same, or do they have to be compared?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SameKey {
    Known,
    Unknown,
}

/// How two cells compare.
enum CellMatch<'t> {
    /// Equal, but for what is volatile.
    Same,
    /// Not equal, and no pattern.
    Differs,
    /// The scope must say.
    Pattern(Pattern<'t>),
}

/// Two cells of a column.
struct Cells<'c, 't> {
    column: &'t str,
    expected: &'t str,
    actual: &'t str,
    accepted: View<'c>,
    output: View<'c>,
}

impl<'t> Cells<'_, 't> {
    /// RESTARTS `3 (5m ago)` is `3`.
    fn compare(&self) -> CellMatch<'t> {
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

    fn matches(&self, scope: &mut Scope<'_>) -> bool {
        match self.compare() {
            CellMatch::Same => true,
            CellMatch::Differs => false,
            CellMatch::Pattern(pattern) => pattern.matches(self.actual, scope, Some(self.output)),
        }
    }
}
