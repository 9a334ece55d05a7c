//! Plans what `guide down` deletes, newest first. It only reads the cluster; `run` deletes.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use k8s_openapi::api::core::v1::PersistentVolumeClaim;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::ResourceExt;
use kube::api::{Api, ListParams, PartialObjectMeta};

use crate::cluster::client::{Connection, Resolved};
use crate::cluster::drift::{claims_by_template, is_numbered, is_system, resolve, unmanaged};
use crate::cluster::health::full_name;
use crate::cluster::{Cluster, ClusterError, ManifestObject};
use crate::ids::ObjectRef;

/// The time limit for making a plan.
const PLAN_LIMIT: Duration = Duration::from_secs(30);

/// The scope of a teardown.
#[derive(Debug, Clone, Default)]
pub struct TeardownRequest {
    /// The objects of the selected chapters' manifests, in the order in which they were created.
    pub chosen: Vec<ManifestObject>,
    /// The objects of all other chapters. An object that one of them declares too is kept, and so
    /// is a namespace that contains one of these objects.
    pub others: Vec<ManifestObject>,
    /// Whether to delete a namespace together with its unmanaged objects. Otherwise such a
    /// namespace is kept.
    pub include_unmanaged: bool,
}

/// The objects of a teardown, in the order of their deletion.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TeardownPlan {
    /// The objects, newest first.
    pub items: Vec<TeardownItem>,
}

/// One object of a [`TeardownPlan`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TeardownItem {
    pub object: ObjectRef,
    pub action: Action,
    /// The unmanaged objects in a namespace, which are deleted with it or prevent its deletion.
    pub unmanaged: Vec<ObjectRef>,
}

/// The action for an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// The object with this uid is deleted.
    Delete { uid: String },
    /// The object does not exist.
    Absent,
    /// The object is kept.
    Keep { reason: KeepReason },
}

/// The reason why an object is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeepReason {
    /// A namespace of Kubernetes itself.
    SystemNamespace,
    /// The cluster created the object, and the book only changed it.
    MadeByCluster,
    /// Another chapter declares the object as well.
    OtherChapter,
    /// A namespace in which another chapter has objects.
    OtherChapterInside,
    /// A namespace with unmanaged objects. `--include-unmanaged` deletes it.
    UnmanagedInside,
}

impl TeardownPlan {
    /// The number of objects that would be deleted.
    pub fn deletions(&self) -> usize {
        self.items.iter().filter(|item| matches!(item.action, Action::Delete { .. })).count()
    }
}

impl Cluster {
    /// Finds the objects that a teardown would delete. It changes nothing.
    pub fn plan_teardown(&self, request: &TeardownRequest) -> Result<TeardownPlan, ClusterError> {
        let request = request.clone();
        self.request(PLAN_LIMIT, move |connection| async move { plan(&connection, request).await })
    }
}

async fn plan(
    connection: &Connection,
    mut request: TeardownRequest,
) -> Result<TeardownPlan, ClusterError> {
    let chosen = resolve(connection, &mut request.chosen).await?;
    resolve(connection, &mut request.others).await?;
    let others: Vec<ObjectRef> =
        request.others.iter().map(|declared| declared.object.clone()).collect();
    let unmanaged = unmanaged_by_namespace(connection, &chosen, &request).await?;
    let claims = claims_of_sets(connection, &request.chosen).await?;
    let mut items: Vec<TeardownItem> = Vec::new();
    for resolved in chosen.iter().rev().filter(|resolved| resolved.object.kind != "Node") {
        let object = &resolved.object;
        if items.iter().any(|item| item.object == *object) {
            continue;
        }
        let found = metadata_of(resolved).await?;
        let inside = match object.kind.as_str() {
            "Namespace" => unmanaged.get(&object.name).cloned().unwrap_or_default(),
            _ => Vec::new(),
        };
        let may_keep = if request.include_unmanaged { &[][..] } else { &inside };
        let action = action(object, found.as_ref(), &others, may_keep);
        let is_kept = matches!(action, Action::Keep { .. });
        items.push(TeardownItem { object: object.clone(), action, unmanaged: inside });
        if !is_kept && object.kind == "StatefulSet" {
            let own = claims.iter().filter(|(set, _)| set == object);
            items.extend(own.map(|(_, claim)| claim.clone()));
        }
    }
    Ok(TeardownPlan { items })
}

/// Decides about one object. If it is a namespace, `unmanaged` are the unmanaged objects in it.
fn action(
    object: &ObjectRef,
    found: Option<&ObjectMeta>,
    others: &[ObjectRef],
    unmanaged: &[ObjectRef],
) -> Action {
    let Some(metadata) = found else { return Action::Absent };
    match keep_reason(object, metadata, others, unmanaged) {
        Some(reason) => Action::Keep { reason },
        None => Action::Delete { uid: metadata.uid.clone().unwrap_or_default() },
    }
}

fn keep_reason(
    object: &ObjectRef,
    metadata: &ObjectMeta,
    others: &[ObjectRef],
    unmanaged: &[ObjectRef],
) -> Option<KeepReason> {
    let is_namespace = object.kind == "Namespace";
    let is_inside = |other: &ObjectRef| other.namespace.as_deref() == Some(object.name.as_str());
    if is_namespace && (is_system(&object.name) || object.name == "default") {
        Some(KeepReason::SystemNamespace)
    } else if is_made_by_cluster(metadata) {
        Some(KeepReason::MadeByCluster)
    } else if others.contains(object) {
        Some(KeepReason::OtherChapter)
    } else if is_namespace && others.iter().any(is_inside) {
        Some(KeepReason::OtherChapterInside)
    } else if !unmanaged.is_empty() {
        Some(KeepReason::UnmanagedInside)
    } else {
        None
    }
}

/// Whether kubeadm or the API server created the object together with the cluster. A manager of only a subresource (the API
/// server writes the `status` of every API service) did not create it.
fn is_made_by_cluster(metadata: &ObjectMeta) -> bool {
    let is_bootstrapping = metadata
        .labels
        .as_ref()
        .is_some_and(|labels| labels.contains_key("kubernetes.io/bootstrapping"));
    let mut managers = metadata
        .managed_fields
        .iter()
        .flatten()
        .filter(|entry| entry.subresource.is_none())
        .filter_map(|entry| entry.manager.as_deref());
    is_bootstrapping || managers.any(|manager| matches!(manager, "kubeadm" | "kube-apiserver"))
}

async fn metadata_of(resolved: &Resolved) -> Result<Option<ObjectMeta>, ClusterError> {
    let Some(api) = &resolved.api else { return Ok(None) };
    let found = api.get_metadata_opt(&resolved.object.name).await;
    let found = found.map_err(|error| {
        ClusterError::from_kube(&error, &format!("getting {}", full_name(&resolved.object)))
    })?;
    Ok(found.map(|found| found.metadata))
}

/// The unmanaged objects of each namespace that may be deleted. An object is managed if any chapter of the book declares it.
async fn unmanaged_by_namespace(
    connection: &Connection,
    chosen: &[Resolved],
    request: &TeardownRequest,
) -> Result<BTreeMap<String, Vec<ObjectRef>>, ClusterError> {
    let namespaces: BTreeSet<String> = chosen
        .iter()
        .filter(|resolved| resolved.object.kind == "Namespace")
        .map(|resolved| resolved.object.name.clone())
        .collect();
    let book: Vec<ManifestObject> = request.chosen.iter().chain(&request.others).cloned().collect();
    let references: Vec<ObjectRef> = book.iter().map(|declared| declared.object.clone()).collect();
    let resolved = connection.resolve(&references).await?;
    let mut by_namespace: BTreeMap<String, Vec<ObjectRef>> = BTreeMap::new();
    for found in unmanaged(connection, &resolved, &book, &namespaces).await? {
        let namespace = found.object.namespace.clone().unwrap_or_default();
        by_namespace.entry(namespace).or_default().push(found.object);
    }
    Ok(by_namespace)
}

/// The claims that the selected stateful sets created from their templates, each with its set. They
/// have no owner, so deleting the set does not delete them.
async fn claims_of_sets(
    connection: &Connection,
    chosen: &[ManifestObject],
) -> Result<Vec<(ObjectRef, TeardownItem)>, ClusterError> {
    let mut claims = Vec::new();
    for set in chosen.iter().filter(|declared| declared.object.kind == "StatefulSet") {
        let templates = claims_by_template(std::slice::from_ref(set));
        let namespace = set.object.namespace.clone().unwrap_or_default();
        let api: Api<PartialObjectMeta<PersistentVolumeClaim>> =
            Api::namespaced(connection.client.clone(), &namespace);
        let list = api
            .list(&ListParams::default())
            .await
            .map_err(|error| ClusterError::from_kube(&error, "listing claims"))?;
        for claim in list {
            let name = claim.name_any();
            if templates.values().flatten().any(|prefix| is_numbered(&name, prefix)) {
                let object = ObjectRef {
                    api_version: "v1".to_owned(),
                    kind: "PersistentVolumeClaim".to_owned(),
                    namespace: Some(namespace.clone()),
                    name,
                };
                let action = Action::Delete { uid: claim.metadata.uid.unwrap_or_default() };
                claims.push((
                    set.object.clone(),
                    TeardownItem { object, action, unmanaged: Vec::new() },
                ));
            }
        }
    }
    Ok(claims)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn namespace(name: &str) -> ObjectRef {
        ObjectRef {
            api_version: "v1".into(),
            kind: "Namespace".into(),
            namespace: None,
            name: name.into(),
        }
    }

    fn pod(name: &str) -> ObjectRef {
        ObjectRef { kind: "Pod".into(), namespace: Some("shop".into()), ..namespace(name) }
    }

    fn existing() -> ObjectMeta {
        ObjectMeta { uid: Some("u1".into()), ..ObjectMeta::default() }
    }

    fn reason(
        object: &ObjectRef,
        others: &[ObjectRef],
        inside: &[ObjectRef],
    ) -> Option<KeepReason> {
        keep_reason(object, &existing(), others, inside)
    }

    #[test]
    fn an_existing_object_is_deleted_by_its_uid_and_a_missing_one_is_absent() {
        let existing = action(&pod("a"), Some(&existing()), &[], &[]);
        assert_eq!(existing, Action::Delete { uid: "u1".into() });
        assert_eq!(action(&pod("a"), None, &[], &[]), Action::Absent);
    }

    #[test]
    fn what_the_cluster_itself_made_is_kept() {
        let system = Some(KeepReason::SystemNamespace);
        assert_eq!(reason(&namespace("kube-system"), &[], &[]), system);
        assert_eq!(reason(&namespace("default"), &[], &[]), system);
        let managers = json!([{"manager": "kubeadm"}, {"manager": "kubectl-client-side-apply"}]);
        let managed: ObjectMeta =
            serde_json::from_value(json!({"managedFields": managers})).unwrap();
        assert_eq!(
            keep_reason(&pod("coredns"), &managed, &[], &[]),
            Some(KeepReason::MadeByCluster)
        );
    }

    #[test]
    fn an_api_service_is_deleted_although_the_api_server_writes_its_status() {
        let mut metadata = existing();
        metadata.managed_fields = serde_json::from_value(json!([
            {"manager": "kubectl-client-side-apply"}, {"manager": "kube-apiserver", "subresource": "status"}]))
        .unwrap();
        let service =
            ObjectRef { kind: "APIService".into(), ..namespace("v1beta1.metrics.k8s.io") };
        assert_eq!(keep_reason(&service, &metadata, &[], &[]), None);
    }

    #[test]
    fn what_another_chapter_declares_or_uses_is_kept() {
        assert_eq!(reason(&pod("a"), &[pod("a")], &[]), Some(KeepReason::OtherChapter));
        assert_eq!(
            reason(&namespace("shop"), &[pod("a")], &[]),
            Some(KeepReason::OtherChapterInside)
        );
    }

    #[test]
    fn a_namespace_with_unmanaged_objects_is_kept() {
        assert_eq!(
            reason(&namespace("shop"), &[], &[pod("debug")]),
            Some(KeepReason::UnmanagedInside)
        );
        assert_eq!(reason(&namespace("shop"), &[], &[]), None);
    }
}
