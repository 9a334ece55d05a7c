//! Converts an output into the text of a snapshot. The text has no volatile parts, so that its
//! history shows only real changes, and no text that would be a pattern.

use serde_json::Value;

use super::kind::{compare_snapshot, kind_of};
use super::normalize::{Rules, TextNormalizer, Where};
use super::strip_ansi::{lines, strip_ansi};
use super::table;
use super::tree::{self, NUMBER, Place, TAG};
use super::verdict::{Bindings, Verdict};
use crate::book::{SnapshotKind, escape_line};

/// The normalized and escaped text of an output: by line, by cell, or, for JSON and YAML, printed
/// again without the fields that the server writes. The result is equal to the output in a
/// comparison, and to no output that differs from it.
pub(crate) fn normalized(actual: &[u8], kind: SnapshotKind, rules: &Rules) -> String {
    let text = strip_ansi(actual);
    let found = if kind == SnapshotKind::Auto { kind_of(&text) } else { kind };
    let output = rules.output(&text);
    let by_structure = match found {
        SnapshotKind::Json | SnapshotKind::Yaml => {
            tree::read(found, &text).ok().and_then(|documents| print(found, &documents, &output))
        }
        SnapshotKind::Table => Some(kept(&table::stored(&text, &output))),
        _ => None,
    };
    // A text that would be read as another one, for example with a tag in a text, is kept line by
    // line.
    let same = |stored: &String| {
        let verdict = compare_snapshot(stored, actual, kind, &Bindings::new(), rules);
        matches!(verdict, Verdict::Same { bound } if bound.is_empty())
    };
    by_structure.filter(same).unwrap_or_else(|| {
        let lines = lines(&text).into_iter().map(|line| output.stored(line, Where::Line));
        kept(&lines.collect::<Vec<_>>().join("\n"))
    })
}

fn kept(text: &str) -> String {
    lines(text).into_iter().flat_map(|line| [line, "\n"]).collect()
}

fn print(kind: SnapshotKind, documents: &[Value], output: &TextNormalizer) -> Option<String> {
    let mut printed = String::new();
    for (index, document) in documents.iter().enumerate() {
        let document = stored(&Place::default(), document, output);
        if kind == SnapshotKind::Json {
            printed.push_str(&tree::without_marks(&serde_json::to_string_pretty(&document).ok()?));
            printed.push('\n');
        } else {
            printed.push_str(if index > 0 { "---\n" } else { "" });
            printed.push_str(&serde_yaml::to_string(&document).ok()?.replace([NUMBER, TAG], ""));
        }
    }
    Some(printed)
}

/// The value without its volatile parts, and with escapes for text that would be a pattern.
fn stored(place: &Place<'_>, value: &Value, output: &TextNormalizer) -> Value {
    let place = place.of(value);
    match value {
        Value::Object(fields) => {
            let kept =
                fields.iter().filter(|(name, _)| !place.field(name).is_volatile(output.rules));
            let key = |name: &str| {
                if name.ends_with("...") { escape_line(name).into_owned() } else { name.to_owned() }
            };
            Value::Object(
                kept.map(|(name, value)| (key(name), stored(&place.field(name), value, output)))
                    .collect(),
            )
        }
        Value::Array(elements) => {
            Value::Array(elements.iter().map(|element| stored(&place, element, output)).collect())
        }
        Value::String(text) if text.starts_with(NUMBER) => {
            let bare = &text[NUMBER.len_utf8()..];
            let normal = output.normalize(bare, place.known());
            Value::String(if normal == bare {
                text.clone()
            } else {
                output.canonical(bare, place.known()).into_owned()
            })
        }
        Value::String(text) => Value::String(
            text.split('\n')
                .map(|line| output.stored(line, place.known()))
                .collect::<Vec<_>>()
                .join("\n"),
        ),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::{Bindings, Verdict, compare_snapshot};

    #[test]
    fn a_table_keeps_its_columns_and_loses_its_volatile_text() {
        let table = b"NAME                  READY   AGE\nweb-7d4b9c6f5-x2x9z   1/1     5m3s\r\n\n";
        assert_eq!(
            normalized(table, SnapshotKind::Auto, &Rules::default()),
            "NAME                  READY   AGE\nweb-⟨hash·········⟩   1/1     ⟨ti⟩\n"
        );
    }

    #[test]
    fn yaml_loses_its_volatile_fields() {
        let object = b"apiVersion: v1\nkind: Service\nmetadata:\n  uid: x\n  name: web\n  resourceVersion: \"5\"\nspec:\n  ports:\n  - nodePort: 31234\n    port: 80\n";
        assert_eq!(
            normalized(object, SnapshotKind::Auto, &Rules::default()),
            "apiVersion: v1\nkind: Service\nmetadata:\n  name: web\nspec:\n  ports:\n  - nodePort: \u{27e8}port\u{27e9}\n    port: 80\n"
        );
    }

    #[test]
    fn a_stored_text_is_equal_to_its_output() {
        let outputs = [
            "NAME   READY   AGE\nweb    1/1     5m\n\nKIND   NAME\na      b\n",
            "{\"nodePort\": 31234, \"ip\": \"10.0.0.1\", \"uid\": \"x\", \"list\": [1, \"5m3s\"]}",
            "{\"a\": 1}\n{\"a\": 2}\n",
            "apiVersion: v1\nat: 2026-01-01T00:00:00Z\n---\napiVersion: v2\n5: x\n",
            "took 350ms on 10.0.0.1:31234\n...\n<name> [..]\n",
            "",
        ];
        for output in outputs {
            for kind in [
                SnapshotKind::Auto,
                SnapshotKind::Text,
                SnapshotKind::Table,
                SnapshotKind::Json,
                SnapshotKind::Yaml,
            ] {
                let stored = normalized(output.as_bytes(), kind, &Rules::default());
                let verdict = compare_snapshot(
                    &stored,
                    output.as_bytes(),
                    kind,
                    &Bindings::new(),
                    &Rules::default(),
                );
                assert!(
                    matches!(verdict, Verdict::Same { .. }),
                    "{kind:?} {output}: {stored}: {verdict:?}"
                );
            }
        }
    }
}
