//! Texts → [`Book`]. Every error of a file, not just the first.

use std::collections::HashMap;
use std::path::PathBuf;

use super::chapter::{Book, Chapter};
use super::default_names::name_steps;
use super::front_matter::read_front_matter;
use super::name::{ChapterName, chapter_name};
use super::pieces::read_chapter_text;
use super::problem::{Problem, Problems};
use super::source::{SourceId, Sources, Span};

/// A book's texts, as `store::source` read them.
#[derive(Debug, Clone, Default)]
pub struct BookText {
    /// The title of `book.toml`.
    pub title: String,
    /// Every file that was read, `book.toml` and SUMMARY.md among them.
    pub sources: Sources,
    /// The chapters' files in SUMMARY.md's order.
    pub chapters: Vec<ChapterSource>,
    /// `manifests/*.yaml.j2` beside the chapters: file name to write (without `.j2`) and the template.
    pub shared_manifests: Vec<(String, SourceId)>,
}

/// A chapter's file.
#[derive(Debug, Clone)]
pub struct ChapterSource {
    /// Its text.
    pub source: SourceId,
    /// Title in SUMMARY.md.
    pub summary_title: String,
    /// Its link in SUMMARY.md, for complaints.
    pub link: Option<Span>,
}

impl BookText {
    /// A book of chapters with no files behind them (path, text), in this order.
    pub fn of_chapters<'a>(chapters: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut book = Self::default();
        for (path, text) in chapters {
            let source = book.sources.add(PathBuf::from(path), text);
            book.chapters.push(ChapterSource { source, summary_title: String::new(), link: None });
        }
        book
    }
}

/// Parses every chapter; the book holds all that could be understood, the problems tell the rest.
#[must_use]
pub fn parse_book(text: BookText) -> (Book, Problems) {
    let BookText { title, sources, chapters, shared_manifests } = text;
    let mut problems = Problems::new();
    let mut first: HashMap<ChapterName, ChapterSource> = HashMap::new();
    let mut parsed = Vec::with_capacity(chapters.len());
    for chapter in chapters {
        let path = &sources.file(chapter.source).path;
        let name = chapter_name(path);
        if let Some(earlier) = first.get(&name) {
            let other = &sources.file(earlier.source).path;
            let message = format!("two chapters are named `{name}`: {} and {}", other.display(), path.display());
            let mut problem = Problem::nowhere(message).hint("rename one of the files: a chapter is known by its file's name");
            problem.span = chapter.link;
            problem.also.extend(earlier.link.map(|link| (link, "first named here".to_owned())));
            problems.push(problem);
            continue;
        }
        first.insert(name.clone(), chapter.clone());
        let (chapter, more) = parse_chapter(&sources, chapter.source, name, &chapter.summary_title);
        parsed.push(chapter);
        problems.extend(more);
    }
    (Book { title, sources, chapters: parsed, shared_manifests }, problems)
}

/// Parses one chapter's text.
#[must_use]
pub fn parse_chapter(sources: &Sources, source: SourceId, name: ChapterName, summary_title: &str) -> (Chapter, Problems) {
    let mut problems = Problems::new();
    let text = &sources.file(source).text;
    let (front, from) = read_front_matter(source, text, &mut problems);
    let mut read = read_chapter_text(source, text, from, &mut problems);
    let heading = read.title.take().filter(|title| !title.is_empty());
    let title = front
        .title
        .clone()
        .or(heading)
        .unwrap_or_else(|| if summary_title.is_empty() { name.as_str().to_owned() } else { summary_title.to_owned() });
    let blocks = name_steps(read, &mut problems);
    problems.sort_by_key(|problem| problem.span.map(|span| span.start));
    (Chapter { name, title, source, front, blocks }, problems)
}
