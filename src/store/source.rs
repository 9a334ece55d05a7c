//! The files of a book → their texts. It parses only the links of SUMMARY.md and `book.toml`.

#![expect(clippy::disallowed_methods, reason = "`store` is the room that opens files")]

use std::path::{Component, Path, PathBuf};

use serde_json::Value;

use super::config::{BookConfig, read_config};
use super::texts::{Texts, shown};
use super::values::ValuesFiles;
use crate::book::{BookText, Problems, Sources};
use crate::diagnostic::Diagnostic;

/// The error that this folder contains no book, and with `upwards` that no folder above it does.
fn no_book(from: &Path, upwards: bool) -> Diagnostic {
    let (above, other) = if upwards {
        (" and every folder above it", "name the book's folder with `--book DIR`")
    } else {
        ("", "name another folder, the one that holds `book.toml`")
    };
    let from = from.display();
    Diagnostic::new(format!("there is no book: looked for `book.toml` in {from}{above}"))
        .with_hint(format!("{other}, or make a book with `guide init`"))
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
    /// The problems of the files themselves.
    pub problems: Problems,
    /// Warnings about values that may not be what was meant.
    pub notes: Vec<String>,
    values: ValuesFiles,
}

/// The folder of the book: the named one, otherwise the nearest folder upwards with a `book.toml`.
///
/// # Errors
/// When there is none.
pub(crate) fn find_book(named: Option<&Path>, here: &Path) -> Result<PathBuf, Diagnostic> {
    if let Some(named) = named {
        let folder = if named.file_name().is_some_and(|name| name == "book.toml") {
            named.parent().unwrap_or(named)
        } else {
            named
        };
        let folder = here.join(folder);
        let found = folder.join("book.toml").is_file();
        return if found { Ok(tidy(&folder)) } else { Err(no_book(&folder, false)) };
    }
    let found = here.ancestors().find(|folder| folder.join("book.toml").is_file());
    found.map(Path::to_owned).ok_or_else(|| no_book(here, true))
}

/// A folder as it is named and, if a link leads to it, its path without links.
pub(crate) fn path_aliases(folder: &Path) -> Vec<PathBuf> {
    let mut path_aliases = vec![folder.to_owned(), tidy(folder)];
    path_aliases.dedup();
    path_aliases
}

/// The folder without `.` and `..`; unchanged if the system cannot resolve it.
fn tidy(folder: &Path) -> PathBuf {
    folder.canonicalize().unwrap_or_else(|_| folder.to_owned())
}

/// Reads the book whose `book.toml` is in `root`. A file that cannot be read is a problem of the book; the others are read anyway.
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

    /// The values for a profile, with `--set` words applied. Their problems are added to the book's.
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

#[cfg(test)]
mod tests;
