//! The cluster's topology at the end of a chapter: its nodes, and what runs or lies where.

use serde::{Deserialize, Serialize};

/// The nodes of a cluster and what is on them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Topology {
    /// The nodes by name, the control plane first.
    pub nodes: Vec<TopologyNode>,
    /// The pods by namespace and name.
    pub pods: Vec<TopologyPod>,
    /// The volumes that are bound to a claim.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub volumes: Vec<TopologyPlace>,
    /// The ingresses with the hosts they serve.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ingresses: Vec<TopologyPlace>,
}

/// A node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TopologyNode {
    pub name: String,
    pub control_plane: bool,
    /// Whether its `Ready` condition is true.
    pub ready: bool,
    /// The version of its kubelet.
    pub version: String,
}

/// A pod.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TopologyPod {
    pub namespace: String,
    /// The name without the hashes of the owners.
    pub name: String,
    /// The node it runs on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// `Running`, `Pending` …
    pub phase: String,
    /// The pod listens on a port of its node, so that traffic from outside enters here.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub host_ports: bool,
}

/// A volume or an ingress.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TopologyPlace {
    /// `namespace/name` of the claim or the ingress.
    pub name: String,
    /// The node it is bound to, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// The size of a volume, or the hosts of an ingress.
    pub what: String,
}
