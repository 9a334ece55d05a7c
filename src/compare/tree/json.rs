//! Reads JSON without any loss, and quotes the patterns of an expected text.

use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::marks::{NUMBER, TAG, TWICE};

pub(super) fn documents(text: &str) -> Result<Vec<Value>, String> {
    for document in serde_json::Deserializer::from_str(text).into_iter::<IgnoredAny>() {
        document.map_err(|error| error.to_string())?;
    }
    let quoted = quote_numbers(text);
    let documents = serde_json::Deserializer::from_str(&quoted).into_iter::<Written>();
    documents
        .map(|document| document.map(|Written(value)| value))
        .collect::<Result<_, _>>()
        .map_err(|error| error.to_string())
}

/// The JSON text in which each number is a string that begins with [`NUMBER`].
fn quote_numbers(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + text.len() / 8);
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let taken = match c {
            '"' => string_length(rest),
            '-' | '0'..='9' => {
                let end = rest
                    .find(|c: char| !matches!(c, '0'..='9' | '-' | '+' | '.' | 'e' | 'E'))
                    .unwrap_or(rest.len());
                quoted.push('"');
                quoted.push(NUMBER);
                quoted.push_str(&rest[..end]);
                quoted.push('"');
                rest = &rest[end..];
                // Two numbers may be separate documents.
                continue;
            }
            _ => c.len_utf8(),
        };
        quoted.push_str(&rest[..taken]);
        rest = &rest[taken..];
    }
    quoted
}

/// The printed JSON, with the written forms of its numbers and keys.
pub(in crate::compare) fn without_marks(printed: &str) -> String {
    let mut text = String::with_capacity(printed.len());
    let mut rest = printed;
    while let Some(at) = rest.find(NUMBER) {
        let end = rest[at..].find('"').map_or(rest.len(), |end| at + end);
        text.push_str(rest[..at].strip_suffix('"').unwrap_or(&rest[..at]));
        text.push_str(&rest[at + NUMBER.len_utf8()..end]);
        rest = rest.get(end + 1..).unwrap_or_default();
    }
    text.push_str(rest);
    text.retain(|c| c != TWICE && c != TAG);
    text
}

/// A JSON value without any loss: a repeated key stays repeated.
struct Written(Value);

impl<'de> Deserialize<'de> for Written {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(WrittenVisitor).map(Self)
    }
}

struct WrittenVisitor;

impl<'de> Visitor<'de> for WrittenVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Value, E> {
        Ok(Value::Bool(flag))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::String(text.to_owned()))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(Written(item)) = list.next_element()? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Value, A::Error> {
        let mut fields = Map::new();
        while let Some((mut key, Written(value))) = object.next_entry::<String, Written>()? {
            while fields.contains_key(&key) {
                key.push(TWICE);
            }
            fields.insert(key, value);
        }
        Ok(Value::Object(fields))
    }
}

/// The JSON text in which patterns outside of quotes are quoted, and `...` lines are a field or an
/// element with the necessary commas.
pub(super) fn quote_patterns(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 32);
    let mut inside: Vec<char> = Vec::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let taken = match c {
            '"' => string_length(rest),
            '.' if rest.starts_with("...") => {
                let after = rest[3..].trim_start().chars().next();
                push_any_more(&mut quoted, inside.last() == Some(&'{'), after);
                rest = &rest[3..];
                continue;
            }
            '[' if rest.starts_with("[..]") => push_quoted(&mut quoted, &rest[..4]),
            '<' => rest.find('>').map_or(1, |end| push_quoted(&mut quoted, &rest[..=end])),
            _ => {
                match c {
                    '{' | '[' => inside.push(c),
                    '}' | ']' => drop(inside.pop()),
                    _ => {}
                }
                c.len_utf8()
            }
        };
        if matches!(c, '<') || rest.starts_with("[..]") {
            rest = &rest[taken..];
            continue;
        }
        quoted.push_str(&rest[..taken]);
        rest = &rest[taken..];
    }
    quoted
}

fn push_quoted(quoted: &mut String, pattern: &str) -> usize {
    quoted.push('"');
    quoted.push_str(pattern);
    quoted.push('"');
    pattern.len()
}

fn push_any_more(quoted: &mut String, in_object: bool, after: Option<char>) {
    if !quoted.trim_end().ends_with(['{', '[', ',']) && !quoted.trim_end().is_empty() {
        quoted.push(',');
    }
    quoted.push_str(if in_object { r#""...": "...""# } else { r#""...""# });
    if !matches!(after, Some('}' | ']' | ',') | None) {
        quoted.push(',');
    }
}

/// The length of the JSON string at the start of the text with its quotes, in bytes.
fn string_length(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}
