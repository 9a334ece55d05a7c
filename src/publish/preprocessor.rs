//! The book as mdBook hands it over → the same book with every chapter annotated.

use std::path::Path;

use mdbook_preprocessor::errors::Result;
use mdbook_preprocessor::{Preprocessor, PreprocessorContext, book};

use super::links::without_outward;
use super::{View, annotate, assets, front};
use crate::book::{Book, Chapter, Sources, parse_chapter};

/// Puts what was recorded into an mdBook.
#[derive(Debug)]
pub struct Annotator {
    /// The book as guide reads it.
    pub book: Book,
    /// All profiles.
    pub views: Vec<View>,
    /// `[book] src`.
    pub src: String,
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

/// Is there anything to annotate for this renderer? What is put in is HTML.
#[must_use]
pub fn supports(renderer: &str) -> bool {
    renderer == "html"
}

impl Annotator {
    /// Every chapter that guide knows; the first page gets the book's state.
    pub fn annotate(&self, book: &mut book::Book) {
        let first = self.book.chapters.first().map(|chapter| chapter.name.clone());
        book.for_each_chapter_mut(|page| {
            let Some(path) = &page.source_path else { return };
            let Some(chapter) = self.chapter(path) else { return };
            let mut text = self.page(chapter, &page.content);
            if first.as_ref() == Some(&chapter.name) {
                text = with_front(&text, &front(&self.book, &self.views, &self.src));
            }
            let folder = path.parent().map_or(String::new(), |folder| folder.display().to_string());
            page.content = format!("{}{}", assets(), without_outward(&text, &folder, &self.src));
        });
    }

    fn chapter(&self, path: &Path) -> Option<&Chapter> {
        let path = Path::new(&self.src).join(path);
        self.book.chapters.iter().find(|chapter| *self.book.sources.file(chapter.source).path == *path)
    }

    /// The text may have gone through other preprocessors (`{{#include …}}`): its blocks then stand elsewhere.
    fn page(&self, chapter: &Chapter, content: &str) -> String {
        let file = self.book.sources.file(chapter.source);
        if *file.text == *content {
            return annotate(chapter, content, &self.views);
        }
        let mut sources = Sources::default();
        let source = sources.add(file.path.to_path_buf(), content);
        let (parsed, _) = parse_chapter(&sources, source, chapter.name.clone(), &chapter.title, &self.book.languages);
        annotate(&parsed, content, &self.views)
    }
}

/// Where the page says so, else before its second heading or its first step, else at its end.
fn with_front(text: &str, panel: &str) -> String {
    const MARK: &str = "<!-- guide: state -->";
    if text.contains(MARK) {
        return text.replacen(MARK, panel, 1);
    }
    let places = ["\n## ", "\n<figure", "\n<div class=\"g-"];
    let at = places.iter().filter_map(|place| text.find(place)).min().unwrap_or(text.len());
    format!("{}\n\n{panel}\n\n{}", &text[..at], &text[at..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_panel_stands_at_its_mark_else_before_the_second_heading() {
        assert_eq!(with_front("# A\n\na\n\n<!-- guide: state -->\n\n## B\n", "P"), "# A\n\na\n\nP\n\n## B\n");
        assert_eq!(with_front("# A\n\na\n\n## B\n", "P"), "# A\n\na\n\n\nP\n\n\n## B\n");
        assert_eq!(with_front("# A\n", "P"), "# A\n\n\nP\n\n");
    }
}
