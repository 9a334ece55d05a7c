//! What `--changed-since` has chosen, and why.

use super::humanize::count;
use crate::text::sanitize::one_line;

/// One line for all, and one for each chapter.
pub(crate) fn changed_text(revision: &str, chapters: &[(String, String)]) -> String {
    let revision = one_line(revision);
    if chapters.is_empty() {
        return format!("no chapter has changed since {revision}\n");
    }
    let verb = if chapters.len() == 1 { "has" } else { "have" };
    let mut text =
        format!("{} {verb} changed since {revision}:\n", count(chapters.len(), "chapter"));
    for (name, reasons) in chapters {
        text += &format!("  {name}: {}\n", one_line(reasons));
    }
    text
}
