//! `guide verify`: which checks run, which are skipped, and a world that does not answer.

use crate::Project;
use crate::project::unindented;

const STANDS_ON: &str = r#"
    # One

    ```bash {name=awake verify}
    test -e "$GUIDE_BOOK/awake"
    ```

    ```bash {name=make}
    touch "$GUIDE_BOOK/made"
    ```

    ```bash {name=made verify}
    echo asked >> "$GUIDE_BOOK/log"; test -e "$GUIDE_BOOK/made"
    ```

    ```bash {name=also verify=make}
    echo asked >> "$GUIDE_BOOK/log"
    ```
"#;
const OTHER: &str = r#"
    # Two

    ```bash {name=other verify}
    echo other >> "$GUIDE_BOOK/log"
    ```
"#;

#[test]
fn checks_after_a_failed_precondition_are_skipped_with_a_note_and_the_next_chapter_is_checked() {
    let book = Project::with_chapters(&[("chapter-1.md", STANDS_ON), ("chapter-2.md", OTHER)]);
    let said = book.guide("verify --report json=run.jsonl --report junit=junit.xml").exits(1);
    said.says("not run, because awake failed")
        .says("1 passed, 1 failed, 2 skipped")
        .never_says("has not been run from here");
    assert_eq!(book.read("log"), "other\n");
    assert!(
        book.read("run.jsonl").contains(r#""is":"skipped","why":"not run, because awake failed""#)
    );
    assert!(
        book.read("junit.xml").contains("<skipped message=\"not run, because awake failed\"/>")
    );
    book.write("awake", "");
    book.guide("verify").exits(1).says("made").never_says("not asked");
    assert_eq!(
        book.read("log"),
        "other\nasked\nasked\nother\n",
        "a step that proves another stops nobody"
    );
}

#[test]
fn a_check_that_only_differs_does_not_skip_the_others() {
    let differs = "```bash {name=first verify}\necho two\n```\n\n```output\none\n```\n\n";
    let book = Project::with_chapter(&format!(
        "# One\n\n{differs}```bash {{name=next verify}}\ntrue\n```\n"
    ));
    book.guide("verify").exits(1).says("1 passed, 1 failed");
}

const LATE: &str = r#"
    # One

    ```bash {name=make}
    true
    ```

    ```bash {name=late verify until=5m}
    test -e "$GUIDE_BOOK/late"
    ```

    ```bash {name=never verify=make until=5m}
    false
    ```

    ```bash {name=nor-this verify=make until=5m}
    false
    ```
"#;

#[test]
fn checks_that_do_not_pass_yet_share_one_wait_budget() {
    let book = Project::with_chapter(LATE);
    let late = book.path("late");
    let comes = std::thread::spawn(move || {
        std::thread::sleep(std::time::Duration::from_millis(700));
        std::fs::write(late, "").expect("written");
    });
    let began = std::time::Instant::now();
    book.guide("verify --wait 3s").exits(1).says("1 passed, 2 failed");
    comes.join().expect("it came");
    let waited = began.elapsed().as_secs_f64();
    assert!((3.0..10.0).contains(&waited), "{waited}");
    book.guide("verify --wait 0s").exits(1).says("1 passed, 2 failed");
    assert!(began.elapsed().as_secs_f64() < 2.0 * waited, "asked once each");
    book.guide("verify --wait soon").exits(2).says("there is no number before `soon`");
}

/// A book that has made its cluster, which does not answer now.
fn lost_cluster(chapter: &str) -> Project {
    let book = Project::with_chapter(chapter);
    let config = "[book]\ntitle = \"Test\"\nsrc = \"guide\"\n\n[preprocessor.guide]\ncluster = \"mine\"\ncontext = \"mine\"\n";
    book.write("book.toml", config);
    let kubeconfig = "apiVersion: v1\nkind: Config\ncurrent-context: mine\nusers: [{name: u, user: {token: t}}]\n\
         clusters:\n- {name: c, cluster: {server: \"https://127.0.0.1:1\"}}\ncontexts:\n- {name: mine, context: {cluster: c, user: u}}\n";
    book.write(".guide/kubeconfig", kubeconfig);
    let identity = r#"{"context": "mine", "server": "https://127.0.0.1:1", "ca_sha256": null, "nodes": ["guide-test-no-node"]}"#;
    let kept = format!(
        r#"{{"format": 1, "at": "2026-01-01T00:00:00Z", "run": "r", "identity": {identity}}}"#
    );
    book.write(".guide/world.json", kept);
    book
}

#[test]
fn a_step_that_fails_because_the_cluster_is_lost_ends_with_code_3() {
    let book = lost_cluster(
        r"
        # One

        ```bash {name=a}
        false
        ```
    ",
    );
    let said = book.guide("run").exits(3).says("1 failed");
    said.says("nothing listens at the cluster's address").says("guide run --resume");
    lost_cluster(
        r"
        # One

        ```bash {name=a verify}
        false
        ```
    ",
    )
    .guide("verify")
    .exits(3)
    .says("1 failed");
}

#[test]
fn a_check_that_differs_is_a_difference_even_if_the_cluster_is_lost() {
    let book = lost_cluster(
        r"
        # One

        ```bash {name=a}
        echo two
        ```

        ```output
        one
        ```
    ",
    );
    book.guide("run").exits(1);
}

/// A chapter whose check uses a variable that an acting step has set, and that counts how often the step ran.
const KNOWS: &str = r#"
    ---
    done: [count]
    ---
    # One

    ```bash {name=where}
    echo told >> "$GUIDE_BOOK/log"
    ask() { cat "$GUIDE_BOOK/$1"; }
    ```

    ```bash {name=pod}
    ask pod
    ```

    ```output
    pod <pod>
    ```

    ```bash {name=count verify=where check="n > 0"}
    echo "$pod has" $(ask lines)
    ```

    ```output
    <pod> has <n:int>
    ```
"#;
const NEEDS: &str = r#"
    ---
    needs: [chapter-1]
    ---
    # Two

    ```bash {name=one}
    echo two >> "$GUIDE_BOOK/log"
    ```
"#;

fn knowing() -> Project {
    let book = Project::with_chapters(&[("chapter-1.md", KNOWS), ("chapter-2.md", NEEDS)]);
    book.write("pod", "pod web-1\n");
    book.write("lines", "7\n");
    book
}

#[test]
fn checks_run_in_the_state_in_which_their_chapter_ended() {
    let book = knowing();
    book.guide("verify chapter-1")
        .exits(1)
        .says("ask: command not found")
        .says("run `guide run chapter-1` first");
    book.guide("run chapter-1").exits(0);
    book.guide("verify chapter-1").exits(0).says("1 step\n").says("1 passed in");
    book.write("lines", "8\n");
    book.guide("verify chapter-1").exits(0); // what a check binds itself it binds anew
    book.write("lines", "0\n");
    book.guide("verify chapter-1").exits(1).says("n > 0");
    assert_eq!(book.read("log"), "told\n", "nothing acted");
}

#[test]
fn a_needed_chapter_is_checked_in_the_state_in_which_it_ended_any_number_of_times() {
    let book = knowing();
    book.guide("run chapter-1").exits(0);
    for _ in 0..3 {
        book.guide("run chapter-2").exits(0).says("1 chapter taken as done");
    }
    book.guide("run chapter-2 --rerun").exits(0).says("1 chapter taken as done");
    assert_eq!(book.read("log"), "told\ntwo\ntwo\ntwo\ntwo\n");
    book.guide("run chapter-1 --rerun").exits(0);
    assert_eq!(
        book.read("log"),
        "told\ntwo\ntwo\ntwo\ntwo\ntold\n",
        "it is told again when it is asked for by name"
    );
}

#[test]
fn checks_of_a_needed_chapter_that_passed_before_may_take_a_moment() {
    let book = knowing();
    book.write("guide/chapter-1.md", KNOWS.replace("verify=where", "verify=where until=20s"));
    book.guide("run chapter-1").exits(0);
    std::fs::remove_file(book.path("lines")).expect("removed");
    let late = book.path("lines");
    let comes = std::thread::spawn(move || {
        std::thread::sleep(std::time::Duration::from_millis(700));
        std::fs::write(late, "7\n").expect("written");
    });
    book.guide("run chapter-2").exits(0).says("1 chapter taken as done");
    comes.join().expect("it came");
    assert_eq!(book.read("log"), "told\ntwo\n");
}

#[test]
fn a_chapter_that_is_no_longer_done_runs_in_a_fresh_shell() {
    let text = unindented(KNOWS)
        .replace("ask pod\n```", "ask pod\necho \"${left-nothing} was left\"; left=something\n```");
    let book = knowing();
    book.write("guide/chapter-1.md", text.replace("pod <pod>\n", "pod <pod>\nnothing was left\n"));
    book.guide("run chapter-1").exits(0);
    book.write("lines", "0\n");
    book.guide("run chapter-2").exits(1).says("n > 0").says("2 passed, 1 failed");
    assert_eq!(book.read("log"), "told\ntold\n");
}

const FIRST: &str = r#"# One

```bash {name=make}
touch "$GUIDE_BOOK/one"
```

```bash {name=made verify}
test -e "$GUIDE_BOOK/one"
```
"#;

const SECOND: &str = r#"# Two

```bash {name=make}
touch "$GUIDE_BOOK/two"
```

```bash {name=made verify}
test -e "$GUIDE_BOOK/two"
```
"#;

#[test]
fn without_targets_only_chapters_that_have_run_here_are_checked() {
    let book = Project::with_chapters(&[("chapter-1.md", FIRST), ("chapter-2.md", SECOND)]);
    book.guide("verify").exits(1).says("2 failed").never_says("not run here");
    book.guide("run chapter-1").exits(0);
    book.guide("verify")
        .exits(0)
        .says("1 passed")
        .says("not run here, and not checked: chapter-2")
        .says("`guide verify --all`");
    book.guide("verify --all").exits(1).says("1 passed, 1 failed").never_says("not run here");
    book.guide("verify chapter-2").exits(1).never_says("not run here");
    book.guide("run").exits(0);
    book.guide("verify").exits(0).says("2 passed").never_says("not run here");
}
