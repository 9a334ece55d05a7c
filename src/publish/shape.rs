//! The topology of the cluster as a picture: one box for each node, with its pods, the entry of traffic, and volumes.
//! The boxes flow instead of having a fixed width, so that names are readable on a phone.

use std::collections::BTreeMap;

use minijinja::{Value, context};

use super::html::render;
use super::view::Own;
use crate::topology::{Topology, TopologyNode, TopologyPlace, TopologyPod};

struct Chip {
    class: &'static str,
    text: String,
}

/// The picture of the part of the cluster that belongs to the book.
pub(super) fn shape(whole: &Topology, own: &Own) -> String {
    let shape = &own_part(whole, own);
    if shape.nodes.is_empty() {
        return String::new();
    }
    let node = |node: &TopologyNode| {
        let role = if node.control_plane { "control plane" } else { "worker" };
        let ready = if node.ready { "" } else { ", not ready" };
        let chips: Vec<Value> = chips(shape, &node.name)
            .into_iter()
            .map(|Chip { class, text }| context! { class, text })
            .collect();
        context! { name => node.name.as_str(), facts => format!("{role}, {}{ready}", node.version), chips }
    };
    render(
        "pictures",
        context! {
            label => summary(shape),
            nodes => shape.nodes.iter().map(node).collect::<Vec<_>>(),
            table => "Where everything is, as a table",
            table_label => "Where everything is",
            columns => ["what", "name", "node"],
            heading_column => 1,
            rows => rows(shape),
        },
    )
}

/// The pods, volumes and ingresses of the book, those of the cluster itself, and the nodes with pods or volumes of the book.
fn own_part(whole: &Topology, own: &Own) -> Topology {
    let is_own = |namespace: &str| own.namespaces.contains(namespace);
    let place_is_own =
        |place: &TopologyPlace| is_own(place.name.split('/').next().unwrap_or_default());
    let pod_is_own =
        |pod: &TopologyPod| is_own(&pod.namespace) || (own.nodes && is_system(&pod.namespace));
    let mut part = whole.clone();
    part.pods.retain(pod_is_own);
    part.volumes.retain(place_is_own);
    part.ingresses.retain(place_is_own);
    let here = |name: &String, place: &Option<String>| place.as_ref() == Some(name);
    let (pods, volumes) = (&part.pods, &part.volumes);
    part.nodes.retain(|node| {
        own.nodes
            || pods.iter().any(|pod| here(&node.name, &pod.node))
            || volumes.iter().any(|volume| here(&node.name, &volume.node))
    });
    part
}

/// The labels of a node: the pods of the book by name, equal ones once, and the number of pods of the cluster itself.
fn chips(shape: &Topology, node: &str) -> Vec<Chip> {
    let mut chips = Vec::new();
    let here = |pod: &&TopologyPod| pod.node.as_deref() == Some(node);
    let mut own: BTreeMap<(bool, String, &str), usize> = BTreeMap::new();
    let mut system = 0;
    for pod in shape.pods.iter().filter(here) {
        if is_system(&pod.namespace) && !pod.host_ports {
            system += 1;
        } else {
            *own.entry((!pod.host_ports, format!("{}/{}", pod.namespace, pod.name), &pod.phase))
                .or_default() += 1;
        }
    }
    for ((inside, name, phase), count) in own {
        let times = if count > 1 { format!(" ×{count}") } else { String::new() };
        let state = if phase == "Running" { String::new() } else { format!(" ({phase})") };
        let (class, mark) = if inside { ("g-chip", "") } else { ("g-chip g-entry", "⇥ ") };
        chips.push(Chip { class, text: format!("{mark}{name}{times}{state}") });
    }
    for volume in shape.volumes.iter().filter(|volume| volume.node.as_deref() == Some(node)) {
        chips.push(Chip {
            class: "g-chip g-volume",
            text: format!("▤ {} {}", volume.name, volume.what),
        });
    }
    if system > 0 {
        chips.push(Chip {
            class: "g-chip g-system",
            text: format!("{system} of the cluster's own"),
        });
    }
    chips
}

fn is_system(namespace: &str) -> bool {
    matches!(namespace, "kube-system" | "kube-public" | "kube-node-lease" | "local-path-storage")
}

fn summary(shape: &Topology) -> String {
    let entries = shape.pods.iter().filter(|pod| pod.host_ports);
    let mut parts = vec![format!("{} nodes, {} pods", shape.nodes.len(), shape.pods.len())];
    parts.extend(entries.map(|pod| {
        format!("traffic comes in at {} on {}", pod.name, pod.node.as_deref().unwrap_or("no node"))
    }));
    let bound = shape.volumes.iter().filter_map(|volume| {
        Some(format!("volume {} is bound to {}", volume.name, volume.node.as_ref()?))
    });
    parts.extend(bound);
    parts.join("; ")
}

fn rows(shape: &Topology) -> Vec<[String; 3]> {
    let mut rows: BTreeMap<(String, String, &str), usize> = BTreeMap::new();
    for pod in shape.pods.iter().filter(|pod| !is_system(&pod.namespace) || pod.host_ports) {
        let node = pod.node.clone().unwrap_or_default();
        *rows.entry((format!("{}/{}", pod.namespace, pod.name), node, "pod")).or_default() += 1;
    }
    for volume in &shape.volumes {
        *rows
            .entry((
                format!("{} {}", volume.name, volume.what),
                volume.node.clone().unwrap_or_default(),
                "volume",
            ))
            .or_default() += 1;
    }
    for ingress in &shape.ingresses {
        *rows
            .entry((format!("{}: {}", ingress.name, ingress.what), String::new(), "ingress"))
            .or_default() += 1;
    }
    let row = |((name, node, what), count): ((String, String, &str), usize)| {
        let times = if count > 1 { format!(" ×{count}") } else { String::new() };
        [what.to_owned(), format!("{name}{times}"), node]
    };
    rows.into_iter().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::topology::TopologyNode;

    #[test]
    fn a_picture_shows_where_traffic_enters_and_where_a_volume_is() {
        let node = |name: &str| TopologyNode {
            name: name.into(),
            control_plane: name == "cp",
            ready: true,
            version: "v1.35.0".into(),
        };
        let pod = |name: &str, node: &str, host_ports| TopologyPod {
            namespace: "a".into(),
            name: name.into(),
            node: Some(node.into()),
            phase: "Running".into(),
            host_ports,
        };
        let seen = Topology {
            nodes: vec![node("cp"), node("w2")],
            pods: vec![
                pod("ingress", "cp", true),
                pod("web", "w2", false),
                pod("web", "w2", false),
            ],
            volumes: vec![TopologyPlace {
                name: "a/data".into(),
                node: Some("w2".into()),
                what: "1Gi".into(),
            }],
            ingresses: vec![],
        };
        let own = Own { namespaces: ["a".to_owned()].into(), nodes: true };
        let html = shape(&seen, &own);
        assert!(html.contains("traffic comes in at ingress on cp; volume a/data is bound to w2"));
        assert!(
            html.contains("⇥ a/ingress")
                && html.contains("a/web ×2")
                && html.contains("▤ a/data 1Gi")
        );
        assert!(!html.contains('\n'));
        assert_eq!(shape(&Topology::default(), &own), "");
    }

    #[test]
    fn other_people_s_pods_and_nodes_are_not_shown() {
        let node = |name: &str| TopologyNode {
            name: name.into(),
            control_plane: false,
            ready: true,
            version: "v1.35.0".into(),
        };
        let pod = |namespace: &str, node: &str| TopologyPod {
            namespace: namespace.into(),
            name: format!("{namespace}-pod"),
            node: Some(node.into()),
            phase: "Running".into(),
            host_ports: namespace == "traefik",
        };
        let place = |name: &str| TopologyPlace {
            name: name.into(),
            node: Some("n2".into()),
            what: "1Gi".into(),
        };
        let seen = Topology {
            nodes: vec![node("n1"), node("n2"), node("n3")],
            pods: vec![
                pod("mine", "n1"),
                pod("payroll", "n2"),
                pod("traefik", "n3"),
                pod("kube-system", "n3"),
            ],
            volumes: vec![place("payroll/data")],
            ingresses: vec![place("payroll/web")],
        };
        let html = shape(&seen, &Own { namespaces: ["mine".to_owned()].into(), nodes: false });
        assert!(html.contains("mine/mine-pod") && html.contains("<strong>n1</strong>"), "{html}");
        for others in ["payroll", "traefik", "n2", "n3", "kube-system"] {
            assert!(!html.contains(others), "{others}: {html}");
        }
        let whole = shape(&seen, &Own { namespaces: ["mine".to_owned()].into(), nodes: true });
        assert!(
            whole.contains("<strong>n3</strong>")
                && !whole.contains("payroll")
                && !whole.contains("traefik"),
            "{whole}"
        );
    }
}
