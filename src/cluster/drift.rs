//! `guide diff`: how far the cluster is from the book. Nothing is changed: applying is asked of the server as a dry run.

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::{StreamExt, stream};
use kube::api::{DynamicObject, Patch, PatchParams};
use serde_json::Value;

use super::connection::{Connection, Located};
use super::declared::Declared;
use super::evidence::title;
use super::fields::{Compare, FieldDifference, differences};
use super::unmanaged::{UnmanagedObject, unmanaged};
use super::{Cluster, ClusterError};
use crate::book::Place;
use crate::ids::ObjectRef;

/// Most time a diff may take.
const DIFF_LIMIT: Duration = Duration::from_secs(60);

/// Requests on their way at once.
const AT_ONCE: usize = 8;

/// How the cluster differs from the book.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Drift {
    /// Objects of the book that are not there.
    pub missing: Vec<(ObjectRef, Place)>,
    /// Objects of the book that are otherwise.
    pub differing: Vec<Differing>,
    /// Objects in the book's namespaces that no manifest made.
    pub unmanaged: Vec<UnmanagedObject>,
    /// Objects that could not be compared, and why.
    pub unasked: Vec<(ObjectRef, String)>,
}

/// An object that is otherwise than its manifest says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Differing {
    pub object: ObjectRef,
    /// Where its manifest stands.
    pub place: Place,
    /// In what.
    pub fields: Vec<FieldDifference>,
    /// Said when the server would refuse to change it so.
    pub note: Option<String>,
}

impl Drift {
    /// Is the world, as far as manifests go, as the book says?
    pub fn is_none(&self) -> bool {
        self.missing.is_empty()
            && self.differing.is_empty()
            && self.unmanaged.is_empty()
            && self.unasked.is_empty()
    }

    /// For people, a finding a line; fields indented under their object.
    pub fn lines(&self) -> Vec<String> {
        let mut lines: Vec<String> = self
            .missing
            .iter()
            .map(|(object, place)| format!("missing: {} ({place})", title(object)))
            .collect();
        for differing in &self.differing {
            lines.push(format!("differs: {} ({})", title(&differing.object), differing.place));
            let side =
                |value: &Option<String>| value.clone().unwrap_or_else(|| "(none)".to_owned());
            lines.extend(differing.fields.iter().map(|field| {
                format!("    {}: {} → {}", field.path, side(&field.manifest), side(&field.live))
            }));
            lines.extend(differing.note.iter().map(|note| format!("    {note}")));
        }
        for unmanaged_object in &self.unmanaged {
            let maker = unmanaged_object
                .made_by
                .as_ref()
                .map(|maker| format!(" (made by {maker})"))
                .unwrap_or_default();
            lines.push(format!("not in the book: {}{maker}", title(&unmanaged_object.object)));
        }
        lines.extend(
            self.unasked
                .iter()
                .map(|(object, why)| format!("could not be compared: {}: {why}", title(object))),
        );
        lines
    }
}

/// The namespaces that are the book's: those its manifests make or put objects into, but never the cluster's own.
pub(crate) fn book_namespaces(declared: &[Declared]) -> BTreeSet<String> {
    let named = |declared: &Declared| {
        if declared.object.kind == "Namespace" {
            Some(declared.object.name.clone())
        } else {
            declared.object.namespace.clone()
        }
    };
    declared.iter().filter_map(named).filter(|name| !is_system(name)).collect()
}

/// Namespaces of Kubernetes itself.
pub(super) fn is_system(namespace: &str) -> bool {
    namespace.starts_with("kube-")
}

impl Cluster {
    /// Compares every declared object with the live one, and looks for objects in the book's namespaces that no manifest made.
    /// `declared` must be the whole book's, or the rest of it will be told as unmanaged.
    ///
    /// # Errors
    /// When the cluster can't be asked at all.
    pub fn drift(&self, declared: &[Declared]) -> Result<Drift, ClusterError> {
        let declared = declared.to_vec();
        self.ask(DIFF_LIMIT, move |connection| async move { drift(&connection, declared).await })
    }
}

async fn drift(
    connection: &Connection,
    mut declared: Vec<Declared>,
) -> Result<Drift, ClusterError> {
    let located = locate(connection, &mut declared).await?;
    let questions: Vec<_> = located
        .iter()
        .zip(&declared)
        .map(|(located, declared)| compare(located, declared))
        .collect();
    let found: Vec<Found> = stream::iter(questions).buffered(AT_ONCE).collect().await;
    let mut drift = Drift::default();
    for ((found, located), declared) in found.into_iter().zip(&located).zip(&declared) {
        let (object, place) = (located.object.clone(), declared.place.clone());
        match found {
            Found::Same => {}
            Found::Missing => drift.missing.push((object, place)),
            Found::Differs(fields, note) => {
                drift.differing.push(Differing { object, place, fields, note })
            }
            Found::Unasked(why) => drift.unasked.push((object, why)),
        }
    }
    drift.unmanaged =
        unmanaged(connection, &located, &declared, &book_namespaces(&declared)).await?;
    Ok(drift)
}

/// Finds the objects in the server's terms, and puts the namespaces they really are in into `declared` too.
pub(super) async fn locate(
    connection: &Connection,
    declared: &mut [Declared],
) -> Result<Vec<Located>, ClusterError> {
    let references: Vec<ObjectRef> =
        declared.iter().map(|declared| declared.object.clone()).collect();
    let located = connection.located(&references).await?;
    for (declared, located) in declared.iter_mut().zip(&located) {
        declared.object = located.object.clone();
    }
    Ok(located)
}

enum Found {
    Same,
    Missing,
    Differs(Vec<FieldDifference>, Option<String>),
    Unasked(String),
}

async fn compare(located: &Located, declared: &Declared) -> Found {
    let Some(api) = &located.api else { return Found::Missing };
    let name = &located.object.name;
    let live = match api.get_opt(name).await {
        Ok(Some(live)) => live,
        Ok(None) => return Found::Missing,
        Err(error) => return Found::Unasked(ClusterError::from_kube(&error, "getting it").message),
    };
    let apply = PatchParams::apply("guide-diff").force().dry_run();
    let (fields, note) = match api.patch(name, &apply, &Patch::Apply(&declared.value)).await {
        Ok(applied) => (differences(&json(&applied), &json(&live), Compare::Whole), None),
        Err(error) => {
            // The server would refuse, or can't try: the manifest's own fields are compared as they are written.
            let why = ClusterError::from_kube(&error, "trying to apply it").message;
            (
                differences(&declared.value, &json(&live), Compare::Named),
                Some(format!("applying it would fail: {why}")),
            )
        }
    };
    let fields = if located.object.kind == "Secret" {
        fields.into_iter().map(veiled).collect()
    } else {
        fields
    };
    match (fields.is_empty(), &note) {
        (true, None) => Found::Same,
        _ => Found::Differs(fields, note),
    }
}

fn json(object: &DynamicObject) -> Value {
    serde_json::to_value(object).unwrap_or_default()
}

/// That a Secret's data differs may be told, not in what.
fn veiled(field: FieldDifference) -> FieldDifference {
    if !(field.path.starts_with("data") || field.path.starts_with("stringData")) {
        return field;
    }
    FieldDifference {
        manifest: field.manifest.map(|_| "***".to_owned()),
        live: field.live.map(|_| "***".to_owned()),
        ..field
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn object(kind: &str, name: &str) -> ObjectRef {
        ObjectRef {
            api_version: "v1".into(),
            kind: kind.into(),
            namespace: Some("shop".into()),
            name: name.into(),
        }
    }

    fn place() -> Place {
        Place { file: Path::new("chapter-2.md").into(), line: 41 }
    }

    #[test]
    fn each_finding_is_a_line() {
        let field = FieldDifference {
            path: "spec.replicas".into(),
            manifest: Some("3".into()),
            live: Some("1".into()),
        };
        let drift = Drift {
            missing: vec![(object("Service", "web"), place())],
            differing: vec![Differing {
                object: object("Deployment", "web"),
                place: place(),
                fields: vec![field],
                note: None,
            }],
            unmanaged: vec![UnmanagedObject {
                object: object("Pod", "debug"),
                made_by: Some("kubectl-run".into()),
            }],
            unasked: Vec::new(),
        };
        let expected = [
            "missing: service web in shop (chapter-2.md:41)",
            "differs: deployment web in shop (chapter-2.md:41)",
            "    spec.replicas: 3 → 1",
            "not in the book: pod debug in shop (made by kubectl-run)",
        ];
        assert_eq!(drift.lines(), expected);
        assert!(!drift.is_none() && Drift::default().is_none());
    }

    #[test]
    fn the_cluster_s_own_namespaces_are_never_the_book_s() {
        let declared = |kind: &str, name: &str, namespace: Option<&str>| Declared {
            object: ObjectRef { namespace: namespace.map(Into::into), ..object(kind, name) },
            value: Value::Null,
            place: place(),
        };
        let all = [
            declared("Namespace", "shop", None),
            declared("ConfigMap", "coredns", Some("kube-system")),
            declared("Pod", "a", Some("b")),
        ];
        assert_eq!(book_namespaces(&all).into_iter().collect::<Vec<_>>(), ["b", "shop"]);
    }

    #[test]
    fn a_secret_s_values_are_not_shown() {
        let field = |path: &str| FieldDifference {
            path: path.into(),
            manifest: Some("\"a\"".into()),
            live: Some("\"b\"".into()),
        };
        assert_eq!(veiled(field("data.password")).manifest.as_deref(), Some("***"));
        assert_eq!(veiled(field("type")).manifest.as_deref(), Some("\"a\""));
    }
}
