//! The outcome of a step, and the reason and the evidence of its failure.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::compare::Difference;

/// The result of a step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "is")]
pub enum Outcome {
    /// It ran, and its result is the expected one.
    Passed,
    /// It ran and ended as expected. Its output has no accepted snapshot yet, and a pending one was written.
    Pending,
    /// It did not run: it passed here unchanged, and the checks that prove it pass.
    #[serde(alias = "already_so")]
    UpToDate,
    /// It did not run: it never ran here, and the checks that prove it pass.
    FoundSo,
    /// It did not run: its chapter was taken as done.
    TakenAsDone,
    /// It did not run again: it passed in the run that this one resumes, and its checks still pass.
    PassedBefore,
    /// It did not run, for this reason (`--keep-going` after a failure, no terminal …).
    Skipped { why: String },
    /// Its result is not the expected one.
    Failed(Failure),
    /// The run was stopped while the step ran.
    Interrupted,
}

impl Outcome {
    /// Whether the outcome is not a failure of the step.
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
    /// The exit code is not the expected one.
    Exit {
        code: i32,
        /// The expected codes, as a text.
        expected: String,
    },
    /// A signal ended the shell.
    Signal { signal: i32 },
    /// The step reached its time limit.
    TimedOut {
        /// The limit in seconds.
        seconds: f64,
        /// The attribute that set the limit: `timeout` or `until`.
        limit: String,
        /// The cluster's problem that the step waited for.
        waiting_for: Option<String>,
    },
    /// The output differs from the expected or the accepted one.
    Mismatch {
        /// The differences.
        differences: Vec<Difference>,
        /// The output was compared with the `output` fence, and not with the accepted snapshot.
        fence: bool,
    },
    /// `check=` is not true, or could not be evaluated.
    Check {
        /// The expression.
        expression: String,
        /// The result, as a text.
        why: String,
    },
    /// The step waited for objects that cannot become ready any more.
    Unrecoverable {
        /// The cluster's problem.
        why: String,
    },
    /// The step could not be started, or a manifest could not be rendered with the bound values.
    Broken { why: String },
}

/// What a failure report shows beside the outcome. The journal does not keep it, since it keeps the output, and the rest is in the
/// chapter.
#[derive(Debug, Clone, Default)]
pub struct Evidence {
    /// The script.
    pub script: String,
    /// The 1-based line of the chapter in which the script begins.
    pub script_line: u32,
    /// The last part of the output, with secrets masked.
    pub output_tail: String,
    /// The expected or accepted text that the output was compared with.
    pub expected: Option<String>,
    /// The path of the failure report.
    pub failure_report: Option<PathBuf>,
    /// The path of the pending snapshot.
    pub pending: Option<PathBuf>,
    /// A problem of the world itself, and the command that solves it.
    pub hint: Option<String>,
    /// The run was a `guide verify`, which cannot be resumed.
    pub verify_only: bool,
    /// The step's `until=`, if `guide verify` waited for a shorter time.
    pub wait: Option<Duration>,
}
