//! The script of a step: taken out of a session if necessary, and checked for what its author did not mean.

use std::sync::Arc;

use super::ChapterReader;
use crate::book::advice::advise;
use crate::book::attributes::Attributes;
use crate::book::chapter::ExpectedBlock;
use crate::book::languages::is_session;
use crate::book::rule::Rule;
use crate::book::session::read_session;
use crate::book::source::Span;

impl ChapterReader<'_> {
    /// The script of a step, and the expected output if the fence is a session.
    pub(super) fn script_of(
        &mut self,
        text: Arc<str>,
        language: &str,
        whole: Span,
        body: Span,
    ) -> (Arc<str>, Option<ExpectedBlock>) {
        if !is_session(language) {
            return (text, None);
        }
        let Some(session) = read_session(&text) else {
            let hint = "begin each command with `$ `; a fence of commands alone is called `bash`";
            self.problems.push(
                Rule::Fence
                    .at(whole, format!("no line of this `{language}` fence begins with a prompt"))
                    .hint(hint),
            );
            return (text, None);
        };
        let expected = session.lines.map(|lines| {
            let raw = &self.text[body.range()];
            let offset =
                |line: usize| raw.split_inclusive('\n').take(line).map(str::len).sum::<usize>();
            let (from, to) =
                (body.range().start + offset(lines.start), body.range().start + offset(lines.end));
            let body = self.span(from..to);
            ExpectedBlock {
                span: whole,
                body,
                text: session.expected.into(),
                is_interleaved: session.is_interleaved,
            }
        });
        (session.script.into(), expected)
    }

    /// Reports what the author probably did not mean. The lines of a session differ from those of its script, so that advice about a
    /// session points at its first line.
    pub(super) fn advise(
        &mut self,
        script: &str,
        attributes: &Attributes,
        language: &str,
        body: Span,
    ) {
        for advice in advise(script, attributes) {
            let line = script[..advice.at].matches('\n').count();
            let raw = &self.text[body.range()];
            let start: usize = raw
                .split_inclusive('\n')
                .take(if is_session(language) { 0 } else { line })
                .map(str::len)
                .sum();
            let length = raw[start..].lines().next().unwrap_or_default().trim_end().len();
            let blanks =
                raw[start..start + length].len() - raw[start..start + length].trim_start().len();
            let from = body.range().start + start;
            let place = self.span(from + blanks..from + length);
            let mut problem = advice.rule.at(place, advice.message).hint(advice.hint);
            problem.severity = advice.severity;
            self.problems.push(problem);
        }
    }

    pub(super) fn check_script(&mut self, script: &str, whole: Span, body: Span) {
        if script.trim().is_empty() {
            self.problems.push(
                Rule::Fence
                    .at(whole, "this step has no commands")
                    .hint("write some, or mark it `{skip}`"),
            );
        }
        if let Some(at) = memchr::memchr(0, self.text[body.range()].as_bytes()) {
            let at = body.range().start + at;
            let span = self.span(at..at + 1);
            self.problems.push(
                Rule::Fence
                    .at(span, "this step contains a NUL byte, which bash would ignore")
                    .hint("remove it; `printf '\\0'` writes one"),
            );
        }
    }
}
