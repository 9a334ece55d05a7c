//! Which fences are steps: `bash` and `sh` in every book, others where book.toml names them.

/// Languages whose content is a script.
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

/// Languages whose content is a terminal's: prompts with commands, and what they wrote.
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
    /// When guide knows no way to run it.
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

    /// The language of a step, if a fence of that language is one in this book.
    pub fn step(&self, name: &str) -> Option<&'static str> {
        match name {
            "bash" => Some("bash"),
            "sh" => Some("sh"),
            _ => self.added.iter().find(|added| **added == name).copied(),
        }
    }
}

/// A language that guide can't run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownLanguage;

/// Every language that a book may name.
pub(crate) fn all() -> impl Iterator<Item = &'static str> {
    SCRIPTS.into_iter().chain(SESSIONS)
}

/// A language whose fences are steps, or could be.
pub(super) fn known(name: &str) -> Option<&'static str> {
    ["bash", "sh"].into_iter().chain(all()).find(|known| *known == name)
}

/// Does such a fence hold prompts?
pub(super) fn is_session(name: &str) -> bool {
    SESSIONS.contains(&name)
}
