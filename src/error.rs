//! Why a command ends without its work done, and the exit code. A failed step is an outcome in an event, not an error.

use crate::book::{Problems, Sources};
use crate::diagnostic::Diagnostic;
use crate::store::StoreError;

/// Why a command could not do its work.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The book is wrong: every problem, with the texts that the problems point into.
    #[error("the book has {} problem{}", .0.len(), if .0.len() == 1 { "" } else { "s" })]
    Book(Problems, Box<Sources>),
    /// The command line is wrong, or there is no book where it points.
    #[error("{0}")]
    Usage(Diagnostic),
    /// The world did not answer, or a file of a run could not be read or written.
    #[error("{0}")]
    World(#[from] Diagnostic),
    /// The answer could not be written to standard output.
    #[error("cannot write to standard output: {0}")]
    Output(std::io::Error),
}

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// The world is as the book says.
    AsWritten,
    /// The world differs from what the book says.
    Differs,
    /// The book or the command line is wrong.
    Wrong,
    /// The world did not answer.
    NoWorld,
    /// The user interrupted the command: Ctrl-C or SIGTERM.
    Interrupted,
}

impl Exit {
    /// All, in the order of their codes.
    pub const ALL: [Self; 5] =
        [Self::AsWritten, Self::Differs, Self::Wrong, Self::NoWorld, Self::Interrupted];

    /// What the code means, in Markdown.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::AsWritten => "the world is as the book says",
            Self::Differs => {
                "the world differs: another output or exit code, a time limit, a snapshot that is not accepted yet"
            }
            Self::Wrong => "the book or the command line is wrong",
            Self::NoWorld => {
                "the world did not answer: no Docker engine, no cluster, another cluster, a missing program"
            }
            Self::Interrupted => "interrupted; `guide run --resume` continues",
        }
    }

    /// The process's exit code.
    pub fn code(self) -> u8 {
        match self {
            Self::AsWritten => 0,
            Self::Differs => 1,
            Self::Wrong => 2,
            Self::NoWorld => 3,
            Self::Interrupted => 130,
        }
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        let of_book = error.is_of_book();
        let error = Diagnostic::from(error);
        if of_book { Self::Usage(error) } else { Self::World(error) }
    }
}

impl Error {
    /// An error of the command line, with what to type instead.
    pub fn usage(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Usage(Diagnostic::new(message).with_hint(hint))
    }

    /// The exit code of this error.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Book(..) | Self::Usage(_) => Exit::Wrong,
            Self::World(_) | Self::Output(_) => Exit::NoWorld,
        }
    }

    /// What to do next, if that is known.
    pub fn hint(&self) -> Option<&str> {
        match self {
            Self::Book(..) | Self::Output(_) => None,
            Self::Usage(error) | Self::World(error) => error.hint.as_deref(),
        }
    }
}
