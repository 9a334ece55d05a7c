//! `snapshots/CHAPTER/STEP.snap`: accepted outputs in insta's file format; pending ones are beside them as `STEP.snap.new`.
//!
//! `STEP@PROFILE.snap` is for one profile and takes precedence over `STEP.snap`. The text is normalized. If a text was
//! accepted before, a pending one is the accepted text with only the real changes, so that `cargo insta review` and `guide review` show
//! the same. A run writes pending files only; `guide review` accepts them.

#![expect(clippy::disallowed_methods, reason = "`store` is the room that opens files")]

mod file;

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use self::file::{
    ACCEPTED, Header, Info, PENDING, file_text, files, read_snapshot, write_if_changed,
};
use super::error::StoreError;
use super::files::{Durability, remove_if_there};
use super::pending_fence::PendingFences;
use super::temporary::sweep;
use super::texts::chapter_folders;
use crate::book::SnapshotKind;
use crate::compare::{Bindings, Rules, accept_snapshot, hidden};
use crate::engine::SnapshotStore;
use crate::ids::{ChapterName, StepId, StepName};
use crate::plan::Step;

/// The snapshots of a book under one profile.
#[derive(Debug)]
pub(crate) struct Snapshots {
    root: PathBuf,
    folder: PathBuf,
    profile: String,
    /// The pending files that exist and may have to be removed.
    pending: HashSet<PathBuf>,
    fences: PendingFences,
    errors: Vec<StoreError>,
}

/// A pending snapshot.
#[derive(Debug, Clone)]
pub(crate) struct PendingSnapshot {
    pub step: StepId,
    /// The pending file.
    pub path: PathBuf,
    /// The file that it becomes when it is accepted.
    pub accepts_to: PathBuf,
    /// The accepted text; `None` if nothing is accepted yet.
    pub old: Option<String>,
    /// The proposed text.
    pub new: String,
    /// The values of the output that normalizers hide.
    pub hidden: Vec<String>,
    header: Header,
    /// Why the pending file is not a snapshot. Such a file can only be rejected; `new` says the same.
    damaged: Option<String>,
}

impl Snapshots {
    /// The snapshots of the book under `root`. Pending fences are in `state`.
    pub(crate) fn of(root: &Path, state: &Path, profile: &str) -> Self {
        let folder = root.join("snapshots");
        let pending = files(&folder, PENDING).into_iter().collect();
        let fences = PendingFences::of(state);
        Self {
            root: root.to_owned(),
            folder,
            profile: profile.to_owned(),
            pending,
            fences,
            errors: Vec::new(),
        }
    }

    /// The accepted text of a step.
    ///
    /// # Errors
    /// The file exists, and cannot be read or is not a snapshot.
    pub(crate) fn accepted(&self, step: &StepId) -> Result<Option<String>, StoreError> {
        let path = self.accepted_path(step);
        Ok(read_snapshot(&path)?.map(|(_, text)| text))
    }

    /// All pending snapshots, in the order of their file names.
    ///
    /// # Errors
    /// A file cannot be read, or an accepted one is not a snapshot.
    pub(crate) fn pending(&self) -> Result<Vec<PendingSnapshot>, StoreError> {
        let mut found = Vec::new();
        for path in files(&self.folder, PENDING) {
            let Some((step, _)) = self.step_of(&path, PENDING) else { continue };
            let (header, new, damaged) = match read_snapshot(&path) {
                Ok(Some((header, new))) => (header, new, None),
                Ok(None) => continue,
                Err(StoreError::InvalidSnapshot { why, .. }) => {
                    let text = format!("this file is not a snapshot: {why}");
                    (Header::default(), text, Some(why))
                }
                Err(error) => return Err(error),
            };
            let accepts_to = path.with_extension("");
            let old = read_snapshot(&accepts_to)?.map(|(_, text)| text);
            let hidden = header.info.as_ref().map(|info| info.hidden.clone()).unwrap_or_default();
            found.push(PendingSnapshot {
                step,
                path,
                accepts_to,
                old,
                new,
                hidden,
                header,
                damaged,
            });
        }
        Ok(found)
    }

    /// The accepted files that no step uses, relative to the book's root. `used` are all steps of the book, of every profile, that
    /// compare with a snapshot.
    pub(crate) fn unused(&self, used: &HashSet<StepId>) -> Vec<PathBuf> {
        let uses = |path: &PathBuf| {
            self.step_of(path, ACCEPTED).is_some_and(|(step, _)| used.contains(&step))
        };
        let unused = files(&self.folder, ACCEPTED).into_iter().filter(|path| !uses(path));
        unused.map(|path| self.shown(&path)).collect()
    }

    /// The steps of these that have no accepted snapshot of any kind.
    pub(crate) fn without_snapshot<'s>(
        &self,
        steps: impl IntoIterator<Item = &'s StepId>,
    ) -> Vec<&'s StepId> {
        let accepted = files(&self.folder, ACCEPTED);
        let steps_of = accepted.iter().filter_map(|path| Some(self.step_of(path, ACCEPTED)?.0));
        let present: HashSet<StepId> = steps_of.collect();
        steps.into_iter().filter(|step| !present.contains(step)).collect()
    }

    /// Accepts a pending snapshot with this text, which may differ from the proposed one. The pending file remains.
    ///
    /// # Errors
    /// The file cannot be written, or the pending one is damaged.
    pub(crate) fn accept(&self, pending: &PendingSnapshot, text: &str) -> Result<(), StoreError> {
        if let Some(why) = pending.damaged.clone() {
            return Err(StoreError::InvalidSnapshot { path: pending.path.clone(), why });
        }
        let info = pending.header.info.clone().map(|info| Info { hidden: Vec::new(), ..info });
        let header = Header { assertion_line: None, info, ..pending.header.clone() };
        write_if_changed(&pending.accepts_to, &file_text(&header, text), Durability::Synced)
    }

    /// Removes the pending file.
    ///
    /// # Errors
    /// The file exists and cannot be removed.
    pub(crate) fn remove_pending(&self, pending: &PendingSnapshot) -> Result<(), StoreError> {
        remove_if_there(&pending.path)
    }

    /// The errors of files during the run. The ports of the engine do not return them, so that the command takes them from here at the
    /// end of the run.
    pub(crate) fn take_errors(&mut self) -> Vec<StoreError> {
        std::mem::take(&mut self.errors)
    }

    /// Removes the temporary files that killed processes left beside the snapshots.
    pub(crate) fn sweep(&self) {
        chapter_folders(&self.folder).iter().for_each(|folder| sweep(folder));
        self.fences.sweep();
    }

    /// A path as messages show it.
    pub(crate) fn shown(&self, path: &Path) -> PathBuf {
        path.strip_prefix(&self.root).unwrap_or(path).to_owned()
    }

    fn accepted_path(&self, step: &StepId) -> PathBuf {
        let folder = self.folder.join(step.chapter.as_str());
        let own = folder.join(format!("{}@{}.{ACCEPTED}", step.step, self.profile));
        if own.exists() { own } else { folder.join(format!("{}.{ACCEPTED}", step.step)) }
    }

    fn pending_path(&self, step: &StepId) -> PathBuf {
        let accepted = self.accepted_path(step);
        let mut name = accepted.file_name().unwrap_or_default().to_owned();
        name.push(".new");
        accepted.with_file_name(name)
    }

    /// The step and the profile that the name of a file describes.
    fn step_of(&self, path: &Path, extension: &str) -> Option<(StepId, Option<String>)> {
        let chapter = path.parent()?.strip_prefix(&self.folder).ok()?.to_str()?;
        let name = path.file_name()?.to_str()?.strip_suffix(extension)?.strip_suffix('.')?;
        let (step, profile) = name
            .split_once('@')
            .map_or((name, None), |(step, profile)| (step, Some(profile.to_owned())));
        Some((StepId { chapter: ChapterName::new(chapter), step: StepName::new(step) }, profile))
    }

    fn try_write_pending(
        &mut self,
        step: &Step,
        kind: SnapshotKind,
        bound: &Bindings,
        output: &[u8],
    ) -> Result<PathBuf, StoreError> {
        let old = self.accepted(&step.id)?;
        let rules = Rules(step.normalizers());
        let text = accept_snapshot(old.as_deref(), output, kind, bound, &rules);
        let header = Header {
            source: Some(step.place.file.display().to_string()),
            assertion_line: Some(step.place.line),
            expression: Some(step.script.trim_end().to_owned()),
            snapshot_kind: None,
            info: Some(Info {
                kind: Some(kind),
                profile: Some(self.profile.clone()).filter(|name| !name.is_empty()),
                hidden: hidden(output, kind, &rules),
            }),
        };
        let path = self.pending_path(&step.id);
        write_if_changed(&path, &file_text(&header, &text), Durability::Lazy)?;
        self.pending.insert(path.clone());
        Ok(self.shown(&path))
    }

    fn try_clear_pending(&mut self, step: &Step) -> Result<(), StoreError> {
        if step.attributes.snapshot.is_some() && !self.pending.is_empty() {
            let path = self.pending_path(&step.id);
            if self.pending.remove(&path) {
                remove_if_there(&path)?;
            }
        }
        if step.expected.is_some() { self.fences.clear_pending(&step.id) } else { Ok(()) }
    }

    fn keep_error<T>(&mut self, result: Result<T, StoreError>) -> Option<T> {
        result.map_err(|error| self.errors.push(error)).ok()
    }
}

impl SnapshotStore for Snapshots {
    fn accepted_text(&mut self, step: &Step) -> Option<String> {
        let accepted = self.accepted(&step.id);
        self.keep_error(accepted).flatten()
    }

    fn write_pending(
        &mut self,
        step: &Step,
        kind: SnapshotKind,
        bound: &Bindings,
        output: &[u8],
    ) -> Option<PathBuf> {
        let written = self.try_write_pending(step, kind, bound, output);
        self.keep_error(written)
    }

    fn write_pending_fence(
        &mut self,
        step: &Step,
        bound: &Bindings,
        output: &[u8],
    ) -> Option<PathBuf> {
        let written = self.fences.write_pending(step, bound, output);
        self.keep_error(written)
    }

    fn clear_pending(&mut self, step: &Step) {
        let cleared = self.try_clear_pending(step);
        self.keep_error(cleared);
    }
}

#[cfg(test)]
mod tests;
