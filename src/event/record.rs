//! What the engine asks of whoever keeps the record of a run. `store::RunLog` is the one that keeps it in files.

use super::{Event, Stored};
use crate::diagnostic::Diagnostic;
use crate::ids::ChapterName;
use crate::output::ShellState;

/// Keeps what a run does, so that another one can go on from there.
///
/// A step is recorded in this order: its `output` as it comes, `finish_output`, `state`, and then the event that names what
/// these two returned. The first three never fail: what goes wrong in them is told by the next `events`, *after* its lines
/// were written if that was possible at all, so that no passed step is forgotten.
pub trait Record {
    /// A piece of the present step's output, secrets masked.
    fn output(&mut self, bytes: &[u8]);

    /// The present step's output is complete: where it is kept.
    fn finish_output(&mut self) -> Stored;

    /// Keeps a shell's state; one that is equal to the chapter's last is not written twice.
    fn state(&mut self, chapter: &ChapterName, state: &ShellState) -> Stored;

    /// Makes a part of a former run's files one of this run's, which then outlives that run.
    fn take_over(&mut self, run: &str, stored: &Stored) -> Stored;

    /// Reads a shell's state that a former run kept.
    ///
    /// # Errors
    /// When it is not there or can't be read.
    fn past_state(&self, run: &str, stored: &Stored) -> Result<ShellState, Diagnostic>;

    /// Writes events down, all of them or none. Those that are not kept (`StepStarted`, `StepProgress`) are passed over.
    ///
    /// # Errors
    /// When this, or anything since the last call, could not be written. The run should end then.
    fn events(&mut self, events: &[Event]) -> Result<(), Diagnostic>;

    /// Writes one event down.
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
