//! Text → values, patterns included.
//!
//! A number is a text behind [`NUMBER`], so that it stays as it is written; a tag of YAML one behind [`TAG`]; a key that a JSON object
//! has a second time ends with [`TWICE`]. None of these characters is in a text that can be read.

use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::yaml;
use crate::book::{SnapshotKind, is_any_lines};

/// Key or element that stands for any more of them.
pub(in crate::compare) const ANY_MORE: &str = "...";
/// Before a number.
pub(in crate::compare) const NUMBER: char = '\u{e000}';
/// After a key that is there again.
pub(in crate::compare) const TWICE: char = '\u{e001}';
/// Before a tag.
pub(in crate::compare) const TAG: char = '\u{e002}';

/// The documents of a text; the error says why it can't be read, in a few words.
pub(in crate::compare) fn read(kind: SnapshotKind, text: &str) -> Result<Vec<Value>, String> {
    let private = |text: &str| {
        text.contains([NUMBER, TWICE, TAG]) || text.to_ascii_lowercase().contains("\\ue00")
    };
    if private(text) {
        return Err("it has characters for private use".to_owned());
    }
    let documents = if kind == SnapshotKind::Json { read_json(text)? } else { read_yaml(text)? };
    if documents.is_empty() { Err("it is empty".to_owned()) } else { Ok(documents) }
}

/// As [`read`], for an expected text: patterns are put in quotes where the format needs it. `None`: can't be read.
pub(in crate::compare) fn read_expected(kind: SnapshotKind, text: &str) -> Option<Vec<Value>> {
    let quoted = if kind == SnapshotKind::Json { quote_json(text) } else { quote_yaml(text) };
    read(kind, &quoted).ok()
}

fn read_json(text: &str) -> Result<Vec<Value>, String> {
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

fn read_yaml(text: &str) -> Result<Vec<Value>, String> {
    let documents = yaml::documents(text)?;
    match documents.as_slice() {
        [Value::String(_)] => Err("it is plain text".to_owned()),
        _ => Ok(documents),
    }
}

/// Numbers become texts behind [`NUMBER`].
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

/// Printed JSON with its numbers and keys as they were written.
pub(in crate::compare) fn unmarked(printed: &str) -> String {
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

/// A JSON value of which nothing is lost: a key that is there twice is there twice.
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

/// `...` lines become a field of that name, `[..]` and `<name>` values are put in quotes.
fn quote_yaml(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 32);
    let lines: Vec<&str> = text.lines().collect();
    let (mut before, mut text_column) = (None, None);
    // Where a text of several lines (`|`, `>`) belongs to: what stands further to the right is all of it.
    let mut block: Option<usize> = None;
    for (index, line) in lines.iter().enumerate() {
        let indent = &line[..line.len() - line.trim_start().len()];
        if block.is_some_and(|column| line.trim().is_empty() || indent.len() > column) {
            quoted.push_str(line);
            quoted.push('\n');
            continue;
        }
        block = None;
        if line.trim_end() == "\\..." {
            quoted.push_str("...");
        } else if is_any_lines(line) {
            text_column = None;
            let element = in_list(lines[..index].iter().rev(), indent)
                .or_else(|| in_list(lines[index + 1..].iter(), indent));
            let element = element.unwrap_or(false);
            quoted.push_str(indent);
            quoted.push_str(if element { "- '...'" } else { "'...': '...'" });
        } else if line.trim().is_empty() || goes_on(line, before, text_column) {
            quoted.push_str(line);
        } else {
            text_column = column_of_text(line);
            block = column_of_block(line);
            quoted.push_str(&quote_yaml_value(line));
        }
        quoted.push('\n');
        before = if line.trim().is_empty() { before } else { Some(*line) };
    }
    quoted
}

/// Is this line more of the text that began before it? One further to the right than what that text belongs to is; so is one that is
/// neither a field nor an element, unless the nearest line before it only had the key.
fn goes_on(line: &str, before: Option<&str>, text_column: Option<usize>) -> bool {
    let content = line.trim_start();
    let further = text_column.is_some_and(|column| line.len() - content.len() > column);
    let bare = !content.starts_with("- ") && !content.contains(": ");
    further || (bare && before.is_some_and(|before| !before.trim_end().ends_with(':')))
}

/// The column of the field or element whose value begins on this line as plain text: whatever stands further to the right on the next
/// lines is more of that text, even if it looks like an element or a field. `None`: no plain text begins here.
fn column_of_text(line: &str) -> Option<usize> {
    let mut at = line.len() - line.trim_start().len();
    let mut column = None;
    while let Some(rest) = line[at..].strip_prefix("- ") {
        column = Some(at);
        at = line.len() - rest.trim_start().len();
    }
    let mut value = &line[at..];
    if let Some(colon) = value.find(": ") {
        column = Some(at);
        value = value[colon + 2..].trim_start();
    }
    let plain = !value.is_empty()
        && !value.trim_end().ends_with(':')
        && !value.starts_with(['"', '\'', '|', '>', '#', '[', '{', '&', '*', '!']);
    column.filter(|_| plain)
}

/// The column of the field or element whose value begins on the next line, as a text of several lines.
fn column_of_block(line: &str) -> Option<usize> {
    let mut at = line.len() - line.trim_start().len();
    let mut column = at;
    while let Some(rest) = line[at..].strip_prefix("- ") {
        column = at;
        at = line.len() - rest.trim_start().len();
    }
    let value = line[at..].split_once(": ").map(|(_, value)| {
        column = at;
        value
    });
    let value = value.unwrap_or(&line[at..]).trim();
    let mark = value.split(" #").next().unwrap_or_default().trim_end();
    let opens = mark.starts_with(['|', '>'])
        && mark[1..].bytes().all(|byte| matches!(byte, b'+' | b'-' | b'1'..=b'9'));
    opens.then_some(column)
}

/// Are the lines of this indentation elements of a list? The nearest that is none says no; `None`: there are no such lines.
fn in_list<'t>(lines: impl Iterator<Item = &'t &'t str>, indent: &str) -> Option<bool> {
    let block = lines
        .filter(|line| !is_any_lines(line))
        .take_while(|line| line.starts_with(indent) && line.trim() != "---");
    let mut siblings = block
        .filter_map(|line| line.get(indent.len()..))
        .filter(|rest| !rest.starts_with(' '))
        .peekable();
    siblings.peek()?;
    Some(siblings.all(|rest| rest.starts_with("- ")))
}

/// A value that YAML would not read as text: one that holds `[..]`, or starts with `<`.
fn quote_yaml_value(line: &str) -> String {
    let after_key = line.find(": ").map_or(0, |at| at + 2);
    let rest = &line[after_key..];
    let start =
        after_key + rest.len() - rest.trim_start().trim_start_matches("- ").trim_start().len();
    let value = &line[start..];
    let bare = !value.is_empty() && !value.starts_with(['"', '\'', '|', '>', '#']);
    if bare && value.contains("[..]") {
        format!("{}'{}'", &line[..start], value.replace('\'', "''"))
    } else {
        line.to_owned()
    }
}

/// Patterns outside of quotes are put in quotes, `...` lines become a field or an element, with the commas they need.
fn quote_json(text: &str) -> String {
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

/// Length of the JSON string at the start of the text, its quotes included.
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
