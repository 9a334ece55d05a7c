//! A book's files → their texts. No parsing beyond SUMMARY.md's links and `book.toml`.

#![expect(clippy::disallowed_methods, reason = "`store` is the room that opens files")]

use std::path::{Component, Path, PathBuf};

use serde_json::Value;

use super::config::{BookConfig, read_config};
use super::values::ValuesFiles;
use crate::book::{
    BookText, ChapterSource, Problem, Problems, SourceId, Sources, Span, parse_summary,
};

/// Spans count bytes in 32 bits; no chapter is near this.
const LARGEST_FILE: usize = 1 << 30;

/// There is no book where one was looked for.
#[derive(Debug, thiserror::Error)]
#[error("there is no book: looked for `book.toml` in {}{}", from.display(), if *upwards { " and every folder above it" } else { "" })]
pub struct NoBook {
    /// Where it was looked for first.
    from: PathBuf,
    /// Were the folders above looked at too?
    upwards: bool,
}

impl NoBook {
    /// What to do about it.
    pub fn hint(&self) -> String {
        let other = if self.upwards {
            "name the book's folder with `--book DIR`"
        } else {
            "name another folder, the one that holds `book.toml`"
        };
        format!("{other}, or make a book with `guide init`")
    }
}

/// A book's files as they were read.
#[derive(Debug, Clone)]
pub(crate) struct BookFiles {
    /// The folder of `book.toml`.
    pub root: PathBuf,
    /// What `book.toml` says.
    pub config: BookConfig,
    /// The texts, for [`parse_book`](crate::book::parse_book).
    pub text: BookText,
    /// What was wrong with the files themselves.
    pub problems: Problems,
    /// What is no error, but may not be what was meant.
    pub notes: Vec<String>,
    values: ValuesFiles,
}

/// The folder of the book: the one named, else the nearest one upwards that holds a `book.toml`.
///
/// # Errors
/// When there is none.
pub(crate) fn find_book(named: Option<&Path>, here: &Path) -> Result<PathBuf, NoBook> {
    if let Some(named) = named {
        let folder = if named.file_name().is_some_and(|name| name == "book.toml") {
            named.parent().unwrap_or(named)
        } else {
            named
        };
        let folder = here.join(folder);
        let found = folder.join("book.toml").is_file();
        return if found {
            Ok(tidy(&folder))
        } else {
            Err(NoBook { from: folder, upwards: false })
        };
    }
    let found = here.ancestors().find(|folder| folder.join("book.toml").is_file());
    found.map(Path::to_owned).ok_or_else(|| NoBook { from: here.to_owned(), upwards: true })
}

/// A folder as it is named and, where a link leads to it, as the system names it.
pub(crate) fn spellings(folder: &Path) -> Vec<PathBuf> {
    let mut spellings = vec![folder.to_owned(), tidy(folder)];
    spellings.dedup();
    spellings
}

/// The folder without `.` and `..`; as it is where the system can't say.
fn tidy(folder: &Path) -> PathBuf {
    folder.canonicalize().unwrap_or_else(|_| folder.to_owned())
}

/// Reads the book whose `book.toml` stands in `root`. What can't be read is a problem of the book; the rest is read all the same.
pub(crate) fn read_book(root: &Path) -> BookFiles {
    let (mut sources, mut problems) = (Sources::default(), Problems::new());
    let mut texts = Texts { root, sources: &mut sources, problems: &mut problems };
    let toml = texts
        .read(&root.join("book.toml"), None)
        .map(|source| (source, texts.sources.file(source).text.clone()));
    let (config, places) =
        toml.map(|(source, text)| read_config(source, &text, texts.problems)).unwrap_or_default();
    let src = root.join(&config.src);
    let chapters = texts.read_chapters(&src, places.src);
    let shared_manifests = texts.read_manifests(&src.join("manifests"));
    let values =
        ValuesFiles::find(root, &src, config.values.as_deref(), places.values, &mut problems);
    let shown_src =
        shown(root, &src).components().filter(|part| *part != Component::CurDir).collect();
    let (title, languages) = (config.title.clone(), config.languages.clone());
    let text = BookText { title, sources, chapters, shared_manifests, languages, src: shown_src };
    BookFiles { root: root.to_owned(), config, text, problems, notes: Vec::new(), values }
}

impl BookFiles {
    /// Profiles that are known before a chapter is read: `default-profile`, and those with a values file.
    pub(crate) fn profiles(&self) -> Vec<String> {
        let default = self.config.default_profile.iter().filter(|name| *name != "auto").cloned();
        let mut profiles: Vec<String> =
            self.values.profiles().map(str::to_owned).chain(default).collect();
        profiles.sort();
        profiles.dedup();
        profiles
    }

    /// The values files, of all profiles.
    pub(crate) fn values_files(&self) -> Vec<PathBuf> {
        self.values.files()
    }

    /// The values for a profile, `--set` words on top. What is wrong joins the book's problems.
    pub(crate) fn read_values(&mut self, profile: &str, set: &[String]) -> Value {
        self.values.read(
            &self.root,
            (profile, set),
            &mut self.text.sources,
            &mut self.problems,
            &mut self.notes,
        )
    }
}

/// A path as messages show it: relative to the book's root where it is inside.
pub(super) fn shown(root: &Path, path: &Path) -> PathBuf {
    path.strip_prefix(root).unwrap_or(path).to_owned()
}

/// The files of a folder, sorted; none where it can't be read.
pub(super) fn list(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut files: Vec<PathBuf> =
        entries.map(|entry| entry.path()).filter(|path| path.is_file()).collect();
    files.sort();
    files
}

/// The folders below this one, at any depth: a chapter's name may be a path (`install/intro`), and so is its folder.
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

/// Files on their way into the sources.
pub(super) struct Texts<'a> {
    /// The book's root.
    pub root: &'a Path,
    /// Where the texts go.
    pub sources: &'a mut Sources,
    /// Where complaints go.
    pub problems: &'a mut Problems,
}

impl Texts<'_> {
    /// Reads one file; `named` is the place that names it.
    pub(super) fn read(&mut self, path: &Path, named: Option<Span>) -> Option<SourceId> {
        let shown = shown(self.root, path);
        let bytes = match std::fs::read(path) {
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

    /// The text is kept with replacement characters, only to show the place.
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

    fn read_chapters(&mut self, src: &Path, place: Option<Span>) -> Vec<ChapterSource> {
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

    fn read_manifests(&mut self, folder: &Path) -> Vec<(String, SourceId)> {
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
