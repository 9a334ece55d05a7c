//! Searches for many texts at once, in every form in which programs write them.

use super::MASK;
use super::forms::{is_special, readings};

/// The largest number of bytes that are withheld while they may be the start of a secret.
const LARGEST_KEPT_BACK: usize = 1024 * 1024;
/// The largest number of characters that the start of an encoded character may mean.
const MOST_FIRSTS: usize = 16;

/// All texts to find.
#[derive(Debug, Clone)]
pub(super) struct Patterns {
    all: Vec<Pattern>,
    /// For each byte the indices of the patterns that begin with it.
    by_first: Vec<Vec<u32>>,
    /// For each pair of bytes whether a pattern begins with it. The second byte may also begin an encoded character.
    pairs: Vec<bool>,
}

/// A text to find.
#[derive(Debug, Clone)]
pub(super) struct Pattern {
    pub(super) bytes: Vec<u8>,
    /// Whether line breaks may be anywhere in it.
    pub(super) wraps: bool,
}

impl Default for Patterns {
    fn default() -> Self {
        Self { all: Vec::new(), by_first: vec![Vec::new(); 256], pairs: vec![false; 1 << 16] }
    }
}

impl Patterns {
    pub(super) fn add(&mut self, pattern: Pattern) {
        let (first, second) = (usize::from(pattern.bytes[0]), usize::from(pattern.bytes[1]));
        self.by_first[first].push(u32::try_from(self.all.len()).unwrap_or(u32::MAX));
        self.pairs[first << 8 | second] = true;
        (0..=u8::MAX)
            .filter(|&byte| is_special(byte))
            .for_each(|byte| self.pairs[first << 8 | usize::from(byte)] = true);
        self.all.push(pattern);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Whether the bytes contain a pattern.
    pub(super) fn are_found_in(&self, bytes: &[u8]) -> bool {
        let mut at = 0;
        while let Some(start) = self.candidate(bytes, at) {
            if self.longest_at(bytes, start).0.is_some() {
                return true;
            }
            at = start + 1;
        }
        false
    }

    /// Passes on, masked, all bytes that further bytes cannot change. Returns the index from which
    /// on the bytes must be withheld.
    pub(super) fn replace(
        &self,
        bytes: &[u8],
        last: bool,
        pass_on: &mut dyn FnMut(&[u8]),
    ) -> usize {
        let (mut passed, mut at) = (0, 0);
        while let Some(start) = self.candidate(bytes, at) {
            let (end, open) = self.region(bytes, start);
            if open && !last && bytes.len() - start <= LARGEST_KEPT_BACK {
                if start > passed {
                    pass_on(&bytes[passed..start]);
                }
                return start;
            }
            at = start + 1;
            if let Some(end) = end {
                if start > passed {
                    pass_on(&bytes[passed..start]);
                }
                pass_on(MASK.as_bytes());
                (passed, at) = (end, end);
            }
        }
        if bytes.len() > passed {
            pass_on(&bytes[passed..]);
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

    /// The end of the secret that begins here, together with secrets that begin within it and end
    /// after it, and whether further bytes could change that end.
    fn region(&self, bytes: &[u8], start: usize) -> (Option<usize>, bool) {
        let (first, mut open) = self.longest_at(bytes, start);
        let Some(mut end) = first else { return (None, open) };
        let mut at = start + 1;
        while let Some(inner) = self
            .candidate(bytes, at)
            .filter(|&inner| inner < end && end - start < LARGEST_KEPT_BACK)
        {
            let (longer, inner_open) = self.longest_at(bytes, inner);
            end = end.max(longer.unwrap_or(end));
            open |= inner_open;
            at = inner + 1;
        }
        (Some(end), open)
    }

    /// The end of the longest pattern that begins here, and whether further bytes could change it.
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
    /// The end of the longest match that begins here, and whether further bytes could change it.
    fn matched(&self, text: &[u8], start: usize) -> (Option<usize>, bool) {
        let (mut longest, mut open) = (None, false);
        let Some(first) = self.plain_start(text, start) else { return (longest, open) };
        // Each thread: the number of bytes of the pattern that were read, and the index in the text.
        let (mut threads, mut next) = (vec![first], Vec::new());
        while !threads.is_empty() {
            for (read, at) in threads.drain(..) {
                let rest = &self.bytes[read..];
                match text.get(at) {
                    _ if rest.is_empty() => longest = longest.max(Some(at)),
                    Some(&byte) if !is_special(byte) => {
                        if byte == rest[0] {
                            next.push((read + 1, at + 1));
                        }
                    }
                    _ => open |= self.read_encoded(text, (read, at), &mut next),
                }
            }
            std::mem::swap(&mut threads, &mut next);
            if threads.len() > 1 {
                threads.sort_unstable();
                threads.dedup();
            }
        }
        (longest, open)
    }

    /// Reads the bytes at the start that cannot begin an encoded character. Returns the first thread, or `None` if one of these
    /// bytes differs. Most attempts end here.
    fn plain_start(&self, text: &[u8], start: usize) -> Option<(usize, usize)> {
        let (mut read, mut at) = (0, start);
        while let Some(&byte) =
            text.get(at).filter(|&&byte| read < self.bytes.len() && !is_special(byte))
        {
            if byte != self.bytes[read] {
                return None;
            }
            (read, at) = (read + 1, at + 1);
        }
        Some((read, at))
    }

    /// Adds a thread for each reading of the encoded character here. Returns whether further bytes could add a reading.
    fn read_encoded(
        &self,
        text: &[u8],
        (read, at): (usize, usize),
        next: &mut Vec<(usize, usize)>,
    ) -> bool {
        let rest = &self.bytes[read..];
        readings(text, at, &mut |meant, end| {
            if meant.is_empty() || (self.wraps && matches!(meant, b"\n" | b"\r")) {
                if read > 0 {
                    next.push((read, end));
                }
            } else if rest.starts_with(meant) {
                next.push((read + meant.len(), end));
            }
        })
    }
}

/// Whether a pattern can begin with a character that is encoded by this byte. (No pattern begins with a blank.)
fn may_begin(byte: u8) -> bool {
    is_special(byte) && !matches!(byte, b'\n' | b'\r' | b'+')
}
