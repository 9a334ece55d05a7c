//! One step's turn: passed before, up to date, asked first, run, told.

use std::sync::Arc;
use std::time::Duration;

use super::attempt::Observers;
use super::chapter::{ChapterRun, told};
use super::judge::Judgement;
use super::run::Run;
use super::up_to_date::{Need, in_short};
use super::waiting::{AttemptSpec, StepResult, insist};
use crate::book::SnapshotKind;
use crate::compare::{Bindings, strip_ansi, unified};
use crate::diagnostic::Diagnostic;
use crate::event::{Event, Evidence, Failure, Outcome, Reason, StepFinished};
use crate::history::is_run_from;
use crate::plan::{MadeOf, Step};
use crate::shell::Rerun;
use crate::world::{Command, Mode};

/// What a step's turn means for the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StepFlow {
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
/// File of a failure report that brings a shell into the state the step started from.
const STATE: &str = "state.sh";

impl Run<'_, '_> {
    pub(super) fn turn(
        &mut self,
        run: &mut ChapterRun,
        index: usize,
    ) -> Result<StepFlow, Diagnostic> {
        let step = &self.request.plan.chapters[run.chapter].steps[index];
        let before = !is_run_from(self.request.plan, self.start, (run.chapter, index));
        if (self.request.interrupted)() {
            return Ok(StepFlow::Interrupted);
        }
        if before {
            return Ok(StepFlow::Holds);
        }
        if self.request.options.verify_only {
            if !step.is_verify() {
                return Ok(StepFlow::Holds);
            }
            if self.looks_at_background(run, index) {
                let why = "it looks at a background step, which only a run of the chapter starts"
                    .to_owned();
                self.finish_untouched(run, index, Outcome::Skipped { why })?;
                return Ok(StepFlow::Holds);
            }
            self.unbind(run, index);
        }
        match self.unmet_condition(run, index) {
            Ok(None) => {}
            Ok(Some(why)) => {
                self.finish_untouched(run, index, Outcome::Skipped { why })?;
                return Ok(StepFlow::Holds);
            }
            Err(why) => return self.refuse(run, index, why),
        }
        let mut because = None;
        if !step.is_verify() {
            let now = self.made_of(run, step);
            match self.need(run, index, &now)? {
                Need::Run(why) => because = why,
                Need::Unproven(why) => return self.refuse(run, index, why),
                Need::UpToDate => {
                    self.finish_untouched(run, index, Outcome::UpToDate)?;
                    return Ok(StepFlow::Holds);
                }
                Need::FoundSo => {
                    let found =
                        untouched(step, Outcome::FoundSo, run.bound.clone(), (self.request.now)());
                    self.finish_without_turn(StepFinished { made_of: Some(now), ..found })?;
                    return Ok(StepFlow::Holds);
                }
            }
            if (self.request.interrupted)() {
                return Ok(StepFlow::Interrupted);
            }
        }
        if let Some(name) =
            self.missing_secret(run, index).filter(|_| !self.request.options.verify_only)
        {
            let why = format!(
                "the secret {name} has no value here: set it in the environment of `guide run`"
            );
            return self.refuse(run, index, why);
        }
        if let Some(question) = &step.attributes.confirm
            && !self.ports.prompt.confirm(&step.id, question)
        {
            self.finish_untouched(
                run,
                index,
                Outcome::Skipped { why: "not confirmed".to_owned() },
            )?;
            return Ok(StepFlow::Holds);
        }
        self.run_step(run, index, because)
    }

    /// Runs a check in a shell whose changes are thrown away: once, or `until` it passes. Nothing of it is kept but its
    /// answer.
    pub(super) fn asks(
        &mut self,
        run: &mut ChapterRun,
        index: usize,
        reason: Reason,
        until: Option<Duration>,
    ) -> Result<Answer, Diagnostic> {
        let mut step = self.planned(run).steps[index].clone();
        let attributes = Arc::make_mut(&mut step.attributes);
        attributes.until = until;
        attributes.stable = None;
        let command = command(&step, Mode::Aside, told(&run.bound));
        let tried = self.tried(run, &step, &command, index, (reason, None))?;
        let why = match &tried.judgement.outcome {
            Outcome::Failed(failure) => Some(in_short(failure)),
            _ => None,
        };
        Ok(Answer {
            passes: tried.judgement.outcome == Outcome::Passed,
            bound: tried.judgement.bound,
            why,
        })
    }

    pub(super) fn run_step(
        &mut self,
        run: &mut ChapterRun,
        index: usize,
        because: Option<String>,
    ) -> Result<StepFlow, Diagnostic> {
        let request = self.request;
        let step = &request.plan.chapters[run.chapter].steps[index];
        let asked = request.options.verify_only.then(|| self.as_asked(step));
        let step = asked.as_ref().unwrap_or(step);
        let mode = match (step.attributes.background, step.attributes.interactive) {
            (Some(kind), _) => Mode::Background(kind),
            (None, true) => Mode::Interactive,
            (None, false) => Mode::Shell,
        };
        let before = self.files_of(step);
        let bound = run.bound.clone();
        let command = command(step, mode, std::mem::take(&mut run.news));
        let mut tried = self.tried(run, step, &command, index, (Reason::Turn, None))?;
        if step.attributes.background.is_some() && tried.judgement.outcome.passes() {
            self.await_ready(run, step, &mut tried)?;
        }
        if step.attributes.background.is_some() && tried.judgement.outcome.passes() {
            self.going.push((run.chapter, index));
        }
        self.spend_patience(step, &tried);
        let passed = !step.is_verify() && tried.judgement.outcome.passes();
        self.acted |= passed;
        let made_of = passed.then(|| {
            let now = self.files_of(step);
            step.made_of.in_run(step, &bound, &now).after(&before, &now)
        });
        self.finish(run, step, tried, (made_of, because))
    }

    /// Runs it for a reason, as often as its attributes say; no longer than `stands_on`, a background step, goes on.
    pub(super) fn tried(
        &mut self,
        run: &ChapterRun,
        step: &Step,
        command: &Command,
        index: usize,
        (reason, stands_on): (Reason, Option<&Step>),
    ) -> Result<StepResult, Diagnostic> {
        let request = self.request;
        let accepted = if step.attributes.snapshot.is_some() {
            self.ports.snapshots.accepted_text(step)
        } else {
            None
        };
        self.ports.monitor.begin_step(&request.plan.chapters[run.chapter]);
        let case = AttemptSpec {
            step,
            command,
            values: &request.plan.values,
            bound: &run.bound,
            accepted: accepted.as_deref(),
            reason,
            stands_on,
            number: index + 1,
            expected_seconds: request.past.seconds.get(&step.id).copied(),
        };
        let mut eyes = Observers {
            record: &mut *self.ports.record,
            reporter: &mut *self.ports.reporter,
            monitor: &mut *self.ports.monitor,
            interrupted: request.interrupted,
        };
        insist(&mut *self.ports.world, &mut eyes, &case)
    }

    fn finish(
        &mut self,
        run: &mut ChapterRun,
        step: &Step,
        tried: StepResult,
        (made_of, because): (Option<MadeOf>, Option<String>),
    ) -> Result<StepFlow, Diagnostic> {
        let StepResult {
            mut output,
            judgement: Judgement { outcome, bound, pend },
            attempts,
            duration,
            stored,
        } = tried;
        if outcome.passes() {
            run.news.extend(told(&bound));
            run.bound.extend(bound);
        }
        let state = match &output.state {
            Some(state) if outcome.passes() => {
                Some(self.ports.record.state(&step.id.chapter, state))
            }
            _ => None,
        };
        let evidence = self.evidence(run, step, &outcome, &output.bytes, pend);
        if state.is_some() {
            run.state = output.state.take();
        }
        self.name_left(&output.leftovers, Some(&step.id));
        let turn = match &outcome {
            Outcome::Interrupted => StepFlow::Interrupted,
            Outcome::Failed(Failure::Mismatch { .. } | Failure::Check { .. }) => StepFlow::Failed,
            Outcome::Failed(_) => StepFlow::Unanswered,
            _ => StepFlow::Holds,
        };
        self.count(&outcome);
        if turn == StepFlow::Unanswered
            && let Some(error) = self.ports.monitor.lost(&String::from_utf8_lossy(&output.bytes))
        {
            self.summary.breaks_off(error);
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
            bound: run.bound.clone(),
            leftovers: output.leftovers,
            made_of,
            because,
            evidence,
        }))?;
        Ok(turn)
    }

    /// A step that can't be run as things are, and so has failed without having run.
    fn refuse(
        &mut self,
        run: &ChapterRun,
        index: usize,
        why: String,
    ) -> Result<StepFlow, Diagnostic> {
        let step = &self.request.plan.chapters[run.chapter].steps[index];
        let evidence = Evidence {
            script: step.script.to_string(),
            script_line: step.script_line,
            ..Evidence::default()
        };
        let failed = Outcome::Failed(Failure::Broken { why });
        let finished = untouched(step, failed, run.bound.clone(), (self.request.now)());
        self.finish_without_turn(StepFinished { evidence: Some(Box::new(evidence)), ..finished })?;
        Ok(StepFlow::Failed)
    }

    /// A step that did not run: up to date, not confirmed.
    pub(super) fn finish_untouched(
        &mut self,
        run: &ChapterRun,
        index: usize,
        outcome: Outcome,
    ) -> Result<(), Diagnostic> {
        let step = &self.request.plan.chapters[run.chapter].steps[index];
        self.finish_without_turn(untouched(step, outcome, run.bound.clone(), (self.request.now)()))
    }

    pub(super) fn finish_without_turn(&mut self, finished: StepFinished) -> Result<(), Diagnostic> {
        self.count(&finished.outcome);
        self.event(&Event::StepFinished(finished))
    }

    pub(super) fn evidence(
        &mut self,
        run: &ChapterRun,
        step: &Step,
        outcome: &Outcome,
        bytes: &[u8],
        pend: Option<SnapshotKind>,
    ) -> Option<Box<Evidence>> {
        let pending = match (pend, outcome) {
            (Some(kind), _) => self.ports.snapshots.write_pending(step, kind, &run.bound, bytes),
            (None, Outcome::Failed(Failure::Mismatch { fence: true, .. })) => {
                self.ports.snapshots.write_pending_fence(step, &run.bound, bytes)
            }
            (None, Outcome::Passed)
                if step.attributes.snapshot.is_some() || step.expected.is_some() =>
            {
                self.ports.snapshots.clear_pending(step);
                None
            }
            _ => None,
        };
        let failed = matches!(outcome, Outcome::Failed(_));
        self.summary.pending += usize::from(pend.is_some());
        if !failed && pending.is_none() {
            return None;
        }
        let chapter = &self.request.plan.chapters[run.chapter];
        let failure_report = if failed {
            let mut parts = vec![("run.sh".to_owned(), self.rerun(run, step))];
            if let Some(state) = run.state.as_ref().filter(|state| !state.0.is_empty()) {
                parts.push((STATE.to_owned(), String::from_utf8_lossy(&state.0).into_owned()));
            }
            parts.push(("output.txt".to_owned(), String::from_utf8_lossy(bytes).into_owned()));
            parts.extend(self.whole_difference(step, outcome, bytes));
            parts.extend(self.ports.monitor.evidence(chapter));
            self.ports.failure_reports.write(step, chapter, &parts)
        } else {
            None
        };
        Some(Box::new(Evidence {
            script: step.script.to_string(),
            script_line: step.script_line,
            output_tail: String::from_utf8_lossy(&bytes[bytes.len().saturating_sub(TAIL)..])
                .into_owned(),
            expected: step.expected.as_deref().map(str::to_owned),
            failure_report,
            pending,
            hint: failed.then(|| self.ports.monitor.hint()).flatten(),
            verify_only: self.request.options.verify_only,
            wait: self.cut_short(run, step),
        }))
    }

    /// What was expected, and all that differs from it: the terminal shows a screenful.
    fn whole_difference(
        &mut self,
        step: &Step,
        outcome: &Outcome,
        bytes: &[u8],
    ) -> Vec<(String, String)> {
        let Outcome::Failed(Failure::Mismatch { fence, .. }) = outcome else { return Vec::new() };
        let expected = if *fence {
            step.expected.as_deref().map(str::to_owned)
        } else {
            self.ports.snapshots.accepted_text(step)
        };
        let Some(mut expected) = expected else { return Vec::new() };
        if !expected.ends_with('\n') {
            expected.push('\n');
        }
        let difference = unified(&expected, &strip_ansi(bytes));
        vec![("expected.txt".to_owned(), expected), ("output.diff".to_owned(), difference)]
    }

    /// The exact command as a script that can be run by hand.
    fn rerun(&self, run: &ChapterRun, step: &Step) -> String {
        let mut environment = self.environment(run);
        environment.push(("GUIDE_STEP".to_owned(), step.id.step.to_string()));
        environment.extend(told(&run.bound));
        let secrets = self.request.masker.names();
        let rerun = Rerun {
            step: &step.id,
            place: &step.place,
            folder: &run.folder,
            environment: &environment,
            secrets: &secrets,
            state: run.state.as_ref().filter(|state| !state.0.is_empty()).map(|_| STATE),
            script: &step.script,
        };
        rerun.text()
    }

    fn count(&mut self, outcome: &Outcome) {
        match outcome {
            Outcome::Passed | Outcome::Pending => self.summary.passed += 1,
            Outcome::UpToDate | Outcome::FoundSo | Outcome::PassedBefore => {
                self.summary.up_to_date += 1
            }
            Outcome::TakenAsDone => self.summary.taken_as_done += 1,
            Outcome::Skipped { .. } => self.summary.skipped += 1,
            Outcome::Failed(_) => self.summary.failed += 1,
            Outcome::Interrupted => {}
        }
    }
}

/// The end of a step that did not run.
pub(super) fn untouched(
    step: &Step,
    outcome: Outcome,
    bound: Bindings,
    at: String,
) -> StepFinished {
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
        leftovers: Vec::new(),
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
