//! `guide script`: a chapter as one shell script on stdout.

use super::book_context::open;
use crate::cli::ScriptArgs;
use crate::error::{Error, Exit};
use crate::plan::{PlannedChapter, Selection};
use crate::report;
use crate::settings::Settings;
use crate::shell::ChapterScript;

/// Prints the script.
pub(super) fn script(settings: &Settings, args: &ScriptArgs) -> Result<Exit, Error> {
    let context = open(settings)?;
    let selection = Selection { targets: vec![args.chapter.clone()], ..Selection::default() };
    let plan = context.plan(&selection)?;
    let chapter = match plan.chapters.as_slice() {
        [chapter] if !chapter.partial => chapter,
        chapters => return Err(not_one(&args.chapter, chapters)),
    };
    context.parsed_by_bash(&plan)?;
    let masker = context.masker_of(&plan);
    let folders = context.working_folders();
    let script = ChapterScript {
        chapter,
        profile: &plan.profile,
        environment: &plan.environment,
        kubeconfig: context.has_cluster().then_some(context.kubeconfig.as_path()),
        book: &context.root,
        state: &context.state,
        folder: folders.get(&chapter.name).map(std::path::PathBuf::as_path),
        masker: &masker,
    };
    report::print_bytes(script.text().as_bytes())?;
    Ok(Exit::AsWritten)
}

fn not_one(word: &str, chapters: &[PlannedChapter]) -> Error {
    let names: Vec<&str> = chapters.iter().map(|chapter| chapter.name.as_str()).collect();
    match names.as_slice() {
        [] => Error::usage(
            format!("`{word}` has no steps under this profile"),
            "name a chapter that has steps, or another profile: `--profile NAME`",
        ),
        [name] => Error::usage(
            format!("`{word}` is a part of {name}, and a script is made of a whole chapter"),
            format!("write `guide script {name}`"),
        ),
        names => Error::usage(
            format!("`{word}` is {} chapters, and a script is made of one", names.len()),
            format!("make one script for each: {}", names.join(", ")),
        ),
    }
}
