//! `snapshots/CHAPTER/recording@PROFILE.json`: what a page shows, accepted, and pending beside it as `….json.new`.

#![expect(clippy::disallowed_methods, reason = "`store` is the room that opens files")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::error::StoreError;
use super::texts::chapter_folders;
use super::whole_file::{read_if_there, replace_file};
use crate::ids::Fingerprint;
use crate::recording::{Included, RECORDING_FORMAT, Recording};

const NAME: &str = "recording@";
const ACCEPTED: &str = ".json";
const PENDING: &str = ".json.new";
/// Of a folder that a step mentions only so much is read: enough for a chart, too little for a cache.
const MOST_FILES: usize = 200;
const MOST_BYTES: u64 = 4 * 1024 * 1024;

/// The recordings of the book in a folder.
#[derive(Debug, Clone)]
pub(crate) struct Recordings {
    root: PathBuf,
}

impl Recordings {
    /// Those of the book under `root`.
    pub(crate) fn of(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    /// The accepted one.
    ///
    /// # Errors
    /// When there is a file that can't be read, or is no recording.
    pub(crate) fn accepted(
        &self,
        chapter: &str,
        profile: &str,
    ) -> Result<Option<Recording>, StoreError> {
        read(&self.path(chapter, profile, ACCEPTED))
    }

    /// The pending one.
    ///
    /// # Errors
    /// As [`Recordings::accepted`].
    pub(crate) fn pending(
        &self,
        chapter: &str,
        profile: &str,
    ) -> Result<Option<Recording>, StoreError> {
        let read = read(&self.path(chapter, profile, PENDING))?;
        Ok(read.map(|recording| Recording { pending: true, ..recording }))
    }

    /// Profiles that a chapter has a recording of (`pending`: one that waits), sorted.
    pub(crate) fn profiles(&self, chapter: &str, pending: bool) -> Vec<String> {
        let ending = if pending { PENDING } else { ACCEPTED };
        let entries = std::fs::read_dir(self.folder(chapter)).into_iter().flatten().flatten();
        let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
        let mut profiles: Vec<String> = names
            .filter_map(|name| Some(name.strip_prefix(NAME)?.strip_suffix(ending)?.to_owned()))
            .collect();
        profiles.sort();
        profiles
    }

    /// Every profile that any chapter of the book has a recording of (`pending`: one that waits).
    pub(crate) fn all_profiles(&self, pending: bool) -> BTreeSet<String> {
        self.recorded().iter().flat_map(|chapter| self.profiles(chapter, pending)).collect()
    }

    /// The folders of `snapshots/`, named as chapters are.
    fn recorded(&self) -> Vec<String> {
        let snapshots = self.root.join("snapshots");
        let name =
            |folder: PathBuf| folder.strip_prefix(&snapshots).ok()?.to_str().map(str::to_owned);
        chapter_folders(&snapshots).into_iter().filter_map(name).collect()
    }

    /// SnapshotStore recordings of chapters that the book does not have, relative to its root.
    pub(crate) fn orphaned(&self, chapters: &BTreeSet<&str>) -> Vec<PathBuf> {
        let gone: Vec<String> =
            self.recorded().into_iter().filter(|name| !chapters.contains(name.as_str())).collect();
        let files = |name: &String| {
            self.profiles(name, false)
                .into_iter()
                .map(|profile| self.shown(name, &profile))
                .collect::<Vec<_>>()
        };
        gone.iter().flat_map(files).collect()
    }

    /// Lets a recording wait for review.
    ///
    /// # Errors
    /// When it can't be written.
    pub(crate) fn pend(&self, recording: &Recording) -> Result<PathBuf, StoreError> {
        let path = self.path(&recording.chapter, &recording.profile, PENDING);
        let mut text = serde_json::to_vec_pretty(recording).unwrap_or_default();
        text.push(b'\n');
        replace_file(&path, &text, false)?;
        Ok(path)
    }

    /// Makes the pending recording the accepted one.
    ///
    /// # Errors
    /// When it can't be moved.
    pub(crate) fn accept(&self, chapter: &str, profile: &str) -> Result<(), StoreError> {
        let (from, to) =
            (self.path(chapter, profile, PENDING), self.path(chapter, profile, ACCEPTED));
        std::fs::rename(&from, &to).map_err(StoreError::io("write", &to))
    }

    /// Takes the pending one away, if there is one.
    ///
    /// # Errors
    /// When it is there and can't be removed.
    pub(crate) fn reject(&self, chapter: &str, profile: &str) -> Result<(), StoreError> {
        let path = self.path(chapter, profile, PENDING);
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(StoreError::io("remove", &path)(error))
            }
            _ => Ok(()),
        }
    }

    /// The accepted file, relative to the book's root.
    pub(crate) fn shown(&self, chapter: &str, profile: &str) -> PathBuf {
        let path = self.path(chapter, profile, ACCEPTED);
        path.strip_prefix(&self.root).map(Path::to_owned).unwrap_or(path)
    }

    /// Fingerprints of the files of the book that steps mention.
    pub(crate) fn included(&self, mentioned: impl IntoIterator<Item = String>) -> Included {
        let print = |path: String| self.fingerprint(&path).map(|print| (path, print));
        mentioned.into_iter().collect::<BTreeSet<_>>().into_iter().filter_map(print).collect()
    }

    /// A file's, or a folder's with all that is in it; none for what is not there, or is no part of the book's text (`.guide`).
    fn fingerprint(&self, path: &str) -> Option<Fingerprint> {
        if path.split('/').any(|part| part.starts_with('.') || part == "target") {
            return None;
        }
        let mut files = Vec::new();
        gather(&self.root.join(path), &mut files);
        let mut parts: Vec<Vec<u8>> = Vec::new();
        for file in files {
            let inside = file.strip_prefix(&self.root).unwrap_or(&file);
            parts.push(inside.to_string_lossy().into_owned().into_bytes());
            parts.push(std::fs::read(&file).ok()?);
        }
        (!parts.is_empty()).then(|| Fingerprint::of(parts.iter().map(Vec::as_slice)))
    }

    fn folder(&self, chapter: &str) -> PathBuf {
        self.root.join("snapshots").join(chapter)
    }

    fn path(&self, chapter: &str, profile: &str, ending: &str) -> PathBuf {
        self.folder(chapter).join(format!("{NAME}{profile}{ending}"))
    }
}

fn gather(path: &Path, files: &mut Vec<PathBuf>) {
    let Ok(meta) = std::fs::metadata(path) else { return };
    if meta.is_file() && meta.len() <= MOST_BYTES && files.len() < MOST_FILES {
        files.push(path.to_owned());
    } else if meta.is_dir() {
        let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
        let mut inside: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
        inside.sort();
        inside.iter().for_each(|path| gather(path, files));
    }
}

fn read(path: &Path) -> Result<Option<Recording>, StoreError> {
    let Some(bytes) = read_if_there(path)? else { return Ok(None) };
    let wrong = |why: String| StoreError::InvalidRecording { path: path.to_owned(), why };
    let recording: Recording =
        serde_json::from_slice(&bytes).map_err(|error| wrong(error.to_string()))?;
    if recording.format > RECORDING_FORMAT {
        let (found, by) = (recording.format, recording.guide);
        return Err(StoreError::NewerFormat {
            path: path.to_owned(),
            found,
            known: RECORDING_FORMAT,
            by,
        });
    }
    Ok(Some(recording))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recording() -> Recording {
        serde_json::from_str(
            r#"{"format":1,"chapter":"c","profile":"open","run":"r","at":"t","guide":"g","seconds":1.0,"steps":[]}"#,
        )
        .unwrap()
    }

    #[test]
    fn a_recording_waits_is_accepted_and_read_back() {
        let book = tempfile::tempdir().unwrap();
        let recordings = Recordings::of(book.path());
        recordings.pend(&recording()).unwrap();
        assert_eq!(
            (recordings.profiles("c", true), recordings.profiles("c", false)),
            (vec!["open".to_owned()], vec![])
        );
        recordings.accept("c", "open").unwrap();
        assert_eq!(recordings.accepted("c", "open").unwrap(), Some(recording()));
        assert_eq!(recordings.pending("c", "open").unwrap(), None);
        assert_eq!(recordings.orphaned(&BTreeSet::from(["c"])), Vec::<PathBuf>::new());
        assert_eq!(
            recordings.orphaned(&BTreeSet::new()),
            [PathBuf::from("snapshots/c/recording@open.json")]
        );
        assert_eq!(recordings.all_profiles(false).into_iter().collect::<Vec<_>>(), ["open"]);
    }

    #[test]
    fn a_folder_is_another_when_a_file_in_it_is() {
        let book = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(book.path().join("charts/a")).unwrap();
        std::fs::write(book.path().join("charts/a/x"), "1").unwrap();
        let recordings = Recordings::of(book.path());
        let before = recordings.included(["charts".to_owned(), "none".to_owned()]);
        std::fs::write(book.path().join("charts/a/x"), "2").unwrap();
        let after = recordings.included(["charts".to_owned()]);
        assert_eq!((before.len(), after.len()), (1, 1));
        assert_ne!(before, after);
    }

    #[test]
    fn what_is_no_recording_or_a_newer_one_is_refused() {
        let book = tempfile::tempdir().unwrap();
        let recordings = Recordings::of(book.path());
        let newer = Recording { format: 99, ..recording() };
        recordings.pend(&newer).unwrap();
        assert!(matches!(
            recordings.pending("c", "open"),
            Err(StoreError::NewerFormat { found: 99, .. })
        ));
        std::fs::write(book.path().join("snapshots/c/recording@open.json"), "{}").unwrap();
        assert!(matches!(
            recordings.accepted("c", "open"),
            Err(StoreError::InvalidRecording { .. })
        ));
    }
}
