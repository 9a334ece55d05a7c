//! One chapter's turn: its steps in order, then the `always` steps.

use std::path::PathBuf;
use std::time::Instant;

use super::ports::WorkspaceRequest;
use super::run::Run;
use super::step::StepFlow;
use crate::compare::Bindings;
use crate::diagnostic::Diagnostic;
use crate::event::{ChapterOutcome, Event};
use crate::history::{background_to_restart, is_run_from};
use crate::ids::ChapterName;
use crate::output::{Ending, Output, ShellState};
use crate::plan::{Plan, PlannedChapter, RenderedManifest};
use crate::secrets::secret_values;
use crate::world::ShellContext;

/// How a chapter ended, as far as the run's going on is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ChapterResult {
    Holds,
    Failed,
    Interrupted,
}

/// What changes while a chapter runs.
pub(super) struct ChapterRun {
    /// Index of the chapter in the plan.
    pub(super) chapter: usize,
    /// The chapter's working folder.
    pub(super) folder: PathBuf,
    /// Names bound so far.
    pub(super) bound: Bindings,
    /// Names the shell has not been told of yet.
    pub(super) news: Vec<(String, String)>,
    /// The shell's state after the last step that held: what a failed one started from.
    pub(super) state: Option<ShellState>,
    /// It is asked without knowing what its acting steps left in the shell.
    pub(super) unknown: bool,
}

impl ChapterRun {
    /// Of a chapter that has not been entered yet.
    pub(super) fn before(chapter: usize) -> Self {
        Self {
            chapter,
            folder: PathBuf::new(),
            bound: Bindings::new(),
            news: Vec::new(),
            state: None,
            unknown: false,
        }
    }
}

/// What a chapter's shell is told beside the caller's environment: the values, what every chapter of the run is told, the chapter.
fn chapter_environment(
    plan: &Plan,
    of_run: &[(String, String)],
    chapter: &ChapterName,
) -> Vec<(String, String)> {
    let name = ("GUIDE_CHAPTER".to_owned(), chapter.to_string());
    plan.environment.iter().chain(of_run).cloned().chain([name]).collect()
}

impl Run<'_, '_> {
    pub(super) fn chapter(&mut self, index: usize) -> Result<ChapterResult, Diagnostic> {
        let chapter = &self.request.plan.chapters[index];
        let since = Instant::now();
        self.event(&Event::ChapterStarted {
            chapter: chapter.name.clone(),
            title: chapter.title.clone(),
            steps: self.request.options.turns(chapter),
        })?;
        let mut run = ChapterRun::before(index);
        let mut done = Vec::new();
        let (ended, outcome) = if self.is_done(&mut run)? {
            self.summary.chapters_up_to_date += 1;
            done.extend(chapter.done.iter().map(|index| chapter.steps[*index].id.step.clone()));
            (ChapterResult::Holds, ChapterOutcome::UpToDate)
        } else {
            if self.request.options.verify_only {
                self.enter_as_it_ended(&mut run)?;
            } else {
                self.enter(&mut run)?;
            }
            self.name_missing(&run)?;
            let ended = self.steps(&mut run)?;
            (ended, outcome_of(ended))
        };
        self.leave();
        self.ports.monitor.after_chapter()?;
        let whole =
            ended == ChapterResult::Holds && !chapter.partial && !self.request.options.verify_only;
        let fingerprint = whole.then_some(chapter.fingerprint);
        if whole {
            self.passed.insert(chapter.name.to_string());
        }
        self.event(&Event::ChapterFinished {
            chapter: chapter.name.clone(),
            outcome,
            fingerprint,
            done,
            seconds: since.elapsed().as_secs_f64(),
        })?;
        Ok(ended)
    }

    /// Makes the folder ready and starts the shell, from the state before the first step to run.
    pub(super) fn enter(&mut self, run: &mut ChapterRun) -> Result<(), Diagnostic> {
        run.state = self.state_before(run)?;
        self.start_shell(run)
    }

    pub(super) fn start_shell(&mut self, run: &mut ChapterRun) -> Result<(), Diagnostic> {
        let scene = self.scene(run)?;
        self.ports.world.enter(&scene, run.state.as_ref())
    }

    pub(super) fn leave(&mut self) {
        let left = self.ports.world.leave();
        self.name_left(&left, None);
        if let Some(output) = self.ports.world.take_exit_trap_output() {
            self.report_exit_trap(&output);
        }
    }

    /// Notes the output of the EXIT trap that the chapter's steps had set: it belongs to no step.
    fn report_exit_trap(&mut self, output: &Output) {
        const LONGEST: usize = 4096;
        let stopped = output.ending == Ending::TimedOut;
        if output.bytes.is_empty() && !stopped {
            return;
        }
        let printed = String::from_utf8_lossy(&output.bytes);
        let mut text = "the EXIT trap of the chapter".to_owned();
        if stopped {
            text += " was stopped, as it took too long";
        }
        if !printed.is_empty() {
            let start = printed.ceil_char_boundary(printed.len().saturating_sub(LONGEST));
            text += &format!(
                "{} printed: {}",
                if stopped { " and" } else { "" },
                printed[start..].trim_end()
            );
        }
        // The chapter has ended, whether the note can be written or not.
        let _ = self.event(&Event::Note { text, step: None });
    }

    fn scene(&mut self, run: &mut ChapterRun) -> Result<ShellContext, Diagnostic> {
        let plan = self.request.plan;
        let chapter = &plan.chapters[run.chapter];
        let files: Vec<(String, String)> = chapter
            .manifests
            .iter()
            .filter(|manifest| !manifest.late)
            .map(|manifest| (manifest.file.clone(), manifest.text.clone()))
            .collect();
        let folder = self.ports.workspace.prepare(&WorkspaceRequest { chapter, files: &files })?;
        run.folder.clone_from(&folder);
        Ok(ShellContext { folder, environment: self.environment(run) })
    }

    /// What the chapter's shell is told beside the caller's environment.
    pub(super) fn environment(&self, run: &ChapterRun) -> Vec<(String, String)> {
        chapter_environment(self.request.plan, &self.request.environment, &self.planned(run).name)
    }

    /// State and bindings after the last step that passed before, when this chapter is gone on with in its middle.
    fn state_before(&mut self, run: &mut ChapterRun) -> Result<Option<ShellState>, Diagnostic> {
        let (plan, past) = (self.request.plan, self.request.past);
        let passed = |index: &usize| !is_run_from(plan, self.start, (run.chapter, *index));
        let steps = &plan.chapters[run.chapter].steps;
        let mut state = None;
        for index in (0..steps.len()).filter(passed).rev() {
            let Some(before) = past.steps.get(&steps[index].id) else { continue };
            if run.bound.is_empty() {
                run.bound.clone_from(&before.bound);
                self.rebind(run.chapter, &mut run.bound);
            }
            if let Some(stored) = &before.state {
                state = Some(self.ports.record.past_state(&before.run, stored)?);
                break;
            }
        }
        self.add_bound_before(run);
        run.news = told(&run.bound);
        Ok(state)
    }

    /// Adds what steps bound that are not selected.
    pub(super) fn add_bound_before(&self, run: &mut ChapterRun) {
        let known = self
            .request
            .past
            .bound_before(self.planned(run), self.request.plan)
            .unwrap_or_default();
        for (name, value) in known {
            run.bound.entry(name).or_insert(value);
        }
    }

    /// Background steps that ended with the run that started them, and that what comes now counts on.
    pub(super) fn start_background_again(
        &mut self,
        run: &mut ChapterRun,
    ) -> Result<(), Diagnostic> {
        for (chapter, index) in background_to_restart(self.request.plan, self.start) {
            if chapter == run.chapter {
                self.run_step(run, index, None)?;
            }
        }
        Ok(())
    }

    fn steps(&mut self, run: &mut ChapterRun) -> Result<ChapterResult, Diagnostic> {
        if self.request.options.resume {
            self.start_background_again(run)?;
        }
        let chapter = &self.request.plan.chapters[run.chapter];
        let mut ended = ChapterResult::Holds;
        for index in 0..chapter.steps.len() {
            if chapter.steps[index].attributes.always {
                continue;
            }
            if self.background_has_ended(run)? {
                ended = ChapterResult::Failed;
                if !self.request.options.keep_going {
                    break;
                }
            }
            self.render_late(run, index)?;
            match self.turn(run, index)? {
                StepFlow::Holds => {}
                turn @ (StepFlow::Failed | StepFlow::Unanswered) => {
                    ended = ChapterResult::Failed;
                    if turn == StepFlow::Unanswered && self.is_ground(run, index) {
                        self.leave_unasked(run, index)?;
                        break;
                    }
                    self.say_what_is_unknown(run, index)?;
                    if !self.request.options.keep_going {
                        break;
                    }
                }
                StepFlow::Interrupted => {
                    ended = ChapterResult::Interrupted;
                    break;
                }
            }
        }
        if ended != ChapterResult::Interrupted && self.background_has_ended(run)? {
            ended = ChapterResult::Failed;
        }
        self.always(run, ended)
    }

    /// `always` steps: also after a failure, not after Ctrl-C (whoever stops a run wants it to stop; `--resume` runs them).
    fn always(
        &mut self,
        run: &mut ChapterRun,
        ended: ChapterResult,
    ) -> Result<ChapterResult, Diagnostic> {
        let chapter = &self.request.plan.chapters[run.chapter];
        let mut ended = ended;
        if ended == ChapterResult::Interrupted {
            self.name_always_not_run(run, 0)?;
            return Ok(ended);
        }
        for index in
            (0..chapter.steps.len()).filter(|&index| chapter.steps[index].attributes.always)
        {
            self.render_late(run, index)?;
            match self.turn(run, index)? {
                StepFlow::Holds => {}
                StepFlow::Failed | StepFlow::Unanswered => ended = ChapterResult::Failed,
                StepFlow::Interrupted => {
                    self.name_always_not_run(run, index)?;
                    return Ok(ChapterResult::Interrupted);
                }
            }
        }
        Ok(ended)
    }

    /// Whoever stops a run has to know what was not cleaned up: the `always` steps from `first` on.
    fn name_always_not_run(&mut self, run: &ChapterRun, first: usize) -> Result<(), Diagnostic> {
        let steps = &self.request.plan.chapters[run.chapter].steps;
        let left = steps.iter().skip(first).filter(|step| {
            step.attributes.always && (step.is_verify() || !self.request.options.verify_only)
        });
        let names: Vec<&str> = left.map(|step| step.id.step.as_str()).collect();
        if names.is_empty() {
            return Ok(());
        }
        let (steps, them) = if names.len() == 1 { ("step", "it") } else { ("steps", "them") };
        let names = names.join(", ");
        let text = format!(
            "always {steps} not run, since the run was stopped: {names}; `guide run --resume` runs {them}"
        );
        self.event(&Event::Note { text, step: None })
    }

    /// Manifests that use bound values are written when the first step after them comes.
    fn render_late(&mut self, run: &ChapterRun, index: usize) -> Result<(), Diagnostic> {
        let plan = self.request.plan;
        let chapter = &plan.chapters[run.chapter];
        let late = |manifest: &&RenderedManifest| manifest.late && manifest.before_step == index;
        let mut files = Vec::new();
        for manifest in chapter.manifests.iter().filter(late) {
            let text = self
                .ports
                .workspace
                .render_late(manifest, &plan.values, &run.bound)
                .map_err(|message| Diagnostic::new(message))?;
            secret_values(&text).iter().for_each(|value| self.request.masker.add(value));
            files.push((manifest.file.clone(), text));
        }
        if !files.is_empty() {
            self.ports.workspace.prepare(&WorkspaceRequest { chapter, files: &files })?;
        }
        Ok(())
    }

    pub(super) fn planned(&self, run: &ChapterRun) -> &PlannedChapter {
        &self.request.plan.chapters[run.chapter]
    }
}

/// What a shell is told of names bound before.
pub(super) fn told(bound: &Bindings) -> Vec<(String, String)> {
    bound.iter().map(|(name, value)| (name.clone(), value.clone())).collect()
}

fn outcome_of(ended: ChapterResult) -> ChapterOutcome {
    match ended {
        ChapterResult::Holds => ChapterOutcome::Passed,
        ChapterResult::Failed => ChapterOutcome::Failed,
        ChapterResult::Interrupted => ChapterOutcome::Interrupted,
    }
}
