//! The values that are secret, and texts without them.
//!
//! A value is found as it is, in every form that [`readings`] can read (quoted for a shell, JSON, YAML, URL, HTML, also several of
//! them at once), in base64 (standard and URL-safe, at any position within a longer encoded text, however it is wrapped, also twice)
//! and in hexadecimal. Values of fewer than four bytes are not masked: `1`, `no` or `dev` as a secret would turn every table into
//! asterisks, and the asterisks' places would tell what it is.

use std::collections::{BTreeSet, HashSet};
use std::sync::{Arc, PoisonError, RwLock};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

use super::forms::{is_special, readings};

/// What stands in a secret's place.
pub(crate) const MASK: &str = "***";

const SHORTEST: usize = 4;
/// A line of a longer secret (a key, say) is one by itself from this length on, if no blank is in it.
const SHORTEST_LINE: usize = 16;
/// Of longer values there are many patterns already: they are not looked for within encoded JSON or in base64 of base64.
const LONGEST_NESTED: usize = 1024;
/// Most bytes that are kept back while they may still turn out to be a secret.
const MOST_HELD: usize = 1024 * 1024;
/// Most bytes that the beginning of an encoded character is taken for.
const MOST_FIRSTS: usize = 16;
/// Shorter base64 is not encoded again.
const SHORTEST_TWICE: usize = 8;
/// Lengths at which base64 is usually wrapped.
const WRAPPED_AT: [usize; 2] = [64, 76];

/// The secrets known so far. Clones share them: what one learns all mask.
#[derive(Debug, Clone, Default)]
pub struct Masker {
    known: Arc<RwLock<Known>>,
}

#[derive(Debug, Default)]
struct Known {
    /// Variables that a step names in `secret=`.
    names: BTreeSet<String>,
    values: HashSet<Vec<u8>>,
    patterns: Arc<Patterns>,
}

/// Everything to look for.
#[derive(Debug, Clone)]
struct Patterns {
    all: Vec<Pattern>,
    /// Indices of the patterns that begin with this byte.
    by_first: Vec<Vec<u32>>,
    /// Does a pattern begin with these two bytes, where the second may also be the start of an encoded one?
    pairs: Vec<bool>,
}

/// A text to look for.
#[derive(Debug, Clone)]
struct Pattern {
    bytes: Vec<u8>,
    /// Line breaks may stand anywhere in it.
    wraps: bool,
}

impl Default for Patterns {
    fn default() -> Self {
        Self { all: Vec::new(), by_first: vec![Vec::new(); 256], pairs: vec![false; 1 << 16] }
    }
}

impl Masker {
    /// Nothing to mask yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Masks this value from now on. Shorter than four bytes: see the module's text.
    pub fn add(&self, value: &[u8]) {
        let value = value.trim_ascii();
        if value.len() < SHORTEST
            || self.known.read().unwrap_or_else(PoisonError::into_inner).values.contains(value)
        {
            return;
        }
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if known.values.insert(value.to_vec()) {
            let patterns = Arc::make_mut(&mut known.patterns);
            patterns_of(value).into_iter().for_each(|pattern| patterns.add(pattern));
        }
    }

    /// Whatever value this variable gets is secret.
    pub fn add_name(&self, name: &str) {
        self.known.write().unwrap_or_else(PoisonError::into_inner).names.insert(name.to_owned());
    }

    /// The variables whose values are secret.
    pub fn names(&self) -> Vec<String> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).names.iter().cloned().collect()
    }

    /// Is there anything to mask?
    pub fn is_empty(&self) -> bool {
        self.patterns().all.is_empty()
    }

    /// Does this hold a secret?
    pub fn finds_in(&self, bytes: &[u8]) -> bool {
        let patterns = self.patterns();
        let mut at = 0;
        while let Some(start) = patterns.candidate(bytes, at) {
            if patterns.longest_at(bytes, start).0.is_some() {
                return true;
            }
            at = start + 1;
        }
        false
    }

    /// The text without secrets.
    pub fn mask(&self, text: &str) -> String {
        String::from_utf8_lossy(&self.mask_bytes(text.as_bytes())).into_owned()
    }

    /// The bytes without secrets.
    pub fn mask_bytes(&self, bytes: &[u8]) -> Vec<u8> {
        let mut masked = Vec::with_capacity(bytes.len());
        self.patterns().replace(bytes, true, &mut |piece| masked.extend_from_slice(piece));
        masked
    }

    fn patterns(&self) -> Arc<Patterns> {
        Arc::clone(&self.known.read().unwrap_or_else(PoisonError::into_inner).patterns)
    }
}

/// Masks a stream that comes in pieces: keeps back what may be the start of a secret until it is known not to be.
#[derive(Debug, Default)]
pub(crate) struct MaskStream {
    held: Vec<u8>,
}

impl MaskStream {
    /// Takes the next piece and gives on what can be given.
    pub(crate) fn push(&mut self, masker: &Masker, bytes: &[u8], give: &mut dyn FnMut(&[u8])) {
        let patterns = masker.patterns();
        if self.held.is_empty() {
            let held = patterns.replace(bytes, false, give);
            self.held.extend_from_slice(&bytes[held..]);
        } else {
            self.held.extend_from_slice(bytes);
            let held = patterns.replace(&self.held, false, give);
            self.held.drain(..held);
        }
    }

    /// Nothing follows: gives on what was kept back.
    pub(crate) fn end(&mut self, masker: &Masker, give: &mut dyn FnMut(&[u8])) {
        masker.patterns().replace(&self.held, true, give);
        self.held.clear();
    }
}

impl Patterns {
    fn add(&mut self, pattern: Pattern) {
        let (first, second) = (usize::from(pattern.bytes[0]), usize::from(pattern.bytes[1]));
        self.by_first[first].push(u32::try_from(self.all.len()).unwrap_or(u32::MAX));
        self.pairs[first << 8 | second] = true;
        (0..=u8::MAX)
            .filter(|&byte| is_special(byte))
            .for_each(|byte| self.pairs[first << 8 | usize::from(byte)] = true);
        self.all.push(pattern);
    }

    /// Gives on all that is decided; returns the index from which on the bytes must be kept back.
    fn replace(&self, bytes: &[u8], last: bool, give: &mut dyn FnMut(&[u8])) -> usize {
        let (mut given, mut at) = (0, 0);
        while let Some(start) = self.candidate(bytes, at) {
            let (end, open) = self.region(bytes, start);
            if open && !last && bytes.len() - start <= MOST_HELD {
                if start > given {
                    give(&bytes[given..start]);
                }
                return start;
            }
            at = start + 1;
            if let Some(end) = end {
                if start > given {
                    give(&bytes[given..start]);
                }
                give(MASK.as_bytes());
                (given, at) = (end, end);
            }
        }
        if bytes.len() > given {
            give(&bytes[given..]);
        }
        bytes.len()
    }

    /// The next index at which a pattern may begin.
    fn candidate(&self, bytes: &[u8], from: usize) -> Option<usize> {
        if self.all.is_empty() {
            return None;
        }
        let mut at = from;
        loop {
            let byte = *bytes.get(at)?;
            if may_begin(byte)
                || bytes
                    .get(at + 1)
                    .is_none_or(|next| self.pairs[usize::from(byte) << 8 | usize::from(*next)])
            {
                return Some(at);
            }
            at += 1;
        }
    }

    /// Where the secret that begins here ends, with those that begin within it and end behind it; and whether what follows might
    /// tell otherwise.
    fn region(&self, bytes: &[u8], start: usize) -> (Option<usize>, bool) {
        let (first, mut open) = self.longest_at(bytes, start);
        let Some(mut end) = first else { return (None, open) };
        let mut at = start + 1;
        while let Some(inner) =
            self.candidate(bytes, at).filter(|&inner| inner < end && end - start < MOST_HELD)
        {
            let (longer, inner_open) = self.longest_at(bytes, inner);
            end = end.max(longer.unwrap_or(end));
            open |= inner_open;
            at = inner + 1;
        }
        (Some(end), open)
    }

    /// The end of the longest pattern that begins here, and whether the bytes end before that is certain.
    fn longest_at(&self, bytes: &[u8], start: usize) -> (Option<usize>, bool) {
        let mut firsts = [bytes[start]; MOST_FIRSTS];
        let (mut count, mut open) = (1, false);
        if may_begin(bytes[start]) {
            open = readings(bytes, start, &mut |meant, _| {
                if let Some(&first) = meant.first()
                    && !firsts[..count].contains(&first)
                    && count < firsts.len()
                    && !self.by_first[usize::from(first)].is_empty()
                {
                    firsts[count] = first;
                    count += 1;
                }
            });
        }
        let mut longest = None;
        let patterns = firsts[..count].iter().flat_map(|&first| &self.by_first[usize::from(first)]);
        for pattern in patterns.map(|&index| &self.all[index as usize]) {
            let (end, pattern_open) = pattern.matched(bytes, start);
            longest = longest.max(end);
            open |= pattern_open;
        }
        (longest, open)
    }
}

impl Pattern {
    /// The end of the longest match that begins here, and whether the bytes end before that is certain.
    fn matched(&self, text: &[u8], start: usize) -> (Option<usize>, bool) {
        let (mut longest, mut open) = (None, false);
        // Most attempts end here: a byte with which no encoded character can begin means itself.
        let (mut read, mut at) = (0, start);
        while let Some(&byte) =
            text.get(at).filter(|&&byte| read < self.bytes.len() && !is_special(byte))
        {
            if byte != self.bytes[read] {
                return (None, false);
            }
            (read, at) = (read + 1, at + 1);
        }
        // (bytes of the pattern that have been read, index of the text)
        let (mut threads, mut next) = (vec![(read, at)], Vec::new());
        while !threads.is_empty() {
            for (read, at) in threads.drain(..) {
                if read == self.bytes.len() {
                    longest = longest.max(Some(at));
                    continue;
                }
                let wanted = &self.bytes[read..];
                match text.get(at) {
                    Some(&byte) if !is_special(byte) => {
                        if byte == wanted[0] {
                            next.push((read + 1, at + 1));
                        }
                        continue;
                    }
                    _ => {}
                }
                open |= readings(text, at, &mut |meant, end| {
                    if meant.is_empty() || (self.wraps && matches!(meant, b"\n" | b"\r")) {
                        if read > 0 {
                            next.push((read, end));
                        }
                    } else if wanted.starts_with(meant) {
                        next.push((read + meant.len(), end));
                    }
                });
            }
            std::mem::swap(&mut threads, &mut next);
            if threads.len() > 1 {
                threads.sort_unstable();
                threads.dedup();
            }
        }
        (longest, open)
    }
}

/// Can a pattern begin with a character that is encoded by this byte? (None begins with a blank.)
fn may_begin(byte: u8) -> bool {
    is_special(byte) && !matches!(byte, b'\n' | b'\r' | b'+')
}

fn patterns_of(value: &[u8]) -> Vec<Pattern> {
    let mut patterns = vec![value.to_vec()];
    let lines = value.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii);
    patterns.extend(
        lines
            .filter(|line| line.len() >= SHORTEST_LINE && !line.contains(&b' '))
            .map(<[u8]>::to_vec),
    );
    let hexadecimal: String = value.iter().map(|byte| format!("{byte:02x}")).collect();
    patterns.push(hexadecimal.to_ascii_uppercase().into_bytes());
    patterns.push(hexadecimal.into_bytes());
    let mut encoded = base64_of(value);
    if value.len() <= LONGEST_NESTED {
        encoded.extend(json_strings(value).iter().flat_map(|json| base64_of(json)));
        let once = (0..3)
            .map(|offset| inside_base64(value, offset, false))
            .filter(|once| once.len() >= SHORTEST_TWICE);
        for once in once {
            encoded.extend(
                (0..3)
                    .flat_map(|offset| [false, true].map(|url| inside_base64(&once, offset, url))),
            );
        }
    }
    let whole = STANDARD_NO_PAD.encode(value).into_bytes();
    for width in WRAPPED_AT.into_iter().filter(|&width| whole.len() > width) {
        encoded.extend(
            whole.chunks(width).filter(|line| line.len() >= SHORTEST_LINE).map(<[u8]>::to_vec),
        );
    }
    let mut all: Vec<(Vec<u8>, bool)> = encoded.into_iter().map(|bytes| (bytes, true)).collect();
    all.extend(patterns.into_iter().map(|bytes| (bytes, false)));
    all.retain(|(bytes, _)| bytes.len() >= SHORTEST);
    all.sort_unstable();
    all.dedup();
    all.into_iter().map(|(bytes, wraps)| Pattern { bytes, wraps }).collect()
}

/// The characters of base64 that these bytes alone decide when so many others stand before them in their group of three.
fn inside_base64(bytes: &[u8], offset: usize, url: bool) -> Vec<u8> {
    let decided = (offset + bytes.len()) * 8 / 6;
    let (skipped, encoded) = after_offset(bytes, offset, url);
    encoded[..decided - skipped].to_vec()
}

fn after_offset(bytes: &[u8], offset: usize, url: bool) -> (usize, Vec<u8>) {
    let padded = [vec![0; offset], bytes.to_vec()].concat();
    let encoded =
        if url { URL_SAFE_NO_PAD.encode(&padded) } else { STANDARD_NO_PAD.encode(&padded) };
    let skipped = [0, 2, 3][offset];
    (skipped, encoded.as_bytes()[skipped..].to_vec())
}

/// Base64 of these bytes at each position they may have within a longer encoded text; also where they are the text's end, with its
/// padding.
fn base64_of(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    for (offset, url) in (0..3).flat_map(|offset| [(offset, false), (offset, true)]) {
        let to_the_end = after_offset(bytes, offset, url).1;
        let padding = &b"=="[..(3 - (offset + bytes.len()) % 3) % 3];
        all.extend([
            inside_base64(bytes, offset, url),
            [&to_the_end, padding].concat(),
            to_the_end,
        ]);
    }
    all
}

/// The inside of a JSON string of it, as most programs write it and as Go does, where that differs from the value.
fn json_strings(value: &[u8]) -> Vec<Vec<u8>> {
    let Ok(text) = std::str::from_utf8(value) else { return Vec::new() };
    let json = serde_json::Value::from(text).to_string();
    let json = &json[1..json.len() - 1];
    let of_go = json.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026");
    let differing = [json.to_owned(), of_go].into_iter().filter(|json| json != text);
    differing.map(String::into_bytes).collect()
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
                    assert!(
                        seen.len() < 9 + (before.len() + after.len()) * 2 + 2,
                        "{seen} of {encoded}"
                    );
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
        assert_eq!(
            masker.mask("  MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7\n"),
            "  ***\n"
        );
        let encoded = STANDARD_NO_PAD.encode(key);
        assert_eq!(masker.mask(&format!("{}\n", &encoded[76..152])), "***\n");
        assert_eq!(
            masker.mask(&format!(
                "{}\n  {}\n  {}\n",
                &encoded[..76],
                &encoded[76..152],
                &encoded[152..]
            )),
            "***\n"
        );
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
