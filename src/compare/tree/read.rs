//! Reads a JSON or YAML text as values, including the patterns of an expected text.

use serde_json::Value;

use super::marks::{NUMBER, TAG, TWICE};
use super::{json, quote_yaml, yaml};
use crate::book::SnapshotKind;

/// The documents of a text. The error says in a few words why the text cannot be read.
pub(in crate::compare) fn read(kind: SnapshotKind, text: &str) -> Result<Vec<Value>, String> {
    let private = |text: &str| {
        text.contains([NUMBER, TWICE, TAG]) || text.to_ascii_lowercase().contains("\\ue00")
    };
    if private(text) {
        return Err("it has characters for private use".to_owned());
    }
    let documents =
        if kind == SnapshotKind::Json { json::documents(text)? } else { read_yaml(text)? };
    if documents.is_empty() { Err("it is empty".to_owned()) } else { Ok(documents) }
}

/// Like [`read`], but for an expected text, whose patterns are quoted where the format needs it.
/// `None`: the text cannot be read.
pub(in crate::compare) fn read_expected(kind: SnapshotKind, text: &str) -> Option<Vec<Value>> {
    let quoted = if kind == SnapshotKind::Json {
        json::quote_patterns(text)
    } else {
        quote_yaml::quote_patterns(text)
    };
    read(kind, &quoted).ok()
}

fn read_yaml(text: &str) -> Result<Vec<Value>, String> {
    let documents = yaml::documents(text)?;
    match documents.as_slice() {
        [Value::String(_)] => Err("it is plain text".to_owned()),
        _ => Ok(documents),
    }
}
