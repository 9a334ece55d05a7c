//! The languages of fences that are steps: `bash` and `sh` in every book, and those that book.toml adds.

/// Languages whose fences contain a script.
const SCRIPTS: [&str; 8] = [
    "shell",
    "zsh",
    "ksh",
    "dash",
    "shellscript",
    "azurecli",
    "azurecli-interactive",
    "bash-interactive",
];

/// Languages whose fences contain a session: prompts with commands, and their output.
const SESSIONS: [&str; 6] =
    ["console", "shell-session", "sh-session", "bash-session", "terminal", "shellsession"];

/// The languages that a book adds to `bash` and `sh`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Languages {
    added: Vec<&'static str>,
}

impl Languages {
    /// Adds a language.
    ///
    /// # Errors
    /// guide cannot run the language.
    pub fn add(&mut self, name: &str) -> Result<(), UnknownLanguage> {
        match known(name) {
            Some(_) if matches!(name, "bash" | "sh") => Ok(()),
            Some(known) => {
                self.added.push(known);
                Ok(())
            }
            None => Err(UnknownLanguage),
        }
    }

    /// The language, if its fences are steps in this book.
    pub fn step(&self, name: &str) -> Option<&'static str> {
        match name {
            "bash" => Some("bash"),
            "sh" => Some("sh"),
            _ => self.added.iter().find(|added| **added == name).copied(),
        }
    }
}

/// A language that guide cannot run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownLanguage;

/// Every language that a book may add.
pub(crate) fn all() -> impl Iterator<Item = &'static str> {
    SCRIPTS.into_iter().chain(SESSIONS)
}

/// The language, if its fences are steps or a book can make them steps.
pub(super) fn known(name: &str) -> Option<&'static str> {
    ["bash", "sh"].into_iter().chain(all()).find(|known| *known == name)
}

/// Whether the fences of a language contain sessions.
pub(super) fn is_session(name: &str) -> bool {
    SESSIONS.contains(&name)
}
