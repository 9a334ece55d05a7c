//! `snapshots/CHAPTER/recording@PROFILE.json`: the accepted recording that a page shows; a pending one stands beside it as
//! `….json.new`.

#![expect(clippy::disallowed_methods, reason = "`store` is the room that opens files")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::error::StoreError;
use super::files::{Durability, read_if_there, remove_if_there, rename_synced, replace_book_file};
use super::texts::chapter_folders;
use crate::ids::Fingerprint;
use crate::plan::fits;
use crate::recording::{Included, RECORDING_FORMAT, Recording};

const NAME: &str = "recording@";
const ACCEPTED: &str = ".json";
const PENDING: &str = ".json.new";
/// How many files of a mentioned folder are read: enough for a chart, too few for a cache.
const MOST_FILES: usize = 200;
const MOST_BYTES: u64 = 4 * 1024 * 1024;
/// How deeply folders are read, because a link may lead back to a folder above it.
const DEEPEST: usize = 12;

/// The recordings of the book in a folder.
#[derive(Debug, Clone)]
pub(crate) struct Recordings {
    root: PathBuf,
}

impl Recordings {
    /// The recordings of the book under `root`.
    pub(crate) fn of(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    /// The accepted recording.
    ///
    /// # Errors
    /// When there is a file that cannot be read, or is not a recording.
    pub(crate) fn accepted(
        &self,
        chapter: &str,
        profile: &str,
    ) -> Result<Option<Recording>, StoreError> {
        read(&self.path(chapter, profile, ACCEPTED))
    }

    /// The pending recording.
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

    /// Profiles that a chapter has an accepted (or `pending`) recording of, sorted.
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

    /// Every profile that some chapter has an accepted (or `pending`) recording of.
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

    /// Accepted recordings of chapters that the book does not have, relative to its root.
    pub(crate) fn orphaned(&self, chapters: &BTreeSet<&str>) -> Vec<PathBuf> {
        let without_chapter: Vec<String> =
            self.recorded().into_iter().filter(|name| !chapters.contains(name.as_str())).collect();
        let files = |name: &String| {
            self.profiles(name, false)
                .into_iter()
                .map(|profile| self.shown(name, &profile))
                .collect::<Vec<_>>()
        };
        without_chapter.iter().flat_map(files).collect()
    }

    /// Writes a pending recording, which waits for review.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn write_pending(&self, recording: &Recording) -> Result<PathBuf, StoreError> {
        let path = self.path(&recording.chapter, &recording.profile, PENDING);
        let mut text = serde_json::to_vec_pretty(recording).unwrap_or_default();
        text.push(b'\n');
        replace_book_file(&path, &text, Durability::Lazy)?;
        Ok(path)
    }

    /// Makes the pending recording the accepted one; it is on the disk when this returns.
    ///
    /// # Errors
    /// When it is damaged, or cannot be renamed.
    pub(crate) fn accept(&self, chapter: &str, profile: &str) -> Result<(), StoreError> {
        let (from, to) =
            (self.path(chapter, profile, PENDING), self.path(chapter, profile, ACCEPTED));
        read(&from)?;
        rename_synced(&from, &to)
    }

    /// Removes the pending recording, if there is one.
    ///
    /// # Errors
    /// When it exists and cannot be removed.
    pub(crate) fn reject(&self, chapter: &str, profile: &str) -> Result<(), StoreError> {
        remove_if_there(&self.path(chapter, profile, PENDING))
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

    /// The fingerprint of a file, or of a folder with all its files; `None` for a path that does not exist or is not part of the
    /// book's text (`.guide`).
    fn fingerprint(&self, path: &str) -> Option<Fingerprint> {
        if path.split('/').any(|part| part.starts_with('.') || part == "target") {
            return None;
        }
        let mut files = Vec::new();
        gather(&self.root.join(path), DEEPEST, &mut files);
        self.print_of(files)
    }

    /// The fingerprints of existing files that steps may read (`crate::plan::Step::files`).
    pub(crate) fn named(&self, names: &BTreeSet<String>) -> Included {
        let is_own = |part: &str| matches!(part, ".guide" | ".git" | "target");
        let names = names.iter().filter(|name| !name.split('/').any(is_own));
        let print = |name: &String| {
            let mut files = Vec::new();
            if name.contains(['*', '?', '[']) {
                self.fitting(name, &mut files);
            } else {
                gather(&self.root.join(name), DEEPEST, &mut files);
            }
            self.print_of(files).map(|print| (name.clone(), print))
        };
        names.filter_map(print).collect()
    }

    /// Adds the files, and the files in the folders, that match a pattern.
    fn fitting(&self, pattern: &str, files: &mut Vec<PathBuf>) {
        let mut paths = vec![String::new()];
        for part in pattern.split('/') {
            let inside = |path: &String| -> Vec<String> {
                let below =
                    |name: &str| format!("{path}{}{name}", if path.is_empty() { "" } else { "/" });
                if !part.contains(['*', '?', '[']) {
                    return vec![below(part)];
                }
                let entries =
                    std::fs::read_dir(self.root.join(path)).into_iter().flatten().flatten();
                let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
                names
                    .filter(|name| !name.starts_with('.') && fits(part, name))
                    .map(|name| below(&name))
                    .collect()
            };
            paths = paths.iter().flat_map(inside).take(MOST_FILES).collect();
        }
        paths.sort();
        paths.iter().for_each(|path| gather(&self.root.join(path), DEEPEST, files));
    }

    fn print_of(&self, files: Vec<PathBuf>) -> Option<Fingerprint> {
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

fn gather(path: &Path, depth: usize, files: &mut Vec<PathBuf>) {
    let Ok(meta) = std::fs::metadata(path) else { return };
    if meta.is_file() && meta.len() <= MOST_BYTES && files.len() < MOST_FILES {
        files.push(path.to_owned());
    } else if meta.is_dir() && depth > 0 {
        let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
        let mut inside: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
        inside.sort();
        inside.iter().for_each(|path| gather(path, depth - 1, files));
    }
}

fn read(path: &Path) -> Result<Option<Recording>, StoreError> {
    let Some(bytes) = read_if_there(path)? else { return Ok(None) };
    let invalid = |why: String| StoreError::InvalidRecording { path: path.to_owned(), why };
    let recording: Recording =
        serde_json::from_slice(&bytes).map_err(|error| invalid(error.to_string()))?;
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
    fn a_pending_recording_is_accepted_and_read_back() {
        let book = tempfile::tempdir().unwrap();
        let recordings = Recordings::of(book.path());
        recordings.write_pending(&recording()).unwrap();
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
    fn the_fingerprint_of_a_folder_changes_with_its_files() {
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
    fn a_damaged_or_newer_recording_is_refused() {
        let book = tempfile::tempdir().unwrap();
        let recordings = Recordings::of(book.path());
        let newer = Recording { format: 99, ..recording() };
        recordings.write_pending(&newer).unwrap();
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
