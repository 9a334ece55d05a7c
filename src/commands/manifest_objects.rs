//! The objects that a plan's manifests declare. Late manifests are rendered with the values that were bound last.

use crate::cluster::{ManifestObject, manifest_objects_in};
use crate::compare::Bindings;
use crate::diagnostic::Diagnostic;
use crate::error::Error;
use crate::history::Past;
use crate::plan::{Plan, PlannedChapter};

/// Every object of these chapters, in the order of their manifests.
///
/// # Errors
/// When a manifest is not valid YAML.
pub(super) fn manifest_objects<'a>(
    plan: &'a Plan,
    chapters: impl IntoIterator<Item = &'a PlannedChapter>,
    past: &Past,
) -> Result<Vec<ManifestObject>, Error> {
    let mut all = Vec::new();
    for chapter in chapters {
        let bound = bound_last(chapter, past);
        for manifest in &chapter.manifests {
            let text = if manifest.late {
                let bound = crate::manifest::Bound { texts: &bound, numbers: &manifest.numbers };
                // A manifest whose values were never bound has never made objects.
                let Ok(text) = crate::manifest::render_late(&manifest.text, &plan.values, &bound)
                else {
                    continue;
                };
                text
            } else {
                manifest.text.clone()
            };
            let objects = manifest_objects_in(&text, chapter.namespace.as_deref(), &manifest.place);
            all.extend(objects.map_err(Diagnostic::new)?);
        }
    }
    Ok(all)
}

fn bound_last(chapter: &PlannedChapter, past: &Past) -> Bindings {
    chapter
        .steps
        .iter()
        .filter_map(|step| past.steps.get(&step.id))
        .flat_map(|step| step.bound.clone())
        .collect()
}
