//! What this machine has and lacks: the facts of `guide doctor`, asked all at once, in a few seconds.
//!
//! Nothing is installed, started or changed: a container that is tried is removed again. What could not be found out is said so.

mod containers;
mod machine;
mod network;
mod tools;
mod versions;

use std::path::PathBuf;
use std::time::Duration;

pub(crate) use versions::versions;

/// Most time one question may take.
const LIMIT: Duration = Duration::from_millis(2500);

/// One thing that is so, or is not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fact {
    /// What it is about: `docker`, `port 80`.
    pub name: &'static str,
    /// What was found: `28.2.2, engine 20.10.24`.
    pub value: String,
    /// Good enough for a book that needs it?
    pub ok: bool,
    /// What it matters for, in words.
    pub why: &'static str,
    /// What to do when it is not.
    pub hint: Option<String>,
}

impl Fact {
    fn good(name: &'static str, value: impl Into<String>, why: &'static str) -> Self {
        Self { name, value: value.into(), ok: true, why, hint: None }
    }

    fn bad(
        name: &'static str,
        value: impl Into<String>,
        why: &'static str,
        hint: impl Into<String>,
    ) -> Self {
        Self { name, value: value.into(), ok: false, why, hint: Some(hint.into()) }
    }
}

/// Finds out about one thing, or a few that belong together; gets the folders in which the book keeps tools.
type Question = fn(&[PathBuf]) -> Vec<Fact>;

/// Everything that a book with a cluster may depend on. Tools are looked for in `folders` first (where the book keeps its own),
/// then in PATH.
pub(crate) fn facts(folders: &[PathBuf]) -> Vec<Fact> {
    let questions: [Question; 13] = [
        |_| machine::system(),
        |_| containers::engine(),
        |_| containers::kind(),
        |_| containers::privileged(),
        |_| machine::cgroup(),
        |_| machine::disk(),
        |_| machine::inotify(),
        |_| network::ports(),
        |_| network::registries(network::ONCE),
        tools::kind_and_kubectl,
        tools::curl,
        tools::go,
        tools::helm,
    ];
    std::thread::scope(|scope| {
        let asked = questions.map(|question| scope.spawn(move || question(folders)));
        asked.into_iter().flat_map(|answer| answer.join().unwrap_or_default()).collect()
    })
}

/// Whether the container registries answer, and nothing else: no container is tried for it. One that can't be reached is asked twice.
pub(crate) fn registries() -> Vec<Fact> {
    network::registries(network::TWICE)
}

/// The profile that fits these facts: `open` where every container registry answers, else `sealed`.
pub(crate) fn fitting_profile(facts: &[Fact]) -> &'static str {
    let mut registries = facts.iter().filter(|fact| fact.name == network::REGISTRY).peekable();
    if registries.peek().is_some() && registries.all(|fact| fact.ok) { "open" } else { "sealed" }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn registry(ok: bool) -> Fact {
        Fact { name: network::REGISTRY, value: String::new(), ok, why: "", hint: None }
    }

    #[test]
    fn only_a_machine_that_reaches_every_registry_is_open() {
        assert_eq!(fitting_profile(&[registry(true), registry(true)]), "open");
        assert_eq!(fitting_profile(&[registry(true), registry(false)]), "sealed");
        assert_eq!(fitting_profile(&[]), "sealed");
    }

    #[test]
    fn all_facts_are_found_and_each_bad_one_says_what_to_do() {
        let facts = facts(&[]);
        for fact in &facts {
            assert!(fact.ok || fact.hint.is_some(), "{fact:?}");
        }
        let names: Vec<&str> = facts.iter().map(|fact| fact.name).collect();
        for name in [
            "system", "curl", "docker", "cgroup", "disk", "inotify", "port 80", "port 443",
            "registry", "kind", "kubectl", "go", "helm",
        ] {
            assert!(names.contains(&name), "{name} is missing of {names:?}");
        }
    }
}
