//! Several bundles → the events of one run, or why they do not form one.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use super::{BundleHead, fingerprint_of};
use crate::diagnostic::Diagnostic;
use crate::event::{Event, Evidence, Outcome, RunStarted, RunSummary, StepFinished, Tally};
use crate::ids::{ChapterName, StepId};
use crate::plan::Plan;

/// A bundle to be merged.
pub(crate) struct BundledRun<'a> {
    /// The file, for messages.
    pub path: &'a Path,
    /// What was run.
    pub head: &'a BundleHead,
    /// The first event of its journal.
    pub started: &'a RunStarted,
    /// All other events of its journal.
    pub events: &'a [Event],
}

/// Refuses bundles that do not form the whole book: of another book, of different tables of shards, the same shard twice, or a
/// missing shard.
///
/// # Errors
/// The first of these, with the file's name.
pub(crate) fn refuse_incomplete(runs: &[BundledRun<'_>], plan: &Plan) -> Result<(), Diagnostic> {
    let book_as = fingerprint_of(plan);
    for run in runs {
        if run.head.book_as != book_as {
            let file = run.path.display();
            return Err(Diagnostic::new(format!(
                "`{file}` is not a run of this book as it is here: it is a bundle of {:?}, profile {}",
                run.head.book, run.head.profile
            ))
            .with_hint(
                "merge bundles in a checkout of the commit that they were made of, with the same `--profile` and `--set`",
            ));
        }
    }
    refuse_other_split(runs)?;
    let is_owned = |chapter: &&crate::plan::PlannedChapter| {
        runs.iter().any(|run| run.head.chapters.contains(&chapter.name))
    };
    let of_runs = runs.iter().any(|run| run.head.shard.is_some());
    let missing: Vec<&str> = plan
        .chapters
        .iter()
        .filter(|chapter| of_runs && !chapter.steps.is_empty() && !is_owned(chapter))
        .map(|chapter| chapter.name.as_str())
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let of = runs.iter().find_map(|run| run.head.shard.as_ref()).map_or(1, |shard| shard.of);
    let there = |number: &usize| runs.iter().any(|run| number_of(run) == Some(*number));
    let shards: Vec<String> =
        (1..=of).filter(|number| !there(number)).map(|number| format!("{number}/{of}")).collect();
    Err(Diagnostic::new(format!(
        "the bundle of shard {} is missing: nothing is known of {}",
        shards.join(", "),
        missing.join(", ")
    ))
    .with_hint("a job that ended before `guide export` leaves no bundle: run that shard again, or export also after a failure"))
}

fn number_of(run: &BundledRun<'_>) -> Option<usize> {
    run.head.shard.as_ref().map(|shard| shard.number)
}

/// Refuses bundles that are not the shards of one table, each once, unless there is a single run that was not divided.
fn refuse_other_split(runs: &[BundledRun<'_>]) -> Result<(), Diagnostic> {
    let hint = "merge the bundles of one run of the matrix only";
    let mut known: BTreeMap<usize, &Path> = BTreeMap::new();
    for run in runs {
        let file = run.path.display();
        let Some(shard) = &run.head.shard else {
            if runs.len() == 1 {
                return Ok(());
            }
            return Err(Diagnostic::new(format!(
                "`{file}` is not a shard, so it cannot be merged with other bundles"
            ))
            .with_hint(hint));
        };
        let first = runs[0].head.shard.as_ref();
        if first.is_some_and(|first| (first.of, first.split) != (shard.of, shard.split)) {
            return Err(Diagnostic::new(format!(
                "`{file}` and `{}` are shards of different tables: the book was divided by other times",
                runs[0].path.display()
            ))
            .with_hint("give every shard the same file with `--times`, or none"));
        }
        if let Some(other) = known.insert(shard.number, run.path) {
            return Err(Diagnostic::new(format!(
                "`{file}` and `{}` are both shard {}/{}",
                other.display(),
                shard.number,
                shard.of
            ))
            .with_hint(hint));
        }
    }
    Ok(())
}

/// The events of all runs as the events of one: every chapter from the run that it belongs to, in the order of the book. `output`
/// reads the output of a failed step of a run.
pub(crate) fn merged_events(
    runs: &[BundledRun<'_>],
    plan: &Plan,
    output: impl Fn(usize, &StepFinished) -> String,
) -> Vec<Event> {
    let Some(first) = runs.first() else { return Vec::new() };
    let steps = plan.chapters.iter().map(|chapter| chapter.steps.len()).sum();
    let mut events = vec![Event::RunStarted(RunStarted {
        steps,
        targets: Vec::new(),
        shard: None,
        resumes: None,
        ..first.started.clone()
    })];
    let mut of_chapters = events_of_owned_chapters(runs);
    for chapter in &plan.chapters {
        for (owner, event) in of_chapters.remove(&chapter.name).unwrap_or_default() {
            let mut event = event.clone();
            if let Event::StepFinished(finished) = &mut event
                && matches!(finished.outcome, Outcome::Failed(_))
            {
                let printed = output(owner, finished);
                finished.evidence = evidence(plan, &finished.step, printed);
            }
            events.push(event);
        }
    }
    events.push(Event::RunFinished(summary_of(runs, &events, steps)));
    events
}

/// The events of every chapter in the run that it belongs to, each with the index of that run.
fn events_of_owned_chapters<'a>(
    runs: &[BundledRun<'a>],
) -> HashMap<&'a ChapterName, Vec<(usize, &'a Event)>> {
    let mut owners: HashMap<&ChapterName, usize> = HashMap::new();
    for (index, run) in runs.iter().enumerate() {
        for name in &run.head.chapters {
            owners.entry(name).or_insert(index);
        }
    }
    let mut of_chapters: HashMap<&ChapterName, Vec<(usize, &Event)>> = HashMap::new();
    for (index, run) in runs.iter().enumerate() {
        for event in run.events {
            let chapter = match event {
                Event::ChapterStarted { chapter, .. } | Event::ChapterFinished { chapter, .. } => {
                    chapter
                }
                Event::StepFinished(finished) => &finished.step.chapter,
                _ => continue,
            };
            if owners.get(chapter) == Some(&index) {
                of_chapters.entry(chapter).or_default().push((index, event));
            }
        }
    }
    of_chapters
}

/// The end of the merged run: the sum of its events, and the latest end of all runs.
fn summary_of(runs: &[BundledRun<'_>], events: &[Event], steps: usize) -> RunSummary {
    let mut tally = Tally::default();
    events.iter().for_each(|event| tally.add(event));
    let mut summary = tally.summary(steps);
    for run in runs {
        match run.events.last() {
            Some(Event::RunFinished(ended)) => {
                summary.interrupted |= ended.interrupted;
                summary.seconds = summary.seconds.max(ended.seconds);
                summary.at = summary.at.clone().max(ended.at.clone());
                if summary.broken.is_none() {
                    (summary.broken, summary.hint) = (ended.broken.clone(), ended.hint.clone());
                }
            }
            // The journal has no end: the run or its machine was killed.
            _ => summary.interrupted = true,
        }
    }
    summary
}

/// The evidence of a failed step, as far as the book and the bundle contain it.
fn evidence(plan: &Plan, step: &StepId, output_tail: String) -> Option<Box<Evidence>> {
    let steps = plan.chapters.iter().flat_map(|chapter| &chapter.steps);
    let step = steps.into_iter().find(|planned| planned.id == *step)?;
    Some(Box::new(Evidence {
        script: step.script.to_string(),
        script_line: step.script_line,
        expected: step.expected.as_deref().map(str::to_owned),
        output_tail,
        ..Evidence::default()
    }))
}
