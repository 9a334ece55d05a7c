use std::time::Duration;

use serde_json::{Value, json};

use super::*;

fn pod(status: &Value) -> Pod {
    serde_json::from_value(
        json!({"metadata": {"name": "web-1", "namespace": "shop"}, "status": status}),
    )
    .unwrap()
}

fn waiting(reason: &str, message: &str, restarts: i32) -> Value {
    json!({"phase": "Pending", "containerStatuses": [{
        "name": "web", "image": "shop/web:1", "imageID": "", "ready": false, "restartCount": restarts,
        "state": {"waiting": {"reason": reason, "message": message}}}]})
}

fn ended(reason: &str, code: i32, restarts: i32) -> Value {
    json!({"phase": "Running", "containerStatuses": [{
        "name": "web", "image": "shop/web:1", "imageID": "", "ready": false, "restartCount": restarts,
        "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 10s restarting failed container"}},
        "lastState": {"terminated": {"reason": reason, "exitCode": code}}}]})
}

#[test]
fn a_starting_pod_has_no_problem() {
    assert_eq!(problem_of_pod(&pod(&waiting("ContainerCreating", "", 0))), None);
    assert_eq!(problem_of_pod(&pod(&json!({"phase": "Pending"}))), None);
    assert_eq!(problem_of_pod(&Pod::default()), None);
}

#[test]
fn a_first_failed_pull_may_recover_when_the_registry_was_unreachable() {
    let said =
        "rpc error: code = Unknown desc = dial tcp 10.0.0.9:5000: connect: connection refused";
    let problem = problem_of_pod(&pod(&waiting("ErrImagePull", said, 0))).unwrap();
    assert!(!problem.tolerance.is_exceeded(Duration::from_secs(20)));
    assert!(problem.tolerance.is_exceeded(Duration::from_secs(30)));
    assert_eq!(
        problem.why,
        "container web: image shop/web:1 cannot be pulled: dial tcp 10.0.0.9:5000: connect: connection refused"
    );
}

#[test]
fn an_image_the_registry_does_not_have_is_unrecoverable_once_the_kubelet_backs_off() {
    let said = "Back-off pulling image \"shop/web:1\": ErrImagePull: rpc error: code = NotFound desc = shop/web:1: not found";
    let problem = problem_of_pod(&pod(&waiting("ImagePullBackOff", said, 0))).unwrap();
    assert_eq!(problem.tolerance, Tolerance::None);
    assert!(problem.why.ends_with("cannot be pulled: shop/web:1: not found"), "{}", problem.why);
}

#[test]
fn pull_and_back_off_are_one_problem() {
    let cause = |reason| problem_of_pod(&pod(&waiting(reason, "no route", 0))).unwrap().cause;
    assert_eq!(cause("ErrImagePull"), cause("ImagePullBackOff"));
}

#[test]
fn a_crash_loop_is_reported_at_once_and_unrecoverable_after_three_restarts() {
    let first = problem_of_pod(&pod(&ended("Error", 1, 1))).unwrap();
    assert_eq!(first.why, "container web crashes (exit code 1, 1 restart)");
    assert!(
        !first.tolerance.is_exceeded(Duration::from_secs(600)),
        "one crash may be a way of waiting for something else"
    );
    assert_eq!(problem_of_pod(&pod(&ended("Error", 1, 3))).unwrap().tolerance, Tolerance::None);
}

#[test]
fn too_little_memory_is_unrecoverable_one_restart_sooner() {
    let problem = problem_of_pod(&pod(&ended("OOMKilled", 137, 2))).unwrap();
    assert!(problem.why.contains("out of memory (OOMKilled)"), "{}", problem.why);
    assert_eq!(problem.tolerance, Tolerance::None);
    assert_ne!(problem_of_pod(&pod(&ended("Error", 137, 2))).unwrap().tolerance, Tolerance::None);
}

#[test]
fn a_container_that_is_ready_again_has_recovered() {
    let healed = json!({"phase": "Running", "containerStatuses": [{
        "name": "web", "image": "i", "imageID": "", "ready": true, "restartCount": 2, "state": {"running": {}},
        "lastState": {"terminated": {"exitCode": 1}}}]});
    assert_eq!(problem_of_pod(&pod(&healed)), None);
}

#[test]
fn a_missing_secret_may_still_be_applied() {
    let problem =
        problem_of_pod(&pod(&waiting("CreateContainerConfigError", "secret \"db\" not found", 0)))
            .unwrap();
    assert_eq!(problem.why, "container web cannot be started: secret \"db\" not found");
    assert!(!problem.tolerance.is_exceeded(Duration::from_secs(10)));
    assert!(problem.tolerance.is_exceeded(Duration::from_secs(15)));
}

fn unplaced(said: &str) -> ObjectProblem {
    let status = json!({"phase": "Pending", "conditions": [
        {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": said}]});
    problem_of_pod(&pod(&status)).unwrap()
}

#[test]
fn a_selector_that_matches_no_node_is_unrecoverable_sooner_than_a_node_that_is_not_ready() {
    let selector =
        unplaced("0/3 nodes are available: 3 node(s) didn't match Pod's node affinity/selector.");
    assert!(selector.why.contains("didn't match Pod's node affinity"));
    assert!(selector.tolerance.is_exceeded(Duration::from_secs(10)));
    let booting = unplaced(
        "0/3 nodes are available: 3 node(s) had untolerated taint {node.kubernetes.io/not-ready: }.",
    );
    assert!(!booting.tolerance.is_exceeded(Duration::from_secs(30)));
}

#[test]
fn init_containers_are_named_as_such() {
    let mut status = waiting("ErrImagePull", "no route", 0);
    status["initContainerStatuses"] = status["containerStatuses"].take();
    assert!(problem_of_pod(&pod(&status)).unwrap().why.starts_with("init container web: image"));
}

#[test]
fn a_failed_pod_is_unrecoverable_unless_it_has_an_owner() {
    let status = json!({"phase": "Failed", "containerStatuses": [{"name": "web", "image": "i", "imageID": "", "ready": false,
        "restartCount": 0, "state": {"terminated": {"exitCode": 3}}}]});
    let mut failed = pod(&status);
    let problem = problem_of_pod(&failed).unwrap();
    assert_eq!(
        (problem.tolerance, problem.why.as_str()),
        (Tolerance::None, "failed: container web exited with code 3")
    );
    let owner = json!([{"apiVersion": "batch/v1", "kind": "Job", "name": "j", "uid": "u", "controller": true}]);
    failed.metadata.owner_references = serde_json::from_value(owner).unwrap();
    assert_eq!(problem_of_pod(&failed).unwrap().tolerance, Tolerance::Indefinite);
}

#[test]
fn a_pod_that_is_being_deleted_has_no_problem() {
    let mut going = pod(&waiting("ImagePullBackOff", "not found", 0));
    going.metadata.deletion_timestamp =
        Some(serde_json::from_value(json!("2026-01-01T00:00:00Z")).unwrap());
    assert_eq!(problem_of_pod(&going), None);
}

#[test]
fn long_messages_are_truncated_to_one_line() {
    let long = truncate_line(&"word\n".repeat(500));
    assert_eq!((long.chars().count(), long.contains('\n')), (400, false));
}

#[test]
fn a_command_that_cannot_be_executed_is_one_problem_in_all_its_states() {
    let said = "exec: \"sh\": executable file not found in $PATH";
    let starting = problem_of_pod(&pod(&waiting("RunContainerError", said, 1))).unwrap();
    let mut status = ended("StartError", 128, 1);
    status["containerStatuses"][0]["lastState"]["terminated"]["message"] = json!(said);
    let looping = problem_of_pod(&pod(&status)).unwrap();
    assert_eq!(starting, looping);
    assert_eq!(starting.tolerance, Tolerance::seconds(5));
}

#[test]
fn a_command_that_exited_once_is_not_a_crash_loop_yet() {
    let status = json!({"phase": "Running", "containerStatuses": [{"name": "web", "image": "i", "imageID": "", "ready": false,
        "restartCount": 0, "state": {"terminated": {"exitCode": 3}}}]});
    let problem = problem_of_pod(&pod(&status)).unwrap();
    assert_eq!(
        (problem.why.as_str(), problem.tolerance),
        ("container web has exited (exit code 3)", Tolerance::Indefinite)
    );
}

fn event(reason: &str, type_: &str, message: &str) -> Event {
    serde_json::from_value(json!({"metadata": {}, "involvedObject": {}, "reason": reason, "type": type_, "message": message}))
        .unwrap()
}

fn container(state: &Value) -> Value {
    json!([{"name": "web", "image": "i", "imageID": "", "ready": false, "restartCount": 0, "state": state}])
}

#[test]
fn the_image_that_is_being_pulled_is_named() {
    let status = json!({"phase": "Pending", "containerStatuses": container(&json!({"waiting": {"reason": "ContainerCreating"}}))});
    let pulling = event("Pulling", "Normal", "Pulling image \"shop/web:1\"");
    let line = waiting_for(&pod(&status), Some(&pulling));
    assert_eq!(
        line.as_deref(),
        Some("pod web-1: ContainerCreating (pulling image \"shop/web:1\")")
    );
}

#[test]
fn a_ready_or_finished_pod_waits_for_nothing() {
    assert_eq!(
        waiting_for(
            &pod(&json!({"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]})),
            None
        ),
        None
    );
    assert_eq!(waiting_for(&pod(&json!({"phase": "Succeeded"})), None), None);
}

#[test]
fn a_running_pod_has_its_failing_probe() {
    let status = json!({"phase": "Running", "conditions": [{"type": "Ready", "status": "False"}], "containerStatuses": container(&json!({"running": {}}))});
    let probe = event("Unhealthy", "Warning", "Readiness probe failed: HTTP 503");
    let line = waiting_for(&pod(&status), Some(&probe)).unwrap();
    assert_eq!(line, "pod web-1: running, not ready (readiness probe failed: HTTP 503)");
}

#[test]
fn a_running_init_container_is_named() {
    let status = json!({"phase": "Pending", "conditions": [{"type": "Initialized", "status": "False"}],
        "initContainerStatuses": container(&json!({"running": {}})),
        "containerStatuses": container(&json!({"waiting": {"reason": "PodInitializing"}}))});
    assert_eq!(
        waiting_for(&pod(&status), None).as_deref(),
        Some("pod web-1: init container web running")
    );
}

#[test]
fn a_pod_without_a_node_has_the_scheduler_s_reason() {
    let status = json!({"phase": "Pending", "conditions": [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable"}]});
    assert_eq!(waiting_for(&pod(&status), None).as_deref(), Some("pod web-1: Unschedulable"));
}
