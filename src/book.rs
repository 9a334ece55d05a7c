//! BOOK: the text of a book → [`Book`]. Pure; `store::source` reads the files.
//!
//! Every block of a parsed book has its file, line and bytes, so that a later problem can point at the chapter. `plan` resolves the
//! names that chapters mention (`needs`, `verify=STEP`, targets).

mod advice;
mod attribute_list;
mod attribute_values;
mod attributes;
mod chapter;
mod chapter_text;
mod cwd;
mod duration;
mod fence;
mod fence_list;
mod foreign_words;
mod front_matter;
mod info_string;
mod languages;
mod mdbook_include;
mod nested_fence;
mod nesting;
mod normalizers;
mod parse;
pub(crate) mod pattern;
mod problem;
#[cfg(test)]
mod property_tests;
mod rule;
mod session;
mod shell_words;
mod source;
mod step_attributes;
mod step_names;
mod summary;
#[cfg(test)]
mod tests;

pub(crate) use advice::{OPTIONS_WITH_VALUE, verb};
pub use attribute_list::{ATTRIBUTES, AttributeText};
pub use attributes::Background;
pub use attributes::SnapshotKind;
pub(crate) use attributes::{Attributes, ExitExpectation, LooksAt, Verify};
pub(crate) use chapter::{Block, Book, Chapter, ManifestBlock, StepBlock};
pub use chapter_text::MARKDOWN;
pub(crate) use cwd::{plain_cwd, resolve_cwd};
pub(crate) use duration::parse_duration;
pub(crate) use fence_list::{ListedFence, list_fences};
pub(crate) use languages::{Languages, all as all_languages};
pub(crate) use nesting::too_deep;
pub(crate) use normalizers::{Normalizer, Normalizers};
pub use parse::BookText;
pub use parse::parse_book;
pub(crate) use parse::{ChapterSource, parse_chapter};
pub(crate) use pattern::{
    Mark, NameKind, escape_line, escape_text, is_any_lines, marks, names_in, unescape_line,
};
pub(crate) use problem::{Problem, Problems, Refusal, Severity};
pub(crate) use rule::Rule;
pub(crate) use shell_words::{SimpleCommand, commands_of};
pub use source::Place;
pub(crate) use source::{SourceId, Sources, Span};
pub(crate) use summary::parse_summary;
