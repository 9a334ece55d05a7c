//! Normalizers: replace text that differs from run to run without a meaning by a placeholder of the
//! same width.
//!
//! A normalizer hides text only with *evidence*, never because of its form alone. Evidence is a
//! name of an age or a time, a column of a kubectl table, a field of a Kubernetes object, or
//! another text that proves that a suffix was generated. Text without such evidence is compared.
//!
//! A placeholder such as `⟨hash·········⟩` shows the kind and the width of the text that it
//! replaces; in messages it is `…`. Only accepted texts contain placeholders. A `⟨` that a program
//! prints is text, and is kept as `\⟨`.

mod clues;
mod evidence;
mod line;

use std::borrow::Cow;
use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;
use unicode_width::UnicodeWidthStr;

use crate::book::{Normalizer, Normalizers, escape_text, unescape_line};

use super::table_text::TableKind;
use evidence::Evidence;

/// One normalizer, as `guide plan` lists it.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    pub normalizer: Normalizer,
    /// A description of the text that it replaces.
    pub replaces: &'static str,
}

/// The description of each normalizer.
static RULES: [Rule; 8] = [
    Rule {
        normalizer: Normalizer::Ages,
        replaces: "ages: the columns AGE and LAST SEEN, `5m ago`, `Up 2 minutes`, `age: 5m`",
    },
    Rule {
        normalizer: Normalizer::Durations,
        replaces: "how long something took: `took 350ms`, `finished in 3s`",
    },
    Rule {
        normalizer: Normalizer::Timestamps,
        replaces: "when something happened: the start of a log line, `date: …`",
    },
    Rule {
        normalizer: Normalizer::Hashes,
        replaces: "suffixes that controllers make: `web-7d4b9c6f5-x2x9z`, those of a table of pods, ReplicaSets or Jobs",
    },
    Rule {
        normalizer: Normalizer::Uids,
        replaces: "UUIDs in names that a provisioner makes: `pvc-…`",
    },
    Rule {
        normalizer: Normalizer::Ips,
        replaces: "addresses that the cluster gives: CLUSTER-IP, IP of a pod, `podIP`; never a network",
    },
    Rule {
        normalizer: Normalizer::Ports,
        replaces: "node ports that the cluster gives: `80:31234/TCP`, `nodePort`",
    },
    Rule {
        normalizer: Normalizer::Fields,
        replaces: "fields that the server writes into a Kubernetes object: uid, resourceVersion, times of its status",
    },
];

/// A placeholder, which may be shortened to the width that it has to keep.
static PLACEHOLDER: LazyLock<Regex> = LazyLock::new(|| {
    let names =
        "(?:d|da|dat|date|u|ui|uid|i|ip|h|ha|has|hash|r|re|rev|p|po|por|port|t|ti|tim|time)";
    Regex::new(&format!("⟨(?:{names}·*)?⟩")).expect("the expression is tested")
});

/// A part of a line that a normalizer hides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    /// The byte range in the line.
    pub range: Range<usize>,
    /// The word of its placeholder. Ages and durations share one, because the same time may be
    /// written in either form.
    pub placeholder: &'static str,
    /// The normalizer that hides it. `None` for a placeholder of an accepted text.
    pub by: Option<Normalizer>,
}

/// The place of a text, from which evidence is taken beside the text itself.
#[derive(Debug, Clone, Copy)]
pub(super) enum Where<'w> {
    /// A line of text.
    Line,
    /// A cell of a table, under a header.
    Cell(&'w str, TableKind),
    /// A value of a field with a known meaning.
    Value(Value),
}

/// The known meaning of a field's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Value {
    /// An age.
    Age,
    /// An address that the cluster gave.
    Address,
    /// A node port that the cluster gave.
    Port,
    /// A pod's name.
    PodName,
    /// A ReplicaSet's name.
    ReplicaSetName,
    /// A Job's name.
    JobName,
}

/// The active normalizers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rules(pub Normalizers);

impl Rules {
    /// No normalizer at all.
    pub fn none() -> Self {
        Self(Normalizers::NONE)
    }

    /// All normalizers, each with whether it is active.
    pub fn list(&self) -> impl Iterator<Item = (&'static Rule, bool)> + '_ {
        RULES.iter().map(|rule| (rule, self.0.has(rule.normalizer)))
    }

    /// Whether this normalizer is active.
    pub(super) fn has(self, one: Normalizer) -> bool {
        self.0.has(one)
    }

    /// The normalizer of the text of an output.
    pub(super) fn output(self, text: &str) -> TextNormalizer {
        TextNormalizer { rules: self, evidence: Evidence::of(text), accepted: false }
    }

    /// The normalizer of an accepted text, which contains placeholders, patterns and escapes.
    pub(super) fn accepted(self, text: &str) -> TextNormalizer {
        TextNormalizer { rules: self, evidence: Evidence::of(text), accepted: true }
    }

    /// The lines of an output in which placeholders replace every volatile part.
    pub fn normalize(&self, text: &str) -> String {
        let normalizer = self.output(text);
        text.split('\n')
            .map(|line| normalizer.normalize(line, Where::Line))
            .collect::<Vec<_>>()
            .join("\n")
    }
}

/// The active normalizers for one text, with the evidence of that text.
#[derive(Debug, Clone)]
pub(super) struct TextNormalizer {
    pub rules: Rules,
    evidence: Evidence,
    accepted: bool,
}

impl TextNormalizer {
    /// The volatile parts of a line or cell, in order.
    pub(super) fn find(&self, text: &str, place: Where<'_>) -> Vec<Found> {
        let mut found = Vec::new();
        if self.accepted && text.contains('⟨') {
            let whole =
                PLACEHOLDER.find_iter(text).filter(|hit| !text[..hit.start()].ends_with('\\'));
            found.extend(whole.map(|hit| Found {
                range: hit.range(),
                placeholder: placeholder_of(hit.as_str()),
                by: None,
            }));
        }
        if self.rules.0 != Normalizers::NONE {
            line::find(text, place, &self.evidence, self.rules, &mut found);
        }
        found.sort_by_key(|one| (one.range.start, std::cmp::Reverse(one.range.end)));
        let mut end = 0;
        found.retain(|one| {
            let free = one.range.start >= end && !one.range.is_empty();
            end = if free { one.range.end } else { end };
            free
        });
        found
    }

    /// The text with placeholders of the same width. A printed `⟨` is escaped.
    pub(super) fn normalize(&self, text: &str, place: Where<'_>) -> String {
        self.replaced(
            text,
            place,
            |text| self.bracketed(text).into_owned(),
            |normal, found, width| {
                // An empty placeholder is a time. Every other placeholder keeps the first letter of
                // its kind.
                let least = usize::from(found.placeholder != "time");
                let inner = width.saturating_sub(2).max(least);
                normal.push('⟨');
                normal.push_str(&found.placeholder[..found.placeholder.len().min(inner)]);
                normal.extend(std::iter::repeat_n(
                    '·',
                    inner.saturating_sub(found.placeholder.len()),
                ));
                normal.push('⟩');
            },
        )
    }

    /// An output's text for an accepted text: normalized, and escaped where it would be a pattern.
    pub(super) fn stored(&self, text: &str, place: Where<'_>) -> String {
        escape_text(&self.normalize(text, place)).into_owned()
    }

    /// The form in which lines and cells are compared. Placeholders have no width, and escapes are
    /// resolved. If there is a placeholder, each run of spaces becomes one space, because a column
    /// moves with its widest cell.
    pub(super) fn canonical<'t>(&self, text: &'t str, place: Where<'_>) -> Cow<'t, str> {
        if self.find(text, place).is_empty() {
            let plain = if self.accepted { unescape_line(text) } else { self.bracketed(text) };
            return plain;
        }
        Cow::Owned(self.replaced(
            text,
            place,
            |text| {
                squeezed(&if self.accepted { unescape_line(text) } else { self.bracketed(text) })
            },
            |canonical, found, _| {
                canonical.push('⟨');
                canonical.push_str(found.placeholder);
                canonical.push('⟩');
            },
        ))
    }

    /// The canonical form in messages: `pod/web-…`.
    pub(super) fn shown(&self, text: &str, place: Where<'_>) -> String {
        self.replaced(text, place, squeezed, |shown, _, _| shown.push('…'))
    }

    fn replaced(
        &self,
        text: &str,
        place: Where<'_>,
        between: impl Fn(&str) -> String,
        push: impl Fn(&mut String, &Found, usize),
    ) -> String {
        let mut new = String::with_capacity(text.len() + 16);
        let mut at = 0;
        for found in self.find(text, place) {
            new.push_str(&between(&text[at..found.range.start]));
            push(&mut new, &found, text[found.range.clone()].width());
            at = found.range.end;
        }
        new.push_str(&between(&text[at..]));
        new
    }

    /// The text in which a bracket that a program printed is escaped, so that it does not begin a
    /// placeholder.
    fn bracketed<'t>(&self, text: &'t str) -> Cow<'t, str> {
        if self.accepted || !text.contains('⟨') {
            Cow::Borrowed(text)
        } else {
            Cow::Owned(text.replace('⟨', "\\⟨"))
        }
    }
}

fn placeholder_of(text: &str) -> &'static str {
    let letter = text.chars().nth(1);
    let known = ["date", "uid", "ip", "hash", "rev", "port", "time"];
    known.into_iter().find(|name| name.chars().next() == letter).unwrap_or("time")
}

fn squeezed(text: &str) -> String {
    let mut squeezed = String::with_capacity(text.len());
    let mut spaces = 0;
    for c in text.chars() {
        spaces = if c == ' ' || c == '\t' { spaces + 1 } else { 0 };
        if spaces <= 1 {
            squeezed.push(if c == '\t' { ' ' } else { c });
        }
    }
    squeezed
}

/// A normalizer with the place of a text: one side of a comparison of two cells or lines.
#[derive(Debug, Clone, Copy)]
pub(super) struct View<'v> {
    pub normalizer: &'v TextNormalizer,
    pub place: Where<'v>,
}

impl View<'_> {
    pub(super) fn find(&self, text: &str) -> Vec<Found> {
        self.normalizer.find(text, self.place)
    }

    pub(super) fn canonical<'t>(&self, text: &'t str) -> Cow<'t, str> {
        self.normalizer.canonical(text, self.place)
    }
}

#[cfg(test)]
mod tests;
