//! The text of `guide status --times`: how a run's time was spent, one line for each chapter.

use super::humanize::duration;
use crate::event::Event;
use crate::ids::StepId;

/// How many of a chapter's slowest steps are named.
const NAMED: usize = 3;

/// How the time of one chapter was spent, in seconds.
struct Chapter {
    name: String,
    steps: usize,
    all: f64,
    in_steps: f64,
    slowest: Vec<(f64, StepId)>,
}

/// A table: chapter, number of steps, total time, time in steps, time between steps, and slowest steps.
///
/// The time between steps contains the runner's own share, the checks whether a step is up to date, and the waiting for background
/// steps. It is an upper bound for what the runner adds. Chapters that have not ended are omitted.
pub(crate) fn times(events: &[Event]) -> String {
    let chapters = chapters(events);
    let mut rows =
        vec![["chapter", "steps", "all", "in steps", "between", "slowest"].map(str::to_owned)];
    rows.extend(chapters.iter().map(row));
    if chapters.len() > 1 {
        let sum = |of: fn(&Chapter) -> f64| chapters.iter().map(of).sum::<f64>();
        let (all, in_steps) = (sum(|chapter| chapter.all), sum(|chapter| chapter.in_steps));
        let steps = chapters.iter().map(|chapter| chapter.steps).sum();
        rows.push(row(&Chapter {
            name: "all".to_owned(),
            steps,
            all,
            in_steps,
            slowest: Vec::new(),
        }));
    }
    aligned(&rows)
}

fn chapters(events: &[Event]) -> Vec<Chapter> {
    let mut ended = Vec::new();
    let mut steps: Vec<(f64, StepId)> = Vec::new();
    for event in events {
        match event {
            Event::ChapterStarted { .. } => steps.clear(),
            Event::StepFinished(step) => steps.push((step.seconds, step.step.clone())),
            Event::ChapterFinished { chapter, seconds, .. } if !steps.is_empty() => {
                let in_steps = steps.iter().map(|(seconds, _)| seconds).sum();
                let count = steps.len();
                let mut slowest = std::mem::take(&mut steps);
                slowest.sort_by(|one, other| other.0.total_cmp(&one.0));
                slowest.truncate(NAMED);
                ended.push(Chapter {
                    name: chapter.as_str().to_owned(),
                    steps: count,
                    all: *seconds,
                    in_steps,
                    slowest,
                });
            }
            _ => {}
        }
    }
    ended
}

fn row(chapter: &Chapter) -> [String; 6] {
    let between = (chapter.all - chapter.in_steps).max(0.0);
    let share = if chapter.all > 0.0 { between / chapter.all * 100.0 } else { 0.0 };
    let named: Vec<_> = chapter
        .slowest
        .iter()
        .map(|(seconds, step)| format!("{} {}", step.step.as_str(), duration(*seconds)))
        .collect();
    [
        chapter.name.clone(),
        chapter.steps.to_string(),
        duration(chapter.all),
        duration(chapter.in_steps),
        format!("{} ({share:.1} %)", duration(between)),
        named.join(", "),
    ]
}

/// Columns with two spaces between them. The first and the last column are aligned left, the numbers right.
fn aligned(rows: &[[String; 6]]) -> String {
    let width =
        |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; 6] = std::array::from_fn(width);
    let mut text = String::new();
    for row in rows {
        let mut line = format!("{:<width$}", row[0], width = widths[0]);
        for column in 1..5 {
            line += &format!("  {:>width$}", row[column], width = widths[column]);
        }
        text += format!("{line}  {}", row[5]).trim_end();
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::samples::{chapter_started, finished};
    use crate::event::{ChapterOutcome, Outcome, StepFinished};
    use crate::ids::ChapterName;

    fn step(id: &str, seconds: f64) -> Event {
        Event::StepFinished(StepFinished { seconds, ..finished(id, Outcome::Passed) })
    }

    fn ended(chapter: &str, seconds: f64) -> Event {
        let chapter = ChapterName::new(chapter);
        Event::ChapterFinished {
            chapter,
            outcome: ChapterOutcome::Passed,
            fingerprint: None,
            done: Vec::new(),
            seconds,
        }
    }

    #[test]
    fn each_chapter_has_a_line_with_its_slowest_steps_and_the_time_between_steps() {
        let events = [
            chapter_started("chapter-1", 4),
            step("chapter-1/curl", 1.0),
            step("chapter-1/create", 40.0),
            step("chapter-1/dns", 2.0),
            step("chapter-1/nodes", 6.5),
            ended("chapter-1", 50.0),
            chapter_started("chapter-2", 1),
            step("chapter-2/page", 10.0),
            ended("chapter-2", 10.0),
        ];
        assert_eq!(
            times(&events),
            "\
chapter    steps     all  in steps       between  slowest
chapter-1      4   50.0s     49.5s  0.5s (1.0 %)  create 40.0s, nodes 6.5s, dns 2.0s
chapter-2      1   10.0s     10.0s  0.0s (0.0 %)  page 10.0s
all            5  1m 00s     59.5s  0.5s (0.8 %)
"
        );
    }

    #[test]
    fn a_chapter_that_has_not_ended_is_omitted() {
        assert_eq!(
            times(&[chapter_started("chapter-1", 1), step("chapter-1/curl", 1.0)]),
            "chapter  steps  all  in steps  between  slowest\n"
        );
    }
}
