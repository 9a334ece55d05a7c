//! The objects that the book's manifests declare, each with its whole text.

use serde_json::Value;

use crate::book::Place;
use crate::ids::ObjectRef;
use crate::manifest::objects_of;

/// One object of a rendered manifest.
#[derive(Debug, Clone, PartialEq)]
pub struct ManifestObject {
    pub object: ObjectRef,
    /// The object as the manifest writes it.
    pub value: Value,
    /// Where the manifest is in the book.
    pub place: Place,
}

/// The objects of a rendered manifest in their order, those of a `List` one by one. `namespace` is the chapter's.
///
/// A document that is not an object (a patch, a values file) is omitted. The error is a message
/// with the manifest's place.
pub fn manifest_objects_in(
    text: &str,
    namespace: Option<&str>,
    place: &Place,
) -> Result<Vec<ManifestObject>, String> {
    let found = objects_of(text)
        .map_err(|error| format!("{place}: the rendered manifest is invalid: {}", error.message))?;
    let objects = found.into_iter().map(|found| ManifestObject {
        object: ObjectRef {
            api_version: found.api_version,
            kind: found.kind,
            namespace: found.namespace.or_else(|| namespace.map(str::to_owned)),
            name: found.name,
        },
        value: found.value,
        place: place.clone(),
    });
    Ok(objects.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn place() -> Place {
        Place { file: Path::new("chapter-2.md").into(), line: 7 }
    }

    #[test]
    fn every_object_has_the_namespace_it_names_or_else_the_chapter_s() {
        let text = "\
apiVersion: v1
kind: A
metadata: {name: a}
---
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: B, metadata: {name: b, namespace: other}, data: {8080: web}}
---
spec: {replicas: 2}
";
        let objects = manifest_objects_in(text, Some("shop"), &place()).unwrap();
        let names: Vec<String> = objects
            .iter()
            .map(|declared| {
                let ObjectRef { kind, namespace, name, .. } = &declared.object;
                format!("{kind}/{name}@{}", namespace.as_deref().unwrap_or("-"))
            })
            .collect();
        assert_eq!(names, ["A/a@shop", "B/b@other"]);
        assert_eq!(objects[1].value["data"]["8080"], "web");
    }

    #[test]
    fn an_invalid_manifest_is_reported_with_its_place() {
        let error = manifest_objects_in("a: [", None, &place()).unwrap_err();
        assert!(error.starts_with("chapter-2.md:7: the rendered manifest is invalid: "), "{error}");
    }
}
