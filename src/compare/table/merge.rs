//! The accepted table with what truly changed in it.

use std::collections::HashMap;

use super::rows::{CellMatch, Tables, cell_matches};
use super::{Part, Row, Table, VOLATILE_COLUMNS, pair_tables, parse, split};
use crate::compare::difference::Differences;
use crate::compare::normalise::Rules;
use crate::compare::pattern::Scope;
use crate::compare::verdict::Bindings;

/// What becomes of the lines of the accepted text; lines without an entry stay.
#[derive(Default)]
struct Edits {
    /// By 1-based line: the new text, or `None` for a line that goes.
    lines: HashMap<usize, Option<String>>,
    /// Texts that come after a line.
    after: HashMap<usize, Vec<String>>,
    /// Tables that come at the end.
    end: Vec<String>,
}

/// The accepted text with rows and cells that differ rewritten in the columns of its header; `None` where the texts have no tables
/// to compare.
pub(in crate::compare) fn merge_tables(accepted: &str, actual: &str, bound: &Bindings, rules: &Rules) -> Option<String> {
    let (old_parts, new_parts) = (parse(accepted), parse(actual));
    let ((old, _), (new, _)) = (split(&old_parts), split(&new_parts));
    if old.is_empty() || new.is_empty() || old_parts.iter().chain(&new_parts).any(|part| matches!(part, Part::Text(_))) {
        return None;
    }
    let mut edits = Edits::default();
    let mut scope = Scope::new(bound);
    for pair in pair_tables(&old, &new, rules) {
        match pair {
            (Some(old), Some(new)) => edits.table(old, new, &mut scope, rules),
            (Some(old), None) => edits.remove(old, None),
            (None, Some(new)) => edits.end.push(new.whole_text()),
            (None, None) => {}
        }
    }
    Some(edits.apply(accepted))
}

impl Edits {
    fn table(&mut self, old: &Table<'_>, new: &Table<'_>, scope: &mut Scope<'_>, rules: &Rules) {
        let mut columns = Differences::default();
        let tables = Tables::new(old, new, rules, &mut columns);
        if !columns.is_empty() {
            return self.remove(old, Some(new.whole_text()));
        }
        let (partner, taken) = tables.pair_rows(scope);
        for (row, partner) in old.rows.iter().zip(&partner) {
            match partner {
                None => drop(self.lines.insert(row.line, None)),
                Some(other) => {
                    if let Some(text) = merged_row((old, row), (new, &new.rows[other.row]), scope, rules) {
                        self.lines.insert(row.line, Some(text));
                    }
                }
            }
        }
        if old.any_rows {
            return;
        }
        let last = old.rows.last().map_or(old.line, |row| row.line);
        for (row, _) in new.rows.iter().zip(taken).filter(|(_, taken)| !taken) {
            let cells: Vec<&str> = old.columns.iter().map(|column| cell(new, row, column)).collect();
            self.after.entry(last).or_default().push(lay_out(old, &cells));
        }
    }

    fn remove(&mut self, table: &Table<'_>, instead: Option<String>) {
        self.lines.insert(table.line, instead);
        self.lines.extend(table.rows.iter().map(|row| (row.line, None)));
    }

    fn apply(mut self, accepted: &str) -> String {
        let mut text = String::with_capacity(accepted.len());
        let mut push = |line: &str| {
            text.push_str(line);
            text.push('\n');
        };
        for (index, line) in accepted.lines().enumerate() {
            match self.lines.remove(&(index + 1)) {
                None => push(line),
                Some(instead) => instead.iter().for_each(|line| push(line)),
            }
            self.after.remove(&(index + 1)).into_iter().flatten().for_each(|line| push(&line));
        }
        for table in self.end {
            push("");
            push(&table);
        }
        text
    }
}

/// The row with the cells that differ replaced; `None` when none does.
fn merged_row(
    (old, row): (&Table<'_>, &Row<'_>),
    (new, other): (&Table<'_>, &Row<'_>),
    scope: &mut Scope<'_>,
    rules: &Rules,
) -> Option<String> {
    let mut changed = false;
    let mut cells = Vec::with_capacity(row.cells.len());
    for (column, expected) in old.columns.iter().zip(&row.cells) {
        let actual = cell(new, other, column);
        let same = VOLATILE_COLUMNS.contains(column)
            || match cell_matches(column, expected, actual, rules) {
                CellMatch::Same => true,
                CellMatch::Differs => false,
                CellMatch::Pattern(pattern) => pattern.matches(actual, scope, Some(rules)),
            };
        changed |= !same;
        cells.push(if same { *expected } else { actual });
    }
    changed.then(|| lay_out(old, &cells))
}

fn cell<'t>(table: &Table<'_>, row: &Row<'t>, column: &str) -> &'t str {
    table.columns.iter().position(|name| *name == column).map_or("", |index| row.cells[index])
}

/// A row in the columns of the header; a cell that is too long moves those after it.
fn lay_out(table: &Table<'_>, cells: &[&str]) -> String {
    let mut text = String::new();
    let mut width = 0;
    let mut from = 0;
    for (column, cell) in table.columns.iter().zip(cells) {
        let start = from + table.header[from..].find(column).unwrap_or(0);
        from = start + column.len();
        let gap = if width == 0 { start } else { start.saturating_sub(width).max(2) };
        text.extend(std::iter::repeat_n(' ', gap));
        text.push_str(cell);
        width += gap + cell.chars().count();
    }
    text.truncate(text.trim_end().len());
    text
}
