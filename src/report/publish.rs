//! The text of `guide publish`.

use std::path::PathBuf;

use super::humanize::{count, duration, recordings_pending};

/// How many lines of a list are printed; the others are counted.
const MOST: usize = 20;

/// The result of making a site.
#[derive(Debug)]
pub(crate) struct Publication {
    /// Its folder.
    pub out: PathBuf,
    /// The number of its chapters.
    pub chapters: usize,
    /// The steps whose recording is stale, with the reasons.
    pub stale: Vec<String>,
    /// The steps and chapters without a recording.
    pub missing: Vec<String>,
    /// The steps that a page shows and that are never run.
    pub never_run: Vec<String>,
    /// The number of recordings that are pending review.
    pub pending: usize,
    /// Further notes about the site.
    pub notes: Vec<String>,
    /// How many seconds it took to make the site.
    pub seconds: f64,
}

/// The line that names the site's first page.
pub(crate) fn publication_text(publication: &Publication) -> String {
    let chapters = count(publication.chapters, "chapter");
    format!(
        "{chapters} in {}: {}\n",
        duration(publication.seconds),
        publication.out.join("index.html").display()
    )
}

/// The warnings, and what to do about them. With `strict` they are errors, and all of them are printed.
pub(crate) fn publication_notes(publication: &Publication, strict: bool) -> String {
    let (level, most) = if strict { ("error", usize::MAX) } else { ("warning", MOST) };
    let list = |what: &str, lines: &[String]| list(level, what, lines, most);
    let mut text: String = publication.notes.iter().map(|note| format!("note: {note}\n")).collect();
    text.push_str(&list("stale recording", &publication.stale));
    text.push_str(&list("no recording", &publication.missing));
    text.push_str(&list("never run", &publication.never_run));
    if publication.pending > 0 {
        text.push_str(&format!("note: {}", recordings_pending(publication.pending)));
    } else if !(publication.stale.is_empty() && publication.missing.is_empty()) {
        text.push_str(
            "hint: run these chapters (`guide run CHAPTER --rerun`), then accept with `guide review`\n",
        );
    }
    text
}

fn list(level: &str, what: &str, lines: &[String], most: usize) -> String {
    let mut text: String =
        lines.iter().take(most).map(|line| format!("{level}: {what}: {line}\n")).collect();
    if lines.len() > most {
        text.push_str(&format!("{level}: {what}: {} more\n", lines.len() - most));
    }
    text
}
