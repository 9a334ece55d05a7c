//! Files of a book → texts in its sources, and listings of its folders.

#![expect(clippy::disallowed_methods, reason = "`store` is the room that opens files")]

use std::path::{Path, PathBuf};

use super::files::read_whole;
use crate::book::{ChapterSource, Problem, Problems, SourceId, Sources, Span, parse_summary};

/// The largest text in bytes. Spans have 32 bits.
const LARGEST_FILE: usize = 1 << 30;

/// A path as messages show it: relative to the book's root if it is below it.
pub(super) fn shown(root: &Path, path: &Path) -> PathBuf {
    path.strip_prefix(root).unwrap_or(path).to_owned()
}

/// The sorted files of a folder; empty if it cannot be read.
pub(super) fn list(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut files: Vec<PathBuf> =
        entries.map(|entry| entry.path()).filter(|path| path.is_file()).collect();
    files.sort();
    files
}

/// The folders below this one at any depth, because the name of a chapter may be a path (`install/intro`).
pub(super) fn chapter_folders(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let is_folder = |entry: &std::fs::DirEntry| entry.file_type().is_ok_and(|kind| kind.is_dir());
    let mut folders: Vec<PathBuf> = entries.filter(is_folder).map(|entry| entry.path()).collect();
    folders.sort();
    folders
        .into_iter()
        .flat_map(|folder| std::iter::once(folder.clone()).chain(chapter_folders(&folder)))
        .collect()
}

/// Reads files into the sources of a book.
pub(super) struct Texts<'a> {
    /// The book's root.
    pub root: &'a Path,
    /// The sources.
    pub sources: &'a mut Sources,
    /// The problems of the files.
    pub problems: &'a mut Problems,
}

impl Texts<'_> {
    /// Reads one file. `named` is the place that names it.
    pub(super) fn read(&mut self, path: &Path, named: Option<Span>) -> Option<SourceId> {
        let shown = shown(self.root, path);
        let bytes = match read_whole(path) {
            Ok(bytes) if bytes.len() <= LARGEST_FILE => bytes,
            Ok(_) => {
                return self.refuse(
                    format!("{} is larger than 1 GiB", shown.display()),
                    None,
                    named,
                );
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let hint = "make the file, or correct its name (letters large and small count)";
                return self.refuse(
                    format!("there is no file {}", shown.display()),
                    Some(hint),
                    named,
                );
            }
            Err(error) => {
                return self.refuse(
                    format!("can't read {}: {error}", shown.display()),
                    None,
                    named,
                );
            }
        };
        match String::from_utf8(bytes) {
            Ok(text) => Some(self.sources.add(shown, text)),
            Err(error) => self.refuse_bytes(&shown, &error),
        }
    }

    fn refuse(
        &mut self,
        message: String,
        hint: Option<&str>,
        named: Option<Span>,
    ) -> Option<SourceId> {
        let mut problem = Problem::without_span(message);
        problem.span = named;
        problem.hint = hint.map(str::to_owned);
        self.problems.push(problem);
        None
    }

    /// Reports text that is not UTF-8. It is stored with replacement characters, to show the place.
    fn refuse_bytes(
        &mut self,
        shown: &Path,
        error: &std::string::FromUtf8Error,
    ) -> Option<SourceId> {
        let at = error.utf8_error().valid_up_to();
        let bytes = error.as_bytes();
        let line = 1 + memchr::memchr_iter(b'\n', &bytes[..at]).count();
        let message = format!(
            "{} is not UTF-8: byte {at} in line {line} is 0x{:02X}",
            shown.display(),
            bytes[at]
        );
        let utf16 = bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]);
        let hint =
            if utf16 { "it looks like UTF-16: save it as UTF-8" } else { "save the file as UTF-8" };
        let source =
            self.sources.add(shown.to_owned(), String::from_utf8_lossy(bytes).into_owned());
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let replacement = number('\u{fffd}'.len_utf8());
        let span =
            Span { source, start: number(at), end: number(at) + replacement, line: number(line) };
        self.problems.push(Problem::at(span, message).hint(hint));
        None
    }

    pub(super) fn read_chapters(&mut self, src: &Path, place: Option<Span>) -> Vec<ChapterSource> {
        let summary = src.join("SUMMARY.md");
        if !summary.is_file() {
            let message = format!("the book has no {}", shown(self.root, &summary).display());
            let hint = "it lists the chapters in their order, a line `- [Title](chapter-1-title.md)` each; `src` in book.toml names its folder";
            self.refuse(message, Some(hint), place);
            return Vec::new();
        }
        let Some(source) = self.read(&summary, None) else { return Vec::new() };
        let text = self.sources.file(source).text.clone();
        let entries = parse_summary(source, &text);
        if entries.is_empty() {
            let whole = Span { source, start: 0, end: 0, line: 1 };
            let hint = "write a line `- [Title](chapter-1-title.md)` for each";
            self.problems.push(Problem::at(whole, "SUMMARY.md names no chapter").hint(hint));
        }
        let mut chapters = Vec::with_capacity(entries.len());
        for entry in entries {
            let Some(source) = self.read(&src.join(&entry.path), Some(entry.span)) else {
                continue;
            };
            chapters.push(ChapterSource {
                source,
                summary_title: entry.title,
                link: Some(entry.span),
            });
        }
        chapters
    }

    pub(super) fn read_manifests(&mut self, folder: &Path) -> Vec<(String, SourceId)> {
        let mut manifests = Vec::new();
        for path in list(folder) {
            let name = path.file_name().and_then(std::ffi::OsStr::to_str).unwrap_or_default();
            let Some(file) = name
                .strip_suffix(".j2")
                .filter(|file| file.ends_with(".yaml") || file.ends_with(".yml"))
            else {
                continue;
            };
            if let Some(source) = self.read(&path, None) {
                manifests.push((file.to_owned(), source));
            }
        }
        manifests
    }
}
