//! The line over a recorded output: exit code, date, how long, on which versions, and whether it is out of date.

use super::html::{id, moment, seconds, text};
use crate::recording::{RecordedStep, Recording};

/// Facts of one recorded step.
pub(super) fn facts(step: &RecordedStep, reasons: &[String], recording: &Recording) -> String {
    let mut facts = Vec::new();
    if let Some(code) = step.exit.filter(|code| *code != 0) {
        facts.push(format!("<strong class=\"g-exit\">exit {code}</strong>"));
    }
    if !reasons.is_empty() {
        facts.push(stale(reasons));
    }
    if recording.pending {
        facts.push("<strong class=\"g-part\">not reviewed yet</strong>".to_owned());
    }
    facts.push(format!("<time datetime=\"{}\">{}</time>", text(&step.at), moment(&step.at)));
    if step.up_to_date.is_empty() {
        let attempts =
            if step.attempts > 1 { format!(", {} attempts", step.attempts) } else { String::new() };
        facts.push(format!("{}{attempts}", seconds(step.seconds)));
    } else {
        facts.insert(0, "<strong class=\"g-passed\">up to date</strong>".to_owned());
    }
    if !recording.versions.is_empty() {
        let named: Vec<String> = recording
            .versions
            .iter()
            .map(|(name, version)| format!("{} {}", text(name), text(version)))
            .collect();
        facts.push(format!("<span class=\"g-versions\">{}</span>", named.join(", ")));
    }
    format!("<p class=\"g-facts\">{}</p>", facts.join(" <span aria-hidden=\"true\">·</span> "))
}

/// In place of an output where a step did not run because its checks passed.
pub(super) fn up_to_date(checks: &[String]) -> String {
    let link = |check: &String| format!("<a href=\"#step-{}\">{}</a>", id(check), text(check));
    let links: Vec<String> = checks.iter().map(link).collect();
    let which = if links.len() == 1 { "its check" } else { "its checks" };
    format!(
        "<p class=\"g-facts\">Did not run: what it does was there already, as {which} {} showed.</p>",
        links.join(" and ")
    )
}

/// The badge: the reasons on hover and in text.
fn stale(reasons: &[String]) -> String {
    let reasons = text(&reasons.join(", "));
    format!(
        "<strong class=\"g-stale\" title=\"Recorded before this changed: {reasons}\">stale</strong> <span class=\"g-why\">{reasons}</span>"
    )
}

/// In place of the facts where nothing was recorded.
pub(super) fn not_run(profiles: &[&str], several: bool) -> String {
    let under = if several {
        format!(
            " under profile <b>{}</b>",
            profiles.iter().map(|profile| text(profile)).collect::<Vec<_>>().join("</b> or <b>")
        )
    } else {
        String::new()
    };
    format!("<p class=\"g-facts g-none\">Not run here{under}: no recording.</p>")
}
