//! The cluster's part of a failure report.

use std::time::{Duration, Instant};

use guide::testing::cluster::{EVIDENCE_BYTES, EVIDENCE_LIMIT, EvidenceRequest};
use guide::testing::ids::ObjectRef;

use super::namespace::{Namespace, access, cluster};

/// The longest time to wait for an expected result.
const LATE: Duration = Duration::from_secs(300);

/// The texts that the evidence about the crashing pod must contain.
const PARTS: [&str; 11] = [
    "Available=False",
    "service not-made in",
    "does not exist",
    "secret db in",
    "keys password",
    "exited with code 3",
    "no such table",
    "logging in with ***",
    "BackOff",
    "node ",
    "cores and",
];

#[test]
#[ignore = "skipped: no cluster (GUIDE_TEST_KUBECONFIG and GUIDE_TEST_CONTEXT name one)"]
fn the_evidence_contains_conditions_events_logs_and_nodes_and_no_secret() {
    let namespace = Namespace::make("evidence");
    namespace.apply(
        r#"{"apiVersion": "v1", "kind": "List", "items": [
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "db"}, "stringData": {"password": "hush-hush-7"}},
        {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": {"replicas": 1,
          "selector": {"matchLabels": {"app": "web"}}, "template": {"metadata": {"labels": {"app": "web"}}, "spec": {
          "terminationGracePeriodSeconds": 0, "containers": [{"name": "web", "image": "guide.lab/debian-tools:bookworm",
          "imagePullPolicy": "IfNotPresent", "command": ["sh", "-c", "echo logging in with $P; echo no such table; exit 3"],
          "env": [{"name": "P", "valueFrom": {"secretKeyRef": {"name": "db", "key": "password"}}}]}]}}}}]}"#,
    );
    let object = |api_version: &str, kind: &str, name: &str| ObjectRef {
        api_version: api_version.into(),
        kind: kind.into(),
        namespace: Some(namespace.0.clone()),
        name: name.into(),
    };
    let objects = vec![
        object("apps/v1", "Deployment", "web"),
        object("v1", "Secret", "db"),
        object("v1", "Service", "not-made"),
    ];
    let request = EvidenceRequest { objects, namespaces: Vec::new() };
    // The pod must crash twice before the evidence is complete, which takes long on a loaded machine.
    let begun = Instant::now();
    let (evidence, took) = loop {
        let start = Instant::now();
        let evidence = cluster().evidence(&request);
        let took = start.elapsed();
        let Some(part) = PARTS.iter().find(|part| !evidence.text.contains(**part)) else {
            break (evidence, took);
        };
        assert!(begun.elapsed() < LATE, "lacks `{part}`:\n{}", evidence.text);
        std::thread::sleep(Duration::from_millis(500));
    };
    println!("in {took:?}, {} bytes:\n{}", evidence.text.len(), evidence.text);
    assert!(
        !evidence.text.contains("hush-hush-7")
            && evidence.secrets.iter().any(|secret| secret == b"hush-hush-7")
    );
    assert!(evidence.text.len() <= EVIDENCE_BYTES);
    assert!(
        took < EVIDENCE_LIMIT + Duration::from_secs(2),
        "{took:?}: the limit, and a thread that had to be started"
    );
}

#[test]
#[ignore = "skipped: no cluster (GUIDE_TEST_KUBECONFIG and GUIDE_TEST_CONTEXT name one)"]
fn evidence_without_a_cluster_names_the_reason() {
    let mut access = access();
    access.kubeconfig = "/nonexistent/kubeconfig".into();
    let evidence =
        guide::testing::cluster::Cluster::new(access).evidence(&EvidenceRequest::default());
    assert!(
        evidence.text.starts_with("The cluster did not answer: there is no kubeconfig at"),
        "{}",
        evidence.text
    );
}
