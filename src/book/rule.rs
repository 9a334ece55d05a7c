//! The kinds of problems, with the names by which other programs know them (`guide check --format sarif`). A name never changes.

use std::borrow::Cow;

use super::problem::Problem;
use super::source::Span;

/// A kind of problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Rule {
    /// A problem without a more specific kind.
    Book,
    /// book.toml.
    Config,
    /// A chapter's front matter.
    FrontMatter,
    /// An attribute of a fence.
    Attribute,
    /// An attribute of another tool.
    ForeignAttribute,
    /// A fence.
    Fence,
    /// The names of steps.
    StepName,
    /// A script that bash cannot parse.
    BashSyntax,
    /// A pasted prompt.
    Prompt,
    /// A placeholder.
    Placeholder,
    /// A command that opens an editor.
    Editor,
    /// A command that does not end by itself.
    EndlessCommand,
    /// A manifest template.
    Manifest,
    /// The values.
    Values,
    /// `needs`, `after`.
    Needs,
    /// `verify`, `done`, `ready`.
    Verify,
    /// A target of the command line.
    Target,
    /// A step, a check or an output that proves nothing.
    Coverage,
    /// A snapshot that no step compares with.
    UnusedSnapshot,
    /// An accepted snapshot that cannot be read.
    UnreadableSnapshot,
    /// A recording whose chapter is not in the book.
    UnusedRecording,
    /// A finding of shellcheck, by its number.
    Shellcheck(u16),
}

impl Rule {
    /// Its stable name.
    pub(crate) fn id(self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::Book => "book",
            Self::Config => "book-toml",
            Self::FrontMatter => "front-matter",
            Self::Attribute => "attribute",
            Self::ForeignAttribute => "foreign-attribute",
            Self::Fence => "fence",
            Self::StepName => "step-name",
            Self::BashSyntax => "bash-syntax",
            Self::Prompt => "prompt",
            Self::Placeholder => "placeholder",
            Self::Editor => "editor",
            Self::EndlessCommand => "endless-command",
            Self::Manifest => "manifest",
            Self::Values => "values",
            Self::Needs => "needs",
            Self::Verify => "verify",
            Self::Target => "target",
            Self::Coverage => "coverage",
            Self::UnusedSnapshot => "unused-snapshot",
            Self::UnreadableSnapshot => "unreadable-snapshot",
            Self::UnusedRecording => "unused-recording",
            Self::Shellcheck(number) => return Cow::Owned(format!("shellcheck/SC{number:04}")),
        })
    }

    /// Its description, in one sentence.
    pub(crate) fn about(self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::Book => "The book cannot be read as it is written.",
            Self::Config => "The table [preprocessor.guide] of book.toml is wrong.",
            Self::FrontMatter => "The front matter of a chapter is wrong.",
            Self::Attribute => "An attribute of a fence is wrong.",
            Self::ForeignAttribute => "An attribute belongs to another tool, and guide ignores it.",
            Self::Fence => "A fence is not what it looks like.",
            Self::StepName => "The name of a step is used twice.",
            Self::BashSyntax => "bash cannot parse a step.",
            Self::Prompt => "A step contains the prompt of a terminal.",
            Self::Placeholder => "A step contains a placeholder that a reader is to replace.",
            Self::Editor => "A step opens an editor and waits for a person.",
            Self::EndlessCommand => "A command does not end by itself.",
            Self::Manifest => "A manifest cannot be rendered.",
            Self::Values => "A value is wrong, or its meaning may surprise.",
            Self::Needs => "A chapter needs a chapter that does not exist, or needs itself.",
            Self::Verify => "A check, or the step that it proves, does not exist.",
            Self::Target => "The book has no such chapter or step.",
            Self::Coverage => "An acting step, a check or an output fence proves nothing.",
            Self::UnusedSnapshot => "No step compares with a snapshot.",
            Self::UnreadableSnapshot => "An accepted snapshot cannot be read.",
            Self::UnusedRecording => "No chapter of the book was recorded in a recording.",
            Self::Shellcheck(number) => {
                return Cow::Owned(format!("shellcheck found SC{number:04} in a step."));
            }
        })
    }

    /// A problem of this kind at a place.
    pub(crate) fn at(self, span: Span, message: impl Into<String>) -> Problem {
        Problem::at(span, message).rule(self)
    }

    /// A problem of this kind with no place in a text.
    pub(crate) fn without_span(self, message: impl Into<String>) -> Problem {
        Problem::without_span(message).rule(self)
    }
}
