//! Compares tables as kubectl, docker and helm print them: rows by their key columns in any order,
//! columns by name, without their widths.
//!
//! An output may contain several tables (`kubectl get all -A`) and text beside them ("No resources
//! found"). Lines without a header in capitals are text, and are compared by line.

mod cells;
mod merge;
mod pairing;
mod rows;

use super::difference::Differences;
use super::lines::compare_lines;
use super::normalize::{Rules, TextNormalizer, Where};
use super::pattern::Scope;
use super::table_text::{Part, Row, Table, VOLATILE_COLUMNS, offset, parse, parse_output};
use super::verdict::{Bindings, Difference, Verdict};
use crate::book::Normalizer;

pub(super) use merge::{Keep, merge_tables};

/// Whether the column is omitted from every comparison.
fn is_volatile(column: &str, rules: Rules) -> bool {
    rules.has(Normalizer::Ages) && VOLATILE_COLUMNS.contains(&column)
}

/// The normalizer of the accepted text, and the normalizer of the output.
#[derive(Clone, Copy)]
pub(super) struct Sides<'s> {
    pub accepted: &'s TextNormalizer,
    pub output: &'s TextNormalizer,
}

impl<'t> Table<'t> {
    /// The place of a column's cells, for normalizers.
    pub(super) fn place(&self, column: usize) -> Where<'t> {
        Where::Cell(self.columns[column], self.kind)
    }

    /// The key of a row, in canonical form.
    pub(super) fn key(&self, row: &Row<'t>, side: &TextNormalizer) -> Vec<String> {
        self.keys
            .iter()
            .map(|column| side.canonical(row.cells[*column], self.place(*column)).into_owned())
            .collect()
    }
}

/// An output's tables for an accepted text: placeholders replace volatile cells, patterns are
/// escaped, and columns keep their places.
pub(super) fn stored(text: &str, output: &TextNormalizer) -> String {
    let parts = parse_output(text);
    let mut lines: Vec<String> =
        text.lines().map(|line| output.stored(line.trim_end(), Where::Line)).collect();
    for table in parts
        .iter()
        .filter_map(|part| if let Part::Table(table) = part { Some(table) } else { None })
    {
        for row in &table.rows {
            lines[row.line - 1] = kept_row(row, table, &|text, place| output.stored(text, place));
        }
    }
    lines.iter().flat_map(|line| [line.as_str(), "\n"]).collect()
}

/// Every cell of an output's tables, and every line beside them.
pub(super) fn for_each_cell(text: &str, with: &mut dyn FnMut(&str, Where<'_>)) {
    for part in &parse_output(text) {
        match part {
            Part::Text(lines) => lines.iter().for_each(|line| with(line, Where::Line)),
            Part::Table(table) => {
                let cells = table.rows.iter().flat_map(|row| row.cells.iter().enumerate());
                cells.for_each(|(column, cell)| with(cell, table.place(column)));
            }
        }
    }
}

/// A row of an output for an accepted text.
fn kept_row(row: &Row<'_>, table: &Table<'_>, keep: Keep<'_>) -> String {
    let mut text = String::with_capacity(row.text.len() + 16);
    let mut at = 0;
    // The number of characters that escapes have added, which is removed from the next wide gap.
    let mut added = 0;
    for (column, cell) in table.columns.iter().zip(&row.cells) {
        let Some(start) = offset(row.text, cell) else { continue };
        let gap = &row.text[at..start];
        let spared = added.min(gap.len().saturating_sub(2));
        text.push_str(if gap.trim().is_empty() { &gap[spared..] } else { gap });
        added -= if gap.trim().is_empty() { spared } else { 0 };
        let new = keep(cell, Where::Cell(column, table.kind));
        added += new.chars().count().saturating_sub(cell.chars().count());
        text.push_str(&new);
        at = start + cell.len();
    }
    text.push_str(&row.text[at..]);
    text
}

/// Whether the text begins with a table that has at least two columns and a row.
pub(super) fn looks_like_table(text: &str) -> bool {
    parse(text)
        .iter()
        .any(|part| matches!(part, Part::Table(table) if table.columns.len() > 1 && !table.rows.is_empty()))
}

/// Compares by table. `None` if the accepted text has no table.
pub(super) fn compare_tables(
    accepted: &str,
    actual: &str,
    bound: &Bindings,
    rules: Rules,
) -> Option<Verdict> {
    let (expected_parts, actual_parts) = (parse(accepted), parse_output(actual));
    let (expected, expected_text) = split(&expected_parts);
    let (got, got_text) = split(&actual_parts);
    if expected.is_empty() {
        return None;
    }
    let (accepted_side, output_side) = (rules.accepted(accepted), rules.output(actual));
    let sides = Sides { accepted: &accepted_side, output: &output_side };
    let mut found = Differences::default();
    let mut scope = Scope::new(bound);
    if got.is_empty() {
        let rows: usize = expected.iter().map(|table| table.rows.len()).sum();
        let what = format!("a table of {rows} rows: {}", expected[0].columns.join(" "));
        let came = if actual.trim().is_empty() { "nothing" } else { actual.trim() };
        found.changed("the output", &what, came, Some(expected[0].line));
        return Some(Verdict::Differs(found.into_vec()));
    }
    for (expected, got) in pair_tables(&expected, &got, sides) {
        match (expected, got) {
            (Some(expected), Some(got)) => {
                rows::compare_table(expected, got, &mut scope, sides, &mut found);
            }
            (Some(expected), None) => {
                found.missing(table_name(expected), &expected.text(), Some(expected.line));
            }
            (None, Some(got)) => found.unexpected(table_name(got), &got.text(), Some(got.line)),
            (None, None) => {}
        }
    }
    compare_text(&expected_text, &got_text, &mut scope, bound, rules, &mut found);
    Some(if found.is_empty() {
        Verdict::Same { bound: scope.bound_here }
    } else {
        Verdict::Differs(found.into_vec())
    })
}

fn compare_text(
    expected: &str,
    actual: &str,
    scope: &mut Scope<'_>,
    bound: &Bindings,
    rules: Rules,
    found: &mut Differences,
) {
    let mut known = bound.clone();
    known.extend(scope.bound_here.clone());
    match compare_lines(expected, actual, Some(rules), &known) {
        Verdict::Same { bound } => scope.bound_here.extend(bound),
        Verdict::New => {}
        Verdict::Differs(differences) => {
            differences.into_iter().map(outside_the_table).for_each(|one| found.push(one));
        }
    }
}

/// Removes the line numbers of differences in text beside tables, because they do not count from
/// the start of the output.
fn outside_the_table(mut difference: Difference) -> Difference {
    match &mut difference {
        Difference::Missing { what, line, .. }
        | Difference::Unexpected { what, line, .. }
        | Difference::Changed { what, line, .. } => {
            "text beside the table".clone_into(what);
            *line = None;
        }
        Difference::Binding { line, .. } => *line = None,
    }
    difference
}

fn split<'p, 't>(parts: &'p [Part<'t>]) -> (Vec<&'p Table<'t>>, String) {
    let mut tables = Vec::new();
    let mut text = String::new();
    for part in parts {
        match part {
            Part::Table(table) => tables.push(table),
            Part::Text(lines) => lines.iter().for_each(|line| {
                text.push_str(line);
                text.push('\n');
            }),
        }
    }
    (tables, text)
}

type Pair<'p, 't> = (Option<&'p Table<'t>>, Option<&'p Table<'t>>);

/// Pairs the tables with similar columns and the same kind of objects. If each side has only one
/// table, they are a pair.
fn pair_tables<'p, 't>(
    expected: &[&'p Table<'t>],
    got: &[&'p Table<'t>],
    sides: Sides<'_>,
) -> Vec<Pair<'p, 't>> {
    if let ([expected], [got]) = (expected, got) {
        return vec![(Some(expected), Some(got))];
    }
    let mut free: Vec<Option<&Table<'t>>> = got.iter().map(|table| Some(*table)).collect();
    let mut pairs: Vec<Pair<'p, 't>> = Vec::new();
    for table in expected {
        let scores = free
            .iter()
            .enumerate()
            .filter_map(|(at, other)| Some((at, similarity(table, (*other)?, sides))));
        // Of several best ones the first is taken.
        let best = scores
            .filter(|(_, score)| *score > 0)
            .max_by_key(|(at, score)| (*score, std::cmp::Reverse(*at)));
        pairs.push((Some(table), best.and_then(|(at, _)| free[at].take())));
    }
    pairs.extend(free.into_iter().flatten().map(|table| (None, Some(table))));
    pairs
}

fn similarity(one: &Table<'_>, other: &Table<'_>, sides: Sides<'_>) -> u32 {
    let kind = |table: &Table<'_>, side: &TextNormalizer| {
        let row = table.rows.first()?;
        let name = table.key(row, side).last()?.clone();
        name.split_once('/').map(|(kind, _)| kind.to_owned())
    };
    let same_columns = u32::from(one.columns == other.columns);
    match (kind(one, sides.accepted), kind(other, sides.output)) {
        (Some(one), Some(other)) => {
            if one == other {
                2 + same_columns
            } else {
                0
            }
        }
        _ => same_columns,
    }
}

fn table_name(table: &Table<'_>) -> String {
    format!("table {}", table.columns.join(" "))
}

#[cfg(test)]
mod tests;
