//! Judges one attempt: its output against everything that the step expects.

use crate::book::SnapshotKind;
use crate::compare::{Bindings, Rules, Verdict, compare_fence, compare_snapshot, strip_ansi};
use crate::event::{Failure, Outcome};
use crate::manifest::Bound;
use crate::output::{Ending, Output};
use crate::plan::{Step, condition};

/// What a judgement needs beside the step and its output.
pub(super) struct JudgeContext<'a> {
    /// Values of the plan, for `check=`.
    pub(super) values: &'a serde_json::Value,
    /// Names bound so far in the chapter.
    pub(super) bound: &'a Bindings,
    /// The accepted snapshot.
    pub(super) accepted: Option<&'a str>,
    /// What the cluster said that the step was waiting for.
    pub(super) waiting_for: Option<&'a str>,
    /// Why the attempt was given up.
    pub(super) unrecoverable: Option<&'a str>,
}

/// The outcome of an attempt.
#[derive(Debug)]
pub(super) struct Judgement {
    pub(super) outcome: Outcome,
    /// The names that it bound.
    pub(super) bound: Bindings,
    /// A pending snapshot of this kind is to be written, because the output is new or differs.
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
        // The caller of a shell sees 128 + the signal, so `exit=137` may expect it.
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
    if let Some(failure) = not_seen_whole(step, output) {
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
    let mut outcome = Outcome::Passed;
    let mut pending = None;
    if let Some(kind) = step.attributes.snapshot {
        match context
            .accepted
            .map(|accepted| compare_snapshot(accepted, &output.bytes, kind, &bound, &rules))
        {
            Some(Verdict::Same { bound: more }) => newly_bound.extend(more),
            Some(Verdict::Differs(differences)) => {
                let outcome = Outcome::Failed(Failure::Mismatch { differences, fence: false });
                return Judgement { outcome, bound: Bindings::new(), pending: Some(kind) };
            }
            // An `output` fence is an accepted text of its own, so that no snapshot is needed beside it.
            Some(Verdict::New) | None if step.expected.is_some() => {}
            Some(Verdict::New) | None => {
                outcome = Outcome::Pending;
                pending = Some(kind);
            }
        }
    }
    match check(step, output, code, &bound, context.values) {
        Some(failure) => Judgement::failed(failure),
        None => Judgement { outcome, bound: newly_bound, pending },
    }
}

/// An output of which nothing or only the first part can be seen cannot be compared: nothing is known of the rest.
fn not_seen_whole(step: &Step, output: &Output) -> Option<Failure> {
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
            "the output was withheld, as it may hold a secret, so {judged_by} can't be judged: {why}\nset the secret in a step before this one, or judge another step"
        ),
        None if output.total > kept => format!(
            "the output is {} bytes long and only the first {kept} are kept, so {judged_by} can't be judged\nlet the step print less",
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
