//! The Markdown events of one chapter → its blocks, each with its place. Names are given afterwards (`step_names`).
//!
//! A run needs only the fences of the known languages, the headings, and whether there is text between a step and its output.

mod checks;
mod expected;
mod fences;
mod lines;
mod scripts;

use std::ops::Range;

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

use self::fences::OpenFence;
use self::lines::Lines;
use super::chapter::Block;
use super::fence::opens_block;
use super::languages::Languages;
use super::nested_fence::nested_opening;
use super::problem::Problems;
use super::rule::Rule;
use super::source::{SourceId, Span};
use super::step_attributes::AttributeReader;
use crate::ids::StepName;

/// The Markdown extensions with which every chapter is read.
pub const MARKDOWN: Options = Options::ENABLE_HEADING_ATTRIBUTES;

/// The content of a chapter's text.
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
    /// `"name":`, here. A later step of the same name gets a number.
    Runme(Span),
    /// None was given; it is made from this slug.
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
    let mut walk = ChapterReader {
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
        preceding: Preceding::NoStep,
    };
    for (event, range) in Parser::new_ext(&text[from..], MARKDOWN).into_offset_iter() {
        walk.take(event, range.start + from..range.end + from);
    }
    walk.found
}

/// What precedes the place that is read, which decides whose output an `output` fence is.
#[derive(Clone, Copy, PartialEq)]
enum Preceding {
    /// No step.
    NoStep,
    /// A step, followed by blank lines and comments only.
    Step,
    /// A step, followed by one short paragraph ("It prints:").
    StepAndParagraph,
    /// A step that is marked `{skip}`, so that its output is prose as well.
    Skipped,
    /// A step, followed by more text than that.
    StepAndText,
    /// A step's output.
    Output,
}

/// The most bytes of a paragraph between a step and its output.
const SHORT_PARAGRAPH: usize = 400;
struct ChapterReader<'a> {
    source: SourceId,
    text: &'a str,
    lines: Lines<'a>,
    problems: &'a mut Problems,
    languages: &'a Languages,
    reader: AttributeReader,
    found: ChapterText,
    /// The text of the heading that is being read, otherwise of the last one.
    heading: String,
    /// Whether a heading is being read.
    in_heading: bool,
    /// The slug of the last heading, made when it is first needed.
    slug: Option<StepName>,
    open: Option<OpenFence>,
    /// The first byte of the HTML block that is being read.
    html: Option<usize>,
    /// The first byte of the indented code that is being read.
    indented: Option<usize>,
    /// The number of list items and quotes around the place that is read.
    containers: usize,
    preceding: Preceding,
}

impl ChapterReader<'_> {
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
            Event::Start(Tag::Paragraph)
                if range.len() <= SHORT_PARAGRAPH && self.preceding == Preceding::Step =>
            {
                self.preceding = Preceding::StepAndParagraph;
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
        if matches!(self.preceding, Preceding::Step | Preceding::StepAndParagraph) {
            self.preceding = Preceding::StepAndText;
        }
    }

    fn end_heading(&mut self) {
        self.in_heading = false;
        self.slug = None;
        if self.found.title.is_none() {
            self.found.title = Some(self.heading.trim().to_owned());
        }
    }

    /// A comment does not separate a step from its output; other HTML does. HTML without an empty line after it swallows a fence.
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
                    .at(span, "this fence is part of the HTML above it, so it is not a step")
                    .hint(
                        "insert an empty line before it, or mark it `{skip}` if it is only shown",
                    ),
            );
        }
    }

    /// Tabs and admonitions of other tools indent their content by four columns, which Markdown reads as code.
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
            Rule::Fence.at(span, "this fence is indented by four columns or more, so Markdown reads it as code, and it is not a step")
                .warning()
                .hint("indent it less (in a list, as far as the text of the item), or mark it `{skip}`"),
        );
    }
}
