//! The World Tree's own files: what stands in two places, because a shell and a YAML file both have to read it, is the same.

use std::collections::BTreeMap;

use serde_yaml::Value;

/// A pin of the lab, and where the book's values name the same thing (profile `sealed`).
const TWINS: [(&str, &str); 14] = [
    ("KIND", "kind.version"),
    ("KUBERNETES", "cluster.kubernetes"),
    ("NODE_IMAGE", "cluster.image"),
    ("HELM", "helm.version"),
    ("GATEWAY_API", "gateway.api"),
    ("METRICS_SERVER", "metrics_server.version"),
    ("TOOLS_IMAGE", "images.shell"),
    ("TRAEFIK_IMAGE", "images.traefik"),
    ("REGISTRY_IMAGE", "images.registry"),
    ("WEB_IMAGE", "images.web"),
    ("LOAD_IMAGE", "images.load"),
    ("POSTGRES_IMAGE", "images.postgres"),
    // What an image is called after.
    ("METRICS_SERVER_IMAGE", "metrics_server.version"),
    ("KUBERNETES", "cluster.image"),
];

fn file(path: &str) -> String {
    let whole = format!("{}/{path}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&whole).unwrap_or_else(|error| panic!("{whole}: {error}"))
}

fn yaml(path: &str) -> Value {
    serde_yaml::from_str(&file(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn pins() -> BTreeMap<String, String> {
    let text = file("lab/pins");
    let lines = text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once('='));
    lines.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// A dotted name's value, in the profile's own values or else in those of all profiles.
fn value(files: &[Value], dotted: &str) -> String {
    let look = |file: &Value| dotted.split('.').try_fold(file.clone(), |value, key| value.get(key).cloned());
    let found = files.iter().find_map(look).unwrap_or_else(|| panic!("no value {dotted}"));
    found.as_str().unwrap_or_else(|| panic!("{dotted} is no text")).to_owned()
}

#[test]
fn what_the_lab_builds_is_what_the_values_name() {
    let (pins, values) = (pins(), [yaml("guide/values.sealed.yaml"), yaml("guide/values.yaml")]);
    for (pin, dotted) in TWINS {
        let (pinned, named) = (&pins[pin], value(&values, dotted));
        assert!(
            *pinned == named || pinned.ends_with(&format!(":{named}")) || named.contains(&format!(":{pinned}-")),
            "lab/pins says {pin}={pinned}, the values say {dotted}: {named}"
        );
    }
}

#[test]
fn the_chart_of_chapter_3_is_the_one_the_values_name() {
    let (chart, its_values) = (yaml("guide/charts/metrics-server/Chart.yaml"), yaml("guide/charts/metrics-server/values.yaml"));
    let values = [yaml("guide/values.sealed.yaml"), yaml("guide/values.yaml")];
    assert_eq!(chart["version"].as_str().unwrap(), value(&values, "chart.version"));
    assert_eq!(format!("v{}", chart["appVersion"].as_str().unwrap()), value(&values, "metrics_server.version"));
    let port = values[1]["registry"]["node_port"].as_u64().unwrap();
    assert_eq!(its_values["image"]["registry"].as_str().unwrap(), format!("localhost:{port}"));
}
