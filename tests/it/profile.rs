//! The profile that a run chooses by itself, and its explanation. (`Said` writes `k8s` as `k[time]`.) curl and docker are scripts here,
//! which log their calls: the tests can neither reach a registry nor start a container.

use std::os::unix::fs::PermissionsExt;

use crate::Project;
use crate::project::Said;

/// A book with one step whose profile is chosen by the machine.
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

/// How often curl was called so far.
fn calls(book: &Project) -> usize {
    book.read("calls").lines().filter(|line| *line == "curl").count()
}

#[test]
fn registries_that_require_a_token_make_the_profile_open_and_are_probed_once() {
    let book = book("printf 401");
    let said = guide(&book, "run").exits(0);
    assert_eq!(
        first_line(&said),
        "profile open: the container registries answer (choose another one with --profile NAME)"
    );
    guide(&book, "run").exits(0).says("profile open: as in earlier runs");
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
    // Both registries fail until curl was called more than twice, which is the second attempt for each.
    guide(&book, "run").exits(0).says("profile open: the container registries answer");
}

#[test]
fn a_failed_probe_is_reported_with_its_reason_and_not_remembered() {
    let book = book(
        "if [ -e network ]; then printf 401; else echo 'curl: (28) timed out' >&2; printf 000; exit 28; fi",
    );
    let said = guide(&book, "run").exits(0);
    assert_eq!(
        first_line(&said),
        "profile sealed: registry-1.docker.io cannot be reached (curl: (28) timed out), \
         registry.k[time].io cannot be reached (curl: (28) timed out) (choose another one with --profile NAME)"
    );
    assert_eq!(calls(&book), 4, "each registry is asked twice");
    book.write("network", "");
    guide(&book, "run").exits(0).says("profile open: ");
    assert_eq!(book.read("log"), "sealed\nopen\n");
}

#[test]
fn a_proxy_that_refuses_is_probed_only_once() {
    let book = book("printf 403");
    guide(&book, "run").exits(0).says(
        "profile sealed: registry-1.docker.io refuses (403), registry.k[time].io refuses (403)",
    );
    assert_eq!(calls(&book), 2);
}

#[test]
fn choosing_the_profile_starts_no_container_and_does_not_call_the_engine() {
    let book = book("printf 403");
    for words in ["check", "plan", "run"] {
        guide(&book, words).exits(0);
    }
    assert!(!book.read("calls").contains("docker"), "{}", book.read("calls"));
}

#[test]
fn a_named_profile_has_no_explanation() {
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
    guide(&book, "run").exits(0).says("profile sealed: as in earlier runs");
    guide(&book, "run --profile open").exits(0);
    assert_eq!(book.read("log"), "sealed\nsealed\nopen\n");
}
