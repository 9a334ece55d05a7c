//! Keeps secrets out of everything that is shown or written.
//!
//! A value is found as it is, in base64 (standard and URL-safe, at any position within a longer encoded text, wrapped at 76
//! columns), percent-encoded, and as a JSON string holds it (each as the usual encoders write it). Values of fewer than four bytes are not masked: `1`, `no` or `dev`
//! as a secret would turn every table into asterisks and tell by their very places what it is.

use std::sync::{Arc, PoisonError, RwLock};

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// What stands in a secret's place.
pub const MASK: &str = "***";

const SHORTEST: usize = 4;
/// Up to so many bytes to look for, the table that finds them faster takes a few MiB at most.
const FAST_BYTES: usize = 16 * 1024;
/// A line of a longer secret (a key, say) is one by itself from this length on, if no blank is in it.
const SHORTEST_LINE: usize = 16;

/// The secrets known so far. Clones share them: what one learns all mask.
#[derive(Debug, Clone, Default)]
pub struct Masker {
    known: Arc<RwLock<Known>>,
}

#[derive(Debug, Default)]
struct Known {
    values: Vec<Vec<u8>>,
    forms: Arc<Forms>,
}

/// Everything to look for.
#[derive(Debug, Default)]
struct Forms {
    patterns: Vec<Vec<u8>>,
    finder: Option<AhoCorasick>,
}

impl Masker {
    /// Nothing to mask yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Masks this value from now on. Shorter than four bytes: see the module's text.
    pub fn add(&self, value: &[u8]) {
        let value = value.trim_ascii();
        if value.len() < SHORTEST
            || self.known.read().unwrap_or_else(PoisonError::into_inner).values.iter().any(|known| known == value)
        {
            return;
        }
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known.values.push(value.to_vec());
        let mut patterns: Vec<Vec<u8>> = known.values.iter().flat_map(|value| forms_of(value)).collect();
        patterns.sort_unstable();
        patterns.dedup();
        let small = patterns.iter().map(Vec::len).sum::<usize>() <= FAST_BYTES;
        let kind = small.then_some(AhoCorasickKind::DFA);
        let finder = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).kind(kind).build(&patterns).ok();
        known.forms = Arc::new(Forms { patterns, finder });
    }

    /// Is there anything to mask?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.forms().patterns.is_empty()
    }

    /// Does this hold a secret?
    #[must_use]
    pub fn finds_in(&self, bytes: &[u8]) -> bool {
        self.forms().finder.as_ref().is_some_and(|finder| finder.is_match(bytes))
    }

    /// The text without secrets.
    #[must_use]
    pub fn mask(&self, text: &str) -> String {
        String::from_utf8_lossy(&self.mask_bytes(text.as_bytes())).into_owned()
    }

    /// The bytes without secrets.
    #[must_use]
    pub fn mask_bytes(&self, bytes: &[u8]) -> Vec<u8> {
        let mut masked = Vec::with_capacity(bytes.len());
        let mut stream = MaskStream::default();
        stream.push(self, bytes, &mut |piece| masked.extend_from_slice(piece));
        stream.end(self, &mut |piece| masked.extend_from_slice(piece));
        masked
    }

    fn forms(&self) -> Arc<Forms> {
        Arc::clone(&self.known.read().unwrap_or_else(PoisonError::into_inner).forms)
    }
}

/// Masks a stream that comes in pieces: keeps back what may be the start of a secret until it is known not to be.
#[derive(Debug, Default)]
pub struct MaskStream {
    held: Vec<u8>,
}

impl MaskStream {
    /// Takes the next piece and gives on what can be given.
    pub fn push(&mut self, masker: &Masker, bytes: &[u8], give: &mut dyn FnMut(&[u8])) {
        let forms = masker.forms();
        if self.held.is_empty() {
            let held = forms.replace(bytes, false, give);
            self.held.extend_from_slice(&bytes[held..]);
        } else {
            self.held.extend_from_slice(bytes);
            let held = forms.replace(&self.held, false, give);
            self.held.drain(..held);
        }
    }

    /// Nothing follows: gives on what was kept back.
    pub fn end(&mut self, masker: &Masker, give: &mut dyn FnMut(&[u8])) {
        masker.forms().replace(&self.held, true, give);
        self.held.clear();
    }
}

impl Forms {
    /// Gives on all that is decided; returns the index from which on the bytes must be kept back.
    fn replace(&self, bytes: &[u8], last: bool, give: &mut dyn FnMut(&[u8])) -> usize {
        let mut at = 0;
        let open = |from| if last { bytes.len() } else { self.start_of_open(bytes, from) };
        if let Some(finder) = &self.finder {
            let mut limit = open(0);
            while let Some(found) = finder.find(aho_corasick::Input::new(bytes).range(at..)).filter(|found| found.start() < limit)
            {
                if found.start() > at {
                    give(&bytes[at..found.start()]);
                }
                give(MASK.as_bytes());
                at = found.end();
                limit = open(at);
            }
            if limit > at {
                give(&bytes[at..limit]);
            }
            return limit;
        }
        if !bytes.is_empty() {
            give(bytes);
        }
        bytes.len()
    }

    /// The first index, not before `from`, from which on the rest is the start of a pattern, but not all of it.
    fn start_of_open(&self, bytes: &[u8], from: usize) -> usize {
        let mut first = bytes.len();
        for pattern in &self.patterns {
            let mut at = from.max((bytes.len() + 1).saturating_sub(pattern.len()));
            while at < first {
                let Some(next) = memchr::memchr(pattern[0], &bytes[at..first]) else { break };
                at += next;
                if pattern.starts_with(&bytes[at..]) {
                    first = at;
                    break;
                }
                at += 1;
            }
        }
        first
    }
}

fn forms_of(value: &[u8]) -> Vec<Vec<u8>> {
    let mut forms = vec![value.to_vec()];
    for (kept, blank) in URL_ENCODINGS {
        let encoded = percent(value, kept, blank);
        forms.push(with_lowercase_escapes(encoded.clone()));
        forms.push(encoded);
    }
    if let Ok(text) = std::str::from_utf8(value) {
        let json = serde_json::Value::from(text).to_string();
        let json = &json[1..json.len() - 1];
        forms.extend([json.as_bytes().to_vec(), escaped(json, "<>&"), escaped(json, "")]);
    }
    for offset in 0..3 {
        let padded = [vec![0; offset], value.to_vec()].concat();
        let skipped = [0, 2, 3][offset];
        let whole = padded.len() * 8 / 6;
        for encoded in [STANDARD_NO_PAD.encode(&padded), URL_SAFE_NO_PAD.encode(&padded)] {
            forms.push(encoded.as_bytes()[skipped..whole].to_vec());
            if offset == 0 {
                forms.extend(
                    encoded
                        .as_bytes()
                        .chunks(76)
                        .skip_while(|_| encoded.len() <= 76)
                        .filter(|line| line.len() >= SHORTEST_LINE)
                        .map(<[u8]>::to_vec),
                );
                forms.push([encoded.as_bytes(), &b"=="[..(3 - value.len() % 3) % 3]].concat());
                forms.push(encoded.into_bytes());
            }
        }
    }
    let lines = value.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii);
    forms.extend(lines.filter(|line| line.len() >= SHORTEST_LINE && !line.contains(&b' ')).map(<[u8]>::to_vec));
    forms.retain(|form| form.len() >= SHORTEST);
    forms
}

/// What URL encoders in use leave as it is beside the unreserved characters, and what they make of a blank: the strict ones and
/// those for forms; Python's `quote`; JavaScript's `encodeURIComponent` and `encodeURI`.
const URL_ENCODINGS: [(&[u8], &[u8]); 5] =
    [(b"", b"%20"), (b"", b"+"), (b"/", b"%20"), (b"!'()*", b"%20"), (b"!'()*;/?:@&=+$,#", b"%20")];

/// A JSON string's inside with `\u` escapes: of these characters and no others (as Go writes it, and so kubectl), or, where none
/// are named, of all that is not ASCII (as Python writes it).
fn escaped(json: &str, these: &str) -> Vec<u8> {
    let mut escaped = String::with_capacity(json.len());
    for character in json.chars() {
        if these.contains(character) || (these.is_empty() && !character.is_ascii()) {
            let mut units = [0; 2];
            escaped.extend(character.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")));
        } else {
            escaped.push(character);
        }
    }
    escaped.into_bytes()
}

/// Percent-encoded, all but unreserved characters and those that are kept.
fn percent(value: &[u8], kept: &[u8], blank: &[u8]) -> Vec<u8> {
    let mut encoded = Vec::with_capacity(value.len() * 3);
    for &byte in value {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => encoded.push(byte),
            _ if kept.contains(&byte) => encoded.push(byte),
            b' ' => encoded.extend_from_slice(blank),
            _ => encoded.extend_from_slice(format!("%{byte:02X}").as_bytes()),
        }
    }
    encoded
}

/// `%2F` → `%2f`.
fn with_lowercase_escapes(mut encoded: Vec<u8>) -> Vec<u8> {
    let mut at = 0;
    while at + 2 < encoded.len() {
        if encoded[at] == b'%' {
            encoded[at + 1..at + 3].make_ascii_lowercase();
            at += 2;
        }
        at += 1;
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masking(values: &[&str]) -> Masker {
        let masker = Masker::new();
        for value in values {
            masker.add(value.as_bytes());
        }
        masker
    }

    fn streamed(masker: &Masker, text: &str, piece: usize) -> String {
        let mut out = Vec::new();
        let mut stream = MaskStream::default();
        for chunk in text.as_bytes().chunks(piece) {
            stream.push(masker, chunk, &mut |bytes| out.extend_from_slice(bytes));
        }
        stream.end(masker, &mut |bytes| out.extend_from_slice(bytes));
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_value_is_masked_wherever_the_pieces_are_cut() {
        let masker = masking(&["hunter2!", "hunter", "longer-secret"]);
        for piece in 1..30 {
            assert_eq!(
                streamed(&masker, "a hunter2! b hunter c hunt longer-secretlonger-secre", piece),
                "a *** b *** c hunt ***longer-secre"
            );
        }
    }

    #[test]
    fn base64_is_masked_at_every_position() {
        let masker = masking(&["s3cret/value?"]);
        for before in ["", "u", "us", "use", "user:"] {
            for after in ["", "x", "xy", "xyz"] {
                for encoded in [
                    STANDARD_NO_PAD.encode(format!("{before}s3cret/value?{after}")),
                    URL_SAFE_NO_PAD.encode(format!("{before}s3cret/value?{after}")),
                ] {
                    let seen = masker.mask(&encoded);
                    assert!(seen.contains(MASK), "{before}|{after}: {encoded}");
                    assert!(seen.len() < 9 + (before.len() + after.len()) * 2 + 2, "{seen} of {encoded}");
                }
            }
        }
    }

    #[test]
    fn padding_goes_with_it() {
        let masker = masking(&["hunter2"]);
        assert_eq!(masker.mask("data: aHVudGVyMg==\n"), "data: ***\n");
    }

    #[test]
    fn percent_encoded_and_json_escaped_values_are_masked() {
        let masker = masking(&["a b/c\"d"]);
        for text in ["a%20b%2Fc%22d", "a%20b%2fc%22d", "a+b%2Fc%22d", "a%20b/c%22d", "a b/c\\\"d"] {
            assert_eq!(masker.mask(text), MASK, "{text}");
        }
    }

    #[test]
    fn what_javascript_python_go_and_kubectl_write_is_masked() {
        let masker = masking(&["p@ss (w)/+ü&<x😀"]);
        for text in [
            "p%40ss%20(w)%2F%2B%C3%BC%26%3Cx%F0%9F%98%80",
            "p@ss%20(w)/+%C3%BC&%3Cx%F0%9F%98%80",
            "p%40ss%20%28w%29/%2B%C3%BC%26%3Cx%F0%9F%98%80",
            "p%40ss+%28w%29%2F%2B%C3%BC%26%3Cx%F0%9F%98%80",
            "p@ss (w)/+\\u00fc&<x\\ud83d\\ude00",
            "p@ss (w)/+ü\\u0026\\u003cx😀",
        ] {
            assert_eq!(masker.mask(text), MASK, "{text}");
        }
    }

    #[test]
    fn lines_of_a_key_and_wrapped_base64_are_masked() {
        let key = "-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7\nVJTUt9Us8cKjMzEfYyjiWA4R4/M2bS1GB4t7NXp98C3\n-----END KEY-----";
        let masker = masking(&[key]);
        assert_eq!(masker.mask("  MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7\n"), "  ***\n");
        let encoded = STANDARD_NO_PAD.encode(key);
        assert_eq!(masker.mask(&format!("{}\n{}\n", &encoded[..76], &encoded[76..152])), "***\n***\n");
    }

    #[test]
    fn a_very_short_value_is_left_alone() {
        assert!(masking(&["dev"]).is_empty());
        assert_eq!(masking(&["dev"]).mask("a dev machine"), "a dev machine");
    }

    #[test]
    fn clones_learn_together() {
        let one = Masker::new();
        let other = one.clone();
        one.add(b"hunter2");
        assert!(other.finds_in(b"my hunter2"));
    }
}
