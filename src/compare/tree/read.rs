//! Text → values, patterns included.

use serde::Deserialize;
use serde_json::Value;

use crate::book::SnapshotKind;
use crate::compare::pattern::is_any_lines;

/// Key or element that stands for any more of them.
pub(in crate::compare) const ANY_MORE: &str = "...";

/// The documents of a text; the error says why it can't be read, in a few words.
pub(in crate::compare) fn read(kind: SnapshotKind, text: &str) -> Result<Vec<Value>, String> {
    let documents = if kind == SnapshotKind::Json { read_json(text)? } else { read_yaml(text)? };
    if documents.is_empty() { Err("it is empty".to_owned()) } else { Ok(documents) }
}

/// As [`read`], for an expected text: patterns are put in quotes where the format needs it. `None`: can't be read.
pub(in crate::compare) fn read_expected(kind: SnapshotKind, text: &str) -> Option<Vec<Value>> {
    let quoted = if kind == SnapshotKind::Json { quote_json(text) } else { quote_yaml(text) };
    read(kind, &quoted).ok()
}

fn read_json(text: &str) -> Result<Vec<Value>, String> {
    let documents = serde_json::Deserializer::from_str(text).into_iter::<Value>();
    documents.collect::<Result<_, _>>().map_err(|error| error.to_string())
}

fn read_yaml(text: &str) -> Result<Vec<Value>, String> {
    let mut documents = Vec::new();
    for document in serde_yaml::Deserializer::from_str(text) {
        let value = serde_yaml::Value::deserialize(document).map_err(|error| error.to_string())?;
        let value = plain_value(value);
        if !value.is_null() {
            documents.push(value);
        }
    }
    match documents.as_slice() {
        [Value::String(_)] => Err("it is plain text".to_owned()),
        _ => Ok(documents),
    }
}

/// YAML's values as JSON's: keys that are no text as they are written, tags taken off.
fn plain_value(value: serde_yaml::Value) -> Value {
    match value {
        serde_yaml::Value::Null => Value::Null,
        serde_yaml::Value::Bool(value) => Value::Bool(value),
        serde_yaml::Value::Number(number) => serde_json::to_value(&number).unwrap_or_else(|_| Value::String(number.to_string())),
        serde_yaml::Value::String(text) => Value::String(text),
        serde_yaml::Value::Sequence(elements) => Value::Array(elements.into_iter().map(plain_value).collect()),
        serde_yaml::Value::Mapping(fields) => {
            Value::Object(fields.into_iter().map(|(key, value)| (key_text(key), plain_value(value))).collect())
        }
        serde_yaml::Value::Tagged(tagged) => plain_value(tagged.value),
    }
}

fn key_text(key: serde_yaml::Value) -> String {
    match plain_value(key) {
        Value::String(text) => text,
        other => other.to_string(),
    }
}

/// `...` lines become a field of that name, `[..]` and `<name>` values are put in quotes.
fn quote_yaml(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 32);
    let lines: Vec<&str> = text.lines().collect();
    let (mut before, mut text_column) = (None, None);
    for (index, line) in lines.iter().enumerate() {
        let indent = &line[..line.len() - line.trim_start().len()];
        if is_any_lines(line) {
            text_column = None;
            let element = in_list(lines[..index].iter().rev(), indent).or_else(|| in_list(lines[index + 1..].iter(), indent));
            let element = element.unwrap_or(false);
            quoted.push_str(indent);
            quoted.push_str(if element { "- '...'" } else { "'...': '...'" });
        } else if line.trim().is_empty() || goes_on(line, before, text_column) {
            quoted.push_str(line);
        } else {
            text_column = column_of_text(line);
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

/// Are the lines of this indentation elements of a list? The nearest that is none says no; `None`: there are no such lines.
fn in_list<'t>(lines: impl Iterator<Item = &'t &'t str>, indent: &str) -> Option<bool> {
    let block = lines.filter(|line| !is_any_lines(line)).take_while(|line| line.starts_with(indent) && line.trim() != "---");
    let mut siblings = block.filter_map(|line| line.get(indent.len()..)).filter(|rest| !rest.starts_with(' ')).peekable();
    siblings.peek()?;
    Some(siblings.all(|rest| rest.starts_with("- ")))
}

/// A value that YAML would not read as text: one that holds `[..]`, or starts with `<`.
fn quote_yaml_value(line: &str) -> String {
    let after_key = line.find(": ").map_or(0, |at| at + 2);
    let rest = &line[after_key..];
    let start = after_key + rest.len() - rest.trim_start().trim_start_matches("- ").trim_start().len();
    let value = &line[start..];
    let bare = !value.is_empty() && !value.starts_with(['"', '\'', '|', '>', '#']);
    if bare && value.contains("[..]") { format!("{}'{}'", &line[..start], value.replace('\'', "''")) } else { line.to_owned() }
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
