//! The place of a value in its Kubernetes object, and what that place proves about the value.
//!
//! For example, `uid` is volatile in an object's `metadata`, and may be any field elsewhere. A
//! mapping with `apiVersion` and `metadata` is an object.

use serde_json::Value;

use crate::book::Normalizer;
use crate::compare::normalize::{Rules, Value as Known, Where};

/// The fields that the server writes into an object: in its `metadata`, in references to other
/// objects, and in its `status`.
pub(crate) const VOLATILE_FIELDS: [&str; 28] = [
    "uid",
    "resourceVersion",
    "creationTimestamp",
    "deletionTimestamp",
    "managedFields",
    "selfLink",
    "generation",
    "kubectl.kubernetes.io/last-applied-configuration",
    "kubectl.kubernetes.io/restartedAt",
    "deployment.kubernetes.io/revision",
    "pod-template-hash",
    "controller-revision-hash",
    "controller-uid",
    "batch.kubernetes.io/controller-uid",
    "observedGeneration",
    "lastTransitionTime",
    "lastUpdateTime",
    "lastProbeTime",
    "lastHeartbeatTime",
    "lastScheduleTime",
    "lastSuccessfulTime",
    "startTime",
    "startedAt",
    "finishedAt",
    "completionTime",
    "containerID",
    "renewTime",
    "acquireTime",
];
/// The number of fields, from the first, that belong to `metadata` itself, and the index of the end
/// of its labels and annotations.
const OF_METADATA: usize = 7;
const OF_LABELS: usize = 14;
/// The index of the first field of a `Lease`.
const OF_LEASE: usize = 26;
/// The fields of an `Event` itself that contain the time of the event.
const OF_EVENT: [&str; 3] = ["firstTimestamp", "lastTimestamp", "eventTime"];

/// A place in a tree, with the places that contain it.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::compare) struct Place<'p> {
    up: Option<&'p Place<'p>>,
    name: &'p str,
    /// The kind, if the value at this place is a Kubernetes object.
    object: Option<&'p str>,
}

impl<'p> Place<'p> {
    /// The place of a field.
    pub(crate) fn field(&'p self, name: &'p str) -> Self {
        Self { up: Some(self), name, object: None }
    }

    /// The same place, with what its value proves.
    pub(crate) fn of(mut self, value: &'p Value) -> Self {
        let fields =
            value.as_object().filter(|fields| fields.get("metadata").is_some_and(Value::is_object));
        let is_object =
            fields.is_some_and(|fields| fields.get("apiVersion").is_some_and(Value::is_string));
        self.object =
            is_object.then(|| value.get("kind").and_then(Value::as_str).unwrap_or_default());
        self
    }

    /// The kind of the object that contains this place, and the names of the fields from the object
    /// to here.
    fn path(&self) -> Option<(&'p str, Vec<&'p str>)> {
        let mut names = vec![self.name];
        let mut at = self.up;
        while let Some(place) = at {
            if let Some(kind) = place.object {
                names.reverse();
                return Some((kind, names));
            }
            names.push(place.name);
            at = place.up;
        }
        None
    }

    /// Whether the server writes this field.
    pub(crate) fn is_volatile(&self, rules: Rules) -> bool {
        if !rules.has(Normalizer::Fields) || !is_named(self.name) {
            return false;
        }
        let Some((kind, path)) = self.path() else { return false };
        let name = self.name;
        let parent = path.len().checked_sub(2).map_or("", |at| path[at]);
        let index = VOLATILE_FIELDS.iter().position(|field| *field == name).unwrap_or(usize::MAX);
        let of_metadata = index < OF_METADATA && is_metadata(&path[..path.len() - 1]);
        let of_reference = matches!(name, "uid" | "resourceVersion")
            && (parent == "ownerReferences"
                || parent == "involvedObject"
                || parent.ends_with("Ref"));
        let of_labels = (OF_METADATA..OF_LABELS).contains(&index)
            && matches!(parent, "labels" | "annotations" | "matchLabels" | "selector");
        let of_status = path[0] == "status" && (OF_LABELS..VOLATILE_FIELDS.len()).contains(&index);
        let of_lease = kind == "Lease"
            && path[0] == "spec"
            && (OF_LEASE..VOLATILE_FIELDS.len()).contains(&index);
        let of_event = kind == "Event" && path.len() == 1 && OF_EVENT.contains(&name);
        of_metadata || of_reference || of_labels || of_status || of_lease || of_event
    }

    /// The meaning of the value at this place, if it is known.
    pub(crate) fn known(&self) -> Where<'static> {
        if matches!(self.name, "age" | "uptime" | "lastSeen") {
            return Where::Value(Known::Age);
        }
        let Some((kind, path)) = self.path() else { return Where::Line };
        let parent = path.len().checked_sub(2).map_or("", |at| path[at]);
        let known = match self.name {
            "name" if is_metadata(&path[..path.len() - 1]) && path.len() == 2 => match kind {
                "Pod" => Known::PodName,
                "ReplicaSet" => Known::ReplicaSetName,
                "Job" => Known::JobName,
                _ => return Where::Line,
            },
            "podIP" | "podIPs" | "hostIP" | "hostIPs" if path[0] == "status" => Known::Address,
            "ip" if path[0] == "status" || kind == "Endpoints" => Known::Address,
            "clusterIP" | "clusterIPs" if kind == "Service" && path[0] == "spec" => Known::Address,
            "address" if kind == "Node" && path[0] == "status" => Known::Address,
            "addresses" if kind == "EndpointSlice" => Known::Address,
            "nodePort" | "healthCheckNodePort" if kind == "Service" && path[0] == "spec" => {
                Known::Port
            }
            "name" if parent == "ownerReferences" => Known::ReplicaSetName,
            _ => return Where::Line,
        };
        Where::Value(known)
    }
}

fn is_named(name: &str) -> bool {
    VOLATILE_FIELDS.contains(&name) || OF_EVENT.contains(&name)
}

/// Whether this is the `metadata` of the object, or of a template in it.
fn is_metadata(path: &[&str]) -> bool {
    match path {
        ["metadata"] => true,
        [.., before, "metadata"] => {
            matches!(*before, "template" | "jobTemplate" | "volumeClaimTemplates")
        }
        _ => false,
    }
}
