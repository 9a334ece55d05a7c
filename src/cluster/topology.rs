//! Reads the cluster's topology: nodes, pods, ingresses and volumes. It sends four list requests at a chapter's end.

use std::time::Duration;

use k8s_openapi::api::core::v1::{Node, PersistentVolume, Pod};
use k8s_openapi::api::networking::v1::Ingress;
use kube::ResourceExt;
use kube::api::{Api, ListParams};

use super::Cluster;
use super::client::Connection;
use super::error::ClusterError;
use crate::topology::{Topology, TopologyNode, TopologyPlace, TopologyPod};

/// The time limit, because the end of a chapter must not be delayed for a picture.
const LIMIT: Duration = Duration::from_secs(3);
/// A picture with more pods than this would be unreadable.
const MOST_PODS: u32 = 400;

impl Cluster {
    /// The topology of the cluster. `None` if the cluster does not answer.
    pub fn topology(&self) -> Option<Topology> {
        self.request(LIMIT, |connection| async move { topology(&connection).await }).ok()
    }
}

async fn topology(connection: &Connection) -> Result<Topology, ClusterError> {
    let nodes = list::<Node>(connection).await?;
    let pods = list::<Pod>(connection).await?;
    let volumes = list::<PersistentVolume>(connection).await?;
    let ingresses = list::<Ingress>(connection).await?;
    let mut topology = Topology {
        nodes: nodes.iter().map(of_node).collect(),
        pods: pods.iter().map(of_pod).collect(),
        volumes: volumes.iter().filter_map(of_volume).collect(),
        ingresses: ingresses.iter().map(of_ingress).collect(),
    };
    topology.nodes.sort_by_key(|node| (!node.control_plane, node.name.clone()));
    topology
        .pods
        .sort_by(|a, b| (&a.namespace, &a.name, &a.node).cmp(&(&b.namespace, &b.name, &b.node)));
    topology.volumes.sort_by(|a, b| a.name.cmp(&b.name));
    topology.ingresses.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(topology)
}

async fn list<K>(connection: &Connection) -> Result<Vec<K>, ClusterError>
where
    K: kube::Resource<DynamicType = ()> + Clone + serde::de::DeserializeOwned + std::fmt::Debug,
{
    let answer = Api::<K>::all(connection.client.clone())
        .list(&ListParams::default().limit(MOST_PODS))
        .await;
    Ok(answer
        .map_err(|error| {
            ClusterError::from_kube(&error, "listing nodes, pods, volumes and ingresses")
        })?
        .items)
}

fn of_node(node: &Node) -> TopologyNode {
    let status = node.status.as_ref();
    let conditions = status.and_then(|status| status.conditions.as_ref()).into_iter().flatten();
    TopologyNode {
        name: node.name_any(),
        control_plane: node.labels().contains_key("node-role.kubernetes.io/control-plane"),
        ready: conditions
            .into_iter()
            .any(|condition| condition.type_ == "Ready" && condition.status == "True"),
        version: status
            .and_then(|status| status.node_info.as_ref())
            .map_or(String::new(), |info| info.kubelet_version.clone()),
    }
}

fn of_pod(pod: &Pod) -> TopologyPod {
    let spec = pod.spec.as_ref();
    let ports = spec
        .into_iter()
        .flat_map(|spec| &spec.containers)
        .flat_map(|container| container.ports.iter().flatten());
    let mut ports = ports;
    let on_host = spec.and_then(|spec| spec.host_network).unwrap_or(false);
    TopologyPod {
        namespace: pod.namespace().unwrap_or_default(),
        name: without_hash(
            &pod.name_any(),
            pod.labels().get("pod-template-hash").map(String::as_str),
        ),
        node: spec.and_then(|spec| spec.node_name.clone()),
        phase: pod.status.as_ref().and_then(|status| status.phase.clone()).unwrap_or_default(),
        host_ports: !on_host && ports.any(|port| port.host_port.is_some_and(|port| port > 0)),
    }
}

/// `web-6d4f8b7c9d-x2x7p` is shown as `web`, because the suffix is different in every run.
fn without_hash(name: &str, hash: Option<&str>) -> String {
    match hash.and_then(|hash| name.find(&format!("-{hash}"))) {
        Some(at) => name[..at].to_owned(),
        None => name.to_owned(),
    }
}

fn of_volume(volume: &PersistentVolume) -> Option<TopologyPlace> {
    let spec = volume.spec.as_ref()?;
    let claim = spec.claim_ref.as_ref()?;
    let terms = spec
        .node_affinity
        .iter()
        .filter_map(|affinity| affinity.required.as_ref())
        .flat_map(|required| &required.node_selector_terms);
    let expressions = terms.flat_map(|term| term.match_expressions.iter().flatten());
    let mut hosts = expressions
        .filter(|one| one.key == "kubernetes.io/hostname")
        .flat_map(|one| one.values.iter().flatten());
    let size = spec
        .capacity
        .as_ref()
        .and_then(|capacity| capacity.get("storage"))
        .map_or(String::new(), |size| size.0.clone());
    Some(TopologyPlace {
        name: format!(
            "{}/{}",
            claim.namespace.as_deref().unwrap_or_default(),
            claim.name.as_deref().unwrap_or_default()
        ),
        node: hosts.next().cloned(),
        what: size,
    })
}

fn of_ingress(ingress: &Ingress) -> TopologyPlace {
    let rules = ingress.spec.iter().flat_map(|spec| spec.rules.iter().flatten());
    let hosts: Vec<String> =
        rules.map(|rule| rule.host.clone().unwrap_or_else(|| "every host".to_owned())).collect();
    TopologyPlace {
        name: format!("{}/{}", ingress.namespace().unwrap_or_default(), ingress.name_any()),
        node: None,
        what: hosts.join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from<K: serde::de::DeserializeOwned>(yaml: &str) -> K {
        serde_yaml::from_str(yaml).unwrap()
    }

    #[test]
    fn a_pod_is_named_without_its_hash_and_shows_its_host_port() {
        let pod: Pod = from(
            "metadata: {name: web-6d4f-x2x7p, namespace: a, labels: {pod-template-hash: 6d4f}}\n\
             spec: {nodeName: n1, containers: [{name: c, ports: [{containerPort: 80, hostPort: 80}]}]}\nstatus: {phase: Running}",
        );
        let expected = TopologyPod {
            namespace: "a".into(),
            name: "web".into(),
            node: Some("n1".into()),
            phase: "Running".into(),
            host_ports: true,
        };
        assert_eq!(of_pod(&pod), expected);
    }

    #[test]
    fn a_volume_names_its_claim_and_the_node_it_is_bound_to() {
        let volume: PersistentVolume = from(
            "spec:\n  capacity: {storage: 1Gi}\n  claimRef: {namespace: db, name: data}\n  nodeAffinity: {required: {nodeSelectorTerms: \
             [{matchExpressions: [{key: kubernetes.io/hostname, operator: In, values: [worker2]}]}]}}",
        );
        let expected = TopologyPlace {
            name: "db/data".into(),
            node: Some("worker2".into()),
            what: "1Gi".into(),
        };
        assert_eq!(of_volume(&volume), Some(expected));
        assert_eq!(of_volume(&from("spec: {}")), None);
    }
}
