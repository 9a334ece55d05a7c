//! Writing to a person who may have gone away.

use std::io::Write;

/// A stream of talk. After the first failed write nothing more is tried: whoever read it is gone, and that is no error of the run.
#[derive(Debug)]
pub(super) struct BestEffortWriter<W> {
    to: W,
    gone: bool,
}

impl<W: Write> BestEffortWriter<W> {
    /// Talks to this stream.
    pub(super) fn to(stream: W) -> Self {
        Self { to: stream, gone: false }
    }

    /// Writes all of it at once.
    pub(super) fn say(&mut self, text: &str) {
        if !self.gone {
            self.gone = self.to.write_all(text.as_bytes()).and_then(|()| self.to.flush()).is_err();
        }
    }

    /// The stream.
    #[cfg(test)]
    pub(super) fn stream(&self) -> &W {
        &self.to
    }
}
