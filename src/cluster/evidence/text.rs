//! The text of the sections of the evidence.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use k8s_openapi::api::core::v1::{
    ContainerState, ContainerStatus, Event, Node, NodeCondition, Pod,
};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use kube::ResourceExt;
use kube::api::DynamicObject;
use serde_json::Value;

use crate::cluster::health::{
    event_time, full_name, problem_of_object, problem_of_pod, reference, truncate_line,
    unready_state,
};
use crate::cluster::quantity::{bytes, cores, read};

/// An object's state: its problem, its progress, and its conditions.
pub(super) fn of_object(object: &DynamicObject) -> String {
    let state = unready_state(object).unwrap_or_else(|| "ready".to_owned());
    let mut text = format!("{}: {state}\n", full_name(&reference(object)));
    if let Some(problem) = problem_of_object(object) {
        let _ = writeln!(text, "  problem: {}", problem.why);
    }
    for condition in object.data["status"]["conditions"].as_array().into_iter().flatten() {
        let word = |key: &str| condition[key].as_str().unwrap_or_default();
        let _ = writeln!(
            text,
            "  {}={} {} {}",
            word("type"),
            word("status"),
            word("reason"),
            truncate_line(word("message"))
        );
    }
    text
}

/// A pod's state: phase, node, conditions that are not true, each container, and a hint for its problem in this context.
pub(super) fn of_pod(pod: &Pod, is_superseded: bool, context: &str) -> String {
    let status = pod.status.clone().unwrap_or_default();
    let node = pod.spec.as_ref().and_then(|spec| spec.node_name.as_deref()).unwrap_or("no node");
    let phase = status.phase.as_deref().unwrap_or("no phase");
    let mut text = format!(
        "pod {} in {}: {phase} on {node}\n",
        pod.name_any(),
        pod.namespace().unwrap_or_default()
    );
    if is_superseded {
        text.push_str(
            "  of an earlier version of its deployment, which is being replaced: nothing waits for it\n",
        );
    }
    if let Some(problem) = problem_of_pod(pod) {
        let _ = writeln!(text, "  problem: {}", problem.why);
        if let Some(missing) = problem.missing_image.filter(|_| !is_superseded) {
            let _ = writeln!(text, "  hint: {}", missing.hint(Some(context)));
        }
    }
    for condition in
        status.conditions.iter().flatten().filter(|condition| condition.status != "True")
    {
        let message = condition.message.as_deref().unwrap_or_default();
        let _ = writeln!(
            text,
            "  {}={} {} {}",
            condition.type_,
            condition.status,
            condition.reason.as_deref().unwrap_or_default(),
            truncate_line(message)
        );
    }
    for container in
        status.init_container_statuses.iter().chain(&status.container_statuses).flatten()
    {
        text.push_str(&of_container(container));
    }
    text
}

fn of_container(container: &ContainerStatus) -> String {
    let ready = if container.ready { "ready" } else { "not ready" };
    let now = container.state.as_ref().map_or_else(|| "no state".to_owned(), of_state);
    let mut text = format!(
        "  container {} ({}): {now}, {ready}, {} restarts\n",
        container.name, container.image, container.restart_count
    );
    if let Some(before) = container.last_state.as_ref().filter(|state| state.terminated.is_some()) {
        let _ = writeln!(text, "    before: {}", of_state(before));
    }
    text
}

fn of_state(state: &ContainerState) -> String {
    if let Some(waiting) = &state.waiting {
        let message = waiting
            .message
            .as_deref()
            .map(|message| format!(" ({})", truncate_line(message)))
            .unwrap_or_default();
        return format!("waiting, {}{message}", waiting.reason.as_deref().unwrap_or("no reason"));
    }
    if let Some(ended) = &state.terminated {
        let message = ended
            .message
            .as_deref()
            .map(|message| format!(" ({})", truncate_line(message)))
            .unwrap_or_default();
        return format!(
            "exited with code {}, {}{message}",
            ended.exit_code,
            ended.reason.as_deref().unwrap_or("no reason")
        );
    }
    if state.running.is_some() { "running".to_owned() } else { "waiting".to_owned() }
}

/// The largest number of events.
const MOST_EVENTS: usize = 100;

/// The latest events in the order of time.
pub(super) fn of_event_list(mut events: Vec<Event>) -> String {
    events.sort_by_key(event_time);
    let left_out = events.len().saturating_sub(MOST_EVENTS);
    let mut text = if left_out > 0 {
        format!("({left_out} earlier events are left out)\n")
    } else {
        String::new()
    };
    for event in &events[left_out..] {
        let about = &event.involved_object;
        let times = event
            .count
            .filter(|count| *count > 1)
            .map(|count| format!(" ({count} times)"))
            .unwrap_or_default();
        let _ = writeln!(
            text,
            "{} {} {} {} {}: {}{times}",
            event_time(event).strftime("%H:%M:%SZ"),
            event.type_.as_deref().unwrap_or_default(),
            about.kind.as_deref().unwrap_or_default().to_ascii_lowercase(),
            about.name.as_deref().unwrap_or_default(),
            event.reason.as_deref().unwrap_or_default(),
            truncate_line(event.message.as_deref().unwrap_or_default()),
        );
    }
    text
}

/// A node's state: abnormal conditions, taints, and the part of its resources that its pods
/// request.
pub(super) fn of_node(node: &Node, pods: &[Pod]) -> String {
    let status = node.status.clone().unwrap_or_default();
    let conditions = status.conditions.unwrap_or_default();
    let is_ready =
        conditions.iter().any(|condition| condition.type_ == "Ready" && condition.status == "True");
    let ready = if is_ready { "ready" } else { "NOT READY" };
    let mut text = format!("node {}: {ready}\n", node.name_any());
    let is_abnormal =
        |condition: &&NodeCondition| (condition.type_ == "Ready") != (condition.status == "True");
    for NodeCondition { type_, status, reason, message, .. } in
        conditions.iter().filter(is_abnormal)
    {
        let reason = reason.as_deref().unwrap_or_default();
        let message = truncate_line(message.as_deref().unwrap_or_default());
        let _ = writeln!(text, "  {type_}={status} {reason} {message}");
    }
    let spec = node.spec.clone().unwrap_or_default();
    if spec.unschedulable == Some(true) {
        text.push_str("  cordoned: takes no new pods\n");
    }
    for taint in spec.taints.iter().flatten() {
        let value = taint.value.as_deref().unwrap_or_default();
        let _ = writeln!(text, "  taint {}={value}:{}", taint.key, taint.effect);
    }
    text + &requested_resources(node, pods, &status.allocatable.unwrap_or_default())
}

/// The part of the node's resources that the pods on it request.
fn requested_resources(
    node: &Node,
    pods: &[Pod],
    allocatable: &BTreeMap<String, Quantity>,
) -> String {
    let here: Vec<&Pod> = pods.iter().filter(|pod| runs_on(pod, &node.name_any())).collect();
    let has = |what: &str| {
        allocatable.get(what).and_then(|quantity| read(&quantity.0)).unwrap_or_default()
    };
    let requests = |what: &str| here.iter().map(|pod| requested(pod, what)).sum::<f64>();
    format!(
        "  {} of {} pods, {} of {} cores and {} of {} memory requested\n",
        here.len(),
        has("pods"),
        cores(requests("cpu")),
        cores(has("cpu")),
        bytes(requests("memory")),
        bytes(has("memory")),
    )
}

fn runs_on(pod: &Pod, node: &str) -> bool {
    let phase = pod.status.as_ref().and_then(|status| status.phase.as_deref());
    let here = pod.spec.as_ref().and_then(|spec| spec.node_name.as_deref()) == Some(node);
    here && !matches!(phase, Some("Succeeded" | "Failed"))
}

/// The requests of a pod: the sum of its containers, or its largest init container.
fn requested(pod: &Pod, what: &str) -> f64 {
    let Some(spec) = &pod.spec else { return 0.0 };
    let of = |container: &k8s_openapi::api::core::v1::Container| {
        let requests =
            container.resources.as_ref().and_then(|resources| resources.requests.as_ref());
        requests.and_then(|requests| read(&requests.get(what)?.0)).unwrap_or_default()
    };
    let main: f64 = spec.containers.iter().map(of).sum();
    spec.init_containers.iter().flatten().map(of).fold(main, f64::max)
}

/// An object that is not available, and why.
pub(super) fn absent(object: &crate::ids::ObjectRef, why: &str) -> String {
    format!("{}: {why}\n", full_name(object))
}

/// The keys of a Secret or ConfigMap, never the values.
pub(super) fn keys_only(object: &DynamicObject) -> String {
    let keys = |field: &str| {
        object.data[field]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(key, _): (&String, &Value)| key.clone())
    };
    let all: Vec<String> = keys("data").chain(keys("binaryData")).collect();
    format!("{}: keys {}\n", full_name(&reference(object)), all.join(", "))
}

#[cfg(test)]
mod tests;
