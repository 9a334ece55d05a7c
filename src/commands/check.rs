//! `guide check`: every error of every chapter, and snapshots that no step uses. Needs no world.

use std::collections::HashSet;
use std::mem::ManuallyDrop;

use super::book_context::{BookContext, open};
use super::syntax::{Script, syntax_problems};
use crate::book::{Chapter, Problem, Problems, Span};
use crate::cli::CheckArgs;
use crate::error::{Error, Exit};
use crate::ids::StepId;
use crate::plan::{Plan, Selection, coverage};
use crate::report;
use crate::settings::Settings;
use crate::store::{Recordings, Snapshots, change_stamp, included_steps, read_book};

/// Checks the whole book; with `--watch` again and again.
pub(super) fn check(settings: &Settings, args: &CheckArgs) -> Result<Exit, Error> {
    if args.watch {
        return watch(settings, args);
    }
    // The process ends here: to take a large book apart, step by step, would only make its reader wait.
    let mut context = ManuallyDrop::new(open(settings)?);
    std::mem::forget(checked(&mut context, settings, args)?);
    Ok(Exit::AsWritten)
}

/// How often it looks for a change.
const TICK: std::time::Duration = std::time::Duration::from_millis(300);

/// Until Ctrl-C. A book that can't even be read is told, and looked at again when a file changes.
fn watch(settings: &Settings, args: &CheckArgs) -> Result<Exit, Error> {
    let root = super::found_book(settings)?;
    let interrupt = super::run::listen()?;
    let files =
        || ["book.toml", &read_book(&root).config.src, "snapshots"].map(|name| root.join(name));
    let (mut watched, mut seen) = (files(), None);
    while interrupt.count() == 0 {
        let now = change_stamp(&watched);
        if seen.as_ref() != Some(&now) {
            seen = Some(now);
            watched = files();
            if let Err(error) =
                open(settings).and_then(|mut context| checked(&mut context, settings, args))
            {
                report::report_error(&error, super::style(settings, report::stderr_is_terminal()));
            }
        }
        std::thread::sleep(TICK);
    }
    Ok(Exit::AsWritten)
}

/// Tells that there is no problem and gives the plan, or gives the error that tells of all of them.
fn checked(
    context: &mut BookContext,
    settings: &Settings,
    args: &CheckArgs,
) -> Result<Plan, Error> {
    context.report_notes();
    let unused = unused_snapshots(context);
    context.problems.extend(unused);
    let unparsed = unparsed_by_bash(context);
    context.problems.extend(unparsed);
    let mut notes: Problems =
        context.book.chapters.iter().flat_map(|chapter| chapter.notes.iter().cloned()).collect();
    let plan = context.plan(&Selection::default());
    let coverage = match &plan {
        Ok(plan) if args.coverage => Some(coverage(plan, &context.book.sources)),
        _ => None,
    };
    notes.extend(coverage.iter().flat_map(|coverage| coverage.gaps.iter().cloned()));
    if let Ok(plan) = &plan
        && !args.json
    {
        for stale in super::stale::stale(settings, context, plan)? {
            report::eprint(&format!("note: {stale}\n"));
        }
    }
    if !args.json {
        let style = super::style(settings, report::stderr_is_terminal());
        report::eprint(&report::notes_text(&context.book, &notes, args.strict, style));
        for line in included_steps(&context.root, &context.book) {
            report::eprint(&format!("warning: {line}\n"));
        }
    }
    report::print(&report::check_text(
        &context.book,
        &notes,
        plan.as_ref().err(),
        coverage.as_ref(),
        args.json,
    ))?;
    plan
}

/// Steps of any profile that bash can't parse. A step that is refused already is not looked at again.
fn unparsed_by_bash(context: &BookContext) -> Problems {
    let refused = |fence: Span| {
        let inside = |span: Span| {
            span.source == fence.source && (fence.start..fence.end).contains(&span.start)
        };
        context.problems.iter().any(|problem| problem.span.is_some_and(inside))
    };
    let steps = context.book.chapters.iter().flat_map(Chapter::steps);
    let scripts = steps
        .filter(|step| !refused(step.span))
        .map(|step| Script { text: &step.script, fence: step.span });
    syntax_problems(&context.book.sources, &scripts.collect::<Vec<_>>())
}

/// SnapshotStore snapshots that no step of any profile compares with, and recordings of chapters that are gone.
fn unused_snapshots(context: &BookContext) -> Problems {
    let steps = context.book.chapters.iter().flat_map(|chapter| {
        let comparing = chapter.steps().filter(|step| step.attributes.snapshot.is_some());
        comparing.map(|step| StepId { chapter: chapter.name.clone(), step: step.name.clone() })
    });
    let used: HashSet<StepId> = steps.collect();
    let snapshots = Snapshots::of(&context.root, &context.state, &context.profile);
    let problem = |path: std::path::PathBuf| {
        Problem::without_span(format!("no step compares with `{}`", path.display()))
            .hint("remove the file, or give the step its name and `snapshot` back")
    };
    let chapters = context.book.chapters.iter().map(|chapter| chapter.name.as_str()).collect();
    let stranger = |path: std::path::PathBuf| {
        Problem::without_span(format!(
            "no chapter of the book was recorded in `{}`",
            path.display()
        ))
        .hint("remove the file, or give the chapter its name back")
    };
    let strangers = Recordings::of(&context.root).orphaned(&chapters);
    snapshots
        .unused(&used)
        .into_iter()
        .map(problem)
        .chain(strangers.into_iter().map(stranger))
        .collect()
}
