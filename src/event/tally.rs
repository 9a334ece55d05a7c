//! The summary of a run, folded from its events.

use std::collections::HashMap;

use super::{ChapterOutcome, Event, Failure, Outcome, RunSummary};
use crate::ids::StepId;

/// The counts of the events so far. A step counts once, by its last outcome: a background step that failed after its start is a
/// failure.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    outcomes: HashMap<StepId, Outcome>,
    chapters_up_to_date: usize,
    interrupted: bool,
}

impl Tally {
    /// Counts an event.
    pub(crate) fn add(&mut self, event: &Event) {
        match event {
            Event::StepFinished(finished) => {
                self.outcomes.insert(finished.step.clone(), finished.outcome.clone());
            }
            Event::ChapterFinished { outcome: ChapterOutcome::UpToDate, .. } => {
                self.chapters_up_to_date += 1;
            }
            Event::ChapterFinished { outcome: ChapterOutcome::Interrupted, .. } => {
                self.interrupted = true;
            }
            _ => {}
        }
    }

    /// The counts, for a run of this many planned steps.
    pub(crate) fn summary(&self, planned: usize) -> RunSummary {
        let mut summary = RunSummary {
            chapters_up_to_date: self.chapters_up_to_date,
            interrupted: self.interrupted,
            ..RunSummary::default()
        };
        for outcome in self.outcomes.values() {
            summary.pending += usize::from(is_pending_review(outcome));
            let count = match outcome {
                Outcome::Passed | Outcome::Pending => &mut summary.passed,
                Outcome::UpToDate | Outcome::FoundSo | Outcome::PassedBefore => {
                    &mut summary.up_to_date
                }
                Outcome::TakenAsDone => &mut summary.taken_as_done,
                Outcome::Skipped { .. } => &mut summary.skipped,
                Outcome::Failed(_) => &mut summary.failed,
                Outcome::Interrupted => continue,
            };
            *count += 1;
        }
        summary.not_run = planned.saturating_sub(summary.finished());
        summary
    }
}

/// Whether a pending snapshot was written.
fn is_pending_review(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Pending | Outcome::Failed(Failure::Mismatch { fence: false, .. }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::samples::finished;

    fn summary_of(events: impl IntoIterator<Item = (&'static str, Outcome)>) -> RunSummary {
        let mut tally = Tally::default();
        for (step, outcome) in events {
            tally.add(&Event::StepFinished(finished(step, outcome)));
        }
        tally.summary(4)
    }

    #[test]
    fn a_background_step_that_failed_after_its_start_is_one_failure() {
        let failed = Outcome::Failed(Failure::Broken { why: "it ended".to_owned() });
        let summary = summary_of([("a/serve", Outcome::Passed), ("a/serve", failed)]);
        assert_eq!((summary.passed, summary.failed, summary.not_run), (0, 1, 3));
    }

    #[test]
    fn an_interrupted_step_has_not_run() {
        let summary = summary_of([("a/one", Outcome::UpToDate), ("a/two", Outcome::Interrupted)]);
        assert_eq!((summary.up_to_date, summary.not_run), (1, 3));
    }

    #[test]
    fn new_and_changed_snapshots_are_pending_review_and_changed_fences_are_not() {
        let mismatch =
            |fence| Outcome::Failed(Failure::Mismatch { differences: Vec::new(), fence });
        let summary = summary_of([
            ("a/new", Outcome::Pending),
            ("a/changed", mismatch(false)),
            ("a/fence", mismatch(true)),
        ]);
        assert_eq!((summary.pending, summary.passed, summary.failed), (2, 1, 2));
    }
}
