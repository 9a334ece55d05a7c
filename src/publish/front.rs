//! The front page's panel: what the book rebuilds, whether it passed, when, and how to run it.

use super::html::{moment, seconds, text};
use super::view::{Seen, View, Views};
use crate::book::{Book, Chapter};

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
            Seen::Recorded(_, reasons) => Some(reasons.is_empty()),
            _ => None,
        });
        let fresh: Vec<bool> = recorded.collect();
        Self { steps: judged.len(), recorded: fresh.len(), stale: fresh.iter().filter(|fresh| !**fresh).count() }
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

/// The panel, one line of HTML. `up` leads from the page it stands on to the folder of the chapters.
#[must_use]
pub fn front(book: &Book, views: &Views, src: &str) -> String {
    let running: Vec<&Chapter> = book.chapters.iter().filter(|chapter| chapter.steps().next().is_some()).collect();
    let steps: usize = running.iter().map(|chapter| chapter.steps().count()).sum();
    let mut html = format!(
        "<section class=\"g-front\" aria-label=\"State of this book\"><h2 id=\"guide-state\">What this book rebuilds, and whether it passed</h2><p>{}: {} with {}. What stands under a command is what it printed when it was run.</p>",
        text(&book.title),
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
    let title =
        if several { format!("<h3 id=\"guide-profile-{0}\">Profile {0}</h3>", text(view.profile())) } else { String::new() };
    if !view.ran() {
        return format!(
            "{title}<p class=\"g-facts g-none\">Not run here{}.</p>",
            if several { " under this profile" } else { ": nothing is recorded" }
        );
    }
    let standings: Vec<Standing> = running.iter().map(|chapter| Standing::of(chapter, view)).collect();
    let whole = standings.iter().filter(|standing| standing.words().0 == "g-passed").count();
    let last = view.recordings.values().map(|recording| recording.at.as_str()).max().unwrap_or_default();
    let mut versions: Vec<String> = view
        .recordings
        .values()
        .flat_map(|recording| &recording.versions)
        .map(|(name, version)| format!("{} {}", text(name), text(version)))
        .collect();
    versions.sort();
    versions.dedup();
    let on = if versions.is_empty() { String::new() } else { format!(", on {}", versions.join(", ")) };
    let rows: String =
        running.iter().zip(&standings).map(|(chapter, standing)| row(book, chapter, view, *standing, src)).collect();
    format!(
        "{title}<p><strong>{whole} of {} chapters passed as they stand here</strong>; last recorded {}{on}.</p><div class=\"g-scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Chapters\"><table class=\"g-chapters\"><thead><tr><th scope=\"col\">chapter</th><th scope=\"col\">state</th><th scope=\"col\">when</th><th scope=\"col\">took</th></tr></thead><tbody>{rows}</tbody></table></div>",
        running.len(),
        moment(last)
    )
}

fn row(book: &Book, chapter: &Chapter, view: &View, standing: Standing, src: &str) -> String {
    let file = book.sources.file(chapter.source).path.display().to_string();
    let inside = file.strip_prefix(src).unwrap_or(&file).trim_start_matches('/');
    let page = inside.strip_suffix(".md").map_or_else(|| inside.to_owned(), |stem| format!("{stem}.html"));
    let recording = view.recording(&chapter.name);
    let (class, word, more) = standing.words();
    let more = if more.is_empty() { more } else { format!(" <span class=\"g-more\">{more}</span>") };
    format!(
        "<tr><th scope=\"row\"><a href=\"{}\">{}</a></th><td><span class=\"{class}\">{word}</span>{more}</td><td>{}</td><td>{}</td></tr>",
        text(&page),
        text(&chapter.title),
        recording.map_or(String::new(), |recording| moment(&recording.at)),
        recording.map_or(String::new(), |recording| seconds(recording.seconds)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

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
