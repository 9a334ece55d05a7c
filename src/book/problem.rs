//! Problems of a book's text: message, place, severity and hint. `report::problem` draws them with an excerpt.

use super::rule::Rule;
use super::source::Span;

/// How much a problem matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// The book cannot be run.
    Error,
    /// The book cannot be run, but its site can be made.
    Unrunnable,
    /// The book can be run, but probably does not do what its author means.
    Warning,
    /// guide ignores something, for example a word that belongs to another tool. Only `guide check --strict` shows it.
    Note,
}

/// Why a word, a name or an expression is refused, without its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// What is wrong, in the form of [`Problem::message`].
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Refusal {
    /// A refusal with a hint.
    pub(crate) fn new(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { message: message.into(), hint: Some(hint.into()) }
    }

    /// The refusal as a problem at this place.
    pub(crate) fn at(self, span: Span) -> Problem {
        Problem { hint: self.hint, ..Problem::at(span, self.message) }
    }
}

/// A problem of the book's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What is wrong: lower case, no full stop, names quoted with backticks.
    pub message: String,
    /// The characters that are wrong; `None` only for something without text, such as a missing file.
    pub span: Option<Span>,
    /// Further places with a note ("first named here").
    pub labels: Vec<(Span, String)>,
    /// What to do about it.
    pub hint: Option<String>,
    /// How much it matters.
    pub severity: Severity,
    /// The kind of problem.
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

    /// A problem without a place in a text.
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

    /// The same problem as a warning.
    pub fn warning(self) -> Self {
        Self { severity: Severity::Warning, ..self }
    }

    /// The same problem as a note.
    pub fn note(self) -> Self {
        Self { severity: Severity::Note, ..self }
    }

    /// The same problem, of this kind.
    pub(crate) fn rule(self, rule: Rule) -> Self {
        Self { rule, ..self }
    }

    /// Adds a hint.
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

/// Problems in the order of the text.
pub(crate) type Problems = Vec<Problem>;
