//! A chapter whose acting steps do not run: `guide verify`, and one that may be taken as done as a whole.

use std::sync::Arc;
use std::time::Duration;

use super::chapter::{Stand, told};
use super::run::Run;
use super::step::untouched;
use super::waiting::Tried;
use crate::event::{Event, Outcome, Reason};
use crate::plan::{Role, Step};
use crate::world::WorldError;

/// A `done:` step with `until=` is waited for no longer than this where its chapter passed before: a world that was just stirred
/// comes to rest sooner than the chapter is told anew.
const STIRRED: Duration = Duration::from_secs(10);

impl Run<'_, '_> {
    /// Is the chapter taken as done? Its last run here passed whole, nothing in it changed since, and its `done:` checks pass.
    pub(super) fn is_done(&mut self, stand: &mut Stand) -> Result<bool, WorldError> {
        if !self.may_be_done(stand) || !self.done_holds(stand)? {
            return Ok(false);
        }
        for index in 0..self.planned(stand).steps.len() {
            self.finish_unasked(index, stand)?;
        }
        Ok(true)
    }

    /// Do the chapter's `done:` steps pass? Where one does not, the shell they were asked in is left again.
    fn done_holds(&mut self, stand: &mut Stand) -> Result<bool, WorldError> {
        let chapter = &self.request.plan.chapters[stand.chapter];
        if chapter.done.is_empty() {
            return Ok(true);
        }
        self.enter_as_it_ended(stand)?;
        let bound = stand.bound.clone();
        for &index in &chapter.done {
            self.unbind(stand, index);
            let until = chapter.steps[index].attributes.until;
            if !self.asks(stand, index, Reason::ChapterDone, until.map(|until| until.min(STIRRED)))?.passes {
                self.leave();
                *stand = Stand::before(stand.chapter);
                return Ok(false);
            }
            stand.bound.clone_from(&bound);
        }
        Ok(true)
    }

    /// Are its `done:` checks worth running? One that another chapter only needs may have none: that it passed whole is enough.
    fn may_be_done(&self, stand: &Stand) -> bool {
        let (chapter, options) = (self.planned(stand), self.request.options);
        let has_checks = !chapter.done.is_empty() || chapter.needed_by.is_some();
        // What looks at a background step fails, since that was stopped at the chapter's end.
        let can_pass = !chapter.done.iter().any(|check| self.looks_at_background(stand, *check));
        let gone_on_with = options.resume && self.start.0 == stand.chapter;
        let asked_for = !self.again(stand) && !options.verify_only && !gone_on_with && !chapter.partial;
        has_checks && can_pass && asked_for && self.request.past.passed_whole(chapter, self.request.plan)
    }

    /// Does this check prove a step whose process ends with the run or chapter that started it?
    pub(super) fn looks_at_background(&self, stand: &Stand, check: usize) -> bool {
        let steps = &self.planned(stand).steps;
        matches!(steps[check].role, Role::Verify { proves: Some(proves) } if steps[proves].ends_with_its_run())
    }

    /// Do this chapter's acting steps run whatever its checks say? One that another only needs is not what was asked for.
    pub(super) fn again(&self, stand: &Stand) -> bool {
        self.request.options.again && self.planned(stand).needed_by.is_none()
    }

    /// A step of a chapter that is taken as done. What its shell knew after it when it passed is kept for whoever asks next.
    fn finish_unasked(&mut self, index: usize, stand: &Stand) -> Result<(), WorldError> {
        let (plan, past) = (self.request.plan, self.request.past);
        let step = &plan.chapters[stand.chapter].steps[index];
        let mut finished = untouched(step, Outcome::TakenAsDone, stand.bound.clone(), (self.request.now)());
        if let Some(before) = past.kept(step, plan).filter(|before| before.fingerprint == step.fingerprint) {
            finished.bound.clone_from(&before.bound);
            finished.state = before.state.as_ref().map(|stored| self.ports.record.take_over(&before.run, stored));
        }
        self.finish_without_turn(finished)
    }

    /// Makes the folder and the shell ready for a chapter that is only asked: its checks may use what its acting steps left in the
    /// shell (functions, addresses), so they are asked in the state it last ended in.
    pub(super) fn enter_as_it_ended(&mut self, stand: &mut Stand) -> Result<(), WorldError> {
        let (plan, past) = (self.request.plan, self.request.past);
        let steps = plan.chapters[stand.chapter].steps.iter();
        let left = steps.filter_map(|step| past.kept(step, plan)).filter_map(|before| Some((before, before.state.as_ref()?)));
        if let Some((before, stored)) = left.max_by_key(|(before, _)| (&before.run, before.number)) {
            stand.bound.clone_from(&before.bound);
            stand.state = Some(self.ports.record.past_state(&before.run, stored)?);
        }
        self.add_bound_before(stand);
        stand.unknown = stand.state.is_none() && plan.chapters[stand.chapter].steps.iter().any(|step| !step.is_verify());
        stand.news = told(&stand.bound);
        self.start_shell(stand)
    }

    /// A check as `guide verify` asks it: waited for while its patience lasts, then asked once.
    pub(super) fn as_asked(&self, step: &Step) -> Step {
        let mut step = step.clone();
        if let Some(until) = step.attributes.until {
            let patience = until.min(self.patience);
            Arc::make_mut(&mut step.attributes).until = (!patience.is_zero()).then_some(patience);
        }
        step
    }

    /// How long it could have been waited for, where patience was shorter.
    pub(super) fn cut_short(&self, stand: &Stand, asked: &Step) -> Option<Duration> {
        let step = self.planned(stand).steps.iter().find(|step| step.id == asked.id)?;
        step.attributes.until.filter(|until| Some(*until) > asked.attributes.until)
    }

    /// What was waited for a check is patience spent.
    pub(super) fn spend_patience(&mut self, step: &Step, tried: &Tried) {
        if tried.attempts > 1 {
            let waited = tried.duration.saturating_sub(step.attributes.stable.unwrap_or_default());
            self.patience = self.patience.saturating_sub(waited);
        }
    }

    /// A check that failed may only miss what the acting steps define. Said once a chapter.
    pub(super) fn say_what_is_unknown(&mut self, stand: &mut Stand, index: usize) -> Result<(), WorldError> {
        if !std::mem::take(&mut stand.unknown) {
            return Ok(());
        }
        let chapter = self.planned(stand);
        let text = format!(
            "{0} has not been run from here, so its checks don't know what its other steps leave in the shell: `guide run {0}` tells them",
            chapter.name
        );
        self.event(&Event::Note { text, step: Some(chapter.steps[index].id.clone()) })
    }

    /// What a check binds itself it binds anew when the chapter is only asked: a count may be another one today.
    pub(super) fn unbind(&self, stand: &mut Stand, index: usize) {
        for name in &self.planned(stand).steps[index].binds {
            stand.bound.remove(name);
        }
    }

    /// Is it, under `guide verify`, a step that all the rest of its chapter stands on: one that asks for something nobody in the
    /// chapter has made (`kubectl` answers, the cluster is awake), and so proves none of its steps?
    pub(super) fn is_ground(&self, stand: &Stand, index: usize) -> bool {
        self.request.options.verify_only && matches!(self.planned(stand).steps[index].role, Role::Verify { proves: None })
    }

    /// The verify steps after one they all stand on are not asked, and said so: their answers would be the same one again.
    pub(super) fn leave_unasked(&mut self, stand: &Stand, index: usize) -> Result<(), WorldError> {
        let chapter = &self.request.plan.chapters[stand.chapter];
        let why = format!("not asked, since {} failed", chapter.steps[index].id.step);
        for later in (index + 1..chapter.steps.len()).filter(|&later| chapter.steps[later].is_verify()) {
            if !chapter.steps[later].attributes.always {
                self.finish_untouched(stand, later, Outcome::Skipped { why: why.clone() })?;
            }
        }
        Ok(())
    }
}
