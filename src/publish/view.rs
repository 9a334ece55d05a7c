//! What a page knows: the book as each profile plans it, and what was recorded under it.

use std::collections::HashMap;

use crate::book::{ChapterName, StepName};
use crate::plan::{Plan, PlannedChapter};
use crate::recording::{Included, RecordedStep, Recording};
use crate::secrets::Masker;

/// The book under one profile.
#[derive(Debug)]
pub struct View {
    /// What would run.
    pub plan: Plan,
    /// Files the steps mention.
    pub included: Included,
    /// Accepted recordings, by chapter.
    pub recordings: HashMap<String, Recording>,
    /// Hides the secrets that the values, the caller's environment and the book's Secret objects give.
    pub masker: Masker,
}

/// All profiles; the one with the most recordings first.
pub type Views = [View];

/// A step as a profile sees it.
#[derive(Debug)]
pub enum Seen<'a> {
    /// The profile does not have it.
    Absent,
    /// No recording of it.
    NotRun,
    /// What came out, and why that is out of date (empty: it is not).
    Recorded(&'a RecordedStep, Vec<String>),
}

impl View {
    /// The profile's name.
    #[must_use]
    pub fn profile(&self) -> &str {
        &self.plan.profile
    }

    /// Was anything recorded at all?
    #[must_use]
    pub fn ran(&self) -> bool {
        !self.recordings.is_empty()
    }

    /// The chapter as it would run.
    #[must_use]
    pub fn chapter(&self, name: &ChapterName) -> Option<&PlannedChapter> {
        self.plan.chapters.iter().find(|chapter| chapter.name == *name)
    }

    /// The chapter's recording.
    #[must_use]
    pub fn recording(&self, name: &ChapterName) -> Option<&Recording> {
        self.recordings.get(name.as_str())
    }

    /// A chapter's steps, judged.
    #[must_use]
    pub fn judged(&self, name: &ChapterName) -> HashMap<StepName, Seen<'_>> {
        let Some(chapter) = self.chapter(name) else { return HashMap::new() };
        let mut judged = self.recording(name).map(|recording| recording.judged(&self.plan, chapter, &self.included));
        let seen = |index: usize| match judged.as_mut().and_then(|judged| judged[index].take()) {
            Some((step, reasons)) => Seen::Recorded(step, reasons),
            None => Seen::NotRun,
        };
        let names = chapter.steps.iter().map(|step| step.id.step.clone());
        names.zip((0..chapter.steps.len()).map(seen)).collect()
    }
}
