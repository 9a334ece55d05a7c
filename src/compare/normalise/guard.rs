//! What the text around a match must be for a rule to speak. Regular expressions here can't look behind.

use std::ops::Range;

/// Neither side goes on with a letter, a digit or a placeholder.
pub(super) fn whole_word(line: &str, found: &Range<usize>) -> bool {
    !before(line, found).is_some_and(is_word) && !after(line, found).is_some_and(is_word)
}

/// A date with its whole time: what goes on after it is no part of one.
pub(super) fn date(line: &str, found: &Range<usize>) -> bool {
    let goes_on = line[found.end..].strip_prefix([':', '.', ',', '-', '+']).is_some_and(|rest| rest.starts_with(is_word));
    whole_word(line, found) && !goes_on
}

/// An address: parses as one, and is no version, no loopback, no part of a longer dotted number.
pub(super) fn address(line: &str, found: &Range<usize>) -> bool {
    let text = &line[found.clone()];
    let open_before = !before(line, found).is_some_and(|c| is_word(c) || matches!(c, '.' | '-' | ':' | '+'));
    let rest = &line[found.end..];
    let mut next = rest.chars();
    let open_after = match next.next() {
        Some('.') => !next.next().is_some_and(is_word),
        Some(c) => !(is_word(c) || matches!(c, '-' | '+')),
        None => true,
    };
    let stays = matches!(text, "127.0.0.1" | "0.0.0.0" | "255.255.255.255");
    open_after
        && !stays
        && !ends_with_word(&line[..found.start], &["version", "release"])
        && match text.parse::<std::net::IpAddr>() {
            // `tcp:10.0.0.1` and `addr:10.0.0.1` are addresses, too.
            Ok(std::net::IpAddr::V4(_)) => open_before || before(line, found) == Some(':'),
            Ok(std::net::IpAddr::V6(_)) => {
                open_before && text.bytes().any(|byte| byte.is_ascii_digit()) && !rest.starts_with(':')
            }
            Err(_) => false,
        }
}

/// A name's suffix: something stands before its dash, and the name ends with it.
pub(super) fn suffix(line: &str, found: &Range<usize>) -> bool {
    let text = &line[found.clone()];
    let labelled = !line[..found.start].ends_with('-');
    let name_before = line[..found.start.saturating_sub(1)].ends_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit());
    let ends = !after(line, found).is_some_and(|c| is_word(c) || c == '-');
    // Words that look as if made of the alphabet of generated names.
    let word = matches!(text, "https" | "html5" | "xhtml" | "grpcs" | "pgsql" | "mssql" | "tmpfs" | "crds2");
    (labelled || name_before) && ends && !word
}

/// A number that goes on with neither digit nor letter.
pub(super) fn number_end(line: &str, found: &Range<usize>) -> bool {
    !after(line, found).is_some_and(is_word)
}

/// 30000 to 65535, and not the tail of a time of day or the tag of an image.
pub(super) fn port(line: &str, found: &Range<usize>) -> bool {
    let in_range = line[found.clone()].parse::<u32>().is_ok_and(|port| (30_000..=65_535).contains(&port));
    let goes_on = after(line, found).is_some_and(|c| is_word(c) || c == '.' && followed_by_digit(&line[found.end + 1..]));
    in_range && !goes_on
}

/// A duration that is told, not set.
pub(super) fn time(line: &str, found: &Range<usize>) -> bool {
    let open_before = !before(line, found).is_some_and(|c| is_word(c) || matches!(c, '.' | '-' | '+'));
    let open_after = !after(line, found).is_some_and(|c| is_word(c) || c == '-');
    open_before && open_after && !is_setting(&line[..found.start])
}

/// An age: as `time`, and each unit within what kubectl would write (so that `500m` of CPU is none).
pub(super) fn age(line: &str, found: &Range<usize>) -> bool {
    let text = &line[found.clone()];
    time(line, found) && (text.contains(' ') || compact_age(text))
}

/// `119s`, `5m3s`, `179m`, `7h59m`, `47h`, `7d23h`, `729d`, `2y45d`.
fn compact_age(text: &str) -> bool {
    let mut parts = 0;
    let mut digits = 0usize;
    for (at, c) in text.char_indices() {
        if !c.is_ascii_alphabetic() {
            continue;
        }
        let limit = match c {
            's' => 600,
            'm' => 180,
            'h' => 192,
            _ => 4_000,
        };
        if text[digits..at].parse::<u32>().map_or(true, |number| number > limit) {
            return false;
        }
        parts += 1;
        digits = at + 1;
    }
    (1..=4).contains(&parts)
}

/// Does a setting's name stand right before: `timeout=`, `cpu: `, `"period": "`?
fn is_setting(before: &str) -> bool {
    let name = before.trim_end_matches([' ', '"', '\'', '\t']);
    let Some(name) = name.strip_suffix([':', '=']) else { return false };
    let name = name.trim_end_matches(['"', '\'', ' ']);
    let settings = [
        "cpu",
        "timeout",
        "delay",
        "period",
        "interval",
        "limit",
        "window",
        "ttl",
        "grace",
        "keepalive",
        "keep-alive",
        "max-age",
        "seconds",
        "memory",
    ];
    ends_with_word(name, &settings)
}

fn ends_with_word(text: &str, words: &[&str]) -> bool {
    let text = text.trim_end();
    words.iter().any(|word| {
        text.len() >= word.len()
            && text.is_char_boundary(text.len() - word.len())
            && text[text.len() - word.len()..].eq_ignore_ascii_case(word)
    })
}

fn before(line: &str, found: &Range<usize>) -> Option<char> {
    line[..found.start].chars().next_back()
}

fn after(line: &str, found: &Range<usize>) -> Option<char> {
    line[found.end..].chars().next()
}

fn followed_by_digit(rest: &str) -> bool {
    rest.starts_with(|c: char| c.is_ascii_digit() || c == '⟨')
}

/// Letters, digits, `_`, and the brackets of placeholders: what stands next to one was not a word's end in the first place.
fn is_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '⟨' | '⟩')
}
