//! The texts of a book and places in them. [`Sources`] turns a [`Span`] into a file, a line and an excerpt.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::text::word_search::find_words;

/// Index of a file in [`Sources`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SourceId(pub u32);

/// The text of one file.
#[derive(Debug, Clone)]
pub struct SourceFile {
    /// The path relative to the book's root, as messages show it.
    pub path: Arc<Path>,
    /// The text byte for byte, including its line ends. A `String`, because an `Arc<str>` would need a copy.
    pub text: Arc<String>,
}

/// A range of bytes in one text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The file.
    pub source: SourceId,
    /// The first byte.
    pub start: u32,
    /// The byte after the last one.
    pub end: u32,
    /// 1-based line of `start`.
    pub line: u32,
}

impl Span {
    /// The span's bytes as a range.
    pub fn range(&self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// A file and a line, which can be displayed without the sources.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Place {
    /// Path relative to the book's root.
    pub file: Arc<Path>,
    /// 1-based line.
    pub line: u32,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.file.display(), self.line)
    }
}

/// All texts of a book.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    files: Vec<SourceFile>,
}

impl Sources {
    /// Adds a text and returns its id.
    pub fn add(&mut self, path: PathBuf, text: impl Into<String>) -> SourceId {
        self.files.push(SourceFile { path: path.into(), text: Arc::new(text.into()) });
        SourceId(u32::try_from(self.files.len() - 1).expect("fewer than 2^32 files"))
    }

    /// The file behind an id.
    pub fn file(&self, id: SourceId) -> &SourceFile {
        &self.files[id.0 as usize]
    }

    /// The text of a span.
    pub fn text(&self, span: Span) -> &str {
        &self.file(span.source).text[span.range()]
    }

    /// The file and line of a span.
    pub fn place(&self, span: Span) -> Place {
        Place { file: self.file(span.source).path.clone(), line: span.line }
    }

    /// The first place of a word in a span, otherwise the span itself.
    pub fn find_in(&self, span: Span, word: &str) -> Span {
        let text = self.text(span);
        let is_part = |next: char| next.is_alphanumeric() || matches!(next, '_' | '-' | '.');
        let by_itself = find_words(text, word, is_part).next().map(|found| found.start);
        let Some(at) = by_itself.or_else(|| text.find(word)).filter(|_| !word.is_empty()) else {
            return span;
        };
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let start = span.start + number(at);
        let line = span.line + number(memchr::memchr_iter(b'\n', &text.as_bytes()[..at]).count());
        Span { source: span.source, start, end: start + number(word.len()), line }
    }

    /// Every file, in the order in which they were added.
    pub fn iter(&self) -> impl Iterator<Item = (SourceId, &SourceFile)> {
        (0u32..).map(SourceId).zip(&self.files)
    }
}
