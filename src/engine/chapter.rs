//! One chapter's turn: its steps in order, then the `always` steps.

use std::path::PathBuf;
use std::time::Instant;

use super::ports::StageRequest;
use super::run::Run;
use super::step::Turn;
use crate::compare::Bindings;
use crate::event::{ChapterOutcome, Event};
use crate::history::{background_again, is_run_from};
use crate::ids::ChapterName;
use crate::output::ShellState;
use crate::plan::{Plan, PlannedChapter, RenderedManifest};
use crate::secrets::secret_values;
use crate::world::{Scene, WorldError};

/// How a chapter ended, as far as the run's going on is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    Holds,
    Failed,
    Interrupted,
}

/// What changes while a chapter runs.
pub(super) struct Stand {
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

impl Stand {
    /// Of a chapter that has not been entered yet.
    pub(super) fn before(chapter: usize) -> Self {
        Self { chapter, folder: PathBuf::new(), bound: Bindings::new(), news: Vec::new(), state: None, unknown: false }
    }
}

/// What a chapter's shell is told beside the caller's environment: the values, what every chapter of the run is told, the chapter.
#[must_use]
pub fn chapter_environment(plan: &Plan, of_run: &[(String, String)], chapter: &ChapterName) -> Vec<(String, String)> {
    let name = ("GUIDE_CHAPTER".to_owned(), chapter.to_string());
    plan.environment.iter().chain(of_run).cloned().chain([name]).collect()
}

impl Run<'_, '_> {
    pub(super) fn chapter(&mut self, index: usize) -> Result<Ended, WorldError> {
        let chapter = &self.request.plan.chapters[index];
        let since = Instant::now();
        self.event(&Event::ChapterStarted {
            chapter: chapter.name.clone(),
            title: chapter.title.clone(),
            steps: self.request.options.turns(chapter),
        })?;
        let mut stand = Stand::before(index);
        let mut done = Vec::new();
        let (ended, outcome) = if self.is_done(&mut stand)? {
            self.summary.chapters_already_so += 1;
            done.extend(chapter.done.iter().map(|index| chapter.steps[*index].id.step.clone()));
            (Ended::Holds, ChapterOutcome::AlreadySo)
        } else {
            if self.request.options.verify_only {
                self.enter_as_it_ended(&mut stand)?;
            } else {
                self.enter(&mut stand)?;
            }
            self.name_missing(&stand)?;
            let ended = self.steps(&mut stand)?;
            (ended, outcome_of(ended))
        };
        self.leave();
        self.ports.lookout.after_chapter()?;
        let whole = ended == Ended::Holds && !chapter.partial && !self.request.options.verify_only;
        let fingerprint = whole.then_some(chapter.fingerprint);
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
    pub(super) fn enter(&mut self, stand: &mut Stand) -> Result<(), WorldError> {
        stand.state = self.state_before(stand)?;
        self.start_shell(stand)
    }

    pub(super) fn start_shell(&mut self, stand: &mut Stand) -> Result<(), WorldError> {
        let scene = self.scene(stand)?;
        self.ports.world.enter(&scene, stand.state.as_ref())
    }

    pub(super) fn leave(&mut self) {
        let left = self.ports.world.leave();
        self.name_left(&left, None);
    }

    fn scene(&mut self, stand: &mut Stand) -> Result<Scene, WorldError> {
        let plan = self.request.plan;
        let chapter = &plan.chapters[stand.chapter];
        let files: Vec<(String, String)> = chapter
            .manifests
            .iter()
            .filter(|manifest| !manifest.late)
            .map(|manifest| (manifest.file.clone(), manifest.text.clone()))
            .collect();
        let folder = self.ports.stage.prepare(&StageRequest { chapter, files: &files })?;
        stand.folder.clone_from(&folder);
        Ok(Scene { folder, environment: self.environment(stand) })
    }

    /// What the chapter's shell is told beside the caller's environment.
    pub(super) fn environment(&self, stand: &Stand) -> Vec<(String, String)> {
        chapter_environment(self.request.plan, &self.request.environment, &self.planned(stand).name)
    }

    /// State and bindings after the last step that passed before, when this chapter is gone on with in its middle.
    fn state_before(&mut self, stand: &mut Stand) -> Result<Option<ShellState>, WorldError> {
        let (plan, past) = (self.request.plan, self.request.past);
        let passed = |index: &usize| !is_run_from(plan, self.start, (stand.chapter, *index));
        let steps = &plan.chapters[stand.chapter].steps;
        let mut state = None;
        for index in (0..steps.len()).filter(passed).rev() {
            let Some(before) = past.steps.get(&steps[index].id) else { continue };
            if stand.bound.is_empty() {
                stand.bound.clone_from(&before.bound);
                self.rebind(stand.chapter, &mut stand.bound);
            }
            if let Some(stored) = &before.state {
                state = Some(self.ports.record.past_state(&before.run, stored)?);
                break;
            }
        }
        self.add_bound_before(stand);
        stand.news = told(&stand.bound);
        Ok(state)
    }

    /// Adds what steps bound that are not selected.
    pub(super) fn add_bound_before(&self, stand: &mut Stand) {
        let known = self.request.past.bound_before(self.planned(stand), self.request.plan).unwrap_or_default();
        for (name, value) in known {
            stand.bound.entry(name).or_insert(value);
        }
    }

    /// Background steps that ended with the run that started them, and that what comes now counts on.
    pub(super) fn start_background_again(&mut self, stand: &mut Stand) -> Result<(), WorldError> {
        for (chapter, index) in background_again(self.request.plan, self.start) {
            if chapter == stand.chapter {
                self.run_step(stand, index, None)?;
            }
        }
        Ok(())
    }

    fn steps(&mut self, stand: &mut Stand) -> Result<Ended, WorldError> {
        if self.request.options.resume {
            self.start_background_again(stand)?;
        }
        let chapter = &self.request.plan.chapters[stand.chapter];
        let mut ended = Ended::Holds;
        for index in 0..chapter.steps.len() {
            if chapter.steps[index].attributes.always {
                continue;
            }
            if self.background_has_ended(stand)? {
                ended = Ended::Failed;
                if !self.request.options.keep_going {
                    break;
                }
            }
            self.render_late(stand, index)?;
            match self.turn(stand, index)? {
                Turn::Holds => {}
                turn @ (Turn::Failed | Turn::Unanswered) => {
                    ended = Ended::Failed;
                    if turn == Turn::Unanswered && self.is_ground(stand, index) {
                        self.leave_unasked(stand, index)?;
                        break;
                    }
                    self.say_what_is_unknown(stand, index)?;
                    if !self.request.options.keep_going {
                        break;
                    }
                }
                Turn::Interrupted => {
                    ended = Ended::Interrupted;
                    break;
                }
            }
        }
        if ended != Ended::Interrupted && self.background_has_ended(stand)? {
            ended = Ended::Failed;
        }
        self.always(stand, ended)
    }

    /// `always` steps: also after a failure, not after Ctrl-C (whoever stops a run wants it to stop; `--resume` runs them).
    fn always(&mut self, stand: &mut Stand, ended: Ended) -> Result<Ended, WorldError> {
        let chapter = &self.request.plan.chapters[stand.chapter];
        let mut ended = ended;
        if ended == Ended::Interrupted {
            self.name_always_not_run(stand, 0)?;
            return Ok(ended);
        }
        for index in (0..chapter.steps.len()).filter(|&index| chapter.steps[index].attributes.always) {
            self.render_late(stand, index)?;
            match self.turn(stand, index)? {
                Turn::Holds => {}
                Turn::Failed | Turn::Unanswered => ended = Ended::Failed,
                Turn::Interrupted => {
                    self.name_always_not_run(stand, index)?;
                    return Ok(Ended::Interrupted);
                }
            }
        }
        Ok(ended)
    }

    /// Whoever stops a run has to know what was not cleaned up: the `always` steps from `first` on.
    fn name_always_not_run(&mut self, stand: &Stand, first: usize) -> Result<(), WorldError> {
        let steps = &self.request.plan.chapters[stand.chapter].steps;
        let left = steps
            .iter()
            .skip(first)
            .filter(|step| step.attributes.always && (step.is_verify() || !self.request.options.verify_only));
        let names: Vec<&str> = left.map(|step| step.id.step.as_str()).collect();
        if names.is_empty() {
            return Ok(());
        }
        let (steps, them) = if names.len() == 1 { ("step", "it") } else { ("steps", "them") };
        let names = names.join(", ");
        let text = format!("always {steps} not run, since the run was stopped: {names}; `guide run --resume` runs {them}");
        self.event(&Event::Note { text, step: None })
    }

    /// Manifests that use bound values are written when the first step after them comes.
    fn render_late(&mut self, stand: &Stand, index: usize) -> Result<(), WorldError> {
        let plan = self.request.plan;
        let chapter = &plan.chapters[stand.chapter];
        let late = |manifest: &&RenderedManifest| manifest.late && manifest.before_step == index;
        let mut files = Vec::new();
        for manifest in chapter.manifests.iter().filter(late) {
            let text = self
                .ports
                .stage
                .render_late(manifest, &plan.values, &stand.bound)
                .map_err(|message| WorldError { message, hint: None })?;
            secret_values(&text).iter().for_each(|value| self.request.masker.add(value));
            files.push((manifest.file.clone(), text));
        }
        if !files.is_empty() {
            self.ports.stage.prepare(&StageRequest { chapter, files: &files })?;
        }
        Ok(())
    }

    pub(super) fn planned(&self, stand: &Stand) -> &PlannedChapter {
        &self.request.plan.chapters[stand.chapter]
    }
}

/// What a shell is told of names bound before.
pub(super) fn told(bound: &Bindings) -> Vec<(String, String)> {
    bound.iter().map(|(name, value)| (name.clone(), value.clone())).collect()
}

fn outcome_of(ended: Ended) -> ChapterOutcome {
    match ended {
        Ended::Holds => ChapterOutcome::Passed,
        Ended::Failed => ChapterOutcome::Failed,
        Ended::Interrupted => ChapterOutcome::Interrupted,
    }
}
