//! RECORDING: what a chapter printed when it last ran as written, kept for the page. Pure.
//!
//! `snapshots/CHAPTER/recording@PROFILE.json` is committed as snapshots are: a run writes it pending (`.new`), `guide review`
//! accepts it. A snapshot says what has to come; a recording says what came, when, on which versions and how long it took. Each
//! step keeps small fingerprints of what it was made of, so that a page can say what has changed since.

mod make;
mod path_aliases;
mod same;
mod stale;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::topology::Shape;

pub(crate) use make::{RecordingInput, make_recording};
pub(crate) use path_aliases::PathAliases;
pub(crate) use same::{changes, same};
pub(crate) use stale::{Included, Parts, mentioned_files, parts_of, reasons};

/// The newest format known here.
pub(crate) const RECORDING_FORMAT: u32 = 1;

/// What one chapter gave under one profile.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Recording {
    /// [`RECORDING_FORMAT`].
    pub format: u32,
    /// The chapter's name.
    pub chapter: String,
    /// The profile it ran under.
    pub profile: String,
    /// The run it was made by.
    pub run: String,
    /// RFC 3339, UTC: when that run ended the chapter.
    pub at: String,
    /// Version of guide.
    pub guide: String,
    /// `kind`, `Kubernetes`, `node image` … → version, as far as they could be found out.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub versions: BTreeMap<String, String>,
    /// Seconds the chapter took.
    pub seconds: f64,
    /// Steps in the chapter's order.
    pub steps: Vec<RecordedStep>,
    /// Manifests that could only be rendered while it ran: file name → text, secrets masked.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub manifests: BTreeMap<String, String>,
    /// The cluster at the chapter's end; none for a book without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shape: Option<Shape>,
    /// Not accepted yet; known from where it was read.
    #[serde(skip)]
    pub pending: bool,
}

/// What one step gave.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct RecordedStep {
    /// Its name.
    pub step: String,
    /// RFC 3339, UTC, of its end.
    pub at: String,
    /// Seconds, all attempts.
    pub seconds: f64,
    /// Attempts made.
    pub attempts: u32,
    /// Exit code; none for one that goes on in the background.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exit: Option<i32>,
    /// What it was made of.
    pub of: Parts,
    /// It did not run: these verify steps of its chapter showed that what it does was there already. `at` is when they did.
    #[serde(alias = "already_so", default, skip_serializing_if = "Vec::is_empty")]
    pub up_to_date: Vec<String>,
    /// What it printed, secrets masked and folders of the machine named ([`PathAliases`]), at most [`make::KEPT`] bytes of it.
    pub output: String,
    /// Bytes that were left out of its middle.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub left_out: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde wants it so")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl Recording {
    /// What a step gave.
    pub(crate) fn step(&self, name: &str) -> Option<&RecordedStep> {
        self.steps.iter().find(|step| step.step == name)
    }
}
