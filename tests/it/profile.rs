//! Which profile a run takes by itself, and what it says about it. (`Said` writes `k8s` as `k[time]`.) curl and docker are scripts
//! here that write down that they were called: no registry can be reached where the tests run, and no container may be started by them.

use std::os::unix::fs::PermissionsExt;

use crate::Project;
use crate::project::Said;

/// A book that leaves its profile to the machine, and one step.
fn book(curl: &str) -> Project {
    let book = Project::with_chapter(
        r#"
        # One

        ```bash {name=which}
        echo "$GUIDE_PROFILE" >> "$GUIDE_BOOK/log"
        ```
    "#,
    );
    book.write(
        "book.toml",
        "[book]\ntitle = \"T\"\nsrc = \"guide\"\n\n[preprocessor.guide]\ndefault-profile = \"auto\"\n",
    );
    book.write("guide/values.open.yaml", "a: 1\n");
    book.write("guide/values.sealed.yaml", "a: 2\n");
    program(&book, "curl", &format!("echo curl >> '{}'\n{curl}", book.path("calls").display()));
    program(&book, "docker", &format!("echo docker \"$@\" >> '{}'", book.path("calls").display()));
    book
}

fn program(book: &Project, name: &str, script: &str) {
    let file = format!("programs/{name}");
    book.write(&file, format!("#!/bin/sh\n{script}\n"));
    std::fs::set_permissions(book.path(&file), std::fs::Permissions::from_mode(0o755))
        .expect("executable");
}

fn guide(book: &Project, words: &str) -> Said {
    let path = format!(
        "{}:{}",
        book.path("programs").display(),
        std::env::var("PATH").unwrap_or_default()
    );
    Said::of(&book.command(words).env("PATH", path).output().expect("guide starts"), book.root())
}

fn first_line(said: &Said) -> &str {
    said.stderr.lines().next().unwrap_or_default()
}

/// How often curl was called until now.
fn calls(book: &Project) -> usize {
    book.read("calls").lines().filter(|line| *line == "curl").count()
}

#[test]
fn registries_that_ask_for_a_token_make_the_profile_open_and_are_asked_once() {
    let book = book("printf 401");
    let said = guide(&book, "run").exits(0);
    assert_eq!(
        first_line(&said),
        "profile open: the container registries answer (--profile NAME takes another one)"
    );
    guide(&book, "run").exits(0).says("profile open: as in the runs before");
    assert_eq!(
        (book.read("log").as_str(), calls(&book)),
        ("open\nopen\n", 2),
        "one call for each registry"
    );
}

#[test]
fn a_registry_that_answers_at_the_second_attempt_answers() {
    let book = book(
        "[ \"$(grep -c curl calls)\" -gt 2 ] && printf 200 || { echo 'timed out' >&2; printf 000; exit 28; }",
    );
    // Both registries fail until curl was called more than twice: each is then at its second attempt.
    guide(&book, "run").exits(0).says("profile open: the container registries answer");
}

#[test]
fn an_answer_that_failed_is_told_with_its_reason_and_not_remembered() {
    let book = book(
        "if [ -e network ]; then printf 401; else echo 'curl: (28) timed out' >&2; printf 000; exit 28; fi",
    );
    let said = guide(&book, "run").exits(0);
    assert_eq!(
        first_line(&said),
        "profile sealed: registry-1.docker.io can't be reached (curl: (28) timed out), \
         registry.k[time].io can't be reached (curl: (28) timed out) (--profile NAME takes another one)"
    );
    assert_eq!(calls(&book), 4, "each registry is asked twice");
    book.write("network", "");
    guide(&book, "run").exits(0).says("profile open: ");
    assert_eq!(book.read("log"), "sealed\nopen\n");
}

#[test]
fn a_proxy_that_refuses_is_not_asked_again() {
    let book = book("printf 403");
    guide(&book, "run").exits(0).says(
        "profile sealed: registry-1.docker.io refuses (403), registry.k[time].io refuses (403)",
    );
    assert_eq!(calls(&book), 2);
}

#[test]
fn finding_out_the_profile_starts_no_container_and_asks_the_engine_nothing() {
    let book = book("printf 403");
    for words in ["check", "plan", "run"] {
        guide(&book, words).exits(0);
    }
    assert!(!book.read("calls").contains("docker"), "{}", book.read("calls"));
}

#[test]
fn a_profile_that_was_named_is_not_explained() {
    let book = book("printf 403");
    guide(&book, "run --profile open").exits(0).never_says("profile open:");
    assert!(!book.has("calls"));
}

#[test]
fn a_cluster_that_was_made_without_registries_keeps_its_profile_when_they_answer_later() {
    let book = book("if [ -e network ]; then printf 401; else printf 403; fi");
    let identity =
        r#"{"context": "c", "server": "https://127.0.0.1:1", "ca_sha256": null, "nodes": []}"#;
    book.write(
        ".guide/world.json",
        format!(
            r#"{{"format": 1, "at": "2026-01-01T00:00:00Z", "run": "r", "identity": {identity}}}"#
        ),
    );
    guide(&book, "run").exits(0).says("profile sealed: registry-1.docker.io refuses (403)");
    book.write("network", "");
    guide(&book, "run").exits(0).says("profile sealed: as in the runs before");
    guide(&book, "run --profile open").exits(0);
    assert_eq!(book.read("log"), "sealed\nsealed\nopen\n");
}
