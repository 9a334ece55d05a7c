//! A small book, which is run repeatedly on a scripted world.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::PathBuf;
use std::time::Duration;

use super::fake_clock::FakeClock;
use super::ports::{Cluster, Observed, Recorder, TestPorts};
use super::story::unindent;
use crate::book::{BookText, parse_book};
use crate::engine::{Options, Ports, RunRequest, conduct};
use crate::event::{RunStarted, RunSummary, samples};
use crate::output::{Ending, Output};
use crate::plan::{Plan, PlanRequest, Selection, make_plan};
use crate::secrets::Masker;
use crate::store::{RunLock, RunLog, load_past, run_id, stored_root, unfinished_targets};
use crate::world::scripted::{Answer, ScriptedWorld};

/// When Ctrl-C arrives.
#[derive(Debug, Clone, Default)]
pub(super) enum Interrupt {
    #[default]
    Never,
    /// At this time of the run, in seconds.
    At(f64),
    /// When this step begins.
    During(&'static str),
}

/// A book, its state folder, and the world of its next run. A step without a set answer passes at once.
pub(super) struct TestBook {
    folder: tempfile::TempDir,
    chapters: Vec<(String, String)>,
    answers: BTreeMap<String, Vec<Answer>>,
    background_ends: Vec<(String, String, Output)>,
    unreachable: BTreeSet<String>,
    runs: u32,
    pub(super) cluster: Cluster,
    pub(super) interrupt: Interrupt,
    pub(super) confirms: bool,
    pub(super) given_secrets: HashSet<String>,
    /// The accepted snapshots, by the names of their steps.
    pub(super) accepted: BTreeMap<String, String>,
    /// The text of the event that cannot be recorded.
    pub(super) full_disk_at: Option<&'static str>,
}

/// The result of a run.
pub(super) struct Ran {
    pub(super) summary: RunSummary,
    /// One line for each chapter, attempt (with its time), outcome and note, and for the summary.
    pub(super) story: String,
    /// The folders and files that were written: pending snapshots and failure reports.
    pub(super) written: Vec<String>,
    /// The world after the run.
    pub(super) world: ScriptedWorld,
    /// The progress that was reported, as `time step line`.
    pub(super) progress: Vec<String>,
}

impl TestBook {
    /// A book with one chapter, `a`.
    pub(super) fn new(text: &str) -> Self {
        Self::with_chapters(&[("a", text)])
    }

    /// A book with these chapters.
    pub(super) fn with_chapters(chapters: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut book = Self {
            folder,
            chapters: Vec::new(),
            answers: BTreeMap::new(),
            background_ends: Vec::new(),
            unreachable: BTreeSet::new(),
            runs: 0,
            cluster: Cluster::default(),
            interrupt: Interrupt::Never,
            confirms: true,
            given_secrets: HashSet::new(),
            accepted: BTreeMap::new(),
            full_disk_at: None,
        };
        RunLock::take(&book.state(), 1, "now").map(drop).expect("a state folder");
        for (name, text) in chapters {
            book.edit(name, text);
        }
        book
    }

    /// Replaces the text of a chapter.
    pub(super) fn edit(&mut self, chapter: &str, text: &str) {
        let (name, text) = (chapter.to_owned(), unindent(text));
        match self.chapters.iter_mut().find(|(known, _)| *known == name) {
            Some((_, known)) => *known = text,
            None => self.chapters.push((name, text)),
        }
    }

    /// Sets the answers of the step from the next run on: each is given once, and the last one repeatedly.
    pub(super) fn answer(&mut self, step: &str, answers: impl IntoIterator<Item = Answer>) {
        self.answers.insert(step.to_owned(), answers.into_iter().collect());
    }

    /// Makes the world unreachable when this step runs.
    pub(super) fn make_unreachable(&mut self, step: &str) {
        self.unreachable.insert(step.to_owned());
    }

    /// Ends the background step while the step `during` runs.
    pub(super) fn end_background(&mut self, step: &str, during: &str, text: &str, ending: Ending) {
        let output = Output { bytes: text.as_bytes().to_vec(), ending, ..Output::default() };
        self.background_ends.push((step.to_owned(), during.to_owned(), output));
    }

    pub(super) fn run(&mut self) -> Ran {
        self.run_with(Options::default())
    }

    /// `guide run --resume`.
    pub(super) fn resume(&mut self) -> Ran {
        self.run_with(Options { resume: true, ..Options::default() })
    }

    /// `guide verify`, with this wait budget in seconds.
    pub(super) fn verify(&mut self, wait: u64) -> Ran {
        let wait_budget = Duration::from_secs(wait);
        let options = Options { verify_only: true, keep_going: true, ..Options::default() };
        self.run_with(Options { wait_budget, ..options })
    }

    pub(super) fn run_with(&mut self, options: Options) -> Ran {
        let plan = self.plan(options);
        let past = load_past(&self.state(), self.folder.path()).expect("the past");
        let started = self.started(&plan, options, &past);
        let lock = RunLock::take(&self.state(), 1, "now").expect("the lock");
        let log = RunLog::begin(&self.state(), lock, started.clone(), &past).expect("a journal");
        let clock = FakeClock::default();
        let mut world = self.world(&plan, &clock);
        let test_ports = TestPorts::new(self, clock.clone());
        let mut record = Recorder { log, ports: test_ports.clone(), full_at: self.full_disk_at };
        let port = || test_ports.clone();
        let mut ports = Ports {
            world: &mut world,
            record: &mut record,
            failure_reports: &mut port(),
            reporter: &mut port(),
            snapshots: &mut port(),
            workspace: &mut port(),
            monitor: &mut port(),
            prompt: &mut port(),
            clock: &clock,
        };
        let request = RunRequest {
            plan: &plan,
            past: &past,
            options,
            environment: Vec::new(),
            given_secrets: self.given_secrets.clone(),
            caller_variables: HashSet::new(),
            masker: Masker::new(),
            started,
            interrupted: &|| test_ports.is_interrupted(),
        };
        let summary = conduct(&mut ports, &request);
        record.log.finish().expect("the journal is complete");
        let Observed { story, written, progress, .. } = test_ports.observed.take();
        Ran { summary, story, written, world, progress }
    }

    fn state(&self) -> PathBuf {
        self.folder.path().join(".guide")
    }

    fn plan(&self, options: Options) -> Plan {
        let texts = self.chapters.iter().map(|(name, text)| (format!("{name}.md"), text));
        let texts: Vec<(String, &String)> = texts.collect();
        let chapters = texts.iter().map(|(name, text)| (name.as_str(), text.as_str()));
        let (book, problems) = parse_book(BookText::of_chapters(chapters));
        assert_eq!(problems, []);
        let targets = if options.resume {
            unfinished_targets(&self.state(), self.folder.path()).expect("targets")
        } else {
            Vec::new()
        };
        let selection = Selection { targets, ..Selection::default() };
        let request =
            PlanRequest { selection, profile: "open".to_owned(), ..PlanRequest::default() };
        make_plan(&book, &request).unwrap_or_else(|problems| panic!("{problems:?}"))
    }

    fn started(
        &mut self,
        plan: &Plan,
        options: Options,
        past: &crate::history::Past,
    ) -> RunStarted {
        self.runs += 1;
        let at = "2026-11-23T12:00:00Z".parse().expect("a time");
        let targets = options.verify_only.then(|| crate::event::VERIFY_ONLY.to_owned());
        RunStarted {
            run: run_id(at, self.runs, &past.newest_run),
            profile: "open".to_owned(),
            targets: targets.into_iter().collect(),
            resumes: (options.resume && !past.run.is_empty()).then(|| past.run.clone()),
            root: stored_root(&self.state(), self.folder.path()),
            steps: plan.chapters.iter().map(|chapter| options.steps_to_run(chapter)).sum(),
            ..samples::started("")
        }
    }

    fn world(&self, plan: &Plan, clock: &FakeClock) -> ScriptedWorld {
        let mut world = ScriptedWorld::new();
        for step in plan.chapters.iter().flat_map(|chapter| &chapter.steps) {
            let name = step.id.to_string();
            if self.unreachable.contains(&name) {
                continue;
            }
            let ending = if step.attributes.background.is_some() {
                Ending::Started
            } else {
                Ending::Exited(0)
            };
            let default = vec![Answer::ending("", ending)];
            for answer in self.answers.get(&name).unwrap_or(&default) {
                world.answer(&name, answer.clone());
            }
        }
        for (step, during, output) in &self.background_ends {
            world.end_background(step, during, output.clone());
        }
        let clock = clock.clone();
        world.on_tick(move |passed| clock.advance(passed));
        world
    }
}

/// An answer that passes after `seconds`, in steps of 0.1 s.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "tests wait for seconds, not for centuries"
)]
pub(super) fn passes_after(seconds: f64) -> Answer {
    Answer::passing("").after((seconds * 10.0).round() as u32)
}

/// An answer that passes at once.
pub(super) fn passes() -> Answer {
    Answer::passing("")
}

/// An answer that passes at once, with this output.
pub(super) fn prints(text: &str) -> Answer {
    Answer::passing(text)
}

/// An answer that fails at once, with exit code 1.
pub(super) fn fails() -> Answer {
    Answer::ending("", Ending::Exited(1))
}
