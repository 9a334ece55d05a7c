//! A whole run: resume, chapters in order, summary.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::time::{Duration, Instant};

use super::chapter::{ChapterResult, ChapterRun};
use super::ports::Ports;
use crate::compare::Bindings;
use crate::diagnostic::Diagnostic;
use crate::event::{ChapterOutcome, Event, RunStarted, RunSummary};
use crate::history::{Past, Position};
use crate::output::ShellState;
use crate::plan::{Plan, PlannedChapter};
use crate::secrets::Masker;

/// How a run behaves.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Options {
    /// Run acting steps even where the world is up to date.
    pub rerun: bool,
    /// Go on after a failed step.
    pub keep_going: bool,
    /// `guide verify`: only verify steps, each once, nothing acts.
    pub verify_only: bool,
    /// Go on after the last passed step.
    pub resume: bool,
    /// A check that passes before the acting step that it proves ever ran is a failure.
    pub prove: bool,
    /// `guide verify`: how long all checks together are waited for (`until=`). A world that was just stirred comes to rest within
    /// some time, and what is gone for good is not waited for at each check anew.
    pub wait_budget: Duration,
}

impl Options {
    /// How many of a chapter's steps have a turn: under `guide verify` those that only look.
    pub(crate) fn turns(&self, chapter: &PlannedChapter) -> usize {
        chapter.steps.iter().filter(|step| !self.verify_only || step.is_verify()).count()
    }
}

/// What is to be run.
pub(crate) struct RunRequest<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// What the journals tell.
    pub past: &'a Past,
    pub options: Options,
    /// Environment of every chapter's shell beside the values: `KUBECONFIG`, `GUIDE_BOOK` …
    pub environment: Vec<(String, String)>,
    /// Secrets (variables named by `secret=`) that the caller or the values give a value.
    pub given_secrets: HashSet<String>,
    /// How the run begins, for the journal.
    pub started: RunStarted,
    /// Ctrl-C or SIGTERM came.
    pub interrupted: &'a dyn Fn() -> bool,
    /// RFC 3339 of now.
    pub now: &'a dyn Fn() -> String,
    /// Hides secrets.
    pub masker: Masker,
    /// Names of the variables that the caller's environment gives.
    pub caller_variables: HashSet<String>,
}

/// Runs the plan and tells everything as events. The journal's last line is the summary, whatever happened.
pub(crate) fn conduct(ports: &mut Ports<'_>, request: &RunRequest<'_>) -> RunSummary {
    let mut run = Run {
        ports,
        request,
        summary: RunSummary::default(),
        start: (0, 0),
        wait_budget: request.options.wait_budget,
        going: Vec::new(),
        acted: false,
        rebound: HashMap::new(),
        passed: BTreeSet::new(),
    };
    let since = Instant::now();
    if let Err(error) = run.all() {
        run.summary.breaks_off(error);
    }
    let left = run.ports.world.close();
    run.name_left(&left, None);
    run.summary.not_run = request.started.steps.saturating_sub(run.summary.counted());
    run.summary.seconds = since.elapsed().as_secs_f64();
    run.summary.at = (request.now)();
    let last = Event::RunFinished(run.summary.clone());
    if let Err(error) = run.event(&last) {
        run.summary.breaks_off(error);
    }
    run.summary
}

/// A run under way.
pub(super) struct Run<'a, 'p> {
    pub(super) ports: &'a mut Ports<'p>,
    pub(super) request: &'a RunRequest<'a>,
    pub(super) summary: RunSummary,
    /// First step to run, as steps are executed. Those before it passed before.
    pub(super) start: Position,
    /// What is left of that of the options.
    pub(super) wait_budget: Duration,
    /// Background steps that were started and are to go on.
    pub(super) going: Vec<Position>,
    /// An acting step has run and passed.
    pub(super) acted: bool,
    /// Names that checks before the start of a resumed run have bound anew, by chapter.
    pub(super) rebound: HashMap<usize, Bindings>,
    /// Names of the chapters that passed whole in this run.
    pub(super) passed: BTreeSet<String>,
}

impl Run<'_, '_> {
    fn all(&mut self) -> Result<(), Diagnostic> {
        // The journal began with it already.
        self.ports.reporter.report(&Event::RunStarted(self.request.started.clone()));
        if self.request.options.resume {
            self.resume()?;
        }
        let mut stopped = false;
        for (index, chapter) in self.request.plan.chapters.iter().enumerate() {
            if index < self.start.0 {
                continue; // all of it passed before, as `resume` has told
            }
            if stopped {
                let outcome = ChapterOutcome::NotRun;
                self.event(&Event::ChapterFinished {
                    chapter: chapter.name.clone(),
                    outcome,
                    fingerprint: None,
                    done: Vec::new(),
                    seconds: 0.0,
                })?;
                continue;
            }
            let ended = self.chapter(index)?;
            stopped = match ended {
                ChapterResult::Holds => false,
                ChapterResult::Failed => !self.request.options.keep_going,
                ChapterResult::Interrupted => {
                    self.summary.interrupted = true;
                    true
                }
            };
        }
        Ok(())
    }

    /// Keeps and tells an event.
    pub(super) fn event(&mut self, event: &Event) -> Result<(), Diagnostic> {
        let event = event.masked(&self.request.masker);
        self.ports.reporter.report(&event);
        Ok(self.ports.record.event(&event)?)
    }

    /// Says what the kept state of a chapter that goes on was written without, as secrets are in it, and nobody gives now.
    pub(super) fn name_missing(&mut self, run: &ChapterRun) -> Result<(), Diagnostic> {
        let left_out = run.state.as_ref().map(ShellState::left_out).unwrap_or_default();
        let missing: Vec<String> = left_out
            .into_iter()
            .filter(|name| !self.request.caller_variables.contains(name))
            .collect();
        if missing.is_empty() {
            return Ok(());
        }
        let text = format!(
            "{} goes on without {}: a secret is in it, so it was not kept. Give variables in the environment, or run the step that sets them again (--from)",
            self.planned(run).name,
            missing.join(", ")
        );
        self.event(&Event::Note { text, step: None })
    }

    /// Says which processes were left and have been stopped.
    pub(super) fn name_left(
        &mut self,
        left: &[crate::output::LeftoverProcess],
        step: Option<&crate::ids::StepId>,
    ) {
        for process in left {
            let text =
                format!("left running and stopped: {} (pid {})", process.command, process.pid);
            // A note that can't be kept is no reason to lose what it is about.
            let _ = self.event(&Event::Note { text, step: step.cloned() });
        }
    }
}

impl RunSummary {
    /// Steps that have an outcome.
    pub fn counted(&self) -> usize {
        self.passed + self.up_to_date + self.taken_as_done + self.failed + self.skipped
    }

    /// Keeps the first reason why the run could not go on: later ones follow from it.
    pub(super) fn breaks_off(&mut self, error: Diagnostic) {
        if self.broken.is_none() {
            self.broken = Some(error.message);
            self.hint = error.hint;
        }
    }
}
