//! Which rows belong together, and what their cells say.

use std::collections::{HashMap, VecDeque};

use super::{Row, Table, VOLATILE_COLUMNS};
use crate::compare::difference::Differences;
use crate::compare::normalise::Rules;
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
    rules: &'c Rules,
}

pub(super) fn compare_table<'t>(
    expected: &Table<'t>,
    actual: &Table<'t>,
    scope: &mut Scope<'_>,
    rules: &Rules,
    found: &mut Differences,
) {
    let tables = Tables::new(expected, actual, rules, found);
    let (partner, taken) = tables.pair_rows(scope);
    for (row, partner) in expected.rows.iter().zip(&partner) {
        match partner {
            Some(Partner { wholly: true, .. }) => {}
            Some(Partner { row: other, .. }) => tables.compare_rows(row, &actual.rows[*other], scope, found),
            None => found.missing(tables.row_name(expected, row), row.text, Some(row.line)),
        }
    }
    if !expected.any_rows {
        for (row, _) in actual.rows.iter().zip(&taken).filter(|(_, taken)| !**taken) {
            found.unexpected(tables.row_name(actual, row), row.text, Some(row.line));
        }
    }
}

fn compare_columns<'t>(expected: &Table<'t>, actual: &Table<'t>, found: &mut Differences) -> Vec<Shared<'t>> {
    let mut shared = Vec::new();
    for (index, name) in expected.columns.iter().enumerate().filter(|(_, name)| !VOLATILE_COLUMNS.contains(*name)) {
        match actual.columns.iter().position(|other| other == name) {
            Some(other) => shared.push((*name, index, other)),
            None => found.missing(format!("column {name}"), name, Some(expected.line)),
        }
    }
    for name in actual.columns.iter().filter(|name| !VOLATILE_COLUMNS.contains(*name)) {
        if !expected.columns.contains(name) {
            found.unexpected(format!("column {name}"), name, Some(actual.line));
        }
    }
    shared
}

fn shared_keys(expected: &Table<'_>, shared: &[Shared<'_>]) -> Vec<(usize, usize)> {
    let both = |key: &usize| shared.iter().find(|(_, index, _)| index == key).map(|(_, index, other)| (*index, *other));
    let keys: Vec<_> = expected.keys.iter().filter_map(both).collect();
    if keys.is_empty() { shared.first().map(|(_, index, other)| (*index, *other)).into_iter().collect() } else { keys }
}

impl<'c, 't> Tables<'c, 't> {
    /// Columns that only one has are told.
    pub fn new(expected: &'c Table<'t>, actual: &'c Table<'t>, rules: &'c Rules, found: &mut Differences) -> Self {
        let shared = compare_columns(expected, actual, found);
        let keys = shared_keys(expected, &shared);
        Self { expected, actual, shared, keys, rules }
    }

    /// For each expected row the row of the output that belongs to it; and which of the output's rows belong to one.
    pub fn pair_rows(&self, scope: &mut Scope<'_>) -> (Vec<Option<Partner>>, Vec<bool>) {
        let mut taken = vec![false; self.actual.rows.len()];
        let mut partner = vec![None; self.expected.rows.len()];
        self.pair_by_key(&mut partner, &mut taken, scope);
        self.pair_by_pattern(&mut partner, &mut taken, scope);
        (partner, taken)
    }

    /// Rows with the same key: wholly equal ones first, then in their order.
    fn pair_by_key(&self, partner: &mut [Option<Partner>], taken: &mut [bool], scope: &mut Scope<'_>) {
        let mut by_key: HashMap<String, VecDeque<usize>> = HashMap::with_capacity(self.actual.rows.len());
        for (index, row) in self.actual.rows.iter().enumerate() {
            by_key.entry(self.key(row, |(_, column)| column)).or_default().push_back(index);
        }
        let keys: Vec<Option<String>> = self
            .expected
            .rows
            .iter()
            .map(|row| (!self.key_is_pattern(row)).then(|| self.key(row, |(column, _)| column)))
            .collect();
        for wholly in [true, false] {
            for (index, key) in keys.iter().enumerate().filter(|(index, _)| partner[*index].is_none()).collect::<Vec<_>>() {
                let Some(candidates) = key.as_ref().and_then(|key| by_key.get_mut(key)) else { continue };
                let row = &self.expected.rows[index];
                let place = if wholly {
                    candidates
                        .iter()
                        .take(LOOK_AHEAD)
                        .position(|other| self.row_matches(row, &self.actual.rows[*other], scope, SameKey::Known))
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
    fn pair_by_pattern(&self, partner: &mut [Option<Partner>], taken: &mut [bool], scope: &mut Scope<'_>) {
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
                let free = (0..taken.len()).filter(|other| !taken[*other]).take(tries).collect::<Vec<_>>();
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

    fn key(&self, row: &Row<'t>, side: fn((usize, usize)) -> usize) -> String {
        let mut key = String::new();
        for column in self.keys.iter().copied().map(side) {
            key.push_str(&self.rules.canonical(row.cells[column]));
            key.push('\0');
        }
        key
    }

    fn key_is_pattern(&self, row: &Row<'t>) -> bool {
        self.keys.iter().any(|(column, _)| Pattern::parse(row.cells[*column], None).is_some())
    }

    /// Do all cells match? What the patterns in them bind is then in the scope.
    fn row_matches(&self, row: &Row<'t>, other: &Row<'t>, scope: &mut Scope<'_>, key: SameKey) -> bool {
        let mut tried: Option<Scope<'_>> = None;
        let all = self.shared.iter().all(|(column, index, other_index)| {
            if key == SameKey::Known && self.keys.contains(&(*index, *other_index)) {
                return true;
            }
            match cell_matches(column, row.cells[*index], other.cells[*other_index], self.rules) {
                CellMatch::Same => true,
                CellMatch::Differs => false,
                CellMatch::Pattern(pattern) => {
                    let scope = tried.get_or_insert_with(|| scope.clone());
                    pattern.matches(other.cells[*other_index], scope, Some(self.rules))
                }
            }
        });
        if let (true, Some(tried)) = (all, tried) {
            scope.fresh = tried.fresh;
        }
        all
    }

    fn key_matches(&self, row: &Row<'t>, other: &Row<'t>, scope: &Scope<'_>) -> bool {
        let mut scope = scope.clone();
        self.keys.iter().all(|(column, other_column)| {
            let text = other.cells[*other_column];
            match cell_matches(self.expected.columns[*column], row.cells[*column], text, self.rules) {
                CellMatch::Same => true,
                CellMatch::Differs => false,
                CellMatch::Pattern(pattern) => pattern.matches(text, &mut scope, Some(self.rules)),
            }
        })
    }

    fn compare_rows(&self, row: &Row<'t>, other: &Row<'t>, scope: &mut Scope<'_>, found: &mut Differences) {
        for (column, index, other_index) in &self.shared {
            let (expected, actual) = (row.cells[*index], other.cells[*other_index]);
            let blame = match cell_matches(column, expected, actual, self.rules) {
                CellMatch::Same => continue,
                CellMatch::Differs => None,
                CellMatch::Pattern(pattern) if pattern.matches(actual, scope, Some(self.rules)) => continue,
                CellMatch::Pattern(pattern) => pattern.blame(actual, scope, Some(self.rules)),
            };
            match blame {
                Some(blame) => found.binding(blame, Some(row.line)),
                None => {
                    let what = format!("{}, column {column}", self.row_name(self.actual, other));
                    found.changed(what, expected, actual, Some(row.line));
                }
            }
        }
    }

    /// `row pod/web-…`, with the namespace before it where the table has one.
    fn row_name(&self, table: &Table<'t>, row: &Row<'t>) -> String {
        let key: Vec<_> = table.keys.iter().map(|column| self.rules.shown(row.cells[*column])).collect();
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
pub(in crate::compare) enum CellMatch<'t> {
    /// Equal, but for what is volatile.
    Same,
    /// Not equal, and no pattern.
    Differs,
    /// The scope must say.
    Pattern(Pattern<'t>),
}

/// Compares two cells of a column; RESTARTS `3 (5m ago)` is `3`.
pub(in crate::compare) fn cell_matches<'t>(column: &str, expected: &'t str, actual: &str, rules: &Rules) -> CellMatch<'t> {
    if expected == actual && !expected.contains('<') {
        return CellMatch::Same;
    }
    if let Some(pattern) = Pattern::parse(expected, Some(rules)) {
        return CellMatch::Pattern(pattern);
    }
    let bare = |cell: &'_ str| -> usize { if column == "RESTARTS" { cell.find(" (").unwrap_or(cell.len()) } else { cell.len() } };
    let (expected, actual) = (&expected[..bare(expected)], &actual[..bare(actual)]);
    if expected == actual || rules.canonical(expected) == rules.canonical(actual) { CellMatch::Same } else { CellMatch::Differs }
}
