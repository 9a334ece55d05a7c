//! Which profile a command works under: named, the book's own, or found out once and remembered.

use std::path::Path;

use crate::error::Error;
use crate::execute::facts::{facts, fitting_profile};
use crate::settings::Settings;
use crate::store::{BookConfig, read_note, write_note};

/// What `default-profile` says when the machine is to be asked.
const FIND_OUT: &str = "auto";
/// A book that knows no profiles runs under this one.
const PLAIN: &str = "default";
/// The note in the state folder that remembers what was found out.
pub(super) const NOTE: &str = "profile";

/// `--profile`, else `default-profile`, else what `guide doctor` would find (asked once, then remembered in the state folder).
pub fn choose(settings: &Settings, config: &BookConfig, state: &Path) -> Result<String, Error> {
    if let Some(profile) =
        settings.profile.as_deref().or(config.default_profile.as_deref()).filter(|profile| *profile != FIND_OUT)
    {
        return Ok(profile.to_owned());
    }
    if settings.profile.is_none() && config.default_profile.is_none() {
        return Ok(PLAIN.to_owned());
    }
    if let Some(known) = read_note(state, NOTE)? {
        return Ok(known);
    }
    let found = fitting_profile(&facts(&[state.join("bin")])).to_owned();
    write_note(state, NOTE, &found)?;
    Ok(found)
}
