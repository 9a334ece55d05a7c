//! The problems of a pod and what it waits for, by its status and its latest event.

use k8s_openapi::api::core::v1::{ContainerStatus, Event, Pod, PodCondition};
use kube::ResourceExt;

use super::container::{MissingImage, problem_of_container};
use super::{Cause, ObjectProblem, Tolerance, pod_ref, truncate_line};

/// The problems that keep this pod from becoming ready, by its status.
pub(crate) fn problem_of_pod(pod: &Pod) -> Option<ObjectProblem> {
    let status = pod.status.as_ref()?;
    if pod.metadata.deletion_timestamp.is_some() {
        return None;
    }
    let problem = |cause, why, tolerance| {
        Some(ObjectProblem { object: pod_ref(pod), cause, why, tolerance, missing_image: None })
    };
    match status.phase.as_deref() {
        Some("Succeeded") => return None,
        Some("Failed") => {
            // The owner handles it: a Job counts its failures, and a ReplicaSet creates another
            // pod.
            let tolerance = if pod.owner_references().is_empty() {
                Tolerance::None
            } else {
                Tolerance::Indefinite
            };
            return problem(Cause::Failed, failure_of(pod), tolerance);
        }
        _ => {}
    }
    let conditions = status.conditions.iter().flatten();
    if let Some(unplaced) = conditions.clone().find(|condition| is_unschedulable(condition)) {
        let message = unplaced.message.as_deref().unwrap_or("no node accepts it");
        return problem(
            Cause::Unschedulable,
            format!("cannot be scheduled: {}", truncate_line(message)),
            scheduling_tolerance(message),
        );
    }
    let init = status.init_container_statuses.iter().flatten().map(|container| (container, true));
    let main = status.container_statuses.iter().flatten().map(|container| (container, false));
    init.chain(main).find_map(|(container, is_init)| {
        let node = pod.spec.as_ref().and_then(|spec| spec.node_name.as_deref());
        let (cause, why, tolerance) = problem_of_container(container, is_init, node)?;
        let missing_image = matches!(cause, Cause::Image { .. })
            .then(|| MissingImage::of(pod, container))
            .flatten();
        Some(ObjectProblem { missing_image, ..problem(cause, why, tolerance)? })
    })
}

fn is_unschedulable(condition: &PodCondition) -> bool {
    condition.type_ == "PodScheduled"
        && condition.status == "False"
        && condition.reason.as_deref() == Some("Unschedulable")
}

/// The time for which a pod may be unschedulable. A starting node, a new volume or a pod that is
/// being deleted can change the scheduler's decision, but a selector that matches no node must be
/// changed by a person.
fn scheduling_tolerance(message: &str) -> Tolerance {
    let temporary = [
        "not-ready",
        "unreachable",
        "unbound immediate",
        "uninitialized",
        "disk-pressure",
        "memory-pressure",
    ];
    if temporary.iter().any(|word| message.contains(word)) {
        return Tolerance::seconds(60);
    }
    if message.contains("Insufficient")
        || message.contains("free ports")
        || message.contains("Too many pods")
    {
        return Tolerance::seconds(40);
    }
    Tolerance::seconds(10)
}

fn failure_of(pod: &Pod) -> String {
    let status = pod.status.as_ref();
    let reason = status.and_then(|status| status.reason.as_deref());
    let message = status.and_then(|status| status.message.as_deref());
    if let Some(reason) = reason {
        return format!(
            "failed: {reason}{}",
            message.map(|text| format!(" ({})", truncate_line(text))).unwrap_or_default()
        );
    }
    let ended = status
        .into_iter()
        .flat_map(|status| status.container_statuses.iter().flatten())
        .find_map(|container| {
            let ended = container.state.as_ref()?.terminated.as_ref()?;
            (ended.exit_code != 0).then(|| {
                format!("failed: container {} exited with code {}", container.name, ended.exit_code)
            })
        });
    ended.unwrap_or_else(|| "failed".to_owned())
}

/// What the pod waits for: `pod web-1: ContainerCreating (pulling image "shop/web:1")`. `None` for
/// a pod that is ready or has finished.
pub(in crate::cluster) fn waiting_for(pod: &Pod, latest: Option<&Event>) -> Option<String> {
    let state = state_of(pod)?;
    // For other states the message of the problem is sufficient.
    let has_detail = matches!(
        state.as_str(),
        "ContainerCreating" | "starting" | "running, not ready" | "being deleted"
    );
    let detail = latest
        .filter(|_| has_detail)
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
        return Some(unplaced.reason.clone().unwrap_or_else(|| "waiting for a node".to_owned()));
    }
    let init = status.init_container_statuses.iter().flatten();
    let initialized =
        condition("Initialized").is_some_and(|initialized| initialized.status == "True");
    if let Some(busy) =
        init.clone().find(|_| !initialized).and_then(|_| init.clone().find_map(unfinished_init))
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
        return Some(format!("container {} has exited", ended.name));
    }
    let running = status.container_statuses.iter().flatten().any(|container| !container.ready);
    waits.or_else(|| Some(if running { "running, not ready" } else { "starting" }.to_owned()))
}

fn waiting_reason(container: &ContainerStatus) -> Option<&str> {
    container.state.as_ref()?.waiting.as_ref()?.reason.as_deref()
}

fn unfinished_init(container: &ContainerStatus) -> Option<String> {
    let state = container.state.as_ref()?;
    if state.running.is_some() {
        return Some(format!("init container {} running", container.name));
    }
    waiting_reason(container)
        .filter(|reason| *reason != "PodInitializing")
        .map(|reason| format!("init container {}: {reason}", container.name))
}

/// The addition from an event: the image that is being pulled, or the problem.
fn detail_of(event: &Event) -> Option<String> {
    let message = truncate_line(event.message.as_deref()?);
    let lowered = || {
        let mut characters = message.chars();
        characters.next().map(|first| first.to_lowercase().chain(characters).collect())
    };
    match (event.reason.as_deref()?, event.type_.as_deref()) {
        ("Pulling" | "Unhealthy" | "Killing", _) | (_, Some("Warning")) => lowered(),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
