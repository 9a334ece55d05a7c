//! What the fuzz targets (`crate::fuzzing`) may do with the readers of the store's files.

use std::path::Path;

use super::config::read_config;
use super::journal::{parse_journal, push_line};
use crate::book::{Problems, Sources};

/// Reads a `book.toml`.
pub(crate) fn config(text: &str) {
    let mut sources = Sources::default();
    let source = sources.add("book.toml".into(), text);
    let mut problems = Problems::new();
    read_config(source, text, &mut problems);
    for span in problems.iter().filter_map(|problem| problem.span) {
        assert!(text.get(span.range()).is_some(), "{span:?} is no part of the text");
    }
}

/// Reads a journal, and reads it again as guide writes it: nothing is lost, and a torn last line takes nothing with it but itself.
pub(crate) fn journal(bytes: &[u8]) {
    let path = Path::new("journal.jsonl");
    let Ok(Some(journal)) = parse_journal(path, bytes) else { return };
    let mut written = Vec::new();
    let all = [crate::event::Event::RunStarted(journal.started.clone())];
    for event in all.iter().chain(&journal.events) {
        push_line(event, &mut written).expect("an event is JSON");
    }
    let read = |bytes: &[u8]| match parse_journal(path, bytes) {
        Ok(Some(read)) => format!("{:?}", read.events),
        other => panic!("what was written can't be read: {other:?}"),
    };
    let events = read(&written);
    written.extend(b"{\"step_finished\":{\"step\"");
    assert_eq!(read(&written), events, "a torn line changes what was before it");
}

/// Reads a word of `--set`.
pub(crate) fn set_value(word: &str) {
    let _ = super::values::set_value(&mut serde_json::Map::new(), word);
}
