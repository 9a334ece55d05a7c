//! `--resume`: where to start, after the verify steps before that point were asked again.

use std::time::Duration;

use super::chapter::ChapterRun;
use super::run::Run;
use super::step::untouched;
use crate::compare::Bindings;
use crate::diagnostic::Diagnostic;
use crate::event::{Event, Outcome, Reason};
use crate::history::{
    Position, Resume, earlier_checks, is_run_from, resume_checks, resume_point, start_after_checks,
};

/// A verify step with `until=` is waited for no longer than this before it counts as no longer so: a world that has just been
/// woken, as the last run's failure may have advised, needs a while to be what it was.
const SETTLING: Duration = Duration::from_secs(60);

impl Run<'_, '_> {
    /// Sets the first step to run and says why there.
    pub(super) fn resume(&mut self) -> Result<(), Diagnostic> {
        let request = self.request;
        let mut point = resume_point(request.plan, request.past);
        if let Some(failing) = self.first_that_no_longer_holds(&point)? {
            point = start_after_checks(request.plan, &point, failing);
        }
        self.start = point.position();
        let (at, why) = match &point {
            Resume::At { chapter, step, why } => {
                (Some(request.plan.chapters[*chapter].steps[*step].id.clone()), why.clone())
            }
            Resume::NothingLeft => (None, "every step has passed and still holds".to_owned()),
        };
        let why = request.masker.mask(&why);
        let events = self.taken_over(Event::Resumed { at, why });
        for event in &events {
            self.ports.reporter.report(event);
        }
        Ok(self.ports.record.events(&events)?)
    }

    /// The steps before the point as this run's own, and the decision: written together, so that a killed run has taken over all
    /// of them or none.
    fn taken_over(&mut self, decision: Event) -> Vec<Event> {
        let request = self.request;
        let mut events = Vec::new();
        for (chapter, planned) in request.plan.chapters.iter().enumerate() {
            for (index, step) in planned.steps.iter().enumerate() {
                if is_run_from(request.plan, self.start, (chapter, index)) {
                    continue;
                }
                let Some(past) = request.past.steps.get(&step.id) else { continue };
                let mut bound = past.bound.clone();
                self.rebind(chapter, &mut bound);
                let outcome = if past.skipped {
                    let why = "it was skipped in the run that this one resumes".to_owned();
                    Outcome::Skipped { why }
                } else {
                    Outcome::PassedBefore
                };
                let mut finished = untouched(step, outcome, bound, past.at.clone());
                finished.seconds = past.seconds;
                finished.ending = past.ending;
                finished.state = past
                    .state
                    .as_ref()
                    .map(|stored| self.ports.record.take_over(&past.run, stored));
                finished.output = past
                    .output
                    .as_ref()
                    .map(|stored| self.ports.record.take_over(&past.run, stored));
                if past.skipped {
                    self.summary.skipped += 1;
                } else {
                    self.summary.up_to_date += 1;
                }
                events.push(Event::StepFinished(finished));
            }
        }
        events.push(decision);
        events
    }

    /// Puts what a chapter's checks have bound anew in the place of what was bound when it passed.
    pub(super) fn rebind(&self, chapter: usize, bound: &mut Bindings) {
        for (name, value) in self.rebound.get(&chapter).into_iter().flatten() {
            bound.entry(name.clone()).and_modify(|known| known.clone_from(value));
        }
    }

    /// Asks the verify steps before the point again, chapter by chapter, each chapter in its last kept state.
    fn first_that_no_longer_holds(
        &mut self,
        point: &Resume,
    ) -> Result<Option<Position>, Diagnostic> {
        let mut open = None;
        let mut found =
            self.first_failing(resume_checks(self.request.plan, point), point, &mut open)?;
        if let Some(failing) = found {
            let behind = earlier_checks(self.request.plan, point, failing);
            found = self.first_failing(behind, point, &mut open)?.or(found);
        }
        if open.is_some() {
            self.leave();
        }
        Ok(found)
    }

    fn first_failing(
        &mut self,
        checks: Vec<Position>,
        point: &Resume,
        open: &mut Option<usize>,
    ) -> Result<Option<Position>, Diagnostic> {
        for (chapter, step) in checks {
            let mut run = ChapterRun::before(chapter);
            let before = self.request.past.steps.get(&self.planned(&run).steps[step].id);
            if before.is_some_and(|before| before.skipped) {
                continue;
            }
            if *open != Some(chapter) {
                if open.is_some() {
                    self.leave();
                }
                self.start = point.position();
                self.enter(&mut run)?;
                *open = Some(chapter);
            }
            if let Some(past) = self.request.past.steps.get(&self.planned(&run).steps[step].id) {
                run.bound.clone_from(&past.bound);
            }
            // What it binds it binds anew, and those after it have to agree with that: the world may have another count today.
            self.rebind(chapter, &mut run.bound);
            self.unbind(&mut run, step);
            let until = self.planned(&run).steps[step].attributes.until;
            let answer =
                self.asks(&mut run, step, Reason::Recheck, until.map(|until| until.min(SETTLING)))?;
            if !answer.passes {
                return Ok(Some((chapter, step)));
            }
            self.rebound.entry(chapter).or_default().extend(answer.bound);
        }
        Ok(None)
    }
}
