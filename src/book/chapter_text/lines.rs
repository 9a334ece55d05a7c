//! The line of a byte in a chapter, and spans of bytes.

use std::ops::Range;

use super::ChapterReader;
use crate::book::source::{SourceId, Span};

/// Counts lines forward only.
pub(super) struct Lines<'a> {
    pub(super) text: &'a [u8],
    /// The byte up to which lines were counted.
    pub(super) at: usize,
    /// The 1-based line of that byte.
    pub(super) line: u32,
}

impl Lines<'_> {
    /// The 1-based line of a byte; for a byte before the last one, the line of the last one.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a source is at most 1 GiB, see `store::source`"
    )]
    pub(super) fn of(&mut self, place: usize) -> u32 {
        if place > self.at {
            self.line += memchr::memchr_iter(b'\n', &self.text[self.at..place]).count() as u32;
            self.at = place;
        }
        self.line
    }
}

impl ChapterReader<'_> {
    /// The span of a range of bytes, which may begin before the last counted byte.
    pub(super) fn span(&mut self, range: Range<usize>) -> Span {
        let line = if range.start >= self.lines.at {
            self.lines.of(range.start)
        } else {
            let back =
                memchr::memchr_iter(b'\n', &self.text.as_bytes()[range.start..self.lines.at])
                    .count();
            self.lines.line - u32::try_from(back).unwrap_or(0)
        };
        span(self.source, range, line)
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "a source is at most 1 GiB, see `store::source`"
)]
pub(super) fn span(source: SourceId, range: Range<usize>, line: u32) -> Span {
    Span { source, start: range.start as u32, end: range.end as u32, line }
}
