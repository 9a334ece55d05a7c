//! What `guide publish` says.

use std::path::PathBuf;

use super::humanize::{count, duration, recordings_pending};

/// Lines of a list that are told; the rest is counted.
const MOST: usize = 20;

/// A site that was made.
#[derive(Debug)]
pub(crate) struct Publication {
    /// Its folder.
    pub out: PathBuf,
    /// How many chapters it has.
    pub chapters: usize,
    /// Steps whose recording is stale, with the reasons.
    pub stale: Vec<String>,
    /// Chapters with steps that have no recording.
    pub missing: Vec<String>,
    /// Steps that a page shows and that are never run.
    pub never_run: Vec<String>,
    /// Recordings that wait for a review.
    pub waiting: usize,
    /// What else is worth knowing.
    pub notes: Vec<String>,
    /// How long it took.
    pub seconds: f64,
}

/// Where it is.
pub(crate) fn publication_text(publication: &Publication) -> String {
    let chapters = count(publication.chapters, "chapter");
    format!(
        "{chapters} in {}: {}\n",
        duration(publication.seconds),
        publication.out.join("index.html").display()
    )
}

/// Warnings, and what to do about them. `strict`: they are why it failed, and all of them are told.
pub(crate) fn publication_notes(publication: &Publication, strict: bool) -> String {
    let (level, most) = if strict { ("error", usize::MAX) } else { ("warning", MOST) };
    let list = |what: &str, lines: &[String]| list(level, what, lines, most);
    let mut text: String = publication.notes.iter().map(|note| format!("note: {note}\n")).collect();
    text.push_str(&list("stale recording", &publication.stale));
    text.push_str(&list("no recording", &publication.missing));
    text.push_str(&list("never run", &publication.never_run));
    if publication.waiting > 0 {
        text.push_str(&format!("note: {}", recordings_pending(publication.waiting)));
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
