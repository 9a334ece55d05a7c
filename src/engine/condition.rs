//! `when=`: whether a step has a turn at all.

use std::collections::BTreeSet;

use super::chapter::ChapterRun;
use super::run::Run;
use crate::manifest::Bound;
use crate::plan::condition;

impl Run<'_, '_> {
    /// Why a step is skipped: its own `when=`, or that of the step it proves, is not true. `None`: the step has its turn.
    ///
    /// # Errors
    /// A condition has no value, in words.
    pub(super) fn unmet_condition(
        &self,
        run: &ChapterRun,
        index: usize,
    ) -> Result<Option<String>, String> {
        let chapter = &self.request.plan.chapters[run.chapter];
        for step in chapter.conditions_of(index) {
            let Some(expression) = step.attributes.when.as_deref() else { continue };
            let bound = Bound { texts: &run.bound, numbers: &step.numbers };
            let values = &self.request.plan.values;
            let is_met = condition::is_met(expression, values, &bound, self.chapters_that_ran())
                .map_err(|why| format!("`when=\"{expression}\"` cannot be evaluated: {why}"))?;
            if !is_met {
                let of = if step.id == chapter.steps[index].id {
                    String::new()
                } else {
                    format!(" of {}", step.id.step)
                };
                return Ok(Some(format!("`when=\"{expression}\"`{of} is not true")));
            }
        }
        Ok(None)
    }

    /// The chapters that passed whole when they last ran in this world: in this run, or in one before it.
    fn chapters_that_ran(&self) -> BTreeSet<String> {
        let (past, profile) = (self.request.past, &self.request.plan.profile);
        let before = past
            .chapters
            .iter()
            .filter(|(_, last)| last.passed_as.is_some() && last.profile == *profile)
            .map(|(name, _)| name.to_string());
        before.chain(self.passed.iter().cloned()).collect()
    }
}
