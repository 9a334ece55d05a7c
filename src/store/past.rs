//! Journals → [`Past`]: what a resumed run may rely on. And which runs' folders are still needed for that.
//!
//! A run of the whole book says all there is to know. A run of a part is laid over the run before it; where such a run did not
//! come to its end, nothing is believed of the chapters it had begun but what it wrote down itself. A resumed run that was
//! killed before it had decided where to start has changed nothing, so the run it resumes still speaks. A run that only asked
//! (`guide verify`) has passed no step: whoever goes on asks for himself.

#![expect(clippy::disallowed_methods, reason = "`store` is the room that opens files")]

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use memchr::memmem;

use super::append_only::release_reserve;
use super::error::StoreError;
use super::history_cache::{HistoryCache, read_history_cache, stored_root};
use super::journal::{Journal, read_journal};
use super::run_log::{JOURNAL, STATES, read_stored, runs_folder};
use super::world_file::read_world;
use crate::compare::Bindings;
use crate::event::{ChapterOutcome, Event, Outcome, RunStarted, StepFinished, Stored, VERIFY_ONLY};
use crate::history::{Past, PastChapter, PastStep, Standing, StepRecord};
use crate::ids::ChapterName;
use crate::ids::{Fingerprint, StepId};

/// Runs whose folders are kept, at least.
pub(super) const KEPT_RUNS: usize = 20;
/// So many more are let come before the oldest are forgotten, all at once: most runs have nothing to remove.
const FORGOTTEN_AT_ONCE: usize = 10;

/// What the runs so far of the book in the folder `root` tell. A book that was never run has an empty past.
///
/// # Errors
/// When a journal that counts can't be read, is newer than this guide, or was damaged.
pub fn load_past(state_dir: &Path, root: &Path) -> Result<Past, StoreError> {
    let runs = Runs::list(state_dir, root)?;
    let mut past = Past::default();
    let mut journals: Vec<Journal> = runs.last(is_full_run)?.into_iter().collect();
    if let Some(last) = journals.first() {
        past.run.clone_from(&last.started.run);
        while let Some(before) = runs.base_run(&journals[journals.len() - 1])? {
            journals.push(before);
        }
    }
    for journal in journals.iter().rev() {
        overlay(&mut past, journal, &runs);
    }
    remember(&mut past, state_dir, &runs, &journals)?;
    Ok(past)
}

/// Manifests, by the chapter they stand in.
pub(crate) type DeletedManifests = BTreeMap<ChapterName, BTreeSet<String>>;

/// `guide down` takes away the objects of these manifests (file names by chapter): the steps made of them have to run again,
/// whatever their checks say, and the chapters are not done any more.
///
/// # Errors
/// When it can't be written.
pub(crate) fn forget_deleted(
    state_dir: &Path,
    root: &Path,
    past: &mut Past,
    taken: &DeletedManifests,
) -> Result<(), StoreError> {
    for chapter in taken.keys() {
        if let Some(known) = past.chapters.get_mut(chapter) {
            known.passed_as = None;
        }
    }
    for (step, records) in &mut past.records {
        let Some(files) = taken.get(&step.chapter) else { continue };
        for record in records.values_mut() {
            if matches!(&record.standing, Standing::Passed { made_of } if files.iter().any(|file| made_of.has_manifest(file)))
            {
                record.standing = Standing::TakenDown;
            }
        }
    }
    HistoryCache::of(past).write(state_dir, &stored_root(state_dir, root))
}

/// The journal of the last run.
///
/// # Errors
/// As [`load_past`].
pub(crate) fn last_run(state_dir: &Path, root: &Path) -> Result<Option<Journal>, StoreError> {
    Runs::list(state_dir, root)?.last(|_| true)
}

/// What there is to go on with: what the newest run was asked for that did not come to its end and that no later run has made good;
/// where there is none, what the last one was asked for. (The cure of one chapter is often a run of another.) Targets as typed,
/// `--from STEP` and its like among them; empty for the whole book, and for a book that was never run. Runs that only asked don't count.
///
/// # Errors
/// As [`load_past`].
pub(crate) fn unfinished_targets(state_dir: &Path, root: &Path) -> Result<Vec<String>, StoreError> {
    let runs = Runs::list(state_dir, root)?;
    let mut made_good: Vec<Vec<String>> = Vec::new();
    for id in runs.ids.iter().rev() {
        let Some(journal) = runs.read(id)? else { continue };
        let targets = journal.started.targets.clone();
        if !is_full_run(&journal.started) || made_good.contains(&targets) {
            continue;
        }
        if !succeeded(&journal) {
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
fn is_full_run(started: &RunStarted) -> bool {
    !started.targets.iter().any(|target| target == VERIFY_ONLY)
}

/// Did it run all that it was asked to, and did nothing fail?
fn succeeded(journal: &Journal) -> bool {
    journal.events.iter().any(|event| match event {
        Event::RunFinished(ended) => {
            ended.failed == 0 && ended.not_run == 0 && !ended.interrupted && ended.broken.is_none()
        }
        _ => false,
    })
}

/// Of the runs before this one: the last gives back the disk space that it kept in reserve, and the oldest are forgotten.
///
/// # Errors
/// When the folders can't be listed.
pub(super) fn prune_runs(state_dir: &Path, root: &str, current: &str) -> Result<(), StoreError> {
    let runs = Runs::list_for(state_dir, root.to_owned())?;
    if let Some(last) = runs.ids.iter().rfind(|id| *id != current) {
        [JOURNAL, STATES]
            .iter()
            .for_each(|name| release_reserve(&runs.folder.join(last).join(name)));
    }
    forget_old_runs(&runs, state_dir, current);
    Ok(())
}

/// Removes the folders and failure reports of the oldest runs where there are too many, but none that the past still stands on. One that
/// can't be removed is left.
fn forget_old_runs(runs: &Runs, state_dir: &Path, current: &str) {
    if runs.ids.len() < KEPT_RUNS + FORGOTTEN_AT_ONCE {
        return;
    }
    let mut stood_on = false;
    for (age, id) in runs.ids.iter().rev().enumerate().filter(|(_, id)| *id != current) {
        let relevance = runs.relevance(id);
        if age >= KEPT_RUNS && (stood_on || relevance == Relevance::None) {
            let _ = fs::remove_dir_all(runs.folder.join(id));
            let _ = fs::remove_dir_all(state_dir.join("failures").join(id));
        }
        stood_on |= relevance == Relevance::All;
    }
}

struct Runs {
    folder: PathBuf,
    /// The book, as [`stored_root`] names it. Runs of another book are no past of this one.
    root: String,
    /// What `.guide/latest` names.
    latest: Option<String>,
    /// Oldest first.
    ids: Vec<String>,
}

impl Runs {
    fn list(state_dir: &Path, root: &Path) -> Result<Self, StoreError> {
        Self::list_for(state_dir, stored_root(state_dir, root))
    }

    fn list_for(state_dir: &Path, root: String) -> Result<Self, StoreError> {
        let folder = runs_folder(state_dir);
        let mut ids = Vec::new();
        match fs::read_dir(&folder) {
            Ok(entries) => ids
                .extend(entries.flatten().filter_map(|entry| entry.file_name().into_string().ok())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(StoreError::io("read", &folder)(error)),
        }
        ids.sort_unstable();
        let link = fs::read_link(state_dir.join("latest")).ok();
        let latest = link.and_then(|link| Some(link.file_name()?.to_str()?.to_owned()));
        Ok(Self { folder, root, latest, ids })
    }

    fn read(&self, id: &str) -> Result<Option<Journal>, StoreError> {
        let journal = read_journal(&self.folder.join(id).join(JOURNAL))?;
        Ok(journal
            .filter(|journal| journal.started.root.is_empty() || journal.started.root == self.root))
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
    fn base_run(&self, journal: &Journal) -> Result<Option<Journal>, StoreError> {
        let started = &journal.started;
        match &started.resumes {
            Some(resumed) if !has_decided(journal) => return self.read(resumed),
            _ if started.targets.is_empty() => return Ok(None),
            _ => {}
        }
        for id in self.ids.iter().rev().filter(|id| **id < started.run) {
            if let Some(journal) = self.read(id)?.filter(|journal| is_full_run(&journal.started)) {
                return Ok(Some(journal));
            }
        }
        Ok(None)
    }

    fn relevance(&self, id: &str) -> Relevance {
        let bytes = fs::read(self.folder.join(id).join(JOURNAL)).unwrap_or_default();
        let first = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let decided = || memmem::find(&bytes, br#"{"event":"resumed","#).is_some();
        match serde_json::from_slice(first) {
            Ok(Event::RunStarted(started)) if !is_full_run(&started) => Relevance::None,
            Ok(Event::RunStarted(started))
                if started.targets.is_empty() && (started.resumes.is_none() || decided()) =>
            {
                Relevance::All
            }
            _ => Relevance::Some,
        }
    }
}

/// How much of the past stands on a run.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Relevance {
    /// Nothing: it only asked.
    None,
    /// What it says, over the runs before it.
    Some,
    /// All: no older run is needed.
    All,
}

/// Has it come so far that it may have changed something?
fn has_decided(journal: &Journal) -> bool {
    journal.started.resumes.is_none()
        || journal.events.iter().any(|event| matches!(event, Event::Resumed { .. }))
}

fn overlay(past: &mut Past, journal: &Journal, runs: &Runs) {
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
        if let Event::StepStarted { step, .. } = event {
            past.steps.insert(step.clone(), begun(journal, number));
        }
        let Event::StepFinished(finished) = event else { continue };
        let state_lost = finished
            .state
            .as_ref()
            .is_some_and(|state| !is_there(state, &runs.folder.join(run), &mut known));
        let step = PastStep {
            profile: journal.started.profile.clone(),
            number,
            fingerprint: finished.fingerprint,
            passed: finished.outcome.passes(),
            skipped: matches!(finished.outcome, Outcome::Skipped { .. }),
            cut_off: false,
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

/// A step that was begun; whether it ended is for a later line to say.
fn begun(journal: &Journal, number: usize) -> PastStep {
    PastStep {
        profile: journal.started.profile.clone(),
        number,
        fingerprint: Fingerprint::of([]),
        passed: false,
        skipped: false,
        cut_off: true,
        state_lost: false,
        seconds: 0.0,
        at: journal.started.at.clone(),
        attempts: 0,
        ending: None,
        run: journal.started.run.clone(),
        output: None,
        state: None,
        bound: Bindings::new(),
    }
}

/// Is that part in the file, and undamaged? After a loss of power the journal may be ahead of what it speaks of. Steps that changed
/// nothing share one part, which is read once.
fn is_there(
    stored: &Stored,
    folder: &Path,
    known: &mut HashMap<(PathBuf, u64, u64), bool>,
) -> bool {
    let key = (stored.file.clone(), stored.offset, stored.length);
    *known.entry(key).or_insert_with(|| read_stored(folder, stored).is_ok())
}

/// Times, steps and chapters: what was remembered, and all runs since.
fn remember(
    past: &mut Past,
    state_dir: &Path,
    runs: &Runs,
    read: &[Journal],
) -> Result<(), StoreError> {
    let remembered = read_history_cache(state_dir, &runs.root)?;
    past.seconds.extend(remembered.seconds);
    past.chapters.extend(remembered.chapters);
    past.records.extend(remembered.records);
    past.world = remembered.world;
    past.newest_run = runs.ids.last().max(Some(&remembered.through)).cloned().unwrap_or_default();
    for id in runs.ids.iter().filter(|id| **id > remembered.through) {
        match read.iter().find(|journal| journal.started.run == *id) {
            Some(journal) => remember_run(past, journal),
            // An old journal that can't be read costs nothing but a time or two.
            None => {
                runs.read(id).ok().flatten().iter().for_each(|journal| remember_run(past, journal))
            }
        }
    }
    let kept = read_world(state_dir)?;
    let now = kept.as_ref().map(|kept| kept.identity.key().to_owned());
    enter_world(past, now, kept.map(|kept| kept.run).as_deref());
    Ok(())
}

/// What passed in another cluster says nothing of this one. A cluster that was not known before was made or adopted by the run
/// that is named in its file: what that run did, it did in this world.
fn enter_world(past: &mut Past, world: Option<String>, made_by: Option<&str>) {
    if past.world.is_some() && past.world != world {
        for records in past.records.values_mut() {
            records.retain(|_, record| made_by == Some(record.run.as_str()));
        }
        past.records.retain(|_, records| !records.is_empty());
        past.chapters.values_mut().for_each(|chapter| chapter.passed_as = None);
    }
    past.world = world;
}

fn remember_run(past: &mut Past, journal: &Journal) {
    let started = &journal.started;
    if started.world.is_some() {
        enter_world(past, started.world.clone(), None);
    }
    // How a chapter was known before this run came to it: a run that ends within it leaves it unfinished.
    let mut before: HashMap<&ChapterName, Option<PastChapter>> = HashMap::new();
    for event in &journal.events {
        match event {
            Event::StepStarted { step, .. } => {
                note_standing(past, started, step, Standing::Unfinished)
            }
            Event::StepFinished(finished) => remember_step(past, started, finished),
            Event::ChapterStarted { chapter, .. } if is_full_run(started) => {
                let outcome = ChapterOutcome::Interrupted;
                let unfinished =
                    PastChapter { outcome, passed_as: None, profile: started.profile.clone() };
                before.insert(chapter, past.chapters.insert(chapter.clone(), unfinished));
            }
            Event::ChapterFinished { chapter, outcome, fingerprint, .. }
                if *outcome != ChapterOutcome::NotRun =>
            {
                let holds = matches!(outcome, ChapterOutcome::Passed | ChapterOutcome::UpToDate);
                let known = match before.remove(chapter) {
                    Some(known) => known,
                    None => past.chapters.get(chapter).cloned(),
                };
                // A part of a chapter that passed leaves the rest what it was.
                let known = known.filter(|known| holds && known.profile == started.profile);
                let passed_as = fingerprint.or(known.and_then(|known| known.passed_as));
                let chapter_now =
                    PastChapter { outcome: *outcome, passed_as, profile: started.profile.clone() };
                past.chapters.insert(chapter.clone(), chapter_now);
            }
            _ => {}
        }
    }
}

fn remember_step(past: &mut Past, started: &RunStarted, finished: &StepFinished) {
    let ran = matches!(finished.outcome, Outcome::Passed | Outcome::Pending);
    if ran {
        past.seconds.insert(finished.step.clone(), finished.seconds);
    }
    match (&finished.outcome, &finished.made_of) {
        (Outcome::Passed | Outcome::Pending | Outcome::FoundSo, Some(made_of)) => {
            note_standing(
                past,
                started,
                &finished.step,
                Standing::Passed { made_of: made_of.clone() },
            );
        }
        // A check has no standing.
        (Outcome::Passed | Outcome::Pending, None) => {
            if let Some(records) = past.records.get_mut(&finished.step) {
                records.remove(&started.profile);
            }
        }
        (Outcome::Failed(_) | Outcome::Interrupted, _) if finished.attempts > 0 => {
            note_standing(past, started, &finished.step, Standing::Unfinished);
        }
        _ => {}
    }
}

fn note_standing(past: &mut Past, started: &RunStarted, step: &StepId, standing: Standing) {
    let record = StepRecord { run: started.run.clone(), standing };
    past.records.entry(step.clone()).or_default().insert(started.profile.clone(), record);
}
