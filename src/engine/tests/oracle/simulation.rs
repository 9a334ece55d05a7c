//! A random book, its world and its state folder.

#![expect(clippy::disallowed_methods, reason = "these tests make a state folder and cut journals")]

use std::cell::RefCell;
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::super::fake_clock::FakeClock;
use super::draft::{Act, Check, Draft, DraftChapter};
use super::model::Model;
use super::ports::TestPorts;
use crate::engine::{Options, Ports, RunRequest, conduct};
use crate::event::{RunStarted, RunSummary, samples};
use crate::history::Past;
use crate::plan::Plan;
use crate::secrets::Masker;
use crate::store::{
    DeletedManifests, JOURNAL, RunLock, RunLog, forget_deleted, load_past, run_id, stored_root,
    unfinished_targets,
};
use crate::world::scripted::ScriptedWorld;

/// A random book, its world and its state folder.
pub(super) struct Simulation {
    folder: tempfile::TempDir,
    draft: Draft,
    model: Rc<RefCell<Model>>,
    runs: u32,
    next_key: u32,
}

impl Simulation {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(folder.path().join(".guide")).expect("a folder");
        let (draft, model) = (
            Draft { chapters: vec![DraftChapter::default(), DraftChapter::default()] },
            Rc::default(),
        );
        let mut simulation = Self { folder, draft, model, runs: 0, next_key: 0 };
        for (chapter, kind) in [(0, 1), (0, 2), (1, 5)] {
            simulation.add(chapter, 9, kind);
        }
        simulation
    }

    fn state(&self) -> PathBuf {
        self.folder.path().join(".guide")
    }

    fn root(&self) -> &Path {
        self.folder.path()
    }

    fn add(&mut self, chapter: usize, at: usize, kind: u8) {
        self.next_key += 1;
        let act = Act {
            key: format!("k{}", self.next_key),
            value: kind % 3,
            manifest: kind & 4 != 0,
            check: check(kind),
        };
        let acts = &mut self.draft.chapters[chapter].acts;
        acts.insert(at.min(acts.len()), act);
    }

    /// Runs the book, as `guide run TARGETS` with these options. A run that ends well is compared with the oracle.
    pub(super) fn run(&mut self, targets: Vec<String>, options: Options) -> RunSummary {
        let plan = self.draft.plan(targets.clone());
        let summary = self.conduct(&plan, targets, options);
        self.model.borrow_mut().killed_at = None;
        let ended_well = summary.failed == 0
            && summary.broken.is_none()
            && !summary.interrupted
            && summary.pending == 0;
        if ended_well {
            self.compare_with_oracle(&plan);
        }
        summary
    }

    fn conduct(&mut self, plan: &Plan, targets: Vec<String>, options: Options) -> RunSummary {
        let past = load_past(&self.state(), self.root()).expect("the past");
        let started = self.started(targets, options, &past);
        let lock = RunLock::take(&self.state(), 1, "now").expect("the lock");
        let mut record = RunLog::begin(&self.state(), lock, started.clone(), &past).expect("a log");
        let mut world = ScriptedWorld::new();
        let model = Rc::clone(&self.model);
        world.answer_by(move |command| model.borrow_mut().answer(command));
        let ports = || TestPorts(Rc::clone(&self.model));
        let mut ports = Ports {
            world: &mut world,
            record: &mut record,
            failure_reports: &mut ports(),
            reporter: &mut ports(),
            snapshots: &mut ports(),
            workspace: &mut ports(),
            monitor: &mut ports(),
            prompt: &mut ports(),
            clock: &FakeClock::default(),
        };
        let request = RunRequest {
            plan,
            past: &past,
            options,
            environment: Vec::new(),
            given_secrets: HashSet::new(),
            caller_variables: HashSet::new(),
            masker: Masker::new(),
            started,
            interrupted: &|| false,
        };
        let summary = conduct(&mut ports, &request);
        let journal = record.folder().join(JOURNAL);
        record.finish().expect("the journal is complete");
        if summary.broken.is_some() {
            remove_last_line(&journal);
        }
        summary
    }

    fn started(&mut self, targets: Vec<String>, options: Options, past: &Past) -> RunStarted {
        self.runs += 1;
        let at = "2026-11-23T12:00:00Z".parse().expect("a time");
        RunStarted {
            run: run_id(at, self.runs, &past.newest_run),
            profile: "open".to_owned(),
            targets,
            resumes: (options.resume && !past.run.is_empty()).then(|| past.run.clone()),
            root: stored_root(&self.state(), self.root()),
            ..samples::started("")
        }
    }

    fn compare_with_oracle(&self, plan: &Plan) {
        let model = self.model.borrow();
        for chapter in &plan.chapters {
            let number: usize =
                chapter.name.as_str()["chapter-".len()..].parse().expect("a number");
            for act in &self.draft.chapters[number].acts {
                let chapter = &chapter.name;
                assert!(
                    act.check_passes(&model.keys),
                    "{chapter}: the check of {} does not pass, but the run did\n{model:#?}",
                    act.key
                );
                assert_eq!(
                    model.keys.get(&act.key),
                    Some(&act.expected_value()),
                    "{chapter}/{} was not applied\n{model:#?}",
                    act.key
                );
                assert_eq!(
                    model.passed.get(&act.key),
                    Some(&act.expected_value()),
                    "{chapter}/{} has not passed\n{model:#?}",
                    act.key
                );
            }
        }
    }

    /// `guide down`: deletes what the manifests of a chapter made.
    fn down(&self, chapter: usize) {
        let plan = self.draft.plan(vec![format!("chapter-{chapter}")]);
        let mut past = load_past(&self.state(), self.root()).expect("the past");
        let mut deleted = DeletedManifests::new();
        for planned in &plan.chapters {
            deleted.insert(
                planned.name.clone(),
                planned.manifests.iter().map(|manifest| manifest.file.clone()).collect(),
            );
        }
        forget_deleted(&self.state(), self.root(), &mut past, &deleted).expect("forgotten");
        let mut model = self.model.borrow_mut();
        for act in self.draft.chapters[chapter].acts.iter().filter(|act| act.manifest) {
            model.keys.remove(&act.key);
            model.passed.remove(&act.key);
            model.lost.remove(&act.key);
        }
    }

    /// Deletes a key by hand, if a run notices that because it runs the key's check.
    fn lose(&self, chapter: usize, index: usize) {
        let chapter = &self.draft.chapters[chapter];
        let checked: Vec<&Act> = chapter.acts.iter().filter(|act| act.check.is_some()).collect();
        let is_run = if chapter.done { &checked[..checked.len().min(1)] } else { &checked[..] };
        if let Some(act) = is_run.get(index % is_run.len().max(1)) {
            let mut model = self.model.borrow_mut();
            if model.keys.remove(&act.key).is_some() {
                model.lost.insert(act.key.clone());
            }
        }
    }

    /// Whether the checks of this chapter may be edited. They may not while only they can show that a key was deleted by hand.
    fn may_edit(&self, chapter: usize) -> bool {
        let model = self.model.borrow();
        !self.draft.chapters[chapter].acts.iter().any(|act| model.lost.contains(&act.key))
    }

    fn act(&mut self, chapter: usize, index: usize) -> Option<&mut Act> {
        let acts = &mut self.draft.chapters[chapter].acts;
        let index = index.checked_rem(acts.len())?;
        acts.get_mut(index)
    }

    /// From now on no step fails.
    pub(super) fn end_failures(&mut self) {
        self.model.borrow_mut().failing.clear();
    }

    /// Makes a random move: `what` chooses it, the other numbers choose its place and value.
    pub(super) fn make_move(&mut self, (what, chapter, index, value): (u8, u8, u8, u8)) {
        let (chapter, index) = (usize::from(chapter) % 2, usize::from(index));
        let defaults = Options::default();
        match what % 16 {
            11 | 13 | 14 | 15 if !self.may_edit(chapter) => {}
            0 | 1 => drop(self.run(Vec::new(), defaults)),
            2 => drop(self.run(Vec::new(), Options { rerun: true, ..defaults })),
            3 => drop(self.run(Vec::new(), Options { keep_going: true, ..defaults })),
            4 => drop(self.run(vec![format!("chapter-{chapter}")], defaults)),
            5 | 6 => {
                let targets = unfinished_targets(&self.state(), self.root()).expect("targets");
                drop(self.run(targets, Options { resume: true, ..defaults }));
            }
            7 => {
                self.model.borrow_mut().killed_at = Some(index % 8);
                drop(self.run(Vec::new(), Options { resume: value % 2 == 0, ..defaults }));
            }
            8 => self.down(chapter),
            9 => self.lose(chapter, index),
            12 => self.toggle_failure(chapter, index),
            edit => self.edit(edit, chapter, index, value),
        }
    }

    fn edit(&mut self, what: u8, chapter: usize, index: usize, value: u8) {
        match what {
            10 => self.act(chapter, index).into_iter().for_each(|act| act.value = value % 3),
            11 => self.act(chapter, index).into_iter().for_each(|act| act.check = check(value)),
            13 => self.add(chapter, index % 4, value),
            14 => {
                let acts = &mut self.draft.chapters[chapter].acts;
                if acts.len() > 1 {
                    acts.remove(index % acts.len());
                }
            }
            _ => self.draft.chapters[chapter].done ^= true,
        }
    }

    fn toggle_failure(&mut self, chapter: usize, index: usize) {
        let Some(key) = self.act(chapter, index).map(|act| act.key.clone()) else { return };
        let failing = &mut self.model.borrow_mut().failing;
        if !failing.remove(&key) {
            failing.insert(key);
        }
    }
}

fn check(kind: u8) -> Option<Check> {
    [None, Some(Check::Exists), Some(Check::Equals)][usize::from(kind) % 3]
}

/// Cuts the journal as a kill would: a killed runner does not write its summary.
fn remove_last_line(journal: &Path) {
    let text = std::fs::read_to_string(journal).expect("a journal");
    let end = text.trim_end().rfind('\n').map_or(0, |end| end + 1);
    std::fs::write(journal, &text[..end]).expect("the journal is cut");
}
