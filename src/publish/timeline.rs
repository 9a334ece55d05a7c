//! The run of a chapter as bars: when each step began, how long it took, and which steps waited.

use minijinja::context;

use super::html::{html, id, render, seconds, text};
use crate::plan::{PlannedChapter, Role, Step};
use crate::recording::{RecordedStep, Recording};

const WIDTH: f64 = 720.0;
const LEFT: f64 = 170.0;
/// The space for the longest time after a bar.
const RIGHT: f64 = 84.0;
const ROW: f64 = 17.0;
/// The fewest steps for which a picture is drawn.
const FEWEST: usize = 2;

struct Bar<'a> {
    step: &'a RecordedStep,
    began: f64,
    waits_for: Option<String>,
}

/// The picture; empty for fewer than [`FEWEST`] steps.
#[expect(clippy::too_many_lines, reason = "one picture, drawn from top to bottom")]
pub(super) fn timeline(recording: &Recording, chapter: &PlannedChapter) -> String {
    let bars = bars(recording, chapter);
    if bars.len() < FEWEST {
        return String::new();
    }
    let end = bars.iter().map(|bar| bar.began + bar.step.seconds).fold(0.0, f64::max).max(0.001);
    let x = |at: f64| LEFT + at / end * (WIDTH - LEFT - RIGHT);
    let height = bars.len() as f64 * ROW + 22.0;
    let name = format!("time-{}-{}", id(&recording.chapter), id(&recording.profile));
    let longest = bars.iter().max_by(|a, b| a.step.seconds.total_cmp(&b.step.seconds));
    let longest = longest.map_or(String::new(), |bar| {
        format!(", the longest {} with {}", bar.step.step, seconds(bar.step.seconds))
    });
    let title = format!("{} steps in {}{longest}", bars.len(), seconds(end));
    let mut svg = format!(
        "<svg class=\"g-time\" viewBox=\"0 0 {WIDTH} {height:.0}\" role=\"img\" aria-labelledby=\"{name}\"><title id=\"{name}\">{}</title>",
        text(&title)
    );
    for (number, bar) in bars.iter().enumerate() {
        let top = number as f64 * ROW;
        let (left, width) =
            (x(bar.began), (x(bar.began + bar.step.seconds) - x(bar.began)).max(1.5));
        let class = if bar.waits_for.is_some() { "g-bar g-wait" } else { "g-bar" };
        svg.push_str(&format!(
            "<text x=\"{:.0}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
            LEFT - 6.0,
            top + 12.0,
            text(&short(&bar.step.step))
        ));
        svg.push_str(&format!(
            "<rect class=\"{class}\" x=\"{left:.1}\" y=\"{:.1}\" width=\"{width:.1}\" height=\"11\" rx=\"1.5\"></rect>",
            top + 3.0
        ));
        svg.push_str(&format!(
            "<text x=\"{:.1}\" y=\"{:.1}\">{}</text>",
            left + width + 4.0,
            top + 12.0,
            seconds(bar.step.seconds)
        ));
    }
    let bottom = bars.len() as f64 * ROW;
    svg.push_str(&format!(
        "<line class=\"g-ruler\" x1=\"{LEFT}\" x2=\"{:.1}\" y1=\"{bottom:.1}\" y2=\"{bottom:.1}\"></line>",
        x(end)
    ));
    svg.push_str(&format!(
        "<text x=\"{LEFT}\" y=\"{:.1}\">0</text><text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text></svg>",
        bottom + 15.0,
        x(end),
        bottom + 15.0,
        seconds(end)
    ));
    let row = |bar: &Bar<'_>| {
        let waited = bar.waits_for.clone().unwrap_or_default();
        [bar.step.step.clone(), seconds(bar.began), seconds(bar.step.seconds), waited]
    };
    render(
        "pictures",
        context! {
            svg => html(svg),
            label => "Timeline",
            has_waited => bars.iter().any(|bar| bar.waits_for.is_some()),
            table => "The times as a table",
            table_label => "Times",
            columns => ["step", "began after", "took", "waited for"],
            heading_column => 0,
            rows => bars.iter().map(row).collect::<Vec<_>>(),
        },
    )
}

/// The steps of the last run in the order in which they began. Steps recorded in an earlier run are not shown.
fn bars<'a>(recording: &'a Recording, chapter: &'a PlannedChapter) -> Vec<Bar<'a>> {
    let ended = |step: &RecordedStep| {
        step.at.parse::<jiff::Timestamp>().ok().map(|at| at.as_millisecond() as f64 / 1000.0)
    };
    let Some(last) = ended_at(recording) else { return Vec::new() };
    let first = last - recording.seconds - 5.0;
    let timed: Vec<(f64, &RecordedStep)> = recording
        .steps
        .iter()
        .filter(|step| step.up_to_date.is_empty() && !is_hidden(step, chapter))
        .filter_map(|step| Some((ended(step)? - step.seconds, step)))
        .filter(|(began, _)| *began >= first)
        .collect();
    let zero = timed.iter().map(|(began, _)| *began).fold(f64::INFINITY, f64::min);
    let mut bars: Vec<Bar<'_>> = timed
        .into_iter()
        .map(|(began, step)| Bar { step, began: began - zero, waits_for: waits_for(step, chapter) })
        .collect();
    bars.sort_by(|a, b| a.began.total_cmp(&b.began));
    bars
}

/// Whether the page omits the step.
fn is_hidden(step: &RecordedStep, chapter: &PlannedChapter) -> bool {
    let hidden = chapter.steps.iter().filter(|planned| planned.attributes.hidden);
    hidden.map(|planned| planned.id.step.as_str()).any(|name| name == step.step)
}

fn ended_at(recording: &Recording) -> Option<f64> {
    recording.at.parse::<jiff::Timestamp>().ok().map(|at| at.as_millisecond() as f64 / 1000.0)
}

/// The step that a check waited for, if it needed more than one attempt.
fn waits_for(step: &RecordedStep, chapter: &PlannedChapter) -> Option<String> {
    let planned: &Step =
        chapter.steps.iter().find(|planned| planned.id.step.as_str() == step.step)?;
    let Role::Verify { proves } = &planned.role else { return None };
    let waited = step.attempts > 1 || (planned.attributes.until.is_some() && step.seconds > 1.0);
    waited.then(|| {
        proves.map_or_else(
            || "the world".to_owned(),
            |index| chapter.steps[index].id.step.to_string(),
        )
    })
}

fn short(name: &str) -> String {
    if name.chars().count() <= 24 {
        name.to_owned()
    } else {
        name.chars().take(23).chain(['…']).collect()
    }
}
