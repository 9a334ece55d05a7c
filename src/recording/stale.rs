//! The parts of a step, and which of them have changed since it was recorded.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::book::Attributes;
use crate::ids::Fingerprint;
use crate::plan::{Plan, PlannedChapter, Step};

/// Files that steps mention: path relative to the book's root → fingerprint of the content.
pub(crate) type Included = BTreeMap<String, Fingerprint>;

/// The fingerprints of a step's parts, 16 digits each.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Parts {
    /// The script.
    pub script: String,
    /// The attributes that decide what the step must print. Time limits are not among them.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub attributes: String,
    /// The `output` fence.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub expected: String,
    /// The manifests of the chapter before it, by file name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub manifests: BTreeMap<String, String>,
    /// The values that it mentions, by variable.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub values: BTreeMap<String, String>,
    /// The files of the book that it mentions as `$GUIDE_BOOK/…`, by path.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub files: BTreeMap<String, String>,
}

/// The parts of step `index` of a chapter.
pub(crate) fn parts_of(
    plan: &Plan,
    chapter: &PlannedChapter,
    index: usize,
    included: &Included,
) -> Parts {
    let step = &chapter.steps[index];
    let manifests =
        chapter.manifests.iter().filter(|manifest| manifest.own && manifest.before_step <= index);
    let values = plan
        .environment
        .iter()
        .filter(|(name, _)| mentions(&step.script, name) && !is_secret(step, name));
    let files = mentioned_files(&step.script).into_iter();
    Parts {
        script: short(step.script.trim_end().as_bytes()),
        attributes: attributes(&step.attributes),
        expected: step
            .expected
            .as_ref()
            .map_or(String::new(), |expected| short(expected.as_bytes())),
        manifests: manifests
            .map(|manifest| (manifest.file.clone(), short(manifest.text.as_bytes())))
            .collect(),
        values: values.map(|(name, value)| (name.clone(), short(value.as_bytes()))).collect(),
        files: files
            .filter_map(|file| {
                included.get(&file).map(|print| (file.clone(), cut(&print.to_string())))
            })
            .collect(),
    }
}

fn is_secret(step: &Step, name: &str) -> bool {
    step.attributes.secrets.iter().any(|secret| secret == name)
}

/// The fingerprint of the attributes that can change what a step prints; empty if it has none.
fn attributes(attributes: &Attributes) -> String {
    let timeless = Attributes {
        timeout: None,
        until: None,
        stable: None,
        retry: 0,
        confirm: None,
        profiles: Vec::new(),
        ..attributes.clone()
    };
    let text = timeless.canonical_text();
    if text.is_empty() { text } else { short(text.as_bytes()) }
}

/// Why a recording is stale, one line for each changed part. Empty: it is current.
pub(crate) fn reasons(recorded: &Parts, now: &Parts) -> Vec<String> {
    let mut reasons = Vec::new();
    if recorded.script != now.script {
        reasons.push("its commands have changed".to_owned());
    }
    if recorded.attributes != now.attributes {
        reasons.push("its attributes have changed".to_owned());
    }
    if recorded.expected != now.expected {
        reasons.push("its expected output has changed".to_owned());
    }
    differ("the manifest", &recorded.manifests, &now.manifests, &mut reasons);
    if recorded.script == now.script {
        differ("the value", &recorded.values, &now.values, &mut reasons);
        differ("the file", &recorded.files, &now.files, &mut reasons);
    }
    reasons
}

fn differ(
    what: &str,
    recorded: &BTreeMap<String, String>,
    now: &BTreeMap<String, String>,
    reasons: &mut Vec<String>,
) {
    let names: BTreeSet<&String> = recorded.keys().chain(now.keys()).collect();
    for name in names {
        match (recorded.get(name), now.get(name)) {
            (Some(old), Some(new)) if old == new => {}
            (Some(_), Some(_)) => reasons.push(format!("{what} {name} has changed")),
            (None, _) => reasons.push(format!("{what} {name} is new")),
            (_, None) => reasons.push(format!("{what} {name} is gone")),
        }
    }
}

/// Whether a script mentions the variable as `$NAME` or `${NAME`.
pub(crate) fn mentions(script: &str, name: &str) -> bool {
    script.match_indices(name).any(|(at, _)| {
        let before = &script[..at];
        let ends = script[at + name.len()..]
            .chars()
            .next()
            .is_none_or(|next| !next.is_ascii_alphanumeric() && next != '_');
        ends && (before.ends_with('$') || before.ends_with("${"))
    })
}

/// The files and folders of the book that a script names as `$GUIDE_BOOK/…`.
pub(crate) fn mentioned_files(script: &str) -> BTreeSet<String> {
    let mut files = BTreeSet::new();
    for mark in ["$GUIDE_BOOK/", "${GUIDE_BOOK}/"] {
        for (at, _) in script.match_indices(mark) {
            let rest = &script[at + mark.len()..];
            let end = rest
                .find(|next: char| !(next.is_alphanumeric() || "._-/".contains(next)))
                .unwrap_or(rest.len());
            let path = rest[..end].trim_end_matches(['/', '.']);
            if !path.is_empty() && !path.split('/').any(|part| part == "..") {
                files.insert(path.to_owned());
            }
        }
    }
    files
}

fn short(bytes: &[u8]) -> String {
    cut(&Fingerprint::of([bytes]).to_string())
}

/// The first 16 digits, which are enough to notice a change.
fn cut(print: &str) -> String {
    print[..16.min(print.len())].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_is_mentioned_by_its_whole_name_only() {
        assert!(
            mentions("echo $WEB_PORT", "WEB_PORT")
                && mentions("echo \"${WEB_PORT:-1}\"", "WEB_PORT")
        );
        assert!(!mentions("echo $WEB_PORTS", "WEB_PORT") && !mentions("echo WEB_PORT", "WEB_PORT"));
    }

    #[test]
    fn files_of_the_book_are_found_in_a_script() {
        let files = mentioned_files(
            "\"$GUIDE_BOOK/lab/build\" kind; helm install ${GUIDE_BOOK}/guide/charts/m; cat $GUIDE_BOOK/../x",
        );
        assert_eq!(files.into_iter().collect::<Vec<_>>(), ["guide/charts/m", "lab/build"]);
    }

    #[test]
    fn every_part_that_changed_is_a_reason() {
        let map = |entries: &[(&str, &str)]| {
            entries.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
        };
        let then = Parts {
            script: "a".into(),
            manifests: map(&[("web.yaml", "1"), ("old.yaml", "1")]),
            values: map(&[("PORT", "1")]),
            ..Parts::default()
        };
        let now = Parts {
            manifests: map(&[("web.yaml", "2"), ("new.yaml", "1")]),
            values: map(&[("PORT", "2")]),
            ..then.clone()
        };
        let expected = [
            "the manifest new.yaml is new",
            "the manifest old.yaml is gone",
            "the manifest web.yaml has changed",
            "the value PORT has changed",
        ];
        assert_eq!(reasons(&then, &now), expected);
        assert_eq!(reasons(&then, &then), Vec::<String>::new());
        assert_eq!(
            reasons(&then, &Parts { script: "b".into(), ..then.clone() }),
            ["its commands have changed"]
        );
    }

    #[test]
    fn a_longer_time_limit_does_not_make_a_recording_stale() {
        let longer = Attributes {
            timeout: Some(std::time::Duration::from_mins(9)),
            ..Attributes::default()
        };
        assert_eq!(attributes(&longer), attributes(&Attributes::default()));
        let sampled = Attributes { sample: Some("hpa".to_owned()), ..Attributes::default() };
        assert_ne!(attributes(&sampled), attributes(&Attributes::default()));
    }
}
