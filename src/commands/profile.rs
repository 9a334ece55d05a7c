//! The profile that a command works under: named by the user, named by the book, or chosen by the container registries that answer.

use std::path::Path;

use crate::doctor::{Fact, fitting_profile, registries};
use crate::error::Error;
use crate::settings::Settings;
use crate::store::{BookConfig, StoreError, read_note, read_world, write_note};

/// The value of `default-profile` that lets the registries decide.
const AUTO: &str = "auto";
/// The profile of a book without profiles.
const PLAIN: &str = "default";
/// The profile of a machine whose container registries answer.
const OPEN: &str = "open";
/// The note in the state folder that remembers the chosen profile.
const NOTE: &str = "profile";

/// A profile, and why it was chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Choice {
    /// The profile.
    pub profile: String,
    /// Why guide chose it; `None` if the caller or the book named it.
    pub reason: Option<String>,
}

/// `--profile`, else `default-profile`, else the profile that fits the container registries.
///
/// That registries answer is remembered at once. That they do not answer is remembered only together with a cluster that was made
/// without them ([`remember`]), since a network that failed for a moment must not decide about every later run.
pub(super) fn choose(
    settings: &Settings,
    config: &BookConfig,
    state: &Path,
) -> Result<Choice, Error> {
    if let Some(profile) = settings
        .profile
        .as_deref()
        .or(config.default_profile.as_deref())
        .filter(|profile| *profile != AUTO)
    {
        return Ok(Choice { profile: profile.to_owned(), reason: None });
    }
    if settings.profile.is_none() && config.default_profile.is_none() {
        return Ok(Choice { profile: PLAIN.to_owned(), reason: None });
    }
    if let Some(known) = read_note(state, NOTE)? {
        let reason = "as in earlier runs; `guide doctor` checks the registries again".to_owned();
        return Ok(Choice { profile: known, reason: Some(reason) });
    }
    let found = registries();
    let profile = fitting_profile(&found);
    if profile == OPEN {
        write_note(state, NOTE, profile)?;
    }
    Ok(Choice { profile: profile.to_owned(), reason: Some(reason(&found)) })
}

/// Remembers the profile under which the book's cluster was made, once there is a cluster.
pub(super) fn remember(
    config: &BookConfig,
    choice: &Choice,
    state: &Path,
) -> Result<(), StoreError> {
    let is_automatic = choice.reason.is_some() && config.default_profile.as_deref() == Some(AUTO);
    if is_automatic && read_world(state)?.is_some() && read_note(state, NOTE)?.is_none() {
        write_note(state, NOTE, &choice.profile)?;
    }
    Ok(())
}

/// Keeps the result of `guide doctor`. `open` is remembered. If another profile fits, the remembered one is forgotten, unless a
/// cluster was made under it.
pub(super) fn found_by_doctor(profile: &str, state: &Path) -> Result<(), StoreError> {
    if profile == OPEN {
        write_note(state, NOTE, profile)
    } else if read_note(state, NOTE)?.is_some() && read_world(state)?.is_none() {
        write_note(state, NOTE, "")
    } else {
        Ok(())
    }
}

/// The registries that do not answer, since one of them decides; or that all answer.
fn reason(registries: &[Fact]) -> String {
    let silent: Vec<&str> =
        registries.iter().filter(|fact| !fact.ok).map(|fact| fact.value.as_str()).collect();
    if silent.is_empty() { "the container registries answer".to_owned() } else { silent.join(", ") }
}
