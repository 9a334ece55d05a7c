//! Renders a step that is repeated, or whose expected exit code is not 0, as a loop around a
//! subshell.

use std::time::Duration;

use super::failure;
use crate::book::ExitExpectation;
use crate::plan::Step;

/// How often and for how long a step is repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Repeat {
    /// The step is repeated until it passes, for at most the first time. Then it has to keep
    /// passing for the second time.
    For(Duration, Duration),
    /// The step is repeated at most this number of times after a failure.
    Times(u32),
}

impl Repeat {
    /// The repetition of the step's attributes. `None`: it runs once and has to end with exit code
    /// 0.
    pub(super) fn of(step: &Step) -> Option<Self> {
        let attributes = &step.attributes;
        let stable = attributes.stable.unwrap_or_default();
        match attributes.until {
            Some(until) => Some(Self::For(until, stable)),
            None if !stable.is_zero() => Some(Self::For(Duration::ZERO, stable)),
            None if attributes.retry > 0 || attributes.exit != ExitExpectation::default() => {
                Some(Self::Times(attributes.retry))
            }
            None => None,
        }
    }
}

/// The loop.
pub(super) fn repeated(step: &Step, script: &str, repeat: Repeat) -> Vec<String> {
    let mut lines = vec!["guide_code=1".to_owned()];
    match repeat {
        Repeat::For(until, stable) => {
            lines.push(format!("guide_deadline=$((SECONDS + {}))", seconds(until)));
            if !stable.is_zero() {
                lines.push("guide_since=".to_owned());
            }
        }
        Repeat::Times(times) => lines.push(format!("guide_left={times}")),
    }
    lines.push("until [ \"$guide_code\" -eq 0 ]; do".to_owned());
    lines.push("set +e".to_owned());
    lines.push("(".to_owned());
    lines.push("set -e -o pipefail".to_owned());
    lines.push(script.to_owned());
    lines.push(")".to_owned());
    lines.push("guide_code=$?".to_owned());
    lines.push("set -e".to_owned());
    lines.extend(expected_code(&step.attributes.exit));
    let failed = failure(&format!("{} did not pass", step.id));
    match repeat {
        Repeat::For(_, stable) => {
            if !stable.is_zero() {
                lines.extend(stays_so(stable));
            }
            lines.push(format!(
                "if [ \"$guide_code\" -ne 0 ] && [ \"$SECONDS\" -ge \"$guide_deadline\" ]; then {failed}; fi"
            ));
        }
        Repeat::Times(_) => {
            lines.push(format!(
                "if [ \"$guide_code\" -ne 0 ] && [ \"$guide_left\" -eq 0 ]; then {failed}; fi"
            ));
            lines.push("guide_left=$((guide_left - 1))".to_owned());
        }
    }
    lines.push("if [ \"$guide_code\" -ne 0 ]; then sleep 1; fi".to_owned());
    lines.push("done".to_owned());
    lines
}

/// The commands that turn an expected exit code into 0 and every other one into 1.
fn expected_code(exit: &ExitExpectation) -> Option<String> {
    match exit {
        ExitExpectation::Codes(codes) if *codes == [0] => None,
        ExitExpectation::Codes(codes) => {
            let codes: Vec<String> = codes.iter().map(i32::to_string).collect();
            Some(format!(
                "case $guide_code in {}) guide_code=0 ;; *) guide_code=1 ;; esac",
                codes.join(" | ")
            ))
        }
        ExitExpectation::Fails => {
            Some("case $guide_code in 0) guide_code=1 ;; *) guide_code=0 ;; esac".to_owned())
        }
    }
}

/// The commands of `stable=`: a passing check counts only after it has kept passing for this time,
/// by which the deadline moves.
fn stays_so(stable: Duration) -> [String; 6] {
    let stable = seconds(stable);
    [
        "if [ \"$guide_code\" -eq 0 ]; then".to_owned(),
        format!(
            "if [ -z \"$guide_since\" ]; then guide_since=$SECONDS guide_deadline=$((guide_deadline + {stable})); fi"
        ),
        format!("if [ \"$((SECONDS - guide_since))\" -lt {stable} ]; then guide_code=1; fi"),
        "else".to_owned(),
        "guide_since=".to_owned(),
        "fi".to_owned(),
    ]
}

/// A duration in whole seconds, rounded up.
fn seconds(time: Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}
