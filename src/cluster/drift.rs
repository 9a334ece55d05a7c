//! `guide diff`: how the cluster differs from the book. Nothing is changed: the server applies each manifest as a dry run.

mod field_diff;
mod unmanaged;

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::{StreamExt, stream};
use kube::api::{DynamicObject, Patch, PatchParams};
use serde_json::Value;

use super::client::{Connection, Resolved};
use super::{Cluster, ClusterError, ManifestObject};
use crate::book::Place;
use crate::ids::ObjectRef;

pub(crate) use field_diff::FieldDifference;
use field_diff::{Compare, differences};
pub(crate) use unmanaged::UnmanagedObject;
pub(super) use unmanaged::{claims_by_template, is_numbered, unmanaged};

/// The time limit of a whole diff.
const DIFF_LIMIT: Duration = Duration::from_secs(60);

/// The largest number of simultaneous requests.
const CONCURRENCY: usize = 8;

/// The objects of the whole book, by what is expected of them. An object that is in none of the lists counts as unmanaged.
#[derive(Debug, Clone, Default)]
pub struct DriftRequest {
    /// Objects that must exist and be as their manifests say.
    pub expected: Vec<ManifestObject>,
    /// Objects that must be as their manifests say if they exist.
    pub optional: Vec<ManifestObject>,
    /// Objects that are only listed, because no step that would have created them has run in this
    /// world.
    pub not_applied: Vec<ManifestObject>,
    /// Objects that are ignored.
    pub ignored: Vec<ManifestObject>,
}

/// How the cluster differs from the book.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Drift {
    /// Objects of the book that do not exist.
    pub missing: Vec<(ObjectRef, Place)>,
    /// Objects that are not as their manifests say.
    pub differing: Vec<DifferingObject>,
    /// Objects in the namespaces of the compared objects that no manifest of the book made.
    pub unmanaged: Vec<UnmanagedObject>,
    /// Objects that could not be compared, each with the reason.
    pub not_compared: Vec<(ObjectRef, String)>,
    /// Objects that no step in this world has applied yet. They are not drift.
    pub not_applied: Vec<(ObjectRef, Place)>,
}

/// An object that is not as its manifest says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DifferingObject {
    pub object: ObjectRef,
    /// Where the manifest is in the book.
    pub place: Place,
    pub fields: Vec<FieldDifference>,
    /// Why the server would refuse to apply the manifest.
    pub refusal: Option<String>,
}

impl Drift {
    /// Whether the compared objects are as the book says.
    pub fn is_none(&self) -> bool {
        self.missing.is_empty()
            && self.differing.is_empty()
            && self.unmanaged.is_empty()
            && self.not_compared.is_empty()
    }
}

/// The namespaces of the book: those that its manifests create or put objects into, without the cluster's own.
fn book_namespaces<'a>(objects: impl IntoIterator<Item = &'a ManifestObject>) -> BTreeSet<String> {
    let namespace = |declared: &ManifestObject| match declared.object.kind.as_str() {
        "Namespace" => Some(declared.object.name.clone()),
        _ => declared.object.namespace.clone(),
    };
    objects.into_iter().filter_map(namespace).filter(|name| !is_system(name)).collect()
}

/// Whether a namespace belongs to Kubernetes itself.
pub(super) fn is_system(namespace: &str) -> bool {
    namespace.starts_with("kube-")
}

impl Cluster {
    /// Compares the expected and optional objects with the live ones, and looks for unmanaged objects in their namespaces.
    pub fn drift(&self, request: &DriftRequest) -> Result<Drift, ClusterError> {
        let request = request.clone();
        self.request(DIFF_LIMIT, move |connection| async move { drift(&connection, request).await })
    }
}

async fn drift(connection: &Connection, mut request: DriftRequest) -> Result<Drift, ClusterError> {
    let expected = resolve(connection, &mut request.expected).await?;
    let optional = resolve(connection, &mut request.optional).await?;
    let not_applied = resolve(connection, &mut request.not_applied).await?;
    let ignored = resolve(connection, &mut request.ignored).await?;
    let namespaces = book_namespaces(request.expected.iter().chain(&request.optional));
    let mut drift = Drift::default();
    for (object, place, found) in compare_all(&expected, &request.expected).await {
        drift.add(object, place, found);
    }
    for (object, place, found) in compare_all(&optional, &request.optional).await {
        if !matches!(found, Found::Missing) {
            drift.add(object, place, found);
        }
    }
    let places = request.not_applied.iter().map(|declared| declared.place.clone());
    drift.not_applied = not_applied.iter().map(|one| one.object.clone()).zip(places).collect();
    let book = [request.expected, request.optional, request.not_applied, request.ignored].concat();
    let resolved = [expected, optional, not_applied, ignored].concat();
    drift.unmanaged = unmanaged(connection, &resolved, &book, &namespaces).await?;
    Ok(drift)
}

impl Drift {
    fn add(&mut self, object: ObjectRef, place: Place, found: Found) {
        match found {
            Found::Same => {}
            Found::Missing => self.missing.push((object, place)),
            Found::Differs(fields, refusal) => {
                self.differing.push(DifferingObject { object, place, fields, refusal });
            }
            Found::NotCompared(why) => self.not_compared.push((object, why)),
        }
    }
}

/// Gives each object the namespace that it has in the cluster.
pub(super) async fn resolve(
    connection: &Connection,
    declared: &mut [ManifestObject],
) -> Result<Vec<Resolved>, ClusterError> {
    let references: Vec<ObjectRef> =
        declared.iter().map(|declared| declared.object.clone()).collect();
    let resolved = connection.resolve(&references).await?;
    for (declared, resolved) in declared.iter_mut().zip(&resolved) {
        declared.object = resolved.object.clone();
    }
    Ok(resolved)
}

/// The result of comparing one object.
enum Found {
    Same,
    Missing,
    /// The fields that differ, and why the server would refuse the manifest.
    Differs(Vec<FieldDifference>, Option<String>),
    NotCompared(String),
}

/// Compares objects with their manifests, several at a time. The results are in the same order.
async fn compare_all(
    resolved: &[Resolved],
    declared: &[ManifestObject],
) -> Vec<(ObjectRef, Place, Found)> {
    let comparisons: Vec<_> = resolved
        .iter()
        .zip(declared)
        .map(|(resolved, declared)| async move {
            let found = compare(resolved, declared).await;
            (resolved.object.clone(), declared.place.clone(), found)
        })
        .collect();
    stream::iter(comparisons).buffered(CONCURRENCY).collect().await
}

async fn compare(resolved: &Resolved, declared: &ManifestObject) -> Found {
    let Some(api) = &resolved.api else { return Found::Missing };
    let name = &resolved.object.name;
    let live = match api.get_opt(name).await {
        Ok(Some(live)) => live,
        Ok(None) => return Found::Missing,
        Err(error) => {
            return Found::NotCompared(ClusterError::from_kube(&error, "getting it").message);
        }
    };
    let apply = PatchParams::apply("guide-diff").force().dry_run();
    let (fields, refusal) = match api.patch(name, &apply, &Patch::Apply(&declared.value)).await {
        Ok(applied) => (differences(&json(&applied), &json(&live), Compare::Whole), None),
        Err(error) => {
            // Without the server's help only the fields that the manifest writes can be compared.
            let why = ClusterError::from_kube(&error, "trying to apply it").message;
            (differences(&declared.value, &json(&live), Compare::Named), Some(why))
        }
    };
    let fields = match resolved.object.kind.as_str() {
        "Secret" => fields.into_iter().map(masked).collect(),
        _ => fields,
    };
    if fields.is_empty() && refusal.is_none() {
        return Found::Same;
    }
    Found::Differs(fields, refusal)
}

fn json(object: &DynamicObject) -> Value {
    serde_json::to_value(object).unwrap_or_default()
}

/// A difference in a Secret's data without the values.
fn masked(field: FieldDifference) -> FieldDifference {
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

    fn declared(kind: &str, name: &str, namespace: Option<&str>) -> ManifestObject {
        let object = ObjectRef {
            api_version: "v1".into(),
            kind: kind.into(),
            namespace: namespace.map(Into::into),
            name: name.into(),
        };
        let place = Place { file: Path::new("chapter-2.md").into(), line: 41 };
        ManifestObject { object, value: Value::Null, place }
    }

    #[test]
    fn the_cluster_s_own_namespaces_are_never_the_book_s() {
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
        assert_eq!(masked(field("data.password")).manifest.as_deref(), Some("***"));
        assert_eq!(masked(field("type")).manifest.as_deref(), Some("\"a\""));
    }
}
