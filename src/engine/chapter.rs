//! One chapter: its steps in order, then its `always` steps.

use super::context::{ChapterRun, RunContext, StepRef};
use super::step::StepFlow;
use super::{background, done, entry, step, verify};
use crate::event::{ChapterOutcome, Event};
use crate::history::background_to_restart;
use crate::ids::StepName;
use crate::world::WorldError;

/// What the end of a chapter means for the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ChapterFlow {
    Passed,
    Failed,
    Interrupted,
}

/// How a chapter ended.
pub(super) struct ChapterResult {
    pub(super) flow: ChapterFlow,
    /// Why the cluster cannot be reached any more, if a step noticed that.
    pub(super) lost: Option<WorldError>,
}

impl ChapterResult {
    const PASSED: Self = Self { flow: ChapterFlow::Passed, lost: None };

    /// Adds how a step ended.
    fn add(&mut self, ctx: &mut RunContext<'_, '_>, flow: StepFlow) {
        match flow {
            StepFlow::Continue => {}
            StepFlow::Failed | StepFlow::Unanswered => self.flow = ChapterFlow::Failed,
            StepFlow::Interrupted => self.flow = ChapterFlow::Interrupted,
        }
        if flow == StepFlow::Unanswered && self.lost.is_none() {
            self.lost = ctx.ports.monitor.lost();
        }
    }
}

/// Runs a chapter, unless it can be taken as done.
pub(super) fn run(ctx: &mut RunContext<'_, '_>, index: usize) -> Result<ChapterResult, WorldError> {
    let chapter = &ctx.plan().chapters[index];
    let began = ctx.ports.clock.now();
    ctx.record(&[Event::ChapterStarted {
        chapter: chapter.name.clone(),
        title: chapter.title.clone(),
        steps: ctx.request.options.steps_to_run(chapter),
    }])?;
    let mut run = ChapterRun::new(ctx.plan(), index);
    let taken_as_done = done::take_as_done(ctx, &mut run)?;
    let result = if taken_as_done { ChapterResult::PASSED } else { run_steps(ctx, &mut run)? };
    entry::leave(ctx);
    ctx.ports.monitor.after_chapter()?;
    let is_whole =
        result.flow == ChapterFlow::Passed && !chapter.partial && !ctx.request.options.verify_only;
    let done: Vec<StepName> = if taken_as_done {
        chapter.done.iter().map(|check| chapter.steps[*check].id.step.clone()).collect()
    } else {
        Vec::new()
    };
    ctx.record(&[Event::ChapterFinished {
        chapter: chapter.name.clone(),
        outcome: outcome(result.flow, taken_as_done),
        fingerprint: is_whole.then_some(chapter.fingerprint),
        done,
        seconds: ctx.ports.clock.now().saturating_sub(began).as_secs_f64(),
    }])?;
    Ok(result)
}

fn outcome(flow: ChapterFlow, taken_as_done: bool) -> ChapterOutcome {
    match flow {
        ChapterFlow::Passed if taken_as_done => ChapterOutcome::UpToDate,
        ChapterFlow::Passed => ChapterOutcome::Passed,
        ChapterFlow::Failed => ChapterOutcome::Failed,
        ChapterFlow::Interrupted => ChapterOutcome::Interrupted,
    }
}

fn run_steps(
    ctx: &mut RunContext<'_, '_>,
    run: &mut ChapterRun<'_>,
) -> Result<ChapterResult, WorldError> {
    if ctx.request.options.verify_only {
        entry::enter_from_last_state(ctx, run)?;
    } else {
        entry::enter(ctx, run)?;
    }
    entry::note_missing_state(ctx, run)?;
    let mut result = ChapterResult::PASSED;
    if ctx.request.options.resume {
        restart_background_steps(ctx, run, &mut result)?;
    }
    if result.flow == ChapterFlow::Passed || ctx.request.options.keep_going {
        run_ordinary_steps(ctx, run, &mut result)?;
    }
    if result.flow != ChapterFlow::Interrupted && background::fail_ended_steps(ctx, run)? {
        result.flow = ChapterFlow::Failed;
    }
    run_always_steps(ctx, run, &mut result)?;
    Ok(result)
}

/// Starts background steps whose processes ended with the run that started them, and that the coming steps need.
fn restart_background_steps(
    ctx: &mut RunContext<'_, '_>,
    run: &mut ChapterRun<'_>,
    result: &mut ChapterResult,
) -> Result<(), WorldError> {
    for position in background_to_restart(ctx.plan(), ctx.start) {
        if position.0 == run.index {
            let step = StepRef::at(ctx.plan(), position);
            let flow = step::execute(ctx, run, step, None)?;
            result.add(ctx, flow);
        }
    }
    Ok(())
}

fn run_ordinary_steps(
    ctx: &mut RunContext<'_, '_>,
    run: &mut ChapterRun<'_>,
    result: &mut ChapterResult,
) -> Result<(), WorldError> {
    let keep_going = ctx.request.options.keep_going;
    for step in StepRef::all(ctx.plan(), run.index).filter(|step| !step.step.attributes.always) {
        if background::fail_ended_steps(ctx, run)? {
            result.flow = ChapterFlow::Failed;
            if !keep_going {
                break;
            }
        }
        entry::render_late(ctx, run, step.position.1)?;
        let flow = step::run(ctx, run, step)?;
        result.add(ctx, flow);
        match flow {
            StepFlow::Continue => {}
            StepFlow::Interrupted => break,
            StepFlow::Unanswered if verify::is_precondition(ctx, step) => {
                verify::skip_remaining_checks(ctx, run, step)?;
                break;
            }
            StepFlow::Failed | StepFlow::Unanswered => {
                verify::note_unknown_state(ctx, run, step)?;
                if !keep_going {
                    break;
                }
            }
        }
    }
    Ok(())
}

/// Runs the `always` steps, also after a failure. They do not run after Ctrl-C, because who stops a run wants it to stop: a note
/// names them, and `--resume` runs them.
fn run_always_steps(
    ctx: &mut RunContext<'_, '_>,
    run: &mut ChapterRun<'_>,
    result: &mut ChapterResult,
) -> Result<(), WorldError> {
    let always = StepRef::all(ctx.plan(), run.index).filter(|step| step.step.attributes.always);
    let mut unfinished: Vec<StepRef<'_>> = always.collect();
    while result.flow != ChapterFlow::Interrupted && !unfinished.is_empty() {
        let step = unfinished[0];
        entry::render_late(ctx, run, step.position.1)?;
        let flow = step::run(ctx, run, step)?;
        result.add(ctx, flow);
        if flow != StepFlow::Interrupted {
            unfinished.remove(0);
        }
    }
    note_unfinished_always_steps(ctx, &unfinished)
}

fn note_unfinished_always_steps(
    ctx: &mut RunContext<'_, '_>,
    steps: &[StepRef<'_>],
) -> Result<(), WorldError> {
    let verify_only = ctx.request.options.verify_only;
    let meant = steps.iter().filter(|step| step.step.is_verify() || !verify_only);
    let names: Vec<&str> = meant.map(|step| step.step.id.step.as_str()).collect();
    if names.is_empty() {
        return Ok(());
    }
    let (steps, them) = if names.len() == 1 { ("step", "it") } else { ("steps", "them") };
    let names = names.join(", ");
    let text = format!(
        "always {steps} not run to the end, since the run was stopped: {names}; `guide run --resume` runs {them}"
    );
    ctx.note(text, None)
}
