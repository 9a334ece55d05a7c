//! Several bundles → the events of one run, or why they do not make up one.

use std::collections::BTreeMap;
use std::path::Path;

use super::{BundleHead, fingerprint_of};
use crate::diagnostic::Diagnostic;
use crate::event::{Event, Evidence, Outcome, RunStarted, StepFinished, Tally};
use crate::ids::StepId;
use crate::plan::Plan;

/// A bundle as a merge sees it.
pub(crate) struct BundledRun<'a> {
    /// The file, for messages.
    pub path: &'a Path,
    /// What was run.
    pub head: &'a BundleHead,
    /// How the run began.
    pub started: &'a RunStarted,
    /// All other events of its journal.
    pub events: &'a [Event],
}

/// Refuses bundles that do not make up the book: of another book, of different tables of shards, twice the same shard, or a shard
/// that is missing.
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
    let owned = |chapter: &&crate::plan::PlannedChapter| {
        runs.iter().any(|run| run.head.chapters.contains(&chapter.name))
    };
    let of_runs = runs.iter().any(|run| run.head.shard.is_some());
    let missing: Vec<&str> = plan
        .chapters
        .iter()
        .filter(|chapter| of_runs && !chapter.steps.is_empty() && !owned(chapter))
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

/// All are shards of one table, each once; or there is a single run that was not divided.
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

/// The events of all runs as those of one: every chapter from the run that it belongs to, in the order of the book. `output` reads
/// what a failed step of a run printed.
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
    for chapter in &plan.chapters {
        let owner = runs.iter().position(|run| run.head.chapters.contains(&chapter.name));
        let Some(owner) = owner else { continue };
        for event in runs[owner].events {
            match event {
                Event::ChapterStarted { chapter: name, .. }
                | Event::ChapterFinished { chapter: name, .. }
                    if *name == chapter.name =>
                {
                    events.push(event.clone());
                }
                Event::StepFinished(finished) if finished.step.chapter == chapter.name => {
                    let mut finished = finished.clone();
                    if matches!(finished.outcome, Outcome::Failed(_)) {
                        let printed = output(owner, &finished);
                        finished.evidence = evidence(plan, &finished.step, printed);
                    }
                    events.push(Event::StepFinished(finished));
                }
                _ => {}
            }
        }
    }
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
            // The journal breaks off: the run was killed, or its machine was.
            _ => summary.interrupted = true,
        }
    }
    events.push(Event::RunFinished(summary));
    events
}

/// What a failure report shows, as far as the book and the bundle know it.
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
