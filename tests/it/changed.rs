//! `--changed-since`: the chapters that differ from a revision of git, and what they need.

use std::process::Command;

use crate::Project;

fn git(book: &Project, words: &str) {
    let output = Command::new("git")
        .arg("-C")
        .arg(book.root())
        .args(["-c", "user.name=a", "-c", "user.email=a@b", "-c", "init.defaultBranch=main"])
        .args(words.split_whitespace())
        .env("HOME", book.root())
        .output()
        .expect("git");
    assert!(output.status.success(), "git {words}: {}", String::from_utf8_lossy(&output.stderr));
}

/// Five chapters: 1 uses a value, 2 a manifest, 3 a file, 4 a snapshot and needs 1, 5 only text.
fn book() -> Project {
    let book = Project::with_chapters(&[
        ("chapter-1.md", "# One\n\n```bash {name=a}\necho $COLOUR\n```\n"),
        ("chapter-2.md", "# Two\n\n```bash {name=a}\ncat web.yaml\n```\n"),
        ("chapter-3.md", "# Three\n\n```bash {name=a}\ncat $GUIDE_BOOK/data/x\n```\n"),
        (
            "chapter-4.md",
            "---\nneeds: [chapter-1]\n---\n# Four\n\n```bash {name=a snapshot}\necho four\n```\n",
        ),
        ("chapter-5.md", "# Five\n\n```bash {name=a}\necho five\n```\n"),
    ]);
    book.write("guide/values.yaml", "colour: blue\nshape: round\n");
    book.write("guide/manifests/web.yaml.j2", "shape: {{ shape }}\n");
    book.write("data/x", "x\n");
    book.write(
        "book.toml",
        "[book]\ntitle = \"Test\"\nsrc = \"guide\"\n\n[preprocessor.guide]\nvalues = \"values.yaml\"\n",
    );
    book.write(".gitignore", ".guide\n");
    git(&book, "init -q");
    git(&book, "add -A");
    git(&book, "commit -qm first");
    book
}

#[test]
fn the_chapters_that_have_changed_run_with_what_they_need() {
    let book = book();
    book.guide("run --changed-since HEAD")
        .exits(0)
        .says("no chapter has changed since HEAD")
        .never_says("passed");
    let five = book.read("guide/chapter-5.md");
    book.write("guide/chapter-5.md", five.replace("echo five", "echo 5"));
    let said = book.guide("run --changed-since HEAD").exits(0);
    assert_eq!(
        said.stderr,
        "1 chapter has changed since HEAD:\n  chapter-5: guide/chapter-5.md\n\
         chapter-5 · Five · 1 step\n  ✓ a                                   [time]\n1 passed in [time]\n",
    );
    let four = book.read("guide/chapter-4.md");
    book.write("guide/chapter-4.md", four.replace("echo four", "echo 4"));
    book.guide("run --changed-since HEAD")
        .exits(1)
        .says("chapter-1 · One")
        .says("chapter-4 · Four");
}

/// The chapters that are named after this change, with the reasons.
fn reasons(change: impl Fn(&Project)) -> String {
    let book = book();
    change(&book);
    let said = book.guide("check --changed-since HEAD").exits(0);
    said.stderr.lines().filter(|line| line.starts_with("  chapter-")).collect::<Vec<_>>().join("\n")
}

#[test]
fn values_manifests_files_and_snapshots_are_parts_of_a_chapter() {
    assert_eq!(
        reasons(|book| book.write("guide/values.yaml", "colour: red\nshape: round\n")),
        "  chapter-1: the value colour has changed"
    );
    assert_eq!(
        reasons(|book| book.write("guide/values.yaml", "colour: blue # the same\nshape: round\n")),
        ""
    );
    let shape = reasons(|book| book.write("guide/values.yaml", "colour: blue\nshape: flat\n"));
    assert!(shape.starts_with("  chapter-2: ") && !shape.contains('\n'), "{shape}");
    assert_eq!(
        reasons(|book| book.write("guide/manifests/web.yaml.j2", "shape: x\n")),
        "  chapter-2: guide/manifests/web.yaml.j2"
    );
    assert_eq!(reasons(|book| book.write("data/x", "y\n")), "  chapter-3: data/x");
    assert_eq!(reasons(|book| book.write("README.md", "unused\n")), "");
    let snapshot = |book: &Project| {
        book.guide("run chapter-4").exits(1);
        book.guide("review --accept").exits(0);
    };
    assert_eq!(reasons(snapshot), "  chapter-4: snapshots/chapter-4/a.snap");
}

#[test]
fn check_looks_only_at_what_has_changed() {
    let book = book();
    let warn = "\n```bash {name=vi}\nvi x\n```\n";
    let (one, five) = (book.read("guide/chapter-1.md"), book.read("guide/chapter-5.md"));
    book.write("guide/chapter-1.md", one + warn);
    git(&book, "commit -qam warned");
    book.write("guide/chapter-5.md", five + "\nMore.\n");
    book.guide("check").exits(0).says("`vi` waits for a person to edit a file");
    book.guide("check --changed-since HEAD")
        .exits(0)
        .never_says("`vi`")
        .says("1 chapter with 1 step: no problem");
    book.guide("check --changed-since HEAD~1")
        .exits(0)
        .says("`vi` waits for a person to edit a file");
}

#[test]
fn no_repository_no_revision_and_a_shallow_clone_are_told_apart() {
    let book = book();
    book.guide("run --changed-since nowhere")
        .exits(2)
        .says("error: git knows no revision `nowhere`")
        .says("hint: name a commit, a branch or a tag");
    book.guide("run --changed-since --all").exits(2);
    git(&book, "commit -q --allow-empty -m second");
    let clone = Project::with_chapter("# One\n\n```bash {name=a}\ntrue\n```\n");
    let url = format!("file://{}", book.root().display());
    let inside = clone.path("clone");
    let words = format!("clone -q --depth 1 {url} {}", inside.display());
    git(&clone, &words);
    clone
        .guide("check --book clone --changed-since HEAD~1")
        .exits(2)
        .says("this clone is shallow and does not have the revision `HEAD~1`")
        .says("fetch-depth: 0");
    clone
        .guide("check --changed-since HEAD")
        .exits(2)
        .says("is in no git repository, so nothing is known of `HEAD`");
}
