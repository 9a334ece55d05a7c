//! pulldown-cmark's events of one chapter → its blocks, each with its place. Names are given afterwards (`step_names`).
//!
//! Only what a run needs is looked at: fences of the three meaningful languages, headings, and whether anything stands between a
//! step and its output. Line numbers come from one counter that only goes forward.

use std::ops::Range;
use std::sync::Arc;

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

use super::advice::advise;
use super::attributes::Attributes;
use super::chapter::{Block, ExpectedBlock, ManifestBlock, StepBlock};
use super::fence::{Fence, Reading, opens_block, read_fence};
use super::languages::{Languages, is_session};
use super::mdbook_include::find_include;
use super::nested_fence::{columns, is_admonition, nested_opening};
use super::problem::{Problems, Severity};
use super::rule::Rule;
use super::session::read_session;
use super::source::{SourceId, Span};
use super::step_attributes::{AttributeReader, Complaint};
use crate::ids::{StepName, slug};

mod checks;

/// How every Markdown of a book is read.
pub const MARKDOWN: Options = Options::ENABLE_HEADING_ATTRIBUTES;

/// What a chapter's text holds.
#[derive(Debug, Default)]
pub(super) struct ChapterText {
    /// Text of the first heading.
    pub title: Option<String>,
    /// Steps and manifests.
    pub blocks: Vec<Block>,
    /// For each step in order: the place of its given name, or the slug of the nearest heading.
    pub names: Vec<NameOrigin>,
}

/// Where a step's name comes from.
#[derive(Debug)]
pub(super) enum NameOrigin {
    /// `name=`, here.
    Given(Span),
    /// `"name":`, here: the second of one name gets a number.
    Runme(Span),
    /// To be made from this slug.
    Heading(StepName),
}

/// Reads the Markdown that begins at byte `from` of `text`.
pub(super) fn read_chapter_text(
    source: SourceId,
    text: &str,
    from: usize,
    languages: &Languages,
    problems: &mut Problems,
) -> ChapterText {
    let mut lines = Lines { text: text.as_bytes(), at: 0, line: 1 };
    lines.of(from);
    let mut walk = Walk {
        source,
        text,
        lines,
        problems,
        languages,
        reader: AttributeReader::default(),
        found: ChapterText::default(),
        heading: String::new(),
        in_heading: false,
        slug: None,
        open: None,
        html: None,
        indented: None,
        containers: 0,
        after: After::Nothing,
    };
    for (event, range) in Parser::new_ext(&text[from..], MARKDOWN).into_offset_iter() {
        walk.take(event, range.start + from..range.end + from);
    }
    walk.found
}

/// Counts lines as it goes forward; asked for an earlier place it answers with the line it is at.
struct Lines<'a> {
    text: &'a [u8],
    at: usize,
    line: u32,
}

impl Lines<'_> {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a source is at most 1 GiB, see `store::source`"
    )]
    fn of(&mut self, place: usize) -> u32 {
        if place > self.at {
            self.line += memchr::memchr_iter(b'\n', &self.text[self.at..place]).count() as u32;
            self.at = place;
        }
        self.line
    }
}

/// What was last seen, to know whose an `output` fence is.
#[derive(Clone, Copy, PartialEq)]
enum After {
    /// No step's fence.
    Nothing,
    /// A step, with only blank lines and comments since.
    Step,
    /// A step, with one short paragraph since ("It prints:").
    StepAndParagraph,
    /// A step that its author marked `{skip}`: what follows is shown like it.
    Skipped,
    /// A step, with something to read in between.
    StepAndText,
    /// A step's output.
    Output,
}

/// Most bytes of a paragraph that may stand between a step and its output.
const SHORT: usize = 400;

/// A fence whose end has not come yet.
struct Open {
    start: usize,
    line: u32,
    /// The info string, trimmed.
    info: Range<usize>,
    /// First byte after the opening line.
    body: usize,
    fence: Fence,
    /// Containers (lists' items, quotes) it stands in.
    containers: usize,
    content: Content,
}

/// A fence's content: a range of the text as long as its lines follow each other without anything taken off, else a copy.
struct Content {
    range: Range<usize>,
    copy: Option<String>,
}

impl Content {
    fn push(&mut self, text: &str, piece: &str, range: Range<usize>) {
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

struct Walk<'a> {
    source: SourceId,
    text: &'a str,
    lines: Lines<'a>,
    problems: &'a mut Problems,
    languages: &'a Languages,
    reader: AttributeReader,
    found: ChapterText,
    /// Text of the heading being read, else of the last one.
    heading: String,
    /// Is a heading being read?
    in_heading: bool,
    /// The last heading's slug, made when it is first needed.
    slug: Option<StepName>,
    open: Option<Open>,
    /// The HTML block being read, from its first byte.
    html: Option<usize>,
    /// The indented code being read, from its first byte.
    indented: Option<usize>,
    /// Items and quotes around.
    containers: usize,
    after: After,
}

impl Walk<'_> {
    fn take(&mut self, event: Event<'_>, range: Range<usize>) {
        match event {
            Event::Text(piece) => self.take_text(&piece, range),
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(_))) => self.open_fence(range.start),
            Event::Start(Tag::CodeBlock(CodeBlockKind::Indented)) => {
                self.indented = Some(range.start);
            }
            Event::End(TagEnd::CodeBlock) => match self.open.take() {
                Some(open) => self.close_fence(open, range.end),
                None => self.end_indented(range),
            },
            Event::Start(Tag::Heading { .. }) => {
                self.interrupt_step();
                self.heading.clear();
                self.in_heading = true;
            }
            Event::End(TagEnd::Heading(_)) => self.end_heading(),
            Event::Code(piece) if self.in_heading => self.heading.push_str(&piece),
            Event::SoftBreak | Event::HardBreak if self.in_heading => self.heading.push(' '),
            Event::Start(Tag::HtmlBlock) => self.html = Some(range.start),
            Event::End(TagEnd::HtmlBlock) => self.end_html(range),
            Event::Start(Tag::Paragraph) if range.len() <= SHORT && self.after == After::Step => {
                self.after = After::StepAndParagraph;
            }
            Event::Start(Tag::Item | Tag::BlockQuote(_)) => {
                self.containers += 1;
                self.interrupt_step();
            }
            Event::End(TagEnd::Item | TagEnd::BlockQuote(_)) => {
                self.containers = self.containers.saturating_sub(1);
            }
            Event::Start(Tag::Paragraph) | Event::Rule => self.interrupt_step(),
            _ => {}
        }
    }

    fn take_text(&mut self, piece: &str, range: Range<usize>) {
        if let Some(open) = &mut self.open {
            open.content.push(self.text, piece, range);
        } else if self.in_heading {
            self.heading.push_str(piece);
        }
    }

    fn interrupt_step(&mut self) {
        if matches!(self.after, After::Step | After::StepAndParagraph) {
            self.after = After::StepAndText;
        }
    }

    fn end_heading(&mut self) {
        self.in_heading = false;
        self.slug = None;
        if self.found.title.is_none() {
            self.found.title = Some(self.heading.trim().to_owned());
        }
    }

    /// A comment is nothing to read. Any other HTML is, and must not swallow a step because an empty line is missing.
    fn end_html(&mut self, range: Range<usize>) {
        let start = self.html.take().unwrap_or(range.start);
        let html = &self.text[start..range.end];
        let opening = html.trim_start();
        if opening.starts_with("<!--") {
            return;
        }
        self.interrupt_step();
        let verbatim = ["<pre", "<script", "<style", "<textarea", "<?", "<!"];
        if verbatim.iter().any(|tag| {
            opening.get(..tag.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(tag))
        }) {
            return;
        }
        if let Some(at) = nested_opening(html, b'`', 3, usize::MAX, opens_block) {
            let span = self.span(start + at.start..start + at.end);
            self.problems.push(
                Rule::Fence
                    .at(span, "this fence is part of the HTML above it, so it is no step")
                    .hint(
                        "leave an empty line before it, or mark it `{skip}` where it is only shown",
                    ),
            );
        }
    }

    /// Tabs and admonitions of other tools indent what is theirs by four columns, which Markdown reads as code.
    fn end_indented(&mut self, range: Range<usize>) {
        self.interrupt_step();
        let start = self.indented.take().unwrap_or(range.start);
        let Some(at) =
            nested_opening(&self.text[start..range.end], b'`', 3, usize::MAX, opens_block)
        else {
            return;
        };
        let span = self.span(start + at.start..start + at.end);
        self.problems.push(
            Rule::Fence.at(span, "this fence is indented by four columns or more, so Markdown reads it as code, and it is no step")
                .warning()
                .hint("indent it less (a step in a list stands as far right as the item's text), or mark it `{skip}`"),
        );
    }

    fn open_fence(&mut self, start: usize) {
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
        let Reading { fence, complaints } =
            read_fence(&text[info.clone()], self.languages, &mut self.reader);
        let body = (line_end + 1).min(text.len());
        for (severity, complaint) in complaints {
            self.complain(complaint, severity, info.start, line);
        }
        let containers = self.containers;
        self.open = Some(Open {
            start,
            line,
            info,
            body,
            fence,
            containers,
            content: Content { range: body..body, copy: None },
        });
    }

    fn complain(&mut self, complaint: Complaint, severity: Severity, base: usize, line: u32) {
        let span = |at: Range<usize>| span(self.source, base + at.start..base + at.end, line);
        let rule = match severity {
            Severity::Note => Rule::ForeignAttribute,
            Severity::Error | Severity::Unrunnable | Severity::Warning => Rule::Attribute,
        };
        let mut problem = rule.at(span(complaint.what.at), complaint.what.message);
        problem.hint = complaint.what.hint;
        problem.severity = severity;
        problem.labels.extend(complaint.also.map(|(at, note)| (span(at), note.to_owned())));
        self.problems.push(problem);
    }

    fn close_fence(&mut self, open: Open, end: usize) {
        let Some(body_end) = self.closing_line(&open, end) else {
            return;
        };
        let end = self.text[..end].trim_end().len().max(body_end);
        let whole = span(self.source, open.start..end, open.line);
        let body = span(self.source, open.body.min(body_end)..body_end, open.line + 1);
        self.look_for_nested(&open, &body);
        self.look_for_include(&open.fence, &body);
        self.look_inside_admonition(&open, &body);
        let Open { fence, content, info, line, .. } = open;
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
                self.after = if expected.is_some() { After::Output } else { After::Step };
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
                self.after = After::Nothing;
            }
            Fence::Expected => {
                let text = content.text(self.text).into();
                self.take_expected(ExpectedBlock { span: whole, body, text, in_pieces: false });
            }
            Fence::Skipped => self.after = After::Skipped,
            Fence::Prose => self.after = After::Nothing,
        }
    }

    /// A step's script; of a session its commands, and what it prints.
    fn script_of(
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
                in_pieces: session.in_pieces,
            }
        });
        (session.script.into(), expected)
    }

    /// What is probably meant otherwise. A session's lines are not its script's, so that its advice points at the fence.
    fn advise(&mut self, script: &str, attributes: &Attributes, language: &str, body: Span) {
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

    fn take_expected(&mut self, expected: ExpectedBlock) {
        let before = std::mem::replace(&mut self.after, After::Output);
        match (before, self.found.blocks.last_mut()) {
            (After::Step | After::StepAndParagraph, Some(Block::Step(step))) => {
                if let Some(why) = not_compared(&step.attributes) {
                    let problem = Rule::Fence.at(expected.span, why).label(step.span, "the step");
                    self.problems.push(problem.hint("mark it `{skip}` where it is only shown"));
                }
                step.expected = Some(expected);
            }
            (After::StepAndText, Some(Block::Step(step))) => self.problems.push(
                Rule::Fence.at(expected.span, "this output does not stand right after its step, so it is not compared")
                    .warning()
                    .label(step.span, "the step before it")
                    .hint("move it up (one short paragraph may stand between), or mark it `{skip}` where it is only shown"),
            ),
            (After::Output, _) => self.problems.push(
                Rule::Fence.at(expected.span, "the step before already has an output, so this one is not compared")
                    .warning()
                    .hint("put both into one fence, or mark this one `{skip}` where it is only shown"),
            ),
            (After::Skipped, _) => self.after = After::Skipped,
            _ => {
                self.after = After::Nothing;
                self.problems.push(
                    Rule::Fence.at(expected.span, "this output belongs to no step, so it is not compared")
                        .warning()
                        .hint("put it right after the step that prints it, or mark it `{skip}` where it is only shown"),
                );
            }
        }
    }

    /// The column from which on a line inside of this fence is code for Markdown, and can neither open nor close a fence.
    fn code_from(&self, start: &usize, containers: usize) -> usize {
        let line = memchr::memrchr(b'\n', &self.text.as_bytes()[..*start]).map_or(0, |end| end + 1);
        if containers == 0 { 4 } else { columns(&self.text[line..*start]) + 4 }
    }

    /// A span somewhere before the line counter: the lines between are counted back.
    fn span(&mut self, range: Range<usize>) -> Span {
        let line = if range.start >= self.lines.at {
            self.lines.of(range.start)
        } else {
            let back =
                memchr::memchr_iter(b'\n', &self.text.as_bytes()[range.start..self.lines.at])
                    .count();
            self.lines.line - u32::try_from(back).unwrap_or(0)
        };
        span(self.source, range, line)
    }
}

/// Why the output of such a step is never compared.
fn not_compared(attributes: &Attributes) -> Option<&'static str> {
    if attributes.background.is_some() {
        return Some("a background step's output is not compared");
    }
    attributes
        .interactive
        .then_some("what an interactive step writes to the terminal is not compared")
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "a source is at most 1 GiB, see `store::source`"
)]
fn span(source: SourceId, range: Range<usize>, line: u32) -> Span {
    Span { source, start: range.start as u32, end: range.end as u32, line }
}
