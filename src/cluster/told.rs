//! What the cluster's own events tell of an object that is not coming up. Pure.

use k8s_openapi::api::core::v1::{Event, Pod};
use k8s_openapi::jiff::Timestamp;
use kube::api::DynamicObject;

use super::problem::{Cause, ObjectProblem, Tolerance, clipped, pod_ref};
use super::settled::{reference, unsettled};

/// When an event was last seen.
pub(super) fn moment(event: &Event) -> Timestamp {
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
    let made = event.metadata.creation_timestamp.as_ref().map(|time| time.0);
    times.into_iter().flatten().max().or(made).unwrap_or_default()
}

/// The latest event of an object.
pub(super) fn latest<'a>(
    events: impl IntoIterator<Item = &'a Event>,
    uid: Option<&str>,
) -> Option<&'a Event> {
    let of_object = |event: &&Event| uid.is_some() && event.involved_object.uid.as_deref() == uid;
    events.into_iter().filter(of_object).max_by_key(|event| moment(event))
}

/// A pod whose containers are still being made: what the latest event says stands in the way.
pub(super) fn setup_trouble(pod: &Pod, latest: Option<&Event>) -> Option<ObjectProblem> {
    let status = pod.status.as_ref()?;
    let mut containers =
        status.init_container_statuses.iter().chain(&status.container_statuses).flatten();
    let being_made = containers.any(|container| {
        let waiting = container.state.as_ref().and_then(|state| state.waiting.as_ref());
        matches!(
            waiting.and_then(|waiting| waiting.reason.as_deref()),
            Some("ContainerCreating" | "PodInitializing")
        )
    });
    let event = latest.filter(|event| being_made && is_warning(event))?;
    let said = event.message.as_deref().unwrap_or_default();
    let patience = match event.reason.as_deref()? {
        "FailedMount" | "FailedAttachVolume" if said.contains("not found") => {
            Tolerance::seconds(20)
        }
        "FailedMount" | "FailedAttachVolume" | "FailedCreatePodSandBox" | "NetworkNotReady" => {
            Tolerance::seconds(60)
        }
        _ => return None,
    };
    let why = format!("{}: {}", event.reason.as_deref().unwrap_or_default(), clipped(said));
    Some(ObjectProblem { object: pod_ref(pod), cause: Cause::Setup, why, patience, missing: None })
}

/// Another object that is not settled: what its latest event says stands in the way.
pub(super) fn told_trouble(
    object: &DynamicObject,
    latest: Option<&Event>,
) -> Option<ObjectProblem> {
    let event = latest.filter(|event| is_warning(event))?;
    unsettled(object)?;
    let said = event.message.as_deref().unwrap_or_default();
    let (cause, patience) = match event.reason.as_deref()? {
        "FailedCreate" => (Cause::Create, Tolerance::seconds(15)),
        "FailedBinding" => (Cause::Volume, Tolerance::seconds(15)),
        "ProvisioningFailed" if said.contains("not found") => {
            (Cause::Volume, Tolerance::seconds(15))
        }
        "ProvisioningFailed" => (Cause::Volume, Tolerance::seconds(45)),
        _ => return None,
    };
    let why = format!("{}: {}", event.reason.as_deref().unwrap_or_default(), clipped(said));
    Some(ObjectProblem { object: reference(object), cause, why, patience, missing: None })
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
    fn a_volume_that_can_t_be_mounted_is_told_while_the_container_is_made() {
        let events = [
            event("Normal", "Scheduled", "", 1),
            event("Warning", "FailedMount", "secret \"db\" not found", 2),
        ];
        let problem = setup_trouble(&creating(), latest(&events, Some("u1"))).unwrap();
        assert_eq!(
            (problem.why.as_str(), problem.patience),
            ("FailedMount: secret \"db\" not found", Tolerance::seconds(20))
        );
    }

    #[test]
    fn a_later_good_event_says_it_is_over() {
        let events = [
            event("Warning", "FailedMount", "secret not found", 2),
            event("Normal", "Pulling", "", 3),
        ];
        assert_eq!(setup_trouble(&creating(), latest(&events, Some("u1"))), None);
    }

    #[test]
    fn events_of_another_object_say_nothing() {
        let events = [event("Warning", "FailedMount", "secret not found", 2)];
        assert_eq!(latest(&events, Some("u2")), None);
        assert_eq!(latest(&events, None), None);
    }

    #[test]
    fn a_stateful_set_whose_pods_are_forbidden_is_told_and_a_settled_one_is_not() {
        let events = [event("Warning", "FailedCreate", "exceeded quota", 2)];
        let set = |ready: i32| -> DynamicObject {
            serde_json::from_value(
                json!({"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "db"},
                "spec": {"replicas": 1}, "status": {"readyReplicas": ready, "updatedReplicas": 1}}),
            )
            .unwrap()
        };
        assert_eq!(told_trouble(&set(0), Some(&events[0])).unwrap().cause, Cause::Create);
        assert_eq!(told_trouble(&set(1), Some(&events[0])), None);
    }
}
