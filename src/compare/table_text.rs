//! Splits a text into tables and the text beside them.

use std::collections::HashMap;
use std::ops::Range;

use super::pod_names::is_pod;
use crate::book::is_any_lines;

/// The columns that contain only ages.
pub(super) const VOLATILE_COLUMNS: [&str; 3] = ["AGE", "LAST SEEN", "FIRST SEEN"];

/// A part of an output.
#[derive(Debug)]
pub(super) enum Part<'t> {
    /// A table with a header in capitals.
    Table(Table<'t>),
    /// Lines of text.
    Text(Vec<&'t str>),
}

/// A header and its rows.
#[derive(Debug)]
pub(super) struct Table<'t> {
    /// The names in the header, some of which have two words (`NOMINATED NODE`).
    pub columns: Vec<&'t str>,
    /// Its rows.
    pub rows: Vec<Row<'t>>,
    /// The line of the header, from 1.
    pub line: usize,
    /// The written form of the header.
    pub header: &'t str,
    /// Whether a row `...` allows any further rows.
    pub any_rows: bool,
    /// The indices of the columns that identify a row.
    pub keys: Vec<usize>,
    /// The kind of its objects, as far as it is proved.
    pub kind: TableKind,
}

/// A row.
#[derive(Debug)]
pub(super) struct Row<'t> {
    /// One cell for each column. An empty cell is "".
    pub cells: Vec<&'t str>,
    /// The line, from 1.
    pub line: usize,
    /// The written form of the row.
    pub text: &'t str,
}

/// Splits an accepted text at its blank lines and headers.
pub(super) fn parse(text: &str) -> Vec<Part<'_>> {
    parse_rows(text, is_any_lines)
}

/// Like [`parse`], but for an output, in which a row `...` is ordinary text.
pub(super) fn parse_output(text: &str) -> Vec<Part<'_>> {
    parse_rows(text, |_| false)
}

fn parse_rows(text: &str, is_any_rows: fn(&str) -> bool) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut header: Option<Vec<(usize, &str)>> = None;
    for (index, line) in text.lines().enumerate() {
        let line = line.trim_end();
        if line.is_empty() {
            header = None;
            continue;
        }
        if header.is_none() || is_header(line) {
            header = header_cells(line);
            if let Some(cells) = &header {
                parts.push(Part::Table(Table::new(line, cells, index + 1)));
                continue;
            }
        }
        match (parts.last_mut(), &header) {
            (Some(Part::Table(table)), Some(_)) if is_any_rows(line) => table.any_rows = true,
            (Some(Part::Table(table)), Some(header)) => table.add(line, header, index + 1),
            (Some(Part::Text(lines)), None) => lines.push(line),
            _ => parts.push(Part::Text(vec![line])),
        }
    }
    for part in &mut parts {
        if let Part::Table(table) = part {
            table.kind = table.find_kind();
        }
    }
    parts
}

fn is_header(line: &str) -> bool {
    header_cells(line).is_some_and(|cells| cells.len() > 1)
}

/// The header's cells and the bytes at which they start, if the line is a header: it has only
/// capitals, and not only numbers.
fn header_cells(line: &str) -> Option<Vec<(usize, &str)>> {
    if line.bytes().any(|byte| byte.is_ascii_lowercase()) || line.starts_with(' ') {
        return None;
    }
    let cells = runs(line);
    let name = |cell: &str| {
        cell.starts_with(|c: char| c.is_ascii_uppercase())
            && cell
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b" ()%/_-.#:".contains(&byte))
            && cell.bytes().filter(u8::is_ascii_uppercase).count() > 1
    };
    cells.iter().all(|(_, cell)| name(cell)).then_some(cells)
}

/// The cells of a line, separated by two or more spaces or a tab, each with the byte at which it
/// starts.
fn runs(line: &str) -> Vec<(usize, &str)> {
    let mut cells = Vec::new();
    let bytes = line.as_bytes();
    let mut start = 0;
    let mut at = 0;
    while at < bytes.len() {
        let gap = bytes[at..].iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        if gap >= 2 || gap == 1 && bytes[at] == b'\t' {
            if at > start {
                cells.push((start, &line[start..at]));
            }
            at += gap;
            start = at;
        } else {
            at += 1;
        }
    }
    if start < line.len() {
        cells.push((start, &line[start..]));
    }
    cells
}

impl<'t> Table<'t> {
    fn new(text: &'t str, header: &[(usize, &'t str)], line: usize) -> Self {
        let columns: Vec<&str> = header.iter().map(|(_, name)| *name).collect();
        let keys = keys(&columns);
        Self {
            columns,
            rows: Vec::new(),
            line,
            header: text,
            any_rows: false,
            keys,
            kind: TableKind::default(),
        }
    }

    fn add(&mut self, line: &'t str, header: &[(usize, &str)], number: usize) {
        self.rows.push(Row { cells: cells(line, header), line: number, text: line });
    }

    fn find_kind(&self) -> TableKind {
        let cell = |row: usize, name: &str| {
            let column = self.columns.iter().position(|column| *column == name)?;
            Some(self.rows[row].cells[column])
        };
        TableKind::of(&self.columns, self.rows.len(), cell)
    }

    /// The index in the other table of a column of this one. Of two columns with one name, the
    /// first belongs to the first.
    pub(super) fn same_column(&self, other: &Table<'_>, index: usize) -> Option<usize> {
        let name = other.columns[index];
        let before = other.columns[..index].iter().filter(|column| **column == name).count();
        let own = self.columns.iter().enumerate().filter(|(_, column)| **column == name);
        own.map(|(index, _)| index).nth(before)
    }

    /// The written form of its first rows, for messages.
    pub(super) fn text(&self) -> String {
        self.first_rows(50)
    }

    fn first_rows(&self, most: usize) -> String {
        let lines =
            std::iter::once(self.header).chain(self.rows.iter().take(most).map(|row| row.text));
        lines.collect::<Vec<_>>().join("\n")
    }
}

/// The key columns: NAMESPACE and NAME (or its equivalent), or else the first column that is not
/// volatile.
fn keys(columns: &[&str]) -> Vec<usize> {
    let find = |names: &[&str]| {
        names.iter().find_map(|name| columns.iter().position(|column| column == name))
    };
    let name = find(&["NAME", "NAMES", "OBJECT"])
        .or_else(|| columns.iter().position(|column| !VOLATILE_COLUMNS.contains(column)))
        .unwrap_or(0);
    find(&["NAMESPACE"]).filter(|namespace| *namespace != name).into_iter().chain([name]).collect()
}

/// A row's cells: separated at its gaps if this gives one cell for each column, or else at the
/// starts of the header's names.
fn cells<'t>(line: &'t str, header: &[(usize, &str)]) -> Vec<&'t str> {
    let runs = runs(line);
    if runs.len() == header.len() {
        return runs.into_iter().map(|(_, cell)| cell).collect();
    }
    by_position(line, header).unwrap_or_else(|| {
        let mut cells: Vec<&str> = runs.iter().take(header.len()).map(|(_, cell)| *cell).collect();
        if let (Some(last), Some((start, _))) = (cells.last_mut(), runs.get(header.len() - 1)) {
            *last = &line[*start..];
        }
        cells.resize(header.len(), "");
        cells
    })
}

/// The cells at the starts of the header's names. `None` if a cell extends into the next column.
fn by_position<'t>(line: &'t str, header: &[(usize, &str)]) -> Option<Vec<&'t str>> {
    let mut cells = Vec::with_capacity(header.len());
    for (index, (start, _)) in header.iter().enumerate() {
        let from = byte_at(line, *start);
        let to = header.get(index + 1).map_or(line.len(), |(next, _)| byte_at(line, *next));
        if from > 0 && from < line.len() && !line[..from].ends_with([' ', '\t']) {
            return None;
        }
        cells.push(line[from..to].trim());
    }
    Some(cells)
}

/// The byte at which a column of characters starts. In a header bytes equal characters, because it
/// is ASCII.
fn byte_at(line: &str, column: usize) -> usize {
    if line.is_ascii() {
        return column.min(line.len());
    }
    line.char_indices().nth(column).map_or(line.len(), |(at, _)| at)
}

/// A cell of a row.
#[derive(Debug, Clone)]
pub(super) struct Cell {
    /// The byte range in the row.
    pub range: Range<usize>,
    /// Its column.
    pub column: String,
    /// The kind of the table.
    pub kind: TableKind,
}

/// The rows of a text's tables, by their written form.
pub(super) fn rows_of(text: &str) -> HashMap<String, Vec<Cell>> {
    let mut rows = HashMap::new();
    for part in &parse_output(text) {
        let Part::Table(table) = part else { continue };
        for row in &table.rows {
            let cells = table.columns.iter().zip(&row.cells).filter_map(|(column, cell)| {
                let start = offset(row.text, cell)?;
                Some(Cell {
                    range: start..start + cell.len(),
                    column: (*column).to_owned(),
                    kind: table.kind,
                })
            });
            rows.insert(row.text.to_owned(), cells.collect());
        }
    }
    rows
}

/// The byte range of a cell in its line. `None` for an empty cell.
pub(super) fn offset(line: &str, cell: &str) -> Option<usize> {
    (!cell.is_empty())
        .then(|| (cell.as_ptr() as usize).checked_sub(line.as_ptr() as usize))
        .flatten()
}

/// The kind of a table's objects, as its columns and rows prove it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is one piece of evidence")]
pub(super) struct TableKind {
    /// Pods, whose names end in a suffix that controllers make.
    pub pods: bool,
    /// ReplicaSets.
    pub replica_sets: bool,
    /// Jobs.
    pub jobs: bool,
    /// Endpoint slices.
    pub slices: bool,
    /// Objects of a cluster of another kind.
    pub objects: bool,
}

impl TableKind {
    /// The kind of the table. `cell` returns a row's cell of a column.
    fn of<'t>(
        columns: &[&str],
        rows: usize,
        cell: impl Fn(usize, &str) -> Option<&'t str>,
    ) -> Self {
        let has = |name: &str| columns.contains(&name);
        let any = |name: &str, test: &dyn Fn(&str) -> bool| {
            (0..rows).any(|row| cell(row, name).is_some_and(test))
        };
        let of_ready = |text: &str| {
            text.split_once('/').is_some_and(|(one, all)| {
                [one, all]
                    .iter()
                    .all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
            })
        };
        let phase =
            |text: &str| matches!(text, "Running" | "Pending" | "Succeeded" | "Failed" | "Unknown");
        let pods = has("READY") && has("STATUS") && (has("RESTARTS") || any("READY", &of_ready))
            || has("NODE") && (any("PHASE", &phase) || any("STATUS", &phase))
            || any("NAME", &|name| is_pod(name));
        Self {
            pods,
            replica_sets: has("DESIRED")
                && has("CURRENT")
                && has("READY")
                && has("AGE")
                && !has("NODE SELECTOR"),
            jobs: has("COMPLETIONS") && has("AGE"),
            slices: has("ADDRESSTYPE") && has("ENDPOINTS"),
            objects: pods || has("AGE") || has("CLUSTER-IP"),
        }
    }
}
