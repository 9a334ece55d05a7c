//! An event without secrets.
//!
//! Outputs are masked before an event contains them. The other texts (literals of a script, expected texts, error messages) are
//! masked here. Names and places are never masked, since a run finds its steps by them.

use std::borrow::Cow;

use super::{Event, Evidence, Failure, Outcome};
use crate::compare::Difference;
use crate::secrets::Masker;

impl Event {
    /// The event with its secrets masked.
    pub fn masked(&self, masker: &Masker) -> Cow<'_, Self> {
        if masker.is_empty() || !self.has_text() {
            return Cow::Borrowed(self);
        }
        let mut event = self.clone();
        let hide = |text: &mut String| *text = masker.mask(text);
        match &mut event {
            Self::Note { text, .. } => hide(text),
            Self::Resumed { why, .. } => hide(why),
            Self::StepProgress { line, waiting_for, .. } => {
                hide(line);
                waiting_for.iter_mut().for_each(hide);
            }
            Self::StepFinished(finished) => {
                mask_outcome(&mut finished.outcome, &hide);
                finished.leftovers.iter_mut().for_each(|process| hide(&mut process.command));
                if let Some(evidence) = &mut finished.evidence {
                    mask_evidence(evidence, &hide);
                }
            }
            Self::RunFinished(summary) => {
                summary.broken.iter_mut().chain(&mut summary.hint).for_each(hide);
            }
            _ => {}
        }
        Cow::Owned(event)
    }

    fn has_text(&self) -> bool {
        match self {
            Self::Note { .. } | Self::Resumed { .. } | Self::StepProgress { .. } => true,
            Self::StepFinished(finished) => {
                let failed =
                    matches!(finished.outcome, Outcome::Failed(_) | Outcome::Skipped { .. });
                failed || finished.evidence.is_some() || !finished.leftovers.is_empty()
            }
            Self::RunFinished(summary) => summary.broken.is_some(),
            _ => false,
        }
    }
}

fn mask_outcome(outcome: &mut Outcome, hide: &impl Fn(&mut String)) {
    match outcome {
        Outcome::Skipped { why } => hide(why),
        Outcome::Failed(failure) => match failure {
            Failure::TimedOut { waiting_for, .. } => waiting_for.iter_mut().for_each(hide),
            Failure::Mismatch { differences, .. } => {
                differences.iter_mut().for_each(|difference| mask_difference(difference, hide));
            }
            Failure::Check { expression, why } => {
                hide(expression);
                hide(why);
            }
            Failure::Unrecoverable { why } | Failure::Broken { why } => hide(why),
            Failure::Exit { .. } | Failure::Signal { .. } => {}
        },
        _ => {}
    }
}

fn mask_difference(difference: &mut Difference, hide: &impl Fn(&mut String)) {
    match difference {
        Difference::Missing { what, expected, .. } => [what, expected].into_iter().for_each(hide),
        Difference::Unexpected { what, actual, .. } => [what, actual].into_iter().for_each(hide),
        Difference::Changed { what, expected, actual, .. } => {
            [what, expected, actual].into_iter().for_each(hide);
        }
        Difference::Binding { why, .. } => hide(why),
    }
}

fn mask_evidence(evidence: &mut Evidence, hide: &impl Fn(&mut String)) {
    let Evidence { script, output_tail, expected, hint, .. } = evidence;
    [script, output_tail].into_iter().for_each(hide);
    expected.iter_mut().chain(hint).for_each(hide);
}
