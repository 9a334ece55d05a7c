//! `snapshots/CHAPTER/STEP.snap`: accepted outputs in insta's file format; pending ones stand beside them as `STEP.snap.new`.
//!
//! `STEP@PROFILE.snap` is for one profile and takes precedence over `STEP.snap`. The text is normalized, and where something was
//! accepted before, it is the accepted text with only what truly changed in it, so that `cargo insta review` and `guide review` show
//! the same. This is the only file that uses insta. A run writes pending files only; `guide review` accepts them.

#![expect(clippy::disallowed_methods, reason = "`store` is the room that opens files")]

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::error::StoreError;
use super::files::{Durability, read_if_there, remove_if_there, replace_book_file};
use super::pending_fence::PendingFences;
use super::temporary::sweep;
use super::texts::{chapter_folders, list};
use crate::book::SnapshotKind;
use crate::compare::{Bindings, Rules, accept_snapshot, hidden};
use crate::engine::SnapshotStore;
use crate::ids::StepId;
use crate::ids::{ChapterName, StepName};
use crate::plan::Step;

const ACCEPTED: &str = "snap";
const PENDING: &str = "snap.new";

/// What stands between the `---` lines of a snapshot file. insta keeps all of it when it accepts, except `assertion_line`.
#[derive(Debug, Clone, Serialize, Deserialize, Default)]
struct Header {
    /// The chapter's file, relative to the book's root.
    source: Option<String>,
    /// 1-based line of the step; pending files only.
    #[serde(skip_serializing_if = "Option::is_none")]
    assertion_line: Option<u32>,
    /// The step's script.
    expression: Option<String>,
    /// What guide adds to insta's format.
    #[serde(skip_serializing_if = "Option::is_none")]
    info: Option<Info>,
}

#[derive(Debug, Clone, Serialize, Deserialize, Default)]
struct Info {
    /// How outputs are compared with it.
    kind: Option<SnapshotKind>,
    /// Profile of the run that wrote it.
    profile: Option<String>,
    /// What normalizers hide of the output; pending files only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    hidden: Vec<String>,
}

/// Snapshots of a book, as one profile sees them.
#[derive(Debug)]
pub(crate) struct Snapshots {
    root: PathBuf,
    folder: PathBuf,
    profile: String,
    /// Pending files that exist, and may have to be removed.
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
    /// The file it becomes when accepted.
    pub accepts_to: PathBuf,
    /// The accepted text; `None` when nothing was accepted yet.
    pub old: Option<String>,
    /// The text proposed.
    pub new: String,
    /// What normalizers hide of the output.
    pub hidden: Vec<String>,
    header: Header,
    /// Why the pending file is not a snapshot. Such a file can only be rejected; `new` says the same.
    damaged: Option<String>,
}

impl Snapshots {
    /// The snapshots of the book under `root`; pending fences stand in `state`.
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
    /// When there is a file that cannot be read, or is not a snapshot.
    pub(crate) fn accepted(&self, step: &StepId) -> Result<Option<String>, StoreError> {
        let path = self.accepted_path(step);
        Ok(read_snapshot(&path)?.map(|(_, text)| text))
    }

    /// Everything that is pending, in the order of the files' names.
    ///
    /// # Errors
    /// When one of the files cannot be read, or an accepted one is not a snapshot.
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

    /// Accepted files that no step uses, relative to the book's root; `used`: every step of the whole book, of whichever profile,
    /// that compares with a snapshot.
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

    /// Accepts a pending snapshot with this text, which may be another than the one proposed; the pending file stays.
    ///
    /// # Errors
    /// When the file cannot be written, or the pending one is damaged.
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
    /// When it exists and cannot be removed.
    pub(crate) fn remove_pending(&self, pending: &PendingSnapshot) -> Result<(), StoreError> {
        remove_if_there(&pending.path)
    }

    /// The errors of files during the run. The engine's ports have no place for them, so the command takes them from here when the run
    /// has ended.
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

    /// The step and the profile that a file's name stands for.
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

    fn note<T>(&mut self, result: Result<T, StoreError>) -> Option<T> {
        result.map_err(|error| self.errors.push(error)).ok()
    }
}

impl SnapshotStore for Snapshots {
    fn accepted_text(&mut self, step: &Step) -> Option<String> {
        let accepted = self.accepted(&step.id);
        self.note(accepted).flatten()
    }

    fn write_pending(
        &mut self,
        step: &Step,
        kind: SnapshotKind,
        bound: &Bindings,
        output: &[u8],
    ) -> Option<PathBuf> {
        let written = self.try_write_pending(step, kind, bound, output);
        self.note(written)
    }

    fn write_pending_fence(
        &mut self,
        step: &Step,
        bound: &Bindings,
        output: &[u8],
    ) -> Option<PathBuf> {
        let written = self.fences.write_pending(step, bound, output);
        self.note(written)
    }

    fn clear_pending(&mut self, step: &Step) {
        let cleared = self.try_clear_pending(step);
        self.note(cleared);
    }
}

/// Files below the folder whose names end with `.extension`, sorted.
fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let ending = format!(".{extension}");
    let has_extension = |path: &PathBuf| {
        path.file_name()
            .and_then(|name| name.to_str())
            .is_some_and(|name| name.ends_with(&ending) && !name.starts_with('.'))
    };
    let mut files = Vec::new();
    for chapter in chapter_folders(folder) {
        files.extend(list(&chapter).into_iter().filter(has_extension));
    }
    files
}

/// Header and text of a snapshot file; `None` when there is none.
fn read_snapshot(path: &Path) -> Result<Option<(Header, String)>, StoreError> {
    let Some(bytes) = read_if_there(path)? else { return Ok(None) };
    let invalid = |why: String| StoreError::InvalidSnapshot { path: path.to_owned(), why };
    let file = String::from_utf8_lossy(&bytes);
    // insta takes a file without a header for one of its old format, and prints a warning.
    let Some(rest) = file.strip_prefix("---\n").or_else(|| file.strip_prefix("---\r\n")) else {
        return Err(invalid("its first line is not `---`".to_owned()));
    };
    let header =
        rest.lines().take_while(|line| line.trim_end() != "---").collect::<Vec<_>>().join("\n");
    let header: Header =
        serde_yaml::from_str(&header).map_err(|error| invalid(error.to_string()))?;
    let snapshot = insta::Snapshot::from_file(path).map_err(|error| invalid(error.to_string()))?;
    let text = snapshot
        .contents()
        .as_text()
        .ok_or_else(|| invalid("it contains no text".to_owned()))?
        .to_string();
    Ok(Some((header, text)))
}

fn file_text(header: &Header, text: &str) -> String {
    let header = serde_yaml::to_string(header).unwrap_or_default();
    format!("---\n{header}---\n{}\n", text.trim_end())
}

fn write_if_changed(path: &Path, text: &str, durability: Durability) -> Result<(), StoreError> {
    if read_if_there(path)?.is_some_and(|present| present == text.as_bytes()) {
        return Ok(());
    }
    replace_book_file(path, text.as_bytes(), durability)
}

#[cfg(test)]
mod tests;
