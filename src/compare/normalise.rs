//! Named normalisers: what differs from run to run with no meaning, replaced by a placeholder of the same width.
//!
//! `⟨hash·········⟩` says which rule spoke (its [`Rule::placeholder`]) and how wide the text was; in messages it is `…`. A
//! placeholder is found by its own rule again, so normalising twice changes nothing. Rules see text, never the world: what a
//! rule can't tell from a setting (a CPU quantity `100m`, a `timeout=5s`) it leaves alone.

mod guard;

use std::borrow::Cow;
use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

/// One normaliser, as `guide plan` lists it.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// Its name.
    pub name: &'static str,
    /// What stands between `⟨` and `⟩`.
    pub placeholder: &'static str,
    /// What it replaces, in words.
    pub replaces: &'static str,
    /// An example of it.
    pub example: &'static str,
    /// Regular expression; at most one group, which is then the part replaced.
    pattern: &'static str,
    /// Looks at the text around a match; `false` leaves it alone.
    guard: fn(line: &str, found: &Range<usize>) -> bool,
}

const HASH: &str = "[bcdfghjklmnpqrstvwxz2456789]";

/// Every rule, in the order in which they are tried at a place in the text.
static RULES: [Rule; 8] = [
    Rule {
        name: "timestamps",
        placeholder: "date",
        replaces: "dates with a time of day: RFC 3339, RFC 1123, `date`, klog",
        example: "2026-01-01T12:00:00Z",
        pattern: r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z| ?[+-]\d\d:?\d\d(?: [A-Z]{3,4})?| UTC)?|(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? +(?:\d{1,2} (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} \d\d:\d\d:\d\d(?: (?:[+-]\d{4}|[A-Z]{3,4}))?|(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) +\d{1,2} \d\d:\d\d:\d\d(?: [A-Z]{3,4})? \d{4})|[IWEF]\d{4} \d\d:\d\d:\d\d\.\d{6}",
        guard: guard::date,
    },
    Rule {
        name: "uids",
        placeholder: "uid",
        replaces: "UUIDs (object UIDs, volume names)",
        example: "0f9c2c8e-54f5-4d0e-9d6c-0a3c7c1f2b11",
        pattern: r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}",
        guard: guard::whole_word,
    },
    Rule {
        name: "ips",
        placeholder: "ip",
        replaces: "IPv4 and IPv6 addresses, but 127.0.0.1, 0.0.0.0, ::1 and versions",
        example: "10.244.1.7",
        pattern: r"\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}|[23f][0-9a-f]{1,3}(?::{1,2}[0-9a-f]{1,4}){2,7}(?:::)?|[23f][0-9a-f]{1,3}(?::[0-9a-f]{1,4}){0,6}::(?:[0-9a-f]{1,4})?",
        guard: guard::address,
    },
    Rule {
        name: "pod-hashes",
        placeholder: "hash",
        replaces: "suffixes made by ReplicaSets, DaemonSets, Jobs, CronJobs and generateName; ordinals of StatefulSets stay",
        example: "web-7d4b9c6f5-x2x9z",
        pattern: r"-(HASH{6,10}-HASH{5}|(?:2[89]|3\d)\d{6}(?:-HASH{5})?|HASH{8,10}|HASH{5})|(?:pod-template-hash|controller-revision-hash)[=:] ?(HASH{4,10})",
        guard: guard::suffix,
    },
    Rule {
        name: "resource-versions",
        placeholder: "rev",
        replaces: "values of resourceVersion",
        example: "resourceVersion: \"48213\"",
        pattern: r#"resourceVersion["']?[:=] ?["']?(\d{3,20})"#,
        guard: guard::number_end,
    },
    Rule {
        name: "ports",
        placeholder: "port",
        replaces: "ports above 30000: after a colon or the word port",
        example: "80:31234/TCP",
        pattern: r#"(?::|[pP]orts?["']?[:= ]["' ]{0,2})([3-6]\d{4})"#,
        guard: guard::port,
    },
    Rule {
        name: "durations",
        placeholder: "time",
        replaces: "times something took: 12.5s, 350ms, 1m2.5s, in 3 seconds",
        example: "350ms",
        pattern: r"(?:\d+h)?(?:\d+m)?\d+\.\d+s|\d+(?:\.\d+)?(?:ns|us|µs|ms)|(?:in|after|took|for) (\d+(?:\.\d+)? (?:milliseconds?|seconds?|minutes?|hours?))",
        guard: guard::time,
    },
    Rule {
        name: "ages",
        placeholder: "time",
        replaces: "ages as kubectl and docker write them: 5m3s, 12d, 3 hours ago, Up 2 minutes",
        example: "5m3s",
        pattern: r"(?:\d+y)?(?:\d+d)?(?:\d+h)?(?:\d+m)?\d+[smhdy]|(?:about an?|less than a|About an?|Less than a|\d+) (?:second|minute|hour|day|week|month|year)s? ago|Up ((?:About an?|Less than a|\d+) (?:second|minute|hour|day|week|month|year)s?)",
        guard: guard::age,
    },
];

/// A placeholder, whole or cut short by the width it had to keep.
const PLACEHOLDER: &str = "⟨(?:(?:d|da|dat|date|u|ui|uid|i|ip|h|ha|has|hash|r|re|rev|p|po|por|port|t|ti|tim|time)·*)?⟩";

struct Compiled {
    any: Regex,
    each: Vec<Regex>,
}

static COMPILED: LazyLock<Compiled> = LazyLock::new(|| {
    let patterns: Vec<String> = RULES.iter().map(|rule| rule.pattern.replace("HASH", HASH)).collect();
    let compile = |pattern: &str| Regex::new(pattern).expect("the rules' expressions are tested");
    let any = format!("{PLACEHOLDER}|{}", patterns.iter().map(|pattern| without_groups(pattern)).collect::<Vec<_>>().join("|"));
    Compiled { any: compile(&any), each: patterns.iter().map(|pattern| compile(&format!("^(?:{pattern})"))).collect() }
});

/// Groups cost time in a search that only asks where.
fn without_groups(pattern: &str) -> String {
    let mut plain = String::with_capacity(pattern.len());
    let mut chars = pattern.chars().peekable();
    while let Some(c) = chars.next() {
        plain.push(c);
        if c == '\\' {
            plain.extend(chars.next());
        } else if c == '(' && chars.peek() != Some(&'?') {
            plain.push_str("?:");
        }
    }
    plain
}

/// A part of a line that a rule speaks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    /// Where in the line.
    pub range: Range<usize>,
    /// What stands for it: ages and durations share one, since the same time may be written in either form.
    pub placeholder: &'static str,
}

/// The rules in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    on: [bool; RULES.len()],
}

impl Default for Rules {
    fn default() -> Self {
        Self { on: [true; RULES.len()] }
    }
}

impl Rules {
    /// No rule at all.
    #[must_use]
    pub fn none() -> Self {
        Self { on: [false; RULES.len()] }
    }

    /// All rules but the named ones; names that no rule has are given back as an error.
    ///
    /// # Errors
    /// The unknown names.
    pub fn without<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<Self, Vec<&'a str>> {
        let mut rules = Self::default();
        let mut unknown = Vec::new();
        for name in names {
            match RULES.iter().position(|rule| rule.name == name) {
                Some(index) => rules.on[index] = false,
                None => unknown.push(name),
            }
        }
        if unknown.is_empty() { Ok(rules) } else { Err(unknown) }
    }

    /// Every rule there is, with whether it is in force.
    pub fn list(&self) -> impl Iterator<Item = (&'static Rule, bool)> + '_ {
        RULES.iter().zip(self.on)
    }

    /// The text with every volatile part replaced by a placeholder of the same width. Idempotent.
    #[must_use]
    pub fn normalise<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let found = self.find(text);
        if found.is_empty() {
            return Cow::Borrowed(text);
        }
        let mut normal = String::with_capacity(text.len() + found.len() * 4);
        let mut at = 0;
        for Found { range, placeholder } in found {
            normal.push_str(&text[at..range.start]);
            push_placeholder(&mut normal, placeholder, unicode_width::UnicodeWidthStr::width(&text[range.clone()]));
            at = range.end;
        }
        normal.push_str(&text[at..]);
        Cow::Owned(normal)
    }

    /// The form in which lines and cells are compared: placeholders without their width, and (only where there is one) runs of
    /// spaces made one, since a column moves with its widest cell.
    pub(super) fn canonical<'t>(&self, line: &'t str) -> Cow<'t, str> {
        self.canonical_with(line, |canonical, placeholder| {
            canonical.push('⟨');
            canonical.push_str(placeholder);
            canonical.push('⟩');
        })
    }

    /// The canonical form as messages show it: `pod/web-…`.
    pub(super) fn shown<'t>(&self, line: &'t str) -> Cow<'t, str> {
        self.canonical_with(line, |shown, _| shown.push('…'))
    }

    fn canonical_with<'t>(&self, line: &'t str, push: impl Fn(&mut String, &'static str)) -> Cow<'t, str> {
        let found = self.find(line);
        if found.is_empty() {
            return Cow::Borrowed(line);
        }
        let mut canonical = String::with_capacity(line.len());
        let mut at = 0;
        for Found { range, placeholder } in found {
            push_squeezed(&mut canonical, &line[at..range.start]);
            push(&mut canonical, placeholder);
            at = range.end;
        }
        push_squeezed(&mut canonical, &line[at..]);
        Cow::Owned(canonical)
    }

    /// Every volatile part of the text, in order, placeholders of an earlier normalising among them.
    pub(super) fn find(&self, text: &str) -> Vec<Found> {
        let mut found = Vec::new();
        let mut from = 0;
        while let Some(hit) = COMPILED.any.find_at(text, from) {
            match self.identify(text, hit.start(), hit.end()) {
                Some(one) => {
                    from = one.range.end;
                    found.push(one);
                }
                None => from = after_word(text, hit.start()),
            }
        }
        found
    }

    /// Which rule speaks for the hit at `start`, if one does whose guard agrees.
    fn identify(&self, text: &str, start: usize, end: usize) -> Option<Found> {
        if text[start..].starts_with('⟨') {
            let letter = text[start + '⟨'.len_utf8()..].chars().next();
            let rule = RULES.iter().find(|rule| rule.placeholder.chars().next() == letter);
            return Some(Found { range: start..end, placeholder: rule.map_or("time", |rule| rule.placeholder) });
        }
        let window = &text[start..];
        RULES.iter().zip(&COMPILED.each).zip(self.on).filter(|(_, on)| *on).find_map(|((rule, regex), _)| {
            let part = match regex.captures_len() {
                1 => regex.find(window)?, // to look for groups costs several times as much
                _ => {
                    let captures = regex.captures(window)?;
                    captures.iter().skip(1).flatten().next().or_else(|| captures.get(0))?
                }
            };
            let range = start + part.start()..start + part.end();
            (rule.guard)(text, &range).then_some(Found { range, placeholder: rule.placeholder })
        })
    }
}

/// Where to look on after a hit that no rule wanted: behind the digits or letters it began with, so that no rule starts in the
/// middle of a word, and never behind anything else that may begin a hit.
fn after_word(text: &str, start: usize) -> usize {
    let first = text[start..].chars().next().map_or(1, char::len_utf8);
    if text.as_bytes()[start].is_ascii_digit() {
        start + text.as_bytes()[start..].iter().take_while(|byte| byte.is_ascii_digit()).count()
    } else {
        start + first
    }
}

fn push_placeholder(normal: &mut String, name: &str, width: usize) {
    let inner = width.saturating_sub(2);
    normal.push('⟨');
    normal.push_str(&name[..name.len().min(inner)]);
    normal.extend(std::iter::repeat_n('·', inner.saturating_sub(name.len())));
    normal.push('⟩');
}

fn push_squeezed(canonical: &mut String, text: &str) {
    let mut spaces = 0;
    for c in text.chars() {
        spaces = if c == ' ' || c == '\t' { spaces + 1 } else { 0 };
        if spaces <= 1 {
            canonical.push(if c == '\t' { ' ' } else { c });
        }
    }
}

#[cfg(test)]
mod tests;
