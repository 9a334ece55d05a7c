//! `guide diff`: how the cluster differs from the book's manifests.

use super::book_context::{BookContext, open};
use super::cluster::WorldLock;
use super::manifest_objects::manifest_objects;
use crate::cli::DiffArgs;
use crate::cluster::DriftRequest;
use crate::diagnostic::Diagnostic;
use crate::error::{Error, Exit};
use crate::history::{Applied, Past};
use crate::plan::{Plan, PlannedChapter, Selection, creating_step};
use crate::report;
use crate::settings::Settings;
use crate::store::load_past;

/// Compares manifests with the cluster: those of the targets, those of the whole book, or by default those that were applied here.
pub(super) fn diff(settings: &Settings, args: &DiffArgs) -> Result<Exit, Error> {
    let context = open(settings)?;
    let whole = context.plan(&Selection::default())?;
    let past = load_past(&context.state, &context.root)?;
    let request = request(&context, args, &whole, &past)?;
    let lock = WorldLock::of(&context, "", super::run::now)?;
    let cluster = lock.cluster()?;
    lock.before()?;
    let mut drift = cluster.drift(&request).map_err(Diagnostic::from)?;
    drift
        .unmanaged
        .retain(|found| creating_step(&whole, &found.object, found.made_by.as_deref()).is_none());
    report::print(&context.masker_of(&whole).mask(&report::drift_text(&drift)))?;
    if let Some(hint) = report::drift_hint(&drift) {
        report::eprint(hint);
    }
    Ok(if drift.is_none() { Exit::AsWritten } else { Exit::Differs })
}

/// Sorts the objects of the whole book by what is expected of them.
fn request(
    context: &BookContext,
    args: &DiffArgs,
    whole: &Plan,
    past: &Past,
) -> Result<DriftRequest, Error> {
    let targets = Selection { targets: args.target.targets.clone(), ..Selection::default() };
    let has_targets = !targets.targets.is_empty();
    let selected = context.plan(&targets)?;
    let is_selected = |chapter: &PlannedChapter| {
        selected.chapters.iter().any(|selected| selected.name == chapter.name)
    };
    let mut request = DriftRequest::default();
    for chapter in &whole.chapters {
        for object in manifest_objects(whole, [chapter], past)? {
            let mut manifests = chapter.manifests.iter();
            let Some(manifest) = manifests.find(|manifest| manifest.place == object.place) else {
                continue;
            };
            let applied = past.applied(chapter, manifest, &whole.profile);
            let list = if !is_selected(chapter) {
                &mut request.ignored
            } else if applied == Applied::Never {
                &mut request.optional
            } else if applied == Applied::Here || has_targets || args.all {
                &mut request.expected
            } else {
                &mut request.not_applied
            };
            list.push(object);
        }
    }
    Ok(request)
}
