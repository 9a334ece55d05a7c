//! The programs that a book calls, with their versions.

use std::path::PathBuf;

use super::{Fact, LIMIT};
use crate::probe::{ProbeError, ProbeOutput, probe};

/// kind and kubectl, which the book downloads if they are missing.
pub(super) fn kind_and_kubectl(folders: &[PathBuf]) -> Vec<Fact> {
    let kind = run_tool("kind", &["version"], folders);
    let kubectl = run_tool("kubectl", &["version", "--client"], folders);
    vec![
        version_of(
            "kind",
            kind,
            "makes the cluster",
            "install it, unless a chapter of the book does (chapter 1 of the World Tree does)",
        ),
        version_of(
            "kubectl",
            kubectl,
            "talks to the cluster",
            "install it, unless a chapter of the book does (chapter 1 of the World Tree does)",
        ),
    ]
}

/// Go, with which profile sealed builds.
pub(super) fn go(folders: &[PathBuf]) -> Vec<Fact> {
    let why = "profile sealed compiles kind and Kubernetes with it, profile open does not need it";
    let hint = "install Go 1.26.0 or newer from go.dev/dl, and put it in PATH before any other";
    let fact = version_of("go", run_tool("go", &["version"], folders), why, hint);
    if fact.ok && !fetches_toolchains(&fact.value) {
        return vec![Fact::bad("go", format!("{} is too old", fact.value), why, hint)];
    }
    vec![fact]
}

/// Whether this Go fetches the newer one that the lab's parts name: Go does so from 1.21 on.
fn fetches_toolchains(version: &str) -> bool {
    let mut numbers = version.split('.').map(|number| number.parse::<u32>().unwrap_or(u32::MAX));
    (numbers.next(), numbers.next()) >= (Some(1), Some(21))
}

/// curl, which downloads programs and requests pages.
pub(super) fn curl(folders: &[PathBuf]) -> Vec<Fact> {
    vec![version_of(
        "curl",
        run_tool("curl", &["--version"], folders),
        "downloads programs and requests pages",
        "apt-get install curl",
    )]
}

/// Helm, which the chapters with charts need.
pub(super) fn helm(folders: &[PathBuf]) -> Vec<Fact> {
    let answer = run_tool("helm", &["version", "--short"], folders);
    vec![version_of(
        "helm",
        answer,
        "installs charts",
        "the chapter with charts gets it, or install helm 3.19.5 or newer",
    )]
}

/// Runs the first program of this name: in each folder, then in PATH.
fn run_tool(
    program: &str,
    arguments: &[&str],
    folders: &[PathBuf],
) -> Result<ProbeOutput, ProbeError> {
    let own = folders.iter().map(|folder| folder.join(program).to_string_lossy().into_owned());
    let answers = own
        .map(|path| probe(&path, arguments, LIMIT))
        .find(|answer| *answer != Err(ProbeError::Missing));
    answers.unwrap_or_else(|| probe(program, arguments, LIMIT))
}

/// The fact for the output of a program that prints its version.
fn version_of(
    name: &'static str,
    answer: Result<ProbeOutput, ProbeError>,
    why: &'static str,
    hint: &str,
) -> Fact {
    match answer {
        Ok(answer) if answer.succeeded() => match first_version(&answer.stdout) {
            Some(version) => Fact::good(name, version, why),
            None => Fact::good(name, "unknown version", why),
        },
        Ok(answer) => {
            let message = answer.stderr.lines().next().unwrap_or("no reason given").to_owned();
            Fact::bad(name, format!("does not run: {message}"), why, hint)
        }
        Err(ProbeError::Missing) => Fact::bad(name, "not in PATH", why, hint),
        Err(ProbeError::TimedOut) => {
            Fact::bad(name, "did not answer in time", why, format!("run `{name} version` by hand"))
        }
        Err(ProbeError::Failed(reason)) => {
            Fact::bad(name, format!("cannot be started: {reason}"), why, hint)
        }
    }
}

/// The first word that looks like a version: `v1.35.0`, `go1.24.3`.
fn first_version(text: &str) -> Option<String> {
    let words = text.split(|character: char| character.is_whitespace() || character == ',');
    let mut versions = words.filter_map(|word| {
        let number = word.trim_start_matches("go").trim_start_matches('v');
        let looks =
            number.starts_with(|first: char| first.is_ascii_digit()) && number.contains('.');
        looks.then(|| number.split('+').next().unwrap_or(number).to_owned())
    });
    versions.next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_found_in_the_output_of_each_tool() {
        assert_eq!(first_version("kind v0.31.0 go1.24.3 linux/amd64").as_deref(), Some("0.31.0"));
        assert_eq!(
            first_version("Client Version: v1.35.0\nKustomize Version: v5.7.1").as_deref(),
            Some("1.35.0")
        );
        assert_eq!(first_version("go version go1.24.3 linux/amd64").as_deref(), Some("1.24.3"));
        assert_eq!(first_version("v3.19.5+g1234567").as_deref(), Some("3.19.5"));
        assert_eq!(first_version("no idea"), None);
    }

    #[test]
    fn only_a_go_that_fetches_newer_ones_is_new_enough() {
        for (version, new_enough) in [
            ("1.19.8", false),
            ("1.20", false),
            ("1.21", true),
            ("1.22.2", true),
            ("1.26.8", true),
            ("2.0", true),
            ("unknown version", true),
        ] {
            assert_eq!(fetches_toolchains(version), new_enough, "{version}");
        }
    }

    #[test]
    fn a_missing_tool_has_a_hint() {
        let fact =
            version_of("kind", Err(ProbeError::Missing), "makes the cluster", "chapter 1 gets it");
        assert_eq!(
            (fact.ok, fact.value.as_str(), fact.hint.as_deref()),
            (false, "not in PATH", Some("chapter 1 gets it"))
        );
    }

    #[test]
    fn a_tool_that_does_not_run_has_its_first_line_of_output() {
        let broken = Ok(ProbeOutput {
            code: Some(1),
            stdout: String::new(),
            stderr: "exec format error\nmore".into(),
        });
        assert_eq!(version_of("go", broken, "", "").value, "does not run: exec format error");
    }

    #[test]
    fn the_book_s_own_folder_is_searched_before_path() {
        let none = run_tool("sh", &["-c", "echo 1.2"], &[PathBuf::from("/nonexistent")]).unwrap();
        assert_eq!(none.stdout, "1.2\n");
        assert_eq!(run_tool("true", &[], &[PathBuf::from("/bin")]).unwrap().code, Some(0));
    }
}
