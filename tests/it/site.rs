//! What gets into a site, and what never does.

use crate::Project;
use crate::project::entries_below;

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
    assert!(
        page.contains("{{#include ../.guide/kubeconfig}} {{ #rustdoc_include ../.guide/kubeconfig }} \\{{#include x}}"),
        "{page}"
    );
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

/// Every file of the published site, by its path in it.
fn files_of(book: &Project, site: &str) -> Vec<String> {
    let site = book.path(site);
    let mut files: Vec<String> =
        entries_below(&site).iter().map(|path| path.strip_prefix(&site).expect("below").display().to_string()).collect();
    files.sort();
    files
}

#[test]
fn nothing_gets_into_a_site_that_the_book_does_not_show() {
    let text = chapter(
        r#"
        # One

        ![picture](picture.png) [data](data/linked.csv) [values](values.yaml)

        ```bash {name=a}
        echo "$TOKEN" | wc -l
        ```
        "#,
    );
    let book = Project::with_chapter(&text);
    let toml = book.read("book.toml");
    book.write("book.toml", toml + "values = \"values.yaml\"\n");
    for (file, text) in [
        ("values.yaml", "token: hunter2\n"),
        ("values.prod.yaml", "token: hunter3\n"),
        (".env", "hunter4"),
        (".hidden/x.png", "hunter5"),
        ("notes.txt", "hunter6"),
        ("data/linked.csv", "1,2"),
        ("picture.png", "a picture"),
    ] {
        book.write(&format!("guide/{file}"), text);
    }
    book.write("outside/secret.png", "hunter7");
    for (to, name) in
        [("../outside/secret.png", "link.png"), ("../outside", "folder"), ("values.yaml", "v.png"), ("nowhere", "b.png")]
    {
        std::os::unix::fs::symlink(to, book.path("guide").join(name)).expect("a link");
    }
    book.guide("publish")
        .exits(0)
        .says("note: 1 file beside the chapters stayed out of the site, as no page links there (the first is `notes.txt`)");
    for file in files_of(&book, "book") {
        let bytes = std::fs::read(book.path("book").join(&file)).expect("a file");
        assert!(!String::from_utf8_lossy(&bytes).contains("hunter"), "{file}");
    }
    assert_eq!(book.read("book/picture.png"), "a picture");
    assert_eq!(book.read("book/data/linked.csv"), "1,2");
}

#[test]
fn a_book_whose_chapters_lie_at_its_root_keeps_its_state_to_itself() {
    let book = Project::with_chapter("x");
    book.write("book.toml", "[book]\ntitle = \"Test\"\nsrc = \".\"\n\n[preprocessor.guide]\n");
    book.write("SUMMARY.md", "- [One](one.md)\n");
    book.write(
        "one.md",
        "# One\n\n[state](.guide/kubeconfig) [k](state/kubeconfig)\n\n```bash {name=a}\necho hunter2 >\"$KUBECONFIG\"\n```\n",
    );
    book.write("logo.svg", "<svg/>");
    book.write(".git/config", "hunter2");
    for state in [".guide", "state"] {
        book.guide(&format!("run --state {state}")).exits(0);
        for _ in 0..2 {
            book.guide(&format!("publish --state {state}")).exits(0);
        }
        let files = files_of(&book, "book");
        let others = ["guide/", "snapshots", "state", "book/", ".git", ".guide/", "book.toml"];
        assert!(!files.iter().any(|file| others.iter().any(|other| file.starts_with(other))), "{files:?}");
        assert!(files.contains(&"logo.svg".to_owned()) && files.contains(&"one.html".to_owned()), "{files:?}");
    }
}

#[test]
fn names_in_book_toml_lead_nowhere_out_of_the_book_or_the_site() {
    let book = Project::with_chapter("# One\n\nText.\n");
    let toml = book.read("book.toml");
    book.write("guide/style.css", "body {}");
    book.write("private/secret.css", "hunter2");
    book.write(".guide/kubeconfig", "hunter2");
    for (html, expected) in [
        ("additional-css = [\"../book/private/secret.css\"]", "is no file of the book that may be in its site"),
        ("additional-js = [\".guide/kubeconfig\"]", "`.guide/kubeconfig` is no file of the book"),
        ("[output.html.redirect]\n\"/../../x.html\" = \"a.html\"", "`../../x.html` is no file of the book"),
        ("input-404 = \"../../x.md\"", "`../../x.md` is no file of the book"),
    ] {
        book.write("book.toml", format!("{toml}\n[output.html]\n{html}\n"));
        book.guide("publish").exits(3).says(expected);
        assert!(!book.has("book"));
    }
    book.write("book.toml", format!("{toml}\n[output.html]\nadditional-css = [\"guide/style.css\"]\n"));
    book.guide("publish").exits(0);
    assert!(book.has("book/style.css") && files_of(&book, "book/guide").len() == 1);
}

#[test]
fn a_folder_that_guide_did_not_make_stays_as_it_is() {
    let book = Project::with_chapter("# One\n\nText.\n");
    book.guide("publish").exits(0);
    book.write("pages/.nojekyll", "");
    book.write("pages/CNAME", "precious");
    book.write("guide/.nojekyll", "");
    book.write(".nojekyll", "");
    std::os::unix::fs::symlink(book.path("guide"), book.path("link")).expect("a link");
    for out in ["pages", "guide", ".", "new/..", "./new/../guide", "link", "link/new/..", ".guide/../guide", ".."] {
        book.guide(&format!("publish --out {out}")).exits(3).says("as what is there would be deleted");
    }
    book.write("book/.git/HEAD", "ref");
    book.guide("publish").exits(3).says("it holds `BOOK/book/.git`");
    assert!(book.has("guide/chapter-1.md") && book.has("pages/CNAME") && book.has("book/index.html"));
}

#[test]
fn a_publish_that_is_killed_leaves_the_old_site_or_the_new_one() {
    let book = Project::with_chapter("# One\n\nOld.\n");
    book.guide("publish").exits(0);
    let whole = files_of(&book, "book").len();
    for round in 0..12u64 {
        book.write("guide/chapter-1.md", format!("# One\n\nText {round}.\n"));
        let mut child = book.start("publish");
        std::thread::sleep(std::time::Duration::from_millis(round * 37 % 400));
        child.kill().expect("killed");
        child.wait().expect("it ended");
        assert_eq!(files_of(&book, "book").len(), whole, "round {round}");
    }
    book.guide("publish").exits(0);
    assert!(book.read("book/chapter-1.html").contains("Text 11."));
    let left: Vec<_> = std::fs::read_dir(book.root()).expect("a folder").flatten().map(|entry| entry.file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().starts_with(".book.guide")), "{left:?}");
}

#[test]
fn two_that_publish_at_once_both_succeed() {
    let book = Project::with_chapter("# One\n\nText.\n");
    for _ in 0..3 {
        let children: Vec<_> = (0..3).map(|_| book.start("publish")).collect();
        for child in children {
            let output = child.wait_with_output().expect("it ends");
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        }
        assert!(book.has("book/index.html") && book.has("book/.guide-site"));
    }
}
