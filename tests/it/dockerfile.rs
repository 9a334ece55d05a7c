//! The Dockerfile: the files that it copies are all that the program is compiled from.

use std::fs;
use std::path::{Component, Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn text(file: &str) -> String {
    fs::read_to_string(root().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// The paths that the stages which start from `FROM` take out of the repository.
fn copied() -> Vec<String> {
    let dockerfile = text("Dockerfile");
    let copies = dockerfile.lines().filter_map(|line| line.strip_prefix("COPY "));
    let sources = copies
        .filter(|words| !words.starts_with("--from="))
        .flat_map(|words| words.split_whitespace().rev().skip(1))
        .map(str::to_owned);
    sources.collect()
}

/// The paths that reach Docker at all.
fn sent() -> Vec<String> {
    text(".dockerignore")
        .lines()
        .filter_map(|line| line.strip_prefix('!'))
        .map(str::to_owned)
        .collect()
}

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The path of a file that `from` includes, below the repository.
fn resolved(from: &Path, included: &str) -> PathBuf {
    let mut path = from.parent().expect("a folder").to_path_buf();
    for part in Path::new(included).components() {
        match part {
            Component::ParentDir => assert!(path.pop()),
            other => path.push(other),
        }
    }
    path.strip_prefix(root()).expect("a file of the repository").to_path_buf()
}

/// Every file that the program's own sources include, its targets, and what cargo reads. A file that only tests include is left out.
fn compiled_from() -> Vec<PathBuf> {
    let mut sources = Vec::new();
    rust_files(&root().join("src"), &mut sources);
    let mut files =
        vec![PathBuf::from("Cargo.toml"), PathBuf::from("Cargo.lock"), PathBuf::from("README.md")];
    let of_tests = |source: &Path| {
        source.components().any(|part| {
            part.as_os_str().to_string_lossy().trim_end_matches(".rs").ends_with("tests")
        })
    };
    for source in sources
        .into_iter()
        .filter(|source| !of_tests(source.strip_prefix(root()).expect("below the repository")))
    {
        let code = fs::read_to_string(&source).expect("a source file");
        let program = code.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        for rest in program.split("include_str!(\"").skip(1) {
            files.push(resolved(&source, rest.split('"').next().expect("a path")));
        }
        files.push(source.strip_prefix(root()).expect("below the repository").to_path_buf());
    }
    for bench in text("Cargo.toml").split("[[bench]]\nname = \"").skip(1) {
        files.push(
            Path::new("benches")
                .join(bench.split('"').next().expect("a name"))
                .with_extension("rs"),
        );
    }
    files
}

fn missing(from: &[String]) -> Vec<PathBuf> {
    let there = |file: &PathBuf| from.iter().any(|path| file.starts_with(path));
    compiled_from().into_iter().filter(|file| !there(file)).collect()
}

#[test]
fn the_image_is_built_from_every_file_of_which_the_program_is_made() {
    let files = compiled_from();
    assert!(files.contains(&PathBuf::from("src/shell/driver.sh")), "{files:?}");
    assert!(files.contains(&PathBuf::from("templates/guide.yml")), "{files:?}");
    assert_eq!((missing(&copied()), missing(&sent())), (vec![], vec![]));
    for path in copied() {
        assert!(sent().contains(&path), ".dockerignore keeps {path} from Docker");
        assert!(root().join(&path).exists(), "there is no {path}");
    }
}
