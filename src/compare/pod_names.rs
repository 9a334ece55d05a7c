//! The suffixes that controllers add to the names of pods.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;

/// The alphabet of the suffix that ReplicaSets add to a name: a number, of which each digit becomes
/// a letter.
pub(super) const POD_HASH: &str = "[bcdf4-9]{7,10}";
/// The suffix that the server adds to a name: five characters without vowels and without digits
/// that look like letters.
pub(super) const RANDOM: &str = "[bcdfghjklmnpqrstvwxz2456789]{5}";

static POD: LazyLock<Regex> = LazyLock::new(|| {
    let pattern =
        format!("([a-z0-9](?:[a-z0-9.-]*[a-z0-9])?-{POD_HASH})-{RANDOM}(?:[^A-Za-z0-9_-]|$)");
    Regex::new(&pattern).expect("the expression is tested")
});

/// The names of the ReplicaSets of the pods in a text: `web-7d4b9c6f5`, from `web-7d4b9c6f5-x2x9z`.
pub(super) fn replica_sets_in(text: &str) -> BTreeSet<String> {
    if !text.contains('-') {
        return BTreeSet::new();
    }
    let names = POD.captures_iter(text).map(|hit| hit[1].to_owned());
    names
        .filter(|name| is_mixed(name.rsplit('-').next().unwrap_or_default()))
        .take(10_000)
        .collect()
}

/// Whether the name ends in a suffix that a ReplicaSet makes.
pub(super) fn is_pod(name: &str) -> bool {
    POD.captures(name).is_some_and(|hit| is_mixed(hit[1].rsplit('-').next().unwrap_or_default()))
}

/// Whether the text has both letters and digits. A number or a word alone may be written by a
/// person.
pub(super) fn is_mixed(text: &str) -> bool {
    text.bytes().any(|byte| byte.is_ascii_digit())
        && text.bytes().any(|byte| byte.is_ascii_alphabetic())
}
