//! Finds the parts of every step of a chapter: its script, values, manifests, files, and earlier steps that define what it uses.

mod files;
mod written;

use std::collections::{BTreeMap, BTreeSet};

use self::files::{ChapterFiles, RENDERED, takes_any_file};
use self::written::{files_read_by, written_files};
use super::made_of::MadeOf;
use super::step::{RenderedManifest, Step};
use super::values::ValueTable;
use crate::book::{Attributes, LooksAt};
use crate::ids::{ChapterName, Fingerprint, Hashing};

pub(crate) use self::files::fits;

/// Gives each step of a chapter its parts, the variables that it reads, and its files. `steps` are all steps of the profile, including
/// those outside of the selection. `folder` is where the chapter's shell starts, if that is not its folder of rendered manifests.
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
    let mut places = ChapterFiles::new(chapter, folder, values.environment().into_iter());
    let mut defined: BTreeMap<String, usize> = BTreeMap::new();
    let mut written: Vec<(String, usize)> = Vec::new();
    for index in 0..steps.len() {
        let step = &steps[index];
        let mut made_of = own_parts(step, values);
        // The folder of a step with `cwd=` is among its attributes.
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
            made_of.add(format!("step {}", definer.id.step), &definer.made_of.fingerprint());
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

/// Removes the files in folders of rendered manifests from a step's files. Returns those of other chapters (`../other/web.yaml`);
/// manifests of its own chapter are parts of the step already.
pub(super) fn take_rendered(step: &mut Step) -> Vec<String> {
    let own = format!("{RENDERED}/{}/", step.id.chapter);
    let (mut rendered, files): (BTreeSet<String>, BTreeSet<String>) =
        std::mem::take(&mut step.files).into_iter().partition(|file| file.starts_with(RENDERED));
    step.files = files;
    rendered.retain(|file| !file.starts_with(&own));
    rendered.into_iter().collect()
}

/// The manifests of a chapter as parts of a step of another chapter that names these rendered files.
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

/// The parts of a step that depend on nothing but the step and the values.
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

/// The attributes that change what a step does or must achieve; the others have their defaults.
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

fn manifest_print(manifest: &RenderedManifest, values: &ValueTable) -> Fingerprint {
    let mut hashing = Hashing::default();
    hashing.part(manifest.text.as_bytes());
    if manifest.late {
        values.hash_into(&manifest.text, true, &mut hashing);
    }
    hashing.finish()
}

/// Whether a script may apply this manifest: it names the file, or it passes files on without naming each of them.
pub(crate) fn may_apply(script: &str, file: &str) -> bool {
    names(script, file) || takes_any_file(script)
}

/// Whether the file's name is a word of the script (`-f web.yaml`, `./web.yaml`, `web.yaml,more.yaml`).
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

/// The words of a script, a template or an expression.
pub(super) fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|next: char| !next.is_alphanumeric() && next != '_' && next != '-')
        .filter(|word| !word.is_empty())
}

/// The names of all variables in a script, `$NAME` and `${NAME…`.
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

/// The variables that a script assigns and the functions that it defines.
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
