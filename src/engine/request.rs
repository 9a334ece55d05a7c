//! The input of the engine: what to run, and how.

use std::collections::HashSet;
use std::time::Duration;

use crate::event::RunStarted;
use crate::history::Past;
use crate::plan::{Plan, PlannedChapter};
use crate::secrets::Masker;

/// The options of a run, from the command line.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Options {
    /// Run acting steps even where they are up to date.
    pub rerun: bool,
    /// Continue after a failed step.
    pub keep_going: bool,
    /// `guide verify`: run only the checks.
    pub verify_only: bool,
    /// Start after the last step that passed.
    pub resume: bool,
    /// Open a shell for the person at a failed step, and run the step again if that shell ends with
    /// exit code 0.
    pub pause: bool,
    /// Fail an acting step if one of its checks passes before the step ever ran.
    pub prove: bool,
    /// `guide verify`: the time that all checks together may be waited for (`until=`). A world that
    /// was just changed needs some time once, but a lost world must not be waited for at each
    /// check.
    pub wait_budget: Duration,
}

impl Options {
    /// The number of a chapter's steps that may run: under `guide verify` only its checks.
    pub(crate) fn steps_to_run(&self, chapter: &PlannedChapter) -> usize {
        chapter.steps.iter().filter(|step| !self.verify_only || step.is_verify()).count()
    }
}

/// Everything that a run is given.
pub(crate) struct RunRequest<'a> {
    pub plan: &'a Plan,
    /// The results of earlier runs.
    pub past: &'a Past,
    pub options: Options,
    /// The variables of every chapter's shell beside the values: `KUBECONFIG`, `GUIDE_BOOK` …
    pub environment: Vec<(String, String)>,
    /// The variables named by `secret=` that have a value from the caller or from the values.
    pub given_secrets: HashSet<String>,
    /// The first event of the journal.
    pub started: RunStarted,
    /// Whether Ctrl-C or SIGTERM has arrived.
    pub interrupted: &'a dyn Fn() -> bool,
    /// Replaces secret values in texts.
    pub masker: Masker,
    /// The names of the variables in the caller's environment.
    pub caller_variables: HashSet<String>,
}
