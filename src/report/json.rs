//! One JSON object an event, a line each: every event, also those the journal does not keep. `docs/events.schema.json` says what
//! may stand in one.

use std::io::{self, Write};

use crate::event::Event;
use crate::event::Reporter;

/// For programs.
#[derive(Debug)]
pub(crate) struct Json<W> {
    to: W,
    /// The first thing that went wrong; nothing is written after it.
    failed: Option<io::Error>,
}

impl<W: Write> Json<W> {
    /// Writes to a stream, a line at once.
    pub(crate) fn new(to: W) -> Self {
        Self { to, failed: None }
    }

    /// The stream, when all could be written to it.
    ///
    /// # Errors
    /// What kept an event from being written, but for a reader who has gone away.
    pub(crate) fn finish(self) -> io::Result<W> {
        match self.failed {
            Some(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error),
            _ => Ok(self.to),
        }
    }
}

impl<W: Write> Reporter for Json<W> {
    fn report(&mut self, event: &Event) {
        if self.failed.is_none() {
            let line = serde_json::to_string(event).map_err(io::Error::from);
            self.failed =
                line.and_then(|line| self.to.write_all(format!("{line}\n").as_bytes())).err();
        }
    }
}

#[cfg(test)]
mod tests;
