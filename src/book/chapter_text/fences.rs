//! One fence of a chapter, from its opening line to its closing line → a block.

use std::ops::Range;
use std::sync::Arc;

use super::lines::span;
use super::{ChapterReader, NameOrigin, Preceding};
use crate::book::chapter::{Block, ExpectedBlock, ManifestBlock, StepBlock};
use crate::book::fence::{Fence, FenceReading, read_fence};
use crate::book::problem::Severity;
use crate::book::rule::Rule;
use crate::book::step_attributes::WordProblem;
use crate::ids::{StepName, slug};

/// A fence whose closing line has not been read yet.
pub(super) struct OpenFence {
    pub(super) start: usize,
    pub(super) line: u32,
    /// The info string, trimmed.
    pub(super) info: Range<usize>,
    /// The first byte after the opening line.
    pub(super) body: usize,
    pub(super) fence: Fence,
    /// The number of list items and quotes that contain it.
    pub(super) containers: usize,
    pub(super) content: Content,
}

/// The content of a fence. It is a range of the chapter's text, or a copy if its lines are indented or quoted there.
pub(super) struct Content {
    pub(super) range: Range<usize>,
    copy: Option<String>,
}

impl Content {
    pub(super) fn push(&mut self, text: &str, piece: &str, range: Range<usize>) {
        if self.copy.is_none() && range.start == self.range.end && piece.len() == range.len() {
            self.range.end = range.end;
            return;
        }
        let kept = &text[self.range.clone()];
        self.copy.get_or_insert_with(|| kept.to_owned()).push_str(piece);
        self.range.end = range.end;
    }

    fn text<'a>(&'a self, text: &'a str) -> &'a str {
        self.copy.as_deref().unwrap_or(&text[self.range.clone()])
    }
}

impl ChapterReader<'_> {
    pub(super) fn open_fence(&mut self, start: usize) {
        let text = self.text;
        let line_end =
            memchr::memchr(b'\n', &text.as_bytes()[start..]).map_or(text.len(), |end| start + end);
        let mark = text.as_bytes()[start];
        let after_mark =
            start + text[start..line_end].bytes().take_while(|byte| *byte == mark).count();
        let raw = &text[after_mark..line_end];
        let info_start = after_mark + raw.len() - raw.trim_start().len();
        let info = info_start..info_start.max(after_mark + raw.trim_end().len());
        let line = self.lines.of(start);
        let FenceReading { fence, problems } =
            read_fence(&text[info.clone()], self.languages, &mut self.reader);
        let body = (line_end + 1).min(text.len());
        for (severity, word_problem) in problems {
            self.report(word_problem, severity, info.start, line);
        }
        let containers = self.containers;
        self.open = Some(OpenFence {
            start,
            line,
            info,
            body,
            fence,
            containers,
            content: Content { range: body..body, copy: None },
        });
    }

    /// Reports a problem of an info string that begins at byte `base`.
    fn report(&mut self, word_problem: WordProblem, severity: Severity, base: usize, line: u32) {
        let span = |at: Range<usize>| span(self.source, base + at.start..base + at.end, line);
        let rule = match severity {
            Severity::Note => Rule::ForeignAttribute,
            Severity::Error | Severity::Unrunnable | Severity::Warning => Rule::Attribute,
        };
        let mut problem = rule.at(span(word_problem.error.at), word_problem.error.message);
        problem.hint = word_problem.error.hint;
        problem.severity = severity;
        problem.labels.extend(word_problem.earlier.map(|(at, note)| (span(at), note.to_owned())));
        self.problems.push(problem);
    }

    pub(super) fn close_fence(&mut self, open: OpenFence, end: usize) {
        let Some(body_end) = self.closing_line(&open, end) else {
            return;
        };
        let end = self.text[..end].trim_end().len().max(body_end);
        let whole = span(self.source, open.start..end, open.line);
        let body = span(self.source, open.body.min(body_end)..body_end, open.line + 1);
        self.look_for_nested(&open, &body);
        self.look_for_include(&open.fence, &body);
        self.look_inside_admonition(&open, &body);
        let OpenFence { fence, content, info, line, .. } = open;
        match fence {
            Fence::Step { language, name, may_be_numbered, attributes } => {
                let text: Arc<str> = content.text(self.text).into();
                let (script, expected) = self.script_of(text, language, whole, body);
                self.check_script(&script, whole, body);
                self.advise(&script, &attributes, language, body);
                let (origin, name) = self.name_origin(name, may_be_numbered, info.start, line);
                self.found.names.push(origin);
                let info = span(self.source, info, line);
                let script_line = line + 1;
                self.preceding =
                    if expected.is_some() { Preceding::Output } else { Preceding::Step };
                self.found.blocks.push(Block::Step(StepBlock {
                    name,
                    span: whole,
                    info,
                    script,
                    script_line,
                    language,
                    attributes,
                    expected,
                }));
            }
            Fence::Manifest { file, profiles, hidden } => {
                let template = content.text(self.text).into();
                self.found.blocks.push(Block::Manifest(ManifestBlock {
                    file,
                    profiles,
                    hidden,
                    span: whole,
                    body,
                    template,
                }));
                self.preceding = Preceding::NoStep;
            }
            Fence::Expected => {
                let text = content.text(self.text).into();
                self.take_expected(ExpectedBlock {
                    span: whole,
                    body,
                    text,
                    is_interleaved: false,
                });
            }
            Fence::Skipped => self.preceding = Preceding::Skipped,
            Fence::Prose => self.preceding = Preceding::NoStep,
        }
    }

    fn name_origin(
        &mut self,
        given: Option<(StepName, Range<usize>)>,
        may_be_numbered: bool,
        base: usize,
        line: u32,
    ) -> (NameOrigin, StepName) {
        if let Some((name, at)) = given {
            let place = span(self.source, base + at.start..base + at.end, line);
            return (
                if may_be_numbered { NameOrigin::Runme(place) } else { NameOrigin::Given(place) },
                name,
            );
        }
        let name = self.slug.get_or_insert_with(|| {
            let slug = slug(&self.heading);
            StepName::new(if slug.is_empty() { "step".to_owned() } else { slug })
        });
        (NameOrigin::Heading(name.clone()), name.clone())
    }
}
