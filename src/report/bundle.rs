//! What `guide export` and `guide replay` say.

use std::path::Path;

use super::humanize::count;
use super::step_line::failure_in_short;
use super::style::Style;
use crate::bundle::{BundleHead, Comparison};
use crate::event::Outcome;
use crate::text::sanitize::one_line;

/// What was exported.
pub(crate) fn exported_text(path: &Path, head: &BundleHead, files: usize) -> String {
    let what = match &head.shard {
        Some(shard) => format!("shard {}/{} of run {}", shard.number, shard.of, head.run),
        None => format!("run {}", head.run),
    };
    format!(
        "exported {what} to {}: {}, {}\n",
        one_line(&path.display().to_string()),
        count(head.chapters.len(), "chapter"),
        count(files, "file")
    )
}

/// How a replayed run compares with its bundle.
pub(crate) fn replayed_text(comparison: &Comparison, style: &Style) -> String {
    match comparison {
        Comparison::Alike { steps } => {
            format!("{}: {} ended here as there\n", style.passed("replay"), count(*steps, "step"))
        }
        Comparison::SameFailure { step, failure } => {
            let failure = failure_in_short(failure);
            format!(
                "{}: the same failure: {step} {failure}, here as there\n",
                style.failed("replay")
            )
        }
        Comparison::Differs { step, there, here } => format!(
            "{}: {step} is the first step that behaves differently: {} there, {} here\n",
            style.warning("replay"),
            in_short(there),
            in_short(here)
        ),
        Comparison::NothingInCommon => {
            format!("{}: no step ran both there and here\n", style.warning("replay"))
        }
    }
}

fn in_short(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Failed(failure) => failure_in_short(failure),
        _ => "passed".to_owned(),
    }
}
