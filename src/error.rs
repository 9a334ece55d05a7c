//! What ends a command, and with which exit code. A step that failed is no error: it is an outcome in an event.

use crate::book::{Problems, Sources};
use crate::store::{NoBook, StoreError};
use crate::world::WorldError;

/// Why a command could not do its work.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The book is wrong: every problem, with the texts they point into.
    #[error("the book has {} problem{}", .0.len(), if .0.len() == 1 { "" } else { "s" })]
    Book(Problems, Box<Sources>),
    /// There is no book where it was looked for.
    #[error("{0}")]
    NoBook(#[from] NoBook),
    /// The command line is wrong.
    #[error("{message}")]
    Usage {
        /// What is wrong.
        message: String,
        /// What to do.
        hint: Option<String>,
    },
    /// The world could not be asked.
    #[error("{0}")]
    World(#[from] WorldError),
    /// The answer could not be written to standard output.
    #[error("cannot write to standard output: {0}")]
    Output(std::io::Error),
    /// A file of a run could not be read or written, or another run goes on.
    #[error("{0}")]
    Store(#[from] StoreError),
}

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// The world is as written.
    AsWritten,
    /// It differs.
    Differs,
    /// The book or the command line is wrong.
    Wrong,
    /// The world could not be asked.
    NoWorld,
    /// Ctrl-C or SIGTERM.
    Interrupted,
}

impl Exit {
    /// The process's exit code, as `design.md` section 5 has it.
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

impl Error {
    /// A wrong command line, with what to do.
    pub fn usage(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Usage { message: message.into(), hint: Some(hint.into()) }
    }

    /// The exit code of this error.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Book(..) | Self::NoBook(_) | Self::Usage { .. } => Exit::Wrong,
            Self::World(_) | Self::Store(_) | Self::Output(_) => Exit::NoWorld,
        }
    }

    /// What to do next, if that is known.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Book(..) | Self::Output(_) => None,
            Self::NoBook(error) => Some(error.hint()),
            Self::Usage { hint, .. } => hint.clone(),
            Self::Store(error) => error.hint(),
            Self::World(error) => error.hint.clone(),
        }
    }
}
