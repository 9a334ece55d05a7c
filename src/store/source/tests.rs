//! Real folders, read whole.

#![expect(clippy::disallowed_methods, reason = "the tests make the files that are read")]

use std::path::Path;

use serde_json::json;

use super::{BookFiles, find_book, read_book};
use crate::book::parse_book;

fn book(files: &[(&str, &[u8])]) -> (tempfile::TempDir, BookFiles) {
    let folder = tempfile::tempdir().unwrap();
    for (path, bytes) in files {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
    let read = read_book(folder.path());
    (folder, read)
}

const TOML: &[u8] =
    b"[book]\ntitle = \"T\"\nsrc = \"guide\"\n[preprocessor.guide]\ndefault-profile = \"open\"\n";

fn told(files: &BookFiles) -> Vec<String> {
    let place = |problem: &crate::book::Problem| {
        problem.span.map(|span| files.text.sources.place(span).to_string())
    };
    files
        .problems
        .iter()
        .map(|problem| format!("{}: {}", place(problem).unwrap_or_default(), problem.message))
        .collect()
}

#[test]
fn a_book_is_read_with_its_chapters_manifests_and_values() {
    let (_folder, mut files) = book(&[
        ("book.toml", TOML),
        (
            "guide/SUMMARY.md",
            b"- [One](chapter-1-one.md)\n- [Two](sub/chapter-2.md)\n- [Draft]()\n",
        ),
        ("guide/chapter-1-one.md", b"# One\n"),
        ("guide/sub/chapter-2.md", b"# Two\n"),
        ("guide/manifests/web.yaml.j2", b"a: 1\n"),
        ("guide/manifests/notes.txt", b"no"),
        ("guide/values.yaml", b"a: 1\nb: {c: 2, d: 3}\n"),
        ("guide/values.sealed.yaml", b"b: {c: 4}\n"),
    ]);
    assert_eq!(told(&files), [""; 0]);
    assert_eq!(files.profiles(), ["open", "sealed"]);
    assert_eq!(
        files.read_values("sealed", &["a=x".to_owned()]),
        json!({"a": "x", "b": {"c": 4, "d": 3}})
    );
    assert_eq!(files.read_values("open", &[]), json!({"a": 1, "b": {"c": 2, "d": 3}}));
    assert_eq!(files.text.shared_manifests.len(), 1);
    assert_eq!(files.text.shared_manifests[0].0, "web.yaml");
    let (book, problems) = parse_book(files.text);
    assert_eq!(problems, []);
    let names: Vec<&str> = book.chapters.iter().map(|chapter| chapter.name.as_str()).collect();
    assert_eq!((book.title.as_str(), names), ("T", vec!["chapter-1", "chapter-2"]));
}

#[test]
fn a_chapter_that_is_not_there_is_told_at_its_line_in_the_summary() {
    let (_folder, files) = book(&[
        ("book.toml", TOML),
        ("guide/SUMMARY.md", b"# Summary\n\n- [One](chapter-1.md)\n- [Two](chapter-2.md)\n"),
        ("guide/chapter-2.md", b""),
    ]);
    assert_eq!(told(&files), ["guide/SUMMARY.md:3: there is no file guide/chapter-1.md"]);
    assert_eq!(files.text.chapters.len(), 1);
}

#[test]
fn a_book_without_a_summary_is_told_what_one_looks_like() {
    let (_folder, files) = book(&[("book.toml", TOML), ("guide/chapter-1.md", b"")]);
    assert_eq!(told(&files), ["book.toml:3: the book has no guide/SUMMARY.md"]);
    let (_folder, files) = book(&[("book.toml", TOML), ("guide/SUMMARY.md", b"# Nothing\n")]);
    assert_eq!(told(&files), ["guide/SUMMARY.md:1: SUMMARY.md names no chapter"]);
}

#[test]
fn bytes_that_are_no_utf8_are_told_with_their_place() {
    let (_folder, files) = book(&[
        ("book.toml", TOML),
        ("guide/SUMMARY.md", b"[One](one.md)\n"),
        ("guide/one.md", b"# One\n\ntext \xff more\n"),
    ]);
    assert_eq!(
        told(&files),
        ["guide/one.md:3: guide/one.md is not UTF-8: byte 12 in line 3 is 0xFF"]
    );
    let (_folder, files) = book(&[("book.toml", TOML), ("guide/SUMMARY.md", b"\xff\xfe#\0")]);
    assert_eq!(files.problems[0].hint.as_deref(), Some("it looks like UTF-16: save it as UTF-8"));
}

#[test]
fn values_that_are_wrong_are_told_with_their_line() {
    let (_folder, mut files) = book(&[
        ("book.toml", TOML),
        ("guide/SUMMARY.md", b"[One](one.md)\n"),
        ("guide/one.md", b""),
        ("guide/values.yaml", b"a: 1\nb: c: d\n"),
        ("guide/values.open.yaml", b"- 1\n"),
    ]);
    files.read_values("open", &["x".to_owned()]);
    let told = told(&files);
    assert!(told[0].starts_with("guide/values.yaml:2: these values are no YAML"), "{told:?}");
    assert_eq!(
        told[1..],
        [
            "guide/values.open.yaml:1: values are a table of names".to_owned(),
            ": `--set x`: there is no `=`".to_owned()
        ]
    );
}

#[test]
fn a_values_file_that_is_named_has_to_be_there() {
    let toml = b"[book]\nsrc = \"guide\"\n[preprocessor.guide]\nvalues = \"my.yaml\"\n";
    let (_folder, files) = book(&[
        ("book.toml", toml),
        ("guide/SUMMARY.md", b"[One](one.md)\n"),
        ("guide/one.md", b""),
    ]);
    assert_eq!(told(&files), ["book.toml:4: there is no values file guide/my.yaml"]);
}

#[test]
fn the_nearest_book_upwards_is_found() {
    let (folder, _) = book(&[("book.toml", TOML), ("guide/sub/x.md", b"")]);
    assert_eq!(find_book(None, &folder.path().join("guide/sub")).unwrap(), folder.path());
    let root = folder.path().canonicalize().unwrap();
    assert_eq!(find_book(Some(Path::new("..")), &folder.path().join("guide")).unwrap(), root);
    assert_eq!(
        find_book(Some(Path::new("../book.toml")), &folder.path().join("guide")).unwrap(),
        root
    );
    let missing = find_book(Some(Path::new("guide")), folder.path()).unwrap_err();
    assert_eq!(
        missing.to_string(),
        format!(
            "there is no book: looked for `book.toml` in {}",
            folder.path().join("guide").display()
        )
    );
    assert!(missing.hint.unwrap().contains("guide init"));
}
