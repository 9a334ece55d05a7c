//! JSON for programs. A run's report has one object per line for every event, also for those that the journal does not keep;
//! `docs/events.schema.json` describes them.

use std::io::{self, Write};

use serde_json::Value;

use crate::event::{Event, Reporter};
use crate::text::sanitize::json_for_display;

/// The text of a value: indented, with a line end, and safe to show on a terminal.
pub(super) fn json_text(value: &Value) -> String {
    json_for_display(&format!("{value:#}\n")).into_owned()
}

/// Writes a run's events as JSON.
#[derive(Debug)]
pub(crate) struct Json<W> {
    to: W,
    /// The first error; nothing is written after it.
    error: Option<io::Error>,
}

impl<W: Write> Json<W> {
    /// Writes to a stream, one whole line at a time.
    pub(crate) fn new(to: W) -> Self {
        Self { to, error: None }
    }

    /// The stream, if everything could be written to it. A reader that has closed the pipe is no error.
    pub(crate) fn finish(self) -> io::Result<W> {
        match self.error {
            Some(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error),
            _ => Ok(self.to),
        }
    }
}

impl<W: Write> Reporter for Json<W> {
    fn report(&mut self, event: &Event) {
        if self.error.is_none() {
            let line = serde_json::to_string(event).map_err(io::Error::from);
            let written = line.and_then(|line| {
                self.to.write_all(format!("{}\n", json_for_display(&line)).as_bytes())
            });
            self.error = written.err();
        }
    }
}

#[cfg(test)]
mod tests;
