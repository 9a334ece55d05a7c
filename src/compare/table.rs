//! Tables as kubectl, docker and helm print them: rows by their key columns in any order, columns by name, widths ignored.
//!
//! An output may hold several tables (`kubectl get all -A`) and text beside them ("No resources found"). What has no header in
//! capitals is text, and compared as such.

mod merge;
mod parse;
mod rows;

use super::difference::Differences;
use super::lines::compare_lines;
use super::normalise::Rules;
use super::pattern::Scope;
use super::verdict::{Bindings, Difference, Verdict};

pub(super) use merge::merge_tables;
use parse::{Part, Row, Table, parse};

/// Columns that say only how long ago something was.
pub(super) const VOLATILE_COLUMNS: [&str; 3] = ["AGE", "LAST SEEN", "FIRST SEEN"];

/// Is the first thing in the text a table with at least two columns and a row?
pub(super) fn looks_like_table(text: &str) -> bool {
    parse(text).iter().any(|part| matches!(part, Part::Table(table) if table.columns.len() > 1 && !table.rows.is_empty()))
}

/// Compares by table; `None` when the accepted text has no table.
pub(super) fn compare_tables(accepted: &str, actual: &str, bound: &Bindings, rules: &Rules) -> Option<Verdict> {
    let (expected_parts, actual_parts) = (parse(accepted), parse(actual));
    let (expected, expected_text) = split(&expected_parts);
    let (got, got_text) = split(&actual_parts);
    if expected.is_empty() {
        return None;
    }
    let mut found = Differences::default();
    let mut scope = Scope::new(bound);
    if got.is_empty() {
        let rows: usize = expected.iter().map(|table| table.rows.len()).sum();
        let what = format!("a table of {rows} rows: {}", expected[0].columns.join(" "));
        let came = if actual.trim().is_empty() { "nothing" } else { actual.trim() };
        found.changed("the output", &what, came, Some(expected[0].line));
        return Some(Verdict::Differs(found.into_vec()));
    }
    for (expected, got) in pair_tables(&expected, &got, rules) {
        match (expected, got) {
            (Some(expected), Some(got)) => rows::compare_table(expected, got, &mut scope, rules, &mut found),
            (Some(expected), None) => found.missing(table_name(expected), &expected.text(), Some(expected.line)),
            (None, Some(got)) => found.unexpected(table_name(got), &got.text(), Some(got.line)),
            (None, None) => {}
        }
    }
    compare_text(&expected_text, &got_text, &mut scope, bound, rules, &mut found);
    Some(if found.is_empty() { Verdict::Same { bound: scope.fresh } } else { Verdict::Differs(found.into_vec()) })
}

fn compare_text(expected: &str, actual: &str, scope: &mut Scope<'_>, bound: &Bindings, rules: &Rules, found: &mut Differences) {
    let mut known = bound.clone();
    known.extend(scope.fresh.clone());
    match compare_lines(expected, actual, Some(rules), &known) {
        Verdict::Same { bound } => scope.fresh.extend(bound),
        Verdict::New => {}
        Verdict::Differs(differences) => differences.into_iter().map(outside_the_table).for_each(|one| found.push(one)),
    }
}

/// Lines of text beside tables are no lines of the output: only their text is told.
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

/// Which tables belong together: those alike in columns and kind of object; one alone on each side always do.
fn pair_tables<'p, 't>(expected: &[&'p Table<'t>], got: &[&'p Table<'t>], rules: &Rules) -> Vec<Pair<'p, 't>> {
    if let ([expected], [got]) = (expected, got) {
        return vec![(Some(expected), Some(got))];
    }
    let mut free: Vec<Option<&Table<'t>>> = got.iter().map(|table| Some(*table)).collect();
    let mut pairs: Vec<Pair<'p, 't>> = Vec::new();
    for table in expected {
        let scores = free.iter().enumerate().filter_map(|(at, other)| Some((at, alikeness(table, (*other)?, rules))));
        // The first of the best.
        let best = scores.filter(|(_, score)| *score > 0).rev_max();
        pairs.push((Some(table), best.and_then(|at| free[at].take())));
    }
    pairs.extend(free.into_iter().flatten().map(|table| (None, Some(table))));
    pairs
}

trait FirstOfBest {
    fn rev_max(self) -> Option<usize>;
}

impl<I: Iterator<Item = (usize, u32)>> FirstOfBest for I {
    fn rev_max(self) -> Option<usize> {
        self.max_by_key(|(at, score)| (*score, std::cmp::Reverse(*at))).map(|(at, _)| at)
    }
}

fn alikeness(one: &Table<'_>, other: &Table<'_>, rules: &Rules) -> u32 {
    let kind = |table: &Table<'_>| {
        let row = table.rows.first()?;
        let name = table.key(row, rules).last()?.clone();
        name.split_once('/').map(|(kind, _)| kind.to_owned())
    };
    let same_columns = u32::from(one.columns == other.columns);
    match (kind(one), kind(other)) {
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
