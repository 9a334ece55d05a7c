//! A book of mdBook → the same book with annotated chapters.

use std::collections::HashMap;
use std::path::{Component, Path, PathBuf};

use mdbook_preprocessor::errors::Result;
use mdbook_preprocessor::{Preprocessor, PreprocessorContext, book};

use super::links::strip_external_links;
use super::status_panel::Panel;
use super::{View, annotate, assets, make_book_visible};
use crate::book::{Book, Chapter, Sources, parse_chapter};

/// Whether a path of the machine exists and is not in the site.
pub(super) type SiteLacks = Box<dyn Fn(&Path) -> bool>;

/// Adds recordings to an mdBook.
pub(crate) struct Annotator {
    book: Book,
    views: Vec<View>,
    /// The root of the book, without `.` and `..`.
    root: PathBuf,
    src: PathBuf,
    /// The indices of chapters by their absolute paths without `.` and `..`, because `book.toml` and SUMMARY.md may write them differently.
    chapters: HashMap<PathBuf, usize>,
    lacks: SiteLacks,
}

impl Preprocessor for Annotator {
    fn name(&self) -> &'static str {
        "guide"
    }

    fn run(&self, _: &PreprocessorContext, mut book: book::Book) -> Result<book::Book> {
        self.annotate(&mut book);
        Ok(book)
    }

    fn supports_renderer(&self, renderer: &str) -> Result<bool> {
        Ok(supports(renderer))
    }
}

/// Whether chapters are annotated for this renderer. The annotations are HTML.
pub(crate) fn supports(renderer: &str) -> bool {
    renderer == "html"
}

impl Annotator {
    /// An annotator for the book as guide reads it, with all profiles.
    pub(crate) fn new(
        root: &Path,
        src: &Path,
        book: Book,
        views: Vec<View>,
        lacks: SiteLacks,
    ) -> Self {
        let (root, src) = (plain(root), plain(&root.join(src)));
        let file = |chapter: &Chapter| plain(&root.join(&book.sources.file(chapter.source).path));
        let chapters = book
            .chapters
            .iter()
            .enumerate()
            .map(|(index, chapter)| (file(chapter), index))
            .collect();
        Self { book, views, root, src, chapters, lacks }
    }

    /// Annotates every chapter that guide knows, and adds the panel with the book's state.
    pub(crate) fn annotate(&self, book: &mut book::Book) {
        let panel = Panel::of(&self.book, &self.views, &self.src_in_book(), book);
        let mut first = true;
        book.for_each_chapter_mut(|page| {
            let Some(path) = page.source_path.clone() else { return };
            let known = self.chapter(&path);
            let mut text = known
                .map_or_else(|| page.content.clone(), |chapter| self.page(chapter, &page.content));
            text = panel.put_into(text, std::mem::take(&mut first));
            let has_steps = text.contains(OURS);
            if known.is_some() {
                text = self.strip_external_links(&text, &path);
            }
            page.content = if has_steps { format!("{}{text}", assets()) } else { text };
        });
        make_book_visible(book);
    }

    fn strip_external_links(&self, text: &str, page: &Path) -> String {
        let folder = page.parent().map_or(String::new(), |folder| folder.display().to_string());
        strip_external_links(text, &folder, &self.src_in_book(), &|file| {
            (self.lacks)(&self.root.join(file))
        })
    }

    /// The chapters' folder relative to the book's root; empty if it is the root.
    fn src_in_book(&self) -> String {
        self.src.strip_prefix(&self.root).unwrap_or(&self.src).display().to_string()
    }

    fn chapter(&self, path: &Path) -> Option<&Chapter> {
        self.chapters.get(&plain(&self.src.join(path))).map(|index| &self.book.chapters[*index])
    }

    /// The page of a chapter. Other preprocessors may have changed the text (`{{#include …}}`); it is then parsed again.
    fn page(&self, chapter: &Chapter, content: &str) -> String {
        let file = self.book.sources.file(chapter.source);
        if *file.text == *content {
            return annotate(chapter, content, &self.views);
        }
        let mut sources = Sources::default();
        let source = sources.add(file.path.to_path_buf(), content);
        let (parsed, _) = parse_chapter(
            &sources,
            source,
            chapter.name.clone(),
            &chapter.title,
            &self.book.languages,
        );
        annotate(&parsed, content, &self.views)
    }
}

/// The beginning of every HTML class of guide. A page without it needs neither style nor script.
const OURS: &str = " class=\"g-";

/// A path without `.` and `..`, without looking at the file system.
pub(super) fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if plain.file_name().is_some() => {
                plain.pop();
            }
            other => plain.push(other),
        }
    }
    plain
}
