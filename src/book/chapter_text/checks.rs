//! What is wrong with a fence whose kind is known: it is not closed, holds another fence, or bash cannot run it.

use super::{
    After, Fence, Open, Rule, Span, Walk, find_include, is_admonition, nested_opening, opens_block,
    span,
};

impl Walk<'_> {
    /// Where the closing line of a fence begins, which `CommonMark` does not ask for but a run does.
    pub(super) fn closing_line(&mut self, open: &Open, end: usize) -> Option<usize> {
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
            problem = problem.label(self.span(inner), "so this fence is lost in it");
        }
        self.problems.push(problem);
        self.after = After::Nothing;
        None
    }

    /// A fence that lost its closing line takes the next one's: then a fence stands inside it.
    pub(super) fn look_for_nested(&mut self, open: &Open, body: &Span) {
        let mark = self.text.as_bytes()[open.start];
        let length = self.text[open.start..].bytes().take_while(|byte| *byte == mark).count();
        // In prose any fence may be shown; in what is run, one is always a slip.
        let wanted = if matches!(open.fence, Fence::Prose | Fence::Skipped) {
            opens_block
        } else {
            |info: &str| !info.trim().is_empty()
        };
        let Some(at) = nested_opening(
            &self.text[body.range()],
            mark,
            length,
            self.code_from(&open.start, open.containers),
            wanted,
        ) else {
            return;
        };
        let opening =
            span(self.source, open.start..open.info.end.max(open.start + length), open.line);
        let inner = self.span(open.body + at.start..open.body + at.end);
        self.problems.push(
            Rule::Fence.at(opening, "this fence is not closed before the next one opens")
                .label(inner, "opened here")
                .hint("close it; where a fence is to be shown inside another, the outer one takes more backticks"),
        );
    }

    /// Other tools read the content of some fences as Markdown: a step in there is shown to the reader and not run.
    pub(super) fn look_inside_admonition(&mut self, open: &Open, body: &Span) {
        let info = &self.text[open.info.clone()];
        if open.fence != Fence::Prose || !is_admonition(info) {
            return;
        }
        let kind = info.trim_matches(['{', ' ']).split([' ', '}']).next().unwrap_or_default();
        for mark in *b"`~" {
            let text = &self.text[body.range()];
            let Some(at) = nested_opening(text, mark, 3, usize::MAX, opens_block) else { continue };
            let start = body.range().start;
            let message = format!("this fence is inside of a `{kind}` block, so it is not run");
            let span = self.span(start + at.start..start + at.end);
            self.problems.push(
                Rule::Fence
                    .at(span, message)
                    .warning()
                    .hint("move it out of the block, or mark it `{skip}` where it is only shown"),
            );
        }
    }

    /// Where mdBook would put another text than the one that is run or compared. (In a manifest it is no template either.)
    pub(super) fn look_for_include(&mut self, fence: &Fence, body: &Span) {
        let hint = match fence {
            Fence::Step { .. } => {
                "write here what is to be run, or run the file itself: `bash \"$GUIDE_BOOK/FILE\"`"
            }
            Fence::Expected => "write here what is expected, or compare with a `snapshot`",
            Fence::Manifest { .. } | Fence::Skipped | Fence::Prose => return,
        };
        if let Some(at) = find_include(&self.text[body.range()]) {
            let span = self.span(body.range().start + at.start..body.range().start + at.end);
            let message = "mdBook would put something else here, for the reader alone; guide takes it as it stands";
            self.problems.push(Rule::Fence.at(span, message).hint(hint));
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
                    .at(span, "a NUL byte stands in this step, which bash would drop")
                    .hint("take it out; `printf '\\0'` writes one"),
            );
        }
    }
}
