//! The text of an output as it is kept in a snapshot: nothing volatile in it, so that its history shows only what changed.

use serde_json::Value;

use super::form::form_of;
use super::normalise::Rules;
use super::plain::{lines, plain};
use super::tree;
use crate::book::SnapshotKind;

/// Normalised text of an output: by line, or for JSON and YAML printed anew without its volatile fields. What it gives compares
/// as the same as the output itself.
#[must_use]
pub fn storable(actual: &[u8], kind: SnapshotKind, rules: &Rules) -> String {
    let text = plain(actual);
    let kind = if kind == SnapshotKind::Auto { form_of(&text) } else { kind };
    let by_structure = match kind {
        SnapshotKind::Json | SnapshotKind::Yaml => {
            tree::read(kind, &text).ok().and_then(|documents| print(kind, documents, rules))
        }
        _ => None,
    };
    by_structure.unwrap_or_else(|| {
        let mut normal = String::with_capacity(text.len());
        for line in lines(&rules.normalise(&text)) {
            normal.push_str(line);
            normal.push('\n');
        }
        normal
    })
}

fn print(kind: SnapshotKind, documents: Vec<Value>, rules: &Rules) -> Option<String> {
    let mut printed = String::new();
    for (index, mut document) in documents.into_iter().enumerate() {
        tree::prune(&mut document);
        normalise("", &mut document, rules);
        if kind == SnapshotKind::Json {
            printed.push_str(&serde_json::to_string_pretty(&document).ok()?);
            printed.push('\n');
        } else {
            printed.push_str(if index > 0 { "---\n" } else { "" });
            printed.push_str(&serde_yaml::to_string(&document).ok()?);
        }
    }
    Some(printed)
}

fn normalise(name: &str, value: &mut Value, rules: &Rules) {
    match value {
        Value::Object(fields) => fields.iter_mut().for_each(|(name, value)| normalise(name, value, rules)),
        Value::Array(elements) => elements.iter_mut().for_each(|element| normalise(name, element, rules)),
        Value::String(text) => *text = rules.normalise(text).into_owned(),
        leaf => {
            let text = tree::leaf_text(name, leaf, rules);
            let plain = leaf.to_string();
            if text != plain {
                *leaf = Value::String(text);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::{Bindings, Verdict, compare_snapshot};

    #[test]
    fn a_table_keeps_its_columns_and_loses_what_is_volatile() {
        let table = b"NAME                  READY   AGE\nweb-7d4b9c6f5-x2x9z   1/1     5m3s\r\n\n";
        assert_eq!(
            storable(table, SnapshotKind::Auto, &Rules::default()),
            "NAME                  READY   AGE\nweb-⟨hash·········⟩   1/1     ⟨ti⟩\n"
        );
    }

    #[test]
    fn yaml_loses_its_volatile_fields() {
        let object = b"apiVersion: v1\nmetadata:\n  uid: x\n  name: web\n  resourceVersion: \"5\"\nspec:\n  ports:\n  - nodePort: 31234\n    port: 80\n";
        assert_eq!(
            storable(object, SnapshotKind::Auto, &Rules::default()),
            "apiVersion: v1\nmetadata:\n  name: web\nspec:\n  ports:\n  - nodePort: \u{27e8}port\u{27e9}\n    port: 80\n"
        );
    }

    #[test]
    fn what_is_stored_compares_as_the_output_it_was_made_of() {
        let outputs = [
            "NAME   READY   AGE\nweb    1/1     5m\n\nKIND   NAME\na      b\n",
            "{\"nodePort\": 31234, \"ip\": \"10.0.0.1\", \"uid\": \"x\", \"list\": [1, \"5m3s\"]}",
            "{\"a\": 1}\n{\"a\": 2}\n",
            "apiVersion: v1\nat: 2026-01-01T00:00:00Z\n---\napiVersion: v2\n5: x\n",
            "took 350ms on 10.0.0.1:31234\n...\n<name> [..]\n",
            "",
        ];
        for output in outputs {
            for kind in [SnapshotKind::Auto, SnapshotKind::Text, SnapshotKind::Table, SnapshotKind::Json, SnapshotKind::Yaml] {
                let stored = storable(output.as_bytes(), kind, &Rules::default());
                let verdict = compare_snapshot(&stored, output.as_bytes(), kind, &Bindings::new(), &Rules::default());
                assert!(matches!(verdict, Verdict::Same { .. }), "{kind:?} {output}: {stored}: {verdict:?}");
                assert_eq!(storable(stored.as_bytes(), kind, &Rules::default()), stored, "{kind:?} stored again");
            }
        }
    }
}
