//! The typed attributes of a step: what stands in braces after the fence's language, checked (`design.md` section 2).

use std::time::Duration;

use super::normalizers::Normalizers;
use crate::ids::StepName;

/// Everything a step's braces can say. `Default` is a step with no attributes at all.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Attributes {
    /// Run only under these profiles; empty = all.
    pub profiles: Vec<String>,
    /// Time limit of one attempt; `None` = the chapter's, else 2 minutes.
    pub timeout: Option<Duration>,
    /// Expected exit codes.
    pub exit: ExitExpectation,
    /// Set for a read-only step that proves another.
    pub verify: Option<Verify>,
    /// This check may pass before the step that it proves ever ran: `--prove` accepts that.
    pub preexisting: bool,
    /// Repeat a verify step until it passes, this long.
    pub until: Option<Duration>,
    /// It must go on passing this long.
    pub stable: Option<Duration>,
    /// Repeat a failing acting step so many times.
    pub retry: u32,
    /// Compare the output with the accepted snapshot.
    pub snapshot: Option<SnapshotKind>,
    /// Which normalizers apply; `None` = the chapter's, else the book's, else all.
    pub normalize: Option<Normalizers>,
    /// A minijinja expression that must be true.
    pub check: Option<String>,
    /// Starts and goes on.
    pub background: Option<Background>,
    /// The verify step a background step waits for.
    pub ready: Option<StepName>,
    /// Runs at the chapter's end even after a failure.
    pub always: bool,
    /// The question asked first.
    pub confirm: Option<String>,
    /// Environment variables whose values are masked.
    pub secrets: Vec<String>,
    /// Gets the terminal.
    pub interactive: bool,
    /// Name of the series this step's output is kept in.
    pub sample: Option<String>,
    /// Folder to run in, as [`plain_cwd`](super::plain_cwd) has it: `rendered/…`, or relative to the book.
    pub cwd: Option<String>,
    /// Runs only when named as a target (Runme's `excludeFromRunAll`).
    pub only_when_named: bool,
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
    /// Does this code satisfy the expectation?
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

/// How an output is compared with its snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SnapshotKind {
    /// Found by looking: JSON, YAML, kubectl table, else text.
    Auto,
    /// By line.
    Text,
    /// By header, rows in any order.
    Table,
    /// By structure.
    Json,
    /// By structure.
    Yaml,
}

/// How long a background step goes on.
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
