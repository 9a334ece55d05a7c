//! Finds out whether the cluster's node containers are stopped. When the API does not answer, only
//! the container engine shows that.

use std::time::Duration;

use super::{Access, Cluster};
use crate::probe::probe;

impl Cluster {
    /// The stopped node containers, and the command that starts them. The API may still answer if
    /// only some are stopped.
    pub fn hibernation_hint(&self) -> Option<String> {
        hint_of(&stopped_nodes(&self.access))
    }
}

fn hint_of(stopped: &[String]) -> Option<String> {
    let (verb, names) = (if stopped.len() == 1 { "is" } else { "are" }, stopped.join(" "));
    (!stopped.is_empty())
        .then(|| format!("{} {verb} stopped: `docker start {names}`", stopped.join(", ")))
}

/// A line of the engine's list.
#[derive(Debug, PartialEq, Eq)]
struct NodeContainer<'a> {
    name: &'a str,
    state: &'a str,
    cluster: &'a str,
}

/// The stopped node containers of this cluster, sorted. The list is empty when there are none or the engine does not answer.
pub(super) fn stopped_nodes(access: &Access) -> Vec<String> {
    let format = "{{.Names}}\t{{.State}}\t{{.Label \"io.x-k8s.kind.cluster\"}}";
    let arguments = ["ps", "--all", "--filter", "label=io.x-k8s.kind.cluster", "--format", format];
    let Ok(answer) = probe("docker", &arguments, Duration::from_secs(2)) else { return Vec::new() };
    stopped_of(&answer.stdout, access.context.as_deref(), &access.known_nodes)
}

/// The listed containers that belong to this cluster (by the kept node names or the context's name) and do not run.
fn stopped_of(listing: &str, context: Option<&str>, known_nodes: &[String]) -> Vec<String> {
    let cluster = context.and_then(|context| context.strip_prefix("kind-"));
    let ours = |node: &NodeContainer| {
        known_nodes.iter().any(|known| known == node.name)
            || cluster.is_some_and(|cluster| cluster == node.cluster)
    };
    let mut names: Vec<String> = listing
        .lines()
        .filter_map(read_line)
        .filter(|node| node.state != "running" && ours(node))
        .map(|node| node.name.to_owned())
        .collect();
    names.sort();
    names
}

fn read_line(line: &str) -> Option<NodeContainer<'_>> {
    let mut parts = line.split('\t');
    Some(NodeContainer { name: parts.next()?, state: parts.next()?, cluster: parts.next()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LISTING: &str = "lab-worker\texited\tlab\nlab-control-plane\texited\tlab\nother-control-plane\texited\tother\n";

    #[test]
    fn the_context_s_stopped_nodes_are_named_in_order() {
        assert_eq!(stopped_of(LISTING, Some("kind-lab"), &[]), ["lab-control-plane", "lab-worker"]);
    }

    #[test]
    fn kept_node_names_identify_nodes_under_any_context() {
        assert_eq!(
            stopped_of(LISTING, Some("renamed"), &["other-control-plane".to_owned()]),
            ["other-control-plane"]
        );
    }

    #[test]
    fn running_nodes_and_nodes_of_other_clusters_are_not_named() {
        assert!(stopped_of("lab-worker\trunning\tlab\n", Some("kind-lab"), &[]).is_empty());
        assert!(stopped_of(LISTING, Some("kind-nobody"), &[]).is_empty());
        assert!(stopped_of("garbage", Some("kind-lab"), &[]).is_empty());
    }

    #[test]
    fn the_hint_names_the_stopped_nodes_and_what_starts_them() {
        assert_eq!(hint_of(&[]), None);
        let one = hint_of(&["lab-worker".to_owned()]).unwrap();
        assert_eq!(one, "lab-worker is stopped: `docker start lab-worker`");
        let two = hint_of(&["lab-control-plane".to_owned(), "lab-worker".to_owned()]).unwrap();
        assert_eq!(
            two,
            "lab-control-plane, lab-worker are stopped: `docker start lab-control-plane lab-worker`"
        );
    }
}
