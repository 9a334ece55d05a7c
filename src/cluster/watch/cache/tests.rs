use serde_json::{Value, json};

use super::*;

fn new_cache() -> WatchCache {
    let mut cache = WatchCache::default();
    let web = ObjectRef {
        api_version: "apps/v1".into(),
        kind: "Deployment".into(),
        namespace: Some("shop".into()),
        name: "web".into(),
    };
    cache.restart(&[web]);
    cache.insert(object(
        "Deployment",
        "web",
        None,
        &json!({"spec": {"replicas": 1}, "status": {"updatedReplicas": 1}}),
    ));
    cache.insert(object(
        "ReplicaSet",
        "web-1",
        Some(("Deployment", "web")),
        &json!({"spec": {"replicas": 0}}),
    ));
    cache
}

fn object(kind: &str, name: &str, owner: Option<(&str, &str)>, rest: &Value) -> Observed {
    let owners: Vec<Value> = owner
        .iter()
        .map(
            |(kind, name)| json!({"apiVersion": "apps/v1", "kind": kind, "name": name, "uid": "o"}),
        )
        .collect();
    let mut whole = json!({"apiVersion": "apps/v1", "kind": kind,
        "metadata": {"name": name, "namespace": "shop", "uid": format!("{kind}-{name}"), "ownerReferences": owners}});
    whole.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
    Observed::Object(Box::new(serde_json::from_value(whole).unwrap()))
}

fn pod(name: &str, set: &str, reason: &str, message: &str) -> Observed {
    let whole = json!({
        "metadata": {"name": name, "namespace": "shop", "uid": name,
            "ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": set, "uid": "o", "controller": true}]},
        "status": {"phase": "Pending", "containerStatuses": [{"name": "web", "image": "shop/web:1", "imageID": "", "ready": false,
            "restartCount": 1, "state": {"waiting": {"reason": reason, "message": message}}}]}});
    Observed::Pod(Box::new(serde_json::from_value(whole).unwrap()))
}

#[test]
fn a_problem_becomes_unrecoverable_when_it_lasts() {
    let (mut cache, start) = (new_cache(), Instant::now());
    cache.insert(pod("web-1-a", "web-1", "ErrImagePull", "connection refused"));
    let first = cache.status(start);
    assert_eq!((first.problems.len(), first.problems[0].unrecoverable), (1, false));
    cache.insert(pod("web-1-a", "web-1", "ImagePullBackOff", "Back-off pulling image"));
    assert!(
        cache.status(start + Duration::from_secs(26)).problems[0].unrecoverable,
        "back-off goes on with the same problem"
    );
}

#[test]
fn a_problem_that_ended_and_recurs_starts_again() {
    let (mut cache, start) = (new_cache(), Instant::now());
    cache.insert(pod("web-1-a", "web-1", "ErrImagePull", "connection refused"));
    cache.status(start);
    cache.insert(pod("web-1-a", "web-1", "ContainerCreating", ""));
    assert!(cache.status(start + Duration::from_secs(20)).problems.is_empty());
    cache.insert(pod("web-1-a", "web-1", "ErrImagePull", "connection refused"));
    assert!(!cache.status(start + Duration::from_secs(40)).problems[0].unrecoverable);
}

#[test]
fn a_problem_of_another_deployment_is_not_reported() {
    let mut cache = new_cache();
    cache.insert(pod("other-a", "other", "ImagePullBackOff", "not found"));
    assert_eq!(cache.status(Instant::now()).problems, []);
}

#[test]
fn the_waiting_line_names_the_pod_first_and_counts_the_rest() {
    let mut cache = new_cache();
    assert_eq!(
        cache.status(Instant::now()).waiting_for.as_deref(),
        Some("deployment web: 0 of 1 ready")
    );
    cache.insert(pod("web-1-a", "web-1", "ContainerCreating", ""));
    assert_eq!(
        cache.status(Instant::now()).waiting_for.as_deref(),
        Some("pod web-1-a: ContainerCreating, and 1 more")
    );
}

#[test]
fn a_pod_of_a_superseded_version_neither_ends_a_wait_nor_is_waited_for() {
    let (mut cache, start) = (new_cache(), Instant::now());
    cache.insert(pod("web-1-a", "web-1", "ImagePullBackOff", "not found"));
    assert!(cache.status(start).problems[0].unrecoverable);
    let set = |name: &str, revision: &str| -> Observed {
        let mut set = json!({"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": {"name": name, "namespace": "shop",
            "uid": format!("ReplicaSet-{name}"), "annotations": {"deployment.kubernetes.io/revision": revision},
            "ownerReferences": [{"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "uid": "o"}]}});
        set["status"] = json!({"conditions": [{"type": "ReplicaFailure", "status": "True", "message": "exceeded quota"}]});
        Observed::Object(Box::new(serde_json::from_value(set).unwrap()))
    };
    cache.insert(set("web-1", "1"));
    assert!(cache.status(start).problems[0].unrecoverable, "it is the only one");
    cache.insert(set("web-2", "2"));
    let status = cache.status(start + Duration::from_secs(60));
    let of: Vec<&str> =
        status.problems.iter().map(|lasting| lasting.problem.object.name.as_str()).collect();
    assert_eq!(of, ["web-2"], "the older set's own problem is over as well");
    cache.insert(pod("web-2-b", "web-2", "ContainerCreating", ""));
    assert_eq!(
        cache.status(start).waiting_for.as_deref(),
        Some("pod web-2-b: ContainerCreating, and 2 more")
    );
}

#[test]
fn a_deleted_pod_is_removed() {
    let mut cache = new_cache();
    cache.insert(pod("web-1-a", "web-1", "ImagePullBackOff", "not found"));
    cache.remove("web-1-a");
    assert_eq!(cache.status(Instant::now()).problems, []);
}

#[test]
fn the_last_log_line_of_a_crashed_container_is_needed_once_for_each_restart() {
    let mut cache = new_cache();
    let Observed::Pod(crashing) = pod("web-1-a", "web-1", "CrashLoopBackOff", "") else {
        unreachable!()
    };
    cache.insert(Observed::Pod(crashing.clone()));
    let wanted = cache.wanted_log(&crashing).unwrap();
    assert_eq!(wanted, WantedLog { container: "web".to_owned(), restarts: 1, previous: false });
    cache.record_last_line(pod_ref(&crashing), &wanted, "no such table".to_owned());
    cache.record_last_line(pod_ref(&crashing), &wanted, String::new());
    assert_eq!(cache.wanted_log(&crashing), None);
    let message = cache.status(Instant::now()).problems[0].to_string();
    assert_eq!(
        message,
        "pod web-1-a: container web crashes (its exit code is unknown, 1 restart); last log line: no such table"
    );
}

#[test]
fn the_unrecoverable_problem_comes_first() {
    let mut cache = new_cache();
    cache.insert(pod("web-1-a", "web-1", "ErrImagePull", "connection refused"));
    cache.insert(pod("web-1-b", "web-1", "InvalidImageName", "bad name"));
    let status = cache.status(Instant::now());
    assert_eq!(
        status.problems.iter().map(|lasting| lasting.unrecoverable).collect::<Vec<_>>(),
        [true, false]
    );
    assert_eq!(status.problems[0].problem.object.name, "web-1-b");
}
