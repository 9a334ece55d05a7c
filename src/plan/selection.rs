//! The chapters and steps that the command line selects.

mod target;

use std::collections::HashSet;

use self::target::{Target, chapters_of, last_of, unknown_step};
use crate::book::{Book, Chapter, Problem, Problems, Rule};
use crate::ids::{StepName, nearest};

pub(super) use self::target::chapter_at;

/// The raw words: targets, `--from`, `--to`, `--only`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// The targets as typed; empty: the whole book.
    pub targets: Vec<String>,
    /// The first step to run: `chapter/step`, `step` if only one selected chapter has it, or a chapter for its first step.
    pub from: Option<String>,
    /// The last step to run, in the same forms; a chapter for its last step.
    pub to: Option<String>,
    /// The only step to run.
    pub only: Option<String>,
}

/// The selected part of one chapter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum ChapterSelection {
    /// Nothing.
    #[default]
    Nothing,
    /// All steps except those that run only when named.
    All,
    /// These steps, by name.
    Steps(HashSet<StepName>),
}

impl ChapterSelection {
    /// Whether the step is in the selection. For `All`, it does not matter whether the step runs only when named.
    pub(crate) fn contains(&self, step: &StepName) -> bool {
        match self {
            Self::Nothing => false,
            Self::All => true,
            Self::Steps(steps) => steps.contains(step),
        }
    }
}

impl Selection {
    /// The selection as words for the journal: the targets, then `--from STEP`, `--to STEP` and `--only STEP`.
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

/// The selected part of each chapter of the book.
///
/// # Errors
/// Every word that names no chapter or step.
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
    let mut bound = |word: &Option<String>, first: bool| match word
        .as_deref()
        .map(|word| find_bound(book, &picks, word, first))
    {
        Some(Err(problem)) => {
            problems.push(problem);
            None
        }
        Some(Ok(place)) => Some(place),
        None => None,
    };
    let (from, to, only) =
        (bound(&selection.from, true), bound(&selection.to, false), bound(&selection.only, true));
    if let (Some(from), Some(to)) = (from, to)
        && from > to
    {
        problems
            .push(Rule::Target.without_span("`--from` comes after `--to`").hint("exchange them"));
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
    match target {
        Target::Chapter(index) => {
            chapters_of(book, *index).for_each(|at| picks[at] = ChapterSelection::All);
        }
        Target::Range(first, last) => {
            picks[*first..=last_of(book, *last)].fill(ChapterSelection::All);
        }
        Target::Step(index, step) => match &mut picks[*index] {
            ChapterSelection::All => {}
            ChapterSelection::Steps(steps) => drop(steps.insert(step.clone())),
            nothing @ ChapterSelection::Nothing => {
                *nothing = ChapterSelection::Steps(HashSet::from([step.clone()]));
            }
        },
    }
}

/// The indices (chapter, step) of the first or last step of the run.
fn find_bound(
    book: &Book,
    picks: &[ChapterSelection],
    word: &str,
    first: bool,
) -> Result<(usize, usize), Problem> {
    if word.contains('/') {
        let Target::Step(index, step) = Target::parse(book, word)? else {
            return Err(Rule::Target.without_span(format!("`{word}` is not a step")));
        };
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

/// Keeps only the steps between two places. With `named`, a step is selected even if it runs only when named.
fn cut(
    book: &Book,
    picks: &mut [ChapterSelection],
    from: (usize, usize),
    to: (usize, usize),
    named: bool,
) {
    for (index, (chapter, pick)) in book.chapters.iter().zip(picks).enumerate() {
        let inside = |place: usize| (index, place) >= from && (index, place) <= to;
        let steps_inside: Vec<_> = chapter
            .steps()
            .enumerate()
            .filter(|(place, _)| inside(*place))
            .map(|(_, step)| step)
            .collect();
        let all = steps_inside.len() == chapter.steps().count();
        *pick = match std::mem::take(pick) {
            _ if steps_inside.is_empty() => ChapterSelection::Nothing,
            ChapterSelection::All if all && !named => ChapterSelection::All,
            ChapterSelection::Nothing if !named => ChapterSelection::Nothing,
            ChapterSelection::Steps(steps) if !named => ChapterSelection::Steps(
                steps_inside
                    .into_iter()
                    .map(|step| step.name.clone())
                    .filter(|name| steps.contains(name))
                    .collect(),
            ),
            _ => {
                let selected = steps_inside
                    .into_iter()
                    .filter(|step| named || !step.attributes.only_when_named);
                ChapterSelection::Steps(selected.map(|step| step.name.clone()).collect())
            }
        };
    }
}
