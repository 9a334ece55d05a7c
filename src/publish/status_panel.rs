//! The panel with the state of the book: which chapters passed, when, how long they took, and how to run them.

use std::path::Path;

use minijinja::{Value, context};

use super::html::{counted, moment, render, seconds};
use super::preprocessor::plain;
use super::view::{StepView, View, Views};
use crate::book::{Book, Chapter};
use mdbook_preprocessor::book::{Book as Pages, BookItem};

/// How much of a chapter is recorded under one profile.
#[derive(Debug, Default, PartialEq, Eq, Clone, Copy)]
struct ChapterState {
    steps: usize,
    recorded: usize,
    stale: usize,
}

impl ChapterState {
    fn of(chapter: &Chapter, view: &View) -> Self {
        let steps = view.steps(&chapter.name);
        let recorded = steps.values().filter_map(|step| match step {
            StepView::Recorded(_, reasons) => Some(reasons.is_empty()),
            StepView::NotRun => None,
        });
        let fresh: Vec<bool> = recorded.collect();
        Self {
            steps: steps.len(),
            recorded: fresh.len(),
            stale: fresh.iter().filter(|fresh| !**fresh).count(),
        }
    }

    /// The class of the badge, its word, and details.
    fn words(self) -> (&'static str, &'static str, String) {
        match self {
            Self { steps: 0, .. } => ("", "nothing to run", String::new()),
            Self { recorded: 0, .. } => ("g-none", "not run here", String::new()),
            Self { stale, steps, .. } if stale > 0 => {
                ("g-stale", "stale", format!("{stale} of {steps} steps changed since it passed"))
            }
            Self { steps, recorded, .. } if recorded < steps => {
                ("g-part", "passed in part", format!("{recorded} of {steps} steps recorded"))
            }
            _ => ("g-passed", "passed", String::new()),
        }
    }
}

/// The mark with which an author places the panel.
const PLACE_MARK: &str = "<!-- guide: state -->";
/// The mark with which an author disables the panel.
const NONE_MARK: &str = "<!-- guide: no state -->";

/// The panel. It is placed at the author's mark, otherwise at the end of the first page.
pub(super) struct Panel {
    html: String,
    placed: bool,
}

impl Panel {
    /// The panel of a book; empty if the book has no steps or the author disables it.
    pub(super) fn of(book: &Book, views: &Views, src: &str, pages: &Pages) -> Self {
        let says = |words: &str| {
            pages
                .iter()
                .any(|item| matches!(item, BookItem::Chapter(page) if page.content.contains(words)))
        };
        let runs = book.chapters.iter().any(|chapter| chapter.steps().next().is_some());
        let html = if runs && !says(NONE_MARK) { front(book, views, src) } else { String::new() };
        Self { html, placed: says(PLACE_MARK) }
    }

    /// The page, with the panel if it belongs on this page.
    pub(super) fn put_into(&self, text: String, first: bool) -> String {
        if text.contains(PLACE_MARK) {
            return text.replacen(PLACE_MARK, &self.html, 1);
        }
        if !first || self.placed || self.html.is_empty() {
            return text;
        }
        format!("{}\n\n{}\n", text.trim_end(), self.html)
    }
}

/// The panel, one line of HTML.
fn front(book: &Book, views: &Views, src: &str) -> String {
    let running: Vec<&Chapter> =
        book.chapters.iter().filter(|chapter| chapter.steps().next().is_some()).collect();
    let steps = running.iter().map(|chapter| chapter.steps().count()).sum();
    let views: Vec<Value> =
        views.iter().map(|view| profile_state(book, &running, view, src)).collect();
    render(
        "status_panel",
        context! {
            title => book.title.as_str(),
            chapters => counted(running.len(), "chapter"),
            commands => counted(steps, "command"),
            views,
        },
    )
}

/// The state of the book under one profile, without rows if nothing is recorded.
fn profile_state(book: &Book, running: &[&Chapter], view: &View, src: &str) -> Value {
    let profile = view.profile();
    if !view.ran() {
        return context! { profile };
    }
    let states: Vec<ChapterState> =
        running.iter().map(|chapter| ChapterState::of(chapter, view)).collect();
    let recordings = || view.recordings.values();
    let last = recordings().map(|recording| recording.at.as_str()).max().unwrap_or_default();
    let mut versions: Vec<String> = recordings()
        .flat_map(|recording| &recording.versions)
        .map(|(name, version)| format!("{name} {version}"))
        .collect();
    versions.sort();
    versions.dedup();
    let row = |(chapter, state): (&&Chapter, &ChapterState)| {
        let recording = view.recording(&chapter.name);
        let (class, word, more) = state.words();
        context! {
            page => page_of(&book.sources.file(chapter.source).path, src),
            title => chapter.title.as_str(),
            class,
            state => word,
            more,
            when => recording.map(|recording| moment(&recording.at)),
            took => recording.map(|recording| seconds(recording.seconds)),
        }
    };
    context! {
        profile,
        passed => states.iter().filter(|state| state.words().0 == "g-passed").count(),
        last => moment(last),
        versions,
        rows => running.iter().zip(&states).map(row).collect::<Vec<_>>(),
    }
}

/// The page that mdBook makes of a chapter's file, relative to the site. `src` is the chapters' folder relative to the book's root.
fn page_of(file: &Path, src: &str) -> String {
    let file = plain(file);
    let inside = file.strip_prefix(src).unwrap_or(&file);
    let readme = inside.file_stem().is_some_and(|stem| stem.eq_ignore_ascii_case("README"));
    let page =
        if readme { inside.with_file_name("index.html") } else { inside.with_extension("html") };
    page.display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_of_a_chapter_is_found_in_every_spelling_of_its_folder() {
        let page = |file: &str, src: &str| page_of(Path::new(file), src);
        assert_eq!(page("guide/a.md", "guide"), "a.html");
        assert_eq!(page("./guide/part/a.b.md", "guide"), "part/a.b.html");
        assert_eq!(page("x/../guide/a.md", "guide"), "a.html");
        assert_eq!(page("a.md", ""), "a.html");
        assert_eq!(page("guide/part/README.md", "guide"), "part/index.html");
    }

    #[test]
    fn the_panel_is_at_the_mark_or_at_the_end_of_the_first_page() {
        let panel = |html: &str, placed| Panel { html: html.to_owned(), placed };
        let put = |panel: Panel, text: &str, first| panel.put_into(text.to_owned(), first);
        assert_eq!(
            put(panel("P", true), "# A\n\n<!-- guide: state -->\n\n## B\n", false),
            "# A\n\nP\n\n## B\n"
        );
        assert_eq!(put(panel("P", true), "# A\n", true), "# A\n");
        assert_eq!(
            put(panel("P", false), "# A\n\na\n\n## B\n\nb\n", true),
            "# A\n\na\n\n## B\n\nb\n\nP\n"
        );
        assert_eq!(put(panel("P", false), "# A\n", false), "# A\n");
        assert_eq!(put(panel("", false), "# A\n", true), "# A\n");
        assert_eq!(put(panel("", true), "<!-- guide: state -->\n", true), "\n");
    }

    #[test]
    fn the_state_of_a_chapter_is_that_of_its_recordings() {
        let words = |steps, recorded, stale| {
            let (_, word, more) = ChapterState { steps, recorded, stale }.words();
            format!("{word}: {more}")
        };
        assert_eq!(words(3, 3, 0), "passed: ");
        assert_eq!(words(3, 2, 0), "passed in part: 2 of 3 steps recorded");
        assert_eq!(words(3, 3, 1), "stale: 1 of 3 steps changed since it passed");
        assert_eq!(words(3, 0, 0), "not run here: ");
        assert_eq!(words(0, 0, 0), "nothing to run: ");
    }
}
