//! Journals → [`Past`]: what a resumed run may rely on. And which runs' folders are still needed for that.
//!
//! A run of the whole book says all there is to know. A run of a part is laid over the run before it; where such a run did not
//! come to its end, nothing is believed of the chapters it had begun but what it wrote down itself. A resumed run that was
//! killed before it had decided where to start has changed nothing, so the run it resumes still speaks. A run that only asked
//! (`guide verify`) has passed no step: whoever goes on asks for himself.

#![expect(clippy::disallowed_methods, reason = "`store` is the room that opens files")]

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use memchr::memmem;

use super::append::give_back_reserve;
use super::fault::StoreError;
use super::journal::{Journal, read_journal};
use super::remembered::read_remembered;
use super::run::{JOURNAL, STATES, read_stored, runs_folder};
use crate::event::{Event, Outcome, RunStarted, Stored, VERIFY_ONLY};
use crate::plan::{Past, PastChapter, PastStep};

/// Runs whose folders are kept, at least.
pub const KEPT_RUNS: usize = 20;
/// So many more are let come before the oldest are forgotten, all at once: most runs have nothing to remove.
const FORGOTTEN_AT_ONCE: usize = 10;

/// What the runs so far tell. A book that was never run has an empty past.
///
/// # Errors
/// When a journal that counts can't be read, is newer than this guide, or was damaged.
pub fn load_past(state_dir: &Path) -> Result<Past, StoreError> {
    let runs = Runs::list(state_dir)?;
    let Some(last) = runs.last(told_a_story)? else { return Ok(Past::default()) };
    let mut past = Past { run: last.started.run.clone(), ..Past::default() };
    let mut journals = vec![last];
    while let Some(before) = runs.underneath(&journals[journals.len() - 1])? {
        journals.push(before);
    }
    for journal in journals.iter().rev() {
        lay_over(&mut past, journal, &runs);
    }
    remember(&mut past, state_dir, &runs, &journals)?;
    Ok(past)
}

/// The journal of the last run.
///
/// # Errors
/// As [`load_past`].
pub fn last_run(state_dir: &Path) -> Result<Option<Journal>, StoreError> {
    Runs::list(state_dir)?.last(|_| true)
}

/// What there is to go on with: what the newest run was asked for that did not come to its end and that no later run has made good;
/// where there is none, what the last one was asked for. (The cure of one chapter is often a run of another.) Targets as typed,
/// `--from STEP` and its like among them; empty for the whole book, and for a book that was never run. Runs that only asked don't count.
///
/// # Errors
/// As [`load_past`].
pub fn unfinished_targets(state_dir: &Path) -> Result<Vec<String>, StoreError> {
    let runs = Runs::list(state_dir)?;
    let mut made_good: Vec<Vec<String>> = Vec::new();
    for id in runs.ids.iter().rev() {
        let Some(journal) = runs.read(id)? else { continue };
        let targets = journal.started.targets.clone();
        if !told_a_story(&journal.started) || made_good.contains(&targets) {
            continue;
        }
        if !came_to_its_end(&journal) {
            return Ok(targets);
        }
        let whole_book = targets.is_empty();
        made_good.push(targets);
        if whole_book {
            break;
        }
    }
    Ok(made_good.into_iter().next().unwrap_or_default())
}

/// Did it tell a story? One that only asked (`guide verify`) has passed no step.
fn told_a_story(started: &RunStarted) -> bool {
    !started.targets.iter().any(|target| target == VERIFY_ONLY)
}

/// Did it run all that it was asked to, and did nothing fail?
fn came_to_its_end(journal: &Journal) -> bool {
    journal.events.iter().any(|event| match event {
        Event::RunFinished(ended) => ended.failed == 0 && ended.not_run == 0 && !ended.interrupted && ended.broken.is_none(),
        _ => false,
    })
}

/// Of the runs before this one: the last gives back the disk space that it kept in reserve, and the oldest are forgotten.
///
/// # Errors
/// When the folders can't be listed.
pub(super) fn tidy_runs(state_dir: &Path, current: &str) -> Result<(), StoreError> {
    let runs = Runs::list(state_dir)?;
    if let Some(last) = runs.ids.iter().rfind(|id| *id != current) {
        [JOURNAL, STATES].iter().for_each(|name| give_back_reserve(&runs.folder.join(last).join(name)));
    }
    forget_old_runs(&runs, state_dir, current);
    Ok(())
}

/// Removes the folders and dossiers of the oldest runs where there are too many, but none that the past still stands on. One that
/// can't be removed is left.
fn forget_old_runs(runs: &Runs, state_dir: &Path, current: &str) {
    if runs.ids.len() < KEPT_RUNS + FORGOTTEN_AT_ONCE {
        return;
    }
    let mut stood_on = false;
    for (age, id) in runs.ids.iter().rev().enumerate().filter(|(_, id)| *id != current) {
        let weight = runs.weight(id);
        if age >= KEPT_RUNS && (stood_on || weight == Weight::None) {
            let _ = fs::remove_dir_all(runs.folder.join(id));
            let _ = fs::remove_dir_all(state_dir.join("dossiers").join(id));
        }
        stood_on |= weight == Weight::All;
    }
}

struct Runs {
    folder: PathBuf,
    /// What `.guide/latest` names.
    latest: Option<String>,
    /// Oldest first.
    ids: Vec<String>,
}

impl Runs {
    fn list(state_dir: &Path) -> Result<Self, StoreError> {
        let folder = runs_folder(state_dir);
        let mut ids = Vec::new();
        match fs::read_dir(&folder) {
            Ok(entries) => ids.extend(entries.flatten().filter_map(|entry| entry.file_name().into_string().ok())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(StoreError::io("read", &folder)(error)),
        }
        ids.sort_unstable();
        let link = fs::read_link(state_dir.join("latest")).ok();
        let latest = link.and_then(|link| Some(link.file_name()?.to_str()?.to_owned()));
        Ok(Self { folder, latest, ids })
    }

    fn read(&self, id: &str) -> Result<Option<Journal>, StoreError> {
        read_journal(&self.folder.join(id).join(JOURNAL))
    }

    /// The last run of that sort that wrote down at least that it began.
    fn last(&self, counts: fn(&RunStarted) -> bool) -> Result<Option<Journal>, StoreError> {
        let newest_first = self.ids.iter().rev().map(String::as_str);
        for id in self.latest.as_deref().into_iter().chain(newest_first) {
            if let Some(journal) = self.read(id)?.filter(|journal| counts(&journal.started)) {
                return Ok(Some(journal));
            }
        }
        Ok(None)
    }

    /// The run whose word stands wherever this one says nothing.
    fn underneath(&self, journal: &Journal) -> Result<Option<Journal>, StoreError> {
        let started = &journal.started;
        match &started.resumes {
            Some(resumed) if !has_decided(journal) => return self.read(resumed),
            _ if started.targets.is_empty() => return Ok(None),
            _ => {}
        }
        for id in self.ids.iter().rev().filter(|id| **id < started.run) {
            if let Some(journal) = self.read(id)?.filter(|journal| told_a_story(&journal.started)) {
                return Ok(Some(journal));
            }
        }
        Ok(None)
    }

    fn weight(&self, id: &str) -> Weight {
        let bytes = fs::read(self.folder.join(id).join(JOURNAL)).unwrap_or_default();
        let first = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let decided = || memmem::find(&bytes, br#"{"event":"resumed","#).is_some();
        match serde_json::from_slice(first) {
            Ok(Event::RunStarted(started)) if !told_a_story(&started) => Weight::None,
            Ok(Event::RunStarted(started)) if started.targets.is_empty() && (started.resumes.is_none() || decided()) => {
                Weight::All
            }
            _ => Weight::Some,
        }
    }
}

/// How much of the past stands on a run.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Weight {
    /// Nothing: it only asked.
    None,
    /// What it says, over the runs before it.
    Some,
    /// All: no older run is needed.
    All,
}

/// Has it come so far that it may have changed something?
fn has_decided(journal: &Journal) -> bool {
    journal.started.resumes.is_none() || journal.events.iter().any(|event| matches!(event, Event::Resumed { .. }))
}

fn lay_over(past: &mut Past, journal: &Journal, runs: &Runs) {
    if !has_decided(journal) {
        return;
    }
    if journal.started.targets.is_empty() {
        past.steps.clear();
    } else if !journal.events.iter().any(|event| matches!(event, Event::RunFinished(_))) {
        for event in &journal.events {
            if let Event::ChapterStarted { chapter, .. } = event {
                past.steps.retain(|step, _| step.chapter != *chapter);
            }
        }
    }
    let run = &journal.started.run;
    let mut known = HashMap::new();
    for (number, event) in journal.events.iter().enumerate() {
        let Event::StepFinished(finished) = event else { continue };
        let state_lost = finished.state.as_ref().is_some_and(|state| !is_there(state, &runs.folder.join(run), &mut known));
        let step = PastStep {
            profile: journal.started.profile.clone(),
            number,
            fingerprint: finished.fingerprint,
            held: finished.outcome.holds(),
            state_lost,
            seconds: finished.seconds,
            at: finished.at.clone(),
            attempts: finished.attempts,
            ending: finished.ending,
            run: run.clone(),
            output: finished.output.clone(),
            state: finished.state.clone(),
            bound: finished.bound.clone(),
        };
        past.steps.insert(finished.step.clone(), step);
    }
}

/// Is that part in the file, and undamaged? After a loss of power the journal may be ahead of what it speaks of. Steps that changed
/// nothing share one part, which is read once.
fn is_there(stored: &Stored, folder: &Path, known: &mut HashMap<(PathBuf, u64, u64), bool>) -> bool {
    let key = (stored.file.clone(), stored.offset, stored.length);
    *known.entry(key).or_insert_with(|| read_stored(folder, stored).is_ok())
}

/// Times and chapters: what was remembered, and all runs since.
fn remember(past: &mut Past, state_dir: &Path, runs: &Runs, read: &[Journal]) -> Result<(), StoreError> {
    let remembered = read_remembered(state_dir)?;
    past.seconds.extend(remembered.seconds);
    past.chapters.extend(remembered.chapters);
    past.through = runs.ids.last().max(Some(&remembered.through)).cloned().unwrap_or_default();
    for id in runs.ids.iter().filter(|id| **id > remembered.through) {
        match read.iter().find(|journal| journal.started.run == *id) {
            Some(journal) => remember_run(past, journal),
            // An old journal that can't be read costs nothing but a time or two.
            None => runs.read(id).ok().flatten().iter().for_each(|journal| remember_run(past, journal)),
        }
    }
    Ok(())
}

fn remember_run(past: &mut Past, journal: &Journal) {
    for event in &journal.events {
        match event {
            Event::StepFinished(finished) if matches!(finished.outcome, Outcome::Passed | Outcome::Pending) => {
                past.seconds.insert(finished.step.clone(), finished.seconds);
            }
            Event::ChapterFinished { chapter, outcome, fingerprint, .. } => {
                let before = past.chapters.get(chapter).and_then(|before| before.passed_as);
                let known = PastChapter { outcome: *outcome, passed_as: fingerprint.or(before) };
                past.chapters.insert(chapter.clone(), known);
            }
            _ => {}
        }
    }
}
