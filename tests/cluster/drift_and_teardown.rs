//! `guide diff` and `guide down`.

use std::path::Path;
use std::time::{Duration, Instant};

use guide::testing::book::Place;
use guide::testing::cluster::{DriftRequest, ManifestObject, TeardownRequest, manifest_objects_in};
use guide::testing::report::{drift_text, teardown_text};
use guide::testing::world::Flow;

use super::namespace::{Namespace, cluster, kubectl};

fn declared(text: &str) -> Vec<ManifestObject> {
    manifest_objects_in(text, None, &Place { file: Path::new("chapter-x.md").into(), line: 1 })
        .unwrap()
}

fn exists(what: &str, namespace: &str) -> bool {
    !kubectl(&["--namespace", namespace, "get", what, "--ignore-not-found", "-o", "name"], "")
        .is_empty()
}

/// The manifests of a small chapter: a namespace, a configuration, a database with a claim, a service, a secret.
fn chapter(namespace: &str) -> String {
    format!(
        "apiVersion: v1
kind: Namespace
metadata: {{name: {namespace}}}
---
apiVersion: v1
kind: ConfigMap
metadata: {{name: settings, namespace: {namespace}}}
data: {{colour: blue}}
---
apiVersion: v1
kind: Secret
metadata: {{name: db, namespace: {namespace}}}
stringData: {{password: s3cret-enough}}
---
apiVersion: v1
kind: Service
metadata: {{name: db, namespace: {namespace}}}
spec: {{clusterIP: None, selector: {{app: db}}, ports: [{{port: 5432}}]}}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {{name: db, namespace: {namespace}}}
spec:
  serviceName: db
  replicas: 1
  selector: {{matchLabels: {{app: db}}}}
  template:
    metadata: {{labels: {{app: db}}}}
    spec:
      terminationGracePeriodSeconds: 0
      containers:
      - name: db
        image: guide.lab/debian-tools:bookworm
        imagePullPolicy: IfNotPresent
        command: [sleep, '600']
        resources: {{requests: {{cpu: 1000m, memory: 16Mi}}, limits: {{cpu: 1, memory: 64Mi}}}}
        volumeMounts: [{{name: data, mountPath: /data}}]
  volumeClaimTemplates:
  - metadata: {{name: data}}
    spec: {{accessModes: [ReadWriteOnce], resources: {{requests: {{storage: 1Mi}}}}}}
"
    )
}

#[expect(clippy::too_many_lines, reason = "one story on a real cluster")]
#[test]
#[ignore = "skipped: no cluster (GUIDE_TEST_KUBECONFIG and GUIDE_TEST_CONTEXT name one)"]
fn missing_differing_and_unmanaged_objects_are_found_and_no_others() {
    let namespace = Namespace::make("diff");
    let text = chapter(&namespace.0);
    let book = DriftRequest { expected: declared(&text), ..DriftRequest::default() };
    let before = cluster().drift(&book).unwrap();
    assert_eq!(before.missing.len(), 4, "{:?}", drift_text(&before));
    kubectl(&["apply", "--filename", "-"], &text);
    kubectl(
        &["--namespace", &namespace.0, "rollout", "status", "statefulset/db", "--timeout=60s"],
        "",
    );
    let start = Instant::now();
    let same = cluster().drift(&book).unwrap();
    println!("nothing to tell after {:?}", start.elapsed());
    assert!(same.is_none(), "{:#?}", drift_text(&same));
    kubectl(
        &[
            "--namespace",
            &namespace.0,
            "patch",
            "configmap",
            "settings",
            "--type=merge",
            "--patch",
            r#"{"data": {"colour": "red"}}"#,
        ],
        "",
    );
    kubectl(&["--namespace", &namespace.0, "scale", "statefulset/db", "--replicas=0"], "");
    kubectl(
        &[
            "--namespace",
            &namespace.0,
            "patch",
            "secret",
            "db",
            "--type=merge",
            "--patch",
            r#"{"stringData": {"password": "other-s3cret"}}"#,
        ],
        "",
    );
    kubectl(&["--namespace", &namespace.0, "delete", "service", "db"], "");
    kubectl(
        &[
            "--namespace",
            &namespace.0,
            "create",
            "deployment",
            "by-hand",
            "--image=none",
            "--replicas=1",
        ],
        "",
    );
    let found = drift_text(&cluster().drift(&book).unwrap()).replace(&namespace.0, "NS");
    let expected = "\
missing: service db in NS (chapter-x.md:1)
differs (book → cluster): configmap settings in NS (chapter-x.md:1)
    data.colour: \"blue\" → \"red\"
differs (book → cluster): secret db in NS (chapter-x.md:1)
    data.password: *** → ***
differs (book → cluster): statefulset db in NS (chapter-x.md:1)
    spec.replicas: 1 → 0
not in the book: deployment by-hand in NS (made by kubectl-create)
";
    assert_eq!(found, expected);
}

#[test]
#[ignore = "skipped: no cluster (GUIDE_TEST_KUBECONFIG and GUIDE_TEST_CONTEXT name one)"]
fn an_immutable_field_is_reported_with_the_server_s_reason() {
    let namespace = Namespace::make("fixed");
    let text = chapter(&namespace.0);
    kubectl(&["apply", "--filename", "-"], &text);
    let changed = declared(&text.replace("serviceName: db", "serviceName: other"));
    let request = DriftRequest { expected: changed, ..DriftRequest::default() };
    let text = drift_text(&cluster().drift(&request).unwrap());
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines.contains(&"    spec.serviceName: \"other\" → \"db\""), "{lines:?}");
    assert!(
        lines.iter().any(|line| line.contains("applying the manifest would fail")
            && line.contains("updates to statefulset spec")),
        "{lines:?}"
    );
}

#[test]
#[ignore = "skipped: no cluster (GUIDE_TEST_KUBECONFIG and GUIDE_TEST_CONTEXT name one)"]
fn down_deletes_the_objects_of_the_manifests_newest_first_and_no_others() {
    let namespace = Namespace::make("down");
    let text = chapter(&namespace.0);
    kubectl(&["apply", "--filename", "-"], &text);
    kubectl(
        &["--namespace", &namespace.0, "rollout", "status", "statefulset/db", "--timeout=60s"],
        "",
    );
    kubectl(&["--namespace", &namespace.0, "create", "configmap", "by-hand"], "");
    let keeping = TeardownRequest { chosen: declared(&text), ..TeardownRequest::default() };
    let plan = cluster().plan_teardown(&keeping).unwrap();
    let expected = "\
delete statefulset db in NS
delete persistentvolumeclaim data-db-0 in NS
delete service db in NS
delete secret db in NS
delete configmap settings in NS
keep namespace NS: it contains configmap by-hand in NS, which no manifest made
";
    assert_eq!(teardown_text(&plan).replace(&namespace.0, "NS"), expected);
    assert!(exists("statefulset/db", &namespace.0), "a plan changes nothing");
    let start = Instant::now();
    let mut reports = Vec::new();
    let outcome = cluster()
        .tear_down(&plan, Duration::from_secs(60), &mut |progress| {
            reports.push(format!(
                "{} of {} {}",
                progress.deleted,
                progress.total,
                progress.waiting_for.clone().unwrap_or_default()
            ));
            Flow::Continue
        })
        .unwrap();
    println!("taken down in {:?}: {reports:#?}", start.elapsed());
    assert_eq!((outcome.deleted.len(), outcome.remaining.len()), (5, 0), "{outcome:?}");
    assert!(
        exists("configmap/by-hand", &namespace.0)
            && !exists("pod/db-0", &namespace.0)
            && !exists("pvc/data-db-0", &namespace.0)
    );
    let whole = TeardownRequest { include_unmanaged: true, ..keeping };
    let plan = cluster().plan_teardown(&whole).unwrap();
    assert_eq!(plan.deletions(), 1, "{:?}", teardown_text(&plan));
    let outcome =
        cluster().tear_down(&plan, Duration::from_secs(60), &mut |_| Flow::Continue).unwrap();
    assert!(
        outcome.remaining.is_empty() && !exists(&format!("namespace/{}", namespace.0), "default")
    );
    assert_eq!(cluster().plan_teardown(&whole).unwrap().deletions(), 0, "twice is once");
}

#[test]
#[ignore = "skipped: no cluster (GUIDE_TEST_KUBECONFIG and GUIDE_TEST_CONTEXT name one)"]
fn an_object_that_cannot_be_deleted_in_time_is_named_with_the_reason() {
    let namespace = Namespace::make("stuck");
    let text = format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: held, namespace: {}, finalizers: [guide.example/held]}}\n",
        namespace.0
    );
    kubectl(&["apply", "--filename", "-"], &text);
    let plan = cluster()
        .plan_teardown(&TeardownRequest { chosen: declared(&text), ..TeardownRequest::default() })
        .unwrap();
    let start = Instant::now();
    let outcome =
        cluster().tear_down(&plan, Duration::from_secs(2), &mut |_| Flow::Continue).unwrap();
    let waited = start.elapsed();
    kubectl(
        &[
            "--namespace",
            &namespace.0,
            "patch",
            "configmap",
            "held",
            "--type=json",
            "--patch",
            r#"[{"op": "remove", "path": "/metadata/finalizers"}]"#,
        ],
        "",
    );
    println!("{outcome:?} after {waited:?}");
    assert!(outcome.remaining[0].1.contains("guide.example/held"));
    assert!(waited < Duration::from_secs(5));
}

#[test]
#[ignore = "skipped: no cluster (GUIDE_TEST_KUBECONFIG and GUIDE_TEST_CONTEXT name one)"]
fn objects_that_the_cluster_made_are_never_deleted() {
    let text = "{apiVersion: v1, kind: List, items: [{apiVersion: v1, kind: Namespace, metadata: {name: kube-system}}, \
                {apiVersion: v1, kind: ConfigMap, metadata: {name: coredns, namespace: kube-system}}, \
                {apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: cluster-admin}}]}";
    let plan = cluster()
        .plan_teardown(&TeardownRequest {
            chosen: declared(text),
            include_unmanaged: true,
            ..TeardownRequest::default()
        })
        .unwrap();
    assert_eq!(plan.deletions(), 0, "{:?}", teardown_text(&plan));
    assert_eq!(plan.items.len(), 3);
}
