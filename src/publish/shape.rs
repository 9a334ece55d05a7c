//! The cluster's shape as a picture: a box a node, in it its pods, and where traffic comes in and volumes sit.

use std::collections::BTreeMap;

use super::html::{id, text};
use crate::recording::{Shape, ShapePod};

const WIDTH: f64 = 720.0;
const PAD: f64 = 10.0;
const CHIP: f64 = 20.0;
const GAP: f64 = 6.0;
/// About as wide as one character of a chip.
const CHARACTER: f64 = 6.6;

struct Chip {
    class: &'static str,
    text: String,
}

/// The figure.
pub fn shape(shape: &Shape, name: &str) -> String {
    if shape.nodes.is_empty() {
        return String::new();
    }
    let mut body = String::new();
    let mut top = 4.0;
    for node in &shape.nodes {
        let chips = chips(shape, &node.name);
        let (drawn, height) = place(&chips, top + 30.0);
        let ready = if node.ready { "" } else { ", not ready" };
        let role = if node.control_plane { "control plane" } else { "worker" };
        body.push_str(&format!(
            "<rect class=\"g-node\" x=\"1\" y=\"{top:.1}\" width=\"{:.1}\" height=\"{:.1}\" rx=\"6\"></rect>",
            WIDTH - 2.0,
            height + 38.0
        ));
        body.push_str(&format!("<text class=\"g-node-name\" x=\"{PAD}\" y=\"{:.1}\">{}</text>", top + 19.0, text(&node.name)));
        body.push_str(&format!(
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{role}, {}{ready}</text>",
            WIDTH - PAD,
            top + 19.0,
            text(&node.version)
        ));
        body.push_str(&drawn);
        top += height + 48.0;
    }
    let title = summary(shape);
    let anchor = format!("shape-{}", id(name));
    let svg = format!(
        "<svg class=\"g-shape\" viewBox=\"0 0 {WIDTH} {top:.0}\" role=\"img\" aria-labelledby=\"{anchor}\"><title id=\"{anchor}\">{}</title>{body}</svg>",
        text(&title)
    );
    format!(
        "<div class=\"g-picture\"><div class=\"g-scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Shape of the cluster\">{svg}</div>{}</div>",
        table(shape)
    )
}

/// Pods of the cluster's own are counted; the book's are named, equal ones once.
fn chips(shape: &Shape, node: &str) -> Vec<Chip> {
    let mut chips = Vec::new();
    let here = |pod: &&ShapePod| pod.node.as_deref() == Some(node);
    let mut own: BTreeMap<(bool, String, &str), usize> = BTreeMap::new();
    let mut system = 0;
    for pod in shape.pods.iter().filter(here) {
        if is_system(&pod.namespace) && !pod.host_ports {
            system += 1;
        } else {
            *own.entry((!pod.host_ports, format!("{}/{}", pod.namespace, pod.name), &pod.phase)).or_default() += 1;
        }
    }
    for ((inside, name, phase), count) in own {
        let times = if count > 1 { format!(" ×{count}") } else { String::new() };
        let state = if phase == "Running" { String::new() } else { format!(" ({phase})") };
        let (class, mark) = if inside { ("g-chip", "") } else { ("g-chip g-entry", "⇥ ") };
        chips.push(Chip { class, text: format!("{mark}{name}{times}{state}") });
    }
    for volume in shape.volumes.iter().filter(|volume| volume.node.as_deref() == Some(node)) {
        chips.push(Chip { class: "g-chip g-volume", text: format!("▤ {} {}", volume.name, volume.what) });
    }
    if system > 0 {
        chips.push(Chip { class: "g-chip g-system", text: format!("{system} of the cluster's own") });
    }
    chips
}

fn is_system(namespace: &str) -> bool {
    matches!(namespace, "kube-system" | "kube-public" | "kube-node-lease" | "local-path-storage")
}

/// Chips in rows, and the height they need.
fn place(chips: &[Chip], top: f64) -> (String, f64) {
    let (mut x, mut y) = (PAD, top);
    let mut drawn = String::new();
    for chip in chips {
        let width = (chip.text.chars().count() as f64 * CHARACTER + 14.0).min(WIDTH - 2.0 * PAD);
        if x + width > WIDTH - PAD && x > PAD {
            x = PAD;
            y += CHIP + GAP;
        }
        drawn.push_str(&format!(
            "<rect class=\"{}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{CHIP}\" rx=\"4\"></rect>",
            chip.class
        ));
        drawn.push_str(&format!("<text x=\"{:.1}\" y=\"{:.1}\">{}</text>", x + 7.0, y + 14.0, text(&chip.text)));
        x += width + GAP;
    }
    (drawn, if chips.is_empty() { 0.0 } else { y - top + CHIP })
}

fn summary(shape: &Shape) -> String {
    let entries = shape.pods.iter().filter(|pod| pod.host_ports);
    let mut told = vec![format!("{} nodes, {} pods", shape.nodes.len(), shape.pods.len())];
    told.extend(entries.map(|pod| format!("traffic comes in at {} on {}", pod.name, pod.node.as_deref().unwrap_or("no node"))));
    let bound =
        shape.volumes.iter().filter_map(|volume| Some(format!("volume {} is bound to {}", volume.name, volume.node.as_ref()?)));
    told.extend(bound);
    told.join("; ")
}

fn table(shape: &Shape) -> String {
    let mut rows: BTreeMap<(String, String, &str), usize> = BTreeMap::new();
    for pod in shape.pods.iter().filter(|pod| !is_system(&pod.namespace) || pod.host_ports) {
        let node = pod.node.clone().unwrap_or_default();
        *rows.entry((format!("{}/{}", pod.namespace, pod.name), node, "pod")).or_default() += 1;
    }
    for volume in &shape.volumes {
        *rows
            .entry((format!("{} {}", volume.name, volume.what), volume.node.clone().unwrap_or_default(), "volume"))
            .or_default() += 1;
    }
    for ingress in &shape.ingresses {
        *rows.entry((format!("{}: {}", ingress.name, ingress.what), String::new(), "ingress")).or_default() += 1;
    }
    if rows.is_empty() {
        return String::new();
    }
    let row = |((name, node, what), count): (&(String, String, &str), &usize)| {
        let times = if *count > 1 { format!(" ×{count}") } else { String::new() };
        format!("<tr><td>{what}</td><th scope=\"row\">{}{times}</th><td>{}</td></tr>", text(name), text(node))
    };
    let rows: String = rows.iter().map(row).collect();
    format!(
        "<details class=\"g-table\"><summary>What sits where, as a table</summary><div class=\"g-scroll\" tabindex=\"0\" role=\"region\" aria-label=\"What sits where\"><table><thead><tr><th scope=\"col\">what</th><th scope=\"col\">name</th><th scope=\"col\">node</th></tr></thead><tbody>{rows}</tbody></table></div></details>"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recording::{ShapeNode, ShapePlace};

    #[test]
    fn a_picture_shows_where_traffic_comes_in_and_where_a_volume_sits() {
        let node =
            |name: &str| ShapeNode { name: name.into(), control_plane: name == "cp", ready: true, version: "v1.35.0".into() };
        let pod = |name: &str, node: &str, host_ports| ShapePod {
            namespace: "a".into(),
            name: name.into(),
            node: Some(node.into()),
            phase: "Running".into(),
            host_ports,
        };
        let seen = Shape {
            nodes: vec![node("cp"), node("w2")],
            pods: vec![pod("ingress", "cp", true), pod("web", "w2", false), pod("web", "w2", false)],
            volumes: vec![ShapePlace { name: "a/data".into(), node: Some("w2".into()), what: "1Gi".into() }],
            ingresses: vec![],
        };
        let html = shape(&seen, "c");
        assert!(html.contains("traffic comes in at ingress on cp; volume a/data is bound to w2"));
        assert!(html.contains("⇥ a/ingress") && html.contains("a/web ×2") && html.contains("▤ a/data 1Gi"));
        assert!(!html.contains('\n'));
        assert_eq!(shape(&Shape::default(), "c"), "");
    }
}
