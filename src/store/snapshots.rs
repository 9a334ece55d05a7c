//! `snapshots/CHAPTER/STEP.snap`: accepted outputs, in insta's file format, pending ones beside them as `STEP.snap.new`.
//!
//! `STEP@PROFILE.snap` speaks for one profile and wins over `STEP.snap`. The text is normalised, and where something was accepted
//! before it is the accepted text with only what truly changed in it: so `cargo insta review` and `guide review` show the same.
//! The only file that names insta. A run writes pending files only; what is accepted is `guide review`'s business.

#![expect(clippy::disallowed_methods, reason = "`store` is the room that opens files")]

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::error::StoreError;
use super::pending_fence::PendingFences;
use super::texts::{chapter_folders, list};
use super::whole_file::{read_if_there, replace_file};
use crate::book::SnapshotKind;
use crate::compare::{Bindings, Rules, accept_snapshot, hidden};
use crate::engine::SnapshotStore;
use crate::ids::StepId;
use crate::ids::{ChapterName, StepName};
use crate::plan::Step;

const ACCEPTED: &str = "snap";
const PENDING: &str = "snap.new";

/// What stands between the `---` lines of a snapshot file. insta keeps all of it when it accepts (but `assertion_line`).
#[derive(Debug, Clone, Serialize, Deserialize, Default)]
struct Header {
    /// The chapter's file, relative to the book's root.
    source: Option<String>,
    /// 1-based line of the step; pending files only.
    #[serde(skip_serializing_if = "Option::is_none")]
    assertion_line: Option<u32>,
    /// The step's script.
    expression: Option<String>,
    /// What guide adds.
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
    /// Pending files that may have to go.
    pending: HashSet<PathBuf>,
    fences: PendingFences,
    faults: Vec<StoreError>,
}

/// A pending snapshot.
#[derive(Debug, Clone)]
pub(crate) struct PendingSnapshot {
    pub step: StepId,
    /// The profile it speaks for alone.
    pub profile: Option<String>,
    /// The pending file.
    pub path: PathBuf,
    /// The file it becomes when accepted.
    pub accepts_to: PathBuf,
    /// The accepted text; `None` when nothing was accepted yet.
    pub old: Option<String>,
    /// The text proposed.
    pub new: String,
    /// How outputs are compared with it, where the file tells.
    pub kind: Option<SnapshotKind>,
    /// What normalizers hide of the output.
    pub hidden: Vec<String>,
    header: Header,
}

impl Snapshots {
    /// Those of the book under `root`; pending fences stand in `state`.
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
            faults: Vec::new(),
        }
    }

    /// The accepted text of a step.
    ///
    /// # Errors
    /// When there is a file that can't be read, or is no snapshot.
    pub(crate) fn accepted(&self, step: &StepId) -> Result<Option<String>, StoreError> {
        let path = self.accepted_path(step);
        Ok(read_snapshot(&path)?.map(|(_, text)| text))
    }

    /// Everything that is pending, in the order of the files' names.
    ///
    /// # Errors
    /// When one of the files can't be read, or is no snapshot.
    pub(crate) fn pending(&self) -> Result<Vec<PendingSnapshot>, StoreError> {
        let mut found = Vec::new();
        for path in files(&self.folder, PENDING) {
            let Some((step, profile)) = self.step_of(&path, PENDING) else { continue };
            let Some((header, new)) = read_snapshot(&path)? else { continue };
            let accepts_to = path.with_extension("");
            let old = read_snapshot(&accepts_to)?.map(|(_, text)| text);
            let kind = header.info.as_ref().and_then(|info| info.kind);
            let hidden = header.info.as_ref().map(|info| info.hidden.clone()).unwrap_or_default();
            found.push(PendingSnapshot {
                step,
                profile,
                path,
                accepts_to,
                old,
                new,
                kind,
                hidden,
                header,
            });
        }
        Ok(found)
    }

    /// SnapshotStore files that no step uses, relative to the book's root; `used`: every step of the whole book, of whichever profile,
    /// that compares with a snapshot.
    pub(crate) fn unused(&self, used: &HashSet<StepId>) -> Vec<PathBuf> {
        let uses = |path: &PathBuf| {
            self.step_of(path, ACCEPTED).is_some_and(|(step, _)| used.contains(&step))
        };
        let unused = files(&self.folder, ACCEPTED).into_iter().filter(|path| !uses(path));
        unused.map(|path| self.shown(&path)).collect()
    }

    /// Accepts a pending snapshot with this text, which may be another than the one proposed; the pending file stays.
    ///
    /// # Errors
    /// When the file can't be written.
    pub(crate) fn accept(&self, pending: &PendingSnapshot, text: &str) -> Result<(), StoreError> {
        let info = pending.header.info.clone().map(|info| Info { hidden: Vec::new(), ..info });
        let header = Header { assertion_line: None, info, ..pending.header.clone() };
        write_if_changed(&pending.accepts_to, &file_text(&header, text))
    }

    /// Takes the pending file away.
    ///
    /// # Errors
    /// When it is there and can't be removed.
    pub(crate) fn remove_pending(&self, pending: &PendingSnapshot) -> Result<(), StoreError> {
        remove(&pending.path)
    }

    /// What went wrong with files during the run: the engine's ports have no place for it, so whoever began the run takes it from
    /// here when the run has ended.
    pub(crate) fn take_errors(&mut self) -> Vec<StoreError> {
        std::mem::take(&mut self.faults)
    }

    /// A path as people read it.
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

    /// The step and profile a file's name tells.
    fn step_of(&self, path: &Path, extension: &str) -> Option<(StepId, Option<String>)> {
        let chapter = path.parent()?.strip_prefix(&self.folder).ok()?.to_str()?;
        let name = path.file_name()?.to_str()?.strip_suffix(extension)?.strip_suffix('.')?;
        let (step, profile) = name
            .split_once('@')
            .map_or((name, None), |(step, profile)| (step, Some(profile.to_owned())));
        Some((StepId { chapter: ChapterName::new(chapter), step: StepName::new(step) }, profile))
    }

    fn try_pend(
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
        write_if_changed(&path, &file_text(&header, &text))?;
        self.pending.insert(path.clone());
        Ok(self.shown(&path))
    }

    fn try_settle(&mut self, step: &Step) -> Result<(), StoreError> {
        if step.attributes.snapshot.is_some() && !self.pending.is_empty() {
            let path = self.pending_path(&step.id);
            if self.pending.remove(&path) {
                remove(&path)?;
            }
        }
        if step.expected.is_some() { self.fences.settle(&step.id) } else { Ok(()) }
    }

    fn note<T>(&mut self, result: Result<T, StoreError>) -> Option<T> {
        result.map_err(|fault| self.faults.push(fault)).ok()
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
        let pended = self.try_pend(step, kind, bound, output);
        self.note(pended)
    }

    fn write_pending_fence(
        &mut self,
        step: &Step,
        bound: &Bindings,
        output: &[u8],
    ) -> Option<PathBuf> {
        let pended = self.fences.pend(step, bound, output);
        self.note(pended)
    }

    fn clear_pending(&mut self, step: &Step) {
        let settled = self.try_settle(step);
        self.note(settled);
    }
}

/// Files below the folder whose name ends with `.extension`, sorted.
fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let ending = format!(".{extension}");
    let wanted = |path: &PathBuf| {
        path.file_name()
            .and_then(|name| name.to_str())
            .is_some_and(|name| name.ends_with(&ending) && !name.starts_with('.'))
    };
    let mut files = Vec::new();
    for chapter in chapter_folders(folder) {
        files.extend(list(&chapter).into_iter().filter(wanted));
    }
    files
}

/// Header and text of a snapshot file; `None` when there is none.
fn read_snapshot(path: &Path) -> Result<Option<(Header, String)>, StoreError> {
    let Some(bytes) = read_if_there(path)? else { return Ok(None) };
    let wrong = |why: String| StoreError::InvalidSnapshot { path: path.to_owned(), why };
    let file = String::from_utf8_lossy(&bytes);
    // insta would take a file without header for one of its old format, and print so.
    let Some(rest) = file.strip_prefix("---\n").or_else(|| file.strip_prefix("---\r\n")) else {
        return Err(wrong("its first line is not `---`".to_owned()));
    };
    let header =
        rest.lines().take_while(|line| line.trim_end() != "---").collect::<Vec<_>>().join("\n");
    let header: Header = serde_yaml::from_str(&header).map_err(|error| wrong(error.to_string()))?;
    let snapshot = insta::Snapshot::from_file(path).map_err(|error| wrong(error.to_string()))?;
    let text = snapshot
        .contents()
        .as_text()
        .ok_or_else(|| wrong("it holds no text".to_owned()))?
        .to_string();
    Ok(Some((header, text)))
}

fn file_text(header: &Header, text: &str) -> String {
    let header = serde_yaml::to_string(header).unwrap_or_default();
    format!("---\n{header}---\n{}\n", text.trim_end())
}

fn write_if_changed(path: &Path, text: &str) -> Result<(), StoreError> {
    if read_if_there(path)?.is_some_and(|present| present == text.as_bytes()) {
        return Ok(());
    }
    replace_file(path, text.as_bytes(), false)
}

fn remove(path: &Path) -> Result<(), StoreError> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(StoreError::io("remove", path)(error))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
