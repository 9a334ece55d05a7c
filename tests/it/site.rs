//! What gets into a site, and what never does.

use crate::Project;

/// A chapter's text, written indented where it is used.
fn chapter(text: &str) -> String {
    let lines = text.lines().map(|line| line.strip_prefix("        ").unwrap_or(line));
    lines.collect::<Vec<_>>().join("\n").trim_start().to_owned() + "\n"
}

/// The text that a reader of the page sees.
fn seen(page: &str) -> String {
    let main = page.split("<main>").nth(1).and_then(|rest| rest.split("</main>").next()).expect("a page");
    let mut text = String::new();
    for part in main.split('<') {
        text.push_str(part.split_once('>').map_or(part, |(_, rest)| rest));
    }
    [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&amp;", "&")]
        .iter()
        .fold(text, |text, (entity, character)| text.replace(entity, character))
}

/// Runs the book, accepts what it printed, and publishes it.
fn published(book: &Project) {
    book.guide("run --record").exits(0);
    book.guide("review --accept").exits(0);
    book.guide("publish").exits(0);
}

#[test]
fn what_a_step_printed_is_text_whatever_it_holds() {
    let text = chapter(
        r#"
        # One

        ```bash {name=prints}
        echo cluster-admin-key >"$GUIDE_STATE/kubeconfig"
        printf '{{%s ../.guide/kubeconfig}} {{ %s ../.guide/kubeconfig }} \\{{%s x}}\n' '#include' '#rustdoc_include' '#include'
        printf '{{%s Another title}} {{%s a.rs}} <script>alert(1)</script>\n' '#title' '#playground'
        ```
        "#,
    );
    let book = Project::with_chapter(&text);
    published(&book);
    let page = book.read("book/chapter-1.html");
    assert!(!page.contains("cluster-admin-key</"), "{page}");
    assert!(page.contains("{{#include ../.guide/kubeconfig}} {{ #rustdoc_include ../.guide/kubeconfig }} \\{{#include x}}"), "{page}");
    assert!(page.contains("{{#title Another title}} {{#playground a.rs}} &lt;script&gt;alert(1)&lt;/script&gt;"), "{page}");
    assert!(page.contains("<title>chapter-1.md - Test</title>"), "{page}");
}

#[test]
fn a_template_stands_on_its_page_as_it_was_written() {
    let text = chapter(
        r#"
        # One

        ```yaml {file=c.yaml}
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: "{{ name }}"}
        data: {a: "{{ text }}"}
        ```

        ```bash {name=a}
        cat c.yaml
        ```
        "#,
    );
    let book = Project::with_chapter(&text);
    let toml = book.read("book.toml");
    book.write("book.toml", toml + "values = \"values.yaml\"\n");
    book.write("guide/values.yaml", "name: web\ntext: \"{{#include values.yaml}}\"\n");
    book.guide("publish").exits(0);
    let page = book.read("book/chapter-1.html");
    let seen = seen(&page);
    assert!(seen.contains("metadata: {name: \"{{ name }}\"}"), "{seen}");
    assert!(seen.contains("data: {a: \"{{#include values.yaml}}\"}"), "{seen}");
}
