//! The parsed book: chapters and their blocks.

use std::sync::Arc;
use std::time::Duration;

use super::attributes::Attributes;
use super::languages::Languages;
use super::normalizers::Normalizers;
use super::problem::Problem;
use super::source::{SourceId, Sources, Span};
use crate::ids::{ChapterName, StepName};

/// A parsed book: every chapter of SUMMARY.md in its order.
#[derive(Debug, Clone, Default)]
pub struct Book {
    /// The title of `book.toml`.
    pub title: String,
    /// All texts, for excerpts.
    pub sources: Sources,
    /// Chapters in SUMMARY.md's order. Chapters without any step are there too (they have a name and `needs`).
    pub chapters: Vec<Chapter>,
    /// `manifests/*.yaml.j2` beside the chapters: file name to write (without `.j2`) and the source that holds the template.
    pub shared_manifests: Vec<(String, SourceId)>,
    /// Languages whose fences are steps beside `bash` and `sh`.
    pub languages: Languages,
}

impl Book {
    /// The variables that any step of any profile names in `secret=`.
    pub fn secret_names(&self) -> impl Iterator<Item = &str> {
        self.chapters
            .iter()
            .flat_map(Chapter::steps)
            .flat_map(|step| &step.attributes.secrets)
            .map(String::as_str)
    }
}

/// One chapter.
#[derive(Debug, Clone)]
pub struct Chapter {
    /// Its name, unique in the book.
    pub name: ChapterName,
    /// Title: front matter's, else the first heading's, else SUMMARY.md's.
    pub title: String,
    /// Its text.
    pub source: SourceId,
    /// Its front matter.
    pub front: FrontMatter,
    /// Steps and manifests in the order of the text; prose is left out.
    pub blocks: Vec<Block>,
    /// What is worth a word and no error: warnings, and notes on what was left alone.
    pub notes: Vec<Problem>,
}

/// What a chapter's `---` block (or `+++`, in TOML) says.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FrontMatter {
    /// Where it stands, for complaints.
    pub span: Option<Span>,
    /// Chapters that must have passed before, as written.
    pub needs: Vec<String>,
    /// Chapters that have to run before where both are part of a run, as written.
    pub after: Vec<String>,
    /// The folder that its steps run in: `rendered`, `book`, `chapter`, or a path relative to the book.
    pub cwd: Option<String>,
    /// Title, if given.
    pub title: Option<String>,
    /// Default time limit of the chapter's steps.
    pub timeout: Option<Duration>,
    /// Namespace of the chapter's objects.
    pub namespace: Option<String>,
    /// Verify steps that prove the whole chapter.
    pub done: Vec<StepName>,
    /// Which normalizers apply to steps that choose none.
    pub normalize: Option<Normalizers>,
}

/// A block that means something to a run.
#[derive(Debug, Clone)]
#[expect(clippy::large_enum_variant, reason = "most blocks are steps, and few exist at once")]
pub enum Block {
    /// A `bash` or `sh` fence.
    Step(StepBlock),
    /// A `yaml {file=…}` fence.
    Manifest(ManifestBlock),
}

/// A command fence.
#[derive(Debug, Clone)]
pub struct StepBlock {
    /// Given or made from the nearest heading.
    pub name: StepName,
    /// The whole fence, first to last backtick.
    pub span: Span,
    /// The language and braces after the opening fence.
    pub info: Span,
    /// What bash gets: the fence's content, indentation of an enclosing list taken off.
    pub script: Arc<str>,
    /// 1-based line of the script's first line.
    pub script_line: u32,
    /// `sh` fences are run by bash too; kept to show them as written.
    pub language: &'static str,
    /// What its braces say.
    pub attributes: Attributes,
    /// The `output` fence right after, if there is one.
    pub expected: Option<ExpectedBlock>,
}

/// An `output` fence.
#[derive(Debug, Clone)]
pub struct ExpectedBlock {
    /// The whole fence.
    pub span: Span,
    /// The bytes between the fence lines: what accepting may change, and nothing else.
    pub body: Span,
    /// The content, indentation of an enclosing list taken off.
    pub text: Arc<str>,
    /// Does it stand in several places, between the commands of a session? Then it is compared as a whole, and a review leaves it
    /// to its author.
    pub in_pieces: bool,
}

/// A manifest template.
#[derive(Debug, Clone)]
pub struct ManifestBlock {
    /// The file it is written to, in the chapter's working folder. A plain relative name, checked.
    pub file: String,
    /// Run only under these profiles; empty = all.
    pub profiles: Vec<String>,
    /// The page shows neither the template nor what is rendered from it.
    pub hidden: bool,
    /// The whole fence.
    pub span: Span,
    /// The bytes between the fence lines.
    pub body: Span,
    /// The template.
    pub template: Arc<str>,
}

impl Book {
    /// The chapter of that name.
    pub fn chapter(&self, name: &ChapterName) -> Option<&Chapter> {
        self.chapters.iter().find(|chapter| chapter.name == *name)
    }
}

impl Chapter {
    /// The chapter's steps in order.
    pub fn steps(&self) -> impl Iterator<Item = &StepBlock> {
        self.blocks.iter().filter_map(|block| match block {
            Block::Step(step) => Some(step),
            Block::Manifest(_) => None,
        })
    }
}
