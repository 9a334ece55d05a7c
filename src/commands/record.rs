//! After a run: writes pending recordings of the chapters that passed, where they differ from the accepted ones.

use std::collections::BTreeMap;

use super::book_context::BookContext;
use crate::compare::Rules;
use crate::doctor::versions;
use crate::error::Error;
use crate::event::{RunStarted, StepFinished};
use crate::plan::{Plan, PlannedChapter};
use crate::recording::{
    PathAliases, Recording, RecordingInput, make_recording, mentioned_files, same,
};
use crate::report;
use crate::secrets::{Masker, without_printed_secrets, without_secret_data};
use crate::settings::Surroundings;
use crate::store::{
    JOURNAL, Recordings, StoreError, path_aliases, read_journal, read_note, read_stored,
};
use crate::topology::Topology;

/// A run whose chapters can be recorded.
pub(super) struct Recorder<'a> {
    /// The book.
    pub context: &'a BookContext,
    /// The plan that ran.
    pub plan: &'a Plan,
    /// How the run began.
    pub started: &'a RunStarted,
    /// The run's folder.
    pub folder: &'a std::path::Path,
    /// The cluster at the end of each chapter.
    pub shapes: BTreeMap<String, Topology>,
    /// Masks secrets.
    pub masker: &'a Masker,
    /// The user's environment, which names the user's folders.
    pub surroundings: &'a Surroundings,
    /// Writes a recording even if it does not differ from the accepted one.
    pub always: bool,
}

impl Recorder<'_> {
    /// Writes the pending recordings, and returns their number.
    ///
    /// # Errors
    /// When a file cannot be read or written.
    pub(super) fn record(mut self) -> Result<usize, Error> {
        let Some(journal) = read_journal(&self.folder.join(JOURNAL))? else { return Ok(0) };
        let recordings = Recordings::of(&self.context.root);
        let steps = self.plan.chapters.iter().flat_map(|chapter| &chapter.steps);
        let included = recordings.included(steps.flat_map(|step| mentioned_files(&step.script)));
        let versions = self.versions();
        let places = self.places();
        let input = RecordingInput {
            plan: self.plan,
            started: self.started,
            events: &journal.events,
            included: &included,
            versions: &versions,
            aliases: &places,
        };
        let mut written = 0;
        for chapter in self.plan.chapters.iter().filter(|chapter| !chapter.partial) {
            match self.record_chapter(chapter, &input, &recordings) {
                Ok(is_pending) => written += usize::from(is_pending),
                // The run has passed. Recordings that `record = true` asks for are only offered if the book can be written.
                Err(error) if error.is_unwritable() && !self.always => {
                    report::eprint(&report::recordings_not_kept(&error.to_string()));
                    break;
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(written)
    }

    /// Writes the pending recording of a chapter if it differs from the accepted one. Returns whether it does.
    fn record_chapter(
        &mut self,
        chapter: &PlannedChapter,
        input: &RecordingInput<'_>,
        recordings: &Recordings,
    ) -> Result<bool, StoreError> {
        let (name, profile) = (chapter.name.as_str(), self.plan.profile.as_str());
        let accepted = recordings.accepted(name, profile)?;
        let pending = match recordings.pending(name, profile) {
            // A damaged pending recording is replaced by the new one.
            Err(error) if error.is_of_book() => None,
            read => read?,
        };
        let before = pending.as_ref().or(accepted.as_ref());
        let topology = self.shapes.remove(name);
        let folder = self.folder;
        let mut output = |step: &StepFinished| {
            let stored = step.output.as_ref().and_then(|stored| read_stored(folder, stored).ok());
            stored.unwrap_or_default()
        };
        let Some(new) = make_recording(input, chapter, before, topology, &mut output) else {
            return Ok(false);
        };
        let recording = self.masked(new, chapter, input.aliases);
        let is_accepted =
            accepted.is_some_and(|accepted| same(&accepted, &recording, &Rules::default()));
        if is_accepted && !self.always {
            recordings.reject(name, profile)?;
            return Ok(false);
        }
        recordings.write_pending(&recording)?;
        Ok(true)
    }

    /// The names that replace paths of this machine. A folder that is a link has two paths.
    fn places(&self) -> PathAliases {
        let user = self.surroundings;
        let mut folders = vec![
            (self.context.root.clone(), "$GUIDE_BOOK"),
            (self.context.state.clone(), "$GUIDE_STATE"),
        ];
        folders.extend(user.cache.clone().map(|folder| (folder, "$XDG_CACHE_HOME")));
        folders.extend(user.temporary.clone().map(|folder| (folder, "$TMPDIR")));
        folders.extend(user.home.clone().map(|folder| (folder, "$HOME")));
        PathAliases::of(folders.iter().flat_map(|(folder, word)| {
            path_aliases(folder).into_iter().map(move |folder| (folder, *word))
        }))
    }

    fn versions(&self) -> BTreeMap<String, String> {
        if !self.context.has_cluster() {
            return BTreeMap::new();
        }
        let nodes = self.shapes.values().flat_map(|shape| &shape.nodes);
        let node = nodes.clone().next();
        let mut versions =
            versions(&self.context.state.join("bin"), node.map(|node| node.name.as_str()));
        if let Some(node) = node.filter(|node| !node.version.is_empty()) {
            versions.insert("Kubernetes".to_owned(), node.version.clone());
        }
        versions
    }

    /// Adds the manifests that only the run could render, and masks the outputs again: the journal's outputs were masked when they
    /// were written, before later steps made more secrets known.
    fn masked(
        &self,
        mut recording: Recording,
        chapter: &PlannedChapter,
        places: &PathAliases,
    ) -> Recording {
        for manifest in chapter.manifests.iter().filter(|manifest| manifest.late) {
            let path = self.context.state.join("rendered").join(chapter.name.as_str());
            if let Ok(Some(text)) = read_note(&path, &manifest.file) {
                let text = without_secret_data(&format!("{text}\n"));
                let text = places.name_in(&self.masker.mask(&text));
                recording.manifests.insert(manifest.file.clone(), text);
            }
        }
        for step in &mut recording.steps {
            step.output = self.masker.mask(&without_printed_secrets(&step.output));
        }
        recording
    }
}
