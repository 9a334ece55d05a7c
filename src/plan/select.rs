//! Keeps the selected steps of a resolved chapter, and adjusts every index.

use std::collections::HashMap;

use super::chapter::Resolved;
use super::parts::words;
use super::selection::ChapterSelection;
use super::step::{FromBefore, Role, Step};

/// Keeps only the selected steps. Returns whether it removed a step that runs when the whole chapter is selected.
pub(super) fn select(resolved: &mut Resolved, pick: &ChapterSelection) -> bool {
    let picked = |step: &Step| match pick {
        ChapterSelection::Nothing => false,
        ChapterSelection::All => !step.attributes.only_when_named,
        ChapterSelection::Steps(names) => names.contains(&step.id.step),
    };
    let kept: Vec<bool> = resolved.steps.iter().map(picked).collect();
    let partial = resolved
        .steps
        .iter()
        .zip(&kept)
        .any(|(step, kept)| !kept && !step.attributes.only_when_named);
    if kept.iter().all(|kept| *kept) {
        return false;
    }
    resolved.from_before = from_before(resolved, &kept);
    let mut new_index = Vec::with_capacity(kept.len() + 1);
    let mut count = 0;
    for kept in &kept {
        new_index.push(count);
        count += usize::from(*kept);
    }
    new_index.push(count);
    let moved = |old: usize| kept[old].then(|| new_index[old]);
    let mut index = 0;
    resolved.steps.retain_mut(|step| {
        index += 1;
        match &mut step.role {
            Role::Act { proven_by } => {
                *proven_by = proven_by.iter().filter_map(|old| moved(*old)).collect();
            }
            Role::Verify { proves } => *proves = proves.and_then(moved),
        }
        kept[index - 1]
    });
    let all_done = resolved.done.iter().all(|old| kept[*old]);
    resolved.done = if all_done {
        resolved.done.iter().filter_map(|old| moved(*old)).collect()
    } else {
        Vec::new()
    };
    for manifest in &mut resolved.manifests {
        manifest.before_step = new_index[manifest.before_step];
    }
    partial
}

/// The names that kept steps, or the late manifests before them, read, and that removed steps bind.
fn from_before(resolved: &Resolved, kept: &[bool]) -> Vec<FromBefore> {
    let steps = &resolved.steps;
    let removed = (0..steps.len()).filter(|index| !kept[*index]);
    let binders: HashMap<&str, usize> = removed
        .flat_map(|index| steps[index].binds.iter().map(move |name| (name.as_str(), index)))
        .collect();
    let mut found: Vec<FromBefore> = Vec::new();
    if binders.is_empty() {
        return found;
    }
    for (index, step) in steps.iter().enumerate().filter(|(index, _)| kept[*index]) {
        let late = resolved
            .manifests
            .iter()
            .filter(|manifest| manifest.late && manifest.before_step == index);
        let condition = step.attributes.check.as_deref().unwrap_or_default();
        let reads = step
            .reads
            .iter()
            .map(String::as_str)
            .chain(words(condition))
            .chain(late.flat_map(|late| words(&late.text)));
        for name in reads {
            let Some(binder) = binders.get(name).filter(|binder| **binder < index) else {
                continue;
            };
            if !found.iter().any(|known| known.name == name) {
                let (binder, reader) = (steps[*binder].id.clone(), step.id.clone());
                found.push(FromBefore { name: name.to_owned(), binder, reader });
            }
        }
    }
    found
}
