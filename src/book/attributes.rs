//! The typed attributes of a step (the words in braces after the language of its fence), and their canonical text, of which
//! fingerprints are made.

use std::time::Duration;

use serde::{Serialize, Serializer};

use super::normalizers::Normalizers;
use crate::ids::StepName;

/// The attributes of a step. `Default` is a step without attributes.
///
/// The serialized form is the one of [`Attributes::canonical_text`]. It omits default values, and attributes that only decide where
/// a step is shown or which fleet runs it.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Attributes {
    /// The profiles under which the step runs; empty: all.
    #[serde(
        rename = "profile",
        skip_serializing_if = "is_default",
        serialize_with = "with_commas"
    )]
    pub profiles: Vec<String>,
    /// The time limit of one attempt. `None`: the chapter's, else two minutes.
    #[serde(skip_serializing_if = "is_default", serialize_with = "in_milliseconds")]
    pub timeout: Option<Duration>,
    /// The exit codes with which the step passes.
    #[serde(skip_serializing_if = "is_default", serialize_with = "as_displayed")]
    pub exit: ExitExpectation,
    /// Set for a check: a read-only step that proves another.
    #[serde(skip_serializing_if = "is_default")]
    pub verify: Option<Verify>,
    /// This check may pass before the step that it proves ever ran: `--prove` accepts that.
    #[serde(skip_serializing_if = "is_default")]
    pub preexisting: bool,
    /// How long a check is repeated until it passes.
    #[serde(skip_serializing_if = "is_default", serialize_with = "in_milliseconds")]
    pub until: Option<Duration>,
    /// How long a check must go on passing.
    #[serde(skip_serializing_if = "is_default", serialize_with = "in_milliseconds")]
    pub stable: Option<Duration>,
    /// How many times a failing acting step is repeated.
    #[serde(skip_serializing_if = "is_default")]
    pub retry: u32,
    /// How the output is compared with the accepted snapshot. `None`: it is not.
    #[serde(skip_serializing_if = "is_default", serialize_with = "snapshot_word")]
    pub snapshot: Option<SnapshotKind>,
    /// Which normalizers apply. `None`: the chapter's, else the book's, else all.
    #[serde(skip_serializing_if = "is_default", serialize_with = "as_displayed_inside")]
    pub normalize: Option<Normalizers>,
    /// A minijinja expression that must be true once the step has run.
    #[serde(skip_serializing_if = "is_default")]
    pub check: Option<String>,
    /// A minijinja expression that must be true for the step to run; otherwise the step is skipped.
    #[serde(skip_serializing_if = "is_default")]
    pub when: Option<String>,
    /// The step starts a process that continues until the end of this.
    #[serde(skip_serializing_if = "is_default")]
    pub background: Option<Background>,
    /// The check that a background step waits for.
    #[serde(skip_serializing_if = "is_default")]
    pub ready: Option<StepName>,
    /// The step runs at the chapter's end even after a failure.
    #[serde(skip_serializing_if = "is_default")]
    pub always: bool,
    /// The question that a person must answer with yes before the step runs.
    #[serde(skip_serializing_if = "is_default")]
    pub confirm: Option<String>,
    /// Environment variables whose values are masked.
    #[serde(rename = "secret", skip_serializing_if = "is_default", serialize_with = "with_commas")]
    pub secrets: Vec<String>,
    /// The step gets the terminal.
    #[serde(skip_serializing_if = "is_default")]
    pub interactive: bool,
    /// The name of the series that the step's output belongs to.
    #[serde(skip_serializing_if = "is_default")]
    pub sample: Option<String>,
    /// The folder to run in, in the form of [`plain_cwd`](super::plain_cwd): `rendered/…`, or relative to the book.
    #[serde(skip_serializing_if = "is_default")]
    pub cwd: Option<String>,
    /// The step runs only when it is named as a target (Runme's `excludeFromRunAll`).
    #[serde(skip_serializing_if = "is_default")]
    pub only_when_named: bool,
    /// The page does not show the step.
    #[serde(skip)]
    pub hidden: bool,
    /// What a check looks at.
    #[serde(skip)]
    pub looks_at: LooksAt,
}

impl Attributes {
    /// The same text for all attributes that mean the same, whatever their order and form; empty for the default. It does not
    /// contain the name, because the name is part of the step's id.
    pub fn canonical_text(&self) -> String {
        // Most steps have no attributes, and the longest chapters have thousands of steps.
        if *self == Self::default() {
            return String::new();
        }
        let words = serde_json::to_value(self).unwrap_or_default();
        let word = |(key, value): (&String, &serde_json::Value)| match value {
            serde_json::Value::String(text) => format!("{key}={text}\0"),
            other => format!("{key}={other}\0"),
        };
        words.as_object().into_iter().flatten().map(word).collect()
    }
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

fn with_commas<S: Serializer>(list: &[String], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&list.join(","))
}

fn in_milliseconds<S: Serializer>(
    time: &Option<Duration>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&time.unwrap_or_default().as_millis())
}

fn as_displayed<S: Serializer>(
    value: impl std::fmt::Display,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&value)
}

fn as_displayed_inside<S: Serializer>(
    value: &Option<impl std::fmt::Display>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match value {
        Some(value) => serializer.collect_str(value),
        None => serializer.serialize_none(),
    }
}

/// The kind as an author writes it: an empty text for [`SnapshotKind::Auto`].
fn snapshot_word<S: Serializer>(
    kind: &Option<SnapshotKind>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match kind {
        None | Some(SnapshotKind::Auto) => serializer.serialize_str(""),
        Some(kind) => kind.serialize(serializer),
    }
}

/// What a check looks at: a fleet runs only checks that look at the cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LooksAt {
    /// The cluster, through its API.
    #[default]
    Cluster,
    /// The machine: docker, localhost, the book's folder.
    Machine,
}

/// Which exit codes count as passed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExitExpectation {
    /// One of these.
    Codes(Vec<i32>),
    /// Any but 0.
    Fails,
}

impl Default for ExitExpectation {
    fn default() -> Self {
        Self::Codes(vec![0])
    }
}

impl ExitExpectation {
    /// Whether a step that ends with this code passes.
    pub fn accepts(&self, code: i32) -> bool {
        match self {
            Self::Codes(codes) => codes.contains(&code),
            Self::Fails => code != 0,
        }
    }
}

impl std::fmt::Display for ExitExpectation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Fails => f.write_str("any but 0"),
            Self::Codes(codes) => {
                let codes: Vec<String> = codes.iter().map(i32::to_string).collect();
                f.write_str(&codes.join(" or "))
            }
        }
    }
}

/// What a verify step proves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verify {
    /// The acting step before it.
    Before,
    /// The named step.
    Step(StepName),
}

impl Serialize for Verify {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Before => serializer.serialize_str(""),
            Self::Step(step) => step.serialize(serializer),
        }
    }
}

/// How an output is compared with its snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SnapshotKind {
    /// The kind that fits the output: JSON, YAML, a table of kubectl, otherwise text.
    Auto,
    /// By line.
    Text,
    /// As a table: columns by their header, rows in any order.
    Table,
    /// By structure.
    Json,
    /// By structure.
    Yaml,
}

/// How long a background step continues.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Background {
    /// Stopped at the chapter's end.
    Chapter,
    /// Stopped at the run's end.
    Run,
    /// Never stopped.
    Keep,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_canonical_text_contains_every_attribute_that_is_not_the_default_in_one_order() {
        let attributes = Attributes {
            profiles: vec!["a".to_owned(), "b".to_owned()],
            timeout: Some(Duration::from_secs(1)),
            exit: ExitExpectation::Codes(vec![7, 52]),
            verify: Some(Verify::Step(StepName::new("x"))),
            preexisting: true,
            until: Some(Duration::from_millis(1500)),
            stable: Some(Duration::from_mins(1)),
            retry: 3,
            snapshot: Some(SnapshotKind::Table),
            normalize: Some(Normalizers::NONE),
            check: Some("a > 0".to_owned()),
            when: Some("b".to_owned()),
            background: Some(Background::Chapter),
            ready: Some(StepName::new("y")),
            always: true,
            confirm: Some("Sure?".to_owned()),
            secrets: vec!["T".to_owned()],
            interactive: true,
            sample: Some("load".to_owned()),
            cwd: Some("./x".to_owned()),
            only_when_named: true,
            hidden: true,
            looks_at: LooksAt::Machine,
        };
        assert_eq!(
            attributes.canonical_text().replace('\0', " "),
            "profile=a,b timeout=1000 exit=7 or 52 verify=x preexisting=true until=1500 stable=60000 retry=3 snapshot=table \
             normalize=none check=a > 0 when=b background=chapter ready=y always=true confirm=Sure? secret=T interactive=true \
             sample=load cwd=./x only_when_named=true "
        );
    }

    #[test]
    fn an_attribute_that_does_not_change_a_step_is_not_in_its_canonical_text() {
        let shown =
            Attributes { hidden: true, looks_at: LooksAt::Machine, ..Attributes::default() };
        assert_eq!(shown.canonical_text(), "");
        let plain = Attributes {
            verify: Some(Verify::Before),
            snapshot: Some(SnapshotKind::Auto),
            ..Attributes::default()
        };
        assert_eq!(plain.canonical_text(), "verify=\0snapshot=\0");
    }
}
