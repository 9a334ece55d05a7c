//! The text of `guide review`: one hunk with the lines around it and the changed words marked, the keys, and the lists.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::diff_view::changed_words;
use super::humanize::count;
use super::json::json_text;
use super::style::Style;
use crate::book::Place;
use crate::compare::Hunk;
use crate::ids::StepId;
use crate::text::sanitize::{fit, one_line};

/// How many lines of a hunk are shown.
const MOST_LINES: usize = 40;
/// The longest line that is shown, in columns.
const WIDTH: usize = 160;

/// An output that is pending review.
#[derive(Debug, Clone)]
pub(crate) struct PendingOutput {
    /// The step that printed it.
    pub step: StepId,
    /// The step's place in the text; `None` for a recording of a whole chapter.
    pub place: Option<Place>,
    /// The snapshot's, the recording's or the chapter's file.
    pub file: PathBuf,
    /// It belongs to an `output` fence, and not to a snapshot or a recording.
    pub fence: bool,
    /// No output was accepted before.
    pub new: bool,
    /// The parts that normalizers hide.
    pub hidden: Vec<String>,
    /// The changes to the accepted text.
    pub hunks: Vec<Hunk>,
}

/// The result of the review of an output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reviewed {
    /// All of it was accepted.
    Accepted,
    /// A part of it was accepted.
    InPart,
    /// All of it was rejected.
    Rejected,
    /// It is still pending.
    Pending,
    /// It could not be written.
    Failed,
}

impl Reviewed {
    fn word(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::InPart => "accepted in part",
            Self::Rejected => "rejected",
            Self::Pending => "pending",
            Self::Failed => "not written",
        }
    }
}

/// One line for each pending output.
pub(crate) fn pending_text(outputs: &[PendingOutput], style: &Style) -> String {
    let lines = outputs.iter().map(|one| {
        format!("{}  {}  {}\n", style.strong(&one.step), what(one), style.faint(one.file.display()))
    });
    lines.collect()
}

/// One line for each output, with the result of its review.
pub(crate) fn reviewed_text(reviewed: &[(&PendingOutput, Reviewed)], style: &Style) -> String {
    let line = |(one, result): &(&PendingOutput, Reviewed)| {
        let word = match result {
            Reviewed::Accepted | Reviewed::InPart => style.passed(result.word()).to_string(),
            Reviewed::Failed => style.failed(result.word()).to_string(),
            Reviewed::Rejected | Reviewed::Pending => style.warning(result.word()).to_string(),
        };
        format!("{}  {word}  {}\n", style.strong(&one.step), style.faint(one.file.display()))
    };
    reviewed.iter().map(line).collect()
}

/// An array with one object for each output; `is` is the result of its review.
pub(crate) fn reviewed_json(reviewed: &[(&PendingOutput, Reviewed)]) -> String {
    let entry = |(one, result): &(&PendingOutput, Reviewed)| -> Value {
        let hunks: Vec<Value> = one
            .hunks
            .iter()
            .map(|hunk| json!({"line": hunk.start + 1, "old": hunk.old, "new": hunk.new}))
            .collect();
        json!({
            "step": one.step,
            "what": if one.fence { "fence" } else { kind(one) },
            "new": one.new,
            "is": result.word(),
            "file": one.file.display().to_string(),
            "chapter": one.place.as_ref().map(|place| place.file.display().to_string()),
            "line": one.place.as_ref().map(|place| place.line),
            "hidden": one.hidden,
            "hunks": hunks,
        })
    };
    json_text(&Value::from(reviewed.iter().map(entry).collect::<Vec<_>>()))
}

fn kind(one: &PendingOutput) -> &'static str {
    match one.file.extension() {
        _ if one.fence => "output fence",
        Some(extension) if extension == "json" => "recording",
        _ => "snapshot",
    }
}

fn what(one: &PendingOutput) -> String {
    let what = kind(one);
    if one.new {
        format!("new {what}")
    } else {
        format!("{what}, {}", count(one.hunks.len(), "change"))
    }
}

/// The hunk `index` of `one.hunks`. Its new lines are given, since they may be a pattern.
pub(crate) fn hunk_text(
    one: &PendingOutput,
    index: usize,
    new: &[String],
    style: &Style,
) -> String {
    let hunk = &one.hunks[index];
    let place = one.place.as_ref().map_or(String::new(), |place| format!(" {place}"));
    let number = if one.hunks.len() > 1 {
        format!(" {} of {}", index + 1, one.hunks.len())
    } else {
        String::new()
    };
    let mut text = format!(
        "\n{}  {}{}\n",
        style.strong(&one.step),
        what(one),
        style.faint(format!("{number}{place}"))
    );
    if index == 0 && !one.hidden.is_empty() {
        let hidden = one.hidden.iter().map(|what| one_line(what)).collect::<Vec<_>>().join(", ");
        text.push_str(&format!(
            "{}\n",
            style.faint(format!("    not compared (normalize=): {hidden}"))
        ));
    }
    let around = |line: &String| style.faint(format!("    {}", shown(line, style))).to_string();
    let mut lines: Vec<String> = hunk.before.iter().map(around).collect();
    let changed = changed_lines(&hunk.old, new, style);
    let hidden = changed.len().saturating_sub(MOST_LINES);
    lines.extend(changed.into_iter().take(MOST_LINES));
    if hidden > 0 {
        let more = format!("    {} {} more", style.symbols().ellipsis, count(hidden, "line"));
        lines.push(style.faint(more).to_string());
    }
    lines.extend(hunk.after.iter().map(around));
    for line in lines {
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

fn changed_lines(old: &[String], new: &[String], style: &Style) -> Vec<String> {
    if old.len() == new.len() {
        return old
            .iter()
            .zip(new)
            .flat_map(|(old, new)| changed_words(&shown(old, style), &shown(new, style), style))
            .collect();
    }
    let removed =
        old.iter().map(|line| style.removed(format!("  - {}", shown(line, style))).to_string());
    let added =
        new.iter().map(|line| style.added(format!("  + {}", shown(line, style))).to_string());
    removed.chain(added).collect()
}

fn shown(line: &str, style: &Style) -> String {
    fit(&one_line(line), WIDTH, style.symbols().ellipsis)
}

/// The line with the keys, which is printed under a hunk.
pub(crate) fn review_prompt(style: &Style) -> String {
    let key = |key: &str, rest: &str| format!("[{}]{rest}", style.strong(key));
    let keys = [
        key("a", "ccept"),
        key("r", "eject"),
        key("s", "kip"),
        key("p", "attern"),
        format!("{}{}{} all that follow", key("A", ""), key("R", ""), key("S", "")),
        key("q", "uit"),
    ];
    format!("{} ", keys.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::hunks;
    use crate::ids::{ChapterName, StepName};

    fn pending(old: Option<&str>, new: &str) -> PendingOutput {
        PendingOutput {
            step: StepId { chapter: ChapterName::new("chapter-1"), step: StepName::new("pods") },
            place: Some(Place {
                file: std::path::Path::new("guide/chapter-1.md").into(),
                line: 12,
            }),
            file: "snapshots/chapter-1/pods.snap".into(),
            fence: false,
            new: old.is_none(),
            hidden: Vec::new(),
            hunks: hunks(old.unwrap_or_default(), new),
        }
    }

    #[test]
    fn a_hunk_is_shown_with_the_lines_around_it_and_its_words_marked() {
        let one = pending(Some("a\nready 2/2 yes\nc\n"), "a\nready 1/2 yes\nc\n");
        assert_eq!(
            hunk_text(&one, 0, &one.hunks[0].new, &Style::colourless()),
            "\nchapter-1/pods  snapshot, 1 change guide/chapter-1.md:12\n    a\n  - ready 2/2 yes\n          ^^^\n  + ready 1/2 yes\n          ^^^\n    c\n"
        );
    }

    #[test]
    fn of_a_long_hunk_the_first_lines_are_shown_and_the_others_are_counted() {
        let one = pending(None, &"x\n".repeat(100));
        let text = hunk_text(&one, 0, &one.hunks[0].new, &Style::colourless());
        assert!(text.contains("new snapshot"), "{text}");
        assert!(text.ends_with("  + x\n    … 60 lines more\n"), "{text}");
    }

    #[test]
    fn in_json_each_entry_has_its_place_its_hunks_and_its_result() {
        let one = pending(Some("a\n"), "b\n");
        let json: Value =
            serde_json::from_str(&reviewed_json(&[(&one, Reviewed::Pending)])).unwrap();
        assert_eq!(
            json,
            json!([{
                "step": "chapter-1/pods", "what": "snapshot", "new": false, "is": "pending",
                "file": "snapshots/chapter-1/pods.snap", "chapter": "guide/chapter-1.md", "line": 12, "hidden": [],
                "hunks": [{"line": 1, "old": ["a"], "new": ["b"]}],
            }])
        );
    }
}
