//! `ready=STEP`: a background step has started when that verify step passes.

use std::sync::Arc;

use super::chapter::ChapterRun;
use super::run::Run;
use super::step::{command, untouched};
use super::waiting::StepResult;
use crate::book::Background;
use crate::diagnostic::Diagnostic;
use crate::event::{Failure, Outcome, Reason, StepFinished};
use crate::output::{Ending, Output};
use crate::plan::Step;
use crate::world::{Mode, World};

impl Run<'_, '_> {
    /// Asks the verify step until it passes, or the background step has ended.
    pub(super) fn await_ready(
        &mut self,
        run: &mut ChapterRun,
        step: &Step,
        tried: &mut StepResult,
    ) -> Result<(), Diagnostic> {
        let Some(name) = &step.attributes.ready else { return Ok(()) };
        let steps = &self.request.plan.chapters[run.chapter].steps;
        let Some(index) = steps.iter().position(|other| other.id.step == *name) else {
            return Ok(());
        };
        let mut ready = steps[index].clone();
        Arc::make_mut(&mut ready.attributes).until.get_or_insert(step.timeout());
        let bound = run.bound.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
        let command = command(&ready, Mode::Aside, bound);
        let asked = self.tried(run, &ready, &command, index, (Reason::Ready, Some(step)))?;
        if let Some(ended) = gone(&mut *self.ports.world, step) {
            tried.judgement.outcome = Outcome::Failed(Failure::Broken {
                why: format!("the background step has ended ({})", words(ended.ending)),
            });
            tried.output = if ended.bytes.is_empty() { asked.output } else { ended };
        } else if !asked.judgement.outcome.passes() {
            tried.judgement.outcome = match asked.judgement.outcome {
                Outcome::Interrupted => Outcome::Interrupted,
                _ => Outcome::Failed(Failure::Broken {
                    why: format!("`{name}` did not pass, so it is not ready"),
                }),
            };
            tried.output = asked.output;
        }
        Ok(())
    }
}

/// How a background step ended that should have gone on. One that is kept may end well: it has started a daemon, which goes on.
pub(super) fn gone(world: &mut dyn World, step: &Step) -> Option<Output> {
    let daemon = step.attributes.background == Some(Background::Keep);
    world
        .background_ended(&step.id)
        .filter(|output| !(daemon && output.ending == Ending::Exited(0)))
}

impl Run<'_, '_> {
    /// Has a background step ended by itself that was to go on? It has failed then, and its output is told.
    pub(super) fn background_has_ended(&mut self, run: &ChapterRun) -> Result<bool, Diagnostic> {
        let mut any = false;
        for position in std::mem::take(&mut self.going) {
            let step = &self.request.plan.chapters[position.0].steps[position.1];
            if position.0 != run.chapter && step.attributes.background == Some(Background::Chapter)
            {
                continue;
            }
            match gone(&mut *self.ports.world, step) {
                // A later step has stopped it.
                Some(ended) if was_stopped(ended.ending) => {}
                Some(ended) => {
                    self.fail_ended(run, step, &ended)?;
                    any = true;
                }
                None => self.going.push(position),
            }
        }
        Ok(any)
    }

    fn fail_ended(
        &mut self,
        run: &ChapterRun,
        step: &Step,
        ended: &Output,
    ) -> Result<(), Diagnostic> {
        self.ports.record.output(&ended.bytes);
        let stored = self.ports.record.finish_output();
        let why = format!("it ended by itself ({}) while it was to go on", words(ended.ending));
        let outcome = Outcome::Failed(Failure::Broken { why });
        let evidence = self.evidence(run, step, &outcome, &ended.bytes, None);
        let untouched = untouched(step, outcome, run.bound.clone(), (self.request.now)());
        // It had passed when it was started.
        self.summary.passed = self.summary.passed.saturating_sub(1);
        self.finish_without_turn(StepFinished {
            attempts: 1,
            seconds: ended.duration.as_secs_f64(),
            ending: Some(ended.ending),
            output: Some(stored),
            evidence,
            ..untouched
        })
    }
}

/// Did somebody tell it to end?
fn was_stopped(ending: Ending) -> bool {
    const SIGNALS: [i32; 3] = [1, 2, 15];
    match ending {
        Ending::Signalled(signal) => SIGNALS.contains(&signal),
        Ending::Exited(code) => SIGNALS.contains(&(code - 128)),
        _ => false,
    }
}

fn words(ending: Ending) -> String {
    match ending {
        Ending::Exited(code) => format!("exit {code}"),
        ending if ending.wanted_terminal() => {
            "it waited for the terminal, which a step does not have".to_owned()
        }
        Ending::Signalled(signal) => format!("signal {signal}"),
        Ending::TimedOut => "out of time".to_owned(),
        Ending::Interrupted => "interrupted".to_owned(),
        Ending::GivenUp => "given up".to_owned(),
        Ending::Started => "still running".to_owned(),
    }
}
