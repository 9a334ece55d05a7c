//! Runs make recordings, review accepts them, and pages show them. A first book passes at once.

use std::fs;
use std::process::Stdio;

use crate::Project;
use crate::project::{interrupt, unindented, wait_for};

const CHAPTER: &str = r#"
    ---
    done: [there]
    ---
    # One

    Prose.

    ```bash {name=make}
    echo made > file
    ```

    ```bash {name=there verify}
    cat file
    ```

    ```yaml {file=web.yaml}
    kind: ConfigMap
    apiVersion: v1
    metadata: {name: "{{ colour }}"}
    ```

    ```bash {name=show exit=3 secret=TOKEN}
    printf '\033[31mred\033[0m <b>\n'
    echo "$COLOUR $TOKEN"
    exit 3
    ```
"#;

fn recorded() -> Project {
    let book =
        Project::with_chapters(&[("intro.md", "# Intro\n\nHello.\n"), ("chapter-1.md", CHAPTER)]);
    book.write(
        "book.toml",
        "[book]\ntitle = \"Test\"\nsrc = \"guide\"\n\n[preprocessor.guide]\nvalues = \"values.yaml\"\nrecord = true\n",
    );
    book.write("guide/values.yaml", "colour: blue\ntoken: hunter2\n");
    book.guide("run").exits(0).says("1 recording pending; run `guide review`");
    book
}

const RECORDING: &str = "snapshots/chapter-1/recording@default.json";

fn page(book: &Project) -> String {
    book.guide("publish").exits(0);
    book.read("book/chapter-1.html")
}

#[test]
fn a_run_offers_a_recording_and_only_review_accepts_it() {
    let book = recorded();
    assert!(!book.has(RECORDING) && book.has(&format!("{RECORDING}.new")));
    book.guide("review --list")
        .exits(0)
        .says("chapter-1/recording  new recording  snapshots/chapter-1/recording@default.json");
    book.guide("review --accept").exits(0).says("chapter-1/recording  accepted");
    assert!(book.has(RECORDING) && !book.has(&format!("{RECORDING}.new")));
    assert!(!book.read(RECORDING).contains("hunter2"), "{}", book.read(RECORDING));
    book.guide("run --rerun").exits(0).never_says("recording pending");
    assert!(!book.has(&format!("{RECORDING}.new")), "times alone are no news");
}

#[test]
fn rejecting_a_recording_removes_it() {
    let book = recorded();
    book.guide("review --reject").exits(0).says("chapter-1/recording  rejected");
    assert!(!book.has(RECORDING) && !book.has(&format!("{RECORDING}.new")));
}

#[test]
fn a_book_that_does_not_record_has_no_pending_recordings() {
    let book = Project::with_chapter(
        r"
        # One

        ```bash
        echo hi
        ```
    ",
    );
    book.guide("run").exits(0).never_says("recording");
    book.guide("review").exits(0).says("nothing is pending review");
    book.guide("run --record").exits(0).says("1 recording pending");
}

#[test]
fn a_failed_chapter_records_nothing() {
    let book = Project::with_chapter(
        r"
        # One

        ```bash {name=a}
        echo hi
        ```

        ```bash {name=b}
        false
        ```
    ",
    );
    book.guide("run --record").exits(1).never_says("recording pending");
    assert!(!book.has("snapshots"));
}

#[test]
fn a_chapter_that_failed_and_was_resumed_is_recorded_completely() {
    let book = Project::with_chapter(
        r#"
        # One

        ```bash {name=a}
        echo first
        ```

        ```bash {name=b}
        cat "$GUIDE_BOOK/there"
        ```
    "#,
    );
    book.guide("run --record").exits(1);
    book.write("there", "second\n");
    book.guide("run --resume --record").exits(0).says("1 recording pending");
    let recording = book.read(&format!("{RECORDING}.new"));
    assert!(recording.contains("first") && recording.contains("second"), "{recording}");
}

#[test]
fn check_and_the_page_name_stale_recordings_and_the_reasons() {
    let book = recorded();
    book.guide("review --accept").exits(0);
    book.guide("check").exits(0).never_says("stale");
    book.write("guide/chapter-1.md", CHAPTER.replace("cat file", "cat ./file"));
    book.guide("check")
        .exits(0)
        .says("the recording of chapter-1/there (default) is stale: its commands have changed");
    book.write("guide/chapter-1.md", CHAPTER);
    book.write("guide/values.yaml", "colour: green\ntoken: hunter2\n");
    let said = book.guide("publish --strict").exits(1);
    said.says(
        "chapter-1/show (default): the manifest web.yaml has changed, the value COLOUR has changed",
    );
    let page = book.read("book/chapter-1.html");
    assert!(
        page.contains(
            "class=\"g-stale\" title=\"Recorded before this changed: the manifest web.yaml has changed"
        ),
        "{page}"
    );
}

#[test]
fn an_included_file_makes_its_steps_stale() {
    let book = Project::with_chapter(
        r#"
            # One

            ```bash {name=a}
            cat "$GUIDE_BOOK/data/x"
            ```
        "#,
    );
    book.write("data/x", "1\n");
    book.guide("run --record").exits(0);
    book.guide("review --accept").exits(0);
    book.write("data/x", "2\n");
    book.guide("check").exits(0).says("(default) is stale: the file data/x has changed");
}

#[test]
fn a_page_shows_the_recorded_output() {
    let book = recorded();
    book.guide("review --accept").exits(0);
    let page = page(&book);
    for part in [
        "id=\"step-show\"",
        "<strong class=\"g-exit\">exit 3</strong>",
        "<span class=\"g-c1\">red</span> &lt;b&gt;",
        "blue ***",
        "download=\"web.yaml\"",
        "metadata: {name: &quot;blue&quot;}",
        "class=\"g-time\"",
    ] {
        let found = page.contains(part) || page.contains(&part.replace("&quot;", "\""));
        assert!(found, "{part}\n{page}");
    }
    assert!(
        !page.contains("hunter2") && !page.contains("done: [there]"),
        "no secret, no front matter"
    );
    let front = book.read("book/intro.html");
    assert!(front.contains("1 of 1 chapters passed as they are now"), "{front}");
}

#[test]
fn steps_that_never_ran_are_named_and_strict_fails() {
    let book = Project::with_chapter(
        r"
        # One

        ```bash {name=a profile=open}
        echo hi
        ```

        ```bash {name=b}
        echo ho
        ```
    ",
    );
    book.write("guide/values.yaml", "{}\n");
    book.write("guide/values.open.yaml", "{}\n");
    book.write("guide/values.sealed.yaml", "{}\n");
    book.guide("publish").exits(0).says("warning: no recording: nothing is recorded yet");
    book.guide("publish --strict").exits(1);
    let page = book.read("book/chapter-1.html");
    assert_eq!(
        page.matches("Not run here under profile <b>open</b>: no recording").count(),
        1,
        "{page}"
    );
    assert_eq!(
        page.matches("Not run here under profile <b>open</b> or <b>sealed</b>: no recording")
            .count(),
        1,
        "{page}"
    );
}

#[test]
fn strict_passes_if_every_recording_is_fresh_and_otherwise_names_each_reason() {
    let book = recorded();
    let note = "```bash {name=note}\ncat \"$GUIDE_BOOK/data\"\n```\n";
    book.write("guide/chapter-2.md", format!("# Two\n\n{note}"));
    book.write(
        "guide/SUMMARY.md",
        "# Summary\n\n- [Intro](intro.md)\n- [One](chapter-1.md)\n- [Two](chapter-2.md)\n",
    );
    book.write("data", "1\n");
    book.guide("run").exits(0);
    book.guide("publish --strict").exits(1).says("error: no recording: nothing is recorded yet");
    book.guide("review --accept").exits(0);
    book.guide("publish --strict").exits(0).never_says("error:").never_says("warning:");

    book.write("data", "2\n");
    book.write("guide/values.yaml", "colour: green\ntoken: hunter2\n");
    let there = "```bash {name=there verify}\ncat file\n```";
    let changed = unindented(CHAPTER).replace(there, &there.replace("cat file", "cat ./file"));
    book.write("guide/chapter-1.md", format!("{changed}\n```bash {{name=new}}\necho new\n```\n"));
    book.write(
        "guide/chapter-3.md",
        r"
        # Three

        ```bash {name=three}
        echo 3
        ```
    ",
    );
    book.write(
        "guide/SUMMARY.md",
        "# Summary\n\n- [One](chapter-1.md)\n- [Two](chapter-2.md)\n- [Three](chapter-3.md)\n",
    );
    book.guide("publish").exits(0).says(
        "warning: stale recording: guide/chapter-1.md:12: chapter-1/there (default): its commands",
    );
    book.guide("publish --strict")
        .exits(1)
        .says("error: stale recording: guide/chapter-1.md:12: chapter-1/there (default): its commands have changed")
        .says("chapter-1/show (default): the manifest web.yaml has changed, the value COLOUR has changed")
        .says("error: stale recording: guide/chapter-2.md:3: chapter-2/note (default): the file data has changed")
        .says("chapter-1/new (default)")
        .says("error: no recording: chapter-3 (default): none of its 1 steps")
        .says("hint: run these chapters");
}

#[test]
fn a_recording_contains_no_path_of_this_machine() {
    let book = Project::with_chapter(
        r#"
        # One

        ```bash {name=where}
        pwd
        echo "$GUIDE_BOOK/x $GUIDE_STATE/y $HOME/z $XDG_CACHE_HOME/c"
        ```
    "#,
    );
    let mut run = book.command("run --record");
    run.env("HOME", "/home/ada").env("XDG_CACHE_HOME", "/home/ada/cached");
    assert!(run.output().expect("it runs").status.success());
    book.guide("review --accept").exits(0);
    let recording = book.read(RECORDING);
    let printed = "\"$GUIDE_STATE/rendered/chapter-1\\n$GUIDE_BOOK/x $GUIDE_STATE/y $HOME/z $XDG_CACHE_HOME/c\\n\"";
    assert!(recording.contains(printed), "{recording}");
    assert!(
        !recording.contains(&book.root().display().to_string()) && !recording.contains("/home/ada"),
        "{recording}"
    );
}

#[test]
fn a_step_that_was_up_to_date_shows_the_check_that_proved_it() {
    let text = r#"
        # One

        ```bash {name=make}
        echo made >"$GUIDE_BOOK/made"; echo making
        ```

        ```bash {name=is-there verify}
        cat "$GUIDE_BOOK/made"
        ```

        ```bash {name=last}
        echo last
        ```
    "#;
    let book = Project::with_chapter(text);
    book.write("made", "long ago\n");
    book.guide("run --record").exits(0).says("up to date");
    book.guide("review --accept").exits(0);
    book.guide("publish --strict").exits(0);
    let before = page(&book);
    let said = "Did not run: what it does was there already, as its check <a href=\"#step-is-there\">is-there</a> showed.";
    assert!(before.contains(said) && before.contains("What is-there printed"), "{before}");
    assert!(!before.contains("Not run here"), "{before}");

    // After one run, the step keeps its recorded output until it changes.
    fs::remove_file(book.path("made")).expect("removed");
    book.guide("run --record").exits(0);
    book.guide("run --record").exits(0).says("up to date");
    book.guide("review --accept").exits(0);
    let after = page(&book);
    assert!(
        after.contains("aria-label=\"Output\">making</pre>") && !after.contains("Did not run"),
        "{after}"
    );
    book.write("guide/chapter-1.md", text.replace("echo making", "echo other"));
    book.guide("run --record").exits(0).says("(its commands have changed)");
    book.guide("review --accept").exits(0);
    book.guide("publish --strict").exits(0);
    let other = page(&book);
    assert!(
        other.contains(">other</pre>")
            && !other.contains("Did not run")
            && !other.contains(">making</pre>"),
        "{other}"
    );
}

#[test]
fn publishing_never_runs_a_step_and_never_empties_another_folder() {
    let book = Project::with_chapter(
        r#"
        # One

        ```bash
        touch "$GUIDE_BOOK/ran"
        ```
    "#,
    );
    book.guide("publish").exits(0);
    assert!(!book.has("ran"));
    book.write("mine/thesis.tex", "x");
    book.guide("publish --out mine")
        .exits(3)
        .says("as what is there would be deleted: it holds files");
    assert!(book.has("mine/thesis.tex"));
}

#[test]
fn pending_recordings_are_shown_only_on_request_and_are_marked() {
    let book = recorded();
    assert!(!page(&book).contains("blue ***"));
    book.guide("publish --pending").exits(0);
    let page = book.read("book/chapter-1.html");
    assert!(page.contains("blue ***") && page.contains("not reviewed yet"), "{page}");
}

#[test]
fn a_recording_without_a_chapter_fails_the_check() {
    let book = recorded();
    book.guide("review --accept").exits(0);
    fs::rename(book.path("snapshots/chapter-1"), book.path("snapshots/gone")).expect("renamed");
    book.guide("check")
        .exits(2)
        .says("`snapshots/gone/recording@default.json` records no chapter of this book");
}

#[test]
fn guide_speaks_the_preprocessor_protocol_of_mdbook() {
    let book = recorded();
    book.guide("review --accept").exits(0);
    book.guide("preprocess supports html").exits(0);
    book.guide("preprocess supports markdown").exits(1);
    let chapter = serde_json::json!({"Chapter": {
        "name": "One", "content": unindented(CHAPTER), "number": [1], "sub_items": [],
        "path": "chapter-1.md", "source_path": "chapter-1.md", "parent_names": []}});
    let context = serde_json::json!({"root": book.root(), "config": {}, "renderer": "html", "mdbook_version": "0.5.4"});
    let input = serde_json::json!([context, {"items": [chapter]}]).to_string();
    let mut child = book
        .command("preprocess")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("guide starts");
    std::io::Write::write_all(&mut child.stdin.take().expect("stdin"), input.as_bytes())
        .expect("written");
    let output = child.wait_with_output().expect("guide ends");
    assert!(output.status.success());
    let answer: serde_json::Value = serde_json::from_slice(&output.stdout).expect("a book as JSON");
    let content = answer["items"][0]["Chapter"]["content"].as_str().expect("a chapter");
    assert!(content.contains("id=\"step-make\"") && content.contains("exit 3"), "{content}");
    book.guide("preprocess").exits(2).says("the input is not a book of mdBook");
}

#[test]
fn plain_mdbook_makes_the_same_page() {
    let book = recorded();
    book.guide("review --accept").exits(0);
    let ours = page(&book);
    let toml = book.read("book.toml");
    let command =
        format!("record = true\ncommand = \"{} preprocess\"\n", env!("CARGO_BIN_EXE_guide"));
    book.write("book.toml", toml.replace("record = true\n", &command));
    // This does what the `mdbook` program does.
    let mdbook = mdbook_driver::MDBook::load(book.root()).expect("mdBook reads it");
    mdbook.build().expect("mdBook makes it");
    let theirs = book.read("book/chapter-1.html");
    let main = |page: &str| {
        page.split("<main>")
            .nth(1)
            .and_then(|rest| rest.split("</main>").next())
            .expect("a page")
            .to_owned()
    };
    assert!(main(&ours).contains("id=\"step-show\""));
    assert_eq!(main(&ours), main(&theirs));
}

#[test]
fn a_site_is_served_only_on_this_machine_until_ctrl_c() {
    let book = recorded();
    let mut child = book.start("publish --serve --port 38471");
    let ask = |path: &str| {
        use std::io::{Read, Write};
        let connect = || std::net::TcpStream::connect("127.0.0.1:38471").ok();
        let mut stream = wait_for("the server", connect);
        write!(stream, "GET {path} HTTP/1.0\r\n\r\n").expect("the request is sent");
        let mut answer = String::new();
        let _ = stream.read_to_string(&mut answer);
        answer
    };
    assert!(ask("/").contains("<title>"));
    assert!(ask("/../book.toml").contains("404"));
    interrupt(&child);
    assert!(child.wait().expect("it ends").success());
}

#[test]
fn a_first_book_is_written_checked_run_and_published_at_once() {
    let book = Project::with_chapter("x");
    book.guide("init first").exits(0).says("wrote first/guide/chapter-1-first.md");
    book.guide("check --book first").exits(0).says("no problem");
    book.guide("run --book first").exits(0).says("recording pending");
    book.guide("review --accept --book first").exits(0);
    book.guide("publish --strict --book first").exits(0);
    book.guide("init first").exits(2).says("exists already; nothing was written");
    book.guide("init second --cluster tree").exits(0);
    book.guide("check --book second").exits(0).says("2 chapters with");
    assert!(book.read("second/book.toml").contains("context = \"kind-tree\""));
}

#[test]
fn an_existing_markdown_file_becomes_a_book_and_is_reported_block_by_block() {
    let book = Project::with_chapter("x");
    book.write(
        "README.md",
        r"
        # Tool

        ```bash
        sudo apt-get install tool
        ```

        ```console
        $ tool
        ```

        ```bash
        kubectl get pods
        ```
    ",
    );
    let said = book.guide("init tried --from README.md").exits(0);
    let said = said
        .says("line 3: would run, and is marked `{skip}`")
        .says("changes packages, services or settings of the machine");
    let said = said
        .says("line 7: is not run: write `languages = [\"console\"]`")
        .says("line 11: runs as step `tool`")
        .says("changes nothing");
    said.says("now read tried/guide/chapter-1.md: 1 block would run, 1 marked `{skip}`")
        .never_says("guide run");
    let marked =
        "```bash {skip why=\"changes packages, services or settings of the machine\"}\nsudo";
    assert_eq!(
        book.read("tried/guide/chapter-1.md"),
        book.read("README.md").replace("```bash\nsudo", marked)
    );
    assert!(book.read("tried/book.toml").contains("cwd = \"..\"\n"));
    book.guide("check --book tried").exits(0);
}

#[test]
fn bytes_that_are_not_utf8_are_copied_unchanged_into_a_new_book() {
    let book = Project::with_chapter("x");
    book.write("README.md", b"# T\n\n```bash\necho caf\xe9\n```\n");
    book.guide("init tried --from README.md")
        .exits(0)
        .says("the text is not UTF-8")
        .says("guide check` refuses it until then");
    assert_eq!(
        fs::read(book.path("tried/guide/chapter-1.md")).expect("a file"),
        b"# T\n\n```bash\necho caf\xe9\n```\n"
    );
    book.guide("check --book tried").exits(2).says("UTF-8");
    book.write("README.md", b"\xff\xfe#\0 \0T\0");
    book.guide("init other --from README.md").exits(2).says("UTF-16");
    assert!(!book.has("other/book.toml"));
}

#[test]
fn check_watches_until_ctrl_c() {
    let book = Project::with_chapter(
        r"
        # One

        ```bash
        echo hi
        ```
    ",
    );
    let mut child = book.command("check --watch");
    let out = fs::File::create(book.path("said")).expect("a file");
    let mut child =
        child.stdout(out.try_clone().expect("cloned")).stderr(out).spawn().expect("guide starts");
    let said_soon = |words: &str| {
        wait_for(words, || book.read("said").contains(words).then_some(()));
    };
    said_soon("1 chapter with 1 step: no problem");
    book.write(
        "guide/chapter-1.md",
        r"
        # One

        ```bash {nmae=x}
        echo hi
        ```
    ",
    );
    said_soon("guide/chapter-1.md:3:10");
    interrupt(&child);
    assert!(child.wait().expect("it ends").success());
}

#[test]
fn a_list_around_a_step_stays_as_mdbook_makes_it() {
    let book = Project::with_chapter(
        r"
        # One

        1. first
           ```bash {name=a}
           true
           ```
        2. second

           ```bash {name=b}
           true
           ```
           and more

        - tight
          ```bash {name=c}
          true
          ```
          with text
        - and short
        ",
    );
    book.guide("publish").exits(0);
    let page = book.read("book/chapter-1.html");
    for item in ["<li>tight", "\nwith text</li>", "<li>and short</li>"] {
        assert!(page.contains(item), "{item:?} in\n{page}");
    }
    assert_eq!(page.matches("<figure").count(), 3);
}

const HIDDEN: &str = r"
    # One

    Before.

    ```bash {name=prepare hidden}
    echo PREPARED
    ```

    ```output
    PREPARED
    ```

    ```yaml {file=quiet.yaml hidden}
    kind: QuietKind
    ```

    ```bash {name=make}
    echo made > file
    ```

    ```bash {name=extra verify hidden}
    cat file quiet.yaml
    ```

    > ```bash {name=quoted hidden}
    > echo QUOTED
    > ```

    ```bash {name=a profile=default hidden}
    echo GROUPED
    ```
    ```bash {name=b profile=other}
    echo seen
    ```

    After.
";

#[test]
fn a_hidden_step_and_manifest_run_and_are_not_on_the_page() {
    let book = Project::with_chapter(HIDDEN);
    book.write("guide/values.other.yaml", "");
    book.guide("run --report junit=junit.xml")
        .exits(0)
        .says("prepare")
        .says("extra")
        .says("quoted");
    assert!(book.read("junit.xml").contains("name=\"prepare\""), "{}", book.read("junit.xml"));
    book.guide("status").exits(0).says("prepare").says("extra");
    // Now the acting step is up to date because the hidden check passed.
    book.guide("run --record").exits(0);
    assert!(
        book.read(&format!("{RECORDING}.new")).contains("PREPARED"),
        "it is recorded all the same"
    );
    book.guide("review --accept").exits(0);
    let html = page(&book);
    for hidden in ["PREPARED", "prepare", "quiet.yaml", "QuietKind", "extra", "QUOTED", "GROUPED"] {
        assert!(!html.contains(hidden), "{hidden} is on the page:\n{html}");
    }
    assert!(
        html.contains("Before.") && html.contains("id=\"step-make\"") && html.contains("After.")
    );
    assert!(html.contains("Did not run: what it does was there already."), "{html}");
    assert!(html.contains("echo seen") && !html.contains("g-tabs\""), "{html}");
}

#[test]
fn a_misspelt_hidden_of_a_manifest_is_an_error_that_names_it() {
    let book = Project::with_chapter(
        r"
        # One

        ```yaml {file=web.yaml hiden}
        kind: Pod
        ```

        ```yaml {file=two.yaml hidden=maybe}
        kind: Pod
        ```
    ",
    );
    book.guide("check").exits(2).says("did you mean `hidden`?").says("`hidden`");
}
