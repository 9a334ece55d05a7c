//! The context that a run passes down to its parts, and the identity of a step.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;
use std::time::Duration;

use super::ports::Ports;
use super::request::RunRequest;
use crate::compare::Bindings;
use crate::diagnostic::Diagnostic;
use crate::event::{Event, Tally};
use crate::history::{Position, is_run_from};
use crate::ids::StepId;
use crate::output::{LeftoverProcess, ShellState};
use crate::plan::{Plan, PlannedChapter, Role, Step};

/// A step of the plan, together with its place in the plan.
#[derive(Debug, Clone, Copy)]
pub(super) struct StepRef<'p> {
    pub(super) chapter: &'p PlannedChapter,
    /// The index of the chapter in the plan, and the index of the step in the chapter.
    pub(super) position: Position,
    pub(super) step: &'p Step,
}

impl<'p> StepRef<'p> {
    pub(super) fn at(plan: &'p Plan, position: Position) -> Self {
        let chapter = &plan.chapters[position.0];
        Self { chapter, position, step: &chapter.steps[position.1] }
    }

    /// All steps of a chapter, in the order of the text.
    pub(super) fn all(plan: &'p Plan, chapter: usize) -> impl Iterator<Item = Self> {
        (0..plan.chapters[chapter].steps.len()).map(move |index| Self::at(plan, (chapter, index)))
    }

    /// Another step of the same chapter.
    pub(super) fn sibling(self, index: usize) -> Self {
        let position = (self.position.0, index);
        Self { chapter: self.chapter, position, step: &self.chapter.steps[index] }
    }

    /// The acting step that this check proves.
    pub(super) fn proves(self) -> Option<Self> {
        match self.step.role {
            Role::Verify { proves } => proves.map(|index| self.sibling(index)),
            Role::Act { .. } => None,
        }
    }

    /// Whether this check proves a background step whose process ends with its run or chapter. Such
    /// a check can pass only while that process runs.
    pub(super) fn needs_running_process(self) -> bool {
        self.proves().is_some_and(|proved| proved.step.ends_with_its_run())
    }
}

/// The data of a chapter that change while it runs.
pub(super) struct ChapterRun<'p> {
    pub(super) chapter: &'p PlannedChapter,
    /// The index of the chapter in the plan.
    pub(super) index: usize,
    /// The chapter's working folder.
    pub(super) folder: PathBuf,
    /// The names that outputs have bound, with their values.
    pub(super) bound: Bindings,
    /// The bindings that have not been sent to the shell yet.
    pub(super) unsent_bindings: Vec<(String, String)>,
    /// The shell's state after the last step that passed. A step that fails has started from it.
    pub(super) state: Option<ShellState>,
    /// Whether checks run without the functions and variables of the acting steps, because these
    /// steps never ran here.
    pub(super) state_is_unknown: bool,
}

impl<'p> ChapterRun<'p> {
    /// A chapter that has not been entered.
    pub(super) fn new(plan: &'p Plan, index: usize) -> Self {
        Self::not_entered(&plan.chapters[index], index)
    }

    /// Makes the chapter one that has not been entered, after its shell was ended.
    pub(super) fn reset(&mut self) {
        *self = Self::not_entered(self.chapter, self.index);
    }

    fn not_entered(chapter: &'p PlannedChapter, index: usize) -> Self {
        Self {
            chapter,
            index,
            folder: PathBuf::new(),
            bound: Bindings::new(),
            unsent_bindings: Vec::new(),
            state: None,
            state_is_unknown: false,
        }
    }

    /// Removes the names that a check binds, because it binds them again, possibly to other values.
    pub(super) fn unbind(&mut self, check: &Step) {
        for name in &check.binds {
            self.bound.remove(name);
        }
    }
}

/// The context that is passed down through a run.
pub(super) struct RunContext<'a, 'p> {
    pub(super) ports: &'a mut Ports<'p>,
    pub(super) request: &'a RunRequest<'a>,
    /// The first step to run, in the order of execution. The steps before it are taken over from
    /// the run that is resumed.
    pub(super) start: Position,
    /// The names that checks before the start of a resumed run have bound again, by chapter.
    pub(super) rebound: HashMap<usize, Bindings>,
    /// The remaining time that `guide verify` may wait for checks.
    pub(super) wait_budget: Duration,
    /// The background steps that were started and should be running.
    pub(super) background: Vec<Position>,
    /// Whether an acting step has run and passed.
    pub(super) has_acted: bool,
    /// The names of the chapters of which every step passed in this run.
    pub(super) passed_chapters: BTreeSet<String>,
    /// The output of the last step that failed.
    pub(super) failed_output: String,
    /// The outcomes of all recorded events.
    pub(super) tally: Tally,
}

impl<'a, 'p> RunContext<'a, 'p> {
    pub(super) fn new(ports: &'a mut Ports<'p>, request: &'a RunRequest<'a>) -> Self {
        Self {
            ports,
            request,
            start: (0, 0),
            rebound: HashMap::new(),
            wait_budget: request.options.wait_budget,
            background: Vec::new(),
            has_acted: false,
            passed_chapters: BTreeSet::new(),
            failed_output: String::new(),
            tally: Tally::default(),
        }
    }

    pub(super) fn plan(&self) -> &'a Plan {
        self.request.plan
    }

    pub(super) fn is_interrupted(&self) -> bool {
        (self.request.interrupted)()
    }

    /// Whether this run executes the step, rather than taking it over from the run that it resumes.
    pub(super) fn executes(&self, position: Position) -> bool {
        is_run_from(self.plan(), self.start, position)
    }

    /// Records events, all of them or none, and then reports them.
    pub(super) fn record(&mut self, events: &[Event]) -> Result<(), Diagnostic> {
        let masker = &self.request.masker;
        let events: Vec<Cow<'_, Event>> = events.iter().map(|event| event.masked(masker)).collect();
        match events.as_slice() {
            [event] => self.ports.record.event(event)?,
            _ => {
                let owned: Vec<Event> = events.iter().map(|event| (**event).clone()).collect();
                self.ports.record.events(&owned)?;
            }
        }
        for event in &events {
            self.tally.add(event);
            self.ports.reporter.report(event);
        }
        Ok(())
    }

    /// Records and reports a note.
    pub(super) fn note(&mut self, text: String, step: Option<&StepId>) -> Result<(), Diagnostic> {
        self.record(&[Event::Note { text, step: step.cloned() }])
    }

    /// Notes which processes outlived their step and were stopped.
    pub(super) fn note_leftovers(&mut self, leftovers: &[LeftoverProcess], step: Option<&StepId>) {
        for process in leftovers {
            let text =
                format!("stopped a leftover process: {} (pid {})", process.command, process.pid);
            // An error is ignored, because the process was stopped even if the note cannot be
            // recorded.
            let _ = self.note(text, step);
        }
    }

    /// Replaces the values of names that checks have bound again.
    pub(super) fn rebind(&self, chapter: usize, bound: &mut Bindings) {
        for (name, value) in self.rebound.get(&chapter).into_iter().flatten() {
            bound.entry(name.clone()).and_modify(|known| known.clone_from(value));
        }
    }

    /// `--rerun`: whether the acting steps of this chapter run even if their checks pass. A chapter
    /// that is only needed by a selected one is excepted.
    pub(super) fn must_rerun(&self, chapter: &PlannedChapter) -> bool {
        self.request.options.rerun && chapter.needed_by.is_none()
    }
}

/// Bound names as variables for the shell.
pub(super) fn variables(bound: &Bindings) -> Vec<(String, String)> {
    bound.iter().map(|(name, value)| (name.clone(), value.clone())).collect()
}
