//! A book on a cluster that exists: a context of the user's kubeconfig, which is copied and never changed.

use std::os::unix::fs::PermissionsExt;

use crate::Project;

const USER_KUBECONFIG: &str = "\
apiVersion: v1
kind: Config
current-context: production
contexts:
- {name: staging, context: {cluster: s, user: dev, namespace: team}}
- {name: production, context: {cluster: p, user: admin}}
clusters:
- {name: s, cluster: {server: 'https://127.0.0.1:1'}}
- {name: p, cluster: {server: 'https://127.0.0.1:2'}}
users:
- {name: dev, user: {tokenFile: dev.token}}
- {name: admin, user: {token: token-of-production}}
";

/// A book whose only step keeps the kubeconfig that it got, beside the user's kubeconfig in the home folder.
fn book(settings: &str) -> Project {
    let book = Project::with_chapter(
        r#"
# One

```bash {name=keep}
cp "$KUBECONFIG" "$GUIDE_BOOK/seen"
```

```yaml {file=settings.yaml}
apiVersion: v1
kind: ConfigMap
metadata:
  name: settings
```
"#,
    );
    book.write(
        "book.toml",
        format!("[book]\ntitle = \"Test\"\nsrc = \"guide\"\n\n[preprocessor.guide]\n{settings}"),
    );
    with_kubeconfig(book)
}

fn with_kubeconfig(book: Project) -> Project {
    book.write(".kube/config", USER_KUBECONFIG);
    book.write(".kube/dev.token", "token-of-dev");
    book
}

fn copy_of_staging(book: &Project) -> String {
    format!(
        "\
apiVersion: v1
kind: Config
current-context: staging
contexts:
- name: staging
  context:
    cluster: s
    user: dev
    namespace: team
clusters:
- name: s
  cluster:
    server: https://127.0.0.1:1
users:
- name: dev
  user:
    tokenFile: {}
",
        book.path(".kube/dev.token").display()
    )
}

#[test]
fn a_named_context_is_copied_and_remembered_and_the_user_s_file_is_not_changed() {
    let book = book("");
    book.guide("run --context staging").exits(0);
    assert_eq!(book.read("seen"), copy_of_staging(&book));
    assert_eq!(book.read(".kube/config"), USER_KUBECONFIG);
    let mode = book.path(".guide/kubeconfig").metadata().expect("a file").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    // The next commands do not have to name the context. They know the cluster, where nothing answers in this test.
    book.write("seen", "");
    book.guide("run --rerun").exits(0);
    assert_eq!(book.read("seen"), copy_of_staging(&book));
    book.guide("diff").exits(3).says("nothing listens at the cluster's address");
    book.guide("down --yes").exits(3).says("nothing listens at the cluster's address");
}

#[test]
fn a_context_in_book_toml_is_enough() {
    let staging = book("context = \"staging\"\n");
    staging.guide("run").exits(0);
    assert_eq!(staging.read("seen"), copy_of_staging(&staging));
    // The command line takes precedence.
    let production = book("context = \"staging\"\n");
    production.guide("run --context production").exits(0);
    assert!(production.read("seen").contains("token-of-production"));
}

#[test]
fn another_file_can_be_named_and_kubeconfig_lists_files() {
    let named = book("");
    named.write("other", USER_KUBECONFIG.replace("127.0.0.1:1", "127.0.0.1:3"));
    named.guide("run --context staging --kubeconfig other").exits(0);
    assert!(named.read("seen").contains("https://127.0.0.1:3"));
    named.write("seen", "");
    named.guide("run --rerun").exits(0);
    assert!(named.read("seen").contains("https://127.0.0.1:3"), "the file is remembered too");
    // Without a name, the current context of the file.
    let current = book("");
    current.write("other", USER_KUBECONFIG);
    current.guide("run --kubeconfig other").exits(0);
    assert!(current.read("seen").contains("current-context: production"));

    let listed = book("");
    listed.write("first", "contexts: [{name: staging, context: {cluster: p}}]\n");
    let list = format!(
        "absent:{}:{}",
        listed.path("first").display(),
        listed.path(".kube/config").display()
    );
    let output = listed
        .command("run --context staging")
        .env("KUBECONFIG", list)
        .output()
        .expect("guide starts");
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let seen = listed.read("seen");
    assert!(seen.contains("https://127.0.0.1:2") && !seen.contains("users"), "{seen}");
}

#[test]
fn a_context_that_does_not_exist_is_an_error_before_the_first_step() {
    let typed = book("");
    let said = typed.guide("run --context stagin").exits(2);
    assert_eq!(
        said.stderr,
        "error: BOOK/.kube/config has no context `stagin`\n\n\
         hint: did you mean `staging`? its contexts are production, staging\n"
    );
    let written = book("context = \"stagin\"\n");
    written.guide("run").exits(3).says("did you mean `staging`?");
    let absent = book("context = \"staging\"\n");
    std::fs::remove_file(absent.path(".kube/config")).expect("removed");
    absent.guide("run").exits(3).says("there is no kubeconfig: looked for BOOK/.kube/config");
    for book in [typed, written, absent] {
        assert!(!book.has("seen") && !book.has(".guide/kubeconfig"));
    }
}

#[test]
fn another_cluster_than_the_kept_one_is_refused_before_it_is_copied() {
    let book = book("");
    book.guide("run --context staging").exits(0);
    let identity = r#"{"context": "staging", "server": "https://127.0.0.1:1", "ca_sha256": null, "nodes": ["n"]}"#;
    book.write(
        ".guide/world.json",
        format!(
            r#"{{"format": 1, "at": "2026-01-01T00:00:00Z", "run": "r", "identity": {identity}}}"#
        ),
    );
    book.write("seen", "");
    for call in
        ["run --context production", "verify --context production", "diff --context production"]
    {
        book.guide(call)
            .exits(3)
            .says("this is not the cluster the book was run on")
            .says("context staging at https://127.0.0.1:1")
            .says("context production at https://127.0.0.1:2");
    }
    assert_eq!(book.read("seen"), "", "no step has run");
    assert_eq!(book.read(".guide/kubeconfig"), copy_of_staging(&book));
    book.guide("run --rerun").exits(0);
}

#[test]
fn a_change_of_the_copy_by_a_step_stays_until_the_user_s_file_changes() {
    let book = book("context = \"staging\"\n");
    book.guide("run").exits(0);
    let changed = copy_of_staging(&book).replace("namespace: team", "namespace: other");
    book.write(".guide/kubeconfig", &changed);
    book.guide("run --rerun").exits(0);
    assert_eq!(book.read("seen"), changed);
    book.write(".kube/config", USER_KUBECONFIG.replace("namespace: team", "namespace: new"));
    book.guide("run --rerun").exits(0);
    assert!(book.read("seen").contains("namespace: new"));
    // A context that was removed from the user's file is still in the copy.
    book.write(".kube/config", "contexts: []\n");
    book.guide("run --rerun").exits(0);
    assert!(book.read("seen").contains("namespace: new"));
}

#[test]
fn a_failing_step_of_a_cluster_that_does_not_answer_ends_with_code_3() {
    let book = with_kubeconfig(Project::with_chapter("# One\n\n```bash {name=a}\nfalse\n```\n"));
    book.guide("run --context staging")
        .exits(3)
        .says("1 failed")
        .says("nothing listens at the cluster's address");
}

#[test]
fn a_kubectl_without_a_cluster_has_a_hint_how_a_book_gets_one() {
    let book = Project::with_chapter(
        r"
# One

```bash {name=pods}
echo 'The connection to the server localhost:8080 was refused - did you specify the right host or port?' >&2
exit 1
```
",
    );
    book.write(".kube/config", USER_KUBECONFIG);
    let said = book.guide("run").exits(3);
    let summary = said.stderr.split(" failed in ").nth(1).unwrap_or(&said.stderr);
    let end = summary.split_once('\n').map_or(summary, |(_, end)| end);
    assert_eq!(
        end,
        "error: no cluster is configured: the step's program tried localhost:8080, as kubectl does without a kubeconfig\n\
         hint: for a cluster that exists, run `guide run --context NAME` (your contexts: production, staging), or write \
         `context = \"NAME\"` below [preprocessor.guide] in book.toml; guide copies that context to BOOK/.guide/kubeconfig \
         and never changes your own kubeconfig\n"
    );
    assert_eq!(said.stderr.matches("--context NAME").count(), 1, "{}", said.stderr);
}

#[test]
fn init_writes_a_book_for_a_context() {
    let book = Project::with_chapter("# One\n");
    book.write(".kube/config", USER_KUBECONFIG);
    let said = book.guide("init mine --context staging").exits(0);
    assert!(said.stdout.contains("wrote mine/guide/chapter-2-cluster.md"), "{}", said.stdout);
    let toml = book.read("mine/book.toml");
    assert!(toml.ends_with("\ncontext = \"staging\"\n") && !toml.contains("cluster ="), "{toml}");
    assert!(!book.read("mine/guide/chapter-2-cluster.md").contains("kind create"));
    book.guide("check --book mine").exits(0);
    book.guide("plan --book mine").exits(0).says("chapter-2");
    book.guide("init other --context nope").exits(2).says("its contexts are production, staging");
    book.guide("init other --context staging --cluster x").exits(2).says("choose one of the two");
    assert!(!book.has("other"));
}

#[test]
fn the_credentials_of_the_copied_context_are_masked_wherever_a_step_prints_them() {
    let book = Project::with_chapter(
        r#"
        # One

        ```bash {name=all}
        cat "$KUBECONFIG"; cat "$HOME/.kube/key.pem"
        ```

        ```bash {name=pieces snapshot=text}
        grep -o 'token-[a-z-]*\|exec-[a-z-]*\|pass-[a-z-]*' "$KUBECONFIG"; tail -2 "$HOME/.kube/key.pem" | head -1
        ```

        ```bash {name=encoded}
        kept=$(grep -o 'token-[a-z-]*' "$KUBECONFIG"); printf %s "$kept" | base64; false
        ```
        "#,
    );
    book.write(
        "book.toml",
        "[book]\ntitle = \"Test\"\nsrc = \"guide\"\n\n[preprocessor.guide]\ncontext = \"one\"\n",
    );
    book.write(
        ".kube/config",
        "contexts: [{name: one, context: {cluster: c, user: u}}]\nclusters: [{name: c, cluster: {server: 'https://127.0.0.1:1'}}]\n\
         users: [{name: u, user: {token: token-of-the-user, password: pass-of-the-user, client-key: key.pem, \
         exec: {command: login, env: [{name: LOGIN_TOKEN, value: exec-of-the-user}]}}}]\n",
    );
    book.write(
        ".kube/key.pem",
        "-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQ\n-----END KEY-----\n",
    );
    let secrets = ["token-of-the", "pass-of-the", "exec-of-the", "MIIEvQIBADAN", "dG9rZW4tb2Y"];
    for words in [
        "run --keep-going --record --report json=r.json --report junit=j.xml",
        "review --accept",
        "status",
        "publish",
    ] {
        let said = book.guide(words);
        for secret in secrets {
            assert!(
                !said.stdout.contains(secret) && !said.stderr.contains(secret),
                "{words}: {}{}",
                said.stdout,
                said.stderr
            );
        }
    }
    assert!(
        book.read("snapshots/chapter-1/pieces.snap").contains("***"),
        "the step has printed them"
    );
    for file in crate::project::entries_below(book.root()) {
        if file.ends_with(".kube/config")
            || file.ends_with("key.pem")
            || file.ends_with(".guide/kubeconfig")
        {
            continue;
        }
        let text = String::from_utf8_lossy(&std::fs::read(&file).unwrap_or_default()).into_owned();
        for secret in secrets {
            assert!(!text.contains(secret), "{secret} in {}", file.display());
        }
    }
}
