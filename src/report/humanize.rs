//! Numbers, durations and counts in the form in which people read them.

use super::style::Style;
use crate::event::RunSummary;
use crate::text::sanitize;

/// A duration: `0.3s`, `23.1s`, `2m 05s`, `1h 02m`.
pub(crate) fn duration(seconds: f64) -> String {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped to a range that fits"
    )]
    let whole = seconds.round().clamp(0.0, 1e9) as u64;
    if seconds < 59.95 {
        format!("{:.1}s", seconds.max(0.0))
    } else if whole < 3600 {
        format!("{}m {:02}s", whole / 60, whole % 60)
    } else {
        format!("{}h {:02}m", whole / 3600, whole % 3600 / 60)
    }
}

/// `1 step`, `2 steps`.
pub(super) fn count(number: usize, of: &str) -> String {
    if number == 1 { format!("1 {of}") } else { format!("{number} {of}s") }
}

/// The last lines of a run: `17 passed, 3 up to date, 1 failed, 4 not run in 61.2s`, and what to do next.
pub(crate) fn summary(summary: &RunSummary, style: &Style) -> String {
    let mut parts = Vec::new();
    let mut part = |number: usize, text: String| {
        if number > 0 {
            parts.push(text);
        }
    };
    let RunSummary { passed, up_to_date, failed, skipped, not_run, chapters_up_to_date, .. } =
        *summary;
    part(passed, style.passed(format!("{passed} passed")).to_string());
    part(up_to_date, style.skipped(format!("{up_to_date} up to date")).to_string());
    part(
        chapters_up_to_date,
        style
            .skipped(format!("{} taken as done", count(chapters_up_to_date, "chapter")))
            .to_string(),
    );
    part(failed, style.failed(format!("{failed} failed")).to_string());
    part(skipped, style.warning(format!("{skipped} skipped")).to_string());
    part(not_run, style.warning(format!("{not_run} not run")).to_string());
    if parts.is_empty() {
        parts.push("nothing to run".to_owned());
    }
    let mut lines = vec![format!("{} in {}\n", parts.join(", "), duration(summary.seconds))];
    if let Some(why) = &summary.broken {
        lines.push(format!("{}: {}\n", style.failed("error"), sanitize::lines(why)));
    }
    if let Some(what_to_do) = &summary.hint {
        lines.push(format!("{}: {what_to_do}\n", style.hint("hint")));
    }
    if summary.pending > 0 {
        let pending = count(summary.pending, "snapshot");
        lines.push(format!("{}: {pending} pending; run `guide review`\n", style.hint("hint")));
    }
    if summary.interrupted {
        lines.push(format!(
            "{}: interrupted; continue with `guide run --resume`\n",
            style.hint("hint")
        ));
    }
    lines.concat()
}

/// The last line of a run with pending recordings; empty if there are none.
pub(crate) fn recordings_pending(number: usize) -> String {
    match number {
        0 => String::new(),
        1 => "1 recording pending; run `guide review`\n".to_owned(),
        _ => format!("{number} recordings pending; run `guide review`\n"),
    }
}

/// The note of a run that could not write recordings into the book. The run itself is not affected.
pub(crate) fn recordings_not_kept(why: &str) -> String {
    format!("note: no recording was written: {why}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_written_in_the_unit_that_fits() {
        let written: Vec<String> =
            [0.0, 0.04, 0.26, 23.1, 59.94, 59.96, 125.4, 3599.4, 3599.6, 3725.0]
                .map(duration)
                .into();
        assert_eq!(
            written,
            [
                "0.0s", "0.0s", "0.3s", "23.1s", "59.9s", "1m 00s", "2m 05s", "59m 59s", "1h 00m",
                "1h 02m"
            ]
        );
    }

    #[test]
    fn a_summary_names_only_outcomes_that_occurred() {
        let run = RunSummary {
            passed: 17,
            up_to_date: 3,
            failed: 1,
            not_run: 4,
            seconds: 61.2,
            ..RunSummary::default()
        };
        assert_eq!(
            summary(&run, &Style::colourless()),
            "17 passed, 3 up to date, 1 failed, 4 not run in 1m 01s\n"
        );
    }

    #[test]
    fn a_summary_names_pending_snapshots_and_a_lost_world() {
        let run = RunSummary {
            passed: 1,
            pending: 2,
            broken: Some("no engine answers".to_owned()),
            hint: Some("start it".to_owned()),
            seconds: 0.5,
            ..RunSummary::default()
        };
        assert_eq!(
            summary(&run, &Style::colourless()),
            "1 passed in 0.5s\nerror: no engine answers\nhint: start it\nhint: 2 snapshots pending; run `guide review`\n"
        );
    }

    #[test]
    fn a_run_without_steps_has_a_summary() {
        assert_eq!(
            summary(&RunSummary::default(), &Style::colourless()),
            "nothing to run in 0.0s\n"
        );
    }
}
