//! Divides the chapters of a plan among machines, by the time that each of them took. Pure.
//!
//! A machine that runs a shard starts from nothing, so it also runs every chapter that the shard's chapters need. The time of a
//! shard is therefore the time of that whole closure: what several shards need is counted in each of them. Every machine computes
//! the same table from the same book, so no machine has to distribute the work.

use std::collections::BTreeSet;
use std::time::Duration;

use super::step::Plan;
use crate::ids::{ChapterName, Fingerprint, Hashing};

/// The most shards that `auto` makes: a matrix of GitHub Actions has at most 256 jobs.
const MAX_SHARDS: usize = 256;
/// The assumed time of a step if no time is known, in milliseconds.
const UNKNOWN_STEP_MS: u64 = 1000;
/// The longest time of a chapter that is accepted from a file.
const LONGEST_CHAPTER: Duration = Duration::from_hours(24 * 365);

/// A chapter with the time that it takes and the chapters that it needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TimedChapter {
    /// Its name.
    pub name: ChapterName,
    /// Indices of the chapters that it needs directly, all of them before it.
    pub needs: Vec<usize>,
    /// The time that it takes, in milliseconds.
    pub milliseconds: u64,
    /// The time was measured, and not estimated by the number of steps.
    pub measured: bool,
}

/// A part of the book for one machine. Chapters are indices, in the order of the book.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Shard {
    /// The chapters that belong to this shard and to no other.
    pub chapters: BTreeSet<usize>,
    /// The chapters that these need and that belong to other shards: they run here too.
    pub needed: BTreeSet<usize>,
    /// The time of both, in milliseconds.
    pub milliseconds: u64,
}

/// All shards of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Split {
    /// The chapters in the order of the book.
    pub chapters: Vec<TimedChapter>,
    /// The shards; the first one is `1/n`.
    pub shards: Vec<Shard>,
    /// Two machines that computed the same table have the same id. It is in the run's journal, so that `guide merge` can refuse
    /// shards of different tables.
    pub id: Fingerprint,
}

/// The number of shards that a user asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShardCount {
    /// As many as make the slowest shard faster.
    Auto,
    /// This many.
    Exactly(usize),
}

impl std::str::FromStr for ShardCount {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.parse() {
            _ if text == "auto" => Ok(Self::Auto),
            Ok(count) if (1..=MAX_SHARDS).contains(&count) => Ok(Self::Exactly(count)),
            _ => Err(format!("write `auto` or a number from 1 to {MAX_SHARDS}")),
        }
    }
}

/// One of several shards: `2/3` is the second of three.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShardNumber {
    /// From 1.
    pub number: usize,
    /// The number of shards.
    pub of: usize,
}

impl std::str::FromStr for ShardNumber {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let numbers = text
            .split_once('/')
            .and_then(|(number, of)| Some((number.parse().ok()?, of.parse().ok()?)));
        match numbers {
            Some((number, of)) if (1..=of).contains(&number) && of <= MAX_SHARDS => {
                Ok(Self { number, of })
            }
            _ => Err(format!(
                "write which shard of how many, such as `2/3`, and at most {MAX_SHARDS}"
            )),
        }
    }
}

impl std::fmt::Display for ShardNumber {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.number, self.of)
    }
}

/// The chapters of a plan with their times in seconds, as far as these are known. A chapter with an unknown time counts as many
/// steps as it has, each with the mean time of the steps whose time is known.
pub(crate) fn timed_chapters(
    plan: &Plan,
    seconds: impl Fn(&ChapterName) -> Option<f64>,
) -> Vec<TimedChapter> {
    let known: Vec<Option<u64>> =
        plan.chapters.iter().map(|chapter| seconds(&chapter.name).and_then(milliseconds)).collect();
    let (time, steps) = plan.chapters.iter().zip(&known).fold((0, 0), |sum, (chapter, known)| {
        known.map_or(sum, |time| (sum.0 + time, sum.1 + chapter.steps.len() as u64))
    });
    let per_step = time.checked_div(steps).map_or(UNKNOWN_STEP_MS, |mean| mean.max(1));
    let index_of = |name: &ChapterName| plan.chapters.iter().position(|other| other.name == *name);
    plan.chapters
        .iter()
        .zip(known)
        .map(|(chapter, known)| TimedChapter {
            name: chapter.name.clone(),
            needs: chapter.needs.iter().filter_map(index_of).collect(),
            milliseconds: known.unwrap_or(per_step * chapter.steps.len() as u64),
            measured: known.is_some(),
        })
        .collect()
}

/// A time that a file says; none for one that no chapter can take.
fn milliseconds(seconds: f64) -> Option<u64> {
    let time = Duration::try_from_secs_f64(seconds).ok().filter(|time| *time <= LONGEST_CHAPTER)?;
    u64::try_from(time.as_millis()).ok()
}

impl Split {
    /// Divides the chapters.
    pub(crate) fn of(chapters: Vec<TimedChapter>, count: ShardCount) -> Self {
        let shards = match count {
            ShardCount::Exactly(count) => divide(&chapters, count.max(1)),
            ShardCount::Auto => divide_while_faster(&chapters),
        };
        let id = id_of(&chapters, &shards);
        Self { chapters, shards, id }
    }

    /// The names of chapters at these indices.
    pub(crate) fn names(&self, indices: &BTreeSet<usize>) -> Vec<String> {
        indices.iter().map(|index| self.chapters[*index].name.to_string()).collect()
    }
}

/// Adds shards as long as the slowest one becomes faster.
fn divide_while_faster(chapters: &[TimedChapter]) -> Vec<Shard> {
    let slowest = |shards: &[Shard]| shards.iter().map(|shard| shard.milliseconds).max();
    let mut best = divide(chapters, 1);
    for count in 2..=chapters.len().min(MAX_SHARDS) {
        let next = divide(chapters, count);
        if slowest(&next) < slowest(&best) {
            best = next;
        }
    }
    best
}

/// Takes the chapters by the time of what they need and themselves, the longest first, and gives each to the shard that ends
/// earliest with it. A chapter that a shard runs anyway because another one needs it belongs to that shard at no cost.
fn divide(chapters: &[TimedChapter], count: usize) -> Vec<Shard> {
    let closures = closures(chapters);
    let time = |indices: &BTreeSet<usize>| -> u64 {
        indices.iter().map(|index| chapters[*index].milliseconds).sum()
    };
    let mut order: Vec<usize> = (0..chapters.len()).collect();
    order.sort_by_key(|index| {
        (std::cmp::Reverse(time(&closures[*index])), std::cmp::Reverse(*index))
    });
    let mut shards = vec![Shard::default(); count];
    let mut run = vec![BTreeSet::new(); count];
    for chapter in order {
        let runs_anyway = run.iter().position(|run: &BTreeSet<usize>| run.contains(&chapter));
        let with_it =
            |shard: &usize| time(&run[*shard].union(&closures[chapter]).copied().collect());
        let shard = runs_anyway.or_else(|| (0..count).min_by_key(with_it)).unwrap_or(0);
        run[shard].extend(&closures[chapter]);
        shards[shard].chapters.insert(chapter);
    }
    for (shard, run) in shards.iter_mut().zip(&run) {
        shard.needed = run.difference(&shard.chapters).copied().collect();
        shard.milliseconds = time(run);
    }
    shards
}

/// For each chapter everything that it needs, and itself.
fn closures(chapters: &[TimedChapter]) -> Vec<BTreeSet<usize>> {
    let mut closures: Vec<BTreeSet<usize>> = Vec::with_capacity(chapters.len());
    for (index, chapter) in chapters.iter().enumerate() {
        let mut closure = BTreeSet::from([index]);
        for need in chapter.needs.iter().filter(|need| **need < index) {
            closure.extend(&closures[*need]);
        }
        closures.push(closure);
    }
    closures
}

fn id_of(chapters: &[TimedChapter], shards: &[Shard]) -> Fingerprint {
    let mut hashing = Hashing::default();
    for chapter in chapters {
        hashing.part(chapter.name.as_str().as_bytes());
    }
    for shard in shards {
        hashing.part(b"shard");
        for index in &shard.chapters {
            hashing.part(chapters[*index].name.as_str().as_bytes());
        }
    }
    hashing.finish()
}

#[cfg(test)]
mod tests;
