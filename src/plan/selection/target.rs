//! A word of the command line → a chapter, a step or a range of chapters, with the nearest name if the book has none of that name.

use std::path::Path;

use crate::book::{Book, Chapter, Problem, Rule};
use crate::ids::{StepName, nearest};

/// A target, with the indices of its chapters in the book.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Target {
    /// A whole chapter.
    Chapter(usize),
    /// One step of a chapter.
    Step(usize, StepName),
    /// From the first chapter to the second, both included.
    Range(usize, usize),
}

impl Target {
    /// Resolves a word of the command line.
    ///
    /// # Errors
    /// The book has no such chapter or step. The hint names the nearest one.
    pub(super) fn parse(book: &Book, word: &str) -> Result<Self, Problem> {
        if let Some((first, last)) = word.split_once("..") {
            let (first, last) =
                (chapter_at(book, first)?, chapter_at(book, last.trim_start_matches('='))?);
            if first > last {
                let (later, earlier) = (&book.chapters[first].name, &book.chapters[last].name);
                return Err(Rule::Target
                    .without_span(format!(
                        "`{word}` is in the wrong order: {later} comes after {earlier}"
                    ))
                    .hint(format!("did you mean `{earlier}..{later}`?")));
            }
            return Ok(Self::Range(first, last));
        }
        let whole = chapter_at(book, word).map(Self::Chapter);
        let Some((chapter, step)) = word.rsplit_once('/').filter(|_| whole.is_err()) else {
            return whole;
        };
        let index = chapter_at(book, chapter)?;
        let chapter = &book.chapters[index];
        let found = chapter.steps().find(|candidate| candidate.name.as_str() == step);
        match found {
            Some(found) => Ok(Self::Step(index, found.name.clone())),
            None => Err(unknown_step(book, index, step)),
        }
    }
}

/// The index of the chapter that a word names: by its name, its number, its file name with or without the chapter's name at the
/// start, or the end of its path.
///
/// # Errors
/// No chapter has this name, or several have.
pub(in crate::plan) fn chapter_at(book: &Book, word: &str) -> Result<usize, Problem> {
    let word = word.trim_end_matches(".md");
    if let Some(found) = book.chapters.iter().position(|chapter| chapter.name.as_str() == word) {
        return Ok(found);
    }
    if word.bytes().all(|byte| byte.is_ascii_digit()) {
        let name = format!("chapter-{word}");
        if let Some(found) = book.chapters.iter().position(|chapter| chapter.name.as_str() == name)
        {
            return Ok(found);
        }
    }
    let stems: Vec<String> = book.chapters.iter().map(|chapter| stem(book, chapter)).collect();
    let rest = |index: usize| {
        stems[index]
            .strip_prefix(book.chapters[index].name.as_str())
            .and_then(|rest| rest.strip_prefix('-'))
    };
    let at_path =
        |index: usize| word.contains('/') && path(book, index).with_extension("").ends_with(word);
    let found: Vec<usize> = (0..stems.len())
        .filter(|index| rest(*index) == Some(word) || stems[*index] == word || at_path(*index))
        .collect();
    match found[..] {
        [one] => Ok(one),
        [] => Err(unknown_chapter(book, word, (0..stems.len()).filter_map(rest))),
        _ => {
            let names: Vec<&str> =
                found.iter().map(|index| book.chapters[*index].name.as_str()).collect();
            Err(Rule::Target
                .without_span(format!("`{word}` could be {}", names.join(" or ")))
                .hint("use the chapter's name"))
        }
    }
}

fn path(book: &Book, index: usize) -> &Path {
    &book.sources.file(book.chapters[index].source).path
}

/// The folder whose `README.md` this chapter is. The chapter's name then means all chapters of the folder.
fn folder(book: &Book, index: usize) -> Option<&Path> {
    let path = path(book, index);
    path.parent().filter(|folder| {
        !folder.as_os_str().is_empty() && path.file_stem().is_some_and(|stem| stem == "README")
    })
}

/// The indices of the chapters that a chapter's name means: itself, and all chapters of a folder if it is the `README.md` of one.
pub(super) fn chapters_of(book: &Book, index: usize) -> impl Iterator<Item = usize> {
    let inside = move |at: usize| {
        folder(book, index).is_some_and(|folder| path(book, at).parent() == Some(folder))
    };
    (0..book.chapters.len()).filter(move |at| *at == index || inside(*at))
}

/// The last chapter that a chapter's name means.
pub(super) fn last_of(book: &Book, index: usize) -> usize {
    chapters_of(book, index).last().unwrap_or(index)
}

fn stem(book: &Book, chapter: &Chapter) -> String {
    book.sources
        .file(chapter.source)
        .path
        .file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

fn unknown_chapter<'a>(
    book: &'a Book,
    word: &str,
    rests: impl Iterator<Item = &'a str>,
) -> Problem {
    let problem = Rule::Target.without_span(format!("the book has no chapter `{word}`"));
    let names = book.chapters.iter().map(|chapter| chapter.name.as_str());
    if let Some(near) = nearest(word, names.clone().chain(rests)) {
        return problem.hint(format!("did you mean `{near}`?"));
    }
    let has_step = |chapter: &&Chapter| chapter.steps().any(|step| step.name.as_str() == word);
    if let Some(chapter) = book.chapters.iter().find(has_step) {
        return problem.hint(format!("did you mean the step `{}/{word}`?", chapter.name));
    }
    let names: Vec<&str> = names.collect();
    problem.hint(if names.is_empty() {
        "it has no chapters".to_owned()
    } else {
        format!("its chapters are {}", first_names(&names))
    })
}

pub(super) fn unknown_step(book: &Book, index: usize, word: &str) -> Problem {
    let chapter = &book.chapters[index];
    let steps: Vec<&str> = chapter.steps().map(|step| step.name.as_str()).collect();
    let parts = chapters_of(book, index)
        .filter(|part| *part != index)
        .map(|part| book.chapters[part].name.as_str());
    let parts: Vec<&str> = parts.collect();
    let what = if parts.is_empty() { "step" } else { "step or part" };
    let problem = Rule::Target.without_span(format!("{} has no {what} `{word}`", chapter.name));
    problem.hint(match nearest(word, steps.iter().chain(&parts).copied()) {
        Some(near) => format!("did you mean `{}/{near}`?", chapter.name),
        None if !parts.is_empty() => format!("its parts are {}", first_names(&parts)),
        None if steps.is_empty() => "it has no steps".to_owned(),
        None => format!("its steps are {}", first_names(&steps)),
    })
}

/// The first names of a list, and the number of the others.
fn first_names(names: &[&str]) -> String {
    const SHOWN: usize = 12;
    let more = if names.len() > SHOWN {
        format!(" and {} more", names.len() - SHOWN)
    } else {
        String::new()
    };
    format!("{}{more}", names[..names.len().min(SHOWN)].join(", "))
}
