//! The names of steps without `name=`: the slug of the nearest heading, then with `-2`, `-3` …, skipping names that are given.

use std::collections::{HashMap, HashSet};

use super::chapter::Block;
use super::chapter_text::{ChapterText, NameOrigin};
use super::problem::Problems;
use super::rule::Rule;
use super::source::Span;
use crate::ids::StepName;

/// Gives every step its final name, and reports names that are given twice.
pub(super) fn name_steps(text: ChapterText, problems: &mut Problems) -> Vec<Block> {
    let ChapterText { mut blocks, mut names, .. } = text;
    number_again(&blocks, &mut names);
    let made = make_names(&names, &given_names(&blocks, &names, problems));
    let steps = blocks.iter_mut().filter_map(|block| match block {
        Block::Step(step) => Some(step),
        Block::Manifest(_) => None,
    });
    for (step, name) in steps.zip(made) {
        if let Some(name) = name {
            step.name = name;
        }
    }
    blocks
}

/// Runme may write the same name twice. The later step is then numbered, like a step without a name.
fn number_again(blocks: &[Block], names: &mut [NameOrigin]) {
    if !names.iter().any(|origin| matches!(origin, NameOrigin::Runme(_))) {
        return;
    }
    let steps = || {
        blocks.iter().filter_map(|block| match block {
            Block::Step(step) => Some(step),
            Block::Manifest(_) => None,
        })
    };
    let given =
        steps().zip(names.iter()).filter(|(_, origin)| matches!(origin, NameOrigin::Given(_)));
    let mut taken: HashSet<StepName> = given.map(|(step, _)| step.name.clone()).collect();
    for (step, origin) in steps().zip(names) {
        if let NameOrigin::Runme(place) = *origin {
            let is_new = taken.insert(step.name.clone());
            *origin = if is_new {
                NameOrigin::Given(place)
            } else {
                NameOrigin::Heading(step.name.clone())
            };
        }
    }
}

/// For each step, a name if it was given none.
fn make_names(names: &[NameOrigin], given: &HashMap<&str, Span>) -> Vec<Option<StepName>> {
    let mut made: HashSet<StepName> = HashSet::new();
    let mut next: HashMap<&StepName, usize> = HashMap::new();
    let mut all = Vec::with_capacity(names.len());
    for origin in names {
        let NameOrigin::Heading(base) = origin else {
            all.push(None);
            continue;
        };
        let count = next.entry(base).or_insert(1);
        let mut name =
            if *count == 1 { base.clone() } else { StepName::new(format!("{base}-{count}")) };
        while given.contains_key(name.as_str()) || made.contains(&name) {
            *count += 1;
            name = StepName::new(format!("{base}-{count}"));
        }
        *count += 1;
        made.insert(name.clone());
        all.push(Some(name));
    }
    all
}

/// Given names, each with the place of the first step that has it.
fn given_names<'a>(
    blocks: &'a [Block],
    names: &[NameOrigin],
    problems: &mut Problems,
) -> HashMap<&'a str, Span> {
    let mut given: HashMap<&str, Span> = HashMap::with_capacity(names.len());
    let steps = blocks.iter().filter_map(|block| match block {
        Block::Step(step) => Some(step),
        Block::Manifest(_) => None,
    });
    for (step, origin) in steps.zip(names) {
        let NameOrigin::Given(place) = origin else { continue };
        match given.entry(step.name.as_str()) {
            std::collections::hash_map::Entry::Vacant(entry) => drop(entry.insert(*place)),
            std::collections::hash_map::Entry::Occupied(entry) => problems.push(
                Rule::StepName
                    .at(*place, format!("two steps of this chapter are named `{}`", step.name))
                    .label(*entry.get(), "first named here")
                    .hint("rename one of them: files and messages identify a step by its name"),
            ),
        }
    }
    given
}
