//! `journal.jsonl`: an event a line, read back. (Writing is [`RunLog`](super::RunLog)'s, line by line.)

use std::path::Path;

use serde::Deserialize;

use super::error::StoreError;
use super::whole_file::read_if_there;
use crate::event::{Event, JOURNAL_FORMAT, RunStarted};

/// A journal as it was found.
#[derive(Debug, Clone)]
pub(crate) struct Journal {
    /// Its first line.
    pub started: RunStarted,
    /// All others, in order.
    pub events: Vec<Event>,
    /// A last line was not whole and has been dropped.
    pub torn: bool,
}

/// Reads a journal. `None`: there is no file, or not even its first line is whole.
///
/// # Errors
/// When it can't be read, was written by a newer guide, or holds a line that no guide wrote.
pub(crate) fn read_journal(path: &Path) -> Result<Option<Journal>, StoreError> {
    match read_if_there(path)? {
        Some(bytes) => parse_journal(path, &bytes),
        None => Ok(None),
    }
}

/// An event as the bytes of its line.
pub(super) fn push_line(event: &Event, lines: &mut Vec<u8>) -> Result<(), serde_json::Error> {
    serde_json::to_writer(&mut *lines, event)?;
    lines.push(b'\n');
    Ok(())
}

fn parse_journal(path: &Path, bytes: &[u8]) -> Result<Option<Journal>, StoreError> {
    // Whatever stands behind the last line end was being written when the runner was killed.
    let Some(end) = memchr::memrchr(b'\n', bytes) else { return Ok(None) };
    let mut lines = bytes[..end].split(|byte| *byte == b'\n').zip(1..);
    let Some((first, _)) = lines.next() else { return Ok(None) };
    let started = parse_start(path, first)?;
    let mut events = Vec::new();
    for (line, number) in lines {
        let event = serde_json::from_slice(line).map_err(|error| StoreError::CorruptJournal {
            path: path.to_owned(),
            line: number,
            why: in_line(&error),
        })?;
        events.push(event);
    }
    Ok(Some(Journal { started, events, torn: end + 1 < bytes.len() }))
}

/// The first line; its format is looked at before anything else in it is believed.
fn parse_start(path: &Path, line: &[u8]) -> Result<RunStarted, StoreError> {
    #[derive(Deserialize)]
    struct Start {
        format: u32,
        guide: Option<String>,
    }
    let garbage = |why| StoreError::CorruptJournal { path: path.to_owned(), line: 1, why };
    let start: Start = serde_json::from_slice(line).map_err(|error| garbage(in_line(&error)))?;
    if start.format > JOURNAL_FORMAT {
        return Err(StoreError::NewerFormat {
            path: path.to_owned(),
            found: start.format,
            known: JOURNAL_FORMAT,
            by: start.guide.unwrap_or_else(|| "unknown".to_owned()),
        });
    }
    match serde_json::from_slice(line) {
        Ok(Event::RunStarted(started)) => Ok(started),
        Ok(_) => Err(garbage("a journal begins with `run_started`".to_owned())),
        Err(error) => Err(garbage(in_line(&error))),
    }
}

/// serde's words without its own "at line 1 column 7": there is only one line.
fn in_line(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rfind(" at line ") {
        Some(end) => format!("{} (column {})", &text[..end], error.column()),
        None => text,
    }
}
