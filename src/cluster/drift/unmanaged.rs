//! Unmanaged objects: those in the book's namespaces that no manifest made.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use futures_util::{StreamExt, stream};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::ResourceExt;
use kube::api::{Api, ApiResource, DynamicObject, ListParams, PartialObjectMeta};
use kube::discovery::{Scope, verbs};

use crate::cluster::client::{Connection, Resolved};
use crate::cluster::health::{Ownership, group_of};
use crate::cluster::{ClusterError, ClusterErrorKind, ManifestObject};
use crate::ids::ObjectRef;

/// The largest number of simultaneous requests.
const CONCURRENCY: usize = 8;

/// Kinds that the cluster creates and deletes by itself beside other objects.
const ACCOMPANYING: [&str; 5] =
    ["Event", "Lease", "Endpoints", "EndpointSlice", "ControllerRevision"];

/// An object that no manifest made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnmanagedObject {
    pub object: ObjectRef,
    /// The program that made it, as the server recorded.
    pub made_by: Option<String>,
}

/// Lists the metadata of every kind that can be listed and deleted, and returns the objects that are not the book's.
pub(in crate::cluster) async fn unmanaged(
    connection: &Connection,
    resolved: &[Resolved],
    declared: &[ManifestObject],
    namespaces: &BTreeSet<String>,
) -> Result<Vec<UnmanagedObject>, ClusterError> {
    if namespaces.is_empty() {
        return Ok(Vec::new());
    }
    let kinds = connection
        .kinds()
        .await?
        .groups()
        .flat_map(kube::discovery::ApiGroup::recommended_resources);
    let listed = kinds.filter(|(resource, capabilities)| {
        let can = |verb| capabilities.supports_operation(verb);
        capabilities.scope == Scope::Namespaced
            && can(verbs::LIST)
            && can(verbs::DELETE)
            && !ACCOMPANYING.contains(&resource.kind.as_str())
    });
    let mut requests = Vec::new();
    for (resource, _) in listed {
        // One list of all namespaces is cheaper than several lists, even if it is longer.
        match namespaces.iter().next().filter(|_| namespaces.len() == 1) {
            Some(only) => requests.push(list(connection, resource, Some(only.clone()))),
            None => requests.push(list(connection, resource, None)),
        }
    }
    let lists: Vec<_> = stream::iter(requests).buffered(CONCURRENCY).collect().await;
    let mut found = Vec::new();
    for listed in lists {
        found.extend(listed?);
    }
    found.retain(|(object, _)| {
        object.namespace.as_ref().is_some_and(|namespace| namespaces.contains(namespace))
    });
    Ok(without_book(
        resolved.iter().map(|resolved| &resolved.object),
        &claims_by_template(declared),
        &found,
    ))
}

async fn list(
    connection: &Connection,
    resource: ApiResource,
    namespace: Option<String>,
) -> Result<Vec<(ObjectRef, ObjectMeta)>, ClusterError> {
    let api: Api<PartialObjectMeta<DynamicObject>> = match namespace {
        Some(namespace) => Api::namespaced_with(connection.client.clone(), &namespace, &resource),
        None => Api::all_with(connection.client.clone(), &resource),
    };
    let doing = format!("listing {}", resource.plural);
    match api
        .list(&ListParams::default())
        .await
        .map_err(|error| ClusterError::from_kube(&error, &doing))
    {
        Ok(list) => Ok(list
            .items
            .into_iter()
            .map(|item| {
                let (api_version, kind) = (resource.api_version.clone(), resource.kind.clone());
                (
                    ObjectRef {
                        api_version,
                        kind,
                        namespace: item.namespace(),
                        name: item.name_any(),
                    },
                    item.metadata,
                )
            })
            .collect()),
        // The kind was just deleted, its server is down, or this user may not list it.
        Err(error)
            if matches!(
                error.kind,
                ClusterErrorKind::NotFound | ClusterErrorKind::Forbidden | ClusterErrorKind::Other
            ) =>
        {
            Ok(Vec::new())
        }
        Err(error) => Err(error),
    }
}

/// The objects that no manifest made, without those that another one of them owns.
fn without_book<'a>(
    book: impl Iterator<Item = &'a ObjectRef>,
    templates: &BTreeMap<Option<String>, Vec<String>>,
    found: &[(ObjectRef, ObjectMeta)],
) -> Vec<UnmanagedObject> {
    let mut ownership = Ownership::of(book);
    for (object, metadata) in found {
        ownership.learn(&object.api_version, &object.kind, metadata);
    }
    let uids: HashSet<&str> =
        found.iter().filter_map(|(_, metadata)| metadata.uid.as_deref()).collect();
    let owned = |metadata: &ObjectMeta| {
        metadata.owner_references.iter().flatten().any(|owner| uids.contains(owner.uid.as_str()))
    };
    let claimed = |object: &ObjectRef| {
        let prefixes = templates.get(&object.namespace).map(Vec::as_slice).unwrap_or_default();
        object.kind == "PersistentVolumeClaim"
            && prefixes.iter().any(|prefix| is_numbered(&object.name, prefix))
    };
    let mut unmanaged: Vec<UnmanagedObject> = found
        .iter()
        .filter(|(object, metadata)| {
            !ownership.has(&object.api_version, &object.kind, metadata)
                && !owned(metadata)
                && !claimed(object)
                && !is_default(object, metadata)
        })
        .map(|(object, metadata)| UnmanagedObject {
            object: object.clone(),
            made_by: maker(metadata),
        })
        .collect();
    unmanaged.sort_by(|a, b| key(&a.object).cmp(&key(&b.object)));
    unmanaged.dedup_by(|a, b| key(&a.object) == key(&b.object));
    unmanaged
}

fn key(object: &ObjectRef) -> (Option<&str>, &str, &str, &str) {
    (object.namespace.as_deref(), &object.kind, &object.name, group_of(&object.api_version))
}

/// Whether the cluster creates this object in every namespace.
fn is_default(object: &ObjectRef, metadata: &ObjectMeta) -> bool {
    let token_of = metadata
        .annotations
        .as_ref()
        .is_some_and(|all| all.contains_key("kubernetes.io/service-account.name"));
    matches!(
        (object.kind.as_str(), object.name.as_str(), object.namespace.as_deref()),
        ("ServiceAccount", "default", _)
            | ("ConfigMap", "kube-root-ca.crt", _)
            | ("Service", "kubernetes", Some("default"))
    ) || (object.kind == "Secret" && token_of)
}

/// The program that wrote the object first, or the Helm release it belongs to.
fn maker(metadata: &ObjectMeta) -> Option<String> {
    let annotations = metadata.annotations.as_ref();
    if let Some(release) = annotations.and_then(|all| all.get("meta.helm.sh/release-name")) {
        return Some(format!("helm release {release}"));
    }
    // A manager of only a subresource (`status`, `scale`) did not create the object.
    let managers = metadata
        .managed_fields
        .iter()
        .flatten()
        .filter(|entry| entry.subresource.as_deref().unwrap_or_default().is_empty());
    managers
        .min_by_key(|entry| entry.time.as_ref().map(|time| time.0))
        .and_then(|entry| entry.manager.clone())
}

/// The name prefixes (`data-db-`) of the claims that the book's stateful sets create, by namespace.
pub(in crate::cluster) fn claims_by_template(
    declared: &[ManifestObject],
) -> BTreeMap<Option<String>, Vec<String>> {
    let mut prefixes: BTreeMap<Option<String>, Vec<String>> = BTreeMap::new();
    for set in declared.iter().filter(|declared| declared.object.kind == "StatefulSet") {
        let templates = set.value["spec"]["volumeClaimTemplates"].as_array().into_iter().flatten();
        let names = templates.filter_map(|template| {
            Some(format!("{}-{}-", template["metadata"]["name"].as_str()?, set.object.name))
        });
        prefixes.entry(set.object.namespace.clone()).or_default().extend(names);
    }
    prefixes
}

/// Whether the name is the prefix and a number: `data-db-0`.
pub(in crate::cluster) fn is_numbered(name: &str, prefix: &str) -> bool {
    name.strip_prefix(prefix).is_some_and(|number| {
        !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn found(
        api_version: &str,
        kind: &str,
        name: &str,
        metadata: &Value,
    ) -> (ObjectRef, ObjectMeta) {
        let mut whole = json!({"name": name, "namespace": "shop", "uid": format!("{kind}-{name}")});
        whole.as_object_mut().unwrap().extend(metadata.as_object().unwrap().clone());
        let object = ObjectRef {
            api_version: api_version.into(),
            kind: kind.into(),
            namespace: Some("shop".into()),
            name: name.into(),
        };
        (object, serde_json::from_value(whole).unwrap())
    }

    fn owner(kind: &str, name: &str) -> Value {
        json!({"ownerReferences": [{"apiVersion": "apps/v1", "kind": kind, "name": name, "uid": format!("{kind}-{name}")}]})
    }

    fn names(book: &[ObjectRef], found: &[(ObjectRef, ObjectMeta)]) -> Vec<String> {
        let unmanaged = without_book(book.iter(), &BTreeMap::new(), found);
        unmanaged
            .into_iter()
            .map(|unmanaged_object| {
                format!("{}/{}", unmanaged_object.object.kind, unmanaged_object.object.name)
            })
            .collect()
    }

    #[test]
    fn what_an_object_of_the_book_owns_is_managed() {
        let web = found("apps/v1", "Deployment", "web", &json!({}));
        let all = [
            web.clone(),
            found("apps/v1", "ReplicaSet", "web-1", &owner("Deployment", "web")),
            found("v1", "Pod", "web-1-a", &owner("ReplicaSet", "web-1")),
            found("v1", "Pod", "debug", &json!({})),
        ];
        assert_eq!(names(&[web.0], &all), ["Pod/debug"]);
    }

    #[test]
    fn of_an_unmanaged_object_and_what_it_owns_only_the_owner_is_listed() {
        let all = [
            found("apps/v1", "Deployment", "other", &json!({})),
            found("apps/v1", "ReplicaSet", "other-1", &owner("Deployment", "other")),
            found("v1", "Pod", "other-1-a", &owner("ReplicaSet", "other-1")),
        ];
        assert_eq!(names(&[], &all), ["Deployment/other"]);
    }

    #[test]
    fn objects_that_every_namespace_contains_are_omitted() {
        let all = [
            found("v1", "ConfigMap", "kube-root-ca.crt", &json!({})),
            found("v1", "ServiceAccount", "default", &json!({})),
        ];
        assert!(names(&[], &all).is_empty());
    }

    #[test]
    fn claims_made_by_a_stateful_set_s_template_are_its_own() {
        let place = crate::book::Place { file: std::path::Path::new("c.md").into(), line: 1 };
        let text = "{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: db, namespace: shop}, spec: {volumeClaimTemplates: [{metadata: {name: data}}]}}";
        let declared = crate::cluster::manifest_objects_in(text, None, &place).unwrap();
        let all = [
            found("v1", "PersistentVolumeClaim", "data-db-0", &json!({})),
            found("v1", "PersistentVolumeClaim", "data-dbx-0", &json!({})),
        ];
        let unmanaged = without_book(std::iter::empty(), &claims_by_template(&declared), &all);
        assert_eq!(unmanaged.len(), 1);
        assert_eq!(unmanaged[0].object.name, "data-dbx-0");
    }

    #[test]
    fn the_maker_is_the_first_manager_or_the_helm_release() {
        let (_, by_hand) = found(
            "v1",
            "Pod",
            "debug",
            &json!({"managedFields": [
            {"manager": "kubelet", "time": "2026-01-01T00:00:05Z"}, {"manager": "kube-scheduler", "subresource": "status", "time": "2026-01-01T00:00:01Z"},
            {"manager": "kubectl-run", "time": "2026-01-01T00:00:01Z"}]}),
        );
        assert_eq!(maker(&by_hand).as_deref(), Some("kubectl-run"));
        let (_, by_chart) =
            found("v1", "Pod", "x", &json!({"annotations": {"meta.helm.sh/release-name": "shop"}}));
        assert_eq!(maker(&by_chart).as_deref(), Some("helm release shop"));
    }
}
