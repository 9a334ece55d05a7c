//! `guide plan --shards` and `guide run --shard`: the chapters of the book, divided among machines.

use std::collections::BTreeMap;
use std::path::Path;

use super::book_context::BookContext;
use crate::cli::SplitArgs;
use crate::error::Error;
use crate::ids::ChapterName;
use crate::plan::{Plan, Selection, ShardCount, ShardNumber, Split, timed_chapters};
use crate::settings::Settings;
use crate::store::{Recordings, read_if_there};

/// The shards of what is selected.
///
/// # Errors
/// When only a part of a chapter is selected, or the file of times cannot be read.
pub(super) fn split(
    settings: &Settings,
    context: &BookContext,
    selection: &Selection,
    count: ShardCount,
    args: &SplitArgs,
) -> Result<Split, Error> {
    let plan = context.plan(selection)?;
    refuse_part_of_chapter(&plan)?;
    let times =
        args.times.as_ref().map(|file| read_times(&settings.here.join(file))).transpose()?;
    let recordings = Recordings::of(&context.root);
    let mut recorded = BTreeMap::new();
    if times.is_none() {
        for chapter in &plan.chapters {
            if let Some(recording) = recordings.accepted(chapter.name.as_str(), &plan.profile)? {
                let steps = recording.steps.iter().map(|step| step.seconds).sum::<f64>();
                recorded.insert(chapter.name.to_string(), steps.max(recording.seconds));
            }
        }
    }
    let seconds = times.unwrap_or(recorded);
    let of = |name: &ChapterName| seconds.get(name.as_str()).copied();
    Ok(Split::of(timed_chapters(&plan, of), count))
}

/// The chapters of one shard, as targets. What they need is selected by the plan.
///
/// # Errors
/// As [`split`].
pub(super) fn chapters_of_shard(
    settings: &Settings,
    context: &BookContext,
    selection: &Selection,
    shard: ShardNumber,
    args: &SplitArgs,
) -> Result<(Vec<String>, Split), Error> {
    let split = split(settings, context, selection, ShardCount::Exactly(shard.of), args)?;
    let chapters = split.names(&split.shards[shard.number - 1].chapters);
    Ok((chapters, split))
}

/// A shard is made of whole chapters, because the steps of a chapter share one shell.
fn refuse_part_of_chapter(plan: &Plan) -> Result<(), Error> {
    match plan.chapters.iter().find(|chapter| chapter.partial) {
        None => Ok(()),
        Some(chapter) => Err(Error::usage(
            format!(
                "a shard contains whole chapters, and only a part of {} is selected",
                chapter.name
            ),
            format!("name the chapter as the target: `{}`", chapter.name),
        )),
    }
}

/// Reads a file of times: a JSON object, chapter → seconds.
fn read_times(path: &Path) -> Result<BTreeMap<String, f64>, Error> {
    let hint = "write a JSON object of chapters and seconds, such as {\"chapter-1\": 35.2}";
    let bytes = read_if_there(path)?
        .ok_or_else(|| Error::usage(format!("there is no file `{}`", path.display()), hint))?;
    serde_json::from_slice(&bytes).map_err(|error| {
        Error::usage(format!("`{}` is not a file of times: {error}", path.display()), hint)
    })
}
