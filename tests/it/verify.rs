//! `guide verify`: what is asked, what is not, and a world that can't be asked.

use crate::Project;

const STANDS_ON: &str = "# One\n\n```bash {name=awake verify}\ntest -e \"$GUIDE_BOOK/awake\"\n```\n\n\
    ```bash {name=make}\ntouch \"$GUIDE_BOOK/made\"\n```\n\n\
    ```bash {name=made verify}\necho asked >> \"$GUIDE_BOOK/log\"; test -e \"$GUIDE_BOOK/made\"\n```\n\n\
    ```bash {name=also verify=make}\necho asked >> \"$GUIDE_BOOK/log\"\n```\n";
const OTHER: &str = "# Two\n\n```bash {name=other verify}\necho other >> \"$GUIDE_BOOK/log\"\n```\n";

#[test]
fn what_stands_on_a_failed_step_is_not_asked_and_said_so_and_the_next_chapter_is() {
    let book = Project::with_chapters(&[("chapter-1.md", STANDS_ON), ("chapter-2.md", OTHER)]);
    let said = book.guide("verify --report json=run.jsonl --report junit=junit.xml").exits(1);
    said.says("not asked, since awake failed").says("1 passed, 1 failed, 2 skipped");
    assert_eq!(book.read("log"), "other\n");
    assert!(book.read("run.jsonl").contains(r#""is":"skipped","why":"not asked, since awake failed""#));
    assert!(book.read("junit.xml").contains("<skipped message=\"not asked, since awake failed\"/>"));
    book.write("awake", "");
    book.guide("verify").exits(1).says("made").never_says("not asked");
    assert_eq!(book.read("log"), "other\nasked\nasked\nother\n", "a step that proves another stops nobody");
}

#[test]
fn an_answer_that_only_differs_keeps_nothing_from_being_asked() {
    let differs = "```bash {name=first verify}\necho two\n```\n\n```output\none\n```\n\n";
    let book = Project::with_chapter(&format!("# One\n\n{differs}```bash {{name=next verify}}\ntrue\n```\n"));
    book.guide("verify").exits(1).says("1 passed, 1 failed");
}

/// A book that has made its cluster, of which nothing answers now.
fn lost_cluster(chapter: &str) -> Project {
    let book = Project::with_chapter(chapter);
    let config = "[book]\ntitle = \"Test\"\nsrc = \"guide\"\n\n[preprocessor.guide]\ncluster = \"mine\"\ncontext = \"mine\"\n";
    book.write("book.toml", config);
    let kubeconfig = "apiVersion: v1\nkind: Config\ncurrent-context: mine\nusers: [{name: u, user: {token: t}}]\n\
         clusters:\n- {name: c, cluster: {server: \"https://127.0.0.1:1\"}}\ncontexts:\n- {name: mine, context: {cluster: c, user: u}}\n";
    book.write(".guide/kubeconfig", kubeconfig);
    let identity = r#"{"context": "mine", "server": "https://127.0.0.1:1", "ca_sha256": null, "nodes": ["guide-test-no-node"]}"#;
    let kept = format!(r#"{{"format": 1, "at": "2026-01-01T00:00:00Z", "run": "r", "identity": {identity}}}"#);
    book.write(".guide/world.json", kept);
    book
}

#[test]
fn a_step_that_fails_for_want_of_the_cluster_ends_with_code_3() {
    let book = lost_cluster("# One\n\n```bash {name=a}\nfalse\n```\n");
    let said = book.guide("run").exits(3).says("1 failed");
    said.says("nothing listens at the cluster's address").says("guide run --resume");
    lost_cluster("# One\n\n```bash {name=a verify}\nfalse\n```\n").guide("verify").exits(3).says("1 failed");
}

#[test]
fn an_answer_that_differs_is_one_with_the_cluster_gone_too() {
    let book = lost_cluster("# One\n\n```bash {name=a}\necho two\n```\n\n```output\none\n```\n");
    book.guide("run").exits(1);
}
