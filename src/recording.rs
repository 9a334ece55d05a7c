//! RECORDING: the output of a chapter that ran as written, for its page. Pure.
//!
//! `snapshots/CHAPTER/recording@PROFILE.json` is committed like a snapshot: a run writes it as pending (`.new`), and `guide review`
//! accepts it. A snapshot is the expected output; a recording is the actual output with its time, versions and duration. Each step has
//! short fingerprints of its parts, so that a page can show what has changed since.

mod make;
mod path_aliases;
mod same;
mod stale;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::topology::Topology;

pub(crate) use make::{RecordingInput, make_recording};
pub(crate) use path_aliases::PathAliases;
pub(crate) use same::{changes, same};
pub(crate) use stale::{Included, Parts, mentioned_files, parts_of, reasons};

/// The newest format that this version reads.
pub(crate) const RECORDING_FORMAT: u32 = 1;

/// The results of one chapter under one profile.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Recording {
    /// [`RECORDING_FORMAT`].
    pub format: u32,
    /// The chapter's name.
    pub chapter: String,
    /// The profile it ran under.
    pub profile: String,
    /// The id of the run that made it.
    pub run: String,
    /// When that run ended the chapter: RFC 3339, UTC.
    pub at: String,
    /// Version of guide.
    pub guide: String,
    /// `kind`, `Kubernetes`, `node image` … → version, as far as they are known.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub versions: BTreeMap<String, String>,
    /// How long the chapter took, in seconds.
    pub seconds: f64,
    /// The steps in the chapter's order.
    pub steps: Vec<RecordedStep>,
    /// The manifests that could only be rendered while it ran: file name → text with masked secrets.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub manifests: BTreeMap<String, String>,
    /// The cluster at the end of the chapter; `None` for a book without a cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shape: Option<Topology>,
    /// Whether it is not accepted yet, which its file name shows.
    #[serde(skip)]
    pub pending: bool,
}

/// The result of one step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct RecordedStep {
    /// Its name.
    pub step: String,
    /// When it ended: RFC 3339, UTC.
    pub at: String,
    /// How long all its attempts took, in seconds.
    pub seconds: f64,
    /// The number of attempts.
    pub attempts: u32,
    /// Its exit code; `None` for a step that continues in the background.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exit: Option<i32>,
    /// Its parts when it ran.
    pub of: Parts,
    /// The checks that passed at `at` and proved it up to date, if it did not run.
    #[serde(alias = "already_so", default, skip_serializing_if = "Vec::is_empty")]
    pub up_to_date: Vec<String>,
    /// Its output with masked secrets and [`PathAliases`], at most [`make::MAX_OUTPUT`] bytes of it.
    pub output: String,
    /// The number of bytes that were removed from the middle of the output.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub left_out: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl Recording {
    /// The result of a step.
    pub(crate) fn step(&self, name: &str) -> Option<&RecordedStep> {
        self.steps.iter().find(|step| step.step == name)
    }
}
