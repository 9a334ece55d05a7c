//! One attempt's output against everything the step expects.

use crate::book::SnapshotKind;
use crate::compare::{Bindings, Rules, Verdict, compare_fence, compare_snapshot, strip_ansi};
use crate::event::{Failure, Outcome};
use crate::manifest::Bound;
use crate::output::{Ending, Output};
use crate::plan::{Step, condition};

/// What judging needs beside step and output.
pub(super) struct JudgeContext<'a> {
    /// Values of the plan, for `check=`.
    pub values: &'a serde_json::Value,
    /// Names bound so far in the chapter.
    pub bound: &'a Bindings,
    /// The accepted snapshot.
    pub accepted: Option<&'a str>,
    /// What the cluster said while waiting.
    pub waiting_for: Option<&'a str>,
    /// Why waiting was given up.
    pub unrecoverable: Option<&'a str>,
}

/// The outcome of an attempt.
#[derive(Debug)]
pub(super) struct Judgement {
    /// How it came out.
    pub outcome: Outcome,
    /// Names it bound anew.
    pub bound: Bindings,
    /// The snapshot is new or differs: write a pending one of this kind.
    pub pend: Option<SnapshotKind>,
}

impl Judgement {
    fn failed(failure: Failure) -> Self {
        Self { outcome: Outcome::Failed(failure), bound: Bindings::new(), pend: None }
    }
}

/// Judges one attempt.
pub(super) fn judge(step: &Step, output: &Output, bench: &JudgeContext<'_>) -> Judgement {
    match ending(step, output, bench) {
        Ok(code) => judge_text(step, output, code, bench),
        Err(Outcome::Failed(failure)) => Judgement::failed(failure),
        Err(outcome) => Judgement { outcome, bound: Bindings::new(), pend: None },
    }
}

fn ending(step: &Step, output: &Output, bench: &JudgeContext<'_>) -> Result<i32, Outcome> {
    let failure = match output.ending {
        Ending::Exited(code) if step.attributes.exit.accepts(code) => return Ok(code),
        Ending::Started => return Ok(0),
        Ending::Interrupted => return Err(Outcome::Interrupted),
        Ending::Exited(code) => Failure::Exit { code, expected: step.attributes.exit.to_string() },
        // What a shell's caller would see: 128 + the signal. `exit=137` may expect it.
        Ending::Signalled(signal) if step.attributes.exit.accepts(128 + signal) => {
            return Ok(128 + signal);
        }
        Ending::Signalled(signal) => Failure::Signal { signal },
        Ending::TimedOut => Failure::TimedOut {
            seconds: step.timeout().as_secs_f64(),
            limit: "timeout".to_owned(),
            waiting_for: bench.waiting_for.map(str::to_owned),
        },
        Ending::GivenUp => Failure::Unrecoverable {
            why: bench.unrecoverable.unwrap_or("it can't come any more").to_owned(),
        },
    };
    Err(Outcome::Failed(failure))
}

fn judge_text(step: &Step, output: &Output, code: i32, bench: &JudgeContext<'_>) -> Judgement {
    if let Some(failure) = too_long(step, output) {
        return Judgement::failed(failure);
    }
    let rules = Rules(step.normalizers());
    let mut bound = bench.bound.clone();
    let mut news = Bindings::new();
    if let Some(expected) = &step.expected {
        match compare_fence(expected, &output.bytes, step.attributes.snapshot, &bound, &rules) {
            Verdict::Same { bound: more } => {
                bound.extend(more.clone());
                news.extend(more);
            }
            Verdict::Differs(differences) => {
                return Judgement::failed(Failure::Mismatch { differences, fence: true });
            }
            Verdict::New => {}
        }
    }
    let mut outcome = Outcome::Passed;
    let mut pend = None;
    if let Some(kind) = step.attributes.snapshot {
        match bench
            .accepted
            .map(|accepted| compare_snapshot(accepted, &output.bytes, kind, &bound, &rules))
        {
            Some(Verdict::Same { bound: more }) => news.extend(more),
            Some(Verdict::Differs(differences)) => {
                let outcome = Outcome::Failed(Failure::Mismatch { differences, fence: false });
                return Judgement { outcome, bound: Bindings::new(), pend: Some(kind) };
            }
            // An `output` fence is an accepted text of its own: no snapshot has to run beside it.
            Some(Verdict::New) | None if step.expected.is_some() => {}
            Some(Verdict::New) | None => {
                outcome = Outcome::Pending;
                pend = Some(kind);
            }
        }
    }
    match check(step, output, code, &bound, bench.values) {
        Some(failure) => Judgement::failed(failure),
        None => Judgement { outcome, bound: news, pend },
    }
}

/// An output of which only the first part is kept can't be compared: what is not looked at is not right.
fn too_long(step: &Step, output: &Output) -> Option<Failure> {
    let kept = output.bytes.len() as u64;
    let looked_at =
        match (&step.expected, step.attributes.snapshot, step.attributes.check.as_deref()) {
            (Some(_), ..) => "the `output` fence",
            (_, Some(_), _) => "its snapshot",
            (_, _, Some(expression)) if condition::uses(expression, "output") => "its `check=`",
            _ => return None,
        };
    (output.total > kept).then(|| Failure::Broken {
        why: format!(
            "the output is {} bytes long and only the first {kept} are kept, so {looked_at} can't be judged\nlet the step print less",
            output.total
        ),
    })
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
    let mut context = values.as_object().cloned().unwrap_or_default();
    context.insert("exit".to_owned(), code.into());
    context.insert("seconds".to_owned(), output.duration.as_secs_f64().into());
    context.insert("output".to_owned(), strip_ansi(&output.bytes).trim_end().into());
    match condition::evaluate(
        expression,
        &context.into(),
        &Bound { texts: bound, numbers: &step.numbers },
    ) {
        Ok(value) if value.is_true() => None,
        Ok(value) => fail(format!("it is `{value}`")),
        Err(error) => fail(error),
    }
}
