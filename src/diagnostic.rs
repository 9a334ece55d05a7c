//! DIAGNOSTIC: what went wrong, for a person. Plain data; `report` draws it.
//!
//! Problems of the book's text have a kind of their own, `book::Problem`, since they also carry places and a severity.

/// What happened, and what to do next.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Diagnostic {
    /// What happened: lower case, no full stop, names quoted with backticks.
    pub message: String,
    /// What to do next, if that is known.
    pub hint: Option<String>,
}

impl Diagnostic {
    /// A diagnostic without a hint.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), hint: None }
    }

    /// Adds what to do next.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}
