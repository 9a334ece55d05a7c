//! A small book, run again and again on a scripted world, and what a run of it reports as text.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fmt::Write;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use super::edges::{Cluster, Edges, Recorder};
use crate::book::{BookText, parse_book};
use crate::engine::clock::Clock;
use crate::engine::{Options, Ports, RunRequest, conduct};
use crate::event::{Event, Outcome, RunStarted, RunSummary, samples};
use crate::output::{Ending, Output};
use crate::plan::{Plan, PlanRequest, Selection, make_plan};
use crate::secrets::Masker;
use crate::store::{RunLock, RunLog, load_past, run_id, stored_root, unfinished_targets};
use crate::world::scripted::{Answer, ScriptedWorld};

/// A clock that moves only when somebody waits.
#[derive(Debug, Clone, Default)]
pub(in crate::engine) struct FakeClock(Rc<Cell<Duration>>);

impl FakeClock {
    /// Lets this much time pass.
    pub(super) fn advance(&self, duration: Duration) {
        self.0.set(self.0.get() + duration);
    }
}

impl Clock for FakeClock {
    fn now(&self) -> Duration {
        self.0.get()
    }

    fn sleep(&self, duration: Duration) {
        self.advance(duration);
    }

    fn timestamp(&self) -> String {
        format!("2026-11-23T12:00:{:02}Z", self.now().as_secs() % 60)
    }
}

/// When Ctrl-C arrives.
#[derive(Debug, Clone, Default)]
pub(super) enum Interrupt {
    #[default]
    Never,
    /// At this time of the run, in seconds.
    At(f64),
    /// When this step has begun.
    During(&'static str),
}

/// A book, its state folder, and the world of its next run. Steps without an answer pass at once.
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
    /// Accepted snapshots, by step.
    pub(super) accepted: BTreeMap<String, String>,
    /// Recording this event fails.
    pub(super) full_disk_at: Option<&'static str>,
}

/// What a run did.
pub(super) struct Ran {
    pub(super) summary: RunSummary,
    /// Chapters, attempts with their time, outcomes, notes, and the summary: one line each.
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

    /// Writes a chapter anew.
    pub(super) fn edit(&mut self, chapter: &str, text: &str) {
        let (name, text) = (chapter.to_owned(), unindent(text));
        match self.chapters.iter_mut().find(|(known, _)| *known == name) {
            Some((_, known)) => *known = text,
            None => self.chapters.push((name, text)),
        }
    }

    /// What the step answers from the next run on: each answer once, and the last one again and again.
    pub(super) fn answer(&mut self, step: &str, answers: impl IntoIterator<Item = Answer>) {
        self.answers.insert(step.to_owned(), answers.into_iter().collect());
    }

    /// The world cannot be reached when this step runs.
    pub(super) fn make_unreachable(&mut self, step: &str) {
        self.unreachable.insert(step.to_owned());
    }

    /// The background step ends like this while the step `during` runs.
    pub(super) fn end_background(&mut self, step: &str, during: &str, text: &str, ending: Ending) {
        let output = Output { bytes: text.as_bytes().to_vec(), ending, ..Output::default() };
        self.background_ends.push((step.to_owned(), during.to_owned(), output));
    }

    pub(super) fn run(&mut self) -> Ran {
        self.run_with(Options::default())
    }

    /// A second run of what the last run was asked for.
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
        let edges = Edges::new(self, clock.clone());
        let mut record = Recorder { log, edges: edges.clone(), full_at: self.full_disk_at };
        let edge = || edges.clone();
        let (mut failure_reports, mut reporter, mut snapshots) = (edge(), edge(), edge());
        let (mut workspace, mut monitor, mut prompt) = (edge(), edge(), edge());
        let mut ports = Ports {
            world: &mut world,
            record: &mut record,
            failure_reports: &mut failure_reports,
            reporter: &mut reporter,
            snapshots: &mut snapshots,
            workspace: &mut workspace,
            monitor: &mut monitor,
            prompt: &mut prompt,
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
            interrupted: &|| edges.is_interrupted(),
        };
        let summary = conduct(&mut ports, &request);
        record.log.finish().expect("the journal is complete");
        let seen = edges.seen.borrow();
        Ran {
            summary,
            story: seen.story.clone(),
            written: seen.written.clone(),
            progress: seen.progress.clone(),
            world,
        }
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

/// An event as a line of the story; `None` for one that is not a part of it.
pub(super) fn line(event: &Event, now: Duration) -> Option<String> {
    let seconds = now.as_secs_f64();
    Some(match event {
        Event::RunStarted(_) | Event::StepProgress { .. } => return None,
        Event::Resumed { at, why } => match at {
            Some(at) => format!("resumed at {at}: {why}"),
            None => format!("resumed: {why}"),
        },
        Event::ChapterStarted { chapter, .. } => chapter.to_string(),
        Event::StepStarted { step, attempt, reason, .. } => {
            let mut text = format!("  {seconds:.1}s {}", step.step);
            if *reason != crate::event::Reason::Turn {
                let _ = write!(text, " ({reason:?})");
            }
            if *attempt > 1 {
                let _ = write!(text, ", attempt {attempt}");
            }
            text
        }
        Event::StepFinished(finished) => {
            let mut text = format!("  {}: {}", finished.step.step, outcome(&finished.outcome));
            if let Some(because) = &finished.because {
                let _ = write!(text, " (ran because: {because})");
            }
            text
        }
        Event::Note { text, .. } => format!("  note: {text}"),
        Event::ChapterFinished { chapter, outcome, .. } => format!("{chapter}: {outcome:?}"),
        Event::RunFinished(summary) => summary_line(summary),
    })
}

fn outcome(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Failed(failure) => match failure {
            crate::event::Failure::Mismatch { fence: true, .. } => {
                "failed: not as the fence".into()
            }
            crate::event::Failure::Mismatch { .. } => "failed: not as accepted".into(),
            crate::event::Failure::Exit { code, .. } => format!("failed: exit {code}"),
            crate::event::Failure::TimedOut { seconds, limit, waiting_for } => {
                let waiting = waiting_for.as_ref().map(|what| format!(", waiting for {what}"));
                format!("failed: {limit} of {seconds}s is over{}", waiting.unwrap_or_default())
            }
            crate::event::Failure::Unrecoverable { why } => format!("failed: unrecoverable: {why}"),
            crate::event::Failure::Broken { why } => format!("failed: {why}"),
            other => format!("failed: {other:?}"),
        },
        Outcome::Skipped { why } => format!("skipped: {why}"),
        other => format!("{other:?}"),
    }
}

fn summary_line(summary: &RunSummary) -> String {
    let counts = [
        (summary.passed, "passed"),
        (summary.up_to_date, "up to date"),
        (summary.taken_as_done, "taken as done"),
        (summary.failed, "failed"),
        (summary.skipped, "skipped"),
        (summary.not_run, "not run"),
        (summary.pending, "pending"),
    ];
    let named = counts.iter().filter(|(count, _)| *count > 0);
    let mut parts: Vec<String> = named.map(|(count, name)| format!("{count} {name}")).collect();
    parts.extend(summary.interrupted.then(|| "interrupted".to_owned()));
    parts.extend(summary.broken.as_ref().map(|why| format!("broken: {why}")));
    parts.extend(summary.hint.as_ref().map(|hint| format!("hint: {hint}")));
    parts.join(", ")
}

/// The text without the indentation that all its lines share, and without the blank lines around it.
pub(super) fn unindent(text: &str) -> String {
    let lines: Vec<&str> = text.lines().skip_while(|line| line.trim().is_empty()).collect();
    let written = lines.iter().filter(|line| !line.trim().is_empty());
    let margin = written.map(|line| line.len() - line.trim_start().len()).min().unwrap_or(0);
    let cut = lines.iter().map(|line| line.get(margin..).unwrap_or_default());
    cut.collect::<Vec<_>>().join("\n").trim_end().to_owned() + "\n"
}

/// Passes after this many seconds.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "tests wait for seconds, not for centuries"
)]
pub(super) fn passes_after(seconds: f64) -> Answer {
    Answer::passing("").after((seconds * 10.0).round() as u32)
}

/// Passes at once.
pub(super) fn passes() -> Answer {
    Answer::passing("")
}

/// Passes at once, with this output.
pub(super) fn prints(text: &str) -> Answer {
    Answer::passing(text)
}

/// Fails at once, with exit code 1.
pub(super) fn fails() -> Answer {
    Answer::ending("", Ending::Exited(1))
}
