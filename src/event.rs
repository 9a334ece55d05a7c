//! EVENT: all that the journal and the report ever learn of a run.

mod masked;
mod record;
#[cfg(test)]
pub(crate) mod samples;
mod tally;

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::book::Place;
use crate::compare::{Bindings, Difference};
use crate::diagnostic::Diagnostic;
use crate::ids::{ChapterName, StepName};
use crate::ids::{Fingerprint, StepId};
use crate::output::{Ending, LeftoverProcess};
use crate::plan::MadeOf;

pub use record::Record;
pub(crate) use record::Reporter;
pub(crate) use tally::Tally;

/// Format version of the journal: a reader refuses a newer one.
pub const JOURNAL_FORMAT: u32 = 2;

/// Among the targets of a run that only asked (`guide verify`).
pub(crate) const VERIFY_ONLY: &str = "--verify";

/// Something that happened. Serialised as one JSON line (`{"event": "step_finished", …}`).
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// First line of a journal.
    RunStarted(RunStarted),
    /// A resumed run knows where it starts; after the `PassedBefore` steps it takes over, and written together with them, so that
    /// a journal without this line has decided (and done) nothing yet.
    Resumed {
        /// The first step to run; `None`: nothing is left to do.
        at: Option<StepId>,
        /// Why there, in words: `failed`, `changed since it passed` …
        why: String,
    },
    /// A chapter begins.
    ChapterStarted {
        chapter: ChapterName,
        title: String,
        /// How many steps of it are planned.
        steps: usize,
    },
    /// An attempt begins (the journal keeps the first one of a step's turn, so that a killed run tells what it was doing).
    StepStarted {
        step: StepId,
        /// Where it stands.
        place: Place,
        /// First line of its script.
        command: String,
        /// 1-based number in its chapter.
        number: usize,
        /// 1 for the first attempt.
        attempt: u32,
        /// Seconds it took when it last passed.
        expected_seconds: Option<f64>,
        /// A check before acting, before resuming, or the step itself.
        reason: Reason,
        /// It has the terminal to itself until it ends.
        interactive: bool,
    },
    /// Still running (not kept in the journal).
    StepProgress {
        step: StepId,
        /// The last line it wrote, escape sequences taken off, at most 200 characters.
        line: String,
        /// Seconds since it started.
        seconds: f64,
        /// What the waiting is for, as the cluster tells it.
        waiting_for: Option<String>,
    },
    /// A step has ended.
    StepFinished(StepFinished),
    /// Worth telling, and no outcome of a step: why a resumed run starts where it does, a process that was left …
    Note {
        /// One line.
        text: String,
        /// The step it belongs to.
        step: Option<StepId>,
    },
    /// A chapter has ended.
    ChapterFinished {
        chapter: ChapterName,
        outcome: ChapterOutcome,
        /// Its fingerprint, when all of it passed (so that `done:` may speak for it next time).
        fingerprint: Option<Fingerprint>,
        /// The checks by which it was taken as done.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        done: Vec<StepName>,
        /// Seconds it took.
        seconds: f64,
    },
    /// Last line of a journal.
    RunFinished(RunSummary),
}

/// Why an attempt is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// It is its turn.
    Turn,
    /// A verify step asked before the acting step it proves.
    #[serde(alias = "already_so")]
    UpToDate,
    /// A verify step asked whether a passed part still holds.
    #[serde(rename = "still_so")]
    Recheck,
    /// A chapter's `done:` steps.
    ChapterDone,
    /// It is being waited for as `ready=`.
    Ready,
}

/// How a run begins.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RunStarted {
    /// [`JOURNAL_FORMAT`].
    pub format: u32,
    /// The run's id, also its folder's name.
    pub run: String,
    /// RFC 3339, UTC.
    pub at: String,
    /// Version of guide.
    pub guide: String,
    /// Title of the book.
    pub book: String,
    /// The profile.
    pub profile: String,
    /// Targets as typed, `--from STEP` and its like among them; empty only when the whole book was run.
    pub targets: Vec<String>,
    /// The run this one resumes.
    pub resumes: Option<String>,
    /// Process id of the runner.
    pub pid: u32,
    /// Number of steps planned in all.
    pub steps: usize,
    /// Folder of the book, relative to the state folder where that lies within it; empty in journals that do not say it.
    #[serde(default)]
    pub root: String,
    /// The cluster that was known when the run began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub world: Option<String>,
}

/// How a step ended.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StepFinished {
    pub step: StepId,
    /// Where it stands.
    pub place: Place,
    /// What it was when it ran.
    pub fingerprint: Fingerprint,
    /// How it came out.
    pub outcome: Outcome,
    /// RFC 3339, UTC, of its end.
    pub at: String,
    /// Seconds, all attempts.
    pub seconds: f64,
    /// Attempts made.
    pub attempts: u32,
    /// How the last attempt ended; none for one that did not run.
    pub ending: Option<Ending>,
    /// Where the whole output is kept: file in the run's folder, offset, length in bytes.
    pub output: Option<Stored>,
    /// Where the shell's state after it is kept; none when it left none.
    pub state: Option<Stored>,
    /// Names bound so far in the chapter.
    #[serde(default, skip_serializing_if = "Bindings::is_empty")]
    pub bound: Bindings,
    /// Processes it left behind, stopped by now.
    #[serde(rename = "left", default, skip_serializing_if = "Vec::is_empty")]
    pub leftovers: Vec<LeftoverProcess>,
    /// What the step is made of; only of an acting step that has passed or was found so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub made_of: Option<MadeOf>,
    /// Why an acting step ran that had passed in this world before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
    /// Everything a failure report needs; only when `outcome` is a failure.
    #[serde(skip)]
    pub evidence: Option<Box<Evidence>>,
}

/// A part of a file of the run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stored {
    /// File name, relative to the run's folder.
    pub file: PathBuf,
    pub offset: u64,
    pub length: u64,
    /// Checksum of them, where they are run by bash later: a state. None in journals of older versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checksum: Option<String>,
}

/// How a step came out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "is")]
pub enum Outcome {
    /// Ran, and all is as written.
    Passed,
    /// Ran and ended as expected; its output has no accepted snapshot yet, a pending one was written.
    Pending,
    /// Not run: it passed here before as it is now, and the checks that prove it pass.
    #[serde(alias = "already_so")]
    UpToDate,
    /// Not run: it never ran here, and the checks that prove it pass.
    FoundSo,
    /// Not run: its chapter was taken as done.
    TakenAsDone,
    /// Not run again: passed in the run that this one resumes, and still holds.
    PassedBefore,
    /// Not run, and why (`--keep-going` after a failure, no terminal …).
    Skipped { why: String },
    /// Ended otherwise than expected.
    Failed(Failure),
    /// The run was stopped while it ran.
    Interrupted,
}

impl Outcome {
    /// Is the world, as far as this step goes, as written?
    pub fn passes(&self) -> bool {
        matches!(
            self,
            Self::Passed
                | Self::Pending
                | Self::UpToDate
                | Self::FoundSo
                | Self::TakenAsDone
                | Self::PassedBefore
        )
    }
}

/// Why a step failed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "cause")]
pub enum Failure {
    /// Another exit code than expected.
    Exit {
        code: i32,
        /// The expectation, in words.
        expected: String,
    },
    /// The shell was ended by a signal.
    Signal { signal: i32 },
    /// Ran out of time.
    TimedOut {
        /// The limit in seconds.
        seconds: f64,
        /// `timeout` or `until`.
        limit: String,
        /// What the cluster says it was waiting for.
        waiting_for: Option<String>,
    },
    /// The output is not as expected or accepted.
    Mismatch {
        /// What differs.
        differences: Vec<Difference>,
        /// Compared with the `output` fence (true) or with the accepted snapshot.
        fence: bool,
    },
    /// `check=` is not true, or could not be evaluated.
    Check {
        /// The expression.
        expression: String,
        /// What came of it, in words.
        why: String,
    },
    /// What it waits for can't come any more.
    Unrecoverable {
        /// What the cluster says.
        why: String,
    },
    /// It could not be started, or a manifest could not be rendered with the bound values.
    Broken { why: String },
}

/// What a failure report shows beside the outcome. Not kept in the journal: the output is, and the rest is in the chapter.
#[derive(Debug, Clone, Default)]
pub struct Evidence {
    /// The script.
    pub script: String,
    /// 1-based line of the script's first line.
    pub script_line: u32,
    /// Last part of the output, secrets masked.
    pub output_tail: String,
    /// The expected or accepted text it was compared with.
    pub expected: Option<String>,
    /// Where the failure report was written.
    pub failure_report: Option<PathBuf>,
    /// Where the pending snapshot was written.
    pub pending: Option<PathBuf>,
    /// What ails the world itself, and the command that cures it.
    pub hint: Option<String>,
    /// It was only asked (`guide verify`): there is no run to go on with.
    pub verify_only: bool,
    /// As long as its `until=` lets it be waited for, where `guide verify` has waited shorter.
    pub wait: Option<Duration>,
}

/// How a chapter ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChapterOutcome {
    /// All planned steps hold.
    Passed,
    /// Taken as done: its last run passed, nothing in it changed since, and its `done:` steps pass. No other step was run.
    #[serde(alias = "already_so")]
    UpToDate,
    /// A step failed.
    Failed,
    /// Stopped in the middle.
    Interrupted,
    /// Not begun, since an earlier one failed.
    NotRun,
}

/// How a run ended.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct RunSummary {
    /// Steps that ran and passed (pending ones among them).
    pub passed: usize,
    /// Steps that were up to date, or passed before.
    #[serde(alias = "already_so")]
    pub up_to_date: usize,
    /// Steps of chapters that were taken as done.
    #[serde(default)]
    pub taken_as_done: usize,
    /// Steps that failed.
    pub failed: usize,
    /// Steps skipped with a reason.
    pub skipped: usize,
    /// Steps not reached.
    pub not_run: usize,
    /// Snapshots waiting for review.
    pub pending: usize,
    /// Chapters that were taken as done.
    #[serde(alias = "chapters_already_so")]
    pub chapters_up_to_date: usize,
    /// Stopped by Ctrl-C or SIGTERM.
    pub interrupted: bool,
    /// The world could not be asked (no engine, lost cluster …): why.
    pub broken: Option<String>,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// Seconds in all.
    pub seconds: f64,
    /// RFC 3339, UTC.
    pub at: String,
}

impl RunSummary {
    /// The number of steps that have an outcome.
    pub fn finished(&self) -> usize {
        self.passed + self.up_to_date + self.taken_as_done + self.failed + self.skipped
    }

    /// Notes why the run was broken off, unless a reason is known already.
    pub(crate) fn break_off(&mut self, error: Diagnostic) {
        if self.broken.is_none() {
            (self.broken, self.hint) = (Some(error.message), error.hint);
        }
    }
}
