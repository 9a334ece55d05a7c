use super::*;
use serde_json::json;

fn from<T: serde::de::DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).unwrap()
}

#[test]
fn a_pod_has_its_problem_and_both_states_of_a_container() {
    let pod: Pod = from(
        json!({"metadata": {"name": "web", "namespace": "shop"}, "spec": {"containers": [], "nodeName": "w1"},
            "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "False", "reason": "ContainersNotReady"}],
            "containerStatuses": [{"name": "c", "image": "i:1", "imageID": "", "ready": false, "restartCount": 3,
            "state": {"waiting": {"reason": "CrashLoopBackOff"}}, "lastState": {"terminated": {"exitCode": 7, "reason": "Error"}}}]}}),
    );
    let text = of_pod(&pod, false, "kind-lab");
    assert!(
            text.starts_with(
                "pod web in shop: Running on w1\n  problem: container c crashes (exit code 7, 3 restarts)\n"
            ),
            "{text}"
        );
    assert!(
        text.contains("waiting, CrashLoopBackOff")
            && text.contains("    before: exited with code 7, Error\n"),
        "{text}"
    );
}

#[test]
fn a_pod_whose_image_is_missing_has_a_hint_unless_a_newer_version_has_taken_over() {
    let pod: Pod = from(json!({"metadata": {"name": "web", "namespace": "shop"},
            "spec": {"containers": [{"name": "c", "image": "i:1", "imagePullPolicy": "IfNotPresent"}], "nodeName": "w1"},
            "status": {"phase": "Pending", "containerStatuses": [{"name": "c", "image": "i:1", "imageID": "", "ready": false,
            "restartCount": 0, "state": {"waiting": {"reason": "ErrImagePull", "message": "no route"}}}]}}));
    let text = of_pod(&pod, false, "kind-lab");
    assert!(
            text.contains(
                "  hint: image i:1 is not on node w1: `kind load docker-image i:1 --name lab --nodes w1`\n"
            ),
            "{text}"
        );
    let old = of_pod(&pod, true, "kind-lab");
    assert!(
        old.contains("  of an earlier version of its deployment") && !old.contains("hint:"),
        "{old}"
    );
}

#[test]
fn events_are_in_the_order_of_time_and_name_their_object() {
    let event = |second: u32, reason: &str| -> Event {
        from(
            json!({"metadata": {}, "involvedObject": {"kind": "Pod", "name": "web"}, "type": "Normal", "reason": reason,
                "message": "said", "count": 2, "lastTimestamp": format!("2026-01-01T00:00:{second:02}Z")}),
        )
    };
    let text = of_event_list(vec![event(9, "Later"), event(1, "Sooner")]);
    assert_eq!(
        text,
        "00:00:01Z Normal pod web Sooner: said (2 times)\n00:00:09Z Normal pod web Later: said (2 times)\n"
    );
}

#[test]
fn only_the_latest_events_are_listed_and_the_others_are_counted() {
    let one: Event = from(json!({"metadata": {}, "involvedObject": {}}));
    assert!(
        of_event_list(vec![one; MOST_EVENTS + 5]).starts_with("(5 earlier events are left out)\n")
    );
}

#[test]
fn a_node_has_its_pressure_and_the_requested_resources() {
    let node: Node = from(
        json!({"metadata": {"name": "w1"}, "status": {"allocatable": {"cpu": "2", "memory": "4Gi", "pods": "110"},
            "conditions": [{"type": "Ready", "status": "True"}, {"type": "DiskPressure", "status": "True", "reason": "Full"},
            {"type": "MemoryPressure", "status": "False"}]}}),
    );
    let pod: Pod =
        from(json!({"metadata": {"name": "web"}, "spec": {"nodeName": "w1", "containers": [
            {"name": "c", "resources": {"requests": {"cpu": "250m", "memory": "512Mi"}}}],
            "initContainers": [{"name": "i", "resources": {"requests": {"cpu": "1"}}}]}}));
    let text = of_node(&node, &[pod]);
    assert!(text.contains("DiskPressure=True Full") && !text.contains("MemoryPressure"), "{text}");
    assert!(
        text.ends_with("1 of 110 pods, 1 of 2 cores and 512 MiB of 4.0 GiB memory requested\n"),
        "{text}"
    );
}

#[test]
fn a_secret_has_its_keys_and_no_values() {
    let secret: DynamicObject = from(
        json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "db", "namespace": "shop"},
            "data": {"password": "czNjcmV0IQ=="}}),
    );
    assert_eq!(keys_only(&secret), "secret db in shop: keys password\n");
}
