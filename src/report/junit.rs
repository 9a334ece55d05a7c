//! JUnit XML as GitHub's, GitLab's and Jenkins's readers take it: a test suite a chapter, a test case a step.
//!
//! A step that had not to be run (up to date, passed before) is skipped with that message; one whose snapshot is still to be
//! reviewed too, since nothing has been compared. What the world refused is an error, what differs is a failure.
//!
//! No attribute beyond the schema of Jenkins's xUnit plugin (junit-10.xsd), which refuses a report with any other.

use super::failure::failure;
use super::line::failure_in_short;
use super::style::Style;
use super::words::broken_text;
use crate::event::Reporter;
use crate::event::{Event, Failure, Outcome, RunSummary, StepFinished};
use crate::text::sanitize::visible;

/// Most of a step's output in a report, in bytes of its end.
const OUTPUT: usize = 32 * 1024;

/// Gathers a run; its text is asked for at the end.
#[derive(Debug, Default)]
pub(crate) struct Junit {
    book: String,
    at: String,
    suites: Vec<Suite>,
    summary: RunSummary,
}

#[derive(Debug, Default)]
struct Suite {
    name: String,
    /// The chapter's file; where in it a step stands is in the text of its failure.
    file: String,
    seconds: f64,
    tests: usize,
    failures: usize,
    errors: usize,
    skipped: usize,
    cases: String,
}

impl Reporter for Junit {
    fn report(&mut self, event: &Event) {
        match event {
            Event::RunStarted(run) => {
                self.book.clone_from(&run.book);
                self.at.clone_from(&run.at);
            }
            Event::StepFinished(finished) => {
                self.suite(finished.step.chapter.as_str()).add(finished)
            }
            Event::RunFinished(summary) => self.summary = summary.clone(),
            _ => {}
        }
    }
}

impl Junit {
    /// The report's text.
    pub(crate) fn xml(&self) -> String {
        let broken = broken_text(&self.summary).as_deref().map(broken_world);
        let suites = || self.suites.iter().chain(&broken);
        let sum = |of: fn(&Suite) -> usize| suites().map(of).sum::<usize>();
        let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        xml += &format!(
            "<testsuites name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" time=\"{:.3}\">\n",
            attribute(&self.book),
            sum(|suite| suite.tests),
            sum(|suite| suite.failures),
            sum(|suite| suite.errors),
            self.summary.seconds
        );
        suites().for_each(|suite| xml += &suite.xml(&self.at));
        xml += "</testsuites>\n";
        xml
    }

    fn suite(&mut self, chapter: &str) -> &mut Suite {
        let index =
            self.suites.iter().rposition(|suite| suite.name == chapter).unwrap_or_else(|| {
                self.suites.push(Suite { name: chapter.to_owned(), ..Suite::default() });
                self.suites.len() - 1
            });
        &mut self.suites[index]
    }
}

/// A world that could not be asked is a case of its own: no step is to blame.
fn broken_world(why: &str) -> Suite {
    let mut suite = Suite { name: "guide".to_owned(), tests: 1, errors: 1, ..Suite::default() };
    suite.cases = format!(
        "    <testcase classname=\"guide\" name=\"world\" time=\"0.000\">\n      <error message=\"{}\" type=\"broken\"></error>\n    \
         </testcase>\n",
        attribute(why)
    );
    suite
}

impl Suite {
    fn xml(&self, at: &str) -> String {
        let file = if self.file.is_empty() {
            String::new()
        } else {
            format!(" file=\"{}\"", attribute(&self.file))
        };
        format!(
            "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\" time=\"{:.3}\" timestamp=\"{}\"{}>\n{}  \
             </testsuite>\n",
            attribute(&self.name),
            self.tests,
            self.failures,
            self.errors,
            self.skipped,
            self.seconds,
            attribute(at),
            file,
            self.cases
        )
    }

    fn add(&mut self, finished: &StepFinished) {
        self.tests += 1;
        if self.file.is_empty() {
            self.file = finished.place.file.to_string_lossy().into_owned();
        }
        // What was taken over bears the time of the run it passed in.
        let seconds = if finished.attempts == 0 { 0.0 } else { finished.seconds };
        self.seconds += seconds;
        let body = match &finished.outcome {
            Outcome::Passed => String::new(),
            Outcome::Pending => self.skip("new snapshot, waiting for review"),
            Outcome::UpToDate => self.skip("up to date"),
            Outcome::FoundSo => self.skip("up to date (found so)"),
            Outcome::TakenAsDone => self.skip("taken as done with its chapter"),
            Outcome::PassedBefore => self.skip("passed before"),
            Outcome::Skipped { why } => self.skip(why),
            Outcome::Interrupted => self.error("interrupted", "interrupted", ""),
            Outcome::Failed(Failure::Broken { why }) => self.error("broken", why, &told(finished)),
            Outcome::Failed(why) => {
                self.failures += 1;
                problem("failure", kind(why), &failure_in_short(why), &told(finished))
            }
        };
        self.cases += &format!(
            "    <testcase classname=\"{}\" name=\"{}\" time=\"{:.3}\"",
            attribute(finished.step.chapter.as_str()),
            attribute(finished.step.step.as_str()),
            seconds
        );
        let body = body + &system_out(finished);
        self.cases += &if body.is_empty() {
            "/>\n".to_owned()
        } else {
            format!(">\n{body}    </testcase>\n")
        };
    }

    fn skip(&mut self, why: &str) -> String {
        self.skipped += 1;
        format!("      <skipped message=\"{}\"/>\n", attribute(why))
    }

    fn error(&mut self, kind: &str, message: &str, text: &str) -> String {
        self.errors += 1;
        problem("error", kind, message, text)
    }
}

fn problem(element: &str, kind: &str, message: &str, told: &str) -> String {
    format!(
        "      <{element} message=\"{}\" type=\"{kind}\">{}</{element}>\n",
        attribute(message),
        text(told)
    )
}

fn told(finished: &StepFinished) -> String {
    failure(finished, &Style::colourless())
}

fn system_out(finished: &StepFinished) -> String {
    let output = finished.evidence.as_ref().map_or("", |evidence| evidence.output_tail.as_str());
    let start = (output.len().saturating_sub(OUTPUT)..output.len())
        .find(|start| output.is_char_boundary(*start));
    match start {
        Some(start) => format!("      <system-out>{}</system-out>\n", text(&output[start..])),
        None => String::new(),
    }
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

/// Text of an element: nothing in it is markup, and every character is one that XML allows.
fn text(raw: &str) -> String {
    raw.lines().map(|line| escape(&visible(line)) + "\n").collect::<String>().trim_end().to_owned()
}

/// An attribute's value; its lines stay apart.
fn attribute(raw: &str) -> String {
    raw.lines().map(|line| escape(&visible(line))).collect::<Vec<_>>().join("&#10;")
}

fn escape(line: &str) -> String {
    let mut escaped = String::with_capacity(line.len());
    for character in line.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            // The only ones left that XML 1.0 forbids: `visible` took the control characters away.
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
    use crate::event::samples::{every_event, finished, started};

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
    <testcase classname="chapter-1" name="a" time="1.500"/>
    <testcase classname="chapter-1" name="b" time="0.000">
      <skipped message="up to date"/>
    </testcase>
  </testsuite>
  <testsuite name="chapter-2" tests="1" failures="1" errors="0" skipped="0" time="1.500" timestamp="2026-11-23T22:45:00Z" file="guide/chapter-2.md">
    <testcase classname="chapter-2" name="c" time="1.500">
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
    fn a_world_that_could_not_be_asked_is_an_error_of_its_own() {
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
    fn every_outcome_is_counted_where_it_belongs() {
        let xml = reported(&every_event());
        // 15 outcomes, one step and the world more; 6 failures, since the one that could not be started is an error, as are the
        // interrupted one and the world.
        assert!(xml.contains("tests=\"17\" failures=\"6\" errors=\"3\" time=\"61.200\""), "{xml}");
    }

    #[test]
    fn no_character_comes_through_that_xml_forbids() {
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
            .replace("&#10;", "");
        assert!(!bare.contains('&'));
    }
}
