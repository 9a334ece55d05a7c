//! EVENT: everything that the journal and the reports learn about a run.

mod masked;
mod outcome;
mod record;
#[cfg(test)]
pub(crate) mod samples;
mod tally;

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::book::Place;
use crate::compare::Bindings;
use crate::diagnostic::Diagnostic;
use crate::ids::{ChapterName, Fingerprint, StepId, StepName};
use crate::output::{Ending, LeftoverProcess};
use crate::plan::MadeOf;

pub use outcome::Outcome;
pub(crate) use outcome::{Evidence, Failure};
pub use record::Record;
pub(crate) use record::Reporter;
pub(crate) use tally::Tally;

/// The format version of the journal. A reader refuses a newer one.
pub const JOURNAL_FORMAT: u32 = 2;

/// Marks the targets of a run that ran only checks (`guide verify`).
pub(crate) const VERIFY_ONLY: &str = "--verify";

/// Something that happened. It is serialised as one JSON line (`{"event": "step_finished", …}`).
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// The first line of a journal.
    RunStarted(RunStarted),
    /// A resumed run has decided where it starts. This follows the `PassedBefore` steps that the run takes over, and is written
    /// together with them, so a journal without this line has decided and done nothing yet.
    Resumed {
        /// The first step to run; `None` if no step has to run.
        at: Option<StepId>,
        /// Why the run starts there, as a text: `failed`, `changed since it passed` …
        why: String,
    },
    /// A chapter begins.
    ChapterStarted {
        chapter: ChapterName,
        title: String,
        /// The number of its planned steps.
        steps: usize,
    },
    /// An attempt begins. The journal keeps only the first attempt of a step, which shows what a killed run was doing.
    StepStarted {
        step: StepId,
        /// The step's place in the text.
        place: Place,
        /// The first line of its script.
        command: String,
        /// Its 1-based number in the chapter.
        number: usize,
        /// 1 for the first attempt.
        attempt: u32,
        /// Seconds it took when it last passed.
        expected_seconds: Option<f64>,
        /// Why the attempt is made.
        reason: Reason,
        /// The step uses the terminal until it ends.
        interactive: bool,
    },
    /// A step is still running. The journal does not keep this event.
    StepProgress {
        step: StepId,
        /// The last line that it wrote, without escape sequences, at most 200 characters.
        line: String,
        /// Seconds since it started.
        seconds: f64,
        /// The cluster's problem that the step waits for.
        waiting_for: Option<String>,
    },
    /// A step has ended.
    StepFinished(StepFinished),
    /// A message that is no outcome of a step, for example about a leftover process.
    Note {
        /// The message, one line.
        text: String,
        /// The step that it belongs to.
        step: Option<StepId>,
    },
    /// A chapter has ended.
    ChapterFinished {
        chapter: ChapterName,
        outcome: ChapterOutcome,
        /// Its fingerprint, if all of it passed. A later run then may take it as done.
        fingerprint: Option<Fingerprint>,
        /// The `done:` checks by which it was taken as done.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        done: Vec<StepName>,
        /// Seconds it took.
        seconds: f64,
    },
    /// The last line of a journal.
    RunFinished(RunSummary),
}

/// Why an attempt is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The step runs in its order.
    Turn,
    /// The check runs before the acting step that it proves, to find out whether that step is up to date.
    #[serde(alias = "already_so")]
    UpToDate,
    /// The check passed in the run that is resumed, and runs again.
    #[serde(rename = "still_so")]
    Recheck,
    /// The check is one of the chapter's `done:` checks.
    ChapterDone,
    /// The check is the `ready=` check of a background step.
    Ready,
}

/// How a run begins.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RunStarted {
    /// [`JOURNAL_FORMAT`].
    pub format: u32,
    /// The run's id, which is also its folder's name.
    pub run: String,
    /// RFC 3339, UTC.
    pub at: String,
    /// The version of guide.
    pub guide: String,
    /// The title of the book.
    pub book: String,
    /// The profile.
    pub profile: String,
    /// The targets as typed, and options such as `--from STEP`. Empty only if the whole book was run.
    pub targets: Vec<String>,
    /// The run that this one resumes.
    pub resumes: Option<String>,
    /// The process id of the runner.
    pub pid: u32,
    /// The number of all planned steps.
    pub steps: usize,
    /// The folder of the book, relative to the state folder if that is inside it. Empty in journals of older versions.
    #[serde(default)]
    pub root: String,
    /// The cluster that was known at the start of the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub world: Option<String>,
    /// The shard that was run; none for a run that was not divided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shard: Option<ShardOf>,
}

/// Which part of a divided book a run is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShardOf {
    /// From 1.
    pub number: usize,
    /// The number of shards.
    pub of: usize,
    /// The id of the whole table of shards: shards of different tables do not make up one book.
    pub split: Fingerprint,
}

/// How a step ended.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StepFinished {
    pub step: StepId,
    /// The step's place in the text.
    pub place: Place,
    /// The step's fingerprint in this run.
    pub fingerprint: Fingerprint,
    /// The result of the step.
    pub outcome: Outcome,
    /// The time of its end as RFC 3339, UTC.
    pub at: String,
    /// The seconds of all attempts together.
    pub seconds: f64,
    /// The number of attempts.
    pub attempts: u32,
    /// How the last attempt ended; `None` for a step that did not run.
    pub ending: Option<Ending>,
    /// Where the whole output is kept: file in the run's folder, offset, length in bytes.
    pub output: Option<Stored>,
    /// Where the shell's state after the step is kept; `None` if there is none.
    pub state: Option<Stored>,
    /// The names bound so far in the chapter.
    #[serde(default, skip_serializing_if = "Bindings::is_empty")]
    pub bound: Bindings,
    /// The leftover processes of the step, which were stopped.
    #[serde(rename = "left", default, skip_serializing_if = "Vec::is_empty")]
    pub leftovers: Vec<LeftoverProcess>,
    /// What the step is made of; only for an acting step that has passed or was found so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub made_of: Option<MadeOf>,
    /// Why an acting step ran although it had passed in this world before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
    /// Everything that a failure report needs; only if `outcome` is a failure.
    #[serde(skip)]
    pub evidence: Option<Box<Evidence>>,
}

/// A part of a file of the run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stored {
    /// The file's name, relative to the run's folder.
    pub file: PathBuf,
    pub offset: u64,
    pub length: u64,
    /// The checksum of a state, which bash runs later. `None` for outputs and in journals of older versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checksum: Option<String>,
}

/// How a chapter ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChapterOutcome {
    /// All planned steps passed or were skipped.
    Passed,
    /// The chapter was taken as done: its last run passed, it has not changed since, and its `done:` checks pass. No other step ran.
    #[serde(alias = "already_so")]
    UpToDate,
    /// A step failed.
    Failed,
    /// The run was interrupted within the chapter.
    Interrupted,
    /// The chapter did not begin, because an earlier one failed.
    NotRun,
}

/// How a run ended.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct RunSummary {
    /// The number of steps that ran and passed, with those whose snapshot is pending.
    pub passed: usize,
    /// The number of steps that were up to date, or passed before.
    #[serde(alias = "already_so")]
    pub up_to_date: usize,
    /// The number of steps of chapters that were taken as done.
    #[serde(default)]
    pub taken_as_done: usize,
    /// The number of steps that failed.
    pub failed: usize,
    /// The number of steps that were skipped.
    pub skipped: usize,
    /// The number of steps that were not reached.
    pub not_run: usize,
    /// The number of snapshots pending review.
    pub pending: usize,
    /// The number of chapters that were taken as done.
    #[serde(alias = "chapters_already_so")]
    pub chapters_up_to_date: usize,
    /// Ctrl-C or SIGTERM stopped the run.
    pub interrupted: bool,
    /// Why the world did not answer (no container engine, a lost cluster …).
    pub broken: Option<String>,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// The duration of the run in seconds.
    pub seconds: f64,
    /// The time of the run's end as RFC 3339, UTC.
    pub at: String,
}

impl RunSummary {
    /// The number of steps that have an outcome.
    pub fn finished(&self) -> usize {
        self.passed + self.up_to_date + self.taken_as_done + self.failed + self.skipped
    }

    /// Records why the run was broken off, unless a reason is recorded already.
    pub(crate) fn break_off(&mut self, error: Diagnostic) {
        if self.broken.is_none() {
            (self.broken, self.hint) = (Some(error.message), error.hint);
        }
    }
}
