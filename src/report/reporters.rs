//! Who is told of a run: the person at the terminal or the log, and the reports that were asked for.

use std::io::Write;

use super::ask::{NothingToPause, Pause};
use super::github::Github;
use super::json::Json;
use super::junit::Junit;
use super::live::{DisplayGuard, Live};
use super::plain::Plain;
use super::style::Style;
use crate::event::Event;
use crate::event::Reporter;

/// A report that was asked for, and does not go to the person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// `--report junit=FILE`.
    Junit,
    /// Annotations and step summary, under GitHub Actions.
    Github,
}

/// All of them, told in turn.
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
    /// The display for a person, live on a terminal, and the reports wanted. `prefix` is the book's folder in its repository.
    pub(crate) fn new(style: Style, live: bool, wanted: &[Wanted], prefix: &str) -> Self {
        Self {
            person: if live {
                Person::Live(Box::new(Live::new(style)))
            } else {
                Person::Plain(Plain::new(std::io::stderr(), style))
            },
            junit: wanted.contains(&Wanted::Junit).then(Junit::default),
            json: Vec::new(),
            github: wanted.contains(&Wanted::Github).then(|| Github::new(prefix)),
        }
    }

    /// What holds the display back while a question is asked.
    pub(crate) fn pause(&self) -> Box<dyn Pause> {
        match &self.person {
            Person::Live(live) => Box::new(live.curtain()),
            Person::Plain(_) => Box::new(NothingToPause),
        }
    }

    /// The JUnit file's text.
    pub(crate) fn junit(&self) -> Option<String> {
        self.junit.as_ref().map(Junit::xml)
    }

    /// Writes every event as JSON to this, as it happens (`--report json=FILE`).
    pub(crate) fn json_to(&mut self, stream: Box<dyn Write>) {
        self.json.push(Json::new(stream));
    }

    /// Ends the JSON reports.
    ///
    /// # Errors
    /// When one of them could not be written whole.
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
        self.lowered(ask);
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
