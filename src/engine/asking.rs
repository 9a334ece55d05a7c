//! A chapter whose acting steps do not run: `guide verify`, and one that may be taken as done as a whole.

use std::sync::Arc;
use std::time::Duration;

use super::chapter::{ChapterRun, told};
use super::run::Run;
use super::step::untouched;
use super::waiting::StepResult;
use crate::diagnostic::Diagnostic;
use crate::event::{Event, Outcome, Reason};
use crate::plan::{Role, Step};

/// A `done:` step with `until=` is waited for no longer than this where its chapter passed before: a world that was just stirred
/// comes to rest sooner than the chapter is told anew.
const STIRRED: Duration = Duration::from_secs(10);

impl Run<'_, '_> {
    /// Is the chapter taken as done? Its last run here passed whole, nothing in it changed since, and its `done:` checks pass.
    pub(super) fn is_done(&mut self, run: &mut ChapterRun) -> Result<bool, Diagnostic> {
        if !self.may_be_done(run) || !self.done_holds(run)? {
            return Ok(false);
        }
        for index in 0..self.planned(run).steps.len() {
            self.finish_unasked(index, run)?;
        }
        Ok(true)
    }

    /// Do the chapter's `done:` steps pass? Where one does not, the shell they were asked in is left again.
    fn done_holds(&mut self, run: &mut ChapterRun) -> Result<bool, Diagnostic> {
        let chapter = &self.request.plan.chapters[run.chapter];
        if chapter.done.is_empty() {
            return Ok(true);
        }
        self.enter_as_it_ended(run)?;
        let bound = run.bound.clone();
        for &index in &chapter.done {
            self.unbind(run, index);
            let until = chapter.steps[index].attributes.until;
            if !self
                .asks(run, index, Reason::ChapterDone, until.map(|until| until.min(STIRRED)))?
                .passes
            {
                self.leave();
                *run = ChapterRun::before(run.chapter);
                return Ok(false);
            }
            run.bound.clone_from(&bound);
        }
        Ok(true)
    }

    /// Are its `done:` checks worth running? One that another chapter only needs may have none: that it passed whole is enough.
    fn may_be_done(&self, run: &ChapterRun) -> bool {
        let (chapter, options) = (self.planned(run), self.request.options);
        let has_checks = !chapter.done.is_empty() || chapter.needed_by.is_some();
        // What looks at a background step fails, since that was stopped at the chapter's end.
        let can_pass = !chapter.done.iter().any(|check| self.looks_at_background(run, *check));
        let gone_on_with = options.resume && self.start.0 == run.chapter;
        let asked_for =
            !self.again(run) && !options.verify_only && !gone_on_with && !chapter.partial;
        has_checks
            && can_pass
            && asked_for
            && self.request.past.passed_whole(chapter, self.request.plan)
    }

    /// Does this check prove a step whose process ends with the run or chapter that started it?
    pub(super) fn looks_at_background(&self, run: &ChapterRun, check: usize) -> bool {
        let steps = &self.planned(run).steps;
        matches!(steps[check].role, Role::Verify { proves: Some(proves) } if steps[proves].ends_with_its_run())
    }

    /// Do this chapter's acting steps run whatever its checks say? One that another only needs is not what was asked for.
    pub(super) fn again(&self, run: &ChapterRun) -> bool {
        self.request.options.rerun && self.planned(run).needed_by.is_none()
    }

    /// A step of a chapter that is taken as done. What its shell knew after it when it passed is kept for whoever asks next.
    fn finish_unasked(&mut self, index: usize, run: &ChapterRun) -> Result<(), Diagnostic> {
        let (plan, past) = (self.request.plan, self.request.past);
        let step = &plan.chapters[run.chapter].steps[index];
        let mut finished =
            untouched(step, Outcome::TakenAsDone, run.bound.clone(), (self.request.now)());
        if let Some(before) =
            past.kept(step, plan).filter(|before| before.fingerprint == step.fingerprint)
        {
            finished.bound.clone_from(&before.bound);
            finished.state = before
                .state
                .as_ref()
                .map(|stored| self.ports.record.take_over(&before.run, stored));
        }
        self.finish_without_turn(finished)
    }

    /// Makes the folder and the shell ready for a chapter that is only asked: its checks may use what its acting steps left in the
    /// shell (functions, addresses), so they are asked in the state it last ended in.
    pub(super) fn enter_as_it_ended(&mut self, run: &mut ChapterRun) -> Result<(), Diagnostic> {
        let (plan, past) = (self.request.plan, self.request.past);
        let steps = plan.chapters[run.chapter].steps.iter();
        let left = steps
            .filter_map(|step| past.kept(step, plan))
            .filter_map(|before| Some((before, before.state.as_ref()?)));
        if let Some((before, stored)) = left.max_by_key(|(before, _)| (&before.run, before.number))
        {
            run.bound.clone_from(&before.bound);
            run.state = Some(self.ports.record.past_state(&before.run, stored)?);
        }
        self.add_bound_before(run);
        run.unknown = run.state.is_none()
            && plan.chapters[run.chapter].steps.iter().any(|step| !step.is_verify());
        run.news = told(&run.bound);
        self.start_shell(run)
    }

    /// A check as `guide verify` asks it: waited for while its patience lasts, then asked once.
    pub(super) fn as_asked(&self, step: &Step) -> Step {
        let mut step = step.clone();
        if let Some(until) = step.attributes.until {
            let patience = until.min(self.wait_budget);
            Arc::make_mut(&mut step.attributes).until = (!patience.is_zero()).then_some(patience);
        }
        step
    }

    /// How long it could have been waited for, where patience was shorter.
    pub(super) fn cut_short(&self, run: &ChapterRun, asked: &Step) -> Option<Duration> {
        let step = self.planned(run).steps.iter().find(|step| step.id == asked.id)?;
        step.attributes.until.filter(|until| Some(*until) > asked.attributes.until)
    }

    /// What was waited for a check is patience spent.
    pub(super) fn spend_patience(&mut self, step: &Step, tried: &StepResult) {
        if tried.attempts > 1 {
            let waited = tried.duration.saturating_sub(step.attributes.stable.unwrap_or_default());
            self.wait_budget = self.wait_budget.saturating_sub(waited);
        }
    }

    /// A check that failed may only miss what the acting steps define. Said once a chapter.
    pub(super) fn say_what_is_unknown(
        &mut self,
        run: &mut ChapterRun,
        index: usize,
    ) -> Result<(), Diagnostic> {
        if !std::mem::take(&mut run.unknown) {
            return Ok(());
        }
        let chapter = self.planned(run);
        let text = format!(
            "{0} has not been run from here, so its checks don't know what its other steps leave in the shell: `guide run {0}` tells them",
            chapter.name
        );
        self.event(&Event::Note { text, step: Some(chapter.steps[index].id.clone()) })
    }

    /// What a check binds itself it binds anew when the chapter is only asked: a count may be another one today.
    pub(super) fn unbind(&self, run: &mut ChapterRun, index: usize) {
        for name in &self.planned(run).steps[index].binds {
            run.bound.remove(name);
        }
    }

    /// Is it, under `guide verify`, a step that all the rest of its chapter stands on: one that asks for something nobody in the
    /// chapter has made (`kubectl` answers, the cluster is awake), and so proves none of its steps?
    pub(super) fn is_ground(&self, run: &ChapterRun, index: usize) -> bool {
        self.request.options.verify_only
            && matches!(self.planned(run).steps[index].role, Role::Verify { proves: None })
    }

    /// The verify steps after one they all run on are not asked, and said so: their answers would be the same one again.
    pub(super) fn leave_unasked(
        &mut self,
        run: &ChapterRun,
        index: usize,
    ) -> Result<(), Diagnostic> {
        let chapter = &self.request.plan.chapters[run.chapter];
        let why = format!("not asked, since {} failed", chapter.steps[index].id.step);
        for later in
            (index + 1..chapter.steps.len()).filter(|&later| chapter.steps[later].is_verify())
        {
            if !chapter.steps[later].attributes.always {
                self.finish_untouched(run, later, Outcome::Skipped { why: why.clone() })?;
            }
        }
        Ok(())
    }
}
