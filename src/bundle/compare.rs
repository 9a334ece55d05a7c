//! Finds the first step that behaves differently in two runs.

use std::collections::HashMap;

use super::outcomes;
use crate::event::{Event, Failure, Outcome};
use crate::ids::StepId;

/// The result of comparing a bundle with a run here.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Comparison {
    /// Every step that ran in both ended alike, and none of them failed.
    Alike {
        /// The number of steps that ran in both.
        steps: usize,
    },
    /// The same failure of the same step.
    SameFailure { step: StepId, failure: Failure },
    /// The first step that ended differently.
    Differs { step: StepId, there: Outcome, here: Outcome },
    /// No step ran in both.
    NothingInCommon,
}

/// Compares the steps of a bundle with those of a run here, in the bundle's order. A step that was up to date, or was not reached,
/// says nothing about how it behaves, so it is left out.
pub(crate) fn compare_runs(there: &[Event], here: &[Event]) -> Comparison {
    let here: HashMap<_, _> = outcomes(here).into_iter().collect();
    let mut steps = 0;
    for (step, finished) in outcomes(there) {
        let Some(here) = here.get(step) else { continue };
        let (there, here) = (&finished.outcome, &here.outcome);
        if !has_run(there) || !has_run(here) {
            continue;
        }
        steps += 1;
        match (there, here) {
            (Outcome::Failed(failure), Outcome::Failed(other)) if is_alike(failure, other) => {
                return Comparison::SameFailure { step: step.clone(), failure: other.clone() };
            }
            (there, here) if there.passes() && here.passes() => {}
            _ => {
                let (there, here) = (there.clone(), here.clone());
                return Comparison::Differs { step: step.clone(), there, here };
            }
        }
    }
    if steps == 0 { Comparison::NothingInCommon } else { Comparison::Alike { steps } }
}

fn has_run(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Passed | Outcome::Pending | Outcome::Failed(_))
}

/// Two failures are alike if the same thing went wrong. How long a time limit was, and what a message says, may differ.
fn is_alike(one: &Failure, other: &Failure) -> bool {
    match (one, other) {
        (Failure::Exit { code: one, .. }, Failure::Exit { code: other, .. }) => one == other,
        (Failure::Signal { signal: one }, Failure::Signal { signal: other }) => one == other,
        (
            Failure::Mismatch { differences: one, .. },
            Failure::Mismatch { differences: other, .. },
        ) => one == other,
        _ => std::mem::discriminant(one) == std::mem::discriminant(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::samples::{finished, id};

    fn run(steps: &[(&str, Outcome)]) -> Vec<Event> {
        let event = |(step, outcome): &(&str, Outcome)| {
            Event::StepFinished(finished(step, outcome.clone()))
        };
        steps.iter().map(event).collect()
    }

    fn exit(code: i32) -> Outcome {
        Outcome::Failed(Failure::Exit { code, expected: "0".to_owned() })
    }

    #[test]
    fn the_first_step_that_ends_differently_is_named() {
        let there = run(&[("c/a", Outcome::Passed), ("c/b", exit(7)), ("c/d", Outcome::Passed)]);
        let same = run(&[("c/a", Outcome::Passed), ("c/b", exit(7))]);
        assert!(matches!(
            compare_runs(&there, &same),
            Comparison::SameFailure { step, .. } if step == id("c/b")
        ));
        let other_code = run(&[("c/a", Outcome::Passed), ("c/b", exit(1))]);
        assert!(matches!(
            compare_runs(&there, &other_code),
            Comparison::Differs { step, .. } if step == id("c/b")
        ));
        let earlier = run(&[("c/a", exit(1))]);
        assert!(matches!(
            compare_runs(&there, &earlier),
            Comparison::Differs { step, .. } if step == id("c/a")
        ));
    }

    #[test]
    fn a_step_that_did_not_run_is_not_compared() {
        let there = run(&[("c/a", Outcome::UpToDate), ("c/b", Outcome::Passed)]);
        let here = run(&[("c/a", exit(1)), ("c/b", Outcome::Passed)]);
        assert_eq!(compare_runs(&there, &here), Comparison::Alike { steps: 1 });
        assert_eq!(compare_runs(&there, &[]), Comparison::NothingInCommon);
    }
}
