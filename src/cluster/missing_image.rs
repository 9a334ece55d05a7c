//! An image that a node has not and can't pull: which, where, and the command that brings it there. Pure.

use k8s_openapi::api::core::v1::{ContainerStatus, Pod};

use super::Cluster;
use super::problem::ObjectProblem;

/// An image that has to be brought to a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissingImage {
    /// As the manifest names it.
    pub image: String,
    /// The node that was to run it.
    pub node: String,
}

impl Cluster {
    /// For an image that a node has not: says so, and what loads it there. One line.
    pub fn cure_of(&self, problem: &ObjectProblem) -> Option<String> {
        problem.missing.as_ref().map(|missing| missing.cure(self.access.context.as_deref()))
    }
}

impl MissingImage {
    /// Of a container that waits for its image. `None` where having it on the node would not help: no node was chosen, or each
    /// start asks the registry anew, or no image can be named so.
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

    /// `image X is not on node Y: load it with …`. kind's contexts are named after their cluster.
    pub(super) fn cure(&self, context: Option<&str>) -> String {
        let Self { image, node } = self;
        match context.and_then(|context| context.strip_prefix("kind-")) {
            Some(cluster) => {
                format!(
                    "image {image} is not on node {node}: `kind load docker-image {image} --name {cluster} --nodes {node}`"
                )
            }
            None => format!(
                "image {image} is not on node {node}: load it there, or name one that the node can pull"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::problem::trouble_of_pod;
    use serde_json::json;

    fn pod(policy: &str, node: Option<&str>, reason: &str) -> Pod {
        serde_json::from_value(json!({"metadata": {"name": "web-1", "namespace": "shop"},
            "spec": {"nodeName": node, "containers": [{"name": "web", "image": "shop/web:1", "imagePullPolicy": policy}]},
            "status": {"phase": "Pending", "containerStatuses": [{"name": "web", "image": "shop/web:1", "imageID": "",
                "ready": false, "restartCount": 0, "state": {"waiting": {"reason": reason, "message": "no route to host"}}}]}}))
        .unwrap()
    }

    #[test]
    fn a_missing_image_is_told_with_its_node_and_what_loads_it() {
        for reason in ["ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull"] {
            let problem = trouble_of_pod(&pod("IfNotPresent", Some("lab-worker"), reason)).unwrap();
            assert!(
                problem.why.contains("image shop/web:1 can't be pulled on node lab-worker: "),
                "{}",
                problem.why
            );
            let missing = problem.missing.unwrap();
            assert_eq!(
                missing.cure(Some("kind-lab")),
                "image shop/web:1 is not on node lab-worker: `kind load docker-image shop/web:1 --name lab --nodes lab-worker`"
            );
            assert!(
                missing
                    .cure(Some("oke"))
                    .ends_with("load it there, or name one that the node can pull")
            );
        }
    }

    #[test]
    fn where_loading_would_not_help_nothing_of_it_is_said() {
        assert_eq!(
            trouble_of_pod(&pod("Always", Some("lab-worker"), "ErrImagePull")).unwrap().missing,
            None
        );
        assert_eq!(
            trouble_of_pod(&pod("IfNotPresent", None, "ErrImagePull")).unwrap().missing,
            None
        );
        assert_eq!(
            trouble_of_pod(&pod("IfNotPresent", Some("lab-worker"), "InvalidImageName"))
                .unwrap()
                .missing,
            None
        );
    }
}
