//! `when=`: the condition that decides whether a step runs at all.

use std::collections::BTreeSet;

use super::context::{ChapterRun, RunContext, StepRef};
use crate::manifest::Bound;
use crate::plan::condition;

/// The reason to skip a step: its own `when=`, or the `when=` of the step that it proves, is not
/// true. `None`: the step is not skipped.
///
/// # Errors
/// A text for the person, when a condition cannot be evaluated.
pub(super) fn unmet_condition(
    ctx: &RunContext<'_, '_>,
    run: &ChapterRun<'_>,
    step: StepRef<'_>,
) -> Result<Option<String>, String> {
    for conditional in step.chapter.conditions_of(step.position.1) {
        let Some(expression) = conditional.attributes.when.as_deref() else { continue };
        let bound = Bound { texts: &run.bound, numbers: &conditional.numbers };
        let is_met =
            condition::is_met(expression, &ctx.plan().values, &bound, chapters_that_passed(ctx))
                .map_err(|why| format!("`when=\"{expression}\"` cannot be evaluated: {why}"))?;
        if !is_met {
            let of = if conditional.id == step.step.id {
                String::new()
            } else {
                format!(" of {}", conditional.id.step)
            };
            return Ok(Some(format!("`when=\"{expression}\"`{of} is not true")));
        }
    }
    Ok(None)
}

/// The chapters of which every step passed when they last ran in this world, in this run or an
/// earlier one.
fn chapters_that_passed(ctx: &RunContext<'_, '_>) -> BTreeSet<String> {
    let (past, profile) = (ctx.request.past, &ctx.plan().profile);
    let before = past
        .chapters
        .iter()
        .filter(|(_, last)| last.passed_as.is_some() && last.profile == *profile)
        .map(|(name, _)| name.to_string());
    before.chain(ctx.passed_chapters.iter().cloned()).collect()
}
