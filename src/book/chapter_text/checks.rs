//! What is wrong with a fence whose kind is known: it is not closed, or it contains another fence or an include of mdBook.

use super::fences::OpenFence;
use super::lines::span;
use super::{ChapterReader, Preceding};
use crate::book::fence::{Fence, opens_block};
use crate::book::mdbook_include::find_include;
use crate::book::nested_fence::{columns, is_admonition, nested_opening};
use crate::book::rule::Rule;
use crate::book::source::Span;

impl ChapterReader<'_> {
    /// The first byte of the closing line of a fence. CommonMark does not require that line, but a run does.
    pub(super) fn closing_line(&mut self, open: &OpenFence, end: usize) -> Option<usize> {
        let mark = self.text.as_bytes()[open.start];
        let length = self.text[open.start..].bytes().take_while(|byte| *byte == mark).count();
        let last = open.content.range.end.max(open.body).min(end);
        let closing = self.text[last..end].trim_matches([' ', '\t', '>', '\r', '\n']);
        if closing.len() >= length && closing.bytes().all(|byte| byte == mark) {
            return Some(last);
        }
        let opening =
            span(self.source, open.start..open.info.end.max(open.start + length), open.line);
        let mut problem = Rule::Fence.at(opening, "this fence is not closed").hint(format!(
            "end it with a line of its own: {}",
            char::from(mark).to_string().repeat(length)
        ));
        if let Some(at) = nested_opening(
            &self.text[open.body.min(end)..end],
            mark,
            length,
            self.code_from(&open.start, open.containers),
            opens_block,
        ) {
            let inner = open.body + at.start..open.body + at.end;
            problem = problem.label(self.span(inner), "so this fence is part of it");
        }
        self.problems.push(problem);
        self.preceding = Preceding::NoStep;
        None
    }

    /// A fence without its closing line ends at the closing line of the next fence, so that it contains an opening line.
    pub(super) fn look_for_nested(&mut self, open: &OpenFence, body: &Span) {
        let mark = self.text.as_bytes()[open.start];
        let length = self.text[open.start..].bytes().take_while(|byte| *byte == mark).count();
        // Prose may show any fence. In a fence that is run or compared, another fence is always a mistake.
        let opens = if matches!(open.fence, Fence::Prose | Fence::Skipped) {
            opens_block
        } else {
            |info: &str| !info.trim().is_empty()
        };
        let Some(at) = nested_opening(
            &self.text[body.range()],
            mark,
            length,
            self.code_from(&open.start, open.containers),
            opens,
        ) else {
            return;
        };
        let opening =
            span(self.source, open.start..open.info.end.max(open.start + length), open.line);
        let inner = self.span(open.body + at.start..open.body + at.end);
        self.problems.push(
            Rule::Fence
                .at(opening, "this fence is not closed before the next one opens")
                .label(inner, "opened here")
                .hint(
                    "close it; to show a fence in another one, give the outer one more backticks",
                ),
        );
    }

    /// Other tools read the content of some fences as Markdown: they show a step in it to the reader, but it is not run.
    pub(super) fn look_inside_admonition(&mut self, open: &OpenFence, body: &Span) {
        let info = &self.text[open.info.clone()];
        if open.fence != Fence::Prose || !is_admonition(info) {
            return;
        }
        let kind = info.trim_matches(['{', ' ']).split([' ', '}']).next().unwrap_or_default();
        for mark in *b"`~" {
            let text = &self.text[body.range()];
            let Some(at) = nested_opening(text, mark, 3, usize::MAX, opens_block) else { continue };
            let start = body.range().start;
            let message = format!("this fence is in a `{kind}` block, so it is not run");
            let span = self.span(start + at.start..start + at.end);
            self.problems.push(
                Rule::Fence
                    .at(span, message)
                    .warning()
                    .hint("move it out of the block, or mark it `{skip}` if it is only shown"),
            );
        }
    }

    /// Reports an include of mdBook in a fence that is run or compared: the reader would see another text than guide uses.
    pub(super) fn look_for_include(&mut self, fence: &Fence, body: &Span) {
        let hint = match fence {
            Fence::Step { .. } => {
                "write the commands here, or run the file itself: `bash \"$GUIDE_BOOK/FILE\"`"
            }
            Fence::Expected => "write the expected output here, or compare with a `snapshot`",
            Fence::Manifest { .. } | Fence::Skipped | Fence::Prose => return,
        };
        if let Some(at) = find_include(&self.text[body.range()]) {
            let span = self.span(body.range().start + at.start..body.range().start + at.end);
            let message = "mdBook replaces this on the page, but guide uses it as written, so that the reader sees another text";
            self.problems.push(Rule::Fence.at(span, message).hint(hint));
        }
    }

    /// The column from which a line in this fence is code for Markdown, so that it can neither open nor close a fence.
    fn code_from(&self, start: &usize, containers: usize) -> usize {
        let line = memchr::memrchr(b'\n', &self.text.as_bytes()[..*start]).map_or(0, |end| end + 1);
        if containers == 0 { 4 } else { columns(&self.text[line..*start]) + 4 }
    }
}
