//! What `guide check` says on stdout; its problems are told as any error's.

use serde_json::{Value, json};

use super::words::count;
use crate::book::Book;
use crate::error::Error;

/// One line for people when all is well; the problems as JSON for programs.
#[must_use]
pub fn check_text(book: &Book, error: Option<&Error>, as_json: bool) -> String {
    if as_json {
        return format!("{:#}\n", json!({"problems": problems(error)}));
    }
    let steps = book.chapters.iter().map(|chapter| chapter.steps().count()).sum();
    match error {
        Some(_) => String::new(),
        None => format!("{} with {}: no problem\n", count(book.chapters.len(), "chapter"), count(steps, "step")),
    }
}

fn problems(error: Option<&Error>) -> Vec<Value> {
    let Some(Error::Book(problems, sources)) = error else { return Vec::new() };
    problems
        .iter()
        .map(|problem| {
            let place = problem.span.map(|span| sources.place(span));
            json!({
                "message": problem.message,
                "file": place.as_ref().map(|place| place.file.display().to_string()),
                "line": place.as_ref().map(|place| place.line),
                "hint": problem.hint,
            })
        })
        .collect()
}
