//! `needs:` and `after:` of the front matters → indices of earlier chapters.

use super::selection::{ChapterSelection, chapter_at};
use crate::book::{Book, Chapter, Problem, Problems, Rule, Span};
use crate::ids::ChapterName;

/// For each chapter, the indices of the chapters that it needs, in the book's order and without duplicates.
pub(super) fn resolve_needs(book: &Book, problems: &mut Problems) -> Vec<Vec<usize>> {
    let mut needs: Vec<Vec<usize>> = Vec::with_capacity(book.chapters.len());
    for chapter in &book.chapters {
        let mut own = Vec::new();
        for word in &chapter.front.needs {
            match chapter_at(book, word) {
                Ok(index) => own.push(index),
                Err(mut problem) => {
                    problem.span = place(book, chapter, word);
                    problems.push(problem);
                }
            }
        }
        own.sort_unstable();
        own.dedup();
        needs.push(own);
    }
    check_after(book, problems);
    for index in 0..needs.len() {
        for later in needs[index].iter().copied().filter(|need| *need >= index) {
            problems.push(wrong_order(book, &needs, index, later));
        }
    }
    needs
}

/// `after:` requires an order without a need. A run keeps the order of SUMMARY.md, so that the named chapter must precede there.
fn check_after(book: &Book, problems: &mut Problems) {
    for (index, chapter) in book.chapters.iter().enumerate() {
        for word in &chapter.front.after {
            let mut problem = match chapter_at(book, word) {
                Ok(found) if found < index => continue,
                Ok(found) => {
                    let (own, other) = (&chapter.name, &book.chapters[found].name);
                    Rule::Needs
                        .without_span(format!(
                            "{own} is to run after {other}, which does not precede it in SUMMARY.md"
                        ))
                        .hint("a run keeps the order of SUMMARY.md: move one of them there")
                }
                Err(problem) => problem,
            };
            problem.span = place_of(book, chapter, "after", word);
            problems.push(problem);
        }
    }
}

fn place(book: &Book, chapter: &Chapter, word: &str) -> Option<Span> {
    place_of(book, chapter, "needs", word)
}

fn place_of(book: &Book, chapter: &Chapter, key: &str, word: &str) -> Option<Span> {
    let front = chapter.front.span?;
    let from = book.sources.find_in(front, key);
    let rest = Span { end: front.end, ..from };
    Some(book.sources.find_in(rest, word))
}

fn wrong_order(book: &Book, needs: &[Vec<usize>], index: usize, later: usize) -> Problem {
    let chapter = &book.chapters[index];
    let name = |index: usize| &book.chapters[index].name;
    let message = if index == later {
        format!("{} needs itself", chapter.name)
    } else if let Some(path) = path(needs, later, index) {
        let names: Vec<&str> =
            std::iter::once(index).chain(path).map(|index| name(index).as_str()).collect();
        format!("these chapters need each other: {}", names.join(" → "))
    } else {
        format!("{} needs {}, which follows it in SUMMARY.md", chapter.name, name(later))
    };
    let written = |word: &&String| chapter_at(book, word).is_ok_and(|found| found == later);
    let word = chapter.front.needs.iter().find(written).map_or("", String::as_str);
    let mut problem = Rule::Needs
        .without_span(message)
        .hint("a chapter can only need chapters that precede it in SUMMARY.md");
    problem.span = place(book, chapter, word);
    problem
}

/// A path of needs from one chapter to another, with both of them.
fn path(needs: &[Vec<usize>], from: usize, to: usize) -> Option<Vec<usize>> {
    let mut came_from = vec![None; needs.len()];
    let mut open = vec![from];
    while let Some(at) = open.pop() {
        if at == to {
            let mut path = vec![to];
            while let Some(before) = came_from[*path.last()?].filter(|_| path.last() != Some(&from))
            {
                path.push(before);
            }
            path.reverse();
            return Some(path);
        }
        for next in &needs[at] {
            if came_from[*next].is_none() && *next != from {
                came_from[*next] = Some(at);
                open.push(*next);
            }
        }
    }
    None
}

/// The names of the chapters at these indices that have steps to run.
pub(super) fn needed_names(
    book: &Book,
    needs: &[usize],
    runs: impl Fn(usize) -> bool,
) -> Vec<ChapterName> {
    needs
        .iter()
        .filter(|index| runs(**index))
        .map(|index| book.chapters[*index].name.clone())
        .collect()
}

/// Selects the chapters that selected whole chapters need. Returns for each chapter the one that needs it, if it was added.
pub(super) fn add_needed(
    needs: &[Vec<usize>],
    picks: &mut [ChapterSelection],
) -> Vec<Option<usize>> {
    let mut needed_by = vec![None; picks.len()];
    let mut open: Vec<usize> =
        (0..picks.len()).filter(|index| picks[*index] == ChapterSelection::All).collect();
    while let Some(chapter) = open.pop() {
        for &need in &needs[chapter] {
            if picks[need] == ChapterSelection::Nothing {
                picks[need] = ChapterSelection::All;
                needed_by[need] = Some(chapter);
                open.push(need);
            }
        }
    }
    needed_by
}
