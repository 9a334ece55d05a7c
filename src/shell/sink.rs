//! Where a step's output goes: masked, to the watcher, and its first part into memory.

use std::time::Duration;

use crate::output::KEPT_BYTES;
use crate::secrets::{MaskStream, Masker};
use crate::world::{Flow, Watcher};

/// Most of an output that is held until the step's secrets are known. What is beyond is not given on at all.
const HELD_BYTES: usize = 8 * 1024 * 1024;

/// Takes what comes out of a step.
pub(super) struct Sink<'a> {
    watcher: &'a mut dyn Watcher,
    masker: &'a Masker,
    stream: MaskStream,
    held: Option<Held>,
    given: Captured,
}

/// What was given on.
#[derive(Default)]
pub(super) struct Captured {
    /// The first [`KEPT_BYTES`], masked.
    pub kept: Vec<u8>,
    /// All bytes, masked.
    pub total: u64,
}

#[derive(Default)]
struct Held {
    bytes: Vec<u8>,
    beyond: u64,
}

impl<'a> Sink<'a> {
    /// With `hold`, nothing is given on before the end: the step may set a secret, and only then is its value known.
    pub(super) fn new(watcher: &'a mut dyn Watcher, masker: &'a Masker, hold: bool) -> Self {
        Self {
            watcher,
            masker,
            stream: MaskStream::default(),
            held: hold.then(Held::default),
            given: Captured::default(),
        }
    }

    /// Takes a piece.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        let Self { watcher, masker, stream, given, held } = self;
        if let Some(held) = held {
            let room = (HELD_BYTES - held.bytes.len()).min(bytes.len());
            held.bytes.extend_from_slice(&bytes[..room]);
            held.beyond += (bytes.len() - room) as u64;
        } else {
            stream.push(masker, bytes, &mut |piece| given.give(*watcher, piece));
        }
    }

    /// Nothing follows. When it was held, and there is a `doubt` that its secrets are known now, a notice stands for all of it.
    pub(super) fn end(mut self, doubt: Option<&str>) -> Captured {
        let mut notice = String::new();
        if let Some(mut held) = self.held.take() {
            if doubt.is_none() {
                self.push(&held.bytes);
            } else {
                held.beyond += held.bytes.len() as u64;
            }
            if held.beyond > 0 {
                notice =
                    withheld(held.beyond, doubt.unwrap_or("they are too many to look through"));
            }
        }
        let Self { watcher, masker, stream, given, .. } = &mut self;
        stream.end(masker, &mut |piece| given.give(*watcher, piece));
        given.give(*watcher, notice.as_bytes());
        self.given
    }

    /// Asks the watcher.
    pub(super) fn tick(&mut self, elapsed: Duration) -> Flow {
        self.watcher.tick(elapsed)
    }
}

/// What stands for an output that can't be shown.
pub(super) fn withheld(bytes: u64, why: &str) -> String {
    format!("[guide: {bytes} bytes of output withheld, as they may hold a secret: {why}]\n")
}

impl Captured {
    fn give(&mut self, watcher: &mut dyn Watcher, piece: &[u8]) {
        if piece.is_empty() {
            return;
        }
        let room = KEPT_BYTES.saturating_sub(self.kept.len()).min(piece.len());
        self.kept.extend_from_slice(&piece[..room]);
        self.total += piece.len() as u64;
        watcher.output(piece);
    }
}
