//! What a site contains, and what it never contains.

use std::collections::BTreeMap;
use std::process::Stdio;

use crate::Project;
use crate::project::{entries_below, interrupt, wait_for};
use crate::random::{Random, times};

/// The text of a chapter, which is indented where it is used.
fn chapter(text: &str) -> String {
    let lines = text.lines().map(|line| line.strip_prefix("        ").unwrap_or(line));
    lines.collect::<Vec<_>>().join("\n").trim_start().to_owned() + "\n"
}

/// The visible text of a page.
fn seen(page: &str) -> String {
    let main =
        page.split("<main>").nth(1).and_then(|rest| rest.split("</main>").next()).expect("a page");
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
fn the_output_of_a_step_is_shown_as_text_whatever_it_contains() {
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
        page.contains(
            "{{#include ../.guide/kubeconfig}} {{ #rustdoc_include ../.guide/kubeconfig }} \\{{#include x}}"
        ),
        "{page}"
    );
    assert!(
        page.contains(
            "{{#title Another title}} {{#playground a.rs}} &lt;script&gt;alert(1)&lt;/script&gt;"
        ),
        "{page}"
    );
    assert!(page.contains("<title>chapter-1.md - Test</title>"), "{page}");
}

#[test]
fn a_template_is_shown_on_its_page_as_it_was_written() {
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
    let mut files: Vec<String> = entries_below(&site)
        .iter()
        .map(|path| path.strip_prefix(&site).expect("below").display().to_string())
        .collect();
    files.sort();
    files
}

#[test]
fn a_site_contains_only_files_that_the_book_shows() {
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
    for (to, name) in [
        ("../outside/secret.png", "link.png"),
        ("../outside", "folder"),
        ("values.yaml", "v.png"),
        ("nowhere", "b.png"),
    ] {
        std::os::unix::fs::symlink(to, book.path("guide").join(name)).expect("a link");
    }
    book.guide("publish")
        .exits(0)
        .says("note: 1 file beside the chapters is not part of the site, because no page links there (the first is `notes.txt`)");
    for file in files_of(&book, "book") {
        let bytes = std::fs::read(book.path("book").join(&file)).expect("a file");
        assert!(!String::from_utf8_lossy(&bytes).contains("hunter"), "{file}");
    }
    assert_eq!(book.read("book/picture.png"), "a picture");
    assert_eq!(book.read("book/data/linked.csv"), "1,2");
}

#[test]
fn a_book_with_chapters_at_its_root_does_not_publish_its_state() {
    let book = Project::with_chapter("x");
    book.write("book.toml", "[book]\ntitle = \"Test\"\nsrc = \".\"\n\n[preprocessor.guide]\n");
    book.write("SUMMARY.md", "- [One](one.md)\n");
    book.write(
        "one.md",
        r#"
        # One

        [state](.guide/kubeconfig) [k](state/kubeconfig)

        ```bash {name=a}
        echo hunter2 >"$KUBECONFIG"
        ```
    "#,
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
        assert!(
            !files.iter().any(|file| others.iter().any(|other| file.starts_with(other))),
            "{files:?}"
        );
        assert!(
            files.contains(&"logo.svg".to_owned()) && files.contains(&"one.html".to_owned()),
            "{files:?}"
        );
    }
}

#[test]
fn paths_in_book_toml_cannot_leave_the_book_or_the_site() {
    let book = Project::with_chapter("# One\n\nText.\n");
    let toml = book.read("book.toml");
    book.write("guide/style.css", "body {}");
    book.write("private/secret.css", "hunter2");
    book.write(".guide/kubeconfig", "hunter2");
    for (html, expected) in [
        (
            "additional-css = [\"../book/private/secret.css\"]",
            "is no file of the book that may be in its site",
        ),
        ("additional-js = [\".guide/kubeconfig\"]", "`.guide/kubeconfig` is no file of the book"),
        (
            "[output.html.redirect]\n\"/../../x.html\" = \"a.html\"",
            "`../../x.html` is no file of the book",
        ),
        ("input-404 = \"../../x.md\"", "`../../x.md` is no file of the book"),
    ] {
        book.write("book.toml", format!("{toml}\n[output.html]\n{html}\n"));
        book.guide("publish").exits(3).says(expected);
        assert!(!book.has("book"));
    }
    book.write(
        "book.toml",
        format!("{toml}\n[output.html]\nadditional-css = [\"guide/style.css\"]\n"),
    );
    book.guide("publish").exits(0);
    assert!(book.has("book/style.css") && files_of(&book, "book/guide").len() == 1);
}

#[test]
fn a_folder_that_guide_did_not_make_is_not_changed() {
    let book = Project::with_chapter("# One\n\nText.\n");
    book.guide("publish").exits(0);
    book.write("pages/.nojekyll", "");
    book.write("pages/CNAME", "precious");
    book.write("guide/.nojekyll", "");
    book.write(".nojekyll", "");
    std::os::unix::fs::symlink(book.path("guide"), book.path("link")).expect("a link");
    for out in [
        "pages",
        "guide",
        ".",
        "new/..",
        "./new/../guide",
        "link",
        "link/new/..",
        ".guide/../guide",
        "..",
    ] {
        book.guide(&format!("publish --out {out}"))
            .exits(3)
            .says("as what is there would be deleted");
    }
    book.write("book/.git/HEAD", "ref");
    book.guide("publish").exits(3).says("it holds `BOOK/book/.git`");
    assert!(
        book.has("guide/chapter-1.md") && book.has("pages/CNAME") && book.has("book/index.html")
    );
}

/// Every file below the folder, and its bytes.
fn contents(folder: &std::path::Path) -> BTreeMap<std::path::PathBuf, Vec<u8>> {
    let files = entries_below(folder).into_iter();
    files.map(|file| (file.clone(), std::fs::read(file).expect("a file"))).collect()
}

/// Killed at any moment of its time: the site is the old one or the new one, to its last byte, and the next publish leaves nothing of
/// the killed one. `GUIDE_TEST_TIMES` sets how often.
#[test]
fn a_publish_that_is_killed_leaves_the_old_site_or_the_new_one() {
    let names: Vec<String> = (1..=20).map(|number| format!("chapter-{number}.md")).collect();
    let texts = |round: u64| {
        names.iter().map(move |name| (name.as_str(), format!("# {name}\n\nText {round}.\n")))
    };
    let first: Vec<(&str, String)> = texts(0).collect();
    let first: Vec<(&str, &str)> =
        first.iter().map(|(name, text)| (*name, text.as_str())).collect();
    let book = Project::with_chapters(&first);
    let begun = std::time::Instant::now();
    book.guide("publish").exits(0);
    // A little longer than it takes, so that some publishes are through.
    let longest = u64::try_from(begun.elapsed().as_micros()).expect("a short time") * 5 / 4;
    let rounds = times(12);
    let (mut is_old, mut is_new) = (0, 0);
    for round in 1..=rounds {
        let old = contents(&book.path("book"));
        for (name, text) in texts(round) {
            book.write(&format!("guide/{name}"), text);
        }
        let mut child = book.start("publish");
        std::thread::sleep(std::time::Duration::from_micros(Random::of(round).below(longest)));
        child.kill().expect("killed");
        child.wait().expect("it ended");
        let found = contents(&book.path("book"));
        book.guide("publish").exits(0);
        let new = contents(&book.path("book"));
        assert!(old != new, "round {round} changed nothing");
        assert!(found == old || found == new, "round {round}: the site is a mix");
        if found == old {
            is_old += 1;
        } else {
            is_new += 1;
        }
        let left = std::fs::read_dir(book.root()).expect("a folder").flatten();
        let left: Vec<_> = left
            .map(|entry| entry.file_name())
            .filter(|name| name.to_string_lossy().starts_with(".book.guide"))
            .collect();
        assert!(left.is_empty(), "round {round}: {left:?}");
    }
    println!(
        "{rounds} times publish killed: {is_old} times the old site, {is_new} times the new one, 0 times another"
    );
}

#[test]
fn two_publish_commands_at_once_both_succeed() {
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

#[test]
fn commands_of_other_programs_are_named_and_run_only_if_a_person_allowed_them() {
    let book = Project::with_chapter("# One\n\nText.\n");
    let toml = book.read("book.toml");
    let echo = "#!/bin/sh\ntouch ran\nif [ \"$1\" = supports ]; then exit 0; fi\nsed 's/^\\[{.*},{\"items\"/{\"items\"/; s/\\]$//'\n";
    book.write("other.sh", echo);
    book.write("book.toml", format!("{toml}\n[preprocessor.other]\ncommand = \"sh other.sh\"\n"));
    book.guide("publish")
        .exits(2)
        .says("the preprocessor `other`: sh other.sh")
        .says("allow them with `--allow-commands`");
    assert!(!book.has("ran") && !book.has("book"));
    book.guide("publish --allow-commands").exits(0).says("the preprocessor `other`: sh other.sh");
    assert!(book.has("ran") && book.read("book/chapter-1.html").contains("Text."));
    // An answer on a terminal is remembered in the user's own folder, for exactly this command.
    let root = book.root().canonicalize().expect("a folder");
    let allowed = serde_json::json!({root.display().to_string(): [{"kind": "preprocessor", "name": "other", "command": "sh other.sh"}]});
    book.write(".cache/guide/allowed-commands.json", allowed.to_string());
    book.guide("publish").exits(0);
    book.write("book.toml", format!("{toml}\n[preprocessor.other]\ncommand = \"sh other.sh x\"\n"));
    book.guide("publish").exits(2);
    book.write("book.toml", format!("{toml}\n[output.html]\n[output.pdf]\n"));
    book.guide("publish").exits(2).says("the renderer `pdf`: mdbook-pdf");
}

#[test]
fn a_failure_of_another_program_is_reported_as_that_program_s_failure() {
    let book = Project::with_chapter("# One\n\nText.\n");
    let toml = book.read("book.toml");
    for (table, expected) in [
        (
            "[preprocessor.other]\ncommand = \"sh -c 'exit 7'\"\nrenderers = [\"html\"]\n",
            "a command of book.toml failed, the preprocessor `other`: sh -c 'exit 7'",
        ),
        (
            "[preprocessor.gone]\n",
            "a command of book.toml failed, the preprocessor `gone`: mdbook-gone",
        ),
        (
            "[output.html]\n[output.other]\ncommand = \"false\"\n",
            "a command of book.toml failed, the renderer `other`: false",
        ),
    ] {
        book.write("book.toml", format!("{toml}\n{table}"));
        book.guide("publish --allow-commands")
            .exits(3)
            .says(expected)
            .says("it is another program than guide")
            .never_says("guide check");
    }
}

#[test]
fn steps_are_drawn_however_the_chapters_folder_is_spelled() {
    let text = r"
        # One

        ```bash {name=own}
        echo hi
        ```
    ";
    for src in ["guide", "./guide", "guide/", "guide/.", "x/../guide", "ABSOLUTE", "."] {
        let book = Project::with_chapter(text);
        let folder = book.path("guide").display().to_string();
        let src = src.replace("ABSOLUTE", &folder);
        book.write("x/keep", "");
        if src == "." {
            book.write("SUMMARY.md", "- [One](./chapter-1.md)\n");
            book.write("chapter-1.md", text);
        }
        book.write(
            "book.toml",
            format!("[book]\ntitle = \"Test\"\nsrc = \"{src}\"\n\n[preprocessor.guide]\n"),
        );
        published(&book);
        let page = book.read("book/chapter-1.html");
        assert!(
            page.contains("id=\"step-own\"") && page.contains("<a href=\"chapter-1.html\">One</a>"),
            "{src}: {page}"
        );
    }
}

#[test]
fn a_book_of_another_mdbook_version_is_refused_with_the_needed_version() {
    let book = Project::with_chapter("# One\n");
    for version in ["0.4.52", "0.6.0", "1.0.0"] {
        let input = format!(
            r#"[{{"root":"{}","config":{{}},"renderer":"html","mdbook_version":"{version}"}},{{"sections":[]}}]"#,
            book.root().display()
        );
        let mut child = book
            .command("preprocess")
            .stdin(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("guide starts");
        std::io::Write::write_all(&mut child.stdin.take().expect("stdin"), input.as_bytes())
            .expect("written");
        let output = child.wait_with_output().expect("guide ends");
        assert_eq!(output.status.code(), Some(2));
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            said.contains(&format!(
                "this book comes from mdBook {version}, and guide reads books of mdBook 0.5"
            )),
            "{said}"
        );
    }
}

#[test]
fn a_page_without_steps_is_the_one_that_mdbook_makes() {
    let book = Project::with_chapters(&[
        ("intro.md", "# Intro\n\nHello.\n"),
        (
            "chapter-1.md",
            r"
            # One

            ```bash {name=a}
            echo hi
            ```
        ",
        ),
        (
            "prose.md",
            r"
            # Prose

            [folder](sub/b) [std](../std/index.html) [here](folder) [page](chapter-1#a)

            ```rust
            fn main() {}
            ```
        ",
        ),
    ]);
    book.write("guide/folder/x.png", "x");
    book.guide("publish").exits(0);
    let prose = book.read("book/prose.html");
    assert!(!prose.contains("g-step") && !prose.contains("guidePage"), "{prose}");
    for link in [
        "<a href=\"sub/b\">folder</a>",
        "<a href=\"../std/index.html\">std</a>",
        "<a href=\"chapter-1#a\">page</a>",
        "here (<code>guide/folder</code>)",
    ] {
        assert!(prose.contains(link), "{link}\n{prose}");
    }
    assert!(book.read("book/chapter-1.html").contains("guidePage"));
    let colours = files_of(&book, "book")
        .into_iter()
        .find(|file| file.starts_with("highlight-") && file.ends_with(".js"));
    assert!(
        book.read(&format!("book/{}", colours.expect("a highlighter"))).len() > 50_000,
        "the book's Rust keeps its colours"
    );
}

#[test]
fn the_panel_is_at_the_end_of_the_first_page_or_where_the_author_puts_it_or_absent() {
    let step = r"
        # One

        Before:

        ```bash {name=a}
        echo hi
        ```

        ## More

        Last words.
    ";
    let book = Project::with_chapters(&[("chapter-1.md", step), ("end.md", "# End\n\nText.\n")]);
    book.guide("publish").exits(0);
    let page = seen(&book.read("book/chapter-1.html"));
    assert!(page.find("Last words.") < page.find("State of this book"), "{page}");
    book.write("guide/end.md", "# End\n\n<!-- guide: state -->\n\nText.\n");
    book.guide("publish").exits(0);
    assert!(!book.read("book/chapter-1.html").contains("State of this book"));
    assert!(book.read("book/end.html").contains("State of this book"));
    book.write("guide/end.md", "# End\n\n<!-- guide: no state -->\n\nText.\n");
    book.guide("publish").exits(0);
    assert!(
        !book.read("book/chapter-1.html").contains("State of this book")
            && !book.read("book/end.html").contains("guidePage")
    );
    let prose = Project::with_chapter("# One\n\nNo step.\n");
    prose.guide("publish").exits(0);
    assert!(!prose.read("book/chapter-1.html").contains("State of this book"));
}

#[test]
fn the_server_answers_only_for_its_own_name() {
    let book = Project::with_chapter("# One\n\nText.\n");
    let mut child = book.start("publish --serve --port 38472");
    let ask = |host: &str| {
        use std::io::{Read, Write};
        let connect = || std::net::TcpStream::connect("127.0.0.1:38472").ok();
        let mut stream = wait_for("the server", connect);
        write!(stream, "GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")
            .expect("the request is sent");
        let mut answer = String::new();
        let _ = stream.read_to_string(&mut answer);
        answer
    };
    assert!(ask("localhost:38472").contains("<title>"));
    let refused = ask("evil.example:38472");
    assert!(refused.starts_with("HTTP/1.1 421") && !refused.contains("<title>"), "{refused}");
    interrupt(&child);
    assert!(child.wait().expect("it ends").success());
}

#[test]
fn steps_of_an_included_file_are_reported_with_their_places_and_strict_fails() {
    let book = Project::with_chapter(
        r"
        # One

        {{#include part.md}}

        ```bash {name=own}
        echo hi
        ```

        {{#include prose.md}} \{{#include part.md}}
    ",
    );
    book.write(
        "guide/part.md",
        "Install\n\n{{#include deep/more.md:4:}}\n\n```bash\necho included\n```\n",
    );
    book.write("guide/deep/more.md", "```bash\nnot shown\n```\n\n```sh\necho more\n```\n");
    book.write("guide/prose.md", "```bash {skip}\necho shown\n```\n\n```yaml\na: 1\n```\n");
    let warning = "guide/chapter-1.md:3: `{{#include part.md}}` shows 2 steps that guide never runs (guide/part.md:5): move";
    book.guide("check").exits(0).says(&format!("warning: {warning}"));
    book.guide("run --record").exits(0);
    book.guide("publish --strict")
        .exits(1)
        .says("error: no recording")
        .says("note: 1 recording pending; run `guide review`")
        .never_says("--rerun");
    book.guide("review --accept").exits(0);
    book.guide("publish").exits(0).says(&format!("warning: never run: {warning}"));
    book.guide("publish --strict").exits(1).says(&format!("error: never run: {warning}"));
    book.write("guide/part.md", "Install\n");
    book.guide("publish --strict").exits(0);
}
