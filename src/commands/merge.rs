//! `guide merge`: the bundles of all shards as one run, with one report.

use super::book_context::open;
use super::reports::{Reports, prefix};
use super::run::exit;
use crate::bundle::{BundledRun, merged_events, refuse_incomplete};
use crate::cli::MergeArgs;
use crate::error::{Error, Exit};
use crate::event::{ChapterOutcome, Event, Reporter, RunSummary};
use crate::plan::Selection;
use crate::report::{self, Reporters};
use crate::settings::Settings;
use crate::store::{Bundle, StoreError, create_report, read_bundle};

/// Merges bundles.
pub(super) fn merge(settings: &Settings, args: &MergeArgs) -> Result<Exit, Error> {
    let bundles: Vec<Bundle> = args
        .bundles
        .iter()
        .map(|path| read_bundle(&settings.here.join(path)).map_err(Error::Usage))
        .collect::<Result<_, _>>()?;
    let context = open(&with_cell(settings, bundles.first()))?;
    let plan = context.plan(&Selection::default())?;
    let runs: Vec<BundledRun<'_>> = bundles.iter().map(bundled_run).collect();
    refuse_incomplete(&runs, &plan).map_err(Error::Usage)?;
    let mut plan = plan;
    plan.chapters
        .retain(|chapter| runs.iter().any(|run| run.head.chapters.contains(&chapter.name)));
    let events = merged_events(&runs, &plan, |run, finished| {
        let output = finished.output.as_ref();
        output.map(|stored| bundles[run].output(stored)).unwrap_or_default()
    });
    let mut reports = Reports::from_args(settings, &args.report)?;
    let style = super::style(settings, report::stderr_is_terminal());
    let root = prefix(&context.root, &settings.here);
    let mut reporters = Reporters::new(style, false, &reports.wanted(), &root);
    reporters.expect(&plan, false);
    reports.open(&mut reporters)?;
    events.iter().for_each(|event| reporters.report(event));
    reports.write(&mut reporters)?;
    for bundle in &bundles {
        bundle.write_pending(&context.root, &context.state)?;
    }
    if let Some(file) = &args.times {
        write_times(&settings.here.join(file), &events)?;
    }
    Ok(exit(&summary(&events)))
}

/// The settings with the profile and the values of the bundles, where the command line names none.
pub(super) fn with_cell(settings: &Settings, bundle: Option<&Bundle>) -> Settings {
    let mut settings = settings.clone();
    if let Some(Bundle { head, .. }) = bundle {
        settings.profile.get_or_insert_with(|| head.profile.clone());
        settings.set = head.set.iter().chain(&settings.set).cloned().collect();
    }
    settings
}

fn bundled_run(bundle: &Bundle) -> BundledRun<'_> {
    let (started, events) = (&bundle.journal.started, bundle.journal.events.as_slice());
    BundledRun { path: &bundle.path, head: &bundle.head, started, events }
}

fn summary(events: &[Event]) -> RunSummary {
    match events.last() {
        Some(Event::RunFinished(summary)) => summary.clone(),
        _ => RunSummary::default(),
    }
}

/// Writes how long each chapter took, for `guide plan --shards 3 --times FILE`.
fn write_times(path: &std::path::Path, events: &[Event]) -> Result<(), Error> {
    use std::io::Write;
    let mut times = serde_json::Map::new();
    for event in events {
        if let Event::ChapterFinished {
            chapter, outcome: ChapterOutcome::Passed, seconds, ..
        } = event
        {
            times.insert(chapter.to_string(), ((seconds * 1000.0).round() / 1000.0).into());
        }
    }
    let text = format!("{:#}\n", serde_json::Value::Object(times));
    let mut file = create_report(path)?;
    file.write_all(text.as_bytes()).map_err(|error| StoreError::write_failed(path, error))?;
    Ok(())
}
