//! `guide doctor`: what this machine has and lacks, and which profile fits.

use crate::cli::DoctorArgs;
use crate::doctor::{facts, fitting_profile};
use crate::error::{Error, Exit};
use crate::report;
use crate::settings::Settings;
use crate::store::find_book;

/// Probes the machine, reports the facts, and remembers the profile of a book whose `default-profile` is `auto`.
pub(super) fn doctor(settings: &Settings, args: &DoctorArgs) -> Result<Exit, Error> {
    let state = find_book(settings.book.as_deref(), &settings.here)
        .ok()
        .map(|root| settings.state_dir(&root));
    let tools: Vec<_> = state.iter().map(|state| state.join("bin")).collect();
    let facts = facts(&tools);
    let profile = fitting_profile(&facts);
    if let Some(state) = state {
        super::profile::found_by_doctor(profile, &state)?;
    }
    let style = super::style(settings, report::stdout_is_terminal());
    report::print(&if args.json {
        report::facts_json(&facts, profile)
    } else {
        report::facts_text(&facts, profile, &style)
    })?;
    Ok(Exit::AsWritten)
}
