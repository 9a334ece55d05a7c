//! A resolved chapter → what was selected of it, every index put right.

use super::chapter::Resolved;
use super::step::Role;
use super::target::Pick;

/// Leaves only the picked steps. Says whether something was left out that runs when the whole chapter is selected.
pub fn select(resolved: &mut Resolved, pick: &Pick) -> bool {
    let picked = |step: &super::step::Step| match pick {
        Pick::Nothing => false,
        Pick::All => !step.attributes.only_when_named,
        Pick::Steps(names) => names.contains(&step.id.step),
    };
    let kept: Vec<bool> = resolved.steps.iter().map(picked).collect();
    let partial = resolved.steps.iter().zip(&kept).any(|(step, kept)| !kept && !step.attributes.only_when_named);
    if kept.iter().all(|kept| *kept) {
        return false;
    }
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
            Role::Act { proven_by } => *proven_by = proven_by.iter().filter_map(|old| moved(*old)).collect(),
            Role::Verify { proves } => *proves = proves.and_then(moved),
        }
        kept[index - 1]
    });
    let all_done = resolved.done.iter().all(|old| kept[*old]);
    resolved.done = if all_done { resolved.done.iter().filter_map(|old| moved(*old)).collect() } else { Vec::new() };
    for manifest in &mut resolved.manifests {
        manifest.before_step = new_index[manifest.before_step];
    }
    partial
}
