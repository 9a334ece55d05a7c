//! One chapter: its steps in order, then its `always` steps.

use super::context::{ChapterRun, RunContext, StepRef};
use super::step::StepFlow;
use super::{background, done, entry, pause, step, verify};
use crate::diagnostic::Diagnostic;
use crate::event::{ChapterOutcome, Event};
use crate::history::background_to_restart;
use crate::ids::StepName;

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
    pub(super) lost: Option<Diagnostic>,
}

impl ChapterResult {
    const PASSED: Self = Self { flow: ChapterFlow::Passed, lost: None };

    /// Takes the end of a step into account. A step without an answer may mean that the cluster is
    /// lost.
    fn add(&mut self, ctx: &mut RunContext<'_, '_>, flow: StepFlow) {
        match flow {
            StepFlow::Continue => {}
            StepFlow::Failed | StepFlow::Unanswered => self.flow = ChapterFlow::Failed,
            StepFlow::Interrupted => self.flow = ChapterFlow::Interrupted,
        }
        if flow == StepFlow::Unanswered && self.lost.is_none() {
            self.lost = ctx.ports.monitor.lost(&ctx.failed_output);
        }
    }
}

/// Runs the chapter at this index of the plan, unless it can be taken as done.
pub(super) fn run(ctx: &mut RunContext<'_, '_>, index: usize) -> Result<ChapterResult, Diagnostic> {
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
    if is_whole {
        ctx.passed_chapters.insert(chapter.name.to_string());
    }
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

/// Restarts the background steps of a chapter that a resumed run has taken over, where they have to
/// run until the run ends.
pub(super) fn restart(
    ctx: &mut RunContext<'_, '_>,
    index: usize,
) -> Result<ChapterResult, Diagnostic> {
    let restarted = background_to_restart(ctx.plan(), ctx.start);
    let steps = restarted.iter().filter(|position| position.0 == index).count();
    if steps == 0 {
        return Ok(ChapterResult::PASSED);
    }
    let chapter = &ctx.plan().chapters[index];
    let began = ctx.ports.clock.now();
    ctx.record(&[Event::ChapterStarted {
        chapter: chapter.name.clone(),
        title: chapter.title.clone(),
        steps,
    }])?;
    let (mut run, mut result) = (ChapterRun::new(ctx.plan(), index), ChapterResult::PASSED);
    entry::enter(ctx, &mut run)?;
    entry::note_missing_state(ctx, &run)?;
    restart_background_steps(ctx, &mut run, &mut result)?;
    entry::leave(ctx);
    ctx.record(&[Event::ChapterFinished {
        chapter: chapter.name.clone(),
        outcome: outcome(result.flow, false),
        fingerprint: None,
        done: Vec::new(),
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
) -> Result<ChapterResult, Diagnostic> {
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

/// Restarts the background steps that the following steps need, because their processes ended with
/// the run that started them.
fn restart_background_steps(
    ctx: &mut RunContext<'_, '_>,
    run: &mut ChapterRun<'_>,
    result: &mut ChapterResult,
) -> Result<(), Diagnostic> {
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
) -> Result<(), Diagnostic> {
    let keep_going = ctx.request.options.keep_going;
    for step in StepRef::all(ctx.plan(), run.index).filter(|step| !step.step.attributes.always) {
        if background::fail_ended_steps(ctx, run)? {
            result.flow = ChapterFlow::Failed;
            if !keep_going {
                break;
            }
        }
        entry::render_late(ctx, run, step.position.1)?;
        let mut flow = step::run(ctx, run, step)?;
        while pause::tries_again(ctx, run, step, flow)? {
            flow = step::run(ctx, run, step)?;
        }
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

/// Runs the `always` steps, also after a failure. After Ctrl-C they do not run, because a person
/// who stops a run expects it to stop at once: a note names them, and `--resume` runs them.
fn run_always_steps(
    ctx: &mut RunContext<'_, '_>,
    run: &mut ChapterRun<'_>,
    result: &mut ChapterResult,
) -> Result<(), Diagnostic> {
    let always = StepRef::all(ctx.plan(), run.index).filter(|step| step.step.attributes.always);
    let mut remaining: Vec<StepRef<'_>> = always.collect();
    let mut stopped = None;
    while result.flow != ChapterFlow::Interrupted && !remaining.is_empty() {
        let step = remaining.remove(0);
        entry::render_late(ctx, run, step.position.1)?;
        let flow = step::run(ctx, run, step)?;
        result.add(ctx, flow);
        if flow == StepFlow::Interrupted {
            stopped = Some(step);
        }
    }
    note_unfinished_always_steps(ctx, stopped, &remaining)
}

/// Notes the `always` step that was stopped and the ones that did not run.
fn note_unfinished_always_steps(
    ctx: &mut RunContext<'_, '_>,
    stopped: Option<StepRef<'_>>,
    not_run: &[StepRef<'_>],
) -> Result<(), Diagnostic> {
    let verify_only = ctx.request.options.verify_only;
    let is_meant = |step: &&StepRef<'_>| step.step.is_verify() || !verify_only;
    let name = |step: &StepRef<'_>| step.step.id.step.to_string();
    let stopped = stopped.as_ref().filter(is_meant).map(name);
    let not_run: Vec<String> = not_run.iter().filter(is_meant).map(name).collect();
    let count = not_run.len() + usize::from(stopped.is_some());
    if count == 0 {
        return Ok(());
    }
    let (steps, them) = if count == 1 { ("step", "it") } else { ("steps", "them") };
    let parts = [
        stopped.map(|name| format!("stopped before its end: {name}")),
        (!not_run.is_empty())
            .then(|| format!("not run, since the run was stopped: {}", not_run.join(", "))),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    let parts = parts.join("; ");
    ctx.note(format!("always {steps} {parts}; `guide run --resume` runs {them}"), None)
}
