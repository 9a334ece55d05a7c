//! What an acting step is made of, part by part: whether it is unchanged since it last passed, and what has changed.
//!
//! Time limits and the checks that prove a step are not parts of it: they decide what is known about the world, not what the step
//! does to it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::compare::Bindings;
use crate::ids::Fingerprint;

/// Instead of the fingerprint of a file that the step itself wrote, so that another content is not a change of the step.
const WRITTEN: &str = "written";

/// The parts of a step (`script`, `manifest web.yaml`, `value shop.replicas` …), each with a fingerprint of 16 digits.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MadeOf(BTreeMap<String, String>);

/// Files of the book: path relative to its root → fingerprint of the content. Files that do not exist are not in it.
pub(crate) type NamedFiles = BTreeMap<String, Fingerprint>;

impl MadeOf {
    /// Adds a part.
    pub(super) fn add(&mut self, part: String, of: &Fingerprint) {
        self.0.insert(part, short(of));
    }

    /// The fingerprint of all parts.
    pub(super) fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(self.0.iter().flat_map(|(part, print)| [part.as_bytes(), print.as_bytes()]))
    }

    /// Whether this manifest is a part of the step.
    pub fn has_manifest(&self, file: &str) -> bool {
        self.0.contains_key(&format!("manifest {file}"))
    }

    /// The parts with those that only a run knows: the bound names that the step reads, and the files that it names.
    pub fn in_run(&self, reads: &BTreeSet<String>, bound: &Bindings, files: &NamedFiles) -> Self {
        let mut all = self.with_files(files);
        for (name, value) in bound.iter().filter(|(name, _)| reads.contains(*name)) {
            all.add(format!("bound {name}"), &Fingerprint::of([value.as_bytes()]));
        }
        all
    }

    /// The parts with the files that the step names.
    pub fn with_files(&self, files: &NamedFiles) -> Self {
        let mut all = self.clone();
        for (file, print) in files {
            all.add(format!("file {file}"), print);
        }
        all
    }

    /// The parts to store after the step has passed. A file that differs from `before` was written by the step.
    pub fn after(mut self, before: &NamedFiles, now: &NamedFiles) -> Self {
        let names: BTreeSet<&String> = before.keys().chain(now.keys()).collect();
        for name in names.into_iter().filter(|name| before.get(*name) != now.get(*name)) {
            self.0.insert(format!("file {name}"), WRITTEN.to_owned());
        }
        self
    }

    /// What has changed since then, as one phrase for each part. Names that a run binds count only if both sides know them, because
    /// they are unknown before the run.
    pub fn changes_to(&self, now: &Self) -> Vec<String> {
        let parts: BTreeSet<&String> = self.0.keys().chain(now.0.keys()).collect();
        let change = |part: &&String| {
            let (then, now) = (self.0.get(*part), now.0.get(*part));
            let what = match (then, now) {
                (Some(then), Some(now)) if then == now => return None,
                (Some(then), _) if then == WRITTEN => return None,
                (Some(_), Some(_)) => "has changed",
                _ if part.starts_with("bound ") => return None,
                (None, _) => "is new",
                (_, None) => "is gone",
            };
            Some(in_words(part, what))
        };
        parts.iter().filter_map(change).collect()
    }
}

fn in_words(part: &str, what: &str) -> String {
    match part.split_once(' ') {
        Some(("bound", name)) => format!("`{name}`, which an earlier step binds, {what}"),
        Some(("step", name)) => format!("the step {name}, which defines what it uses, {what}"),
        Some((kind, name)) => format!("the {kind} {name} {what}"),
        None => match part {
            "script" => "its commands have changed".to_owned(),
            "attributes" => "its attributes have changed".to_owned(),
            "folder" => "the folder it runs in (`cwd`) has changed".to_owned(),
            _ => "its expected output has changed".to_owned(),
        },
    }
}

fn short(print: &Fingerprint) -> String {
    let mut text = print.to_string();
    text.truncate(16);
    text
}

#[cfg(test)]
mod tests;
