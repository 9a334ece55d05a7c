//! What one pod is waiting for, in a line. Pure.

use k8s_openapi::api::core::v1::{ContainerStatus, Event, Pod};
use kube::ResourceExt;

use super::problem::clipped;

/// `pod web-1: ContainerCreating (pulling image "shop/web:1")`; `None` for a pod that is ready or has done its work.
pub(super) fn waiting_for(pod: &Pod, latest: Option<&Event>) -> Option<String> {
    let state = state_of(pod)?;
    // Where the state itself says what is wrong the problem tells the rest.
    let open = matches!(
        state.as_str(),
        "ContainerCreating" | "starting" | "running, not ready" | "being deleted"
    );
    let detail = latest
        .filter(|_| open)
        .and_then(detail_of)
        .map(|detail| format!(" ({detail})"))
        .unwrap_or_default();
    Some(format!("pod {}: {state}{detail}", pod.name_any()))
}

fn state_of(pod: &Pod) -> Option<String> {
    if pod.metadata.deletion_timestamp.is_some() {
        return Some("being deleted".to_owned());
    }
    let status = pod.status.as_ref()?;
    match status.phase.as_deref() {
        Some("Succeeded") => return None,
        Some("Failed") => return Some("failed".to_owned()),
        _ => {}
    }
    let condition =
        |type_: &str| status.conditions.iter().flatten().find(|condition| condition.type_ == type_);
    if condition("Ready").is_some_and(|ready| ready.status == "True") {
        return None;
    }
    if let Some(unplaced) = condition("PodScheduled").filter(|placed| placed.status != "True") {
        return Some(unplaced.reason.clone().unwrap_or_else(|| "waits for a node".to_owned()));
    }
    let init = status.init_container_statuses.iter().flatten();
    let initialized =
        condition("Initialized").is_some_and(|initialized| initialized.status == "True");
    if let Some(busy) =
        init.clone().find(|_| !initialized).and_then(|_| init.clone().find_map(unfinished))
    {
        return Some(busy);
    }
    let waits = status
        .container_statuses
        .iter()
        .flatten()
        .find_map(|container| waiting_reason(container).map(str::to_owned));
    let ended =
        status.container_statuses.iter().flatten().find(|container| {
            container.state.as_ref().is_some_and(|state| state.terminated.is_some())
        });
    if let Some(ended) = ended {
        return Some(format!("container {} has ended", ended.name));
    }
    let running = status.container_statuses.iter().flatten().any(|container| !container.ready);
    waits.or_else(|| Some(if running { "running, not ready" } else { "starting" }.to_owned()))
}

fn waiting_reason(container: &ContainerStatus) -> Option<&str> {
    container.state.as_ref()?.waiting.as_ref()?.reason.as_deref()
}

fn unfinished(container: &ContainerStatus) -> Option<String> {
    let state = container.state.as_ref()?;
    if state.running.is_some() {
        return Some(format!("init container {} running", container.name));
    }
    waiting_reason(container)
        .filter(|reason| *reason != "PodInitializing")
        .map(|reason| format!("init container {}: {reason}", container.name))
}

/// What an event adds: what is being pulled, or what is wrong.
fn detail_of(event: &Event) -> Option<String> {
    let said = clipped(event.message.as_deref()?);
    let lowered = || {
        let mut characters = said.chars();
        characters.next().map(|first| first.to_lowercase().chain(characters).collect())
    };
    match (event.reason.as_deref()?, event.type_.as_deref()) {
        ("Pulling" | "Unhealthy" | "Killing", _) | (_, Some("Warning")) => lowered(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn pod(status: &Value) -> Pod {
        serde_json::from_value(json!({"metadata": {"name": "web-1"}, "status": status})).unwrap()
    }

    fn event(reason: &str, type_: &str, message: &str) -> Event {
        serde_json::from_value(json!({"metadata": {}, "involvedObject": {}, "reason": reason, "type": type_, "message": message}))
            .unwrap()
    }

    fn container(state: &Value) -> Value {
        json!([{"name": "web", "image": "i", "imageID": "", "ready": false, "restartCount": 0, "state": state}])
    }

    #[test]
    fn what_is_being_pulled_is_told() {
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
                &pod(
                    &json!({"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]})
                ),
                None
            ),
            None
        );
        assert_eq!(waiting_for(&pod(&json!({"phase": "Succeeded"})), None), None);
    }

    #[test]
    fn a_failing_probe_is_told_of_a_running_pod() {
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
    fn a_pod_without_a_node_is_told() {
        let status = json!({"phase": "Pending", "conditions": [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable"}]});
        assert_eq!(waiting_for(&pod(&status), None).as_deref(), Some("pod web-1: Unschedulable"));
    }
}
