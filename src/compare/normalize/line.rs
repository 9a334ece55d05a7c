//! Which parts of a line or cell are volatile.

use std::net::IpAddr;
use std::ops::Range;
use std::sync::{LazyLock, OnceLock};

use regex::{Regex, RegexSet};

use super::evidence::{Evidence, TableKind, is_mixed};
use super::{Found, Rules, Value, Where};
use crate::book::Normalizer;

/// The alphabet of what ReplicaSets add to a name: a number, digit by digit made a letter.
pub(super) const POD_HASH: &str = "[bcdf4-9]{7,10}";
/// What the server adds to a name: five characters, no vowels and no digits that look like letters.
pub(super) const RANDOM: &str = "[bcdfghjklmnpqrstvwxz2456789]{5}";

const STAMP: &str = r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z| ?[+-]\d\d:?\d\d(?: [A-Z]{3,4})?| UTC)?|(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? +(?:\d{1,2} (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} \d\d:\d\d:\d\d(?: (?:[+-]\d{4}|[A-Z]{3,4}))?|(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) +\d{1,2} \d\d:\d\d:\d\d(?: [A-Z]{3,4})? \d{4})";
const AGO: &str = r"(?:\d+[ydhms]){1,4}|(?:about an?|less than a|About an?|Less than a|\d+) (?:second|minute|hour|day|week|month|year)s?";
const TOOK: &str = r"(?:\d+h)?(?:\d+m)?\d+(?:\.\d+)?(?:ns|us|µs|ms|s)|\d+m|\d+(?:\.\d+)? ?(?:milliseconds?|seconds?|minutes?|hours?|ms|s)";
const UUID: &str = "[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}";
const IP: &str = r"\d{1,3}(?:\.\d{1,3}){3}|[0-9a-f]{1,4}(?::{1,2}[0-9a-f]{1,4}){2,7}";
/// A name up to its last dash.
const STEM: &str = "[a-z0-9][a-z0-9.-]*?";
/// Minutes since 1970, as CronJobs name their Jobs by.
const MINUTES: &str = r"(?:2[89]|3\d)\d{6}";
const DONE: &str = "finished|completed|done|passed|failed|created|deleted|built|started|executed|processed|compiled|loaded|deployed|installed|resolved|transferred|pulled|pushed|ran|ready|succeeded|returned|answered|joined|generated";

/// One piece of evidence in a line: the group is what it proves to be volatile.
struct Clue {
    by: Normalizer,
    placeholder: &'static str,
    pattern: String,
    holds: fn(line: &str, found: &Range<usize>, evidence: &Evidence) -> bool,
}

fn clue(by: Normalizer, placeholder: &'static str, pattern: &str) -> Clue {
    let pattern = [
        ("STAMP", STAMP),
        ("AGO", AGO),
        ("TOOK", TOOK),
        ("UUID", UUID),
        ("ADDRESS", IP),
        ("HASH", POD_HASH),
        ("RANDOM", RANDOM),
        ("STEM", STEM),
        ("MINUTES", MINUTES),
        ("DONE", DONE),
    ]
    .iter()
    .fold(pattern.to_owned(), |pattern, (name, text)| pattern.replace(name, text));
    Clue { by, placeholder, pattern, holds: ends }
}

impl Clue {
    fn if_(mut self, holds: fn(&str, &Range<usize>, &Evidence) -> bool) -> Self {
        self.holds = holds;
        self
    }
}

struct Clues {
    any: RegexSet,
    each: Vec<(Clue, OnceLock<Regex>)>,
}

static CLUES: LazyLock<Clues> = LazyLock::new(|| {
    use Normalizer::{Ages, Durations, Fields, Hashes, Ips, Ports, Timestamps, Uids};
    let clues = vec![
        clue(Ages, "time", r"(?:^|[^\w.-])(AGO) ago\b"),
        clue(Ages, "time", r"\bUp (AGO)"),
        clue(Ages, "time", r#"(?i)(?:^|[\s,;({"'])(?:age|uptime|last seen|running for)["']?\s*[:=]\s*["']?((?-i:AGO))"#),
        clue(Durations, "time", r"(?i)\b(?:took|elapsed|lasted|spent)\b[:= ]{0,3}((?-i:TOOK))"),
        clue(Durations, "time", r"(?i)\b(?:DONE)\b[^.;\d]{0,60}? in ((?-i:TOOK))"),
        clue(Durations, "time", r"\b[Pp]ulled\b.* in (TOOK)"),
        clue(Durations, "time", r"\((TOOK) including waiting\)"),
        clue(Durations, "time", r"^(?:real|user|sys)\s+(\d+m[\d.]+s)$"),
        clue(Durations, "time", r"\btime[=<](TOOK)"),
        clue(Durations, "time", r"^\s*--- (?:PASS|FAIL|SKIP): \S+ \((TOOK)\)"),
        clue(Timestamps, "date", r"^[\[(]?(STAMP|[IWEF]\d{4} \d\d:\d\d:\d\d\.\d{6})").if_(starts_a_line),
        clue(Timestamps, "date", r#"(?i)(?:^|[\s,{(\["'])(?:time|ts|@?timestamp|date|now|at|since|(?:last )?(?:created|updated|modified|started|finished|completed|seen|deployed)(?:[ _-]?at)?)["']?(?:\s*[:=]\s*|\s+)["']?((?-i:STAMP))"#).if_(has_happened),
        clue(Hashes, "hash", r"[a-z0-9]-(HASH-RANDOM)").if_(is_pod_suffix),
        clue(Hashes, "hash", r"[a-z0-9]-(MINUTES-RANDOM)").if_(is_pod_suffix),
        clue(Hashes, "hash", r#"\b(?:pods?/|pods? ["'`]|[Pp]ods?: )STEM-(HASH-RANDOM|MINUTES-RANDOM|RANDOM)(?:[^\w-]|$)"#).if_(is_no_word),
        clue(Hashes, "hash", r#"\b(?:(?:replicasets?(?:\.apps)?|rs)/|[Rr]eplica ?[Ss]et[: ]["'`]{0,1} ?)STEM-([bcdf4-9]{6,10})(?:[^\w-]|$)"#),
        clue(Hashes, "hash", r"\bjobs?(?:\.batch)?/STEM-(MINUTES)(?:[^\w-]|$)"),
        clue(Hashes, "hash", r"\bendpointslices?(?:\.discovery\.k8s\.io)?/STEM-(RANDOM)(?:[^\w-]|$)"),
        clue(Hashes, "hash", r#"(?:pod-template-hash|controller-revision-hash)["']?[=:] ?["']?(?:STEM-)?([bcdf4-9]{4,10})(?:[^\w-]|$)"#),
        clue(Hashes, "hash", r"\bkube-api-access-(RANDOM)"),
        clue(Uids, "uid", r"\bpvc-(UUID)"),
        clue(Uids, "uid", r"/pods/(UUID)\b"),
        clue(Ips, "ip", r#"(?i)\b(?:pod|host|cluster|node|internal)[ _-]?ips?["']?\s*[:=]\s*["'\[]*((?-i:ADDRESS))"#).if_(is_address),
        clue(Ips, "ip", r"^\s*(?:IPs?|Endpoints):\s+(ADDRESS)").if_(is_address),
        clue(Ports, "port", r"\b\d{1,5}:(3[0-2]\d{3})/(?:TCP|UDP|SCTP)\b"),
        clue(Fields, "uid", r#"^\s*(?:- )?"?uid"?: ?"?(UUID)"?,?$"#).if_(in_objects),
        clue(Fields, "rev", r#"^\s*(?:- )?"?resourceVersion"?: ?"?(\d+)"?,?$"#).if_(in_objects),
        clue(Fields, "date", r#"^\s*(?:- )?"?(?:creationTimestamp|lastTransitionTime|lastUpdateTime|lastProbeTime|lastHeartbeatTime|startTime|startedAt|finishedAt)"?: ?"?(STAMP)"?,?$"#).if_(in_objects),
    ];
    let any =
        RegexSet::new(clues.iter().map(|clue| &clue.pattern)).expect("the expressions are tested");
    Clues { any, each: clues.into_iter().map(|clue| (clue, OnceLock::new())).collect() }
});

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
        // Most texts match few clues, and compiling one takes up to a millisecond: each is compiled when it is first needed.
        let regex = regex.get_or_init(|| {
            Regex::new(&clue.pattern).expect("the set has compiled the same expression")
        });
        let mut from = 0;
        while let Some(part) = regex.captures_at(text, from).and_then(|hit| hit.get(1)) {
            from = part.end().max(from + 1);
            if (clue.holds)(text, &part.range(), evidence) {
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

/// ReplicaSets whose pods stand in the same text.
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

/// Words as names of objects are made of.
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
    if let Some(part) =
        part.filter(|part| rules.has(by) && is_no_word(text, &part.range(), &Evidence::default()))
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
        if let Some(part) = part
            .filter(|part| rules.has(by) && is_no_word(text, &part.range(), &Evidence::default()))
        {
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
            // A kind before the name is evidence of its own.
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

/// The word ends where the part does.
fn ends(line: &str, found: &Range<usize>, _: &Evidence) -> bool {
    !line[found.end..].starts_with(|c: char| c.is_alphanumeric() || c == '_' || c == '-')
}

/// The suffix of a pod's name: what ReplicaSets make has letters and digits, and neither part is somebody's number.
fn is_pod_suffix(line: &str, found: &Range<usize>, evidence: &Evidence) -> bool {
    let Some((first, second)) = line[found.clone()].split_once('-') else { return false };
    let made = is_mixed(first)
        || second.bytes().any(|byte| byte.is_ascii_alphabetic())
            && !first.starts_with(char::is_alphabetic);
    made && ends(line, found, evidence) && is_no_word(line, found, evidence)
}

/// Words that people end names with, and that look as if the server had made them.
fn is_no_word(line: &str, found: &Range<usize>, _: &Evidence) -> bool {
    const WORDS: [&str; 18] = [
        "https", "html5", "xhtml", "grpcs", "pgsql", "mssql", "tmpfs", "nfsv4", "btrfs", "dhcp4",
        "dhcp6", "nfsv2", "crds2", "ssh22", "sdwan", "http2", "mqtts", "ldaps",
    ];
    !WORDS.contains(&&line[found.clone()])
}

/// An address, and neither a network, a version, nor one that means the machine itself.
fn is_address(line: &str, found: &Range<usize>, _: &Evidence) -> bool {
    let text = &line[found.clone()];
    let goes_on = line[found.end..]
        .starts_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '/' | '+'))
        || line[found.end..]
            .strip_prefix('.')
            .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    let begun = line[..found.start]
        .ends_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '-'));
    let stays = matches!(text, "127.0.0.1" | "0.0.0.0" | "255.255.255.255");
    !goes_on && !begun && !stays && text.parse::<IpAddr>().is_ok()
}

/// A log's line begins with its time. A date of ISO's form that is the whole line may be a setting.
fn starts_a_line(line: &str, found: &Range<usize>, evidence: &Evidence) -> bool {
    let alone = found.start == 0
        && line.trim_end().len() == found.end
        && line.starts_with(|c: char| c.is_ascii_digit());
    !alone && ends(line, found, evidence)
}

/// A time that is told, and not one that is set or to come.
fn has_happened(line: &str, found: &Range<usize>, evidence: &Evidence) -> bool {
    let before = line[..found.start].to_ascii_lowercase();
    let words: Vec<&str> =
        before.split(|c: char| !c.is_ascii_alphabetic()).filter(|word| !word.is_empty()).collect();
    let to_come = [
        "expires",
        "expire",
        "expiry",
        "expiration",
        "valid",
        "until",
        "next",
        "due",
        "ends",
        "end",
        "deadline",
        "renew",
        "renews",
        "schedule",
        "scheduled",
        "before",
        "after",
        "start",
        "starts",
        "begin",
        "begins",
        "not",
        "run",
        "runs",
    ];
    !words.iter().rev().take(4).any(|word| to_come.contains(word)) && ends(line, found, evidence)
}

fn in_objects(_: &str, _: &Range<usize>, evidence: &Evidence) -> bool {
    evidence.objects
}
