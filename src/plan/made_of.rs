//! What an acting step is made of, part by part: whether it still is what it was when it last passed, and what has changed.
//!
//! Time limits and the checks that prove a step are no part of it: they decide what is believed of the world, not what is done
//! to it.

mod files;
mod written;

use std::collections::{BTreeMap, BTreeSet};

pub(crate) use files::fits;
use files::{Places, RENDERED, takes_any_file};
use serde::{Deserialize, Serialize};
use written::{files_read_by, written_files};

use super::step::{RenderedManifest, Step};
use super::values::ValueTable;
use crate::book::{Attributes, LooksAt};
use crate::compare::Bindings;
use crate::ids::{ChapterName, Fingerprint, Hashing};

/// In place of a fingerprint: the step itself wrote that file, so another content is no change of the step.
const WRITTEN: &str = "written";

/// The parts of a step (`script`, `manifest web.yaml`, `value shop.replicas` …), each with a short fingerprint.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MadeOf(BTreeMap<String, String>);

/// Files of the book by path from its root, with the fingerprint of what is in them; a file that is not there has none.
pub(crate) type NamedFiles = BTreeMap<String, Fingerprint>;

impl MadeOf {
    pub(super) fn add(&mut self, part: String, of: &Fingerprint) {
        self.0.insert(part, short(of));
    }

    /// Is this manifest a part of it?
    pub fn has_manifest(&self, file: &str) -> bool {
        self.0.contains_key(&format!("manifest {file}"))
    }

    /// With what only a run knows: the names bound before the step, and the files that it names.
    pub fn in_run(&self, step: &Step, bound: &Bindings, files: &NamedFiles) -> Self {
        let mut all = self.with_files(files);
        for (name, value) in bound.iter().filter(|(name, _)| step.reads.contains(*name)) {
            all.add(format!("bound {name}"), &Fingerprint::of([value.as_bytes()]));
        }
        all
    }

    /// With the files that the step names, as they are now.
    pub fn with_files(&self, files: &NamedFiles) -> Self {
        let mut all = self.clone();
        for (file, print) in files {
            all.add(format!("file {file}"), print);
        }
        all
    }

    /// As it is to be remembered once the step has passed: a file that is another than `before` was written by the step.
    pub fn after(mut self, before: &NamedFiles, now: &NamedFiles) -> Self {
        let names: BTreeSet<&String> = before.keys().chain(now.keys()).collect();
        for name in names.into_iter().filter(|name| before.get(*name) != now.get(*name)) {
            self.0.insert(format!("file {name}"), WRITTEN.to_owned());
        }
        self
    }

    /// What has changed since then, one phrase a part. Names that a run binds count only where both sides know them, for
    /// nobody knows them before the run.
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

/// Gives each step of a chapter its parts and its files. `steps` must be all steps of the profile, also those that are not selected;
/// `folder` is the one in which the chapter's shell starts, where that is not its rendered folder.
pub(super) fn link_parts(
    chapter: &str,
    steps: &mut [Step],
    manifests: &[RenderedManifest],
    folder: Option<&str>,
    values: &ValueTable,
) {
    let prints: Vec<Fingerprint> =
        manifests.iter().map(|manifest| manifest_print(manifest, values)).collect();
    let named_by_none: Vec<bool> = manifests
        .iter()
        .map(|manifest| !steps.iter().any(|step| names(&step.script, &manifest.file)))
        .collect();
    let mut places = Places::new(chapter, folder, values.environment().into_iter());
    let mut defined: BTreeMap<String, usize> = BTreeMap::new();
    let mut written: Vec<(String, usize)> = Vec::new();
    for index in 0..steps.len() {
        let step = &steps[index];
        let mut made_of = own_parts(step, values);
        // A step that names its own folder has it among its attributes.
        if let Some(folder) = folder.filter(|_| step.attributes.cwd.is_none()) {
            made_of.add("folder".to_owned(), &Fingerprint::of([folder.as_bytes()]));
        }
        let takes_any = takes_any_file(&step.script);
        let mut reads = words_of_variables(&step.script);
        for (at, manifest) in
            manifests.iter().enumerate().filter(|(_, manifest)| manifest.before_step <= index)
        {
            if names(&step.script, &manifest.file)
                || (manifest.own && (takes_any || named_by_none[at]))
            {
                made_of.add(format!("manifest {}", manifest.file), &prints[at]);
                if manifest.late {
                    reads.extend(words(&manifest.text).map(str::to_owned));
                }
            }
        }
        let mut files = places.files_of(&step.script, step.attributes.cwd.as_deref());
        let writes = written_files(&step.script);
        let of_words = words(&step.script).filter_map(|word| defined.get(word).copied());
        let of_files = written
            .iter()
            .filter(|(file, _)| !writes.contains(file) && names(&step.script, file))
            .map(|(_, writer)| *writer);
        let definers: BTreeSet<usize> = of_words.chain(of_files).collect();
        for definer in definers.into_iter().map(|definer| &steps[definer]) {
            made_of.add(format!("step {}", definer.id.step), &of_all(&definer.made_of));
            reads.extend(definer.reads.iter().cloned());
            files.extend(files_read_by(definer));
        }
        defined.extend(definitions(&steps[index].script).into_iter().map(|name| (name, index)));
        written.extend(writes.into_iter().map(|file| (file, index)));
        steps[index].made_of = made_of;
        steps[index].reads = reads;
        steps[index].files = files;
    }
}

/// Takes the files of rendered folders out of a step's files. Returns those of other chapters' folders (`../other/web.yaml`); its own
/// chapter's manifests are parts of the step already.
pub(super) fn take_rendered(step: &mut Step) -> Vec<String> {
    let own = format!("{RENDERED}/{}/", step.id.chapter);
    let (mut rendered, files): (BTreeSet<String>, BTreeSet<String>) =
        std::mem::take(&mut step.files).into_iter().partition(|file| file.starts_with(RENDERED));
    step.files = files;
    rendered.retain(|file| !file.starts_with(&own));
    rendered.into_iter().collect()
}

/// The parts that a chapter's manifests are of a step of another chapter, which names these rendered files.
pub(super) fn parts_of_other(
    rendered: &[String],
    chapter: &ChapterName,
    manifests: &[RenderedManifest],
    values: &ValueTable,
) -> Vec<(String, Fingerprint)> {
    let folder = format!("{RENDERED}/{chapter}");
    let is_named = |manifest: &&RenderedManifest| {
        let path = format!("{folder}/{}", manifest.file);
        rendered.iter().any(|named| *named == folder || fits(named, &path))
    };
    let part = |manifest: &RenderedManifest| {
        (format!("manifest {chapter}/{}", manifest.file), manifest_print(manifest, values))
    };
    manifests.iter().filter(is_named).map(part).collect()
}

fn own_parts(step: &Step, values: &ValueTable) -> MadeOf {
    let mut made_of = MadeOf::default();
    let mut script = Hashing::default();
    script.part(step.script.trim_end().as_bytes());
    for (name, print) in values.used_by(&step.script) {
        if step.attributes.secrets.iter().any(|secret| *secret == name.variable) {
            script.part(print.bytes());
        } else {
            made_of.add(format!("value {}", name.path), &print);
        }
    }
    made_of.add("script".to_owned(), &script.finish());
    let attributes = that_matter(&step.attributes).canonical_text();
    if !attributes.is_empty() {
        made_of.add("attributes".to_owned(), &Fingerprint::of([attributes.as_bytes()]));
    }
    if let Some(expected) = &step.expected {
        made_of.add("expected".to_owned(), &Fingerprint::of([expected.trim_end().as_bytes()]));
    }
    made_of
}

/// Attributes without those that neither change what a step does nor what it has to come to.
fn that_matter(attributes: &Attributes) -> Attributes {
    Attributes {
        timeout: None,
        until: None,
        stable: None,
        retry: 0,
        confirm: None,
        when: None,
        hidden: false,
        looks_at: LooksAt::Cluster,
        ready: None,
        sample: None,
        profiles: Vec::new(),
        ..attributes.clone()
    }
}

fn of_all(made_of: &MadeOf) -> Fingerprint {
    Fingerprint::of(made_of.0.iter().flat_map(|(part, print)| [part.as_bytes(), print.as_bytes()]))
}

fn manifest_print(manifest: &RenderedManifest, values: &ValueTable) -> Fingerprint {
    let mut hashing = Hashing::default();
    hashing.part(manifest.text.as_bytes());
    if manifest.late {
        values.hash_into(&manifest.text, true, &mut hashing);
    }
    hashing.finish()
}

/// Whether a script may apply this manifest: it names the file, or it passes on files without naming each.
pub(crate) fn may_apply(script: &str, file: &str) -> bool {
    names(script, file) || takes_any_file(script)
}

/// Is the file's name in the text as a word of its own (`-f web.yaml`, `./web.yaml`, `web.yaml,more.yaml`)?
fn names(script: &str, file: &str) -> bool {
    let part = |next: char| next.is_alphanumeric() || matches!(next, '_' | '-' | '.');
    script.match_indices(file).any(|(at, _)| {
        let before = script[..at].chars().next_back().is_none_or(|before| !part(before));
        let mut rest = script[at + file.len()..].chars();
        let next = rest.next();
        // A full stop may end the sentence of a comment or an `echo`.
        let after = next.is_none_or(|next| {
            !part(next) || (next == '.' && rest.next().is_none_or(char::is_whitespace))
        });
        before && after
    })
}

/// Words as a script, a template or an expression has them.
pub(super) fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|next: char| !next.is_alphanumeric() && next != '_' && next != '-')
        .filter(|word| !word.is_empty())
}

/// `NAME` of every `$NAME` and `${NAME…`.
fn words_of_variables(script: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for (at, _) in script.match_indices('$') {
        let rest = script[at + 1..].trim_start_matches(['{', '#', '!']);
        let name: String =
            rest.chars().take_while(|next| next.is_ascii_alphanumeric() || *next == '_').collect();
        if !name.is_empty() {
            names.insert(name);
        }
    }
    names
}

/// Variables that a script assigns and functions that it defines, for later steps of the chapter.
fn definitions(script: &str) -> Vec<String> {
    let mut defined = Vec::new();
    for line in script.lines() {
        let mut words = line.split([' ', '\t', ';']).filter(|word| !word.is_empty()).peekable();
        while let Some(word) = words.next() {
            let end = word
                .find(|next: char| !next.is_ascii_alphanumeric() && next != '_' && next != '-')
                .unwrap_or(word.len());
            let (name, rest) = word.split_at(end);
            let function = rest.starts_with("()")
                || (rest.is_empty() && words.peek().is_some_and(|next| next.starts_with("()")));
            if name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
                && (rest.starts_with('=') || rest.starts_with("+=") || function)
            {
                defined.push(name.to_owned());
            }
        }
    }
    defined
}

#[cfg(test)]
mod tests;
