//! Random books, edits, failures, kills, runs, resumed runs and `down` in any order, against an oracle: a run ends well only where
//! every check of the present text passes in the world, and every acting step of the present text has run as it now stands.

#![expect(clippy::disallowed_methods, reason = "tests cut journals as a kill would")]

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use proptest::prelude::*;

use super::ports::{
    ChangeWait, ClusterMonitor, ClusterStatus, FailureReports, Ports, Prompt, SnapshotStore,
    Workspace, WorkspaceRequest,
};
use super::request::{Options, RunRequest};
use super::run::conduct;
use super::tests::FakeClock;
use crate::book::{BookText, SnapshotKind, parse_book};
use crate::compare::Bindings;
use crate::diagnostic::Diagnostic;
use crate::event::{Event, Reporter, RunSummary};
use crate::ids::StepId;
use crate::output::Ending;
use crate::plan::{
    NamedFiles, Plan, PlanRequest, PlannedChapter, RenderedManifest, Selection, Step, make_plan,
};
use crate::store::{
    DeletedManifests, JOURNAL, RunLock, RunLog, forget_deleted, load_past, run_id, stored_root,
    unfinished_targets,
};
use crate::world::Command;
use crate::world::scripted::{Answer, ScriptedWorld};

/// A book as it is written down at the moment: each acting step sets a key of the world to a value.
#[derive(Debug, Clone, Default)]
struct Draft {
    chapters: Vec<DraftChapter>,
}

#[derive(Debug, Clone, Default)]
struct DraftChapter {
    /// The first check of the chapter stands for it.
    done: bool,
    acts: Vec<Act>,
}

#[derive(Debug, Clone)]
struct Act {
    key: String,
    value: u8,
    /// The value stands in a manifest, not in the script.
    manifest: bool,
    check: Option<Check>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Check {
    /// The key is there, whatever its value.
    There,
    /// It has the value.
    Equal,
}

impl Act {
    fn wanted(&self) -> String {
        format!("value-{}", self.value)
    }

    fn check_holds(&self, world: &BTreeMap<String, String>) -> bool {
        match (self.check, world.get(&self.key)) {
            (None, _) => true,
            (Some(Check::There), value) => value.is_some(),
            (Some(Check::Equal), value) => value == Some(&self.wanted()),
        }
    }
}

impl Draft {
    fn text(chapter: &DraftChapter) -> String {
        let mut text = String::new();
        let first = chapter.acts.iter().find(|act| act.check.is_some());
        if let Some(act) = first.filter(|_| chapter.done) {
            text += &format!("---\ndone: [{}-check]\n---\n", act.key);
        }
        text += "# T\n\n";
        for act in &chapter.acts {
            let (key, wanted) = (&act.key, act.wanted());
            if act.manifest {
                text += &format!(
                    "```yaml {{file={key}.yaml}}\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {key}}}\ndata: {{is: {wanted}}}\n```\n\n"
                );
                text += &format!("```bash {{name={key}}}\napply {key} {key}.yaml\n```\n\n");
            } else {
                text += &format!("```bash {{name={key}}}\nset {key} {wanted}\n```\n\n");
            }
            if let Some(check) = act.check {
                let script = if check == Check::There {
                    format!("there {key}")
                } else {
                    format!("equal {key} {wanted}")
                };
                text += &format!("```bash {{name={key}-check verify}}\n{script}\n```\n\n");
            }
        }
        text
    }

    fn plan(&self, targets: Vec<String>) -> Plan {
        let texts: Vec<(String, String)> = self
            .chapters
            .iter()
            .enumerate()
            .map(|(number, chapter)| (format!("chapter-{number}.md"), Self::text(chapter)))
            .collect();
        let (book, problems) = parse_book(BookText::of_chapters(
            texts.iter().map(|(name, text)| (name.as_str(), text.as_str())),
        ));
        assert_eq!(problems, []);
        let selection = Selection { targets, ..Selection::default() };
        let request =
            PlanRequest { selection, profile: "open".to_owned(), ..PlanRequest::default() };
        make_plan(&book, &request).unwrap_or_else(|problems| panic!("{problems:?}"))
    }
}

/// The world: keys with values, and what is about to go wrong.
#[derive(Debug, Default)]
struct Model {
    keys: BTreeMap<String, String>,
    /// Setting these does its work and fails.
    failing: BTreeSet<String>,
    /// What each key was set to by a step that passed, and that nothing has undone since.
    passed: BTreeMap<String, String>,
    /// Keys that somebody took away since they were set last.
    lost: BTreeSet<String>,
    /// Rendered manifests, by file.
    files: BTreeMap<String, String>,
    /// The runner is killed at this command from now.
    killed_at: Option<usize>,
}

impl Model {
    fn answer(&mut self, command: &Command) -> Option<Answer> {
        if let Some(left) = &mut self.killed_at {
            *left = left.checked_sub(1)?;
        }
        let words: Vec<&str> = command.script.split_whitespace().collect();
        let passes = match words.as_slice() {
            ["set", key, value] => self.set(key, (*value).to_owned()),
            ["apply", key, file] => {
                let value = self.files[*file]
                    .split("is: ")
                    .nth(1)?
                    .trim_end_matches(['}', '\n', ' '])
                    .to_owned();
                self.set(key, value)
            }
            ["there", key] => self.keys.contains_key(*key),
            ["equal", key, value] => self.keys.get(*key).map(String::as_str) == Some(value),
            other => panic!("{other:?}"),
        };
        Some(Answer::ending("", Ending::Exited(i32::from(!passes))))
    }

    fn set(&mut self, key: &str, value: String) -> bool {
        self.keys.insert(key.to_owned(), value.clone());
        self.lost.remove(key);
        let passes = !self.failing.contains(key);
        if passes {
            self.passed.insert(key.to_owned(), value);
        } else {
            self.passed.remove(key);
        }
        passes
    }
}

/// The edges of the engine, of which these tests need little.
#[derive(Clone)]
struct Edges(Rc<RefCell<Model>>);

impl FailureReports for Edges {
    fn write(&mut self, _: &Step, _: &PlannedChapter, _: &[(String, String)]) -> Option<PathBuf> {
        None
    }
}

impl Reporter for Edges {
    fn report(&mut self, _: &Event) {}
}

impl SnapshotStore for Edges {
    fn accepted_text(&mut self, _: &Step) -> Option<String> {
        None
    }
    fn write_pending(
        &mut self,
        _: &Step,
        _: SnapshotKind,
        _: &Bindings,
        _: &[u8],
    ) -> Option<PathBuf> {
        None
    }
    fn write_pending_fence(&mut self, _: &Step, _: &Bindings, _: &[u8]) -> Option<PathBuf> {
        None
    }
    fn clear_pending(&mut self, _: &Step) {}
}

impl Workspace for Edges {
    fn prepare(&mut self, request: &WorkspaceRequest<'_>) -> Result<PathBuf, Diagnostic> {
        self.0.borrow_mut().files.extend(request.files.iter().cloned());
        Ok(PathBuf::from(request.chapter.name.as_str()))
    }
    fn named_files(&mut self, _: &BTreeSet<String>) -> NamedFiles {
        NamedFiles::new()
    }
    fn render_late(
        &self,
        template: &RenderedManifest,
        _: &serde_json::Value,
        _: &Bindings,
    ) -> Result<String, String> {
        Ok(template.text.clone())
    }
}

impl ClusterMonitor for Edges {
    fn begin_step(&mut self, _: &PlannedChapter) {}
    fn status(&mut self, _: std::time::Duration) -> ClusterStatus {
        ClusterStatus::default()
    }
    fn begin_attempt(&mut self) {}
    fn wait_for_change(&mut self, _: std::time::Duration) -> ChangeWait {
        ChangeWait::Changed
    }
    fn evidence(&mut self, _: &PlannedChapter) -> Vec<(String, String)> {
        Vec::new()
    }
    fn hint(&mut self) -> Option<String> {
        None
    }
    fn lost(&mut self, _: &str) -> Option<Diagnostic> {
        None
    }
    fn made_by_book(&self) -> Option<bool> {
        Some(false)
    }
    fn after_chapter(&mut self) -> Result<(), Diagnostic> {
        Ok(())
    }
}

impl Prompt for Edges {
    fn confirm(&mut self, _: &StepId, _: &str) -> bool {
        true
    }
}

/// A desk with a book, its world and its state folder.
struct Desk {
    folder: tempfile::TempDir,
    draft: Draft,
    model: Rc<RefCell<Model>>,
    runs: u32,
    next_key: u32,
}

impl Desk {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(folder.path().join(".guide")).expect("a folder");
        let (draft, model) = (
            Draft { chapters: vec![DraftChapter::default(), DraftChapter::default()] },
            Rc::default(),
        );
        let mut desk = Self { folder, draft, model, runs: 0, next_key: 0 };
        for (chapter, kind) in [(0, 1), (0, 2), (1, 5)] {
            desk.add(chapter, 9, kind);
        }
        desk
    }

    fn state(&self) -> PathBuf {
        self.folder.path().join(".guide")
    }

    fn root(&self) -> &Path {
        self.folder.path()
    }

    fn add(&mut self, chapter: usize, at: usize, kind: u8) {
        self.next_key += 1;
        let check = [None, Some(Check::There), Some(Check::Equal)][usize::from(kind) % 3];
        let act = Act {
            key: format!("k{}", self.next_key),
            value: kind % 3,
            manifest: kind & 4 != 0,
            check,
        };
        let acts = &mut self.draft.chapters[chapter].acts;
        acts.insert(at.min(acts.len()), act);
    }

    fn run(&mut self, targets: Vec<String>, options: Options) -> RunSummary {
        self.runs += 1;
        let plan = self.draft.plan(targets.clone());
        let past = load_past(&self.state(), self.root()).expect("the past");
        let at = "2026-11-23T12:00:00Z".parse().expect("a time");
        let started = crate::event::RunStarted {
            run: run_id(at, self.runs, &past.newest_run),
            profile: "open".to_owned(),
            targets,
            resumes: (options.resume && !past.run.is_empty()).then(|| past.run.clone()),
            root: stored_root(&self.state(), self.root()),
            ..crate::event::samples::started("")
        };
        let lock = RunLock::take(&self.state(), 1, "now").expect("the lock");
        let mut record = RunLog::begin(&self.state(), lock, started.clone(), &past).expect("a log");
        let mut world = ScriptedWorld::new();
        let model = Rc::clone(&self.model);
        world.answer_by(move |command| model.borrow_mut().answer(command));
        let edges = || Edges(Rc::clone(&self.model));
        let (mut failure_reports, mut reporter, mut snapshots) = (edges(), edges(), edges());
        let (mut workspace, mut monitor, mut prompt) = (edges(), edges(), edges());
        let mut ports = Ports {
            world: &mut world,
            record: &mut record,
            failure_reports: &mut failure_reports,
            reporter: &mut reporter,
            snapshots: &mut snapshots,
            workspace: &mut workspace,
            monitor: &mut monitor,
            prompt: &mut prompt,
            clock: &FakeClock::default(),
        };
        let request = RunRequest {
            plan: &plan,
            past: &past,
            options,
            environment: Vec::new(),
            given_secrets: HashSet::new(),
            caller_variables: HashSet::new(),
            masker: crate::secrets::Masker::new(),
            started,
            interrupted: &|| false,
        };
        let summary = conduct(&mut ports, &request);
        let journal = record.folder().join(JOURNAL);
        record.finish().expect("kept");
        if summary.broken.is_some() {
            // A killed runner writes no last line.
            let text = std::fs::read_to_string(&journal).expect("a journal");
            let without = text.trim_end().rfind('\n').map_or(0, |end| end + 1);
            std::fs::write(&journal, &text[..without]).expect("cut");
        }
        self.model.borrow_mut().killed_at = None;
        let well = summary.failed == 0
            && summary.broken.is_none()
            && !summary.interrupted
            && summary.pending == 0;
        if well {
            self.judge(&plan);
        }
        summary
    }

    /// The oracle.
    fn judge(&self, plan: &Plan) {
        let model = self.model.borrow();
        for chapter in &plan.chapters {
            let number: usize =
                chapter.name.as_str()["chapter-".len()..].parse().expect("a number");
            for act in &self.draft.chapters[number].acts {
                let chapter = &chapter.name;
                assert!(
                    act.check_holds(&model.keys),
                    "{chapter}: the check of {} does not pass, but the run did\n{model:#?}",
                    act.key
                );
                assert_eq!(
                    model.keys.get(&act.key),
                    Some(&act.wanted()),
                    "{chapter}/{} was not applied\n{model:#?}",
                    act.key
                );
                assert_eq!(
                    model.passed.get(&act.key),
                    Some(&act.wanted()),
                    "{chapter}/{} has not passed\n{model:#?}",
                    act.key
                );
            }
        }
    }

    /// `guide down`: takes away what the manifests of a chapter made.
    fn down(&self, chapter: usize) {
        let plan = self.draft.plan(vec![format!("chapter-{chapter}")]);
        let mut past = load_past(&self.state(), self.root()).expect("the past");
        let mut taken = DeletedManifests::new();
        for planned in &plan.chapters {
            taken.insert(
                planned.name.clone(),
                planned.manifests.iter().map(|manifest| manifest.file.clone()).collect(),
            );
        }
        forget_deleted(&self.state(), self.root(), &mut past, &taken).expect("forgotten");
        let mut model = self.model.borrow_mut();
        for act in self.draft.chapters[chapter].acts.iter().filter(|act| act.manifest) {
            model.keys.remove(&act.key);
            model.passed.remove(&act.key);
            model.lost.remove(&act.key);
        }
    }

    /// Somebody takes a key away whose check is one that a run asks for.
    fn lose(&self, chapter: usize, index: usize) {
        let chapter = &self.draft.chapters[chapter];
        let checked: Vec<&Act> = chapter.acts.iter().filter(|act| act.check.is_some()).collect();
        let asked = if chapter.done { &checked[..checked.len().min(1)] } else { &checked[..] };
        if let Some(act) = asked.get(index % asked.len().max(1)) {
            let mut model = self.model.borrow_mut();
            if model.keys.remove(&act.key).is_some() {
                model.lost.insert(act.key.clone());
            }
        }
    }

    /// May the checks of this chapter be edited? Not while only they can tell that something was taken away.
    fn may_edit(&self, chapter: usize) -> bool {
        let model = self.model.borrow();
        !self.draft.chapters[chapter].acts.iter().any(|act| model.lost.contains(&act.key))
    }

    fn act(&mut self, chapter: usize, index: usize) -> Option<&mut Act> {
        let acts = &mut self.draft.chapters[chapter].acts;
        let index = index.checked_rem(acts.len())?;
        acts.get_mut(index)
    }

    fn step(&mut self, (what, chapter, index, value): (u8, u8, u8, u8)) {
        let (chapter, index) = (usize::from(chapter) % 2, usize::from(index));
        let whole = Vec::new;
        match what % 16 {
            11 | 13 | 14 | 15 if !self.may_edit(chapter) => {}
            0 | 1 => drop(self.run(whole(), Options::default())),
            2 => drop(self.run(whole(), Options { rerun: true, ..Options::default() })),
            3 => drop(self.run(whole(), Options { keep_going: true, ..Options::default() })),
            4 => drop(self.run(vec![format!("chapter-{chapter}")], Options::default())),
            5 | 6 => {
                let targets = unfinished_targets(&self.state(), self.root()).expect("targets");
                drop(self.run(targets, Options { resume: true, ..Options::default() }));
            }
            7 => {
                self.model.borrow_mut().killed_at = Some(index % 8);
                drop(self.run(whole(), Options { resume: value % 2 == 0, ..Options::default() }));
            }
            8 => self.down(chapter),
            9 => self.lose(chapter, index),
            10 => {
                if let Some(act) = self.act(chapter, index) {
                    act.value = value % 3;
                }
            }
            11 => {
                if let Some(act) = self.act(chapter, index) {
                    act.check =
                        [None, Some(Check::There), Some(Check::Equal)][usize::from(value) % 3];
                }
            }
            12 => {
                if let Some(key) = self.act(chapter, index).map(|act| act.key.clone()) {
                    let failing = &mut self.model.borrow_mut().failing;
                    if !failing.remove(&key) {
                        failing.insert(key);
                    }
                }
            }
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
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_run_ends_well_only_where_everything_is_as_the_text_says(moves in prop::collection::vec(any::<(u8, u8, u8, u8)>(), 1..40)) {
        let mut desk = Desk::new();
        for next in moves {
            desk.step(next);
        }
        // Whatever has happened: once nothing fails any more, a run puts everything right.
        desk.model.borrow_mut().failing.clear();
        let summary = desk.run(Vec::new(), Options::default());
        prop_assert_eq!((summary.failed, summary.broken), (0, None));
    }
}
