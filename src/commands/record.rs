//! After a run: recordings of the chapters that ended as written, pending where they tell something new.

use std::collections::BTreeMap;

use super::book_context::BookContext;
use crate::compare::Rules;
use crate::doctor::versions;
use crate::error::Error;
use crate::event::RunStarted;
use crate::plan::{Plan, PlannedChapter};
use crate::recording::{
    PathAliases, Recording, RecordingInput, make_recording, mentioned_files, same,
};
use crate::report;
use crate::secrets::{Masker, without_printed_secrets, without_secret_data};
use crate::settings::Surroundings;
use crate::store::{JOURNAL, Recordings, path_aliases, read_journal, read_note, read_stored};
use crate::topology::Topology;

/// What a run left to record.
pub(super) struct Recorder<'a> {
    /// The book.
    pub context: &'a BookContext,
    /// What ran.
    pub plan: &'a Plan,
    /// How the run began.
    pub started: &'a RunStarted,
    /// The run's folder.
    pub folder: &'a std::path::Path,
    /// The cluster at the end of each chapter.
    pub shapes: BTreeMap<String, Topology>,
    /// Hides secrets.
    pub masker: &'a Masker,
    /// Where the user's folders are.
    pub surroundings: &'a Surroundings,
    /// Offer also what tells nothing new.
    pub always: bool,
}

impl Recorder<'_> {
    /// Writes what waits, and says so.
    ///
    /// # Errors
    /// As [`Recorder::record`].
    pub(super) fn tell(self) -> Result<(), Error> {
        report::eprint(&report::recordings_pending(self.record()?));
        Ok(())
    }

    /// Writes what waits; how many recordings that are.
    ///
    /// # Errors
    /// When a file can't be read or written.
    pub(super) fn record(mut self) -> Result<usize, Error> {
        let Some(journal) = read_journal(&self.folder.join(JOURNAL))? else { return Ok(0) };
        let recordings = Recordings::of(&self.context.root);
        let scripts = self.plan.chapters.iter().flat_map(|chapter| &chapter.steps);
        let included = recordings.included(scripts.flat_map(|step| mentioned_files(&step.script)));
        let versions = self.versions();
        let places = self.places();
        let making = RecordingInput {
            plan: self.plan,
            started: self.started,
            events: &journal.events,
            included: &included,
            versions: &versions,
            places: &places,
        };
        let mut waiting = 0;
        for chapter in self.plan.chapters.iter().filter(|chapter| !chapter.partial) {
            let (name, profile) = (chapter.name.as_str(), self.plan.profile.as_str());
            let accepted = recordings.accepted(name, profile)?;
            let pending = match recordings.pending(name, profile) {
                // A damaged pending recording is replaced by the new one.
                Err(error) if error.is_of_book() => None,
                read => read?,
            };
            let shape = self.shapes.remove(name);
            let mut output = |step: &crate::event::StepFinished| {
                let stored =
                    step.output.as_ref().and_then(|stored| read_stored(self.folder, stored).ok());
                stored.unwrap_or_default()
            };
            let made = make_recording(
                &making,
                chapter,
                pending.as_ref().or(accepted.as_ref()),
                shape,
                &mut output,
            );
            let Some(made) = made else { continue };
            let recording = self.masked(made, chapter, &places);
            if !self.always
                && accepted
                    .as_ref()
                    .is_some_and(|accepted| same(accepted, &recording, &Rules::default()))
            {
                recordings.reject(name, profile)?;
                continue;
            }
            match recordings.write_pending(&recording) {
                Ok(_) => waiting += 1,
                // The run has passed. Recordings that `record = true` asks for are only offered where the book can be written.
                Err(error) if error.is_unwritable() && !self.always => {
                    report::eprint(&report::recordings_not_kept(&error.to_string()));
                    break;
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(waiting)
    }

    /// What may stand for a path of this machine. A folder that is a link has two.
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

    /// Adds the manifests that only the run could render. The journal's outputs are masked already; what became known as a secret
    /// later is masked here.
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
