//! The front page's panel: what the book rebuilds, whether it passed, when, and how to run it.

use std::path::Path;

use super::html::{moment, seconds, text};
use super::preprocessor::plain;
use super::view::{StepView, View, Views};
use crate::book::{Book, Chapter};
use mdbook_preprocessor::book::{Book as Pages, BookItem};

/// How a chapter stands under one profile.
#[derive(Debug, Default, PartialEq, Eq, Clone, Copy)]
struct Standing {
    steps: usize,
    recorded: usize,
    stale: usize,
}

impl Standing {
    fn of(chapter: &Chapter, view: &View) -> Self {
        let judged = view.judged(&chapter.name);
        let recorded = judged.values().filter_map(|seen| match seen {
            StepView::Recorded(_, reasons) => Some(reasons.is_empty()),
            _ => None,
        });
        let fresh: Vec<bool> = recorded.collect();
        Self {
            steps: judged.len(),
            recorded: fresh.len(),
            stale: fresh.iter().filter(|fresh| !**fresh).count(),
        }
    }

    /// The badge's class, its word, and what else is to be said.
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

/// Where an author wants the panel.
const HERE: &str = "<!-- guide: state -->";
/// An author wants none.
const NOWHERE: &str = "<!-- guide: no state -->";

/// The panel, and where it goes: where the author says so, else at the end of the first page.
pub(super) struct Panel {
    html: String,
    placed: bool,
}

impl Panel {
    /// The panel of a book; empty where nothing runs or the author wants none.
    pub(super) fn of(book: &Book, views: &Views, src: &str, pages: &Pages) -> Self {
        let says = |words: &str| {
            pages
                .iter()
                .any(|item| matches!(item, BookItem::Chapter(page) if page.content.contains(words)))
        };
        let runs = book.chapters.iter().any(|chapter| chapter.steps().next().is_some());
        let html = if runs && !says(NOWHERE) { front(book, views, src) } else { String::new() };
        Self { html, placed: says(HERE) }
    }

    /// A page with the panel, where it belongs there.
    pub(super) fn put_into(&self, text: String, first: bool) -> String {
        if text.contains(HERE) {
            return text.replacen(HERE, &self.html, 1);
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
    let steps: usize = running.iter().map(|chapter| chapter.steps().count()).sum();
    let mut html = format!(
        "<section class=\"g-front\" aria-label=\"State of this book\"><h2 id=\"guide-state\">State of this book</h2><p>{}{} with {}. What stands under a command is what it printed when it was run.</p>",
        if book.title.is_empty() { String::new() } else { format!("{}: ", text(&book.title)) },
        counted(running.len(), "chapter"),
        counted(steps, "command"),
    );
    for view in views {
        html.push_str(&of_view(book, &running, view, views.len() > 1, src));
    }
    html.push_str("<h3 id=\"guide-run-it\">Run it yourself</h3><pre tabindex=\"0\" class=\"g-commands\"><code class=\"nohighlight\">guide doctor   # what this machine has for it&#10;guide run      # the whole book; guide run --resume goes on after a failure</code></pre></section>");
    html
}

fn counted(number: usize, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}

fn of_view(book: &Book, running: &[&Chapter], view: &View, several: bool, src: &str) -> String {
    let title = if several {
        format!("<h3 id=\"guide-profile-{0}\">Profile {0}</h3>", text(view.profile()))
    } else {
        String::new()
    };
    if !view.ran() {
        return format!(
            "{title}<p class=\"g-facts g-none\">Not run here{}.</p>",
            if several { " under this profile" } else { ": nothing is recorded" }
        );
    }
    let standings: Vec<Standing> =
        running.iter().map(|chapter| Standing::of(chapter, view)).collect();
    let whole = standings.iter().filter(|standing| standing.words().0 == "g-passed").count();
    let last =
        view.recordings.values().map(|recording| recording.at.as_str()).max().unwrap_or_default();
    let mut versions: Vec<String> = view
        .recordings
        .values()
        .flat_map(|recording| &recording.versions)
        .map(|(name, version)| format!("{} {}", text(name), text(version)))
        .collect();
    versions.sort();
    versions.dedup();
    let on =
        if versions.is_empty() { String::new() } else { format!(", on {}", versions.join(", ")) };
    let rows: String = running
        .iter()
        .zip(&standings)
        .map(|(chapter, standing)| row(book, chapter, view, *standing, src))
        .collect();
    format!(
        "{title}<p><strong>{whole} of {} chapters passed as they stand here</strong>; last recorded {}{on}.</p><div class=\"g-scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Chapters\"><table class=\"g-chapters\"><thead><tr><th scope=\"col\">chapter</th><th scope=\"col\">state</th><th scope=\"col\">when</th><th scope=\"col\">took</th></tr></thead><tbody>{rows}</tbody></table></div>",
        running.len(),
        moment(last)
    )
}

fn row(book: &Book, chapter: &Chapter, view: &View, standing: Standing, src: &str) -> String {
    let page = page_of(&book.sources.file(chapter.source).path, src);
    let recording = view.recording(&chapter.name);
    let (class, word, more) = standing.words();
    let more =
        if more.is_empty() { more } else { format!(" <span class=\"g-more\">{more}</span>") };
    format!(
        "<tr><th scope=\"row\"><a href=\"{}\">{}</a></th><td><span class=\"{class}\">{word}</span>{more}</td><td>{}</td><td>{}</td></tr>",
        text(&page),
        text(&chapter.title),
        recording.map_or(String::new(), |recording| moment(&recording.at)),
        recording.map_or(String::new(), |recording| seconds(recording.seconds)),
    )
}

/// The page that mdBook makes of a chapter's file, relative to the site. `src`: the chapters' folder, relative to the book's.
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
    fn a_chapter_s_page_is_found_however_its_folder_is_spelled() {
        let page = |file: &str, src: &str| page_of(Path::new(file), src);
        assert_eq!(page("guide/a.md", "guide"), "a.html");
        assert_eq!(page("./guide/part/a.b.md", "guide"), "part/a.b.html");
        assert_eq!(page("x/../guide/a.md", "guide"), "a.html");
        assert_eq!(page("a.md", ""), "a.html");
        assert_eq!(page("guide/part/README.md", "guide"), "part/index.html");
    }

    #[test]
    fn the_panel_stands_where_the_author_says_else_at_the_end_of_the_first_page() {
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
    fn a_standing_never_says_more_than_was_recorded() {
        let words = |steps, recorded, stale| {
            let (_, word, more) = Standing { steps, recorded, stale }.words();
            format!("{word}: {more}")
        };
        assert_eq!(words(3, 3, 0), "passed: ");
        assert_eq!(words(3, 2, 0), "passed in part: 2 of 3 steps recorded");
        assert_eq!(words(3, 3, 1), "stale: 1 of 3 steps changed since it passed");
        assert_eq!(words(3, 0, 0), "not run here: ");
        assert_eq!(words(0, 0, 0), "nothing to run: ");
    }
}
