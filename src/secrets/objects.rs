//! Secret objects in YAML and JSON: what they hold, and the text without it.
//!
//! The text is parsed, so that no way of writing it makes a difference. What can't be parsed is judged in doubt as a Secret.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_yaml::{Mapping, Value};

use super::MASK;

/// Longer ones are charts and archives.
const LONGEST: usize = 16 * 1024;
/// Where kubectl keeps an object's former text, its data too.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// Every value that Secret objects in this text hold: as it is written, and what it is in base64.
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

/// The text with all data of its Secret objects masked. Documents that hold none stay as they are.
pub(crate) fn without_secret_data(text: &str) -> String {
    documents(text).map(without_data).collect()
}

/// What a command printed, with the data of its Secret objects masked where it is YAML or JSON (`kubectl get secret -o yaml`).
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

/// The documents of a YAML text, each with the line before it that begins it.
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

/// Length of the `---` that begins a document.
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

/// One document; none where it can't be read, or is several.
fn parsed(document: &str) -> Option<Value> {
    let mut documents = serde_yaml::Deserializer::from_str(document);
    let first = documents.next().map_or(Some(Value::Null), |first| Value::deserialize(first).ok());
    first.filter(|_| documents.next().is_none())
}

/// Masks the data of every Secret object below, and gives each value: its text, and whether that is base64.
fn take_data(value: &mut Value, of_secrets: bool, take: &mut dyn FnMut(String, bool)) {
    match value {
        Value::Tagged(tagged) => take_data(&mut tagged.value, of_secrets, take),
        Value::Sequence(items) => {
            items.iter_mut().for_each(|item| take_data(item, of_secrets, take))
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

/// Masks every scalar below.
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

/// kustomize's `secretGenerator`: what its `literals` hold.
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

/// The copy of an object, as JSON, that `kubectl apply` keeps in an annotation.
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
mod tests {
    use super::*;

    /// Ways of writing a Secret whose password is `hunter2!` (`aHVudGVyMiE=`).
    const SPELLINGS: [&str; 16] = [
        "kind: Secret\nstringData:\n  p: hunter2!\n",
        "kind: \"Secret\"\nstringData:\n  p: hunter2!\n",
        "kind: 'Secret'   # a comment\nstringData: # another\n  p: hunter2!\n",
        "\"kind\": Secret\n\"stringData\":\n  \"p\": hunter2!\n",
        "? kind\n: Secret\n? stringData\n: {p: hunter2!}\n",
        "kind:\n  Secret\nstringData:\n  p:\n    hunter2!\n",
        "kind: !!str Secret\ndata: {p: aHVudGVyMiE=}\n",
        "{kind: Secret, data: {p: aHVudGVyMiE=}}\n",
        "{\n  \"kind\": \"Secret\",\n  \"data\": {\"p\": \"aHVudGVyMiE=\"}\n}\n",
        "kind: List\nitems:\n- kind: ConfigMap\n- kind: Secret\n  data:\n    p: aHVudGVyMiE=\n",
        "kind: SecretList\nitems:\n- data:\n    p: aHVudGVyMiE=\n",
        "[{kind: List, items: [{kind: Secret, stringData: {p: hunter2!}}]}]\n",
        "stringData:\n  p: |\n    hunter2!\nkind: >-\n  Secret\n",
        "a: &kind Secret\nb: &data\n  p: hunter2!\nkind: *kind\nstringData: *data\n",
        "kind: Secret\nstringData:\n  p: \"hunter\\x32!\"\n",
        "metadata:\n  annotations:\n    kubectl.kubernetes.io/last-applied-configuration: |\n      {\"kind\":\"Secret\",\"stringData\":{\"p\":\"hunter2!\"}}\n",
    ];

    #[test]
    fn a_secret_is_recognised_in_every_spelling() {
        for text in SPELLINGS {
            for text in [
                text.to_owned(),
                format!("kind: ConfigMap\ndata: {{a: b}}\n---\n{text}---\nkind: Service\n"),
            ] {
                let shown = without_secret_data(&text);
                // An anchor outside of the data is the author's; the Secret itself must be masked.
                let anchored = text.contains("&data");
                assert!(
                    anchored || (!shown.contains("hunter") && !shown.contains("aHVudGVyMiE")),
                    "{text}\n→\n{shown}"
                );
                assert!(shown.contains(MASK), "{text}\n→\n{shown}");
                let values = secret_values(&text);
                assert!(
                    values.iter().any(|value| value.trim_ascii() == b"hunter2!"),
                    "{text}: {values:?}"
                );
            }
        }
    }

    #[test]
    fn what_is_no_secret_stays_as_it_is_byte_for_byte() {
        for text in [
            "kind: ConfigMap # c\ndata: {a: b}\n",
            "",
            "\n",
            "# nothing\n",
            "a: [1, 2]\n---\n---\nb:   x\n",
            "just text",
        ] {
            assert_eq!(without_secret_data(text), text);
            assert!(secret_values(text).is_empty());
        }
    }

    #[test]
    fn the_other_documents_keep_their_text_and_the_secret_its_names() {
        let text = "kind: ConfigMap # kept\ndata:   {a: b}\n--- # two\nkind: Secret\nmetadata: {name: x}\nstringData: {p: hunter2, q: 5}\ntype: Opaque\n";
        assert_eq!(
            without_secret_data(text),
            "kind: ConfigMap # kept\ndata:   {a: b}\n--- # two\nkind: Secret\nmetadata:\n  name: x\nstringData:\n  p: '***'\n  q: '***'\ntype: Opaque\n"
        );
    }

    #[test]
    fn what_cannot_be_read_and_speaks_of_secrets_is_not_shown() {
        let shown = without_secret_data("kind: Secret\nstringData: {p: hunter2\n");
        assert!(!shown.contains("hunter2") && shown.contains(MASK), "{shown}");
    }

    #[test]
    fn literals_of_a_secret_generator_are_masked() {
        let text = "kind: Kustomization\nsecretGenerator:\n- name: db\n  literals: [p=hunter2]\n";
        assert!(without_secret_data(text).contains("p=***"));
        assert_eq!(secret_values(text), [b"hunter2".to_vec()]);
    }
}
