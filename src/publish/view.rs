//! The data of a page: the plan of the book under each profile, and its recordings.

use std::collections::{HashMap, HashSet};

use regex::Regex;

use crate::ids::{ChapterName, StepName};
use crate::plan::{Plan, PlannedChapter};
use crate::recording::{Included, RecordedStep, Recording};
use crate::secrets::Masker;

/// The book under one profile.
#[derive(Debug)]
pub(crate) struct View {
    /// The plan of the whole book.
    pub plan: Plan,
    /// The files that the steps mention.
    pub included: Included,
    /// Accepted recordings, by chapter.
    pub recordings: HashMap<String, Recording>,
    /// Masks the secrets of the values, the caller's environment and the book's Secret objects.
    pub masker: Masker,
    /// The part of the cluster that belongs to the book.
    pub own: Own,
    /// The index of each chapter in the plan.
    places: HashMap<ChapterName, usize>,
}

/// The part of a cluster that belongs to the book. Pods and nodes of other users are not shown on its pages.
#[derive(Debug, Default)]
pub(crate) struct Own {
    /// The namespaces that its chapters, manifests and commands name.
    pub namespaces: HashSet<String>,
    /// Whether the whole cluster belongs to the book, with every node.
    pub nodes: bool,
}

impl Own {
    /// The part of the cluster that belongs to a plan. `nodes` is whether the book has a cluster of its own.
    fn of(plan: &Plan, nodes: bool) -> Self {
        let named = Regex::new(
            r#"(?:(?:^|\s)(?:-n|--namespace|namespaces?|ns)[\s=/]+|namespace:\s*)["']?([a-z0-9][a-z0-9-]*)"#,
        );
        let (Ok(named), mut namespaces) = (named, HashSet::new()) else {
            return Self { nodes, ..Self::default() };
        };
        let mut add = |text: &str| {
            namespaces.extend(named.captures_iter(text).map(|found| found[1].to_owned()));
        };
        for chapter in &plan.chapters {
            chapter.steps.iter().for_each(|step| add(&step.script));
            chapter.manifests.iter().for_each(|manifest| add(&manifest.text));
        }
        for chapter in &plan.chapters {
            namespaces.extend(chapter.namespace.clone());
            for object in chapter.manifests.iter().flat_map(|manifest| &manifest.objects) {
                let own = if object.kind == "Namespace" {
                    Some(&object.name)
                } else {
                    object.namespace.as_ref()
                };
                namespaces.insert(own.cloned().unwrap_or_else(|| "default".to_owned()));
            }
        }
        Self { namespaces, nodes }
    }
}

/// All profiles, the one with the most recordings first.
pub(crate) type Views = [View];

/// A step under a profile. A profile without the step has no entry.
#[derive(Debug)]
pub(crate) enum StepView<'a> {
    /// It is not recorded.
    NotRun,
    /// Its recorded result, and the reasons why it is stale (none: it is current).
    Recorded(&'a RecordedStep, Vec<String>),
}

impl View {
    /// The book under one profile. `own_cluster` is whether the book has a cluster of its own.
    pub(crate) fn new(
        plan: Plan,
        included: Included,
        recordings: HashMap<String, Recording>,
        own_cluster: bool,
        masker: Masker,
    ) -> Self {
        let own = if recordings.values().any(|recording| recording.shape.is_some()) {
            Own::of(&plan, own_cluster)
        } else {
            Own::default()
        };
        let places = plan
            .chapters
            .iter()
            .enumerate()
            .map(|(index, chapter)| (chapter.name.clone(), index))
            .collect();
        Self { plan, included, recordings, masker, own, places }
    }

    /// The profile's name.
    pub(crate) fn profile(&self) -> &str {
        &self.plan.profile
    }

    /// Whether anything is recorded under this profile.
    pub(crate) fn ran(&self) -> bool {
        !self.recordings.is_empty()
    }

    /// The chapter as it would run.
    pub(crate) fn chapter(&self, name: &ChapterName) -> Option<&PlannedChapter> {
        self.places.get(name).map(|index| &self.plan.chapters[*index])
    }

    /// The chapter's recording.
    pub(crate) fn recording(&self, name: &ChapterName) -> Option<&Recording> {
        self.recordings.get(name.as_str())
    }

    /// The steps of a chapter.
    pub(crate) fn steps(&self, name: &ChapterName) -> HashMap<StepName, StepView<'_>> {
        let Some(chapter) = self.chapter(name) else { return HashMap::new() };
        let mut judged = self
            .recording(name)
            .map(|recording| recording.judged(&self.plan, chapter, &self.included));
        let seen = |index: usize| match judged.as_mut().and_then(|judged| judged[index].take()) {
            Some((step, reasons)) => StepView::Recorded(step, reasons),
            None => StepView::NotRun,
        };
        let names = chapter.steps.iter().map(|step| step.id.step.clone());
        names.zip((0..chapter.steps.len()).map(seen)).collect()
    }
}
