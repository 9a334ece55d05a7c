//! A cluster that existed before the book: guide watches it, gives up early, collects evidence, compares and deletes there as it does in a
//! cluster that the book has made.

use serde_json::json;

use crate::Project;
use crate::Said;
use crate::api_server::ApiServer;

/// Two chapters that each apply a `ConfigMap`. The first one also shows a manifest that no step applies.
fn two_chapters() -> (Project, ApiServer) {
    let chapter = |name: &str, shown: &str| {
        format!(
            "# {name}\n\n```yaml {{file={name}.yaml}}\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\n  namespace: shop\n```\n\n{shown}\
             ```bash {{name=apply}}\nkubectl apply -f {name}.yaml\n```\n"
        )
    };
    let shown = "```yaml {file=shown.yaml}\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: shown\n  namespace: shop\n```\n\n";
    let book = Project::with_chapters(&[
        ("chapter-1.md", &chapter("one", shown)),
        ("chapter-2.md", &chapter("two", "")),
    ]);
    let server = ApiServer::start();
    book.write(".kube/config", server.kubeconfig());
    (book, server)
}

/// Runs `guide WORDS` with a `kubectl` that does nothing: the server's objects are made by the test.
fn guide(book: &Project, words: &str) -> Said {
    use std::os::unix::fs::PermissionsExt;
    book.write("bin/kubectl", "#!/bin/sh\nexit 0\n");
    let file = book.path("bin/kubectl");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).expect("executable");
    let path = std::env::var("PATH").unwrap_or_default();
    let path = format!("{}:{path}", book.path("bin").display());
    Said::of(&book.command(words).env("PATH", path).output().expect("guide starts"), book.root())
}

const ONE: &str = "/api/v1/namespaces/shop/configmaps/one";
const STRANGER: &str = "/api/v1/namespaces/shop/configmaps/stranger";

#[test]
fn without_targets_diff_speaks_only_of_what_was_applied_here() {
    let (book, server) = two_chapters();
    server.put(ONE, json!({}));
    guide(&book, "run chapter-1 --context staging").exits(0);
    let said = guide(&book, "diff").exits(0).never_says("missing").never_says("shown");
    let said = said.says("not applied here: configmap two in shop (guide/chapter-2.md:");
    said.says("`guide diff --all`");
    // Someone who was handed a world asks for everything.
    guide(&book, "diff --all")
        .exits(1)
        .says("configmap two in shop")
        .never_says("not applied here")
        .never_says("shown");
    guide(&book, "diff chapter-2")
        .exits(1)
        .says("configmap two in shop")
        .never_says("not applied here");
    // What was applied here and is gone is missing.
    let (book, _server) = two_chapters();
    guide(&book, "run chapter-1 --context staging").exits(0);
    guide(&book, "diff").exits(1).says("missing").says("configmap one in shop");
}

#[test]
fn down_deletes_the_book_s_objects_in_an_adopted_cluster_and_no_others() {
    let (book, server) = two_chapters();
    server.put(ONE, json!({}));
    server.put(STRANGER, json!({}));
    server.put("/api/v1/namespaces/shop", json!({"status": {"phase": "Active"}}));
    guide(&book, "run chapter-1 --context staging").exits(0);
    guide(&book, "down --yes").exits(0).says("configmap one in shop");
    assert_eq!(server.changes(), [format!("DELETE {ONE}")]);
    assert!(server.has(STRANGER) && server.has("/api/v1/namespaces/shop"));
    guide(&book, "diff").exits(0).says("not applied here: configmap one in shop");
}

#[test]
fn a_check_ends_early_and_its_failure_report_has_the_evidence_of_an_adopted_cluster() {
    let book = Project::with_chapter(
        r"
        # One

        ```yaml {file=web.yaml}
        apiVersion: v1
        kind: Pod
        metadata:
          name: web
          namespace: shop
        spec:
          containers: [{name: web, image: shop/web:1}]
        ```

        ```bash {name=apply}
        kubectl apply -f web.yaml
        ```

        ```bash {name=ready verify until=100s timeout=90s}
        sleep 60; false
        ```
        ",
    );
    let server = ApiServer::start();
    book.write(".kube/config", server.kubeconfig());
    let message = "Back-off pulling image \"shop/web:1\": ErrImagePull: shop/web:1: not found";
    let status = json!({"phase": "Pending", "containerStatuses": [{"name": "web", "image": "shop/web:1", "imageID": "", "ready": false,
        "restartCount": 0, "state": {"waiting": {"reason": "ImagePullBackOff", "message": message}}}]});
    let spec = json!({"nodeName": "n1", "containers": [{"name": "web", "image": "shop/web:1"}]});
    server.put("/api/v1/namespaces/shop/pods/web", json!({"spec": spec, "status": status}));
    let began = std::time::Instant::now();
    let said = guide(&book, "run --context staging").exits(1);
    assert!(began.elapsed().as_secs() < 45, "it waited {} s", began.elapsed().as_secs());
    said.says("image shop/web:1 cannot be pulled on node n1: shop/web:1: not found");
    let report = crate::project::entries_below(&book.path(".guide/failures"));
    let objects = report.iter().find(|file| file.ends_with("objects.txt")).expect("the evidence");
    let text = std::fs::read_to_string(objects).expect("text");
    assert!(text.contains("pod web in shop"), "{text}");
    assert!(text.contains("shop/web:1: not found"), "{text}");
}
