//! The documents for people: the files, functions and attributes that they name exist.

use std::fs;
use std::path::{Path, PathBuf};

use regex::Regex;

/// The documents beside the book itself.
const DOCUMENTS: [&str; 9] = [
    "README.md",
    "AGENTS.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "docs/architecture.md",
    "docs/image.md",
    "docs/install.md",
    "docs/performance.md",
    "lab/README.md",
];

fn path(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(file)
}

fn read(file: &str) -> String {
    fs::read_to_string(path(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

#[test]
fn every_relative_link_leads_to_a_file() {
    let link = Regex::new(r"\]\(([^)#:]+)(#[^)]*)?\)").expect("a pattern");
    let mut dead = Vec::new();
    for document in DOCUMENTS {
        let text = read(document);
        let folder = path(document).parent().expect("a folder").to_owned();
        let leads = link.captures_iter(&text).map(|found| found[1].to_owned());
        dead.extend(
            leads
                .filter(|leads| !folder.join(leads).exists())
                .map(|leads| format!("{document}: {leads}")),
        );
    }
    assert_eq!(dead, [""; 0]);
}

#[test]
fn the_path_of_a_step_names_functions_that_exist() {
    let text = read("docs/architecture.md");
    let row = Regex::new(r"(?m)^\| \d+ \| `(src/[^`]+)` \| `(\w+)` \|").expect("a pattern");
    let rows: Vec<_> =
        row.captures_iter(&text).map(|row| (row[1].to_owned(), row[2].to_owned())).collect();
    assert_eq!(rows.len(), 10, "ten calls");
    for (file, function) in rows {
        let defined = Regex::new(&format!(r"\bfn {function}\b")).expect("a pattern");
        assert!(defined.is_match(&read(&file)), "{file} has no function `{function}`");
    }
    let files = Regex::new(r"`((?:src|docs)/[^` ]+)`").expect("a pattern");
    for file in files.captures_iter(&text) {
        assert!(path(&file[1]).exists(), "there is no {}", &file[1]);
    }
}

#[test]
fn every_attribute_of_a_step_is_in_the_table_of_the_authors_guide() {
    let code = read("src/book/step_attributes.rs");
    let words = code.split_once("STEP_WORDS").expect("the list of attributes").1;
    let words = words.split_once("];").expect("the list's end").0;
    let table = read("guide/authoring.md");
    let table = table.split_once("## Every attribute").expect("the table").1;
    let table = table.split_once("## The front matter").expect("the table's end").0;
    let word = Regex::new(r#""(\w+)""#).expect("a pattern");
    let words: Vec<_> = word.captures_iter(words).map(|word| word[1].to_owned()).collect();
    assert!(words.len() > 15, "{words:?}");
    // Runme's word, which is accepted beside guide's own.
    for word in words.iter().filter(|word| *word != "excludeFromRunAll") {
        let named = Regex::new(&format!(r"(?m)^\| `(?:\w+`, `)*{word}\b")).expect("a pattern");
        assert!(named.is_match(table), "the table has no `{word}`");
    }
}
