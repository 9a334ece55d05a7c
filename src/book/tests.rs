//! Chapters, as authors write them and as they slip.

use crate::ids::StepName;

use std::time::Duration;

use super::attributes::ExitExpectation;
use super::*;

mod attributes;
mod chapters;
mod fences;

fn parse(text: &str) -> (Book, Problems) {
    parse_book(BookText::of_chapters([("guide/chapter-1-start.md", text)]))
}

fn chapter(text: &str) -> (Sources, Chapter) {
    let (mut book, problems) = parse(text);
    assert_eq!(problems, [], "{text}");
    (book.sources, book.chapters.remove(0))
}

fn steps(text: &str) -> Vec<(String, String)> {
    chapter(text).1.steps().map(|step| (step.name.to_string(), step.script.to_string())).collect()
}

fn names(text: &str) -> Vec<String> {
    steps(text).into_iter().map(|(name, _)| name).collect()
}

/// Every problem as "line `excerpt` message".
fn messages(text: &str) -> Vec<String> {
    let (book, problems) = parse(text);
    let one = |problem: Problem| {
        let span = problem.span.expect("a place");
        let excerpt = book.sources.text(span).lines().next().unwrap_or_default();
        format!("{} `{excerpt}` {}", span.line, problem.message)
    };
    problems.into_iter().map(one).collect()
}

/// Every warning as "line `excerpt` message"; there are no errors.
fn warned(text: &str) -> Vec<String> {
    let (book, problems) = parse(text);
    assert_eq!(problems, [], "{text}");
    let one = |problem: &Problem| {
        let span = problem.span.expect("a place");
        let excerpt = book.sources.text(span).lines().next().unwrap_or_default();
        format!("{} `{excerpt}` {}", span.line, problem.message)
    };
    book.chapters[0]
        .notes
        .iter()
        .filter(|note| note.severity == Severity::Warning)
        .map(one)
        .collect()
}

/// What `check --strict` lists of this step's words.
fn ignored(info: &str) -> Vec<String> {
    let (book, problems) = parse(&format!("```{info}\ntrue\n```\n"));
    assert_eq!(problems, [], "{info}");
    assert_eq!(book.chapters[0].steps().count(), 1, "{info}");
    let notes = book.chapters[0]
        .notes
        .iter()
        .inspect(|note| assert_eq!(note.severity, Severity::Note, "{info}"));
    notes.map(|note| book.sources.text(note.span.expect("a place")).to_owned()).collect()
}

fn hint(text: &str) -> String {
    parse(text).1.remove(0).hint.unwrap_or_default()
}

fn attributes(words: &str) -> Attributes {
    let (_, chapter) = chapter(&format!("```bash {{{words}}}\ntrue\n```\n"));
    chapter.steps().next().expect("a step").attributes.clone()
}

/// The problems of one step's braces.
fn messages_of_braces(words: &str) -> Vec<String> {
    messages(&format!("```bash {{{words}}}\ntrue\n```\n"))
        .into_iter()
        .map(|one| one["1 ".len()..].to_owned())
        .collect()
}
