//! The problems of one container, by its status, and the image that its node lacks.

use k8s_openapi::api::core::v1::{ContainerStateTerminated, ContainerStatus, Pod};

use super::{Cause, ObjectProblem, Tolerance, truncate_line};
use crate::cluster::Cluster;

/// The problem that keeps this container from running on its node: the cause, a message, and the
/// time for which it may last.
pub(super) fn problem_of_container(
    container: &ContainerStatus,
    is_init: bool,
    node: Option<&str>,
) -> Option<(Cause, String, Tolerance)> {
    let name = container.name.clone();
    let called =
        if is_init { format!("init container {name}") } else { format!("container {name}") };
    let waiting = container.state.as_ref().and_then(|state| state.waiting.as_ref());
    let Some(waiting) = waiting else { return failed_or_restarted(container, &called) };
    let message = waiting.message.as_deref().unwrap_or_default();
    let tolerance = match waiting.reason.as_deref()? {
        "InvalidImageName" => Tolerance::None,
        // After the first attempt (ErrImagePull) the kubelet makes further ones after 10 s, 20 s,
        // 40 s …
        "ImagePullBackOff" if is_refusal(message) => Tolerance::None,
        "ErrImagePull" if is_refusal(message) => Tolerance::seconds(5),
        "ErrImageNeverPull" => Tolerance::seconds(5),
        "ImagePullBackOff" | "ErrImagePull" | "RegistryUnavailable" | "ImageInspectError" => {
            Tolerance::seconds(25)
        }
        "CrashLoopBackOff" => return Some(crash(container, &called)),
        "CreateContainerConfigError" | "CreateContainerError" | "RunContainerError" => {
            let why = format!("{called} cannot be started: {}", truncate_line(message));
            return Some((Cause::Start { container: name }, why, start_tolerance(message)));
        }
        _ => return None,
    };
    let place = node.map(|node| format!(" on node {node}")).unwrap_or_default();
    let why = format!(
        "{called}: image {} cannot be pulled{place}: {}",
        container.image,
        truncate_line(registry_message(message))
    );
    Some((Cause::Image { container: name }, why, tolerance))
}

/// The problem of a container that is not waiting: it has just failed, or runs again after a
/// failure.
fn failed_or_restarted(
    container: &ContainerStatus,
    called: &str,
) -> Option<(Cause, String, Tolerance)> {
    let state = container.state.as_ref()?;
    let bad = |ended: &&ContainerStateTerminated| ended.exit_code != 0;
    let now = state.terminated.as_ref().filter(bad);
    let before =
        container.last_state.as_ref().and_then(|state| state.terminated.as_ref()).filter(bad);
    // A container that became ready again has recovered.
    let crashing =
        now.is_some() || (before.is_some() && !container.ready && container.restart_count > 0);
    crashing.then(|| crash(container, called))
}

/// The problem of a container that exits repeatedly.
///
/// The first restart follows at once, the next ones after 10 s and 20 s. Three restarts are half a
/// minute with the same result, whereas a program with one or two may be waiting for its database
/// in this way. A restart does not solve a lack of memory or a missing command.
fn crash(container: &ContainerStatus, called: &str) -> (Cause, String, Tolerance) {
    let name = container.name.clone();
    let ended = container
        .last_state
        .iter()
        .chain(&container.state)
        .filter_map(|state| state.terminated.as_ref())
        .next_back();
    if let Some(never_ran) = ended.filter(|ended| {
        matches!(ended.reason.as_deref(), Some("StartError" | "ContainerCannotRun"))
    }) {
        let message = never_ran.message.as_deref().unwrap_or("no reason given");
        return (
            Cause::Start { container: name },
            format!("{called} cannot be started: {}", truncate_line(message)),
            start_tolerance(message),
        );
    }
    let (how, is_certain) = match ended {
        Some(ended) if ended.reason.as_deref() == Some("OOMKilled") => {
            ("killed: out of memory (OOMKilled)".to_owned(), true)
        }
        Some(ended) if matches!(ended.exit_code, 126 | 127) => {
            (format!("exit code {}, no such command", ended.exit_code), true)
        }
        Some(ended) => (format!("exit code {}", ended.exit_code), false),
        None => ("its exit code is unknown".to_owned(), false),
    };
    let (tolerance, why) = match container.restart_count {
        0 => (Tolerance::Indefinite, format!("{called} has exited ({how})")),
        1 => (Tolerance::Indefinite, format!("{called} crashes ({how}, 1 restart)")),
        2 if !is_certain => {
            (Tolerance::Indefinite, format!("{called} crashes ({how}, 2 restarts)"))
        }
        restarts => (Tolerance::None, format!("{called} crashes ({how}, {restarts} restarts)")),
    };
    (Cause::Crash { container: name }, why, tolerance)
}

/// The tolerance of a start error: a missing Secret or ConfigMap may be applied next, but a command
/// that is not in the image will not appear.
fn start_tolerance(message: &str) -> Tolerance {
    if message.contains("executable file not found")
        || message.contains("no such file or directory")
        || message.contains("permission denied")
    {
        return Tolerance::seconds(5);
    }
    Tolerance::seconds(15)
}

/// Whether the registry refused the image. Otherwise it could not be reached.
fn is_refusal(message: &str) -> bool {
    let lower = message.to_ascii_lowercase();
    let refusals = [
        "not found",
        "manifest unknown",
        "denied",
        "unauthorized",
        "forbidden",
        "insufficient_scope",
        "invalid reference",
    ];
    refusals.iter().any(|word| lower.contains(word))
}

/// The registry's own message inside the kubelet's: `Back-off pulling image "x": ErrImagePull: …` → `…`.
fn registry_message(message: &str) -> &str {
    let after = message.split_once("ErrImagePull: ").map_or(message, |(_, after)| after);
    after.split_once(" desc = ").map_or(after, |(_, words)| words)
}

/// An image that a node needs and cannot pull.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissingImage {
    /// The name in the manifest.
    pub image: String,
    /// The node that needs it.
    pub node: String,
}

impl Cluster {
    /// The hint, if loading an image onto a node solves the problem, as one line.
    pub fn hint_for(&self, problem: &ObjectProblem) -> Option<String> {
        problem.missing_image.as_ref().map(|missing| missing.hint(self.access.context.as_deref()))
    }
}

impl MissingImage {
    /// The image of a container that waits for it. `None` if loading it would not help, because no
    /// node was chosen, each start pulls the image again, or the image's name is invalid.
    pub(super) fn of(pod: &Pod, container: &ContainerStatus) -> Option<Self> {
        let waiting = container.state.as_ref()?.waiting.as_ref()?;
        if waiting.reason.as_deref() == Some("InvalidImageName") {
            return None;
        }
        let spec = pod.spec.as_ref()?;
        let mut all = spec.init_containers.iter().flatten().chain(&spec.containers);
        let written = all.find(|written| written.name == container.name)?;
        let image = written.image.clone().unwrap_or_else(|| container.image.clone());
        let policy = written.image_pull_policy.as_deref();
        (policy != Some("Always")).then_some(Self { image, node: spec.node_name.clone()? })
    }

    /// The hint `image X is not on node Y: load it with …`. The context of a kind cluster contains
    /// the cluster's name.
    pub(in crate::cluster) fn hint(&self, context: Option<&str>) -> String {
        let Self { image, node } = self;
        match context.and_then(|context| context.strip_prefix("kind-")) {
            Some(cluster) => {
                format!(
                    "image {image} is not on node {node}: `kind load docker-image {image} --name {cluster} --nodes {node}`"
                )
            }
            None => format!(
                "image {image} is not on node {node}: load it there, or use one that the node can pull"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::health::problem_of_pod;
    use serde_json::json;

    fn pod(policy: &str, node: Option<&str>, reason: &str) -> Pod {
        serde_json::from_value(json!({"metadata": {"name": "web-1", "namespace": "shop"},
            "spec": {"nodeName": node, "containers": [{"name": "web", "image": "shop/web:1", "imagePullPolicy": policy}]},
            "status": {"phase": "Pending", "containerStatuses": [{"name": "web", "image": "shop/web:1", "imageID": "",
                "ready": false, "restartCount": 0, "state": {"waiting": {"reason": reason, "message": "no route to host"}}}]}}))
        .unwrap()
    }

    #[test]
    fn a_missing_image_has_a_hint_that_names_its_node_and_the_command() {
        for reason in ["ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull"] {
            let problem = problem_of_pod(&pod("IfNotPresent", Some("lab-worker"), reason)).unwrap();
            assert!(
                problem.why.contains("image shop/web:1 cannot be pulled on node lab-worker: "),
                "{}",
                problem.why
            );
            let missing = problem.missing_image.unwrap();
            assert_eq!(
                missing.hint(Some("kind-lab")),
                "image shop/web:1 is not on node lab-worker: `kind load docker-image shop/web:1 --name lab --nodes lab-worker`"
            );
            assert!(
                missing
                    .hint(Some("oke"))
                    .ends_with("load it there, or use one that the node can pull")
            );
        }
    }

    #[test]
    fn there_is_no_hint_if_loading_would_not_help() {
        assert_eq!(
            problem_of_pod(&pod("Always", Some("lab-worker"), "ErrImagePull"))
                .unwrap()
                .missing_image,
            None
        );
        assert_eq!(
            problem_of_pod(&pod("IfNotPresent", None, "ErrImagePull")).unwrap().missing_image,
            None
        );
        assert_eq!(
            problem_of_pod(&pod("IfNotPresent", Some("lab-worker"), "InvalidImageName"))
                .unwrap()
                .missing_image,
            None
        );
    }
}
