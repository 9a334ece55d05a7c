//! Finds what a step can have changed in its shell, by its script. This is the only optimisation of
//! the shell's state.
//!
//! # Why
//!
//! After each passed step the runner needs the shell's state: variables, functions, options, traps,
//! limits and folder. Printing and reading the whole state takes most of the time of a quick step
//! (`cargo bench --bench shell`, "echo line"). Nearly all steps of a book are plain commands
//! (`kubectl apply …`, `helm install …`, `export NAME=value`), which change nothing but the
//! variables that they assign by name. After such a step bash prints only these variables, and the
//! runner changes them in the state that it has.
//!
//! # When a script may be judged
//!
//! A script may be judged only in a shell in which every word has its plain meaning:
//! [`ShellSnapshot::tracks_precisely`] is true (there are no functions, aliases, traps, changed
//! options or name references), and a whole state was read before. [`script`] then accepts a script
//! only if every part of it is known to be harmless: it has no expansion that assigns, no builtin
//! that changes the shell, no substitution, and no compound command. Everything else is
//! [`SideEffects::Anything`], and the whole state is read. A wrong "anything" costs time; a wrong
//! "these names" would lose a part of the state.
//!
//! # What depends on it
//!
//! `driver.sh` (`__guide_effects`) prints the whole state or these variables. The streams of the
//! shell are compared only after a step that can have moved them. A property test
//! (`tests/side_effects.rs`) runs random scripts both ways and compares the states.

mod script;

use std::io;

use crate::secrets::Masker;
use crate::shell::secrets::Secrets;
use crate::shell::session::Session;
use crate::shell::state::{MentionedNames, ShellSnapshot};
use crate::world::{Command, Mode};

/// The changes that a step may have made in its shell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum SideEffects {
    /// At most these variables.
    Variables(Vec<String>),
    /// Anything.
    Anything,
}

impl SideEffects {
    /// The changes that a command can make in a shell that is in this state.
    pub(super) fn of(command: &Command, session: &Session, state: &ShellSnapshot) -> Self {
        let is_known = session.initial().is_some() && state.tracks_precisely();
        if !is_known || command.mode != Mode::Shell || command.cwd.is_some() {
            return Self::Anything;
        }
        let mut effects = Self::of_script(&command.script);
        if let Self::Variables(names) = &mut effects {
            names.extend(command.bound.iter().map(|(name, _)| name.clone()));
        }
        effects
    }

    /// The changes that a script can make in a shell in which every word has its plain meaning.
    pub(super) fn of_script(script: &str) -> Self {
        script::assigned_names(script).map_or(Self::Anything, Self::Variables)
    }

    /// The assignments that select what `driver.sh` prints after the step.
    pub(super) fn for_driver(&self) -> String {
        match self {
            Self::Anything => "__guide_effects=;".to_owned(),
            Self::Variables(names) if names.is_empty() => "__guide_effects=nothing;".to_owned(),
            Self::Variables(names) => {
                format!("__guide_effects=some __guide_names=({});", names.join(" "))
            }
        }
    }

    /// The state after the step, from the shell's report and the previous state. `None` if the
    /// report is not complete.
    pub(super) fn state_after(
        &self,
        before: &ShellSnapshot,
        session: &mut Session,
        mentioned: &MentionedNames,
        secrets: &mut Secrets,
        masker: &Masker,
    ) -> io::Result<Option<ShellSnapshot>> {
        let Self::Variables(names) = self else {
            return session.state(mentioned, secrets, masker);
        };
        let mut after = before.clone();
        let declarations =
            if names.is_empty() { Vec::new() } else { session.variables()?.to_vec() };
        if let Some(initial) = session.initial() {
            after.change_variables(names, &declarations, initial, secrets, masker);
        }
        Ok(Some(after))
    }
}
