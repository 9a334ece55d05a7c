//! Chooses the watches that a chapter needs.

use std::collections::BTreeSet;

use k8s_openapi::api::apps::v1::{Deployment, ReplicaSet, StatefulSet};
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{Event, Node, PersistentVolumeClaim, Pod};
use k8s_openapi::api::discovery::v1::EndpointSlice;
use kube::api::ApiResource;
use kube::discovery::Scope;

use crate::cluster::client::Resolved;

/// With more namespaces than this, one watch of all namespaces is cheaper than one for each.
const MOST_NAMESPACES: usize = 2;

/// One watch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) resource: ApiResource,
    /// The namespace to watch. `None` for all namespaces, or for a kind that has none.
    pub(super) namespace: Option<String>,
}

/// The watches to start, the most informative first, and the namespaces that count (empty = all).
pub(super) fn targets(
    resolved: &[Resolved],
    namespaces: &[String],
) -> (Vec<Target>, BTreeSet<String>) {
    let own = resolved.iter().filter_map(|resolved| resolved.object.namespace.clone());
    let wanted: BTreeSet<String> = own.chain(namespaces.iter().cloned()).collect();
    let places: Vec<Option<String>> = match wanted.len() {
        1..=MOST_NAMESPACES => wanted.iter().cloned().map(Some).collect(),
        _ => vec![None],
    };
    let mut targets: Vec<Target> = Vec::new();
    let mut add = |resource: ApiResource, namespaced: bool| {
        let places = if namespaced { places.clone() } else { vec![None] };
        for namespace in places {
            let target = Target { resource: resource.clone(), namespace };
            if !targets.contains(&target) {
                targets.push(target);
            }
        }
    };
    add(ApiResource::erase::<Pod>(&()), true);
    for (resource, capabilities) in resolved.iter().filter_map(|resolved| resolved.kind.as_ref()) {
        if capabilities.supports_operation("watch") {
            add(resource.clone(), capabilities.scope == Scope::Namespaced);
        }
    }
    add(ApiResource::erase::<Event>(&()), true);
    for resource in intermediate_kinds(resolved) {
        add(resource, true);
    }
    add(ApiResource::erase::<Node>(&()), false);
    (targets, wanted)
}

/// The kinds between the chapter's objects and their pods, and those that show the progress of
/// pods.
fn intermediate_kinds(resolved: &[Resolved]) -> Vec<ApiResource> {
    let has = |kind: &str| resolved.iter().any(|resolved| resolved.object.kind == kind);
    // A custom object may own any workload.
    let custom = resolved
        .iter()
        .any(|resolved| resolved.object.api_version.split('/').next().is_some_and(is_custom_group));
    let mut kinds = Vec::new();
    if custom {
        kinds.extend([
            ApiResource::erase::<Deployment>(&()),
            ApiResource::erase::<StatefulSet>(&()),
        ]);
    }
    if custom || has("Deployment") {
        kinds.push(ApiResource::erase::<ReplicaSet>(&()));
    }
    if custom || has("CronJob") {
        kinds.push(ApiResource::erase::<Job>(&()));
    }
    if has("StatefulSet") {
        kinds.push(ApiResource::erase::<PersistentVolumeClaim>(&()));
    }
    if has("Service") {
        kinds.push(ApiResource::erase::<EndpointSlice>(&()));
    }
    kinds
}

/// Whether a group is not one of Kubernetes itself, which have no dot or end in `k8s.io`.
pub(in crate::cluster) fn is_custom_group(group: &str) -> bool {
    group.contains('.') && !group.ends_with(".k8s.io")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::ObjectRef;
    use kube::discovery::ApiCapabilities;

    fn resolved(api_version: &str, kind: &str, namespace: Option<&str>) -> Resolved {
        let object = ObjectRef {
            api_version: api_version.into(),
            kind: kind.into(),
            namespace: namespace.map(Into::into),
            name: "x".into(),
        };
        let (group, version) = api_version.rsplit_once('/').unwrap_or(("", api_version));
        let resource =
            ApiResource::from_gvk(&kube::core::GroupVersionKind::gvk(group, version, kind));
        let scope = if namespace.is_some() { Scope::Namespaced } else { Scope::Cluster };
        let capabilities =
            ApiCapabilities { scope, subresources: Vec::new(), operations: vec!["watch".into()] };
        Resolved { object, kind: Some((resource, capabilities)), api: None }
    }

    fn kinds(targets: &[Target]) -> Vec<String> {
        targets
            .iter()
            .map(|target| {
                format!("{}@{}", target.resource.kind, target.namespace.as_deref().unwrap_or("*"))
            })
            .collect()
    }

    #[test]
    fn a_deployment_s_watch_begins_with_pods_and_has_the_sets_in_between() {
        let (targets, _) = targets(&[resolved("apps/v1", "Deployment", Some("shop"))], &[]);
        assert_eq!(
            kinds(&targets),
            ["Pod@shop", "Deployment@shop", "Event@shop", "ReplicaSet@shop", "Node@*"]
        );
    }

    #[test]
    fn many_namespaces_become_one_watch_a_kind() {
        let namespaces = ["a", "b", "c"].map(str::to_owned);
        let (targets, wanted) = targets(&[], &namespaces);
        assert_eq!(kinds(&targets), ["Pod@*", "Event@*", "Node@*"]);
        assert_eq!(wanted.len(), 3);
    }

    #[test]
    fn a_kind_is_watched_once_and_one_without_namespaces_everywhere() {
        let objects = [
            resolved("v1", "Namespace", None),
            resolved("v1", "Pod", Some("shop")),
            resolved("v1", "Pod", Some("shop")),
        ];
        let (targets, _) = targets(&objects, &[]);
        assert_eq!(kinds(&targets), ["Pod@shop", "Namespace@*", "Event@shop", "Node@*"]);
    }

    #[test]
    fn a_custom_object_may_own_any_workload() {
        let (targets, _) =
            targets(&[resolved("argoproj.io/v1alpha1", "Application", Some("shop"))], &[]);
        assert!(kinds(&targets).contains(&"StatefulSet@shop".to_owned()));
        assert!(!is_custom_group("apps") && !is_custom_group("networking.k8s.io"));
    }
}
