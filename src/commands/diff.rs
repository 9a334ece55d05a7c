//! `guide diff`: objects of the book that are missing or differ, and objects in its namespaces that no manifest made.

use super::book_context::open;
use super::cluster::WorldLock;
use super::manifest_objects::manifest_objects;
use crate::cli::TargetArgs;
use crate::error::{Error, Exit};
use crate::plan::Selection;
use crate::report;
use crate::settings::Settings;
use crate::store::load_past;

/// Compares manifests with the cluster.
pub(super) fn diff(settings: &Settings, args: &TargetArgs) -> Result<Exit, Error> {
    let context = open(settings)?;
    let whole = context.plan(&Selection::default())?;
    let chosen =
        context.plan(&Selection { targets: args.targets.clone(), ..Selection::default() })?;
    let past = load_past(&context.state, &context.root)?;
    let lock = WorldLock::of(&context, "", super::run::now)?;
    let cluster = lock.cluster()?;
    lock.before()?;
    let mut drift = cluster
        .drift(&manifest_objects(&whole, &whole.chapters, &past)?)
        .map_err(crate::diagnostic::Diagnostic::from)?;
    let names: Vec<_> = chosen.chapters.iter().map(|chapter| chapter.file.clone()).collect();
    if !args.targets.is_empty() {
        drift.missing.retain(|(_, place)| names.contains(&place.file));
        drift.differing.retain(|differing| names.contains(&differing.place.file));
    }
    let masker = context.masker_of(&whole);
    for line in drift.lines() {
        report::write_data(&format!("{}\n", masker.mask(&line.to_string())));
    }
    if drift.is_none() {
        report::write_data("the cluster is as the manifests say\n");
        return Ok(Exit::AsWritten);
    }
    Ok(Exit::Differs)
}
