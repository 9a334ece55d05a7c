//! The problems and the progress of objects other than pods, by their `status`.

use kube::api::DynamicObject;
use serde_json::Value;

use super::{Cause, ObjectProblem, Tolerance, reference, truncate_line};

/// The problems that keep this object from becoming ready: a failed Job, a Deployment past its
/// deadline, or pods that cannot be created.
pub(crate) fn problem_of_object(object: &DynamicObject) -> Option<ObjectProblem> {
    let kind = object.types.as_ref().map_or("", |types| types.kind.as_str());
    let (cause, why, tolerance) = conditions(object)
        .find_map(|condition| problem_of_condition(kind, condition))
        .or_else(|| lost_volume(kind, object))?;
    Some(ObjectProblem { object: reference(object), cause, why, tolerance, missing_image: None })
}

fn problem_of_condition(kind: &str, condition: &Value) -> Option<(Cause, String, Tolerance)> {
    let text = |name: &str, default: &str| match condition[name].as_str() {
        Some(text) if !text.is_empty() => truncate_line(text),
        _ => default.to_owned(),
    };
    let message = || text("message", "no reason given");
    match (kind, condition["type"].as_str()?, condition["status"].as_str()?) {
        ("Job", "Failed" | "FailureTarget", "True") => {
            let why = format!("the job has failed ({}): {}", text("reason", "Failed"), message());
            Some((Cause::Failed, why, Tolerance::None))
        }
        (_, "ReplicaFailure", "True") => {
            let why = format!("its pods cannot be created: {}", message());
            Some((Cause::Create, why, Tolerance::seconds(15)))
        }
        ("Deployment", "Progressing", "False") => {
            let why = format!("no progress: {}", text("message", "past its deadline"));
            Some((Cause::Failed, why, Tolerance::None))
        }
        ("HorizontalPodAutoscaler", "ScalingActive", "False") => {
            // The first metrics of new pods come after a minute. Without a metrics server they never come.
            let why = format!("it cannot scale: {}", message());
            Some((Cause::Metrics, why, Tolerance::seconds(120)))
        }
        _ => None,
    }
}

fn lost_volume(kind: &str, object: &DynamicObject) -> Option<(Cause, String, Tolerance)> {
    let is_lost = kind == "PersistentVolumeClaim" && object.data["status"]["phase"] == "Lost";
    is_lost.then(|| (Cause::Volume, "its volume is lost".to_owned(), Tolerance::None))
}

/// The progress of this object. `None` if it is ready, or if its kind has no such state.
pub(crate) fn unready_state(object: &DynamicObject) -> Option<String> {
    if object.metadata.deletion_timestamp.is_some() {
        return Some("being deleted".to_owned());
    }
    let kind = object.types.as_ref().map_or("", |types| types.kind.as_str());
    let (spec, status) = (&object.data["spec"], &object.data["status"]);
    let count = |value: &Value| value.as_i64().unwrap_or(0);
    let of = |ready: i64, wanted: i64, what: &str| {
        (ready < wanted).then(|| format!("{ready} of {wanted} {what}"))
    };
    match kind {
        "Deployment" | "StatefulSet" | "ReplicaSet" => {
            if object.metadata.generation.unwrap_or(0) > count(&status["observedGeneration"]) {
                return Some("not observed by its controller yet".to_owned());
            }
            let wanted = spec["replicas"].as_i64().unwrap_or(1);
            let updated =
                if kind == "ReplicaSet" { wanted } else { count(&status["updatedReplicas"]) };
            of(count(&status["readyReplicas"]), wanted, "ready")
                .or_else(|| of(updated, wanted, "up to date"))
        }
        "DaemonSet" => {
            of(count(&status["numberReady"]), count(&status["desiredNumberScheduled"]), "ready")
        }
        "Job" => {
            let wanted = spec["completions"].as_i64().unwrap_or(1);
            of(count(&status["succeeded"]), wanted, "completed")
        }
        "PersistentVolumeClaim" => {
            (status["phase"] == "Pending").then(|| "waiting for a volume".to_owned())
        }
        "Service" if spec["type"] == "LoadBalancer" => status["loadBalancer"]["ingress"]
            .as_array()
            .is_none_or(Vec::is_empty)
            .then(|| "waiting for an address".to_owned()),
        _ => by_conditions(object),
    }
}

/// The state of any other kind: its Ready, Available or Established condition, if it has one.
fn by_conditions(object: &DynamicObject) -> Option<String> {
    conditions(object).find_map(|condition| {
        let type_ = condition["type"]
            .as_str()
            .filter(|type_| matches!(*type_, "Ready" | "Available" | "Established"))?;
        (condition["status"] != "True").then(|| {
            let message =
                condition["message"].as_str().or(condition["reason"].as_str()).unwrap_or_default();
            let colon = if message.is_empty() { "" } else { ": " };
            format!("not {}{colon}{}", type_.to_ascii_lowercase(), truncate_line(message))
        })
    })
}

fn conditions(object: &DynamicObject) -> impl Iterator<Item = &Value> {
    object.data["status"]["conditions"].as_array().into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn object(kind: &str, spec: &Value, status: &Value) -> DynamicObject {
        let whole = json!({"apiVersion": "v1", "kind": kind, "metadata": {"name": "x"}, "spec": spec, "status": status});
        serde_json::from_value(whole).unwrap()
    }

    fn condition(type_: &str, status: &str, message: &str) -> Value {
        json!({"conditions": [{"type": type_, "status": status, "reason": "Because", "message": message}]})
    }

    #[test]
    fn a_failed_job_is_unrecoverable_and_has_its_reason() {
        let problem = problem_of_object(&object(
            "Job",
            &json!({}),
            &condition("Failed", "True", "reached the limit"),
        ))
        .unwrap();
        assert_eq!(problem.tolerance, Tolerance::None);
        assert_eq!(problem.why, "the job has failed (Because): reached the limit");
        assert_eq!(
            problem_of_object(&object("Job", &json!({}), &condition("Failed", "False", ""))),
            None
        );
    }

    #[test]
    fn a_deployment_past_its_deadline_is_unrecoverable() {
        let stuck = object(
            "Deployment",
            &json!({}),
            &condition("Progressing", "False", "timed out progressing"),
        );
        assert_eq!(problem_of_object(&stuck).unwrap().tolerance, Tolerance::None);
        let fine = object("Deployment", &json!({}), &condition("Progressing", "True", ""));
        assert_eq!(problem_of_object(&fine), None);
    }

    #[test]
    fn a_quota_that_forbids_pods_is_tolerated_for_a_while() {
        let problem = problem_of_object(&object(
            "ReplicaSet",
            &json!({}),
            &condition("ReplicaFailure", "True", "exceeded quota"),
        ))
        .unwrap();
        assert_eq!((problem.cause, problem.tolerance), (Cause::Create, Tolerance::seconds(15)));
    }

    #[test]
    fn an_autoscaler_without_metrics_is_tolerated_for_long() {
        let blind = object(
            "HorizontalPodAutoscaler",
            &json!({}),
            &condition("ScalingActive", "False", "failed to get cpu utilization"),
        );
        let problem = problem_of_object(&blind).unwrap();
        assert_eq!((problem.cause, problem.tolerance), (Cause::Metrics, Tolerance::seconds(120)));
        assert!(problem.why.ends_with("failed to get cpu utilization"));
    }

    #[test]
    fn a_deployment_has_the_number_of_ready_pods() {
        let part = object(
            "Deployment",
            &json!({"replicas": 3}),
            &json!({"readyReplicas": 1, "updatedReplicas": 3}),
        );
        assert_eq!(unready_state(&part).as_deref(), Some("1 of 3 ready"));
        let whole = object(
            "Deployment",
            &json!({"replicas": 3}),
            &json!({"readyReplicas": 3, "updatedReplicas": 3}),
        );
        assert_eq!(unready_state(&whole), None);
    }

    #[test]
    fn a_deployment_that_its_controller_has_not_observed_is_not_ready() {
        let mut fresh =
            object("Deployment", &json!({"replicas": 0}), &json!({"observedGeneration": 1}));
        fresh.metadata.generation = Some(2);
        assert_eq!(unready_state(&fresh).as_deref(), Some("not observed by its controller yet"));
    }

    #[test]
    fn a_pending_claim_and_an_unready_custom_object_are_not_ready() {
        let claim = object("PersistentVolumeClaim", &json!({}), &json!({"phase": "Pending"}));
        assert_eq!(unready_state(&claim).as_deref(), Some("waiting for a volume"));
        let custom = object("Widget", &json!({}), &condition("Ready", "False", "no colour"));
        assert_eq!(unready_state(&custom).as_deref(), Some("not ready: no colour"));
        assert_eq!(unready_state(&object("ConfigMap", &json!({}), &json!({}))), None);
    }
}
