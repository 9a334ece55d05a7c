//! One step's turn: passed before, already so, asked first, run, told.

use std::sync::Arc;
use std::time::Duration;

use super::attempt::Eyes;
use super::chapter::{Stand, told};
use super::judge::Judgement;
use super::run::Run;
use super::up_to_date::{Need, in_short};
use super::waiting::{Case, Tried, insist};
use crate::book::SnapshotKind;
use crate::compare::{Bindings, plain, unified};
use crate::event::{Event, Evidence, Failure, Outcome, Reason, StepFinished};
use crate::history::is_run_from;
use crate::plan::{MadeOf, Step};
use crate::shell::Rerun;
use crate::world::{Command, Mode, WorldError};

/// What a step's turn means for the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    Holds,
    /// It gave an answer, and another one than expected.
    Failed,
    /// It did not come to an answer: another exit code, out of time.
    Unanswered,
    Interrupted,
}

/// What a check said that was not run at its own turn.
pub(super) struct Answer {
    /// It passed.
    pub(super) passes: bool,
    /// The names that it bound.
    pub(super) bound: Bindings,
    /// Why it did not pass, in short.
    pub(super) why: Option<String>,
}

/// Last part of an output that a failure shows.
const TAIL: usize = 16 * 1024;
/// File of a dossier that brings a shell into the state the step started from.
const STATE: &str = "state.sh";

impl Run<'_, '_> {
    pub(super) fn turn(&mut self, stand: &mut Stand, index: usize) -> Result<Turn, WorldError> {
        let step = &self.request.plan.chapters[stand.chapter].steps[index];
        let before = !is_run_from(self.request.plan, self.start, (stand.chapter, index));
        if (self.request.interrupted)() {
            return Ok(Turn::Interrupted);
        }
        if before {
            return Ok(Turn::Holds);
        }
        if self.request.options.verify_only {
            if !step.is_verify() {
                return Ok(Turn::Holds);
            }
            if self.looks_at_background(stand, index) {
                let why = "it looks at a background step, which only a run of the chapter starts".to_owned();
                self.finish_untouched(stand, index, Outcome::Skipped { why })?;
                return Ok(Turn::Holds);
            }
            self.unbind(stand, index);
        }
        let mut because = None;
        if !step.is_verify() {
            let now = self.made_of(stand, step);
            match self.need(stand, index, &now)? {
                Need::Run(why) => because = why,
                Need::Unproven(why) => return self.refuse(stand, index, why),
                Need::UpToDate => {
                    self.finish_untouched(stand, index, Outcome::AlreadySo)?;
                    return Ok(Turn::Holds);
                }
                Need::FoundSo => {
                    let found = untouched(step, Outcome::FoundSo, stand.bound.clone(), (self.request.now)());
                    self.finish_without_turn(StepFinished { made_of: Some(now), ..found })?;
                    return Ok(Turn::Holds);
                }
            }
            if (self.request.interrupted)() {
                return Ok(Turn::Interrupted);
            }
        }
        if let Some(name) = self.missing_secret(stand, index).filter(|_| !self.request.options.verify_only) {
            let why = format!("the secret {name} has no value here: set it in the environment of `guide run`");
            return self.refuse(stand, index, why);
        }
        if let Some(question) = &step.attributes.confirm
            && !self.ports.ask.confirm(&step.id, question)
        {
            self.finish_untouched(stand, index, Outcome::Skipped { why: "not confirmed".to_owned() })?;
            return Ok(Turn::Holds);
        }
        self.run_step(stand, index, because)
    }

    /// Runs a check in a shell whose changes are thrown away: once, or `until` it passes. Nothing of it is kept but its
    /// answer.
    pub(super) fn asks(
        &mut self,
        stand: &mut Stand,
        index: usize,
        reason: Reason,
        until: Option<Duration>,
    ) -> Result<Answer, WorldError> {
        let mut step = self.planned(stand).steps[index].clone();
        let attributes = Arc::make_mut(&mut step.attributes);
        attributes.until = until;
        attributes.stable = None;
        let command = command(&step, Mode::Aside, told(&stand.bound));
        let tried = self.tried(stand, &step, &command, index, (reason, None))?;
        let why = match &tried.judgement.outcome {
            Outcome::Failed(failure) => Some(in_short(failure)),
            _ => None,
        };
        Ok(Answer { passes: tried.judgement.outcome == Outcome::Passed, bound: tried.judgement.bound, why })
    }

    pub(super) fn run_step(&mut self, stand: &mut Stand, index: usize, because: Option<String>) -> Result<Turn, WorldError> {
        let request = self.request;
        let step = &request.plan.chapters[stand.chapter].steps[index];
        let asked = request.options.verify_only.then(|| self.as_asked(step));
        let step = asked.as_ref().unwrap_or(step);
        let mode = match (step.attributes.background, step.attributes.interactive) {
            (Some(kind), _) => Mode::Background(kind),
            (None, true) => Mode::Interactive,
            (None, false) => Mode::Shell,
        };
        let before = self.files_of(step);
        let bound = stand.bound.clone();
        let command = command(step, mode, std::mem::take(&mut stand.news));
        let mut tried = self.tried(stand, step, &command, index, (Reason::Turn, None))?;
        if step.attributes.background.is_some() && tried.judgement.outcome.holds() {
            self.await_ready(stand, step, &mut tried)?;
        }
        if step.attributes.background.is_some() && tried.judgement.outcome.holds() {
            self.going.push((stand.chapter, index));
        }
        self.spend_patience(step, &tried);
        let passed = !step.is_verify() && tried.judgement.outcome.holds();
        self.acted |= passed;
        let made_of = passed.then(|| {
            let now = self.files_of(step);
            step.made_of.in_run(step, &bound, &now).after(&before, &now)
        });
        self.finish(stand, step, tried, (made_of, because))
    }

    /// Runs it for a reason, as often as its attributes say; no longer than `stands_on`, a background step, goes on.
    pub(super) fn tried(
        &mut self,
        stand: &Stand,
        step: &Step,
        command: &Command,
        index: usize,
        (reason, stands_on): (Reason, Option<&Step>),
    ) -> Result<Tried, WorldError> {
        let request = self.request;
        let accepted = if step.attributes.snapshot.is_some() { self.ports.accepted.snapshot(step) } else { None };
        self.ports.lookout.turn(&request.plan.chapters[stand.chapter]);
        let case = Case {
            step,
            command,
            values: &request.plan.values,
            bound: &stand.bound,
            accepted: accepted.as_deref(),
            reason,
            stands_on,
            number: index + 1,
            expected_seconds: request.past.seconds.get(&step.id).copied(),
        };
        let mut eyes = Eyes {
            record: &mut *self.ports.record,
            teller: &mut *self.ports.teller,
            lookout: &mut *self.ports.lookout,
            interrupted: request.interrupted,
        };
        insist(&mut *self.ports.world, &mut eyes, &case)
    }

    fn finish(
        &mut self,
        stand: &mut Stand,
        step: &Step,
        tried: Tried,
        (made_of, because): (Option<MadeOf>, Option<String>),
    ) -> Result<Turn, WorldError> {
        let Tried { mut output, judgement: Judgement { outcome, bound, pend }, attempts, duration, stored } = tried;
        if outcome.holds() {
            stand.news.extend(told(&bound));
            stand.bound.extend(bound);
        }
        let state = match &output.state {
            Some(state) if outcome.holds() => Some(self.ports.record.state(&step.id.chapter, state)),
            _ => None,
        };
        let evidence = self.evidence(stand, step, &outcome, &output.bytes, pend);
        if state.is_some() {
            stand.state = output.state.take();
        }
        self.name_left(&output.left, Some(&step.id));
        let turn = match &outcome {
            Outcome::Interrupted => Turn::Interrupted,
            Outcome::Failed(Failure::Mismatch { .. } | Failure::Check { .. }) => Turn::Failed,
            Outcome::Failed(_) => Turn::Unanswered,
            _ => Turn::Holds,
        };
        self.count(&outcome);
        if turn == Turn::Unanswered && self.summary.broken.is_none() {
            self.summary.broken = self.ports.lookout.lost();
        }
        self.event(&Event::StepFinished(StepFinished {
            step: step.id.clone(),
            place: step.place.clone(),
            fingerprint: step.fingerprint,
            outcome,
            at: (self.request.now)(),
            seconds: duration.as_secs_f64(),
            attempts,
            ending: Some(output.ending),
            output: Some(stored),
            state,
            bound: stand.bound.clone(),
            left: output.left,
            made_of,
            because,
            evidence,
        }))?;
        Ok(turn)
    }

    /// A step that can't be run as things are, and so has failed without having run.
    fn refuse(&mut self, stand: &Stand, index: usize, why: String) -> Result<Turn, WorldError> {
        let step = &self.request.plan.chapters[stand.chapter].steps[index];
        let evidence = Evidence { script: step.script.to_string(), script_line: step.script_line, ..Evidence::default() };
        let failed = Outcome::Failed(Failure::Broken { why });
        let finished = untouched(step, failed, stand.bound.clone(), (self.request.now)());
        self.finish_without_turn(StepFinished { evidence: Some(Box::new(evidence)), ..finished })?;
        Ok(Turn::Failed)
    }

    /// A step that did not run: already so, not confirmed.
    pub(super) fn finish_untouched(&mut self, stand: &Stand, index: usize, outcome: Outcome) -> Result<(), WorldError> {
        let step = &self.request.plan.chapters[stand.chapter].steps[index];
        self.finish_without_turn(untouched(step, outcome, stand.bound.clone(), (self.request.now)()))
    }

    pub(super) fn finish_without_turn(&mut self, finished: StepFinished) -> Result<(), WorldError> {
        self.count(&finished.outcome);
        self.event(&Event::StepFinished(finished))
    }

    pub(super) fn evidence(
        &mut self,
        stand: &Stand,
        step: &Step,
        outcome: &Outcome,
        bytes: &[u8],
        pend: Option<SnapshotKind>,
    ) -> Option<Box<Evidence>> {
        let pending = match (pend, outcome) {
            (Some(kind), _) => self.ports.accepted.pend(step, kind, &stand.bound, bytes),
            (None, Outcome::Failed(Failure::Mismatch { fence: true, .. })) => {
                self.ports.accepted.pend_fence(step, &stand.bound, bytes)
            }
            (None, Outcome::Passed) if step.attributes.snapshot.is_some() || step.expected.is_some() => {
                self.ports.accepted.settle(step);
                None
            }
            _ => None,
        };
        let failed = matches!(outcome, Outcome::Failed(_));
        self.summary.pending += usize::from(pend.is_some());
        if !failed && pending.is_none() {
            return None;
        }
        let chapter = &self.request.plan.chapters[stand.chapter];
        let dossier = if failed {
            let mut parts = vec![("run.sh".to_owned(), self.rerun(stand, step))];
            if let Some(state) = stand.state.as_ref().filter(|state| !state.0.is_empty()) {
                parts.push((STATE.to_owned(), String::from_utf8_lossy(&state.0).into_owned()));
            }
            parts.push(("output.txt".to_owned(), String::from_utf8_lossy(bytes).into_owned()));
            parts.extend(self.whole_difference(step, outcome, bytes));
            parts.extend(self.ports.lookout.evidence(chapter));
            self.ports.dossiers.keep(step, chapter, &parts)
        } else {
            None
        };
        Some(Box::new(Evidence {
            script: step.script.to_string(),
            script_line: step.script_line,
            output_tail: String::from_utf8_lossy(&bytes[bytes.len().saturating_sub(TAIL)..]).into_owned(),
            expected: step.expected.as_deref().map(str::to_owned),
            dossier,
            pending,
            cure: failed.then(|| self.ports.lookout.cure()).flatten(),
            asked: self.request.options.verify_only,
            wait: self.cut_short(stand, step),
        }))
    }

    /// What was expected, and all that differs from it: the terminal shows a screenful.
    fn whole_difference(&mut self, step: &Step, outcome: &Outcome, bytes: &[u8]) -> Vec<(String, String)> {
        let Outcome::Failed(Failure::Mismatch { fence, .. }) = outcome else { return Vec::new() };
        let expected = if *fence { step.expected.as_deref().map(str::to_owned) } else { self.ports.accepted.snapshot(step) };
        let Some(mut expected) = expected else { return Vec::new() };
        if !expected.ends_with('\n') {
            expected.push('\n');
        }
        let difference = unified(&expected, &plain(bytes));
        vec![("expected.txt".to_owned(), expected), ("output.diff".to_owned(), difference)]
    }

    /// The exact command as a script that can be run by hand.
    fn rerun(&self, stand: &Stand, step: &Step) -> String {
        let mut environment = self.environment(stand);
        environment.push(("GUIDE_STEP".to_owned(), step.id.step.to_string()));
        environment.extend(told(&stand.bound));
        let secrets = self.request.masker.names();
        let rerun = Rerun {
            step: &step.id,
            place: &step.place,
            folder: &stand.folder,
            environment: &environment,
            secrets: &secrets,
            state: stand.state.as_ref().filter(|state| !state.0.is_empty()).map(|_| STATE),
            script: &step.script,
        };
        rerun.text()
    }

    fn count(&mut self, outcome: &Outcome) {
        match outcome {
            Outcome::Passed | Outcome::Pending => self.summary.passed += 1,
            Outcome::AlreadySo | Outcome::FoundSo | Outcome::PassedBefore => self.summary.already_so += 1,
            Outcome::TakenAsDone => self.summary.taken_as_done += 1,
            Outcome::Skipped { .. } => self.summary.skipped += 1,
            Outcome::Failed(_) => self.summary.failed += 1,
            Outcome::Interrupted => {}
        }
    }
}

/// The end of a step that did not run.
pub(super) fn untouched(step: &Step, outcome: Outcome, bound: Bindings, at: String) -> StepFinished {
    StepFinished {
        step: step.id.clone(),
        place: step.place.clone(),
        fingerprint: step.fingerprint,
        outcome,
        at,
        seconds: 0.0,
        attempts: 0,
        ending: None,
        output: None,
        state: None,
        bound,
        left: Vec::new(),
        made_of: None,
        because: None,
        evidence: None,
    }
}

pub(super) fn command(step: &Step, mode: Mode, bound: Vec<(String, String)>) -> Command {
    Command {
        step: step.id.clone(),
        script: step.script.clone(),
        timeout: step.timeout(),
        mode,
        bound,
        secrets: step.attributes.secrets.clone(),
        cwd: step.attributes.cwd.clone(),
    }
}
