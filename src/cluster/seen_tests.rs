use serde_json::{Value, json};

use super::*;

fn seen() -> Seen {
    let mut seen = Seen::default();
    let web = ObjectRef {
        api_version: "apps/v1".into(),
        kind: "Deployment".into(),
        namespace: Some("shop".into()),
        name: "web".into(),
    };
    seen.expect(&[web]);
    seen.put(object(
        "Deployment",
        "web",
        None,
        &json!({"spec": {"replicas": 1}, "status": {"updatedReplicas": 1}}),
    ));
    seen.put(object(
        "ReplicaSet",
        "web-1",
        Some(("Deployment", "web")),
        &json!({"spec": {"replicas": 0}}),
    ));
    seen
}

fn object(kind: &str, name: &str, owner: Option<(&str, &str)>, rest: &Value) -> Item {
    let owners: Vec<Value> = owner
        .iter()
        .map(
            |(kind, name)| json!({"apiVersion": "apps/v1", "kind": kind, "name": name, "uid": "o"}),
        )
        .collect();
    let mut whole = json!({"apiVersion": "apps/v1", "kind": kind,
        "metadata": {"name": name, "namespace": "shop", "uid": format!("{kind}-{name}"), "ownerReferences": owners}});
    whole.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
    Item::Object(Box::new(serde_json::from_value(whole).unwrap()))
}

fn pod(name: &str, set: &str, reason: &str, message: &str) -> Item {
    let whole = json!({
        "metadata": {"name": name, "namespace": "shop", "uid": name,
            "ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": set, "uid": "o", "controller": true}]},
        "status": {"phase": "Pending", "containerStatuses": [{"name": "web", "image": "shop/web:1", "imageID": "", "ready": false,
            "restartCount": 1, "state": {"waiting": {"reason": reason, "message": message}}}]}});
    Item::Pod(Box::new(serde_json::from_value(whole).unwrap()))
}

#[test]
fn a_trouble_becomes_hopeless_when_it_lasts() {
    let (mut seen, start) = (seen(), Instant::now());
    seen.put(pod("web-1-a", "web-1", "ErrImagePull", "connection refused"));
    let first = seen.sight(start);
    assert_eq!((first.problems.len(), first.problems[0].unrecoverable), (1, false));
    seen.put(pod("web-1-a", "web-1", "ImagePullBackOff", "Back-off pulling image"));
    assert!(
        seen.sight(start + Duration::from_secs(26)).problems[0].unrecoverable,
        "back-off goes on with the same problem"
    );
}

#[test]
fn a_trouble_that_healed_and_came_back_starts_anew() {
    let (mut seen, start) = (seen(), Instant::now());
    seen.put(pod("web-1-a", "web-1", "ErrImagePull", "connection refused"));
    seen.sight(start);
    seen.put(pod("web-1-a", "web-1", "ContainerCreating", ""));
    assert!(seen.sight(start + Duration::from_secs(20)).problems.is_empty());
    seen.put(pod("web-1-a", "web-1", "ErrImagePull", "connection refused"));
    assert!(!seen.sight(start + Duration::from_secs(40)).problems[0].unrecoverable);
}

#[test]
fn a_stranger_s_trouble_is_not_told() {
    let mut seen = seen();
    seen.put(pod("other-a", "other", "ImagePullBackOff", "not found"));
    assert_eq!(seen.sight(Instant::now()).problems, []);
}

#[test]
fn the_waiting_line_names_the_pod_first_and_counts_the_rest() {
    let mut seen = seen();
    assert_eq!(
        seen.sight(Instant::now()).waiting_for.as_deref(),
        Some("deployment web: 0 of 1 ready")
    );
    seen.put(pod("web-1-a", "web-1", "ContainerCreating", ""));
    assert_eq!(
        seen.sight(Instant::now()).waiting_for.as_deref(),
        Some("pod web-1-a: ContainerCreating, and 1 more")
    );
}

#[test]
fn a_pod_of_a_superseded_version_ends_no_wait_and_is_not_what_is_waited_for() {
    let (mut seen, start) = (seen(), Instant::now());
    seen.put(pod("web-1-a", "web-1", "ImagePullBackOff", "not found"));
    assert!(seen.sight(start).problems[0].unrecoverable);
    let set = |name: &str, revision: &str| -> Item {
        let mut set = json!({"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": {"name": name, "namespace": "shop",
            "uid": format!("ReplicaSet-{name}"), "annotations": {"deployment.kubernetes.io/revision": revision},
            "ownerReferences": [{"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "uid": "o"}]}});
        set["status"] = json!({"conditions": [{"type": "ReplicaFailure", "status": "True", "message": "exceeded quota"}]});
        Item::Object(Box::new(serde_json::from_value(set).unwrap()))
    };
    seen.put(set("web-1", "1"));
    assert!(seen.sight(start).problems[0].unrecoverable, "it is the only one");
    seen.put(set("web-2", "2"));
    let sight = seen.sight(start + Duration::from_secs(60));
    let of: Vec<&str> =
        sight.problems.iter().map(|told| told.problem.object.name.as_str()).collect();
    assert_eq!(of, ["web-2"], "the older set's own problem is over as well");
    seen.put(pod("web-2-b", "web-2", "ContainerCreating", ""));
    assert_eq!(
        seen.sight(start).waiting_for.as_deref(),
        Some("pod web-2-b: ContainerCreating, and 2 more")
    );
}

#[test]
fn a_deleted_pod_is_forgotten() {
    let mut seen = seen();
    seen.put(pod("web-1-a", "web-1", "ImagePullBackOff", "not found"));
    seen.drop_uid("web-1-a");
    assert_eq!(seen.sight(Instant::now()).problems, []);
}

#[test]
fn a_crashed_container_s_last_words_are_wanted_once_a_restart_and_told() {
    let mut seen = seen();
    let Item::Pod(crashing) = pod("web-1-a", "web-1", "CrashLoopBackOff", "") else {
        unreachable!()
    };
    seen.put(Item::Pod(crashing.clone()));
    let wanted = seen.wants_words_of(&crashing).unwrap();
    assert_eq!(wanted, Wanted { container: "web".to_owned(), restarts: 1, previous: false });
    seen.heard(pod_ref(&crashing), &wanted, "no such table".to_owned());
    seen.heard(pod_ref(&crashing), &wanted, String::new());
    assert_eq!(seen.wants_words_of(&crashing), None);
    let told = seen.sight(Instant::now()).problems[0].to_string();
    assert_eq!(
        told,
        "pod web-1-a: container web crashes (its end is not known, 1 restart); its last words: no such table"
    );
}

#[test]
fn the_hopeless_one_comes_first() {
    let mut seen = seen();
    seen.put(pod("web-1-a", "web-1", "ErrImagePull", "connection refused"));
    seen.put(pod("web-1-b", "web-1", "InvalidImageName", "bad name"));
    let sight = seen.sight(Instant::now());
    assert_eq!(
        sight.problems.iter().map(|told| told.unrecoverable).collect::<Vec<_>>(),
        [true, false]
    );
    assert_eq!(sight.problems[0].problem.object.name, "web-1-b");
}
