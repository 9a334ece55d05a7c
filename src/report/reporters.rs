//! All reporters of a run: the display or log for a person, and the reports that the command line names.

use std::io::Write;

use super::ask::{NothingToPause, Pause};
use super::github::Github;
use super::json::Json;
use super::junit::Junit;
use super::live::{DisplayGuard, Live};
use super::plain::Plain;
use super::style::Style;
use crate::event::{Event, Reporter};
use crate::plan::Plan;

/// A report that is collected during the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReportKind {
    /// `--report junit=FILE`.
    Junit,
    /// Annotations and step summary, under GitHub Actions.
    Github,
}

/// Passes every event to all reporters.
pub(crate) struct Reporters {
    person: Person,
    junit: Option<Junit>,
    json: Vec<Json<Box<dyn Write>>>,
    github: Option<Github>,
}

enum Person {
    Live(Box<Live>),
    Plain(Plain<std::io::Stderr>),
}

impl Reporters {
    /// The display for a person, which is live on a terminal, and the wanted reports. `prefix` is the book's folder in its repository.
    pub(crate) fn new(style: Style, live: bool, wanted: &[ReportKind], prefix: &str) -> Self {
        Self {
            person: if live {
                Person::Live(Box::new(Live::new(style)))
            } else {
                Person::Plain(Plain::new(std::io::stderr(), style))
            },
            junit: wanted.contains(&ReportKind::Junit).then(|| Junit::new(prefix)),
            json: Vec::new(),
            github: wanted.contains(&ReportKind::Github).then(|| Github::new(prefix)),
        }
    }

    /// Hides the display while a question is asked.
    pub(crate) fn pause(&self) -> Box<dyn Pause> {
        match &self.person {
            Person::Live(live) => Box::new(live.display_guard()),
            Person::Plain(_) => Box::new(NothingToPause),
        }
    }

    /// Names the planned steps, so that a report can also list steps that are not reached. With `verify_only`, only checks run.
    pub(crate) fn expect(&mut self, plan: &Plan, verify_only: bool) {
        if let Some(junit) = &mut self.junit {
            junit.expect(plan, |step| !verify_only || step.is_verify());
        }
    }

    /// The text of the JUnit file.
    pub(crate) fn junit(&self) -> Option<String> {
        self.junit.as_ref().map(Junit::xml)
    }

    /// Writes every event to this stream as JSON, when it happens (`--report json=FILE`).
    pub(crate) fn json_to(&mut self, stream: Box<dyn Write>) {
        self.json.push(Json::new(stream));
    }

    /// Ends the JSON reports.
    ///
    /// # Errors
    /// When one of them could not be written completely.
    pub(crate) fn finish_json(&mut self) -> std::io::Result<()> {
        self.json.drain(..).try_for_each(|json| json.finish().map(drop))
    }

    /// GitHub's annotations (for stdout) and the step summary.
    pub(crate) fn github(&self) -> Option<(String, String)> {
        self.github.as_ref().map(|github| (github.annotations(), github.step_summary()))
    }
}

impl Pause for DisplayGuard {
    fn paused(&self, ask: &mut dyn FnMut()) {
        self.suspended(ask);
    }
}

impl Reporter for Reporters {
    fn report(&mut self, event: &Event) {
        match &mut self.person {
            Person::Live(live) => live.report(event),
            Person::Plain(plain) => plain.report(event),
        }
        if let Some(junit) = &mut self.junit {
            junit.report(event);
        }
        for json in &mut self.json {
            json.report(event);
        }
        if let Some(github) = &mut self.github {
            github.report(event);
        }
    }
}
