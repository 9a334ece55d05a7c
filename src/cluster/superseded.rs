//! Pods of an earlier version of their Deployment: a newer ReplicaSet has taken over, so what ails them is over. Pure.

use std::collections::HashMap;

use k8s_openapi::api::core::v1::Pod;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::api::DynamicObject;

/// Where a Deployment writes its own version and that of each ReplicaSet; a rollback makes the old set the newest.
const REVISION: &str = "deployment.kubernetes.io/revision";

/// An object's namespace and name.
type Name<'a> = (&'a str, &'a str);

/// The ReplicaSets seen that are not their Deployment's newest.
#[derive(Debug, Default)]
pub(super) struct Superseded<'a> {
    /// Each set's Deployment and version.
    sets: HashMap<Name<'a>, (Name<'a>, u64)>,
    /// Each Deployment's newest version; no set has the greatest of all: one that is to be made.
    newest: HashMap<Name<'a>, u64>,
}

impl<'a> Superseded<'a> {
    /// Of all objects seen; those of other kinds tell nothing.
    pub(super) fn among(objects: impl IntoIterator<Item = &'a DynamicObject>) -> Self {
        let mut all = Self::default();
        for object in objects {
            let kind = object.types.as_ref().map_or("", |types| types.kind.as_str());
            match kind {
                "Deployment" => {
                    let revision =
                        if is_taken_up(object) { revision(&object.metadata) } else { u64::MAX };
                    all.raise(name_of(&object.metadata), revision);
                }
                "ReplicaSet" => {
                    let Some(owner) = owner(&object.metadata, "Deployment") else { continue };
                    let revision = revision(&object.metadata);
                    all.sets.insert(name_of(&object.metadata), (owner, revision));
                    all.raise(owner, revision);
                }
                _ => {}
            }
        }
        all
    }

    fn raise(&mut self, deployment: Name<'a>, revision: u64) {
        let newest = self.newest.entry(deployment).or_default();
        *newest = revision.max(*newest);
    }

    /// Does this pod belong to an earlier version?
    pub(super) fn has_pod(&self, pod: &Pod) -> bool {
        owner(&pod.metadata, "ReplicaSet").is_some_and(|set| self.has_set(set))
    }

    /// Is it such a ReplicaSet itself?
    pub(super) fn has(&self, object: &DynamicObject) -> bool {
        let is_set = object.types.as_ref().is_some_and(|types| types.kind == "ReplicaSet");
        is_set && self.has_set(name_of(&object.metadata))
    }

    fn has_set(&self, set: Name<'_>) -> bool {
        self.sets.get(&set).is_some_and(|(deployment, revision)| {
            self.newest.get(deployment).is_some_and(|newest| newest > revision)
        })
    }
}

/// Has the controller made what the Deployment now says? Only where its state is known.
fn is_taken_up(deployment: &DynamicObject) -> bool {
    let status = &deployment.data["status"];
    let observed = status["observedGeneration"].as_i64().unwrap_or(0);
    !status.is_object() || observed >= deployment.metadata.generation.unwrap_or(0)
}

fn revision(metadata: &ObjectMeta) -> u64 {
    metadata.annotations.as_ref().and_then(|all| all.get(REVISION)?.parse().ok()).unwrap_or(0)
}

fn name_of(metadata: &ObjectMeta) -> Name<'_> {
    (
        metadata.namespace.as_deref().unwrap_or_default(),
        metadata.name.as_deref().unwrap_or_default(),
    )
}

/// The owner of this kind: it lives in the same namespace.
fn owner<'a>(metadata: &'a ObjectMeta, kind: &str) -> Option<Name<'a>> {
    let owner = metadata.owner_references.iter().flatten().find(|owner| owner.kind == kind)?;
    Some((metadata.namespace.as_deref().unwrap_or_default(), &owner.name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn object(
        kind: &str,
        name: &str,
        revision: &str,
        owner: &str,
        status: &Value,
    ) -> DynamicObject {
        serde_json::from_value(json!({"apiVersion": "apps/v1", "kind": kind, "status": status,
            "metadata": {"name": name, "namespace": "shop", "generation": 2, "annotations": {REVISION: revision},
            "ownerReferences": [{"apiVersion": "apps/v1", "kind": "Deployment", "name": owner, "uid": "u"}]}}))
        .unwrap()
    }

    fn set(name: &str, revision: &str) -> DynamicObject {
        object("ReplicaSet", name, revision, "web", &json!({}))
    }

    fn web(revision: &str, observed: i64) -> DynamicObject {
        object("Deployment", "web", revision, "none", &json!({"observedGeneration": observed}))
    }

    fn pod(set: &str) -> Pod {
        serde_json::from_value(json!({"metadata": {"name": "p", "namespace": "shop",
            "ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": set, "uid": "u"}]}}))
        .unwrap()
    }

    fn superseded(objects: &[DynamicObject], name: &str) -> bool {
        Superseded::among(objects).has_pod(&pod(name))
    }

    #[test]
    fn the_pods_of_an_older_set_are_superseded_and_those_of_the_newest_are_not() {
        let objects = [set("web-9", "9"), set("web-10", "10"), web("10", 2)];
        assert!(superseded(&objects, "web-9") && !superseded(&objects, "web-10"));
        assert!(
            Superseded::among(&objects).has(&objects[0])
                && !Superseded::among(&objects).has(&objects[1])
        );
        assert!(!superseded(&objects, "stranger"));
    }

    #[test]
    fn a_deployment_that_names_a_newer_version_or_is_not_taken_up_yet_has_no_present_pods() {
        assert!(
            superseded(&[set("web-1", "1"), web("2", 2)], "web-1"),
            "the new set was not seen yet"
        );
        assert!(
            superseded(&[set("web-1", "1"), web("1", 1)], "web-1"),
            "nobody has made what it says now"
        );
        assert!(!superseded(&[set("web-1", "1"), web("1", 2)], "web-1"));
    }

    #[test]
    fn after_a_rollback_the_old_set_is_the_newest() {
        let objects = [set("web-1", "3"), set("web-2", "2"), web("3", 2)];
        assert!(!superseded(&objects, "web-1") && superseded(&objects, "web-2"));
    }

    #[test]
    fn another_deployment_s_versions_do_not_count() {
        let other = object("ReplicaSet", "api-7", "7", "api", &json!({}));
        assert!(!superseded(&[set("web-1", "1"), other, web("1", 2)], "web-1"));
    }
}
