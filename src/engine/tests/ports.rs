//! The ports of the engine in a test. They check that every event is recorded before it is reported.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use super::book::{Interrupt, TestBook};
use super::fake_clock::FakeClock;
use super::story::line;
use crate::book::SnapshotKind;
use crate::compare::Bindings;
use crate::diagnostic::Diagnostic;
use crate::engine::clock::Clock;
use crate::engine::{
    ChangeWait, ClusterMonitor, ClusterStatus, FailureReports, Prompt, SnapshotStore, Workspace,
    WorkspaceRequest,
};
use crate::event::{Event, Record, Reporter, Stored};
use crate::ids::{ChapterName, StepId};
use crate::output::ShellState;
use crate::plan::{NamedFiles, PlannedChapter, RenderedManifest, Step};
use crate::store::RunLog;

/// The cluster of a test.
#[derive(Debug, Clone, Default)]
pub(super) struct Cluster {
    /// The times of the run, in seconds, at which it changes. `None`: it is not watched.
    pub(super) changes: Option<Vec<f64>>,
    /// The statuses that it shows, each from a time of the run in seconds.
    pub(super) shows: Vec<(f64, ClusterStatus)>,
    /// Why it cannot be reached, and a hint.
    pub(super) lost: Option<(&'static str, &'static str)>,
    /// Whether the book created it.
    pub(super) made_by_book: Option<bool>,
    /// Whether it is another cluster after a chapter.
    pub(super) replaced: bool,
}

/// What the ports have observed.
#[derive(Debug, Default)]
pub(super) struct Observed {
    pub(super) story: String,
    pub(super) written: Vec<String>,
    pub(super) progress: Vec<String>,
    recorded: Vec<String>,
    /// Whether the step of `Interrupt::During` has begun.
    interrupted: bool,
    attempt_began: Duration,
}

/// All ports but the world and the journal.
#[derive(Clone)]
pub(super) struct TestPorts {
    pub(super) observed: Rc<RefCell<Observed>>,
    clock: FakeClock,
    cluster: Cluster,
    interrupt: Interrupt,
    confirms: bool,
    accepted: BTreeMap<String, String>,
}

impl TestPorts {
    pub(super) fn new(book: &TestBook, clock: FakeClock) -> Self {
        Self {
            observed: Rc::default(),
            clock,
            cluster: book.cluster.clone(),
            interrupt: book.interrupt.clone(),
            confirms: book.confirms,
            accepted: book.accepted.clone(),
        }
    }

    pub(super) fn is_interrupted(&self) -> bool {
        match self.interrupt {
            Interrupt::Never => false,
            Interrupt::At(seconds) => self.clock.now() >= Duration::from_secs_f64(seconds),
            Interrupt::During(_) => self.observed.borrow().interrupted,
        }
    }
}

impl Reporter for TestPorts {
    fn report(&mut self, event: &Event) {
        let now = self.clock.now();
        let mut observed = self.observed.borrow_mut();
        if let Event::StepStarted { step, .. } = event
            && matches!(self.interrupt, Interrupt::During(during) if step.step.as_str() == during)
        {
            observed.interrupted = true;
        }
        if let Event::StepProgress { step, line, seconds, waiting_for } = event {
            let waiting = waiting_for.as_deref().unwrap_or(line);
            observed
                .progress
                .push(format!("{seconds:.1}s {} {waiting}", step.step).trim().to_owned());
        }
        if is_always_recorded(event) {
            let text = format!("{event:?}");
            assert!(observed.recorded.contains(&text), "reported before it was recorded: {text}");
        }
        if let Some(line) = line(event, now) {
            observed.story += &(line + "\n");
        }
    }
}

fn is_always_recorded(event: &Event) -> bool {
    matches!(
        event,
        Event::StepFinished(_)
            | Event::ChapterStarted { .. }
            | Event::ChapterFinished { .. }
            | Event::Note { .. }
            | Event::Resumed { .. }
    )
}

impl FailureReports for TestPorts {
    fn write(
        &mut self,
        step: &Step,
        _: &PlannedChapter,
        parts: &[(String, String)],
    ) -> Option<PathBuf> {
        let names: Vec<&str> = parts.iter().map(|(name, _)| name.as_str()).collect();
        let text = format!("failure report of {}: {}", step.id.step, names.join(" "));
        self.observed.borrow_mut().written.push(text);
        Some(PathBuf::from("failures"))
    }
}

impl SnapshotStore for TestPorts {
    fn accepted_text(&mut self, step: &Step) -> Option<String> {
        self.accepted.get(&step.id.to_string()).cloned()
    }

    fn write_pending(
        &mut self,
        step: &Step,
        _: SnapshotKind,
        _: &Bindings,
        _: &[u8],
    ) -> Option<PathBuf> {
        self.observed.borrow_mut().written.push(format!("pending snapshot of {}", step.id.step));
        Some(PathBuf::from("pending"))
    }

    fn write_pending_fence(&mut self, step: &Step, _: &Bindings, _: &[u8]) -> Option<PathBuf> {
        self.observed.borrow_mut().written.push(format!("pending fence of {}", step.id.step));
        Some(PathBuf::from("pending"))
    }

    fn clear_pending(&mut self, step: &Step) {
        self.observed.borrow_mut().written.push(format!("nothing pending of {}", step.id.step));
    }
}

impl Workspace for TestPorts {
    fn prepare(&mut self, request: &WorkspaceRequest<'_>) -> Result<PathBuf, Diagnostic> {
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

impl ClusterMonitor for TestPorts {
    fn begin_step(&mut self, _: &PlannedChapter) {}

    fn status(&mut self, _: Duration) -> ClusterStatus {
        let now = self.clock.now().as_secs_f64();
        let shown = self.cluster.shows.iter().rev().find(|(from, _)| now >= *from);
        shown.map(|(_, status)| status.clone()).unwrap_or_default()
    }

    fn begin_attempt(&mut self) {
        self.observed.borrow_mut().attempt_began = self.clock.now();
    }

    fn wait_for_change(&mut self, limit: Duration) -> ChangeWait {
        let Some(changes) = &self.cluster.changes else { return ChangeWait::NotWatched };
        let began = self.observed.borrow().attempt_began.as_secs_f64();
        let now = self.clock.now().as_secs_f64();
        let end = now + limit.as_secs_f64();
        match changes.iter().find(|change| **change > began && **change <= end) {
            Some(change) => {
                self.clock.advance(Duration::from_secs_f64((change - now).max(0.0)));
                ChangeWait::Changed
            }
            None => {
                self.clock.advance(limit);
                ChangeWait::Unchanged
            }
        }
    }

    fn evidence(&mut self, _: &PlannedChapter) -> Vec<(String, String)> {
        vec![("objects.txt".to_owned(), String::new())]
    }

    fn hint(&mut self) -> Option<String> {
        None
    }

    fn lost(&mut self, _: &str) -> Option<Diagnostic> {
        let (message, hint) = self.cluster.lost?;
        Some(Diagnostic { message: message.to_owned(), hint: Some(hint.to_owned()) })
    }

    fn made_by_book(&self) -> Option<bool> {
        self.cluster.made_by_book
    }

    fn after_chapter(&mut self) -> Result<(), Diagnostic> {
        let error = || Diagnostic {
            message: "this is another cluster".to_owned(),
            hint: Some("go back to the kept one".to_owned()),
        };
        if self.cluster.replaced { Err(error()) } else { Ok(()) }
    }
}

impl Prompt for TestPorts {
    fn confirm(&mut self, step: &StepId, question: &str) -> bool {
        let mut observed = self.observed.borrow_mut();
        observed.story += &format!("  {}? {question}\n", step.step);
        self.confirms
    }
}

/// The real journal, on a simulated disk that may be full.
pub(super) struct Recorder {
    pub(super) log: RunLog,
    pub(super) ports: TestPorts,
    /// The disk is full for an event whose line in the story contains this text.
    pub(super) full_at: Option<&'static str>,
}

impl Record for Recorder {
    fn output(&mut self, bytes: &[u8]) {
        self.log.output(bytes);
    }

    fn finish_output(&mut self) -> Stored {
        self.log.finish_output()
    }

    fn state(&mut self, chapter: &ChapterName, state: &ShellState) -> Stored {
        self.log.state(chapter, state)
    }

    fn take_over(&mut self, run: &str, stored: &Stored) -> Stored {
        self.log.take_over(run, stored)
    }

    fn past_state(&self, run: &str, stored: &Stored) -> Result<ShellState, Diagnostic> {
        self.log.past_state(run, stored)
    }

    fn events(&mut self, events: &[Event]) -> Result<(), Diagnostic> {
        for event in events {
            let line = line(event, Duration::ZERO).unwrap_or_default();
            if self.full_at.is_some_and(|full| line.contains(full)) {
                return Err(Diagnostic {
                    message: "the disk is full".to_owned(),
                    hint: Some("free some space".to_owned()),
                });
            }
        }
        self.log.events(events)?;
        let recorded = events.iter().map(|event| format!("{event:?}"));
        self.ports.observed.borrow_mut().recorded.extend(recorded);
        Ok(())
    }
}
