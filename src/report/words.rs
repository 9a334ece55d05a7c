//! Numbers as people say them.

use super::style::Style;
use crate::event::RunSummary;

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

/// The last words on a run: `17 passed, 3 up to date, 1 failed, 4 not run in 61.2s`, and what to do next.
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
        lines.push(format!("{}: {why}\n", style.failed("error")));
        if let Some(hint) = &summary.broken_hint {
            lines.push(format!("{}: {hint}\n", style.hint("hint")));
        }
    }
    if summary.pending > 0 {
        let waiting = count(summary.pending, "snapshot");
        lines.push(format!(
            "{}: {waiting} waiting for review: `guide review`\n",
            style.hint("hint")
        ));
    }
    if summary.interrupted {
        lines.push(format!(
            "{}: interrupted; go on with `guide run --resume`\n",
            style.hint("hint")
        ));
    }
    lines.concat()
}

/// Why the run was broken off, with what to do about it.
pub(crate) fn broken_text(summary: &RunSummary) -> Option<String> {
    let why = summary.broken.as_ref()?;
    Some(match &summary.broken_hint {
        Some(hint) => format!("{why}\nhint: {hint}"),
        None => why.clone(),
    })
}

/// What a run says of recordings that wait; nothing when none does.
pub(crate) fn recordings_wait(number: usize) -> String {
    match number {
        0 => String::new(),
        1 => "1 recording waits for the page: guide review\n".to_owned(),
        _ => format!("{number} recordings wait for the page: guide review\n"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_said_in_the_unit_that_fits() {
        let said: Vec<String> =
            [0.0, 0.04, 0.26, 23.1, 59.94, 59.96, 125.4, 3599.4, 3599.6, 3725.0]
                .map(duration)
                .into();
        assert_eq!(
            said,
            [
                "0.0s", "0.0s", "0.3s", "23.1s", "59.9s", "1m 00s", "2m 05s", "59m 59s", "1h 00m",
                "1h 02m"
            ]
        );
    }

    #[test]
    fn a_summary_names_only_what_there_was() {
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
    fn a_summary_tells_of_pending_snapshots_and_of_a_broken_world() {
        let run = RunSummary {
            passed: 1,
            pending: 2,
            broken: Some("no engine answers".to_owned()),
            seconds: 0.5,
            ..RunSummary::default()
        };
        assert_eq!(
            summary(&run, &Style::colourless()),
            "1 passed in 0.5s\nerror: no engine answers\nhint: 2 snapshots waiting for review: `guide review`\n"
        );
    }

    #[test]
    fn a_run_of_nothing_says_so() {
        assert_eq!(
            summary(&RunSummary::default(), &Style::colourless()),
            "nothing to run in 0.0s\n"
        );
    }
}
