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

use std::path::Path;

use super::failure::failure;
use super::step_line::failure_in_short;
use super::style::Style;
use crate::book::Place;
use crate::event::{Event, Failure, Outcome, Reporter, RunSummary, StepFinished};
use crate::ids::StepId;
use crate::plan::{Plan, Step};
use crate::text::sanitize::one_line;

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

impl Suite {
    fn failed(&self, wanted: &str) -> usize {
        let is_wanted = |case: &&Case| matches!(case.result, CaseResult::Failed { element, .. } if element == wanted);
        self.cases.iter().filter(is_wanted).count()
    }

    fn skipped(&self) -> usize {
        let is_skipped =
            |case: &&Case| matches!(case.result, CaseResult::Skipped(_) | CaseResult::NotRun);
        self.cases.iter().filter(is_skipped).count()
    }

    fn xml(&self, started_at: &str, reason_not_run: &str) -> String {
        let mut xml = format!(
            "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\" time=\"{:.3}\" timestamp=\"{}\"",
            attribute(&self.name),
            self.cases.len(),
            self.failed("failure"),
            self.failed("error"),
            self.skipped(),
            self.cases.iter().map(|case| case.seconds).sum::<f64>(),
            attribute(started_at),
        );
        if !self.file.is_empty() {
            xml += &format!(" file=\"{}\"", attribute(&self.file));
        }
        xml += ">\n";
        self.cases.iter().for_each(|case| xml += &case.xml(&self.name, reason_not_run));
        xml + "  </testsuite>\n"
    }
}

impl Case {
    fn new(step: &str, file: String, line: u32) -> Self {
        Self {
            step: step.to_owned(),
            file,
            line,
            seconds: 0.0,
            retried: false,
            attempts: 0,
            result: CaseResult::NotRun,
            output: String::new(),
        }
    }

    fn xml(&self, chapter: &str, reason_not_run: &str) -> String {
        let mut xml = format!(
            "    <testcase classname=\"{}\" name=\"{}\" time=\"{:.3}\"",
            attribute(chapter),
            attribute(&self.step),
            self.seconds
        );
        if !self.file.is_empty() {
            xml += &format!(" file=\"{}\" line=\"{}\"", attribute(&self.file), self.line);
        }
        let body = match &self.result {
            CaseResult::Passed => self.reruns("flakyFailure"),
            CaseResult::NotRun => skipped(reason_not_run),
            CaseResult::Skipped(why) => skipped(why),
            CaseResult::Failed { element, kind, message, text: report } => {
                let (message, report) = (attribute(message), text(report));
                let failure = format!(
                    "      <{element} message=\"{message}\" type=\"{kind}\">{report}</{element}>\n"
                );
                failure + &self.reruns("rerunFailure")
            }
        };
        let output = text(&self.output);
        let output = if output.is_empty() {
            output
        } else {
            format!("      <system-out>{output}</system-out>\n")
        };
        match body + &output {
            body if body.is_empty() => xml + "/>\n",
            body => format!("{xml}>\n{body}    </testcase>\n"),
        }
    }

    /// One element for each attempt before the last one.
    fn reruns(&self, element: &str) -> String {
        let earlier = if self.retried { self.attempts.saturating_sub(1) } else { 0 };
        (1..=earlier)
            .map(|attempt| {
                let of = self.attempts;
                format!("      <{element} message=\"attempt {attempt} of {of} failed\" type=\"retry\"/>\n")
            })
            .collect()
    }
}

fn skipped(why: &str) -> String {
    format!("      <skipped message=\"{}\"/>\n", attribute(why))
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

/// The text of an element: nothing in it is markup, and every character is one that XML allows.
fn text(raw: &str) -> String {
    raw.lines().map(|line| escape(&one_line(line)) + "\n").collect::<String>().trim_end().to_owned()
}

/// The value of an attribute; its line ends are kept.
fn attribute(raw: &str) -> String {
    raw.lines().map(|line| escape(&one_line(line))).collect::<Vec<_>>().join("&#10;")
}

fn escape(line: &str) -> String {
    let mut escaped = String::with_capacity(line.len());
    let mut before = ' ';
    for character in line.chars() {
        let last = std::mem::replace(&mut before, character);
        match character {
            // A CI that shows this file must not take a line of it for a command (`::…`, `##[…`).
            ':' if last == ':' => escaped.push_str("&#58;"),
            '[' if last == '#' => escaped.push_str("&#91;"),
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            // XML 1.0 forbids these as well. `one_line` has replaced the control characters.
            '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            character => escaped.push(character),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Evidence;
    use crate::event::samples::{every_event, finished, id, started};

    fn reported(events: &[Event]) -> String {
        let mut junit = Junit::default();
        for event in events {
            junit.report(event);
        }
        junit.xml()
    }

    #[test]
    fn a_chapter_is_a_suite_and_a_step_a_case() {
        let failed = Outcome::Failed(Failure::Exit { code: 7, expected: "0".to_owned() });
        let evidence = Evidence {
            script: "curl \"$url\" && echo <ok>".to_owned(),
            script_line: 58,
            output_tail: "\u{1b}[31mno\u{0} route\u{1b}[0m\n".to_owned(),
            ..Evidence::default()
        };
        let events = [
            Event::RunStarted(started("run-1")),
            Event::StepFinished(finished("chapter-1/a", Outcome::Passed)),
            Event::StepFinished(finished("chapter-1/b", Outcome::UpToDate)),
            Event::StepFinished(StepFinished {
                evidence: Some(Box::new(evidence)),
                ..finished("chapter-2/c", failed)
            }),
            Event::RunFinished(RunSummary { seconds: 61.25, ..RunSummary::default() }),
        ];
        assert_eq!(
            reported(&events),
            r#"<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="A cluster by hand" tests="3" failures="1" errors="0" time="61.250">
  <testsuite name="chapter-1" tests="2" failures="0" errors="0" skipped="1" time="1.500" timestamp="2026-11-23T22:45:00Z" file="guide/chapter-1.md">
    <testcase classname="chapter-1" name="a" time="1.500" file="guide/chapter-1.md" line="57"/>
    <testcase classname="chapter-1" name="b" time="0.000" file="guide/chapter-1.md" line="57">
      <skipped message="up to date"/>
    </testcase>
  </testsuite>
  <testsuite name="chapter-2" tests="1" failures="1" errors="0" skipped="0" time="1.500" timestamp="2026-11-23T22:45:00Z" file="guide/chapter-2.md">
    <testcase classname="chapter-2" name="c" time="1.500" file="guide/chapter-2.md" line="57">
      <failure message="exit 7, expected 0" type="exit">error: chapter-2/c failed: exit 7, expected 0
  --&gt; guide/chapter-2.md:57
   │
58 │ curl &quot;$url&quot; &amp;&amp; echo &lt;ok&gt;
   │
output:
  │ no route
hint: fix it, then `guide run --resume`</failure>
      <system-out>no route</system-out>
    </testcase>
  </testsuite>
</testsuites>
"#
        );
    }

    #[test]
    fn a_world_that_cannot_be_checked_is_an_error_of_its_own() {
        let summary =
            RunSummary { broken: Some("no engine\nanswers".to_owned()), ..RunSummary::default() };
        let xml = reported(&[Event::RunStarted(started("run-1")), Event::RunFinished(summary)]);
        assert!(xml.contains("tests=\"1\" failures=\"0\" errors=\"1\""), "{xml}");
        assert!(
            xml.contains("<error message=\"no engine&#10;answers\" type=\"broken\"></error>"),
            "{xml}"
        );
    }

    #[test]
    fn attempts_of_retry_are_reruns_and_attempts_of_until_are_not() {
        let attempts =
            |step: &str, attempts, outcome| StepFinished { attempts, ..finished(step, outcome) };
        let failed = Outcome::Failed(Failure::Exit { code: 1, expected: "0".to_owned() });
        let mut junit = Junit::new("docs");
        for step in ["chapter-1/flaky", "chapter-1/broken"] {
            junit.case(&id(step), &finished(step, Outcome::Passed).place).retried = true;
        }
        for step in [
            attempts("chapter-1/flaky", 3, Outcome::Passed),
            attempts("chapter-1/broken", 2, failed),
            attempts("chapter-1/waits", 40, Outcome::Passed),
        ] {
            junit.report(&Event::StepFinished(step));
        }
        let xml = junit.xml();
        let of = |element: &str| xml.matches(element).count();
        assert_eq!((of("<flakyFailure "), of("<rerunFailure ")), (2, 1), "{xml}");
        assert!(
            xml.contains("<flakyFailure message=\"attempt 2 of 3 failed\" type=\"retry\"/>"),
            "{xml}"
        );
        assert!(xml.contains("file=\"docs/guide/chapter-1.md\" line=\"57\""), "{xml}");
    }

    #[test]
    fn a_planned_step_that_was_not_reached_is_skipped_with_the_reason() {
        let mut junit = Junit::default();
        for step in ["chapter-1/a", "chapter-1/b"] {
            junit.case(&id(step), &finished(step, Outcome::Passed).place);
        }
        let failed = Outcome::Failed(Failure::Exit { code: 1, expected: "0".to_owned() });
        junit.report(&Event::StepFinished(finished("chapter-1/a", failed)));
        let xml = junit.xml();
        assert!(xml.contains("tests=\"2\" failures=\"1\" errors=\"0\" skipped=\"1\""), "{xml}");
        assert!(xml.contains("<skipped message=\"not run: chapter-1/a failed\"/>"), "{xml}");
    }

    #[test]
    fn every_outcome_is_counted_where_it_belongs() {
        let xml = reported(&every_event());
        // 15 outcomes, one step and the world more; 6 failures, since the one that could not be started is an error, as are the
        // interrupted one and the world.
        assert!(xml.contains("tests=\"17\" failures=\"6\" errors=\"3\" time=\"61.200\""), "{xml}");
    }

    #[test]
    fn a_ci_that_shows_the_file_finds_no_command_in_it() {
        assert_eq!(escape("::add-mask::x ##[error]"), ":&#58;add-mask:&#58;x ##&#91;error]");
        assert_eq!(escape("a:b [1] #"), "a:b [1] #");
    }

    #[test]
    fn no_character_that_xml_forbids_is_written() {
        let all: String =
            (0..0xd800u32).chain(0xe000..0x1_1000).filter_map(char::from_u32).collect();
        let evidence = Evidence {
            output_tail: all.clone(),
            script: all.clone(),
            script_line: 1,
            ..Evidence::default()
        };
        let failed = Outcome::Failed(Failure::Unrecoverable { why: all });
        let step =
            StepFinished { evidence: Some(Box::new(evidence)), ..finished("chapter-1/a", failed) };
        let xml = reported(&[Event::StepFinished(step)]);
        let forbidden = |character: &char| !matches!(character, '\n' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
        assert_eq!(xml.chars().find(forbidden), None);
        let bare = xml
            .replace("&amp;", "")
            .replace("&lt;", "")
            .replace("&gt;", "")
            .replace("&quot;", "")
            .replace("&#10;", "")
            .replace("&#58;", "")
            .replace("&#91;", "");
        assert!(!bare.contains('&'));
    }
}
