//! The cluster as it stood when a chapter ended: nodes, and what sits where.

use serde::{Deserialize, Serialize};

/// Nodes and what is on them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shape {
    /// In the order of their names, the control plane first.
    pub nodes: Vec<ShapeNode>,
    /// Pods, by namespace and name.
    pub pods: Vec<ShapePod>,
    /// Volumes that are bound to a node.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub volumes: Vec<ShapePlace>,
    /// Ingress rules: `namespace/name` and the hosts they serve.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ingresses: Vec<ShapePlace>,
}

/// A node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShapeNode {
    /// Its name.
    pub name: String,
    /// Is it a control plane?
    pub control_plane: bool,
    /// Does it say it is ready?
    pub ready: bool,
    /// Its kubelet's version.
    pub version: String,
}

/// A pod.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShapePod {
    /// Its namespace.
    pub namespace: String,
    /// Its name; hashes of its owners taken off.
    pub name: String,
    /// Where it runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// `Running`, `Pending` …
    pub phase: String,
    /// It listens on a port of its node: traffic from outside comes in here.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub host_ports: bool,
}

/// Something with a place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShapePlace {
    /// Who it belongs to, `namespace/name`.
    pub name: String,
    /// The node; none for what has no node.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// In a few words: its size, its hosts.
    pub what: String,
}
