//! The parsed book: chapters and their blocks.

use std::sync::Arc;
use std::time::Duration;

use super::attributes::Attributes;
use super::languages::Languages;
use super::normalizers::Normalizers;
use super::problem::Problem;
use super::source::{SourceId, Sources, Span};
use crate::ids::{ChapterName, StepName};

/// A parsed book.
#[derive(Debug, Clone, Default)]
pub struct Book {
    /// The title of `book.toml`.
    pub title: String,
    /// All texts, of which problems show excerpts.
    pub sources: Sources,
    /// The chapters in the order of SUMMARY.md, including chapters without steps, which have a name and `needs` as well.
    pub chapters: Vec<Chapter>,
    /// `manifests/*.yaml.j2` beside the chapters: the name of the file to write (without `.j2`), and the template.
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
    /// Its title in the front matter, otherwise its first heading, otherwise its title in SUMMARY.md.
    pub title: String,
    /// Its text.
    pub source: SourceId,
    /// Its front matter.
    pub front: FrontMatter,
    /// Steps and manifests in the order of the text.
    pub blocks: Vec<Block>,
    /// Problems that do not prevent a run: warnings, and notes about ignored words.
    pub notes: Vec<Problem>,
}

/// The content of a chapter's `---` block (or `+++`, in TOML).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FrontMatter {
    /// Its place; `None` for a chapter without a front matter.
    pub span: Option<Span>,
    /// Chapters that must have passed before this one, as written.
    pub needs: Vec<String>,
    /// Chapters that run before this one if a run contains both, as written.
    pub after: Vec<String>,
    /// The folder that its steps run in: `rendered`, `book`, `chapter`, or a path relative to the book.
    pub cwd: Option<String>,
    /// The chapter's title.
    pub title: Option<String>,
    /// The default time limit of one attempt of the chapter's steps.
    pub timeout: Option<Duration>,
    /// The namespace of the chapter's objects.
    pub namespace: Option<String>,
    /// Verify steps that prove the whole chapter.
    pub done: Vec<StepName>,
    /// The normalizers of steps that have no `normalize=`.
    pub normalize: Option<Normalizers>,
}

/// A block that a run uses.
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
    /// The given name, or one made from the nearest heading.
    pub name: StepName,
    /// The whole fence, from the first to the last backtick.
    pub span: Span,
    /// The language and braces after the opening fence.
    pub info: Span,
    /// The script for bash: the content of the fence without the indentation of an enclosing list.
    pub script: Arc<str>,
    /// 1-based line of the script's first line.
    pub script_line: u32,
    /// The language as written. bash runs `sh` fences too.
    pub language: &'static str,
    /// Its attributes.
    pub attributes: Attributes,
    /// The `output` fence after it.
    pub expected: Option<ExpectedBlock>,
}

/// An `output` fence.
#[derive(Debug, Clone)]
pub struct ExpectedBlock {
    /// The whole fence.
    pub span: Span,
    /// The bytes between the lines of the fence. Accepting an output changes these bytes and no others.
    pub body: Span,
    /// The content without the indentation of an enclosing list.
    pub text: Arc<str>,
    /// Whether it is divided by the commands of a session. Such an output is compared as a whole, and `guide review` does not
    /// change it.
    pub is_interleaved: bool,
}

/// A manifest template.
#[derive(Debug, Clone)]
pub struct ManifestBlock {
    /// The name of the file that it is written to in the chapter's folder of manifests. The name contains no folder.
    pub file: String,
    /// The profiles under which it is written; empty: all.
    pub profiles: Vec<String>,
    /// Whether the page omits the template and the rendered manifest.
    pub hidden: bool,
    /// The whole fence.
    pub span: Span,
    /// The bytes between the lines of the fence.
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
