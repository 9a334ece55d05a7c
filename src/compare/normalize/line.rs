//! Finds the volatile parts of a line or cell.

use std::sync::LazyLock;

use regex::Regex;

use super::clues::{CLUES, clue, is_address, is_not_a_word};
use super::evidence::Evidence;
use super::{Found, Rules, Value, Where};
use crate::book::Normalizer;
use crate::compare::table_text::TableKind;

/// Adds every volatile part of the text.
pub(super) fn find(
    text: &str,
    place: Where<'_>,
    evidence: &Evidence,
    rules: Rules,
    found: &mut Vec<Found>,
) {
    match place {
        Where::Value(value) => return by_value(text, value, rules, found),
        Where::Cell(column, kind) => by_column(text, column, kind, rules, found),
        Where::Line => {
            for cell in evidence.rows.get(text.trim_end()).into_iter().flatten() {
                let before = found.len();
                by_column(&text[cell.range.clone()], &cell.column, cell.kind, rules, found);
                for one in &mut found[before..] {
                    one.range =
                        one.range.start + cell.range.start..one.range.end + cell.range.start;
                }
            }
        }
    }
    for index in &CLUES.any.matches(text) {
        let (clue, regex) = &CLUES.each[index];
        if !rules.has(clue.by) {
            continue;
        }
        // Each expression is compiled when it is first needed, because compiling takes up to a
        // millisecond and most texts need few.
        let regex = regex.get_or_init(|| {
            Regex::new(&clue.pattern).expect("the set has compiled the same expression")
        });
        let mut from = 0;
        while let Some(part) = regex.captures_at(text, from).and_then(|hit| hit.get(1)) {
            from = part.end().max(from + 1);
            if (clue.applies)(text, &part.range(), evidence) {
                found.push(Found {
                    range: part.range(),
                    placeholder: clue.placeholder,
                    by: Some(clue.by),
                });
            }
            if !text.is_char_boundary(from) || from > text.len() {
                break;
            }
        }
    }
    if rules.has(Normalizer::Hashes) {
        by_neighbour(text, evidence, found);
    }
}

/// Adds the suffixes of ReplicaSets whose pods are in the same text.
fn by_neighbour(text: &str, evidence: &Evidence, found: &mut Vec<Found>) {
    if evidence.replica_sets.is_empty() {
        return;
    }
    for (start, word) in words(text) {
        if evidence.replica_sets.contains(word)
            && let Some(dash) = word.rfind('-')
        {
            let range = start + dash + 1..start + word.len();
            found.push(Found { range, placeholder: "hash", by: Some(Normalizer::Hashes) });
        }
    }
}

/// The words that may be names of objects.
fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let is_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let mut from = 0;
    std::iter::from_fn(move || {
        let start = from + text[from..].find(is_name)?;
        let end = text[start..].find(|c| !is_name(c)).map_or(text.len(), |length| start + length);
        from = end;
        Some((start, &text[start..end]))
    })
}

fn by_value(text: &str, value: Value, rules: Rules, found: &mut Vec<Found>) {
    let (by, placeholder, pattern) = match value {
        Value::Age => (Normalizer::Ages, "time", &*AGE_ALONE),
        Value::Address => return addresses(text, rules, found),
        Value::Port => (Normalizer::Ports, "port", &*PORT_ALONE),
        Value::PodName => (Normalizer::Hashes, "hash", &*POD_NAME),
        Value::ReplicaSetName => (Normalizer::Hashes, "hash", &*REPLICA_SET_NAME),
        Value::JobName => (Normalizer::Hashes, "hash", &*JOB_NAME),
    };
    let part = pattern.captures(text).and_then(|hit| hit.get(1));
    if let Some(part) = part
        .filter(|part| rules.has(by) && is_not_a_word(text, &part.range(), &Evidence::default()))
    {
        found.push(Found { range: part.range(), placeholder, by: Some(by) });
    }
}

fn expression(pattern: &str) -> Regex {
    Regex::new(&clue(Normalizer::Ages, "", pattern).pattern).expect("the expression is tested")
}

static AGE_ALONE: LazyLock<Regex> = LazyLock::new(|| expression("^(AGO|STAMP)$"));
static PORT_ALONE: LazyLock<Regex> = LazyLock::new(|| expression(r"^(3[0-2]\d{3})$"));
static POD_NAME: LazyLock<Regex> =
    LazyLock::new(|| expression("^(?:pods?/)?STEM-(HASH-RANDOM|MINUTES-RANDOM|RANDOM)$"));
static REPLICA_SET_NAME: LazyLock<Regex> =
    LazyLock::new(|| expression("^(?:[a-z.]+/)?STEM-([bcdf4-9]{6,10})$"));
static JOB_NAME: LazyLock<Regex> = LazyLock::new(|| expression("^(?:[a-z.]+/)?STEM-(MINUTES)$"));
static SLICE_NAME: LazyLock<Regex> =
    LazyLock::new(|| expression("^(?:[a-z0-9.]+/)?STEM-(RANDOM)$"));
static ADDRESSES: LazyLock<Regex> = LazyLock::new(|| expression("(ADDRESS)"));
static AGE_CELL: LazyLock<Regex> =
    LazyLock::new(|| expression(r"^((?:AGO|STAMP|<invalid>|<unknown>).*)$"));

fn by_column(text: &str, column: &str, kind: TableKind, rules: Rules, found: &mut Vec<Found>) {
    let mut whole = |pattern: &Regex, by: Normalizer, placeholder: &'static str| {
        let part = pattern.captures(text).and_then(|hit| hit.get(1));
        if let Some(part) = part.filter(|part| {
            rules.has(by) && is_not_a_word(text, &part.range(), &Evidence::default())
        }) {
            found.push(Found { range: part.range(), placeholder, by: Some(by) });
        }
    };
    match column {
        "AGE" | "LAST SEEN" | "FIRST SEEN" | "UPTIME" | "SINCE" => {
            whole(&AGE_CELL, Normalizer::Ages, "time");
        }
        "CREATED" | "CREATED AT" | "UPDATED" | "STARTED" | "STARTED AT" | "START TIME"
        | "LAST SCHEDULE" | "LAST DEPLOYED" => {
            whole(&AGE_ALONE, Normalizer::Ages, "time");
        }
        "DURATION" if kind.jobs => whole(&AGE_CELL, Normalizer::Durations, "time"),
        "NAME" | "POD" | "POD NAME" | "OBJECT" => {
            // A kind in front of the name is evidence by itself.
            let bare = !text.contains('/');
            if kind.pods && (bare || text.starts_with("pod/")) {
                whole(&POD_NAME, Normalizer::Hashes, "hash");
            }
            if kind.replica_sets && bare {
                whole(&REPLICA_SET_NAME, Normalizer::Hashes, "hash");
            }
            if kind.jobs && bare {
                whole(&JOB_NAME, Normalizer::Hashes, "hash");
            }
            if kind.slices && bare {
                whole(&SLICE_NAME, Normalizer::Hashes, "hash");
            }
        }
        "CLUSTER-IP" | "INTERNAL-IP" | "POD-IP" | "POD IP" | "HOST-IP" | "HOST IP" | "NODE-IP" => {
            addresses(text, rules, found);
        }
        "IP" | "IPS" | "EXTERNAL-IP" | "ADDRESS" | "ENDPOINTS" if kind.objects => {
            addresses(text, rules, found);
        }
        _ => {}
    }
}

fn addresses(text: &str, rules: Rules, found: &mut Vec<Found>) {
    if !rules.has(Normalizer::Ips) {
        return;
    }
    for part in ADDRESSES.find_iter(text) {
        if is_address(text, &part.range(), &Evidence::default()) {
            found.push(Found { range: part.range(), placeholder: "ip", by: Some(Normalizer::Ips) });
        }
    }
}
