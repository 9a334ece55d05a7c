//! What keeps an object from coming up, read off the object itself: pure predicates. Whether it can still heal is Kubernetes'
//! own semantics, put as a [`Tolerance`]; what to do about it is the engine's decision.

use std::time::Duration;

use k8s_openapi::api::core::v1::{Pod, PodCondition};
use kube::ResourceExt;

use super::container::trouble_of_container;
use super::missing_image::MissingImage;
use crate::ids::ObjectRef;

/// Something that keeps an object from coming up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectProblem {
    /// The object it was seen on.
    pub object: ObjectRef,
    /// What kind of problem.
    pub cause: Cause,
    /// In words, with what the registry, scheduler or kubelet said.
    pub why: String,
    /// How long it may last before nothing good can come of waiting.
    pub patience: Tolerance,
    /// The image that would end it if it were on the node.
    pub missing: Option<MissingImage>,
}

/// Kinds of problem. The same problem goes on as long as object and cause stay, whatever its words.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Cause {
    /// `ErrImagePull`, `ImagePullBackOff`, `InvalidImageName` …: the image can't be had.
    Image {
        /// The container.
        container: String,
    },
    /// The container ends again and again.
    Crash {
        /// The container whose log tells more.
        container: String,
    },
    /// The container can't be made or started (missing secret, wrong command …).
    Start {
        /// The container.
        container: String,
    },
    /// No node takes the pod.
    Unschedulable,
    /// A volume can't be mounted, a sandbox can't be made.
    Setup,
    /// A controller can't make the pods of its object (quota, missing service account …).
    Create,
    /// It has failed for good.
    Failed,
    /// A claim gets no volume.
    Volume,
    /// An autoscaler gets no figures.
    Metrics,
}

/// How long a problem may last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tolerance {
    /// Kubernetes will not try again, or the same must come of it.
    None,
    /// It may heal by itself, but not after this.
    For(Duration),
    /// It heals when something else happens: only told.
    Endless,
}

impl Tolerance {
    pub(super) const fn seconds(seconds: u64) -> Self {
        Self::For(Duration::from_secs(seconds))
    }

    /// Is it over when the problem has lasted so long?
    pub fn is_over(self, lasted: Duration) -> bool {
        match self {
            Self::None => true,
            Self::For(limit) => lasted >= limit,
            Self::Endless => false,
        }
    }
}

/// What keeps this pod from coming up, read off its status.
pub(crate) fn trouble_of_pod(pod: &Pod) -> Option<ObjectProblem> {
    let status = pod.status.as_ref()?;
    if pod.metadata.deletion_timestamp.is_some() {
        return None;
    }
    let problem = |cause, why, patience| {
        Some(ObjectProblem { object: pod_ref(pod), cause, why, patience, missing: None })
    };
    match status.phase.as_deref() {
        Some("Succeeded") => return None,
        Some("Failed") => {
            // With an owner it is the owner's affair: a Job counts its failures, a ReplicaSet makes another.
            let patience = if pod.owner_references().is_empty() {
                Tolerance::None
            } else {
                Tolerance::Endless
            };
            return problem(Cause::Failed, failure_of(pod), patience);
        }
        _ => {}
    }
    let conditions = status.conditions.iter().flatten();
    if let Some(unplaced) = conditions.clone().find(|condition| is_unschedulable(condition)) {
        let said = unplaced.message.as_deref().unwrap_or("no node takes it");
        return problem(
            Cause::Unschedulable,
            format!("can't be scheduled: {}", clipped(said)),
            patience_with_scheduler(said),
        );
    }
    let init = status.init_container_statuses.iter().flatten().map(|container| (container, true));
    let main = status.container_statuses.iter().flatten().map(|container| (container, false));
    init.chain(main).find_map(|(container, is_init)| {
        let node = pod.spec.as_ref().and_then(|spec| spec.node_name.as_deref());
        let (cause, why, patience) = trouble_of_container(container, is_init, node)?;
        let missing = matches!(cause, Cause::Image { .. })
            .then(|| MissingImage::of(pod, container))
            .flatten();
        Some(ObjectProblem { missing, ..problem(cause, why, patience)? })
    })
}

fn is_unschedulable(condition: &PodCondition) -> bool {
    condition.type_ == "PodScheduled"
        && condition.status == "False"
        && condition.reason.as_deref() == Some("Unschedulable")
}

/// A node that is coming up, a volume that is being made or a pod that is going away can still change the scheduler's mind; a
/// selector that no node has can't, but for someone's doing.
fn patience_with_scheduler(said: &str) -> Tolerance {
    let may_come = [
        "not-ready",
        "unreachable",
        "unbound immediate",
        "uninitialized",
        "disk-pressure",
        "memory-pressure",
    ];
    if may_come.iter().any(|word| said.contains(word)) {
        return Tolerance::seconds(60);
    }
    if said.contains("Insufficient")
        || said.contains("free ports")
        || said.contains("Too many pods")
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
            message.map(|text| format!(" ({})", clipped(text))).unwrap_or_default()
        );
    }
    let ended = status
        .into_iter()
        .flat_map(|status| status.container_statuses.iter().flatten())
        .find_map(|container| {
            let ended = container.state.as_ref()?.terminated.as_ref()?;
            (ended.exit_code != 0).then(|| {
                format!("failed: container {} ended with code {}", container.name, ended.exit_code)
            })
        });
    ended.unwrap_or_else(|| "failed".to_owned())
}

/// A pod as the plan names objects.
pub(super) fn pod_ref(pod: &Pod) -> ObjectRef {
    ObjectRef {
        api_version: "v1".to_owned(),
        kind: "Pod".to_owned(),
        namespace: pod.namespace(),
        name: pod.name_any(),
    }
}

/// One line, not too long.
pub(super) fn clipped(text: &str) -> String {
    const MOST: usize = 400;
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= MOST {
        return line;
    }
    let mut short: String = line.chars().take(MOST - 1).collect();
    short.push('…');
    short
}

#[cfg(test)]
#[path = "problem_tests.rs"]
mod tests;
