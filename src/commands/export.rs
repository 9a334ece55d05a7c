//! `guide export`: the last run as one file that can be merged, replayed and looked at on another machine.

use super::book_context::{BookContext, open};
use crate::bundle::BundleHead;
use crate::cli::ExportArgs;
use crate::error::{Error, Exit};
use crate::event::RunStarted;
use crate::ids::ChapterName;
use crate::plan::Selection;
use crate::report::{exported_text, print};
use crate::settings::Settings;
use crate::store::{current_holder, files_of_run, last_run, write_bundle};

/// Exports the last run.
pub(super) fn export(settings: &Settings, args: &ExportArgs) -> Result<Exit, Error> {
    let context = open(settings)?;
    if let Some(holder) = current_holder(&context.state) {
        return Err(Error::usage(
            format!("a run of this book is going on: {holder}"),
            "export it when it has ended",
        ));
    }
    let Some(journal) = last_run(&context.state, &context.root)? else {
        return Err(Error::usage("this book has not been run yet", "run it with `guide run`"));
    };
    let started = &journal.started;
    refuse_other_profile(&context, started)?;
    let whole = context.plan(&Selection::default())?;
    let chapters = own_chapters(&context, started)?;
    let head = BundleHead::of(started, &whole, chapters, &settings.set);
    let files = files_of_run(&context.state, &context.root, &started.run, &head.chapters)?;
    let masker = context.masker_of(&whole);
    let head_text = serde_json::to_vec(&head).unwrap_or_default();
    let all = files.iter().map(|(name, bytes)| (name.as_str(), bytes));
    for (name, bytes) in all.chain([("bundle.json", &head_text)]) {
        if masker.finds_in(bytes) {
            return Err(Error::usage(
                format!("{name} of the run contains a secret, so it is not exported"),
                "a value that `--set` gives is part of a bundle; give secrets in the environment. If the secret became known only after the run, run the step again",
            ));
        }
    }
    let path = args.out.clone().unwrap_or_else(|| format!("{}.guide.tgz", started.run).into());
    let path = settings.here.join(path);
    write_bundle(&path, &head, &files)?;
    let shown = path.strip_prefix(&settings.here).unwrap_or(&path);
    print(&exported_text(shown, &head, files.len()))?;
    Ok(Exit::AsWritten)
}

/// The bundle says what the whole book was, which depends on the profile.
fn refuse_other_profile(context: &BookContext, started: &RunStarted) -> Result<(), Error> {
    if started.profile == context.profile {
        return Ok(());
    }
    let (ran, here) = (&started.profile, &context.profile);
    Err(Error::usage(
        format!("the last run had the profile {ran}, and the profile here is {here}"),
        format!("export it with `guide export --profile {ran}`"),
    ))
}

/// The chapters that the run was for. Those that it ran only because these need them are not among them.
fn own_chapters(context: &BookContext, started: &RunStarted) -> Result<Vec<ChapterName>, Error> {
    let plan = context.plan(&Selection::of_words(started.targets.clone()))?;
    Ok(plan.chapters.into_iter().map(|chapter| chapter.name).collect())
}
