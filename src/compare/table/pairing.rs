//! Pairs the rows of two tables by their keys.

use std::collections::{HashMap, VecDeque};

use super::cells::CellMatch;
use super::rows::Tables;
use super::{Row, Table, TextNormalizer};
use crate::compare::pattern::{Pattern, Scope};

/// The most rows with one key that are searched for one that is completely equal.
const LOOK_AHEAD: usize = 64;
/// The most row comparisons for rows whose key is a pattern.
const MOST_PATTERN_TRIES: usize = 200_000;

/// The row of the output that belongs to an expected one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Partner {
    /// Its index.
    pub row: usize,
    /// Whether all its cells are known to match, so that they need not be compared again.
    pub wholly: bool,
}

/// Whether the cells of the key are known to be equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SameKey {
    Known,
    Unknown,
}

impl<'t> Tables<'_, 't> {
    /// For each expected row its row of the output, and for each row of the output whether it has
    /// an expected one.
    pub(super) fn pair_rows(&self, scope: &mut Scope<'_>) -> (Vec<Option<Partner>>, Vec<bool>) {
        let mut taken = vec![false; self.actual.rows.len()];
        let mut partner = vec![None; self.expected.rows.len()];
        self.pair_by_key(&mut partner, &mut taken, scope);
        self.pair_by_pattern(&mut partner, &mut taken, scope);
        (partner, taken)
    }

    /// Pairs rows with the same key: first completely equal rows, then the others in their order.
    fn pair_by_key(
        &self,
        partner: &mut [Option<Partner>],
        taken: &mut [bool],
        scope: &mut Scope<'_>,
    ) {
        let mut by_key = self.actual_rows_by_key();
        let keys: Vec<Option<String>> =
            self.expected.rows.iter().map(|row| self.expected_key(row)).collect();
        for wholly in [true, false] {
            for (index, key) in keys.iter().enumerate() {
                let candidates = key.as_ref().and_then(|key| by_key.get_mut(key));
                let Some(candidates) = candidates.filter(|_| partner[index].is_none()) else {
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

    fn actual_rows_by_key(&self) -> HashMap<String, VecDeque<usize>> {
        let rows = &self.actual.rows;
        let mut by_key: HashMap<String, VecDeque<usize>> = HashMap::with_capacity(rows.len());
        for (index, row) in rows.iter().enumerate() {
            let key = self.key(self.actual, self.sides.output, row, |(_, column)| column);
            by_key.entry(key).or_default().push_back(index);
        }
        by_key
    }

    /// The key of an expected row. `None` if it is a pattern.
    fn expected_key(&self, row: &Row<'t>) -> Option<String> {
        (!self.key_is_pattern(row))
            .then(|| self.key(self.expected, self.sides.accepted, row, |(column, _)| column))
    }

    /// Pairs rows whose key is a pattern: with the first free row that matches completely, or else
    /// with the first whose key matches.
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
                let mut fits = |other: &usize| {
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
                if let Some(other) = free.into_iter().find(|other| fits(other)) {
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

    /// Whether all cells match. If they do, the names of their patterns are added to the scope.
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
}
