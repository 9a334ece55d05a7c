//! Writes the suites and cases of a JUnit report as XML.

use super::{Case, CaseResult, Suite};
use crate::text::sanitize::one_line;

impl Suite {
    pub(super) fn failed(&self, wanted: &str) -> usize {
        let is_wanted = |case: &&Case| matches!(case.result, CaseResult::Failed { element, .. } if element == wanted);
        self.cases.iter().filter(is_wanted).count()
    }

    pub(super) fn skipped(&self) -> usize {
        let is_skipped =
            |case: &&Case| matches!(case.result, CaseResult::Skipped(_) | CaseResult::NotRun);
        self.cases.iter().filter(is_skipped).count()
    }

    pub(super) fn xml(&self, started_at: &str, reason_not_run: &str) -> String {
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
    pub(super) fn new(step: &str, file: String, line: u32) -> Self {
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

    pub(super) fn xml(&self, chapter: &str, reason_not_run: &str) -> String {
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
    pub(super) fn reruns(&self, element: &str) -> String {
        let earlier = if self.retried { self.attempts.saturating_sub(1) } else { 0 };
        (1..=earlier)
            .map(|attempt| {
                let of = self.attempts;
                format!("      <{element} message=\"attempt {attempt} of {of} failed\" type=\"retry\"/>\n")
            })
            .collect()
    }
}

pub(super) fn skipped(why: &str) -> String {
    format!("      <skipped message=\"{}\"/>\n", attribute(why))
}

/// The text of an element: nothing in it is markup, and every character is one that XML allows.
pub(super) fn text(raw: &str) -> String {
    raw.lines().map(|line| escape(&one_line(line)) + "\n").collect::<String>().trim_end().to_owned()
}

/// The value of an attribute; its line ends are kept.
pub(super) fn attribute(raw: &str) -> String {
    raw.lines().map(|line| escape(&one_line(line))).collect::<Vec<_>>().join("&#10;")
}

pub(super) fn escape(line: &str) -> String {
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
