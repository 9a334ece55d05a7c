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
fn a_pod_that_is_coming_up_has_no_trouble() {
    assert_eq!(trouble_of_pod(&pod(&waiting("ContainerCreating", "", 0))), None);
    assert_eq!(trouble_of_pod(&pod(&json!({"phase": "Pending"}))), None);
    assert_eq!(trouble_of_pod(&Pod::default()), None);
}

#[test]
fn a_first_failed_pull_may_heal_when_the_registry_was_only_out_of_reach() {
    let said =
        "rpc error: code = Unknown desc = dial tcp 10.0.0.9:5000: connect: connection refused";
    let problem = trouble_of_pod(&pod(&waiting("ErrImagePull", said, 0))).unwrap();
    assert!(!problem.patience.is_over(Duration::from_secs(20)));
    assert!(problem.patience.is_over(Duration::from_secs(30)));
    assert_eq!(
        problem.why,
        "container web: image shop/web:1 can't be pulled: dial tcp 10.0.0.9:5000: connect: connection refused"
    );
}

#[test]
fn an_image_the_registry_does_not_have_is_hopeless_once_the_kubelet_backs_off() {
    let said = "Back-off pulling image \"shop/web:1\": ErrImagePull: rpc error: code = NotFound desc = shop/web:1: not found";
    let problem = trouble_of_pod(&pod(&waiting("ImagePullBackOff", said, 0))).unwrap();
    assert_eq!(problem.patience, Tolerance::None);
    assert!(problem.why.ends_with("can't be pulled: shop/web:1: not found"), "{}", problem.why);
}

#[test]
fn pull_and_back_off_are_one_trouble() {
    let cause = |reason| trouble_of_pod(&pod(&waiting(reason, "no route", 0))).unwrap().cause;
    assert_eq!(cause("ErrImagePull"), cause("ImagePullBackOff"));
}

#[test]
fn a_crash_loop_is_told_at_once_and_hopeless_after_three_restarts() {
    let first = trouble_of_pod(&pod(&ended("Error", 1, 1))).unwrap();
    assert_eq!(first.why, "container web crashes (exit code 1, 1 restart)");
    assert!(
        !first.patience.is_over(Duration::from_secs(600)),
        "one crash may be a wait for something else"
    );
    assert_eq!(trouble_of_pod(&pod(&ended("Error", 1, 3))).unwrap().patience, Tolerance::None);
}

#[test]
fn too_little_memory_is_named_and_hopeless_one_restart_sooner() {
    let problem = trouble_of_pod(&pod(&ended("OOMKilled", 137, 2))).unwrap();
    assert!(problem.why.contains("out of memory (OOMKilled)"), "{}", problem.why);
    assert_eq!(problem.patience, Tolerance::None);
    assert_ne!(trouble_of_pod(&pod(&ended("Error", 137, 2))).unwrap().patience, Tolerance::None);
}

#[test]
fn a_container_that_is_ready_again_has_healed() {
    let healed = json!({"phase": "Running", "containerStatuses": [{
        "name": "web", "image": "i", "imageID": "", "ready": true, "restartCount": 2, "state": {"running": {}},
        "lastState": {"terminated": {"exitCode": 1}}}]});
    assert_eq!(trouble_of_pod(&pod(&healed)), None);
}

#[test]
fn a_missing_secret_may_still_be_applied() {
    let problem =
        trouble_of_pod(&pod(&waiting("CreateContainerConfigError", "secret \"db\" not found", 0)))
            .unwrap();
    assert_eq!(problem.why, "container web can't be started: secret \"db\" not found");
    assert!(!problem.patience.is_over(Duration::from_secs(10)));
    assert!(problem.patience.is_over(Duration::from_secs(15)));
}

fn unplaced(said: &str) -> ObjectProblem {
    let status = json!({"phase": "Pending", "conditions": [
        {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": said}]});
    trouble_of_pod(&pod(&status)).unwrap()
}

#[test]
fn a_selector_that_no_node_has_is_hopeless_sooner_than_a_node_that_is_not_ready() {
    let selector =
        unplaced("0/3 nodes are available: 3 node(s) didn't match Pod's node affinity/selector.");
    assert!(selector.why.contains("didn't match Pod's node affinity"));
    assert!(selector.patience.is_over(Duration::from_secs(10)));
    let booting = unplaced(
        "0/3 nodes are available: 3 node(s) had untolerated taint {node.kubernetes.io/not-ready: }.",
    );
    assert!(!booting.patience.is_over(Duration::from_secs(30)));
}

#[test]
fn init_containers_are_named_as_such() {
    let mut status = waiting("ErrImagePull", "no route", 0);
    status["initContainerStatuses"] = status["containerStatuses"].take();
    assert!(trouble_of_pod(&pod(&status)).unwrap().why.starts_with("init container web: image"));
}

#[test]
fn a_bare_pod_that_failed_stays_failed_and_an_owned_one_is_its_owner_s_affair() {
    let status = json!({"phase": "Failed", "containerStatuses": [{"name": "web", "image": "i", "imageID": "", "ready": false,
        "restartCount": 0, "state": {"terminated": {"exitCode": 3}}}]});
    let mut failed = pod(&status);
    let problem = trouble_of_pod(&failed).unwrap();
    assert_eq!(
        (problem.patience, problem.why.as_str()),
        (Tolerance::None, "failed: container web ended with code 3")
    );
    let owner = json!([{"apiVersion": "batch/v1", "kind": "Job", "name": "j", "uid": "u", "controller": true}]);
    failed.metadata.owner_references = serde_json::from_value(owner).unwrap();
    assert_eq!(trouble_of_pod(&failed).unwrap().patience, Tolerance::Endless);
}

#[test]
fn a_pod_that_is_being_deleted_has_no_trouble() {
    let mut going = pod(&waiting("ImagePullBackOff", "not found", 0));
    going.metadata.deletion_timestamp =
        Some(serde_json::from_value(json!("2026-01-01T00:00:00Z")).unwrap());
    assert_eq!(trouble_of_pod(&going), None);
}

#[test]
fn long_words_are_clipped_to_one_line() {
    let long = clipped(&"word\n".repeat(500));
    assert_eq!((long.chars().count(), long.contains('\n')), (400, false));
}

#[test]
fn a_command_that_can_t_be_executed_is_one_trouble_through_all_its_states() {
    let said = "exec: \"sh\": executable file not found in $PATH";
    let starting = trouble_of_pod(&pod(&waiting("RunContainerError", said, 1))).unwrap();
    let mut status = ended("StartError", 128, 1);
    status["containerStatuses"][0]["lastState"]["terminated"]["message"] = json!(said);
    let looping = trouble_of_pod(&pod(&status)).unwrap();
    assert_eq!(starting, looping);
    assert_eq!(starting.patience, Tolerance::seconds(5));
}

#[test]
fn a_command_that_ended_once_has_ended_and_is_no_loop_yet() {
    let status = json!({"phase": "Running", "containerStatuses": [{"name": "web", "image": "i", "imageID": "", "ready": false,
        "restartCount": 0, "state": {"terminated": {"exitCode": 3}}}]});
    let problem = trouble_of_pod(&pod(&status)).unwrap();
    assert_eq!(
        (problem.why.as_str(), problem.patience),
        ("container web has ended (exit code 3)", Tolerance::Endless)
    );
}
