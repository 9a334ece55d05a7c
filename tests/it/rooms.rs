//! The rooms of the program, `src/NAME` each, against the table of rooms in CONTRIBUTING.md: every room is listed once, and a room
//! imports only rooms above it. Tests inside of the rooms may import what they need.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Files directly under `src` that are not rooms: the crate root, the program, and the entry points of the fuzz targets.
const NOT_ROOMS: [&str; 3] = ["lib", "main", "fuzzing"];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The rooms in the order of the table's first column. A row may list several.
fn listed_rooms() -> Vec<String> {
    let text = std::fs::read_to_string(root().join("CONTRIBUTING.md"))
        .expect("CONTRIBUTING.md is readable");
    let table = text.lines().skip_while(|line| !line.starts_with("| room | what it does"));
    let rows = table.skip(2).take_while(|line| line.starts_with('|'));
    let first_column = rows.map(|row| row.split('|').nth(1).expect("a row has cells"));
    first_column
        .flat_map(|cell| cell.split(','))
        .map(|name| name.trim().trim_matches('`').to_owned())
        .collect()
}

/// Every source file, with the room that it belongs to.
fn sources() -> Vec<(String, PathBuf)> {
    fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).expect("a folder of src is readable") {
            let path = entry.expect("a folder of src is readable").path();
            if path.is_dir() {
                walk(&path, files);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    let mut files = Vec::new();
    walk(&root().join("src"), &mut files);
    files.sort();
    let source = |path: PathBuf| {
        let inside = path.strip_prefix(root().join("src")).expect("the file is in src").to_owned();
        let first = inside
            .iter()
            .next()
            .and_then(|first| first.to_str())
            .expect("file names are UTF-8")
            .trim_end_matches(".rs");
        // The room `shell` of other systems than Linux.
        let room = if first == "shell_elsewhere" { "shell" } else { first };
        (room.to_owned(), inside)
    };
    files.into_iter().map(source).collect()
}

/// Whether the file contains tests, samples for tests or fuzz targets only.
fn is_for_tests(file: &Path) -> bool {
    let is_test =
        |part: &str| matches!(part, "tests" | "samples" | "fuzzing") || part.ends_with("_tests");
    file.iter().any(|part| is_test(part.to_str().unwrap_or_default().trim_end_matches(".rs")))
}

/// The rooms that a production file imports.
fn imports(text: &str, depth: usize) -> BTreeSet<String> {
    let code: String = text
        .lines()
        .take_while(|line| *line != "mod tests {")
        .filter(|line| !line.trim_start().starts_with("//"))
        .map(|line| format!("{line}\n"))
        .collect();
    let mut found = BTreeSet::new();
    for root in ["crate::".to_owned(), "super::".repeat(depth)] {
        for (at, _) in code.match_indices(&root) {
            let is_longer = |next: char| next.is_alphanumeric() || matches!(next, '_' | ':' | '$');
            if code[..at].ends_with(is_longer) {
                continue;
            }
            let rest = &code[at + root.len()..];
            match rest.strip_prefix('{') {
                Some(group) => found.extend(top_names(group)),
                None => found.extend(first_name(rest)),
            }
        }
    }
    found
}

fn first_name(text: &str) -> Option<String> {
    let end = text.find(|next: char| !next.is_alphanumeric() && next != '_').unwrap_or(text.len());
    let name = &text[..end];
    name.starts_with(|first: char| first.is_ascii_lowercase()).then(|| name.to_owned())
}

/// The names at the top of a group of imports, up to its closing brace.
fn top_names(group: &str) -> Vec<String> {
    let (mut depth, mut names, mut is_start) = (0_usize, Vec::new(), true);
    for (at, next) in group.char_indices() {
        match next {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => is_start = true,
            next if !next.is_whitespace() && std::mem::take(&mut is_start) => {
                names.extend(first_name(&group[at..]));
            }
            _ => {}
        }
    }
    names
}

/// Every import between rooms: (from, to) → the files that contain it.
fn imports_between_rooms() -> BTreeMap<(String, String), Vec<String>> {
    let mut found: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
    for (room, file) in sources() {
        if NOT_ROOMS.contains(&&*room) || is_for_tests(&file) {
            continue;
        }
        let text = std::fs::read_to_string(root().join("src").join(&file))
            .expect("a file of src is readable");
        for other in imports(&text, file.iter().count()) {
            if other != room {
                let files = found.entry((room.clone(), other)).or_default();
                files.push(file.display().to_string());
            }
        }
    }
    found
}

#[test]
fn the_table_lists_every_room_once() {
    let listed = listed_rooms();
    let rooms: BTreeSet<String> = sources()
        .into_iter()
        .map(|(room, _)| room)
        .filter(|room| !NOT_ROOMS.contains(&&**room))
        .collect();
    assert_eq!(listed.iter().cloned().collect::<BTreeSet<_>>(), rooms);
    assert_eq!(listed.len(), rooms.len(), "a room is listed twice: {listed:?}");
}

#[test]
fn a_room_imports_only_rooms_above_it_in_the_table() {
    let listed = listed_rooms();
    let row = |name: &String| listed.iter().position(|room| room == name);
    let wrong: Vec<String> = imports_between_rooms()
        .into_iter()
        .filter(|((from, to), _)| row(to).is_some() && row(to) > row(from))
        .map(|((from, to), files)| format!("`{from}` imports `{to}` in {}", files.join(", ")))
        .collect();
    assert_eq!(
        wrong,
        Vec::<String>::new(),
        "each room imports only rooms above it in CONTRIBUTING.md"
    );
}

#[test]
fn an_import_is_found_in_every_form() {
    let text = "use crate::book::{Book, Step};\nuse crate::{\n    plan::{self, Plan},\n    event,\n};\n// use crate::store;\n\
                fn f() { crate::report::print(mycrate::engine); super::super::ids::x() }\n#[cfg(test)]\nmod tests {\n    use crate::shell;\n}\n";
    let found: Vec<String> = imports(text, 2).into_iter().collect();
    assert_eq!(found, ["book", "event", "ids", "plan", "report"]);
    assert_eq!(imports("use crate::Diagnostic;\nuse super::ids;\n", 2), BTreeSet::new());
}
