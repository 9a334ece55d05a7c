//! The accepted table with what truly changed in it.

use std::collections::HashMap;

use super::rows::Tables;
use super::{Part, Row, Sides, Table, pair_tables, parse, parse_output, split};
use crate::compare::difference::Differences;
use crate::compare::normalize::{Rules, Where};
use crate::compare::pattern::Scope;
use crate::compare::verdict::Bindings;

/// How a cell of an output is kept in an accepted text.
pub(in crate::compare) type Keep<'k> = &'k dyn Fn(&str, Where<'_>) -> String;

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
/// `keep` gives a line or cell of the output as it is kept in the accepted text.
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

/// The row with the cells that differ replaced; `None` when none does.
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

/// The output's cell of a column of the accepted table, as it is kept.
fn kept_cell(
    old: &Table<'_>,
    column: usize,
    (new, row): (&Table<'_>, &Row<'_>),
    keep: Keep<'_>,
) -> String {
    new.same_column(old, column)
        .map_or_else(String::new, |index| keep(row.cells[index], new.place(index)))
}

/// A table of the output as it is kept.
fn whole_text(table: &Table<'_>, keep: Keep<'_>) -> String {
    let mut text = keep(table.header, Where::Line);
    for row in &table.rows {
        text.push('\n');
        text.push_str(&super::kept_row(row, table, keep));
    }
    text
}

/// A row in the columns of the header; a cell that is too long moves those after it.
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
