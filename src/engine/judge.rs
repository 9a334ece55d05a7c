//! Judges one attempt: compares its exit code and output with everything that the step expects.

use crate::book::SnapshotKind;
use crate::compare::{Bindings, Rules, Verdict, compare_fence, compare_snapshot, strip_ansi};
use crate::event::{Failure, Outcome};
use crate::manifest::Bound;
use crate::output::{Ending, Output};
use crate::plan::{Step, condition};

/// The data that a judgement needs beside the step and its output.
pub(super) struct JudgeContext<'a> {
    /// Values of the plan, for `check=`.
    pub(super) values: &'a serde_json::Value,
    /// The names that the chapter has bound, with their values.
    pub(super) bound: &'a Bindings,
    /// The accepted snapshot.
    pub(super) accepted: Option<&'a str>,
    /// What the step was waiting for, by the cluster's status.
    pub(super) waiting_for: Option<&'a str>,
    /// Why the attempt was given up, if it was.
    pub(super) unrecoverable: Option<&'a str>,
}

/// The outcome of an attempt.
#[derive(Debug)]
pub(super) struct Judgement {
    pub(super) outcome: Outcome,
    /// The names that its output bound, with their values.
    pub(super) bound: Bindings,
    /// The kind of the pending snapshot to write, if the output is new or differs.
    pub(super) pending: Option<SnapshotKind>,
}

impl Judgement {
    fn failed(failure: Failure) -> Self {
        Self { outcome: Outcome::Failed(failure), bound: Bindings::new(), pending: None }
    }
}

/// Judges one attempt.
pub(super) fn judge(step: &Step, output: &Output, context: &JudgeContext<'_>) -> Judgement {
    match exit_code(step, output, context) {
        Ok(code) => judge_text(step, output, code, context),
        Err(Outcome::Failed(failure)) => Judgement::failed(failure),
        Err(outcome) => Judgement { outcome, bound: Bindings::new(), pending: None },
    }
}

fn exit_code(step: &Step, output: &Output, context: &JudgeContext<'_>) -> Result<i32, Outcome> {
    let failure = match output.ending {
        Ending::Exited(code) if step.attributes.exit.accepts(code) => return Ok(code),
        Ending::Started => return Ok(0),
        Ending::Interrupted => return Err(Outcome::Interrupted),
        Ending::Exited(code) => Failure::Exit { code, expected: step.attributes.exit.to_string() },
        // A shell reports a signal as exit code 128 + its number, so `exit=137` may expect SIGKILL.
        Ending::Signalled(signal) if step.attributes.exit.accepts(128 + signal) => {
            return Ok(128 + signal);
        }
        Ending::Signalled(signal) => Failure::Signal { signal },
        Ending::TimedOut => Failure::TimedOut {
            seconds: step.timeout().as_secs_f64(),
            limit: "timeout".to_owned(),
            waiting_for: context.waiting_for.map(str::to_owned),
        },
        Ending::GivenUp => Failure::Unrecoverable {
            why: context.unrecoverable.unwrap_or("it cannot become ready any more").to_owned(),
        },
    };
    Err(Outcome::Failed(failure))
}

fn judge_text(step: &Step, output: &Output, code: i32, context: &JudgeContext<'_>) -> Judgement {
    if let Some(failure) = incomplete_output(step, output) {
        return Judgement::failed(failure);
    }
    let rules = Rules(step.normalizers());
    let mut bound = context.bound.clone();
    let mut newly_bound = Bindings::new();
    if let Some(expected) = &step.expected {
        match compare_fence(expected, &output.bytes, step.attributes.snapshot, &bound, &rules) {
            Verdict::Same { bound: more } => {
                bound.extend(more.clone());
                newly_bound.extend(more);
            }
            Verdict::Differs(differences) => {
                return Judgement::failed(Failure::Mismatch { differences, fence: true });
            }
            Verdict::New => {}
        }
    }
    let mut judgement = judge_snapshot(step, output, &bound, &rules, context.accepted);
    newly_bound.append(&mut judgement.bound);
    if matches!(judgement.outcome, Outcome::Failed(_)) {
        return judgement;
    }
    match check(step, output, code, &bound, context.values) {
        Some(failure) => Judgement::failed(failure),
        None => Judgement { bound: newly_bound, ..judgement },
    }
}

/// Compares the output with the accepted snapshot, if the step has `snapshot`.
fn judge_snapshot(
    step: &Step,
    output: &Output,
    bound: &Bindings,
    rules: &Rules,
    accepted: Option<&str>,
) -> Judgement {
    let passed = |bound| Judgement { outcome: Outcome::Passed, bound, pending: None };
    let Some(kind) = step.attributes.snapshot else { return passed(Bindings::new()) };
    let verdict =
        accepted.map(|accepted| compare_snapshot(accepted, &output.bytes, kind, bound, rules));
    match verdict {
        Some(Verdict::Same { bound: more }) => passed(more),
        Some(Verdict::Differs(differences)) => {
            let outcome = Outcome::Failed(Failure::Mismatch { differences, fence: false });
            Judgement { outcome, bound: Bindings::new(), pending: Some(kind) }
        }
        // An `output` fence is an accepted text itself, so a missing snapshot beside it is not pending.
        Some(Verdict::New) | None if step.expected.is_some() => passed(Bindings::new()),
        Some(Verdict::New) | None => {
            Judgement { outcome: Outcome::Pending, bound: Bindings::new(), pending: Some(kind) }
        }
    }
}

/// The failure of an output that is withheld or of which only the first part is kept: it cannot be
/// compared, because the rest is unknown.
fn incomplete_output(step: &Step, output: &Output) -> Option<Failure> {
    let attributes = &step.attributes;
    let judged_by = match (&step.expected, attributes.snapshot, attributes.check.as_deref()) {
        (Some(_), ..) => "the `output` fence",
        (_, Some(_), _) => "its snapshot",
        (_, _, Some(expression)) if condition::uses(expression, "output") => "its `check=`",
        _ => return None,
    };
    let kept = output.bytes.len() as u64;
    let why = match &output.withheld {
        Some(why) => format!(
            "the output was withheld because it may contain a secret, so {judged_by} cannot be compared: {why}\nset the secret in a step before this one, or judge another step"
        ),
        None if output.total > kept => format!(
            "the output is {} bytes long and only the first {kept} are kept, so {judged_by} cannot be compared\nlet the step print less",
            output.total
        ),
        None => return None,
    };
    Some(Failure::Broken { why })
}

fn check(
    step: &Step,
    output: &Output,
    code: i32,
    bound: &Bindings,
    values: &serde_json::Value,
) -> Option<Failure> {
    let expression = step.attributes.check.as_deref()?;
    let fail = |why: String| Some(Failure::Check { expression: expression.to_owned(), why });
    let mut variables = values.as_object().cloned().unwrap_or_default();
    variables.insert("exit".to_owned(), code.into());
    variables.insert("seconds".to_owned(), output.duration.as_secs_f64().into());
    variables.insert("output".to_owned(), strip_ansi(&output.bytes).trim_end().into());
    let names = variables.into();
    let around = Bound { texts: bound, numbers: &step.numbers };
    match condition::evaluate(expression, &names, &around) {
        Ok(value) if value.is_true() => None,
        Ok(_) => fail(condition::names_in(expression, &names, &around)),
        Err(error) => fail(error),
    }
}
