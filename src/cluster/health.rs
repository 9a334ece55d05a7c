//! Finds the problems that keep an object from becoming ready, and its progress. The functions are
//! pure and work on objects of the API.
//!
//! Whether a problem can end by itself follows from the behaviour of Kubernetes, and is expressed
//! as a [`Tolerance`]. The engine decides how to react to a problem.

mod container;
mod events;
mod object;
mod ownership;
mod pod;

use std::time::Duration;

use k8s_openapi::api::core::v1::Pod;
use kube::ResourceExt;
use kube::api::DynamicObject;

pub(super) use container::MissingImage;
pub(in crate::cluster) use events::{event_time, latest, problem_of_event, setup_problem};
pub(super) use object::{problem_of_object, unready_state};
pub(in crate::cluster) use ownership::{OldReplicaSets, Ownership, group_of};
pub(in crate::cluster) use pod::{problem_of_pod, waiting_for};

use crate::ids::ObjectRef;

/// A problem that keeps an object from becoming ready.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectProblem {
    pub object: ObjectRef,
    pub cause: Cause,
    /// The message for people, with the words of the registry, scheduler or kubelet.
    pub why: String,
    /// How long the problem may last before waiting is useless.
    pub tolerance: Tolerance,
    /// The image whose presence on the node would solve the problem.
    pub missing_image: Option<MissingImage>,
}

/// The kinds of problem. A problem stays the same one while its object and cause stay, even if its message changes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Cause {
    /// `ErrImagePull`, `ImagePullBackOff`, `InvalidImageName` …: the image cannot be pulled.
    Image { container: String },
    /// The container exits repeatedly.
    Crash { container: String },
    /// The container cannot be created or started (missing secret, wrong command …).
    Start { container: String },
    /// No node accepts the pod.
    Unschedulable,
    /// A volume cannot be mounted, or a sandbox cannot be created.
    Setup,
    /// A controller cannot create the pods of its object (quota, missing service account …).
    Create,
    /// The object has failed and is not tried again.
    Failed,
    /// A claim has no volume.
    Volume,
    /// An autoscaler has no metrics.
    Metrics,
}

/// The time for which a problem may last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tolerance {
    /// No time: Kubernetes makes no further attempt, or another attempt must fail in the same way.
    None,
    /// The problem may end by itself within this time.
    For(Duration),
    /// The problem ends when another event happens, so it is only reported.
    Indefinite,
}

impl Tolerance {
    pub(super) const fn seconds(seconds: u64) -> Self {
        Self::For(Duration::from_secs(seconds))
    }

    /// Whether a problem that has lasted this long is unrecoverable.
    pub fn is_exceeded(self, lasted: Duration) -> bool {
        match self {
            Self::None => true,
            Self::For(limit) => lasted >= limit,
            Self::Indefinite => false,
        }
    }
}

/// A pod's reference, as the plan uses it.
pub(super) fn pod_ref(pod: &Pod) -> ObjectRef {
    ObjectRef {
        api_version: "v1".to_owned(),
        kind: "Pod".to_owned(),
        namespace: pod.namespace(),
        name: pod.name_any(),
    }
}

/// `deployment web in shop`.
pub(crate) fn full_name(object: &ObjectRef) -> String {
    let place =
        object.namespace.as_ref().map(|namespace| format!(" in {namespace}")).unwrap_or_default();
    format!("{}{place}", short_name(object))
}

/// The text as one line of at most 400 characters.
pub(super) fn truncate_line(text: &str) -> String {
    const MOST: usize = 400;
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= MOST {
        return line;
    }
    let mut short: String = line.chars().take(MOST - 1).collect();
    short.push('…');
    short
}

/// An object's reference, as the plan uses it.
pub(super) fn reference(object: &DynamicObject) -> ObjectRef {
    let types = object.types.clone().unwrap_or_default();
    ObjectRef {
        api_version: types.api_version,
        kind: types.kind,
        namespace: object.namespace(),
        name: object.name_any(),
    }
}

/// `deployment web`.
pub(crate) fn short_name(object: &ObjectRef) -> String {
    format!("{} {}", object.kind.to_ascii_lowercase(), object.name)
}
