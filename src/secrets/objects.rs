//! Finds Secret objects in YAML and JSON, and masks their data.
//!
//! The text is parsed, so that the result does not depend on its form. A text that cannot be parsed
//! counts as a Secret in case of doubt.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_yaml::{Mapping, Value};

use super::MASK;

/// The longest value that counts as a secret, in bytes. Longer ones are charts and archives.
const LONGEST: usize = 16 * 1024;
/// The annotation in which kubectl keeps the previous text of an object, with its data.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// All values of Secret objects in this text, both in their written form and decoded from base64.
pub(crate) fn secret_values(text: &str) -> Vec<Vec<u8>> {
    let mut values = Vec::new();
    for document in documents(text) {
        if let Some(mut parsed) = parsed(document) {
            take_data(&mut parsed, false, &mut |written, encoded| {
                let decoded = if encoded { decoded(&written) } else { None };
                values.extend([Some(written.into_bytes()), decoded].into_iter().flatten());
            });
        }
    }
    values.retain(|value| value.len() <= LONGEST);
    values.sort_unstable();
    values.dedup();
    values
}

/// The text with the data of its Secret objects masked. Documents without a Secret do not change.
pub(crate) fn without_secret_data(text: &str) -> String {
    documents(text).map(without_data).collect()
}

/// The output of a command with the data of its Secret objects masked, if it is YAML or JSON (`kubectl get secret -o yaml`).
pub(crate) fn without_printed_secrets(output: &str) -> String {
    let readable = memchr::memmem::find(output.as_bytes(), b"Secret").is_some()
        && documents(output).all(|one| parsed(one).is_some());
    if readable { without_secret_data(output) } else { output.to_owned() }
}

fn without_data(document: &str) -> String {
    let start = document_start(document);
    let (mark, body) = document.split_at(start);
    let Some(mut parsed) = parsed(body) else {
        let doubtful =
            ["secret", "stringdata"].iter().any(|word| body.to_ascii_lowercase().contains(word));
        return if doubtful {
            format!("{mark}# {MASK} (this can't be read as YAML, and may hold a Secret)\n")
        } else {
            document.to_owned()
        };
    };
    let mut found = false;
    take_data(&mut parsed, false, &mut |_, _| found = true);
    if !found {
        return document.to_owned();
    }
    let json = body.trim_start().starts_with(['{', '['])
        && serde_json::from_str::<serde_json::Value>(body).is_ok();
    let written = if json {
        serde_json::to_string_pretty(&parsed).map(|text| text + "\n").ok()
    } else {
        serde_yaml::to_string(&parsed).ok()
    };
    format!("{mark}{}", written.unwrap_or_else(|| format!("# {MASK}\n")))
}

/// The documents of a YAML text, each with the line that begins it.
fn documents(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let mut end = 0;
        for line in rest.split_inclusive('\n') {
            if end > 0 && is_mark(line) {
                break;
            }
            end += line.len();
        }
        let (document, after) = rest.split_at(end);
        rest = after;
        Some(document)
    })
}

fn is_mark(line: &str) -> bool {
    line.strip_prefix("---")
        .is_some_and(|after| after.is_empty() || after.starts_with([' ', '\t', '\n', '\r']))
}

/// The length of the `---` that begins a document.
fn document_start(document: &str) -> usize {
    let line = document.split_inclusive('\n').next().unwrap_or_default();
    match line.strip_prefix("---") {
        Some(after)
            if is_mark(line)
                && (after.trim().is_empty() || after.trim_start().starts_with('#')) =>
        {
            line.len()
        }
        Some(_) if is_mark(line) => 3,
        _ => 0,
    }
}

/// One parsed document. `None` if it cannot be read, or if there are several.
fn parsed(document: &str) -> Option<Value> {
    let mut documents = serde_yaml::Deserializer::from_str(document);
    let first = documents.next().map_or(Some(Value::Null), |first| Value::deserialize(first).ok());
    first.filter(|_| documents.next().is_none())
}

/// Masks the data of every Secret object in the value, and passes on the text of each datum and
/// whether it is base64.
fn take_data(value: &mut Value, of_secrets: bool, take: &mut dyn FnMut(String, bool)) {
    match value {
        Value::Tagged(tagged) => take_data(&mut tagged.value, of_secrets, take),
        Value::Sequence(items) => {
            items.iter_mut().for_each(|item| take_data(item, of_secrets, take));
        }
        Value::Mapping(fields) => {
            let kind = kind_of(fields);
            let is_list =
                kind.as_deref().is_some_and(|kind| kind.eq_ignore_ascii_case("SecretList"));
            let is_secret = kind.as_deref().is_some_and(|kind| kind.eq_ignore_ascii_case("Secret"))
                || (of_secrets && kind.is_none());
            for (key, field) in fields.iter_mut() {
                let key = key_text(key).unwrap_or_default();
                if is_secret
                    && (key.eq_ignore_ascii_case("data") || key.eq_ignore_ascii_case("stringData"))
                {
                    take_scalars(field, key.eq_ignore_ascii_case("data"), take);
                } else if key == "secretGenerator" {
                    take_generated(field, take);
                } else if key == LAST_APPLIED {
                    take_applied(field, take);
                } else {
                    take_data(field, is_list && key == "items", take);
                }
            }
        }
        _ => {}
    }
}

fn kind_of(fields: &Mapping) -> Option<String> {
    let kind = fields
        .iter()
        .find(|(key, _)| key_text(key).is_some_and(|key| key.eq_ignore_ascii_case("kind")))?
        .1;
    match untagged(kind) {
        Value::String(kind) => Some(kind.trim().to_owned()),
        _ => None,
    }
}

fn key_text(key: &Value) -> Option<&str> {
    match untagged(key) {
        Value::String(text) => Some(text),
        _ => None,
    }
}

fn untagged(value: &Value) -> &Value {
    match value {
        Value::Tagged(tagged) => untagged(&tagged.value),
        other => other,
    }
}

/// Masks every scalar in the value.
fn take_scalars(value: &mut Value, encoded: bool, take: &mut dyn FnMut(String, bool)) {
    let text = match value {
        Value::Tagged(tagged) => return take_scalars(&mut tagged.value, encoded, take),
        Value::Sequence(items) => {
            return items.iter_mut().for_each(|item| take_scalars(item, encoded, take));
        }
        Value::Mapping(fields) => {
            return fields.iter_mut().for_each(|(_, field)| take_scalars(field, encoded, take));
        }
        Value::Null => return,
        Value::String(text) => std::mem::take(text),
        Value::Bool(truth) => truth.to_string(),
        Value::Number(number) => number.to_string(),
    };
    take(text, encoded);
    *value = Value::String(MASK.to_owned());
}

/// Masks the `literals` of kustomize's `secretGenerator`.
fn take_generated(generators: &mut Value, take: &mut dyn FnMut(String, bool)) {
    let Value::Sequence(generators) = generators else { return };
    let literals = generators
        .iter_mut()
        .filter_map(|generator| generator.get_mut("literals")?.as_sequence_mut())
        .flatten();
    for literal in literals {
        let Some((key, value)) = literal.as_str().and_then(|literal| literal.split_once('='))
        else {
            continue;
        };
        take(value.to_owned(), false);
        *literal = Value::String(format!("{key}={MASK}"));
    }
}

/// Masks the copy of an object, as JSON, that `kubectl apply` keeps in an annotation.
fn take_applied(copy: &mut Value, take: &mut dyn FnMut(String, bool)) {
    let Some(mut parsed) = copy.as_str().and_then(|text| serde_yaml::from_str::<Value>(text).ok())
    else {
        return;
    };
    let mut found = false;
    take_data(&mut parsed, false, &mut |text, encoded| {
        found = true;
        take(text, encoded);
    });
    if found {
        *copy = Value::String(serde_json::to_string(&parsed).unwrap_or_else(|_| MASK.to_owned()));
    }
}

fn decoded(text: &str) -> Option<Vec<u8>> {
    let packed: String = text.split_whitespace().collect();
    STANDARD.decode(packed).ok()
}

#[cfg(test)]
mod tests;
