//! What the command line selects: words → chapters and steps, with the nearest name where one is not found.

use std::collections::HashSet;
use std::path::Path;

use crate::book::{Book, Chapter, Problem, Problems, Rule};
use crate::ids::{ChapterName, StepName, nearest};

/// One target, resolved against the book.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Target {
    /// A whole chapter.
    Chapter(ChapterName),
    /// One step of it.
    Step(ChapterName, StepName),
    /// From the first chapter to the second, both included.
    Range(ChapterName, ChapterName),
}

/// The raw words: targets, `--from`, `--to`, `--only`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// Targets as typed; empty = the whole book.
    pub targets: Vec<String>,
    /// First step to run (`chapter/step`, or `step` where only one selected chapter has it; a chapter means its first step).
    pub from: Option<String>,
    /// Last step to run (a chapter means its last step).
    pub to: Option<String>,
    /// The only step to run.
    pub only: Option<String>,
}

/// What is picked of one chapter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum ChapterSelection {
    /// Nothing.
    #[default]
    Nothing,
    /// All but the steps that run only when named.
    All,
    /// These steps, by name.
    Steps(HashSet<StepName>),
}

impl ChapterSelection {
    /// Is that step among them? (`All` of a chapter leaves out those that run only when named; this does not ask.)
    pub(crate) fn holds(&self, step: &StepName) -> bool {
        match self {
            Self::Nothing => false,
            Self::All => true,
            Self::Steps(steps) => steps.contains(step),
        }
    }
}

impl Selection {
    /// As it is written down of a run: the targets, then `--from STEP` and its like, a word each.
    pub fn words(&self) -> Vec<String> {
        let bounds = [("--from", &self.from), ("--to", &self.to), ("--only", &self.only)];
        let bounds = bounds
            .into_iter()
            .flat_map(|(flag, step)| step.iter().map(move |step| format!("{flag} {step}")));
        self.targets.iter().cloned().chain(bounds).collect()
    }

    /// The selection that has these [`Self::words`].
    pub fn of_words(words: Vec<String>) -> Self {
        let mut selection = Self::default();
        for word in words {
            match word.split_once(' ') {
                Some(("--from", step)) => selection.from = Some(step.to_owned()),
                Some(("--to", step)) => selection.to = Some(step.to_owned()),
                Some(("--only", step)) => selection.only = Some(step.to_owned()),
                _ => selection.targets.push(word),
            }
        }
        selection
    }
}

impl Target {
    /// Resolves a word of the command line.
    ///
    /// # Errors
    /// When the book has no such chapter or step; the hint names the nearest.
    pub(crate) fn parse(book: &Book, word: &str) -> Result<Self, Problem> {
        if let Some((first, last)) = word.split_once("..") {
            let (first, last) =
                (chapter_at(book, first)?, chapter_at(book, last.trim_start_matches('='))?);
            if first > last {
                let (later, earlier) = (&book.chapters[first].name, &book.chapters[last].name);
                return Err(Rule::Target
                    .without_span(format!(
                        "`{word}` runs backwards: {later} stands after {earlier}"
                    ))
                    .hint(format!("did you mean `{earlier}..{later}`?")));
            }
            return Ok(Self::Range(
                book.chapters[first].name.clone(),
                book.chapters[last].name.clone(),
            ));
        }
        let whole =
            chapter_at(book, word).map(|index| Self::Chapter(book.chapters[index].name.clone()));
        let Some((chapter, step)) = word.rsplit_once('/').filter(|_| whole.is_err()) else {
            return whole;
        };
        let index = chapter_at(book, chapter)?;
        let chapter = &book.chapters[index];
        let found = chapter.steps().find(|candidate| candidate.name.as_str() == step);
        match found {
            Some(found) => Ok(Self::Step(chapter.name.clone(), found.name.clone())),
            None => Err(unknown_step(book, index, step)),
        }
    }
}

/// Index of the chapter a word means: its name, its number, the rest of its file's name, all of that, or the end of its path.
///
/// # Errors
/// When there is none, or more than one.
pub(super) fn chapter_at(book: &Book, word: &str) -> Result<usize, Problem> {
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

/// The folder whose `README.md` this chapter is: its name stands for all chapters in there.
fn folder(book: &Book, index: usize) -> Option<&Path> {
    let path = path(book, index);
    path.parent().filter(|folder| {
        !folder.as_os_str().is_empty() && path.file_stem().is_some_and(|stem| stem == "README")
    })
}

/// The chapters that this one's name stands for: itself, and where it is a folder's `README.md` all in there.
fn standing_for(book: &Book, index: usize) -> impl Iterator<Item = usize> {
    let inside = move |at: usize| {
        folder(book, index).is_some_and(|folder| path(book, at).parent() == Some(folder))
    };
    (0..book.chapters.len()).filter(move |at| *at == index || inside(*at))
}

/// The last of them.
fn last_of(book: &Book, index: usize) -> usize {
    standing_for(book, index).last().unwrap_or(index)
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
        "it has no chapters at all".to_owned()
    } else {
        format!("its chapters are {}", few(&names))
    })
}

fn unknown_step(book: &Book, index: usize, word: &str) -> Problem {
    let chapter = &book.chapters[index];
    let steps: Vec<&str> = chapter.steps().map(|step| step.name.as_str()).collect();
    let parts = standing_for(book, index)
        .filter(|part| *part != index)
        .map(|part| book.chapters[part].name.as_str());
    let parts: Vec<&str> = parts.collect();
    let what = if parts.is_empty() { "step" } else { "step and no part" };
    let problem = Rule::Target.without_span(format!("{} has no {what} `{word}`", chapter.name));
    problem.hint(match nearest(word, steps.iter().chain(&parts).copied()) {
        Some(near) => format!("did you mean `{}/{near}`?", chapter.name),
        None if !parts.is_empty() => format!("its parts are {}", few(&parts)),
        None if steps.is_empty() => "it has no steps at all".to_owned(),
        None => format!("its steps are {}", few(&steps)),
    })
}

/// The first names of a list.
fn few(names: &[&str]) -> String {
    const SHOWN: usize = 12;
    let more = if names.len() > SHOWN {
        format!(" and {} more", names.len() - SHOWN)
    } else {
        String::new()
    };
    format!("{}{more}", names[..names.len().min(SHOWN)].join(", "))
}

/// What the whole selection picks, chapter by chapter.
///
/// # Errors
/// Every word that means nothing.
pub(crate) fn pick(book: &Book, selection: &Selection) -> Result<Vec<ChapterSelection>, Problems> {
    let mut picks = vec![
        if selection.targets.is_empty() {
            ChapterSelection::All
        } else {
            ChapterSelection::Nothing
        };
        book.chapters.len()
    ];
    let mut problems = Problems::new();
    for word in &selection.targets {
        match Target::parse(book, word) {
            Ok(target) => add(book, &target, &mut picks),
            Err(problem) => problems.push(problem),
        }
    }
    let mut end = |word: &Option<String>, first: bool| match word
        .as_deref()
        .map(|word| find_end(book, &picks, word, first))
    {
        Some(Err(problem)) => {
            problems.push(problem);
            None
        }
        Some(Ok(place)) => Some(place),
        None => None,
    };
    let (from, to, only) =
        (end(&selection.from, true), end(&selection.to, false), end(&selection.only, true));
    if let (Some(from), Some(to)) = (from, to)
        && from > to
    {
        problems
            .push(Rule::Target.without_span("`--from` stands after `--to`").hint("exchange them"));
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    if let Some(place) = only {
        cut(book, &mut picks, place, place, true);
    } else if from.is_some() || to.is_some() {
        cut(
            book,
            &mut picks,
            from.unwrap_or((0, 0)),
            to.unwrap_or((usize::MAX, usize::MAX)),
            false,
        );
    }
    Ok(picks)
}

fn add(book: &Book, target: &Target, picks: &mut [ChapterSelection]) {
    let index = |name: &ChapterName| {
        book.chapters.iter().position(|chapter| chapter.name == *name).unwrap_or_default()
    };
    match target {
        Target::Chapter(name) => {
            let index = index(name);
            standing_for(book, index).for_each(|at| picks[at] = ChapterSelection::All);
        }
        Target::Range(first, last) => {
            picks[index(first)..=last_of(book, index(last))].fill(ChapterSelection::All);
        }
        Target::Step(chapter, step) => match &mut picks[index(chapter)] {
            ChapterSelection::All => {}
            ChapterSelection::Steps(steps) => drop(steps.insert(step.clone())),
            nothing @ ChapterSelection::Nothing => {
                *nothing = ChapterSelection::Steps(HashSet::from([step.clone()]));
            }
        },
    }
}

/// The place (chapter, step) of an end of the run.
fn find_end(
    book: &Book,
    picks: &[ChapterSelection],
    word: &str,
    first: bool,
) -> Result<(usize, usize), Problem> {
    if word.contains('/') {
        let Target::Step(chapter, step) = Target::parse(book, word)? else {
            return Err(Rule::Target.without_span(format!("`{word}` is no step")));
        };
        let index = chapter_at(book, chapter.as_str())?;
        let place = book.chapters[index]
            .steps()
            .position(|candidate| candidate.name == step)
            .unwrap_or_default();
        return Ok((index, place));
    }
    let selected = || {
        book.chapters
            .iter()
            .enumerate()
            .zip(picks)
            .filter(|(_, pick)| **pick != ChapterSelection::Nothing)
            .map(|(chapter, _)| chapter)
    };
    let position = |chapter: &Chapter| chapter.steps().position(|step| step.name.as_str() == word);
    let found: Vec<(usize, usize)> =
        selected().filter_map(|(index, chapter)| Some((index, position(chapter)?))).collect();
    match found[..] {
        [one] => Ok(one),
        [(one, _), (other, _), ..] => {
            let (one, other) = (&book.chapters[one].name, &book.chapters[other].name);
            Err(Rule::Target
                .without_span(format!("more than one chapter has a step `{word}`"))
                .hint(format!("write `{one}/{word}` or `{other}/{word}`")))
        }
        [] => match chapter_at(book, word) {
            Ok(index) if first => Ok((index, 0)),
            Ok(index) => Ok((last_of(book, index), usize::MAX)),
            Err(problem) => Err(match selected().map(|(index, _)| index).collect::<Vec<_>>()[..] {
                [only] => unknown_step(book, only, word),
                _ => {
                    let names = selected()
                        .flat_map(|(_, chapter)| chapter.steps().map(|step| step.name.as_str()));
                    let near = nearest(word, names).map(|near| format!("did you mean `{near}`?"));
                    let hint = near.or(problem.hint).unwrap_or_default();
                    Rule::Target
                        .without_span(format!("no selected chapter has a step `{word}`"))
                        .hint(hint)
                }
            }),
        },
    }
}

/// Leaves only what stands from one place to the other. A step that is named by itself is picked even if it runs only when named.
fn cut(
    book: &Book,
    picks: &mut [ChapterSelection],
    from: (usize, usize),
    to: (usize, usize),
    named: bool,
) {
    for (index, (chapter, pick)) in book.chapters.iter().zip(picks).enumerate() {
        let inside = |place: usize| (index, place) >= from && (index, place) <= to;
        let wanted: Vec<_> = chapter
            .steps()
            .enumerate()
            .filter(|(place, _)| inside(*place))
            .map(|(_, step)| step)
            .collect();
        let all = wanted.len() == chapter.steps().count();
        *pick = match std::mem::take(pick) {
            _ if wanted.is_empty() => ChapterSelection::Nothing,
            ChapterSelection::All if all && !named => ChapterSelection::All,
            ChapterSelection::Nothing if !named => ChapterSelection::Nothing,
            ChapterSelection::Steps(steps) if !named => ChapterSelection::Steps(
                wanted
                    .into_iter()
                    .map(|step| step.name.clone())
                    .filter(|name| steps.contains(name))
                    .collect(),
            ),
            _ => {
                let wanted =
                    wanted.into_iter().filter(|step| named || !step.attributes.only_when_named);
                ChapterSelection::Steps(wanted.map(|step| step.name.clone()).collect())
            }
        };
    }
}
