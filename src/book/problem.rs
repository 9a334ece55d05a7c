//! What is wrong with a book, for people: message, place, why, what to do. `report::problem` draws it with the excerpt.

use super::rule::Rule;
use super::source::Span;

/// How much a problem matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// The book cannot be run.
    Error,
    /// The book cannot be run, but it can be read: its site can be made.
    Unrunnable,
    /// The book can be run, but this is probably not what its author means.
    Warning,
    /// Something was left alone, for instance a word that belongs to another tool. Shown only by `guide check --strict`.
    Note,
}

/// Why a word, a name or an expression is refused, before it is known where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// What is wrong, in the form of [`Problem::message`].
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Refusal {
    /// A refusal that says what to do.
    pub(crate) fn new(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { message: message.into(), hint: Some(hint.into()) }
    }

    /// The refusal as a problem of that place.
    pub(crate) fn at(self, span: Span) -> Problem {
        Problem { hint: self.hint, ..Problem::at(span, self.message) }
    }
}

/// One complaint about the book's text. `span` points at the very characters that are wrong where they are known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What is wrong: lower case, no full stop, names quoted with backticks.
    pub message: String,
    /// Where; `None` only for something that has no text (a missing file).
    pub span: Option<Span>,
    /// Further places that belong to it ("first named here").
    pub labels: Vec<(Span, String)>,
    /// What to do about it.
    pub hint: Option<String>,
    /// How much it matters.
    pub severity: Severity,
    /// Which kind of problem it is.
    pub(crate) rule: Rule,
}

impl Problem {
    /// A problem at a place.
    pub fn at(span: Span, message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            span: Some(span),
            labels: Vec::new(),
            hint: None,
            severity: Severity::Error,
            rule: Rule::Book,
        }
    }

    /// A problem with no place in a text.
    pub fn without_span(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            span: None,
            labels: Vec::new(),
            hint: None,
            severity: Severity::Error,
            rule: Rule::Book,
        }
    }

    /// The same as a warning.
    pub fn warning(self) -> Self {
        Self { severity: Severity::Warning, ..self }
    }

    /// The same as a note.
    pub fn note(self) -> Self {
        Self { severity: Severity::Note, ..self }
    }

    /// The same as a problem of this kind.
    pub(crate) fn rule(self, rule: Rule) -> Self {
        Self { rule, ..self }
    }

    /// Adds what to do about it.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds a further place.
    pub fn label(mut self, span: Span, note: impl Into<String>) -> Self {
        self.labels.push((span, note.into()));
        self
    }
}

/// All problems found, in the order of the text. Empty means none.
pub(crate) type Problems = Vec<Problem>;
