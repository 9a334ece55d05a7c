//! Text → tables and the text beside them.

use super::{TableKind, TextNormalizer, VOLATILE_COLUMNS, Where};
use crate::book::is_any_lines;

/// A part of an output.
#[derive(Debug)]
pub(in crate::compare) enum Part<'t> {
    /// With a header in capitals.
    Table(Table<'t>),
    /// Anything else.
    Text(Vec<&'t str>),
}

/// A header and its rows.
#[derive(Debug)]
pub(in crate::compare) struct Table<'t> {
    /// The header's words, `NOMINATED NODE` among them.
    pub columns: Vec<&'t str>,
    /// Its rows.
    pub rows: Vec<Row<'t>>,
    /// 1-based line of the header.
    pub line: usize,
    /// The header as it is written.
    pub header: &'t str,
    /// A row `...` stands for any rows.
    pub any_rows: bool,
    /// Indices of the columns that say which row it is.
    pub keys: Vec<usize>,
    /// What it is proved to be a table of.
    pub kind: TableKind,
}

/// A row.
#[derive(Debug)]
pub(in crate::compare) struct Row<'t> {
    /// A cell a column; empty ones are "".
    pub cells: Vec<&'t str>,
    /// 1-based line.
    pub line: usize,
    /// As it is written.
    pub text: &'t str,
}

/// Splits an accepted text at its blank lines and headers.
pub(in crate::compare) fn parse(text: &str) -> Vec<Part<'_>> {
    parse_rows(text, is_any_lines)
}

/// As [`parse`], for an output: a row `...` is what a program printed.
pub(in crate::compare) fn parse_output(text: &str) -> Vec<Part<'_>> {
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

/// The header's cells and where they start, if it is one: capitals only, and no number alone.
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

/// Cells by runs of two or more spaces, or a tab, with the byte at which each starts.
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

    /// Where the cells of a column stand.
    pub(super) fn place(&self, column: usize) -> Where<'t> {
        Where::Cell(self.columns[column], self.kind)
    }

    /// The index of a column of the other table: of two that have one name, the first belongs to the first.
    pub(super) fn same_column(&self, other: &Table<'_>, index: usize) -> Option<usize> {
        let name = other.columns[index];
        let before = other.columns[..index].iter().filter(|column| **column == name).count();
        let own = self.columns.iter().enumerate().filter(|(_, column)| **column == name);
        own.map(|(index, _)| index).nth(before)
    }

    /// What says which row it is, in canonical form.
    pub(super) fn key(&self, row: &Row<'t>, side: &TextNormalizer) -> Vec<String> {
        self.keys
            .iter()
            .map(|column| side.canonical(row.cells[*column], self.place(*column)).into_owned())
            .collect()
    }

    /// Its first rows as they are written, for messages.
    pub(super) fn text(&self) -> String {
        self.first_rows(50)
    }

    fn first_rows(&self, most: usize) -> String {
        let lines =
            std::iter::once(self.header).chain(self.rows.iter().take(most).map(|row| row.text));
        lines.collect::<Vec<_>>().join("\n")
    }
}

/// NAMESPACE and NAME (or what stands for it), else the first column that is not volatile.
fn keys(columns: &[&str]) -> Vec<usize> {
    let find = |names: &[&str]| {
        names.iter().find_map(|name| columns.iter().position(|column| column == name))
    };
    let name = find(&["NAME", "NAMES", "OBJECT"])
        .or_else(|| columns.iter().position(|column| !VOLATILE_COLUMNS.contains(column)))
        .unwrap_or(0);
    find(&["NAMESPACE"]).filter(|namespace| *namespace != name).into_iter().chain([name]).collect()
}

/// A row's cells: by its gaps where there is a cell a column, else by where the header's words start.
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

/// `None` when a cell reaches into the next column.
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

/// The byte at which a character's column starts; headers are ASCII, so that there bytes and characters are alike.
fn byte_at(line: &str, column: usize) -> usize {
    if line.is_ascii() {
        return column.min(line.len());
    }
    line.char_indices().nth(column).map_or(line.len(), |(at, _)| at)
}
