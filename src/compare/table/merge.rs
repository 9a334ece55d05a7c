//! Merges an output into an accepted table: only real changes are rewritten.

use std::collections::HashMap;

use super::rows::Tables;
use super::{Part, Row, Sides, Table, pair_tables, parse, parse_output, split};
use crate::compare::difference::Differences;
use crate::compare::normalize::{Rules, Where};
use crate::compare::pattern::Scope;
use crate::compare::verdict::Bindings;

/// Converts a cell or line of an output into the text for an accepted text.
pub(in crate::compare) type Keep<'k> = &'k dyn Fn(&str, Where<'_>) -> String;

/// The changes to the lines of the accepted text. A line without an entry stays.
#[derive(Default)]
struct Edits {
    /// By line, from 1: the new text, or `None` for a line that is removed.
    lines: HashMap<usize, Option<String>>,
    /// The texts that are added after a line.
    after: HashMap<usize, Vec<String>>,
    /// The tables that are added at the end.
    end: Vec<String>,
}

/// The accepted text in which different rows and cells are rewritten in the columns of the header.
/// `None` if the texts have no tables to compare. `keep` converts a line or cell of the output into
/// the text for the accepted text.
pub(in crate::compare) fn merge_tables(
    accepted: &str,
    actual: &str,
    bound: &Bindings,
    rules: Rules,
    keep: Keep<'_>,
) -> Option<String> {
    let (old_parts, new_parts) = (parse(accepted), parse_output(actual));
    let ((old, _), (new, _)) = (split(&old_parts), split(&new_parts));
    if old.is_empty()
        || new.is_empty()
        || old_parts.iter().chain(&new_parts).any(|part| matches!(part, Part::Text(_)))
    {
        return None;
    }
    let (accepted_side, output_side) = (rules.accepted(accepted), rules.output(actual));
    let sides = Sides { accepted: &accepted_side, output: &output_side };
    let mut edits = Edits::default();
    let mut scope = Scope::new(bound);
    for pair in pair_tables(&old, &new, sides) {
        match pair {
            (Some(old), Some(new)) => edits.table(old, new, &mut scope, sides, keep),
            (Some(old), None) => edits.remove(old, None),
            (None, Some(new)) => edits.end.push(whole_text(new, keep)),
            (None, None) => {}
        }
    }
    Some(edits.apply(accepted))
}

impl Edits {
    fn table<'t>(
        &mut self,
        old: &Table<'t>,
        new: &Table<'t>,
        scope: &mut Scope<'_>,
        sides: Sides<'_>,
        keep: Keep<'_>,
    ) {
        let mut columns = Differences::default();
        let tables = Tables::new(old, new, sides, &mut columns);
        if !columns.is_empty() {
            return self.remove(old, Some(whole_text(new, keep)));
        }
        let (partner, taken) = tables.pair_rows(scope);
        for (row, partner) in old.rows.iter().zip(&partner) {
            match partner {
                None => drop(self.lines.insert(row.line, None)),
                Some(other) => {
                    if let Some(text) =
                        merged_row(&tables, (old, row), (new, &new.rows[other.row]), scope, keep)
                    {
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
            let cells: Vec<String> = (0..old.columns.len())
                .map(|column| kept_cell(old, column, (new, row), keep))
                .collect();
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

/// The row with its different cells replaced. `None` if no cell differs.
fn merged_row<'t>(
    tables: &Tables<'_, 't>,
    (old, row): (&Table<'t>, &Row<'t>),
    (new, other): (&Table<'t>, &Row<'t>),
    scope: &mut Scope<'_>,
    keep: Keep<'_>,
) -> Option<String> {
    let mut changed = false;
    let mut cells = Vec::with_capacity(row.cells.len());
    for (column, expected) in row.cells.iter().enumerate() {
        let same = tables.cell_is_same(column, row, other, scope);
        changed |= !same;
        cells.push(if same {
            (*expected).to_owned()
        } else {
            kept_cell(old, column, (new, other), keep)
        });
    }
    changed.then(|| lay_out(old, &cells))
}

/// The output's cell for a column of the accepted table, converted by `keep`.
fn kept_cell(
    old: &Table<'_>,
    column: usize,
    (new, row): (&Table<'_>, &Row<'_>),
    keep: Keep<'_>,
) -> String {
    new.same_column(old, column)
        .map_or_else(String::new, |index| keep(row.cells[index], new.place(index)))
}

/// A table of the output, converted by `keep`.
fn whole_text(table: &Table<'_>, keep: Keep<'_>) -> String {
    let mut text = keep(table.header, Where::Line);
    for row in &table.rows {
        text.push('\n');
        text.push_str(&super::kept_row(row, table, keep));
    }
    text
}

/// A row in the columns of the header. A cell that is too long moves the cells after it.
fn lay_out(table: &Table<'_>, cells: &[String]) -> String {
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
