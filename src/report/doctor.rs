//! The text of `guide doctor`, and the first line of a run whose profile guide chose.

use std::fmt::Write as _;

use serde_json::json;

use super::json::json_text;
use super::style::Style;
use super::terminal::eprint;
use crate::doctor::Fact;

/// For a person: one line for each fact, with a hint under each that is not good enough.
pub(crate) fn facts_text(facts: &[Fact], profile: &str, style: &Style) -> String {
    let width = facts.iter().map(|fact| fact.name.len()).max().unwrap_or(0);
    let mut text = String::new();
    for fact in facts {
        let symbols = style.symbols();
        let mark = if fact.ok {
            style.passed(symbols.passed).to_string()
        } else {
            style.warning(symbols.failed).to_string()
        };
        let _ = writeln!(
            text,
            "{mark} {:width$}  {}  {}",
            fact.name,
            fact.value,
            style.faint(fact.why)
        );
        if let Some(hint) = &fact.hint {
            let _ = writeln!(text, "  {:width$}  {} {hint}", "", style.hint("hint:"));
        }
    }
    let _ = writeln!(text, "\nmatching profile: {}", style.strong(profile));
    text
}

/// Prints the first line of a run whose profile guide chose.
pub(crate) fn write_profile(profile: &str, reason: &str, style: &Style) {
    let other = style.faint("choose another one with --profile NAME");
    eprint(&format!("profile {}: {reason} ({other})\n", style.strong(profile)));
}

/// For a program: the facts as JSON.
pub(crate) fn facts_json(facts: &[Fact], profile: &str) -> String {
    let facts: Vec<_> = facts
        .iter()
        .map(|fact| json!({"name": fact.name, "value": fact.value, "ok": fact.ok, "why": fact.why, "hint": fact.hint}))
        .collect();
    json_text(&json!({"profile": profile, "facts": facts}))
}
