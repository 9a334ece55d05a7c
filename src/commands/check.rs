//! `guide check`: reports every error of every chapter, and snapshots that no step uses. It needs neither a cluster nor the machine.

#![expect(
    clippy::disallowed_methods,
    reason = "`guide check --watch` waits for the book to change"
)]

use std::collections::HashSet;

use super::book_context::{BookContext, open};
use super::changed::select_changed;
use super::lint::lint_problems;
use super::reports::prefix;
use super::syntax::{Script, syntax_problems};
use crate::book::{Chapter, Problems, Rule, Span};
use crate::cli::{CheckArgs, CheckFormat};
use crate::error::{Error, Exit};
use crate::ids::{ChapterName, StepId};
use crate::plan::{Coverage, Plan, Selection, coverage};
use crate::report;
use crate::settings::Settings;
use crate::store::{Recordings, Snapshots, change_stamp, included_steps, read_book};

/// Checks the whole book, with `--watch` again after each change.
pub(super) fn check(settings: &Settings, args: &CheckArgs) -> Result<Exit, Error> {
    if args.watch {
        return watch(settings, args);
    }
    checked(&mut open(settings)?, settings, args)?;
    Ok(Exit::AsWritten)
}

/// The interval at which changes are searched for.
const TICK: std::time::Duration = std::time::Duration::from_millis(300);

/// Checks the book after each change, until Ctrl-C. A book that cannot be read is reported and watched as well.
fn watch(settings: &Settings, args: &CheckArgs) -> Result<Exit, Error> {
    let root = super::found_book(settings)?;
    let interrupt = super::run::listen()?;
    let files =
        || ["book.toml", &read_book(&root).config.src, "snapshots"].map(|name| root.join(name));
    let (mut watched, mut checked_stamp) = (files(), None);
    while interrupt.count() == 0 {
        let now = change_stamp(&watched);
        if checked_stamp.as_ref() != Some(&now) {
            checked_stamp = Some(now);
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

/// Reports that there is no problem and returns the plan, or returns one error with all problems.
fn checked(
    context: &mut BookContext,
    settings: &Settings,
    args: &CheckArgs,
) -> Result<Plan, Error> {
    context.report_notes();
    let chosen = args.changed_since.as_deref().map(|since| chosen_since(context, since));
    let chosen = Chosen(chosen.transpose()?);
    for find in [unused_snapshots, unreadable_snapshots] {
        let found = find(context);
        context.problems.extend(found);
    }
    let unparsed = unparsed_by_bash(context, &chosen);
    context.problems.extend(unparsed);
    let mut notes: Problems =
        chosen.chapters(context).flat_map(|chapter| chapter.notes.iter().cloned()).collect();
    let plan = context.plan(&chosen.selection());
    let coverage = match &plan {
        Ok(plan) if args.coverage => Some(coverage(plan, &context.book.sources)),
        _ => None,
    };
    notes.extend(coverage.iter().flat_map(|coverage| coverage.gaps.iter().cloned()));
    if args.lint {
        match lint_problems(context, chosen.chapters(context)) {
            Ok(found) => notes.extend(found),
            Err(why) => report::eprint(&format!("note: {why}\n")),
        }
    }
    if args.chosen_format() == CheckFormat::Text {
        show_notes(context, settings, args, plan.as_ref().ok(), &notes)?;
    }
    let chapters: Vec<&Chapter> = chosen.chapters(context).collect();
    let result = CheckResult { notes: &notes, error: plan.as_ref().err(), coverage };
    print_result(context, settings, args.chosen_format(), &chapters, &result)?;
    plan
}

/// The findings of a check, beside those in the book itself.
struct CheckResult<'a> {
    notes: &'a Problems,
    error: Option<&'a Error>,
    coverage: Option<Coverage>,
}

impl CheckResult<'_> {
    /// The problems of the error and the notes.
    fn all_problems(&self) -> Problems {
        let problems = match self.error {
            Some(Error::Book(problems, _)) => problems.clone(),
            _ => Problems::new(),
        };
        problems.into_iter().chain(self.notes.iter().cloned()).collect()
    }
}

fn print_result(
    context: &BookContext,
    settings: &Settings,
    format: CheckFormat,
    chapters: &[&Chapter],
    result: &CheckResult<'_>,
) -> Result<(), Error> {
    let prefix = prefix(&context.root, &settings.here);
    let (book, error, coverage) = (&context.book, result.error, result.coverage.as_ref());
    let sources = match error {
        Some(Error::Book(_, sources)) => sources,
        _ => &book.sources,
    };
    let as_json = format == CheckFormat::Json;
    match format {
        CheckFormat::Sarif => {
            report::print(&report::sarif_text(sources, &result.all_problems(), &prefix))?;
        }
        CheckFormat::Github => {
            let text = report::github_text(sources, &result.all_problems(), &prefix);
            report::print_bytes(text.as_bytes())?;
        }
        CheckFormat::Text | CheckFormat::Json => {
            let text = report::check_text(book, chapters, result.notes, error, coverage, as_json);
            report::print(&text)?;
        }
    }
    Ok(())
}

/// Prints the notes for a person beside the result.
fn show_notes(
    context: &BookContext,
    settings: &Settings,
    args: &CheckArgs,
    plan: Option<&Plan>,
    notes: &Problems,
) -> Result<(), Error> {
    if let Some(plan) = plan {
        for stale in super::stale::stale(settings, context, plan)? {
            report::eprint(&format!("note: {stale}\n"));
        }
    }
    let style = super::style(settings, report::stderr_is_terminal());
    report::eprint(&report::notes_text(&context.book, notes, args.strict, style));
    for line in included_steps(&context.root, &context.book) {
        report::eprint(&format!("warning: {line}\n"));
    }
    Ok(())
}

/// The chapters to look at: all, or those that have changed and what they need.
struct Chosen(Option<HashSet<ChapterName>>);

impl Chosen {
    fn holds(&self, chapter: &Chapter) -> bool {
        self.0.as_ref().is_none_or(|names| names.contains(&chapter.name))
    }

    fn chapters<'a>(&'a self, context: &'a BookContext) -> impl Iterator<Item = &'a Chapter> {
        context.book.chapters.iter().filter(|chapter| self.holds(chapter))
    }

    /// Where nothing is chosen, the whole book is planned, so that its errors are found.
    fn selection(&self) -> Selection {
        let targets = self.0.iter().flatten().map(ToString::to_string).collect();
        Selection { targets, ..Selection::default() }
    }
}

fn chosen_since(context: &BookContext, revision: &str) -> Result<HashSet<ChapterName>, Error> {
    let Some(selection) = select_changed(context, revision)? else { return Ok(HashSet::new()) };
    let plan = context.plan_run(&selection)?;
    Ok(plan.chapters.into_iter().map(|chapter| chapter.name).collect())
}

/// The steps, of any profile, that bash cannot parse. A step that has another problem is not checked.
fn unparsed_by_bash(context: &BookContext, chosen: &Chosen) -> Problems {
    let has_problem = |fence: Span| {
        let inside = |span: Span| {
            span.source == fence.source && (fence.start..fence.end).contains(&span.start)
        };
        context.problems.iter().any(|problem| problem.span.is_some_and(inside))
    };
    let steps = chosen.chapters(context).flat_map(Chapter::steps);
    let scripts = steps
        .filter(|step| !has_problem(step.span))
        .map(|step| Script { text: &step.script, fence: step.span });
    syntax_problems(&context.book.sources, &scripts.collect::<Vec<_>>())
}

/// Accepted snapshots that cannot be read: a run would refuse to begin.
fn unreadable_snapshots(context: &BookContext) -> Problems {
    let snapshots = Snapshots::of(&context.root, &context.state, &context.profile);
    let mut problems = Problems::new();
    for chapter in &context.book.chapters {
        for step in chapter.steps().filter(|step| step.attributes.snapshot.is_some()) {
            let id = StepId { chapter: chapter.name.clone(), step: step.name.clone() };
            if let Err(error) = snapshots.accepted(&id) {
                let hint = "take it back from version control, or remove it: the next run writes a pending one";
                problems.push(Rule::UnreadableSnapshot.without_span(error.to_string()).hint(hint));
            }
        }
    }
    problems
}

/// Snapshots with which no step of any profile is compared, and recordings of chapters that do not exist.
fn unused_snapshots(context: &BookContext) -> Problems {
    let steps = context.book.chapters.iter().flat_map(|chapter| {
        let comparing = chapter.steps().filter(|step| step.attributes.snapshot.is_some());
        comparing.map(|step| StepId { chapter: chapter.name.clone(), step: step.name.clone() })
    });
    let used: HashSet<StepId> = steps.collect();
    let snapshots = Snapshots::of(&context.root, &context.state, &context.profile);
    let lacking = snapshots.without_snapshot(&used);
    let problem = |path: std::path::PathBuf| {
        let of_chapter = |step: &&&StepId| {
            path.parent().is_some_and(|folder| folder.ends_with(step.chapter.as_str()))
        };
        let mut renamed = lacking.iter().filter(of_chapter);
        let hint = match (renamed.next(), renamed.next()) {
            (Some(step), None) => {
                let new = path.with_file_name(format!("{}.snap", step.step));
                let (path, new) = (path.display(), new.display());
                format!(
                    "if the step was renamed, rename the file: `mv {path} {new}`; else remove it"
                )
            }
            _ => "remove the file, or give the step its name and `snapshot` back".to_owned(),
        };
        Rule::UnusedSnapshot
            .without_span(format!("no step compares with `{}`", path.display()))
            .hint(hint)
    };
    let chapters = context.book.chapters.iter().map(|chapter| chapter.name.as_str()).collect();
    let orphaned = |path: std::path::PathBuf| {
        Rule::UnusedRecording
            .without_span(format!("`{}` records no chapter of this book", path.display()))
            .hint("remove the file, or give the chapter its name back")
    };
    let orphaned_recordings = Recordings::of(&context.root).orphaned(&chapters);
    snapshots
        .unused(&used)
        .into_iter()
        .map(problem)
        .chain(orphaned_recordings.into_iter().map(orphaned))
        .collect()
}
