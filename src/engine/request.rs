//! What is to be run, and how.

use std::collections::HashSet;
use std::time::Duration;

use crate::event::RunStarted;
use crate::history::Past;
use crate::plan::{Plan, PlannedChapter};
use crate::secrets::Masker;

/// How a run behaves.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Options {
    /// Run acting steps even where they are up to date.
    pub rerun: bool,
    /// Continue after a failed step.
    pub keep_going: bool,
    /// `guide verify`: run only the checks.
    pub verify_only: bool,
    /// Continue after the last step that passed.
    pub resume: bool,
    /// Open a shell for the person at a failed step, and try the step again where that is left with 0.
    pub pause: bool,
    /// Fail where a check passes before the acting step that it proves ever ran.
    pub prove: bool,
    /// `guide verify`: how long all checks together may be waited for (`until=`). A world that was just changed needs some time
    /// once, but what is lost for good should not be waited for at each check.
    pub wait_budget: Duration,
}

impl Options {
    /// How many of a chapter's steps may run: only its checks under `guide verify`.
    pub(crate) fn steps_to_run(&self, chapter: &PlannedChapter) -> usize {
        chapter.steps.iter().filter(|step| !self.verify_only || step.is_verify()).count()
    }
}

/// What is to be run.
pub(crate) struct RunRequest<'a> {
    pub plan: &'a Plan,
    /// What earlier runs did.
    pub past: &'a Past,
    pub options: Options,
    /// Environment of every chapter's shell beside the values: `KUBECONFIG`, `GUIDE_BOOK` …
    pub environment: Vec<(String, String)>,
    /// Variables named by `secret=` to which the caller or the values give a value.
    pub given_secrets: HashSet<String>,
    /// The first event of the journal.
    pub started: RunStarted,
    /// Whether Ctrl-C or SIGTERM has arrived.
    pub interrupted: &'a dyn Fn() -> bool,
    /// Hides secrets.
    pub masker: Masker,
    /// Names of the variables in the caller's environment.
    pub caller_variables: HashSet<String>,
}
