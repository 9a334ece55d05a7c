//! Which manifests and chapters of the book have been applied in this world, as far as the records of its steps show.

use super::{Past, Standing};
use crate::plan::{PlannedChapter, RenderedManifest, Step, may_apply};

/// What is known of a manifest in this world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Applied {
    /// A step that applies it has run here.
    Here,
    /// No step that applies it has run here, or `guide down` has deleted what it made.
    NotHere,
    /// No step of the chapter applies it: the chapter only shows it.
    Never,
}

impl Past {
    /// Whether a manifest of this chapter has been applied here, under this profile.
    pub(crate) fn applied(
        &self,
        chapter: &PlannedChapter,
        manifest: &RenderedManifest,
        profile: &str,
    ) -> Applied {
        let applies = |step: &&Step| !step.is_verify() && may_apply(&step.script, &manifest.file);
        let mut steps = chapter.steps.iter().filter(applies).peekable();
        if steps.peek().is_none() {
            Applied::Never
        } else if steps.any(|step| self.has_run_here(step, profile)) {
            Applied::Here
        } else {
            Applied::NotHere
        }
    }

    /// Whether the chapter has run here under this profile and was not deleted by `guide down` since. `None` for a chapter of only
    /// checks: `guide verify` runs those as well, so that the history cannot tell.
    pub(crate) fn has_chapter(&self, chapter: &PlannedChapter, profile: &str) -> Option<bool> {
        let acting: Vec<&Step> = chapter.steps.iter().filter(|step| !step.is_verify()).collect();
        let is_deleted = |step: &&Step| {
            let record = self.record_under(&step.id, profile);
            record.is_some_and(|record| record.standing == Standing::TakenDown)
        };
        let has_run = acting.iter().any(|step| self.has_run_here(step, profile));
        (!acting.is_empty()).then_some(has_run && !acting.iter().any(is_deleted))
    }

    fn has_run_here(&self, step: &Step, profile: &str) -> bool {
        self.record_under(&step.id, profile)
            .is_some_and(|record| record.standing != Standing::TakenDown)
    }
}
