//! JUnit XML, as the readers of GitHub, GitLab and Jenkins take it: a test suite for each chapter, a test case for each planned step.
//!
//! A step that did not run (up to date, passed before, not reached) is skipped, and the message says why; so is one whose new snapshot
//! is pending review, because nothing was compared. What the world refused is an error, what differs is a failure. Attempts that
//! `retry=` repeated are `flakyFailure`s of a step that passed in the end, and `rerunFailure`s of one that did not.
//!
//! Elements and attributes are those of junit-10.xsd (the schema of Jenkins's xUnit plugin), and beside them `file` and `line` of a test
//! case, by which readers annotate the chapter, as pytest writes them. The text is written here and not by `quick-junit`, because that
//! brings chrono, uuid and an XML writer of its own for the eighty lines below, and would still need this room's cleaning of a step's
//! output.

mod xml;

use std::path::Path;

use self::xml::attribute;
use super::failure::failure;
use super::step_line::failure_in_short;
use super::style::Style;
use crate::book::Place;
use crate::event::{Event, Failure, Outcome, Reporter, RunSummary, StepFinished};
use crate::ids::StepId;
use crate::plan::{Plan, Step};

/// How many bytes of a step's output a report contains, from its end.
const OUTPUT: usize = 32 * 1024;

/// Collects the events of a run; [`Junit::xml`] makes the report at the end.
#[derive(Debug, Default)]
pub(crate) struct Junit {
    /// The folder of the book relative to the current folder, which precedes the path of a chapter.
    prefix: String,
    book: String,
    started_at: String,
    suites: Vec<Suite>,
    /// The first step that failed: the reason why later ones did not run.
    first_failure: Option<StepId>,
    summary: RunSummary,
}

/// A chapter.
#[derive(Debug, Default)]
struct Suite {
    name: String,
    file: String,
    cases: Vec<Case>,
}

/// A step.
#[derive(Debug)]
struct Case {
    step: String,
    file: String,
    line: u32,
    seconds: f64,
    /// It has `retry=`: further attempts are reruns, and not the waiting of `until=`.
    retried: bool,
    attempts: u32,
    result: CaseResult,
    output: String,
}

#[derive(Debug)]
enum CaseResult {
    NotRun,
    Passed,
    Skipped(String),
    /// `element` is `failure` or `error`.
    Failed {
        element: &'static str,
        kind: &'static str,
        message: String,
        text: String,
    },
}

impl Reporter for Junit {
    fn report(&mut self, event: &Event) {
        match event {
            Event::RunStarted(run) => {
                self.book.clone_from(&run.book);
                self.started_at.clone_from(&run.at);
            }
            Event::StepFinished(finished) => self.finish(finished),
            Event::RunFinished(summary) => self.summary = summary.clone(),
            _ => {}
        }
    }
}

impl Junit {
    pub(crate) fn new(prefix: &str) -> Self {
        Self { prefix: prefix.to_owned(), ..Self::default() }
    }

    /// Every step that is going to run, so that the report also names those that are never reached.
    pub(crate) fn expect(&mut self, plan: &Plan, wanted: impl Fn(&Step) -> bool) {
        for step in plan.chapters.iter().flat_map(|chapter| &chapter.steps) {
            if wanted(step) {
                self.case(&step.id, &step.place).retried = step.attributes.retry > 0;
            }
        }
    }

    /// The text of the report.
    pub(crate) fn xml(&self) -> String {
        let reason = self.reason_not_run();
        let hint = self.summary.hint.as_deref();
        let broken = self.summary.broken.as_deref().map(|why| broken_world(why, hint));
        let suites = || self.suites.iter().chain(&broken);
        let sum = |of: fn(&Suite) -> usize| suites().map(of).sum::<usize>();
        let mut xml = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" time=\"{:.3}\">\n",
            attribute(&self.book),
            sum(|suite| suite.cases.len()),
            sum(|suite| suite.failed("failure")),
            sum(|suite| suite.failed("error")),
            self.summary.seconds
        );
        suites().for_each(|suite| xml += &suite.xml(&self.started_at, &reason));
        xml += "</testsuites>\n";
        xml
    }

    /// Why the steps without a result did not run.
    fn reason_not_run(&self) -> String {
        if self.summary.interrupted {
            "not run: the run was interrupted".to_owned()
        } else if self.summary.broken.is_some() {
            "not run: the world could not be checked".to_owned()
        } else if let Some(step) = &self.first_failure {
            format!("not run: {step} failed")
        } else {
            "not run".to_owned()
        }
    }

    fn case(&mut self, step: &StepId, place: &Place) -> &mut Case {
        let file = Path::new(&self.prefix).join(&place.file).display().to_string();
        let chapter = step.chapter.as_str();
        let at = self.suites.iter().rposition(|suite| suite.name == chapter).unwrap_or_else(|| {
            let (name, file) = (chapter.to_owned(), file.clone());
            self.suites.push(Suite { name, file, cases: Vec::new() });
            self.suites.len() - 1
        });
        let cases = &mut self.suites[at].cases;
        let name = step.step.as_str();
        let at = cases.iter().position(|case| case.step == name).unwrap_or_else(|| {
            cases.push(Case::new(name, file, place.line));
            cases.len() - 1
        });
        &mut cases[at]
    }

    fn finish(&mut self, finished: &StepFinished) {
        let result = result_of(finished);
        if matches!(result, CaseResult::Failed { .. }) {
            self.first_failure.get_or_insert_with(|| finished.step.clone());
        }
        let case = self.case(&finished.step, &finished.place);
        // The time of a step that was taken over belongs to the run in which it passed.
        case.seconds = if finished.attempts == 0 { 0.0 } else { finished.seconds };
        case.attempts = finished.attempts;
        case.result = result;
        case.output = finished.evidence.as_ref().map_or_else(String::new, |evidence| {
            let output = evidence.output_tail.as_str();
            let start = output.len().saturating_sub(OUTPUT);
            output[output.ceil_char_boundary(start)..].to_owned()
        });
    }
}

fn result_of(finished: &StepFinished) -> CaseResult {
    let skipped = |why: &str| CaseResult::Skipped(why.to_owned());
    let failed = |element, kind, message: &str, text| CaseResult::Failed {
        element,
        kind,
        message: message.to_owned(),
        text,
    };
    let report = || failure(finished, &Style::colourless());
    match &finished.outcome {
        Outcome::Passed => CaseResult::Passed,
        Outcome::Pending => skipped("new snapshot, pending review"),
        Outcome::UpToDate => skipped("up to date"),
        Outcome::FoundSo => skipped("up to date (found so)"),
        Outcome::TakenAsDone => skipped("taken as done with its chapter"),
        Outcome::PassedBefore => skipped("passed before"),
        Outcome::Skipped { why } => skipped(why),
        Outcome::Interrupted => failed("error", "interrupted", "interrupted", String::new()),
        Outcome::Failed(Failure::Broken { why }) => failed("error", "broken", why, report()),
        Outcome::Failed(why) => failed("failure", kind(why), &failure_in_short(why), report()),
    }
}

/// A world that cannot be checked is a case of its own, because no step is to blame.
fn broken_world(why: &str, hint: Option<&str>) -> Suite {
    let mut case = Case::new("world", String::new(), 0);
    case.result = CaseResult::Failed {
        element: "error",
        kind: "broken",
        message: why.to_owned(),
        text: hint.unwrap_or_default().to_owned(),
    };
    Suite { name: "guide".to_owned(), file: String::new(), cases: vec![case] }
}

fn kind(failure: &Failure) -> &'static str {
    match failure {
        Failure::Exit { .. } => "exit",
        Failure::Signal { .. } => "signal",
        Failure::TimedOut { .. } => "timed_out",
        Failure::Mismatch { .. } => "mismatch",
        Failure::Check { .. } => "check",
        Failure::Unrecoverable { .. } => "unrecoverable",
        Failure::Broken { .. } => "broken",
    }
}

#[cfg(test)]
mod tests;
