//! PARSE: text → [`Book`]. Pure: files are read by `store::source`, which hands their text in as [`SourceFile`]s.
//!
//! A parsed book knows, for every block, its file, lines and byte range, so that any later complaint can point at the chapter.
//! Names are not yet resolved here (`needs`, `verify=STEP`, targets): that is `plan`'s work.

mod advice;
mod attributes;
mod braces;
mod chapter;
mod chapter_text;
mod cwd;
mod default_names;
mod directive;
mod duration;
mod fence;
mod fences;
mod foreign_words;
mod front_matter;
mod languages;
mod nesting;
mod normalizers;
mod parse;
#[cfg(test)]
mod parse_tests;
mod pattern;
mod pieces;
mod problem;
#[cfg(test)]
mod property_tests;
mod session;
mod shell_words;
mod source;
mod step_attributes;
mod summary;

pub use advice::{Advice, advise, verb};
pub use attributes::{Attributes, Background, ExitExpectation, SnapshotKind, Verify};
pub use chapter::{Block, Book, Chapter, ExpectedBlock, FrontMatter, ManifestBlock, StepBlock};
pub use chapter_text::MARKDOWN;
pub use cwd::{plain_cwd, resolve_cwd};
pub use duration::parse_duration;
pub use fences::{SeenFence, fences};
pub use languages::{Languages, all as all_languages};
pub use nesting::too_deep;
pub use normalizers::{Normalizer, Normalizers};
pub use parse::{BookText, ChapterSource, parse_book, parse_chapter};
pub use pattern::{Mark, NEVER_NAMES, NameKind, escape_line, escape_text, is_any_lines, marks, names_in, unescape_line};
pub use problem::{Problem, Problems, Severity};
pub use shell_words::{Commands, Simple, commands_of};
pub use source::{Place, SourceFile, SourceId, Sources, Span};
pub use summary::{SummaryEntry, parse_summary};
