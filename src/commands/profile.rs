//! Which profile a command works under: named, the book's own, or found out from the container registries.

use std::path::Path;

use crate::doctor::{Fact, fitting_profile, registries};
use crate::error::Error;
use crate::settings::Settings;
use crate::store::{BookConfig, StoreError, read_note, read_world, write_note};

/// What `default-profile` says when the registries decide.
const FIND_OUT: &str = "auto";
/// A book that knows no profiles runs under this one.
const PLAIN: &str = "default";
/// The profile of a machine whose container registries answer.
const OPEN: &str = "open";
/// The note in the state folder that remembers what was found out.
const NOTE: &str = "profile";

/// A profile, and why it is this one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Choice {
    /// The profile.
    pub profile: String,
    /// Why, in words, where neither the caller nor the book named it.
    pub reason: Option<String>,
}

/// `--profile`, else `default-profile`, else the one that fits the container registries.
///
/// Registries that answer are remembered at once. That they do not answer is remembered only together with a cluster that was made
/// without them ([`remember`]): a network that failed for a moment must not decide about every later run.
pub(super) fn choose(
    settings: &Settings,
    config: &BookConfig,
    state: &Path,
) -> Result<Choice, Error> {
    if let Some(profile) = settings
        .profile
        .as_deref()
        .or(config.default_profile.as_deref())
        .filter(|profile| *profile != FIND_OUT)
    {
        return Ok(Choice { profile: profile.to_owned(), reason: None });
    }
    if settings.profile.is_none() && config.default_profile.is_none() {
        return Ok(Choice { profile: PLAIN.to_owned(), reason: None });
    }
    if let Some(known) = read_note(state, NOTE)? {
        let reason = "as in the runs before; `guide doctor` asks the registries again".to_owned();
        return Ok(Choice { profile: known, reason: Some(reason) });
    }
    let found = registries();
    let profile = fitting_profile(&found);
    if profile == OPEN {
        write_note(state, NOTE, profile)?;
    }
    Ok(Choice { profile: profile.to_owned(), reason: Some(reason(&found)) })
}

/// Remembers the profile that the book's cluster was made under, once there is one.
pub(super) fn remember(
    config: &BookConfig,
    choice: &Choice,
    state: &Path,
) -> Result<(), StoreError> {
    let found_out = choice.reason.is_some() && config.default_profile.as_deref() == Some(FIND_OUT);
    if found_out && read_world(state)?.is_some() && read_note(state, NOTE)?.is_none() {
        write_note(state, NOTE, &choice.profile)?;
    }
    Ok(())
}

/// What `guide doctor` found: `open` is remembered, and where another profile fits, what was remembered is forgotten unless a
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

/// What the registries answered, those that do not answer first: they decide.
fn reason(registries: &[Fact]) -> String {
    let silent: Vec<&str> =
        registries.iter().filter(|fact| !fact.ok).map(|fact| fact.value.as_str()).collect();
    if silent.is_empty() { "the container registries answer".to_owned() } else { silent.join(", ") }
}
