//! Keeps the secret values and masks them in texts.
//!
//! A value is found unchanged, in every form that [`super::forms`] can read (quoted for a shell,
//! JSON, YAML, URL or HTML, also nested), in base64 (standard and URL-safe, at any position within
//! a longer encoded text, with any line width, also encoded twice) and in hexadecimal. Values of
//! fewer than four bytes are not masked: `1`, `no` or `dev` as a secret would replace large parts
//! of every table by asterisks, and the places of the asterisks would show the value.

use std::collections::{BTreeSet, HashSet};
use std::sync::{Arc, PoisonError, RwLock};

use super::encodings::{SHORTEST, patterns_of};
use super::patterns::Patterns;

/// The known secrets. Clones share them: a value that is added to one clone is masked by all.
#[derive(Debug, Clone, Default)]
pub struct Masker {
    known: Arc<RwLock<Known>>,
}

#[derive(Debug, Default)]
struct Known {
    /// The variables that a step names in `secret=`.
    names: BTreeSet<String>,
    values: HashSet<Vec<u8>>,
    patterns: Arc<Patterns>,
}

impl Masker {
    /// A masker without secrets.
    pub fn new() -> Self {
        Self::default()
    }

    /// Masks this value from now on, unless it is shorter than four bytes.
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

    /// Makes every value of this variable secret.
    pub fn add_name(&self, name: &str) {
        self.known.write().unwrap_or_else(PoisonError::into_inner).names.insert(name.to_owned());
    }

    /// The variables whose values are secret.
    pub fn names(&self) -> Vec<String> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).names.iter().cloned().collect()
    }

    /// Whether there is nothing to mask.
    pub fn is_empty(&self) -> bool {
        self.patterns().is_empty()
    }

    /// Whether these bytes contain a secret.
    pub fn finds_in(&self, bytes: &[u8]) -> bool {
        self.patterns().are_found_in(bytes)
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

/// Masks a stream that arrives in pieces. Bytes are withheld while they may be the start of a
/// secret.
#[derive(Debug, Default)]
pub(crate) struct MaskStream {
    held: Vec<u8>,
}

impl MaskStream {
    /// Takes the next piece, and passes on the bytes that cannot belong to a later secret.
    pub(crate) fn push(&mut self, masker: &Masker, bytes: &[u8], pass_on: &mut dyn FnMut(&[u8])) {
        let patterns = masker.patterns();
        if self.held.is_empty() {
            let held = patterns.replace(bytes, false, pass_on);
            self.held.extend_from_slice(&bytes[held..]);
        } else {
            self.held.extend_from_slice(bytes);
            let held = patterns.replace(&self.held, false, pass_on);
            self.held.drain(..held);
        }
    }

    /// Ends the stream, and passes on the bytes that were withheld.
    pub(crate) fn end(&mut self, masker: &Masker, pass_on: &mut dyn FnMut(&[u8])) {
        masker.patterns().replace(&self.held, true, pass_on);
        self.held.clear();
    }
}

#[cfg(test)]
mod tests;
