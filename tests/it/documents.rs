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

/// The pages of the manual.
fn pages_of_the_manual() -> Vec<String> {
    let folder = "docs/manual/src";
    let summary = read(&format!("{folder}/SUMMARY.md"));
    let link = Regex::new(r"\]\(([^)]+\.md)\)").expect("a pattern");
    let pages: Vec<String> =
        link.captures_iter(&summary).map(|page| format!("{folder}/{}", &page[1])).collect();
    assert!(pages.len() > 10, "{pages:?}");
    pages
}

#[test]
fn every_relative_link_leads_to_a_file() {
    let link = Regex::new(r"\]\(([^)#:]+)(#[^)]*)?\)").expect("a pattern");
    let mut dead = Vec::new();
    for document in DOCUMENTS.iter().map(|file| (*file).to_owned()).chain(pages_of_the_manual()) {
        let text = read(&document);
        let folder = path(&document).parent().expect("a folder").to_owned();
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
