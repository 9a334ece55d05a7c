//! The events and outputs of a run → the recordings of its chapters.

use std::collections::BTreeMap;

use super::{Included, PathAliases, RECORDING_FORMAT, RecordedStep, Recording, parts_of, reasons};
use crate::event::{Event, Outcome, RunStarted, StepFinished};
use crate::output::Ending;
use crate::plan::{Plan, PlannedChapter, Role};
use crate::topology::Topology;

/// The longest recorded output, in bytes. A longer output loses its middle.
pub(super) const MAX_OUTPUT: usize = 24 * 1024;

/// The input of a recording.
pub(crate) struct RecordingInput<'a> {
    /// The plan that ran.
    pub plan: &'a Plan,
    /// How the run began.
    pub started: &'a RunStarted,
    /// All events of the run.
    pub events: &'a [Event],
    /// The files that the steps mention.
    pub included: &'a Included,
    /// The versions of the programs and images of the world.
    pub versions: &'a BTreeMap<String, String>,
    /// The aliases of folders of this machine.
    pub aliases: &'a PathAliases,
}

/// The recording of one chapter: the steps that ran now, and the recorded results of the others. `None` if no step ran, or if the
/// chapter did not end as written.
///
/// `output` reads the output of a step. `before` is the accepted or pending recording, and `shape` the cluster at the chapter's end.
pub(crate) fn make_recording(
    making: &RecordingInput<'_>,
    chapter: &PlannedChapter,
    before: Option<&Recording>,
    shape: Option<Topology>,
    output: &mut dyn FnMut(&StepFinished) -> Vec<u8>,
) -> Option<Recording> {
    let (at, seconds) = ended_as_written(making, chapter)?;
    let mut finished: BTreeMap<&str, &StepFinished> = BTreeMap::new();
    for event in making.events {
        if let Event::StepFinished(step) = event
            && step.step.chapter == chapter.name
        {
            finished.insert(step.step.step.as_str(), step);
        }
    }
    let (mut ran, mut steps) = (0, Vec::new());
    for (index, planned) in chapter.steps.iter().enumerate() {
        let name = planned.id.step.as_str();
        let now = finished.get(name).filter(|step| step.ending.is_some() && step.outcome.passes());
        let fresh = now.filter(|step| {
            step.outcome != Outcome::PassedBefore || step.fingerprint == planned.fingerprint
        });
        let Some(step) = fresh else {
            let before = before.and_then(|before| before.step(name));
            steps.extend(not_run(making, chapter, index, finished.get(name).copied(), before));
            continue;
        };
        ran += usize::from(step.outcome != Outcome::PassedBefore);
        let (output, left_out) =
            kept(&making.aliases.name_in(&String::from_utf8_lossy(&output(step))));
        steps.push(RecordedStep {
            step: name.to_owned(),
            at: step.at.clone(),
            seconds: (step.seconds * 1000.0).round() / 1000.0,
            attempts: step.attempts,
            exit: exit_of(step.ending),
            of: parts_of(making.plan, chapter, index, making.included),
            up_to_date: Vec::new(),
            output,
            left_out,
        });
    }
    let mut versions = before.map(|before| before.versions.clone()).unwrap_or_default();
    versions.extend(making.versions.clone());
    let recording = Recording {
        format: RECORDING_FORMAT,
        chapter: chapter.name.to_string(),
        profile: making.plan.profile.clone(),
        run: making.started.run.clone(),
        at,
        guide: making.started.guide.clone(),
        versions,
        seconds: (seconds * 1000.0).round() / 1000.0,
        steps,
        manifests: BTreeMap::new(),
        shape: shape.or_else(|| before.and_then(|before| before.shape.clone())),
        pending: false,
    };
    (ran > 0).then_some(recording)
}

/// The recorded result of a step that did not run: its last result if the step is unchanged; otherwise that it was up to date, with
/// the checks that proved it; otherwise its last result with the parts of that time, so that a page can show that it is stale.
fn not_run(
    making: &RecordingInput<'_>,
    chapter: &PlannedChapter,
    index: usize,
    finished: Option<&StepFinished>,
    before: Option<&RecordedStep>,
) -> Option<RecordedStep> {
    let of = parts_of(making.plan, chapter, index, making.included);
    let before = before.map(|before| RecordedStep {
        output: making.aliases.name_in(&before.output),
        ..before.clone()
    });
    let ran_as_it_is = before
        .as_ref()
        .is_some_and(|before| before.up_to_date.is_empty() && reasons(&before.of, &of).is_empty());
    let checks = match &chapter.steps[index].role {
        Role::Act { proven_by } => {
            proven_by.iter().map(|check| chapter.steps[*check].id.step.to_string()).collect()
        }
        Role::Verify { .. } => Vec::new(),
    };
    match finished {
        Some(step)
            if matches!(step.outcome, Outcome::UpToDate | Outcome::FoundSo)
                && !ran_as_it_is
                && !checks.is_empty() =>
        {
            Some(RecordedStep {
                step: step.step.step.to_string(),
                at: step.at.clone(),
                seconds: 0.0,
                attempts: 0,
                exit: None,
                of,
                up_to_date: checks,
                output: String::new(),
                left_out: 0,
            })
        }
        _ => before,
    }
}

/// The time of the chapter's end and its duration in seconds; `None` if it did not end as written.
fn ended_as_written(
    making: &RecordingInput<'_>,
    chapter: &PlannedChapter,
) -> Option<(String, f64)> {
    let mut at = making.started.at.clone();
    let mut failed = false;
    for event in making.events {
        match event {
            Event::StepFinished(step) if step.step.chapter == chapter.name => {
                at.clone_from(&step.at);
                failed |= matches!(step.outcome, Outcome::Failed(_) | Outcome::Interrupted);
            }
            Event::ChapterFinished { chapter: name, outcome, seconds, .. }
                if *name == chapter.name =>
            {
                let passed = matches!(
                    outcome,
                    crate::event::ChapterOutcome::Passed | crate::event::ChapterOutcome::UpToDate
                );
                return (passed && !failed).then_some((at, *seconds));
            }
            _ => {}
        }
    }
    None
}

fn exit_of(ending: Option<Ending>) -> Option<i32> {
    match ending {
        Some(Ending::Exited(code)) => Some(code),
        _ => None,
    }
}

/// The output with at most [`MAX_OUTPUT`] bytes, and the number of bytes that were removed from its middle.
fn kept(output: &str) -> (String, u64) {
    if output.len() <= MAX_OUTPUT {
        return (output.to_owned(), 0);
    }
    let output = output.as_bytes();
    let head_end = output[..MAX_OUTPUT / 2]
        .iter()
        .rposition(|byte| *byte == b'\n')
        .map_or(MAX_OUTPUT / 2, |at| at + 1);
    let tail_area = output.len() - MAX_OUTPUT / 2;
    let tail_start = output[tail_area..]
        .iter()
        .position(|byte| *byte == b'\n')
        .map_or(tail_area, |at| tail_area + at + 1);
    let left = tail_start.saturating_sub(head_end) as u64;
    let (head, tail) = (
        String::from_utf8_lossy(&output[..head_end]),
        String::from_utf8_lossy(&output[tail_start..]),
    );
    (format!("{head}[… {left} bytes left out …]\n{tail}"), left)
}

impl Recording {
    /// For each planned step, its recorded result and the reasons why it is stale (none: it is current); `None` without a recording.
    pub(crate) fn judged(
        &self,
        plan: &Plan,
        chapter: &PlannedChapter,
        included: &Included,
    ) -> Vec<Option<(&RecordedStep, Vec<String>)>> {
        let judge = |index: usize| {
            let step = self.step(chapter.steps[index].id.step.as_str())?;
            Some((step, reasons(&step.of, &parts_of(plan, chapter, index, included))))
        };
        (0..chapter.steps.len()).map(judge).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_output_loses_its_middle_at_line_ends() {
        let long: String = (0..5000).map(|line| format!("line {line}\n")).collect();
        let (text, left) = kept(&long);
        assert!(
            text.starts_with("line 0\n")
                && text.ends_with("line 4999\n")
                && text.len() < MAX_OUTPUT + 100
        );
        assert_eq!(
            long.len() as u64 - left,
            text.replace(&format!("[… {left} bytes left out …]\n"), "").len() as u64
        );
        assert_eq!(kept("short\n"), ("short\n".to_owned(), 0));
    }
}
