//! SURVEY: a Markdown file that was not written for guide, block by block. For each block: would `guide run` run it, and what would
//! it change, as far as its words prove that. The chapter that is made of the file has `{skip}` in every doubtful block.
//!
//! The room is pure: bash's verdict about the scripts is passed in.

mod effect;

use std::collections::HashSet;

use crate::book::{
    Block, Book, BookText, Chapter, ListedFence, Problem, Severity, Span, StepBlock, list_fences,
    parse_book,
};

pub(crate) use effect::Effect;
use effect::{effect_of, functions_of};

/// A surveyed document, and the chapter that is made of it.
pub(crate) struct Survey {
    /// Every block, in the order of the document.
    pub blocks: Vec<SurveyedBlock>,
    /// The document with its doubtful blocks marked `{skip}`.
    pub chapter: String,
}

/// A block of the document, or a place that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SurveyedBlock {
    /// 1-based line of its fence.
    pub line: u32,
    /// What guide does with the block.
    pub usage: BlockUse,
    /// Its first command; for a place that is wrong, what to do.
    pub first: String,
}

/// What guide does with a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum BlockUse {
    /// It runs as the step of this name, with this effect.
    Runs(String, Effect),
    /// It would run, but is marked `{skip}`, for this reason.
    Skipped(String),
    /// It is rendered as this file.
    Rendered(String),
    /// It is not run; the text says why.
    Shown(String),
    /// The document is wrong here; the text is the message.
    Wrong(String),
}

/// Surveys a document. `name` is its file name. For each script, `parses` says whether bash can parse it.
pub(crate) fn survey(name: &str, text: &str, parses: impl Fn(&[&str]) -> Vec<bool>) -> Survey {
    let (book, problems) = parse_book(BookText::of_chapters([(name, text)]));
    let document = Document::new(&book, &problems, parses);
    let fences = list_fences(text, end_of_front_matter(&book, text));
    let mut blocks: Vec<SurveyedBlock> =
        document.blocks().map(|block| document.block(block)).collect();
    blocks.extend(fences.iter().filter_map(|fence| document.fence_that_is_not_run(fence)));
    blocks.extend(problems.iter().filter(|problem| !document.is_in_a_step(problem)).map(wrong));
    blocks.sort_by_key(|block| block.line);
    let chapter = mark(text, &fences, &blocks);
    name_as_marked(&mut blocks, name, &chapter);
    Survey { blocks, chapter }
}

/// The byte after the front matter, where the fences begin.
fn end_of_front_matter(book: &Book, text: &str) -> usize {
    let front = book.chapters.first().and_then(|chapter| chapter.front.span);
    let Some(end) = front.map(|span| span.end as usize).filter(|end| *end > 0) else { return 0 };
    text[end..].find('\n').map_or(end, |found| end + found + 1)
}

/// A step without `name=` is named by its heading and counted, so its name depends on which steps before it are marked `{skip}`.
/// The names are therefore taken from the marked chapter. Marking adds no line.
fn name_as_marked(blocks: &mut [SurveyedBlock], name: &str, chapter: &str) {
    let (book, _) = parse_book(BookText::of_chapters([(name, chapter)]));
    for step in book.chapters.iter().flat_map(Chapter::steps) {
        for block in blocks.iter_mut().filter(|block| block.line == step.span.line) {
            if let BlockUse::Runs(name, _) = &mut block.usage {
                *name = step.name.to_string();
            }
        }
    }
}

/// What is known of the whole document.
struct Document<'a> {
    book: &'a Book,
    problems: &'a [Problem],
    /// Lines of the steps that bash cannot parse.
    unparsed: Vec<u32>,
    /// The functions that the document's scripts define.
    functions: HashSet<String>,
}

impl<'a> Document<'a> {
    fn new(book: &'a Book, problems: &'a [Problem], parses: impl Fn(&[&str]) -> Vec<bool>) -> Self {
        let steps: Vec<&StepBlock> = book.chapters.iter().flat_map(Chapter::steps).collect();
        let scripts: Vec<&str> = steps.iter().map(|step| &*step.script).collect();
        let parses = parses(&scripts);
        let unparsed = steps.iter().zip(parses).filter(|(_, parses)| !parses);
        let mut functions = HashSet::new();
        scripts.iter().for_each(|script| functions_of(script, &mut functions));
        Self {
            book,
            problems,
            unparsed: unparsed.map(|(step, _)| step.span.line).collect(),
            functions,
        }
    }

    fn blocks(&self) -> impl Iterator<Item = &'a Block> {
        self.book.chapters.iter().flat_map(|chapter| &chapter.blocks)
    }

    fn block(&self, block: &Block) -> SurveyedBlock {
        match block {
            Block::Manifest(manifest) => SurveyedBlock {
                line: manifest.span.line,
                usage: BlockUse::Rendered(manifest.file.clone()),
                first: first_line(&manifest.template),
            },
            Block::Step(step) => SurveyedBlock {
                line: step.span.line,
                usage: self.use_of(step),
                first: first_line(&step.script),
            },
        }
    }

    fn use_of(&self, step: &StepBlock) -> BlockUse {
        let effect = effect_of(&step.script, &self.functions);
        let reason = self.doubt(step).or_else(|| effect.is_doubtful().then(|| effect.to_string()));
        match reason {
            Some(reason) => BlockUse::Skipped(reason),
            None => BlockUse::Runs(step.name.to_string(), effect),
        }
    }

    /// Why a step should not be run, whatever it changes.
    fn doubt(&self, step: &StepBlock) -> Option<String> {
        let notes = self.book.chapters.iter().flat_map(|chapter| &chapter.notes);
        let warnings = notes.filter(|note| note.severity == Severity::Warning);
        let found = self
            .problems
            .iter()
            .chain(warnings)
            .find(|problem| problem.span.is_some_and(|span| is_inside(span, step.span)));
        let unparsed =
            || self.unparsed.contains(&step.span.line).then(|| "bash cannot parse it".to_owned());
        found.map(|problem| problem.message.clone()).or_else(unparsed)
    }

    fn is_in_a_step(&self, problem: &Problem) -> bool {
        let mut steps = self.book.chapters.iter().flat_map(Chapter::steps);
        problem.span.is_some_and(|span| steps.any(|step| is_inside(span, step.span)))
    }

    /// A fence that is not run, and, if it looks like commands, what would make it a step.
    fn fence_that_is_not_run(&self, fence: &ListedFence) -> Option<SurveyedBlock> {
        if self.blocks().any(|block| begins_at(block, fence.line)) {
            return None;
        }
        let notes = self.book.chapters.iter().flat_map(|chapter| &chapter.notes);
        let hint = notes
            .filter(|note| note.span.is_some_and(|span| span.line == fence.line))
            .find_map(|note| note.hint.clone());
        let why = match hint {
            Some(hint) => format!("is not run: {hint}"),
            None if fence.info.is_empty() => {
                "is not run: write `bash` after the fence, and no prompts, to make it a step"
                    .to_owned()
            }
            None => "is prose, and is not run".to_owned(),
        };
        let first =
            if fence.info.is_empty() { "(no language)".to_owned() } else { fence.info.clone() };
        Some(SurveyedBlock { line: fence.line, usage: BlockUse::Shown(why), first })
    }
}

/// Whether the block, or the output that belongs to it, begins at this line.
fn begins_at(block: &Block, line: u32) -> bool {
    match block {
        Block::Step(step) => {
            let expected = step.expected.as_ref();
            step.span.line == line || expected.is_some_and(|output| output.span.line == line)
        }
        Block::Manifest(manifest) => manifest.span.line == line,
    }
}

fn is_inside(span: Span, fence: Span) -> bool {
    (fence.start..fence.end).contains(&span.start)
}

fn wrong(problem: &Problem) -> SurveyedBlock {
    SurveyedBlock {
        line: problem.span.map_or(0, |span| span.line),
        usage: BlockUse::Wrong(problem.message.clone()),
        first: problem.hint.clone().unwrap_or_default(),
    }
}

/// The first line that is neither empty nor a comment.
fn first_line(script: &str) -> String {
    let mut lines = script.lines().map(str::trim);
    lines.find(|line| !line.is_empty() && !line.starts_with('#')).unwrap_or_default().to_owned()
}

/// The text with `skip` and the reason in the braces of every doubtful block. No other byte changes.
fn mark(text: &str, fences: &[ListedFence], blocks: &[SurveyedBlock]) -> String {
    let mut marked = String::with_capacity(text.len());
    let mut from = 0;
    for fence in fences {
        let reason = blocks.iter().find_map(|block| match &block.usage {
            BlockUse::Skipped(reason) if block.line == fence.line => Some(reason),
            _ => None,
        });
        let Some(reason) = reason else { continue };
        let (at, words) = skip_attribute(text, fence, &as_attribute_value(reason));
        marked.push_str(&text[from..at]);
        marked.push_str(&words);
        from = at;
    }
    marked.push_str(&text[from..]);
    marked
}

/// Characters that an attribute's value cannot contain become quotes.
fn as_attribute_value(reason: &str) -> String {
    let allowed = |next: char| next.is_ascii() && !"\"\\`{}\n\r".contains(next);
    reason.chars().map(|next| if allowed(next) { next } else { '\'' }).collect()
}

/// The attribute that marks a fence, and the byte at which it is inserted.
fn skip_attribute(text: &str, fence: &ListedFence, reason: &str) -> (usize, String) {
    match fence.info.find('{').map(|at| fence.info_at.start + at + 1) {
        Some(at) if text[at..].trim_start().starts_with('"') => {
            (at, format!("\"skip\":true,\"why\":\"{reason}\","))
        }
        Some(at) => (at, format!("skip why=\"{reason}\" ")),
        None => (fence.info_at.end, format!(" {{skip why=\"{reason}\"}}")),
    }
}

#[cfg(test)]
mod tests;
