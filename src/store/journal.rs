//! Reads `journal.jsonl`, which holds one event per line. ([`RunLog`](super::RunLog) writes it.)

use std::path::Path;

use serde::Deserialize;

use super::error::StoreError;
use super::files::read_if_there;
use crate::event::{Event, JOURNAL_FORMAT, RunStarted};

/// The journal of a run.
#[derive(Debug, Clone)]
pub(crate) struct Journal {
    /// Its first line.
    pub started: RunStarted,
    /// All other lines, in order. A last line that is not whole was dropped.
    pub events: Vec<Event>,
}

/// Reads a journal. `None` if the file does not exist, if its first line is torn, or if an older guide wrote it in a format that is no
/// longer read. Such a run is not part of the history, and does not prevent a run of the book.
///
/// # Errors
/// When it cannot be read, was written by a newer guide, or holds a line that guide did not write.
pub(crate) fn read_journal(path: &Path) -> Result<Option<Journal>, StoreError> {
    match read_if_there(path)? {
        Some(bytes) => parse_journal(path, &bytes),
        None => Ok(None),
    }
}

/// Appends an event as one line.
pub(super) fn push_line(event: &Event, lines: &mut Vec<u8>) -> Result<(), serde_json::Error> {
    serde_json::to_writer(&mut *lines, event)?;
    lines.push(b'\n');
    Ok(())
}

pub(super) fn parse_journal(path: &Path, bytes: &[u8]) -> Result<Option<Journal>, StoreError> {
    // Bytes after the last line end were being written when the runner was killed.
    let Some(end) = memchr::memrchr(b'\n', bytes) else { return Ok(None) };
    let mut lines = bytes[..end].split(|byte| *byte == b'\n').zip(1..);
    let Some((first, _)) = lines.next() else { return Ok(None) };
    let (format, started) = parse_start(path, first)?;
    let corrupt = |line, why| StoreError::CorruptJournal { path: path.to_owned(), line, why };
    let journal = started.map_err(|why| corrupt(1, why)).and_then(|started| {
        let parsed = lines.map(|(line, number)| {
            serde_json::from_slice(line).map_err(|error| corrupt(number, in_line(&error)))
        });
        Ok(Journal { started, events: parsed.collect::<Result<Vec<Event>, _>>()? })
    });
    if journal.is_err() && format < JOURNAL_FORMAT { Ok(None) } else { journal.map(Some) }
}

/// The format that the first line names, and the line itself, or why it cannot be read. The format is checked first.
fn parse_start(path: &Path, line: &[u8]) -> Result<(u32, Result<RunStarted, String>), StoreError> {
    #[derive(Deserialize)]
    struct Start {
        format: u32,
        guide: Option<String>,
    }
    let start: Start = serde_json::from_slice(line).map_err(|error| {
        StoreError::CorruptJournal { path: path.to_owned(), line: 1, why: in_line(&error) }
    })?;
    if start.format > JOURNAL_FORMAT {
        return Err(StoreError::NewerFormat {
            path: path.to_owned(),
            found: start.format,
            known: JOURNAL_FORMAT,
            by: start.guide.unwrap_or_else(|| "unknown".to_owned()),
        });
    }
    let started = match serde_json::from_slice(line) {
        Ok(Event::RunStarted(started)) => Ok(started),
        Ok(_) => Err("a journal begins with `run_started`".to_owned()),
        Err(error) => Err(in_line(&error)),
    };
    Ok((start.format, started))
}

/// The message of serde without its "at line 1 column 7", because it parsed one line only.
fn in_line(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rfind(" at line ") {
        Some(end) => format!("{} (column {})", &text[..end], error.column()),
        None => text,
    }
}
