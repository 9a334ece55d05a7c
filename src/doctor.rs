//! DOCTOR: the facts about this machine that `guide doctor` shows. All checks run at the same time
//! and take a few seconds.
//!
//! The checks install and change nothing, and a container that is created as a trial is removed
//! again. A check without a result is a fact as well.

mod containers;
mod machine;
mod network;
mod tools;
mod versions;

use std::path::PathBuf;
use std::time::Duration;

pub(crate) use versions::versions;

/// The time limit of one check.
const LIMIT: Duration = Duration::from_millis(2500);

/// One fact about this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fact {
    /// The subject: `docker`, `port 80`.
    pub name: &'static str,
    /// The finding: `28.2.2, engine 20.10.24`.
    pub value: String,
    /// Whether this is sufficient for a book that needs it.
    pub ok: bool,
    /// The purpose for which a book needs the subject.
    pub why: &'static str,
    /// The hint if it is not sufficient.
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

/// A check of one subject, or of a few related ones. The argument is the folders in which the book
/// keeps tools.
type Check = fn(&[PathBuf]) -> Vec<Fact>;

/// The facts about everything that a book with a cluster may depend on. Tools are searched in
/// `folders` first, in which the book keeps its own, and then in PATH.
pub(crate) fn facts(folders: &[PathBuf]) -> Vec<Fact> {
    let checks: [Check; 13] = [
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
        let running = checks.map(|check| scope.spawn(move || check(folders)));
        running.into_iter().flat_map(|check| check.join().unwrap_or_default()).collect()
    })
}

/// Whether the container registries answer. An unreachable registry is tried twice. No container is
/// started.
pub(crate) fn registries() -> Vec<Fact> {
    network::registries(network::TWICE)
}

/// The profile for these facts: `open` if every container registry answers, otherwise `sealed`.
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
    fn every_check_has_a_fact_and_each_bad_one_has_a_hint() {
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
