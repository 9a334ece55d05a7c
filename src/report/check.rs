//! The text of `guide check` on stdout. Problems of the book are drawn like any other error.

use serde_json::{Value, json};

use super::humanize::count;
use super::json::json_text;
use super::problem::draw_groups;
use super::style::Style;
use crate::book::{Book, Chapter, Problem, Severity, Sources};
use crate::error::Error;
use crate::plan::Coverage;

/// For a person, one line if the book has no problem; for a program, the problems as JSON.
pub(crate) fn check_text(
    book: &Book,
    chapters: &[&Chapter],
    notes: &[Problem],
    error: Option<&Error>,
    coverage: Option<&Coverage>,
    as_json: bool,
) -> String {
    if as_json {
        let notes: Vec<Value> = notes.iter().map(|note| one(note, &book.sources)).collect();
        let mut report = json!({"problems": problems(error), "notes": notes});
        if let Some(Coverage { acting, proved, .. }) = coverage {
            report["coverage"] = json!({"acting": acting, "proved": proved});
        }
        return json_text(&report);
    }
    let steps = chapters.iter().map(|chapter| chapter.steps().count()).sum();
    let warnings = notes.iter().filter(|note| note.severity == Severity::Warning).count();
    let warned =
        if warnings == 0 { String::new() } else { format!(", {}", count(warnings, "warning")) };
    match error {
        Some(_) => String::new(),
        None => format!(
            "{} with {}: no problem{warned}\n{}",
            count(chapters.len(), "chapter"),
            count(steps, "step"),
            coverage.map(coverage_line).unwrap_or_default()
        ),
    }
}

fn coverage_line(Coverage { acting, proved, .. }: &Coverage) -> String {
    format!("a check proves {proved} of {}\n", count(*acting, "acting step"))
}

/// The warnings, drawn. Words and blocks of other tools are listed with `strict`, and counted without.
pub(crate) fn notes_text(book: &Book, notes: &[Problem], strict: bool, style: Style) -> String {
    let shown: Vec<Problem> =
        notes.iter().filter(|note| strict || note.severity == Severity::Warning).cloned().collect();
    let mut text = draw_groups(&book.sources, &shown, style);
    if shown.len() < notes.len() {
        let hidden = notes.len() - shown.len();
        let (is, them) = if hidden == 1 { ("is", "it") } else { ("are", "them") };
        let what = if hidden == 1 {
            "1 word or block".to_owned()
        } else {
            format!("{hidden} words or blocks")
        };
        text += &format!(
            "note: {what} of other tools {is} ignored (`guide check --strict` lists {them})\n"
        );
    }
    text
}

fn problems(error: Option<&Error>) -> Vec<Value> {
    let Some(Error::Book(problems, sources)) = error else { return Vec::new() };
    problems.iter().map(|problem| one(problem, sources)).collect()
}

fn one(problem: &Problem, sources: &Sources) -> Value {
    let place = problem.span.map(|span| sources.place(span));
    json!({
        "severity": match problem.severity {
            Severity::Error | Severity::Unrunnable => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        },
        "rule": problem.rule.id(),
        "message": problem.message,
        "file": place.as_ref().map(|place| place.file.display().to_string()),
        "line": place.as_ref().map(|place| place.line),
        "hint": problem.hint,
    })
}
