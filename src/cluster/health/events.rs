//! The problems of an object that does not become ready, by the cluster's events.

use k8s_openapi::api::core::v1::{Event, Pod};
use k8s_openapi::jiff::Timestamp;
use kube::api::DynamicObject;

use super::object::unready_state;
use super::{Cause, ObjectProblem, Tolerance, pod_ref, reference, truncate_line};

/// The time of the last occurrence of an event.
pub(in crate::cluster) fn event_time(event: &Event) -> Timestamp {
    let series = event
        .series
        .as_ref()
        .and_then(|series| series.last_observed_time.as_ref())
        .map(|time| time.0);
    let times = [
        series,
        event.last_timestamp.as_ref().map(|time| time.0),
        event.event_time.as_ref().map(|time| time.0),
    ];
    let created = event.metadata.creation_timestamp.as_ref().map(|time| time.0);
    times.into_iter().flatten().max().or(created).unwrap_or_default()
}

/// The latest event of an object.
pub(in crate::cluster) fn latest<'a>(
    events: impl IntoIterator<Item = &'a Event>,
    uid: Option<&str>,
) -> Option<&'a Event> {
    let of_object = |event: &&Event| uid.is_some() && event.involved_object.uid.as_deref() == uid;
    events.into_iter().filter(of_object).max_by_key(|event| event_time(event))
}

/// The problem of a pod whose containers are still being created, by its latest event.
pub(in crate::cluster) fn setup_problem(
    pod: &Pod,
    latest: Option<&Event>,
) -> Option<ObjectProblem> {
    let status = pod.status.as_ref()?;
    let mut containers =
        status.init_container_statuses.iter().chain(&status.container_statuses).flatten();
    let being_created = containers.any(|container| {
        let waiting = container.state.as_ref().and_then(|state| state.waiting.as_ref());
        matches!(
            waiting.and_then(|waiting| waiting.reason.as_deref()),
            Some("ContainerCreating" | "PodInitializing")
        )
    });
    let event = latest.filter(|event| being_created && is_warning(event))?;
    let message = event.message.as_deref().unwrap_or_default();
    let tolerance = match event.reason.as_deref()? {
        "FailedMount" | "FailedAttachVolume" if message.contains("not found") => {
            Tolerance::seconds(20)
        }
        "FailedMount" | "FailedAttachVolume" | "FailedCreatePodSandBox" | "NetworkNotReady" => {
            Tolerance::seconds(60)
        }
        _ => return None,
    };
    let why =
        format!("{}: {}", event.reason.as_deref().unwrap_or_default(), truncate_line(message));
    Some(ObjectProblem {
        object: pod_ref(pod),
        cause: Cause::Setup,
        why,
        tolerance,
        missing_image: None,
    })
}

/// The problem of another object that is not ready, by its latest event.
pub(in crate::cluster) fn problem_of_event(
    object: &DynamicObject,
    latest: Option<&Event>,
) -> Option<ObjectProblem> {
    let event = latest.filter(|event| is_warning(event))?;
    unready_state(object)?;
    let message = event.message.as_deref().unwrap_or_default();
    let (cause, tolerance) = match event.reason.as_deref()? {
        "FailedCreate" => (Cause::Create, Tolerance::seconds(15)),
        "FailedBinding" => (Cause::Volume, Tolerance::seconds(15)),
        "ProvisioningFailed" if message.contains("not found") => {
            (Cause::Volume, Tolerance::seconds(15))
        }
        "ProvisioningFailed" => (Cause::Volume, Tolerance::seconds(45)),
        _ => return None,
    };
    let why =
        format!("{}: {}", event.reason.as_deref().unwrap_or_default(), truncate_line(message));
    Some(ObjectProblem { object: reference(object), cause, why, tolerance, missing_image: None })
}

fn is_warning(event: &Event) -> bool {
    event.type_.as_deref() == Some("Warning")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn event(type_: &str, reason: &str, message: &str, second: u32) -> Event {
        serde_json::from_value(json!({
            "metadata": {"name": reason, "namespace": "shop"}, "involvedObject": {"uid": "u1"}, "type": type_, "reason": reason,
            "message": message, "lastTimestamp": format!("2026-01-01T00:00:{second:02}Z")}))
        .unwrap()
    }

    fn creating() -> Pod {
        serde_json::from_value(
            json!({"metadata": {"name": "web", "namespace": "shop", "uid": "u1"}, "status": {"phase": "Pending",
            "containerStatuses": [{"name": "web", "image": "i", "imageID": "", "ready": false, "restartCount": 0,
            "state": {"waiting": {"reason": "ContainerCreating"}}}]}}),
        )
        .unwrap()
    }

    #[test]
    fn a_volume_that_cannot_be_mounted_is_a_problem_while_the_container_is_created() {
        let events = [
            event("Normal", "Scheduled", "", 1),
            event("Warning", "FailedMount", "secret \"db\" not found", 2),
        ];
        let problem = setup_problem(&creating(), latest(&events, Some("u1"))).unwrap();
        assert_eq!(
            (problem.why.as_str(), problem.tolerance),
            ("FailedMount: secret \"db\" not found", Tolerance::seconds(20))
        );
    }

    #[test]
    fn a_later_normal_event_ends_the_problem() {
        let events = [
            event("Warning", "FailedMount", "secret not found", 2),
            event("Normal", "Pulling", "", 3),
        ];
        assert_eq!(setup_problem(&creating(), latest(&events, Some("u1"))), None);
    }

    #[test]
    fn events_of_another_object_are_ignored() {
        let events = [event("Warning", "FailedMount", "secret not found", 2)];
        assert_eq!(latest(&events, Some("u2")), None);
        assert_eq!(latest(&events, None), None);
    }

    #[test]
    fn a_stateful_set_whose_pods_are_forbidden_is_a_problem_and_a_ready_one_is_not() {
        let events = [event("Warning", "FailedCreate", "exceeded quota", 2)];
        let set = |ready: i32| -> DynamicObject {
            serde_json::from_value(
                json!({"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "db"},
                "spec": {"replicas": 1}, "status": {"readyReplicas": ready, "updatedReplicas": 1}}),
            )
            .unwrap()
        };
        assert_eq!(problem_of_event(&set(0), Some(&events[0])).unwrap().cause, Cause::Create);
        assert_eq!(problem_of_event(&set(1), Some(&events[0])), None);
    }
}
