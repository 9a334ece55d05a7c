//! The two consumers of a run's events: the record, which `store::RunLog` keeps in files, and the reporter.

use super::{Event, Stored};
use crate::diagnostic::Diagnostic;
use crate::ids::ChapterName;
use crate::output::ShellState;

/// Keeps what a run does, so that another run can resume it.
///
/// A step is recorded in this order: its `output` piece by piece, `finish_output`, `state`, and then the event with the values that
/// these two returned. The first three never fail. Their error is returned by the next `events`, and only *after* the events were
/// written if that is possible at all, so that no passed step is forgotten.
pub trait Record {
    /// A piece of the present step's output, secrets masked.
    fn output(&mut self, bytes: &[u8]);

    /// Ends the present step's output, and returns where it is kept.
    fn finish_output(&mut self) -> Stored;

    /// Keeps a shell's state. A state that is equal to the chapter's last one is not written twice.
    fn state(&mut self, chapter: &ChapterName, state: &ShellState) -> Stored;

    /// Makes a part of an earlier run's files a part of this run's files, so that it outlives the earlier run.
    fn take_over(&mut self, run: &str, stored: &Stored) -> Stored;

    /// Reads a shell's state that an earlier run kept.
    ///
    /// # Errors
    /// When it does not exist or cannot be read.
    fn past_state(&self, run: &str, stored: &Stored) -> Result<ShellState, Diagnostic>;

    /// Writes the events, all of them or none. Events that are not kept (`StepStarted`, `StepProgress`) are ignored.
    ///
    /// # Errors
    /// When this, or anything since the last call, could not be written. The run should end then.
    fn events(&mut self, events: &[Event]) -> Result<(), Diagnostic>;

    /// Writes one event.
    ///
    /// # Errors
    /// As [`Record::events`].
    fn event(&mut self, event: &Event) -> Result<(), Diagnostic> {
        self.events(std::slice::from_ref(event))
    }
}

/// Shows a run's events to a person or to a program.
pub(crate) trait Reporter {
    /// Shows the next event. Events arrive in the order in which they happened, and after they were recorded.
    fn report(&mut self, event: &Event);
}
