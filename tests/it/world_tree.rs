//! The files of this book: a value that is written twice, because a shell and a YAML file both read it, is the same in both places.

use std::collections::BTreeMap;

use serde_yaml::Value;

/// A pin of the lab, and the place where the book's values name the same version (profile `sealed`).
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
    // The version after which an image is named.
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
    let lines =
        text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once('='));
    lines.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// The value of a dotted name, from the profile's own values or else from those of all profiles.
fn value(files: &[Value], dotted: &str) -> String {
    let look = |file: &Value| {
        dotted.split('.').try_fold(file.clone(), |value, key| value.get(key).cloned())
    };
    let found = files.iter().find_map(look).unwrap_or_else(|| panic!("no value {dotted}"));
    found.as_str().unwrap_or_else(|| panic!("{dotted} is no text")).to_owned()
}

#[test]
fn the_lab_builds_the_versions_that_the_values_name() {
    let (pins, values) = (pins(), [yaml("guide/values.sealed.yaml"), yaml("guide/values.yaml")]);
    for (pin, dotted) in TWINS {
        let (pinned, named) = (&pins[pin], value(&values, dotted));
        assert!(
            *pinned == named
                || pinned.ends_with(&format!(":{named}"))
                || named.contains(&format!(":{pinned}-")),
            "lab/pins says {pin}={pinned}, the values say {dotted}: {named}"
        );
    }
}

#[test]
fn the_chart_of_chapter_3_is_the_one_the_values_name() {
    let (chart, its_values) = (
        yaml("guide/charts/metrics-server/Chart.yaml"),
        yaml("guide/charts/metrics-server/values.yaml"),
    );
    let values = [yaml("guide/values.sealed.yaml"), yaml("guide/values.yaml")];
    assert_eq!(chart["version"].as_str().unwrap(), value(&values, "chart.version"));
    assert_eq!(
        format!("v{}", chart["appVersion"].as_str().unwrap()),
        value(&values, "metrics_server.version")
    );
    let port = values[1]["registry"]["node_port"].as_u64().unwrap();
    assert_eq!(its_values["image"]["registry"].as_str().unwrap(), format!("localhost:{port}"));
}

/// Values of profile `open` that repeat a version of all profiles, because a URL or an image's name contains it.
const VERSIONS_IN_OPEN: [(&str, &str); 4] = [
    ("cluster.image", "cluster.kubernetes"),
    ("gateway.files", "gateway.api"),
    ("argocd.manifest", "argocd.version"),
    ("images.argocd", "argocd.version"),
];

#[test]
fn profile_open_downloads_the_versions_that_the_values_name() {
    let (open, all) = (yaml("guide/values.open.yaml"), yaml("guide/values.yaml"));
    for (holder, version) in VERSIONS_IN_OPEN {
        let (holding, version) = (
            value(std::slice::from_ref(&open), holder),
            value(&[all.clone(), open.clone()], version),
        );
        assert!(
            holding.contains(&version),
            "values.open.yaml says {holder}: {holding}, the version is {version}"
        );
    }
    for program in ["kind", "kubectl", "helm"] {
        for architecture in ["amd64", "arm64"] {
            let checksum =
                value(std::slice::from_ref(&open), &format!("{program}.sha256.{architecture}"));
            assert!(
                checksum.len() == 64 && checksum.chars().all(|digit| digit.is_ascii_hexdigit()),
                "{program}: {checksum}"
            );
        }
    }
}

/// The steps of the whole book under a profile, as `guide plan --json` writes them.
fn steps(profile: &str) -> Vec<Value> {
    let state = tempfile::tempdir().expect("a temporary folder");
    let planned = std::process::Command::new(env!("CARGO_BIN_EXE_guide"))
        .args([
            "plan",
            "--json",
            "--profile",
            profile,
            "--book",
            env!("CARGO_MANIFEST_DIR"),
            "--state",
        ])
        .arg(state.path())
        .output()
        .expect("guide starts");
    let plan: Value = serde_yaml::from_slice(&planned.stdout).expect("a plan");
    let chapters = plan["chapters"].as_sequence().expect("chapters").clone();
    chapters
        .iter()
        .flat_map(|chapter| chapter["steps"].as_sequence().expect("steps").clone())
        .collect()
}

/// A second run of profile `open` is fast and needs no network, because every step that downloads, pulls or builds is up to date.
#[test]
fn every_step_of_profile_open_alone_has_a_check() {
    let text = |step: &Value, key: &str| step[key].as_str().unwrap_or_default().to_owned();
    let sealed: Vec<String> = steps("sealed").iter().map(|step| text(step, "step")).collect();
    let all = steps("open");
    let verified: Vec<String> = all
        .iter()
        .filter_map(|step| {
            let (chapter, _) = step["step"].as_str()?.rsplit_once('/')?;
            let acting = step["why"].as_str()?.strip_prefix("verifies ")?;
            Some(format!("{chapter}/{acting}"))
        })
        .collect();
    let open_only =
        all.iter().filter(|step| step["verify"] == false && !sealed.contains(&text(step, "step")));
    let unchecked: Vec<String> =
        open_only.map(|step| text(step, "step")).filter(|step| !verified.contains(step)).collect();
    // The first step only checks the machine; the second chapter is the authors' guide.
    assert_eq!(unchecked, ["chapter-1/docker-answers", "authoring/under-open"]);
}
