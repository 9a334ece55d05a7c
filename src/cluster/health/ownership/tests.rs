use serde_json::{Value, json};

use super::*;

fn meta(name: &str, owner: Option<(&str, &str, &str)>) -> ObjectMeta {
    let owners: Vec<_> = owner
        .into_iter()
        .map(|(api_version, kind, name)| json!({"apiVersion": api_version, "kind": kind, "name": name, "uid": "u"}))
        .collect();
    serde_json::from_value(json!({"name": name, "namespace": "shop", "ownerReferences": owners}))
        .unwrap()
}

fn web() -> ObjectRef {
    let namespace = Some("shop".to_owned());
    ObjectRef {
        api_version: "apps/v1".into(),
        kind: "Deployment".into(),
        namespace,
        name: "web".into(),
    }
}

#[test]
fn a_pod_belongs_through_its_replica_set() {
    let mut ownership = Ownership::of(&[web()]);
    let pod = meta("web-1-a", Some(("apps/v1", "ReplicaSet", "web-1")));
    assert!(!ownership.has("v1", "Pod", &pod), "the set in between is not known yet");
    ownership.learn(
        "apps/v1",
        "ReplicaSet",
        &meta("web-1", Some(("apps/v1", "Deployment", "web"))),
    );
    assert!(ownership.has("v1", "Pod", &pod));
}

#[test]
fn a_pod_of_another_deployment_does_not_belong() {
    let mut ownership = Ownership::of(&[web()]);
    ownership.learn(
        "apps/v1",
        "ReplicaSet",
        &meta("other-1", Some(("apps/v1", "Deployment", "other"))),
    );
    assert!(!ownership.has(
        "v1",
        "Pod",
        &meta("other-1-a", Some(("apps/v1", "ReplicaSet", "other-1")))
    ));
    assert!(!ownership.has("v1", "Pod", &meta("web", None)), "the same name under another kind");
}

#[test]
fn the_same_names_in_another_namespace_do_not_belong() {
    let elsewhere = ObjectRef { namespace: Some("elsewhere".to_owned()), ..web() };
    let mut ownership = Ownership::of(&[elsewhere]);
    ownership.learn(
        "apps/v1",
        "ReplicaSet",
        &meta("web-1", Some(("apps/v1", "Deployment", "web"))),
    );
    assert!(!ownership.has(
        "v1",
        "Pod",
        &meta("web-1-a", Some(("apps/v1", "ReplicaSet", "web-1")))
    ));
    assert!(!ownership.has("apps/v1", "Deployment", &meta("web", None)));
}

#[test]
fn an_owner_may_be_in_no_namespace() {
    let plant = ObjectRef {
        api_version: "garden/v1".into(),
        kind: "Plant".into(),
        namespace: None,
        name: "oak".into(),
    };
    let ownership = Ownership::of(&[plant]);
    assert!(ownership.has("v1", "ConfigMap", &meta("leaf", Some(("garden/v1", "Plant", "oak")))));
}

#[test]
fn another_version_of_the_same_group_is_the_same_object() {
    assert!(Ownership::of(&[web()]).has("apps/v2", "Deployment", &meta("web", None)));
}

#[test]
fn a_circle_of_owners_ends() {
    let mut ownership = Ownership::of(&[web()]);
    let one = meta("one", Some(("v1", "A", "two")));
    ownership.learn("v1", "A", &one);
    ownership.learn("v1", "A", &meta("two", Some(("v1", "A", "one"))));
    assert!(!ownership.has("v1", "A", &one));
}

#[test]
fn a_deleted_object_owns_nothing() {
    let mut ownership = Ownership::of(&[web()]);
    let set = meta("web-1", Some(("apps/v1", "Deployment", "web")));
    ownership.learn("apps/v1", "ReplicaSet", &set);
    ownership.forget("apps/v1", "ReplicaSet", &set);
    assert!(!ownership.has(
        "v1",
        "Pod",
        &meta("web-1-a", Some(("apps/v1", "ReplicaSet", "web-1")))
    ));
}

fn versioned(kind: &str, name: &str, revision: &str, owner: &str, status: &Value) -> DynamicObject {
    serde_json::from_value(json!({"apiVersion": "apps/v1", "kind": kind, "status": status,
        "metadata": {"name": name, "namespace": "shop", "generation": 2, "annotations": {REVISION: revision},
        "ownerReferences": [{"apiVersion": "apps/v1", "kind": "Deployment", "name": owner, "uid": "u"}]}}))
    .unwrap()
}

fn set(name: &str, revision: &str) -> DynamicObject {
    versioned("ReplicaSet", name, revision, "web", &json!({}))
}

fn deployment(revision: &str, observed: i64) -> DynamicObject {
    versioned("Deployment", "web", revision, "none", &json!({"observedGeneration": observed}))
}

fn pod(set: &str) -> Pod {
    serde_json::from_value(json!({"metadata": {"name": "p", "namespace": "shop",
        "ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": set, "uid": "u"}]}}))
    .unwrap()
}

fn is_old(objects: &[DynamicObject], name: &str) -> bool {
    OldReplicaSets::among(objects).has_pod(&pod(name))
}

#[test]
fn the_pods_of_an_older_set_are_superseded_and_those_of_the_newest_are_not() {
    let objects = [set("web-9", "9"), set("web-10", "10"), deployment("10", 2)];
    assert!(is_old(&objects, "web-9") && !is_old(&objects, "web-10"));
    assert!(
        OldReplicaSets::among(&objects).has(&objects[0])
            && !OldReplicaSets::among(&objects).has(&objects[1])
    );
    assert!(!is_old(&objects, "unknown"));
}

#[test]
fn a_deployment_that_has_a_newer_version_or_is_not_observed_yet_has_no_current_pods() {
    assert!(
        is_old(&[set("web-1", "1"), deployment("2", 2)], "web-1"),
        "the new set is not known yet"
    );
    assert!(
        is_old(&[set("web-1", "1"), deployment("1", 1)], "web-1"),
        "the controller has not processed the present version"
    );
    assert!(!is_old(&[set("web-1", "1"), deployment("1", 2)], "web-1"));
}

#[test]
fn after_a_rollback_the_old_set_is_the_newest() {
    let objects = [set("web-1", "3"), set("web-2", "2"), deployment("3", 2)];
    assert!(!is_old(&objects, "web-1") && is_old(&objects, "web-2"));
}

#[test]
fn another_deployment_s_versions_do_not_count() {
    let other = versioned("ReplicaSet", "api-7", "7", "api", &json!({}));
    assert!(!is_old(&[set("web-1", "1"), other, deployment("1", 2)], "web-1"));
}
