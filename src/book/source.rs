//! Source texts and places in them. A [`Span`] is cheap to copy; [`Sources`] turns it into file, line, column and excerpt.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::text::word_search::find_words;

/// Index of a file in [`Sources`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SourceId(pub u32);

/// One file's text as it was read, with the path a reader knows it by (relative to the book's root).
#[derive(Debug, Clone)]
pub struct SourceFile {
    /// Path relative to the book's root, as shown in messages.
    pub path: Arc<Path>,
    /// The text, byte for byte (line ends as they are). A `String`, as an `Arc<str>` would be a copy of what was read.
    pub text: Arc<String>,
}

/// A byte range in one source, with the 1-based line of its first byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The file.
    pub source: SourceId,
    pub start: u32,
    /// One past the last byte.
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

/// A resolved place: what a later phase needs to say `file:line` without carrying the sources along.
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

    /// The text a span covers.
    pub fn text(&self, span: Span) -> &str {
        &self.file(span.source).text[span.range()]
    }

    /// `file:line` of a span.
    pub fn place(&self, span: Span) -> Place {
        Place { file: self.file(span.source).path.clone(), line: span.line }
    }

    /// The first place of a word inside a span, else the span itself.
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
