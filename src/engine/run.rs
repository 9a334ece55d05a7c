//! A whole run: chooses where to start, runs the chapters in order, and summarizes.

use super::chapter::{self, ChapterFlow};
use super::context::RunContext;
use super::entry;
use super::ports::Ports;
use super::request::RunRequest;
use super::resume;
use crate::diagnostic::Diagnostic;
use crate::event::{ChapterOutcome, Event, RunSummary};
use crate::plan::PlannedChapter;

/// Runs the plan and returns the summary. Everything that happens becomes an event, and the last
/// event is always the summary.
pub(crate) fn conduct(ports: &mut Ports<'_>, request: &RunRequest<'_>) -> RunSummary {
    let began = ports.clock.now();
    let mut ctx = RunContext::new(ports, request);
    let ended = run_chapters(&mut ctx);
    if ended.is_err() {
        // The chapter that was broken off has not been left.
        entry::leave(&mut ctx);
    }
    let leftovers = ctx.ports.world.close();
    ctx.note_leftovers(&leftovers, None);
    let mut summary = ctx.tally.summary(request.started.steps);
    if let Some(lost) = ended.unwrap_or_else(Some) {
        summary.break_off(lost);
    }
    summary.seconds = ports.clock.now().saturating_sub(began).as_secs_f64();
    summary.at = ports.clock.timestamp();
    finish(ports, request, summary)
}

/// Records and reports the summary. A summary that cannot be recorded is reported too, with that
/// error.
fn finish(ports: &mut Ports<'_>, request: &RunRequest<'_>, mut summary: RunSummary) -> RunSummary {
    let masked = |summary: &RunSummary| {
        Event::RunFinished(summary.clone()).masked(&request.masker).into_owned()
    };
    if let Err(error) = ports.record.event(&masked(&summary)) {
        summary.break_off(error);
    }
    ports.reporter.report(&masked(&summary));
    summary
}

/// Runs the chapters. Returns why the cluster cannot be reached any more, if a step noticed that.
fn run_chapters(ctx: &mut RunContext<'_, '_>) -> Result<Option<Diagnostic>, Diagnostic> {
    // The journal already contains this event, because it begins with it.
    ctx.ports.reporter.report(&Event::RunStarted(ctx.request.started.clone()));
    if ctx.request.options.resume {
        resume::choose_start(ctx)?;
    }
    let (mut lost, mut stopped) = (None, false);
    for (index, chapter) in ctx.plan().chapters.iter().enumerate() {
        // Every step of these chapters was taken over from the run that is resumed.
        let is_taken_over = index < ctx.start.0;
        if stopped {
            if !is_taken_over {
                record_not_run(ctx, chapter)?;
            }
            continue;
        }
        let ended =
            if is_taken_over { chapter::restart(ctx, index)? } else { chapter::run(ctx, index)? };
        lost = lost.or(ended.lost);
        stopped = match ended.flow {
            ChapterFlow::Passed => false,
            ChapterFlow::Failed => !ctx.request.options.keep_going,
            ChapterFlow::Interrupted => true,
        };
    }
    Ok(lost)
}

fn record_not_run(
    ctx: &mut RunContext<'_, '_>,
    chapter: &PlannedChapter,
) -> Result<(), Diagnostic> {
    ctx.record(&[Event::ChapterFinished {
        chapter: chapter.name.clone(),
        outcome: ChapterOutcome::NotRun,
        fingerprint: None,
        done: Vec::new(),
        seconds: 0.0,
    }])
}
