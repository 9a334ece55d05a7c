//! The objects that the book's manifests declare, each with its whole text. Pure.

use serde::Deserialize;
use serde_json::Value;

use crate::book::Place;
use crate::ids::ObjectRef;

/// One object of a rendered manifest.
#[derive(Debug, Clone, PartialEq)]
pub struct Declared {
    /// What it is known by.
    pub object: ObjectRef,
    /// As the manifest writes it.
    pub value: Value,
    /// Where the manifest stands in the book.
    pub place: Place,
}

/// The objects of a rendered manifest, lists taken apart, in their order. `namespace` is the chapter's. A document without
/// `apiVersion`, `kind` and `metadata.name` (a patch, a values file) declares no object and is left out.
///
/// # Errors
/// In words, when the text is not YAML.
pub fn declared_in(
    text: &str,
    namespace: Option<&str>,
    place: &Place,
) -> Result<Vec<Declared>, String> {
    let mut declared = Vec::new();
    for document in serde_yaml::Deserializer::from_str(text) {
        let value = Value::deserialize(document)
            .map_err(|error| format!("{place}: the rendered manifest is not YAML: {error}"))?;
        take(value, namespace, place, &mut declared);
    }
    Ok(declared)
}

fn take(value: Value, namespace: Option<&str>, place: &Place, declared: &mut Vec<Declared>) {
    let is_list = value["kind"].as_str().is_some_and(|kind| kind.ends_with("List"))
        && value["items"].is_array();
    if let (true, Value::Object(mut list)) = (is_list, value.clone()) {
        if let Some(Value::Array(items)) = list.remove("items") {
            for item in items {
                take(item, namespace, place, declared);
            }
        }
        return;
    }
    let word = |value: &Value| value.as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    let (Some(api_version), Some(kind), Some(name)) =
        (word(&value["apiVersion"]), word(&value["kind"]), word(&value["metadata"]["name"]))
    else {
        return;
    };
    let namespace = word(&value["metadata"]["namespace"]).or_else(|| namespace.map(str::to_owned));
    declared.push(Declared {
        object: ObjectRef { api_version, kind, namespace, name },
        value,
        place: place.clone(),
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn names(text: &str) -> Vec<String> {
        let place = Place { file: Path::new("chapter-2.md").into(), line: 7 };
        let declared = declared_in(text, Some("shop"), &place).unwrap();
        declared
            .iter()
            .map(|declared| {
                format!(
                    "{}/{}@{}",
                    declared.object.kind,
                    declared.object.name,
                    declared.object.namespace.as_deref().unwrap_or("-")
                )
            })
            .collect()
    }

    #[test]
    fn several_documents_and_lists_are_taken_apart_in_order() {
        let text = "apiVersion: v1\nkind: A\nmetadata: {name: a}\n---\napiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: B, metadata: {name: b, namespace: other}}\n---\n";
        assert_eq!(names(text), ["A/a@shop", "B/b@other"]);
    }

    #[test]
    fn a_patch_declares_no_object() {
        assert!(names("spec:\n  replicas: 2\n").is_empty());
        assert!(names("").is_empty());
    }

    #[test]
    fn what_is_not_yaml_is_said_with_its_place() {
        let place = Place { file: Path::new("chapter-2.md").into(), line: 7 };
        assert!(
            declared_in("a: [", None, &place)
                .unwrap_err()
                .starts_with("chapter-2.md:7: the rendered manifest is not YAML")
        );
    }
}
