//! The evidence in a line of text that a part of it is volatile.

use std::net::IpAddr;
use std::ops::Range;
use std::sync::{LazyLock, OnceLock};

use regex::{Regex, RegexSet};

use super::evidence::Evidence;
use crate::book::Normalizer;
use crate::compare::pod_names::{POD_HASH, RANDOM, is_mixed};

const STAMP: &str = r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z| ?[+-]\d\d:?\d\d(?: [A-Z]{3,4})?| UTC)?|(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? +(?:\d{1,2} (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} \d\d:\d\d:\d\d(?: (?:[+-]\d{4}|[A-Z]{3,4}))?|(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) +\d{1,2} \d\d:\d\d:\d\d(?: [A-Z]{3,4})? \d{4})";
const AGO: &str = r"(?:\d+[ydhms]){1,4}|(?:about an?|less than a|About an?|Less than a|\d+) (?:second|minute|hour|day|week|month|year)s?";
const TOOK: &str = r"(?:\d+h)?(?:\d+m)?\d+(?:\.\d+)?(?:ns|us|µs|ms|s)|\d+m|\d+(?:\.\d+)? ?(?:milliseconds?|seconds?|minutes?|hours?|ms|s)";
const UUID: &str = "[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}";
const IP: &str = r"\d{1,3}(?:\.\d{1,3}){3}|[0-9a-f]{1,4}(?::{1,2}[0-9a-f]{1,4}){2,7}";
/// A name up to its last dash.
const STEM: &str = "[a-z0-9][a-z0-9.-]*?";
/// The minutes since 1970, which CronJobs add to the names of their Jobs.
const MINUTES: &str = r"(?:2[89]|3\d)\d{6}";
const DONE: &str = "finished|completed|done|passed|failed|created|deleted|built|started|executed|processed|compiled|loaded|deployed|installed|resolved|transferred|pulled|pushed|ran|ready|succeeded|returned|answered|joined|generated";

/// One piece of evidence in a line. The group of the expression is the volatile part.
pub(super) struct Clue {
    pub(super) by: Normalizer,
    pub(super) placeholder: &'static str,
    pub(super) pattern: String,
    pub(super) applies: fn(line: &str, found: &Range<usize>, evidence: &Evidence) -> bool,
}

pub(super) fn clue(by: Normalizer, placeholder: &'static str, pattern: &str) -> Clue {
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
    Clue { by, placeholder, pattern, applies: ends }
}

impl Clue {
    fn only_if(mut self, applies: fn(&str, &Range<usize>, &Evidence) -> bool) -> Self {
        self.applies = applies;
        self
    }
}

pub(super) struct Clues {
    pub(super) any: RegexSet,
    pub(super) each: Vec<(Clue, OnceLock<Regex>)>,
}

/// All clues, and one set of their expressions, with which a line is searched once for all of them.
pub(super) static CLUES: LazyLock<Clues> = LazyLock::new(|| {
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
        clue(Timestamps, "date", r"^[\[(]?(STAMP|[IWEF]\d{4} \d\d:\d\d:\d\d\.\d{6})").only_if(starts_a_line),
        clue(Timestamps, "date", r#"(?i)(?:^|[\s,{(\["'])(?:time|ts|@?timestamp|date|now|at|since|(?:last )?(?:created|updated|modified|started|finished|completed|seen|deployed)(?:[ _-]?at)?)["']?(?:\s*[:=]\s*|\s+)["']?((?-i:STAMP))"#).only_if(has_happened),
        clue(Hashes, "hash", r"[a-z0-9]-(HASH-RANDOM)").only_if(is_pod_suffix),
        clue(Hashes, "hash", r"[a-z0-9]-(MINUTES-RANDOM)").only_if(is_pod_suffix),
        clue(Hashes, "hash", r#"\b(?:pods?/|pods? ["'`]|[Pp]ods?: )STEM-(HASH-RANDOM|MINUTES-RANDOM|RANDOM)(?:[^\w-]|$)"#).only_if(is_not_a_word),
        clue(Hashes, "hash", r#"\b(?:(?:replicasets?(?:\.apps)?|rs)/|[Rr]eplica ?[Ss]et[: ]["'`]{0,1} ?)STEM-([bcdf4-9]{6,10})(?:[^\w-]|$)"#),
        clue(Hashes, "hash", r"\bjobs?(?:\.batch)?/STEM-(MINUTES)(?:[^\w-]|$)"),
        clue(Hashes, "hash", r"\bendpointslices?(?:\.discovery\.k8s\.io)?/STEM-(RANDOM)(?:[^\w-]|$)"),
        clue(Hashes, "hash", r#"(?:pod-template-hash|controller-revision-hash)["']?[=:] ?["']?(?:STEM-)?([bcdf4-9]{4,10})(?:[^\w-]|$)"#),
        clue(Hashes, "hash", r"\bkube-api-access-(RANDOM)"),
        clue(Uids, "uid", r"\bpvc-(UUID)"),
        clue(Uids, "uid", r"/pods/(UUID)\b"),
        clue(Ips, "ip", r#"(?i)\b(?:pod|host|cluster|node|internal)[ _-]?ips?["']?\s*[:=]\s*["'\[]*((?-i:ADDRESS))"#).only_if(is_address),
        clue(Ips, "ip", r"^\s*(?:IPs?|Endpoints):\s+(ADDRESS)").only_if(is_address),
        clue(Ports, "port", r"\b\d{1,5}:(3[0-2]\d{3})/(?:TCP|UDP|SCTP)\b"),
        clue(Fields, "uid", r#"^\s*(?:- )?"?uid"?: ?"?(UUID)"?,?$"#).only_if(in_objects),
        clue(Fields, "rev", r#"^\s*(?:- )?"?resourceVersion"?: ?"?(\d+)"?,?$"#).only_if(in_objects),
        clue(Fields, "date", r#"^\s*(?:- )?"?(?:creationTimestamp|lastTransitionTime|lastUpdateTime|lastProbeTime|lastHeartbeatTime|startTime|startedAt|finishedAt)"?: ?"?(STAMP)"?,?$"#).only_if(in_objects),
    ];
    let any =
        RegexSet::new(clues.iter().map(|clue| &clue.pattern)).expect("the expressions are tested");
    Clues { any, each: clues.into_iter().map(|clue| (clue, OnceLock::new())).collect() }
});

/// Whether the word ends at the end of the part.
fn ends(line: &str, found: &Range<usize>, _: &Evidence) -> bool {
    !line[found.end..].starts_with(|c: char| c.is_alphanumeric() || c == '_' || c == '-')
}

/// Whether the part is the suffix of a pod's name: the suffix of its ReplicaSet has letters and
/// digits, and neither suffix is a number that a person wrote.
fn is_pod_suffix(line: &str, found: &Range<usize>, evidence: &Evidence) -> bool {
    let Some((first, second)) = line[found.clone()].split_once('-') else { return false };
    let made = is_mixed(first)
        || second.bytes().any(|byte| byte.is_ascii_alphabetic())
            && !first.starts_with(char::is_alphabetic);
    made && ends(line, found, evidence) && is_not_a_word(line, found, evidence)
}

/// Whether the part is none of the words with which people end names and that look like suffixes of
/// the server.
pub(super) fn is_not_a_word(line: &str, found: &Range<usize>, _: &Evidence) -> bool {
    const WORDS: [&str; 18] = [
        "https", "html5", "xhtml", "grpcs", "pgsql", "mssql", "tmpfs", "nfsv4", "btrfs", "dhcp4",
        "dhcp6", "nfsv2", "crds2", "ssh22", "sdwan", "http2", "mqtts", "ldaps",
    ];
    !WORDS.contains(&&line[found.clone()])
}

/// Whether the text is an address, and neither a network, a version, nor an address of the machine
/// itself.
pub(super) fn is_address(line: &str, found: &Range<usize>, _: &Evidence) -> bool {
    let text = &line[found.clone()];
    let continues = line[found.end..]
        .starts_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '/' | '+'))
        || line[found.end..]
            .strip_prefix('.')
            .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    let begun = line[..found.start]
        .ends_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '-'));
    let stays = matches!(text, "127.0.0.1" | "0.0.0.0" | "255.255.255.255");
    !continues && !begun && !stays && text.parse::<IpAddr>().is_ok()
}

/// Whether the line is one of a log, which begins with its time. A date in ISO form that is the
/// whole line may be a setting.
fn starts_a_line(line: &str, found: &Range<usize>, evidence: &Evidence) -> bool {
    let alone = found.start == 0
        && line.trim_end().len() == found.end
        && line.starts_with(|c: char| c.is_ascii_digit());
    !alone && ends(line, found, evidence)
}

/// Whether the text is the time of an event, and not a time that is set or in the future.
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
