//! Reads YAML as values. Every number keeps its written form, and every tag is kept.

use serde_json::Value;

use super::marks::{NUMBER, TAG};
use crate::manifest::{Scalar, ScalarReader, yaml_documents};

/// The documents of a text. The error says in a few words why the text cannot be read.
pub(super) fn documents(text: &str) -> Result<Vec<Value>, String> {
    yaml_documents(text, &mut AsWritten).map_err(|error| error.message)
}

struct AsWritten;

impl ScalarReader for AsWritten {
    fn scalar(&mut self, scalar: Scalar<'_>) -> Value {
        let custom = scalar.tag.filter(|tag| !tag.is_yaml_core_schema());
        if let Some(tag) = custom {
            return Value::String(format!("{TAG}{} {}", tag.original(), scalar.text));
        }
        let is_text =
            !scalar.plain || scalar.tag.is_some_and(|tag| tag.is_yaml_core_schema_tag("str"));
        match scalar.text {
            text if is_text => Value::String(text.to_owned()),
            "" | "~" | "null" | "Null" | "NULL" => Value::Null,
            "true" | "True" | "TRUE" => Value::Bool(true),
            "false" | "False" | "FALSE" => Value::Bool(false),
            // kubectl reads YAML 1.1, in which these words are true and false, and a text only in
            // quotes.
            text if is_number(text) || is_old_boolean(text) => {
                Value::String(format!("{NUMBER}{text}"))
            }
            text => Value::String(text.to_owned()),
        }
    }

    fn tagged(&mut self, tag: &str, value: Value) -> Value {
        Value::Object(std::iter::once((format!("{TAG}{tag}"), value)).collect())
    }
}

fn is_old_boolean(text: &str) -> bool {
    ["yes", "no", "on", "off"].iter().any(|word| {
        let all = [(*word).to_owned(), word.to_ascii_uppercase(), capitalized(word)];
        all.iter().any(|spelling| spelling == text)
    })
}

fn capitalized(word: &str) -> String {
    word[..1].to_ascii_uppercase() + &word[1..]
}

fn is_number(text: &str) -> bool {
    let bare = text.strip_prefix(['+', '-']).unwrap_or(text);
    if let Some(digits) = bare.strip_prefix("0x") {
        return !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    }
    if let Some(digits) = bare.strip_prefix("0o") {
        return !digits.is_empty() && digits.bytes().all(|byte| matches!(byte, b'0'..=b'7'));
    }
    matches!(bare.to_ascii_lowercase().as_str(), ".inf" | ".nan")
        || bare.starts_with(|c: char| c.is_ascii_digit() || c == '.') && bare.parse::<f64>().is_ok()
}
