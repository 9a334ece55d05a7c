//! For GitHub Actions: annotations at the lines of the chapters, and a summary of the run in Markdown.

use std::collections::BTreeMap;

use super::failure::failure;
use super::humanize::{duration, summary};
use super::step_line::failure_in_short;
use super::style::Style;
use crate::event::{ChapterOutcome, Event, Outcome, Reporter, RunSummary, StepFinished};
use crate::text::sanitize::{for_display, one_line};

/// The longest text of an annotation, in bytes. GitHub truncates longer ones.
const ANNOTATION: usize = 4000;
/// How many annotations of one kind GitHub shows for a step of a workflow.
const ANNOTATIONS: usize = 10;
/// How many failures the summary contains in full. GitHub accepts at most 1 MiB.
const FAILURES: usize = 20;

/// Collects the events of a run for GitHub.
#[derive(Debug)]
pub(crate) struct Github {
    /// The book's folder in the repository, which precedes a chapter's path.
    prefix: String,
    book: String,
    annotations: Vec<String>,
    titles: BTreeMap<String, String>,
    rows: Vec<Row>,
    failures: Vec<String>,
    summary: RunSummary,
}

#[derive(Debug, Default)]
struct Row {
    chapter: String,
    counts: RunSummary,
    ended: Option<ChapterOutcome>,
    seconds: f64,
}

impl Github {
    /// `prefix` is the book's folder in the repository; empty if that is the repository itself.
    pub(crate) fn new(prefix: impl Into<String>) -> Self {
        let mut prefix = prefix.into();
        if !prefix.is_empty() && !prefix.ends_with('/') {
            prefix.push('/');
        }
        Self {
            prefix,
            book: String::new(),
            annotations: Vec::new(),
            titles: BTreeMap::new(),
            rows: Vec::new(),
            failures: Vec::new(),
            summary: RunSummary::default(),
        }
    }

    /// The workflow commands for stdout, one in each line.
    pub(crate) fn annotations(&self) -> String {
        self.annotations.concat()
    }

    /// The Markdown that is appended to the file that `GITHUB_STEP_SUMMARY` names.
    pub(crate) fn step_summary(&self) -> String {
        let counts = summary(&self.summary, &Style::colourless());
        let counts = counts.trim_end().replace('\n', "  \n");
        let mut text = format!("## {}\n\n{counts}\n", markdown(&self.book));
        text += "\n| chapter | passed | up to date | failed | took |\n| --- | --- | --- | --- | --- |\n";
        for row in &self.rows {
            let title = self.titles.get(&row.chapter).filter(|title| **title != row.chapter);
            let title = title.map_or(String::new(), |title| format!(" {}", markdown(title)));
            let (RunSummary { passed, up_to_date, failed, .. }, seconds) =
                (&row.counts, duration(row.seconds));
            let sign = sign(row);
            text += &format!(
                "| {sign} {}{title} | {passed} | {up_to_date} | {failed} | {seconds} |\n",
                row.chapter
            );
        }
        self.failures.iter().take(FAILURES).for_each(|failure| text += failure);
        if self.failures.len() > FAILURES {
            text += &format!("\n… and {} more failures.\n", self.failures.len() - FAILURES);
        }
        for_display(&text).into_owned()
    }

    fn row(&mut self, chapter: &str) -> &mut Row {
        let index = self.rows.iter().rposition(|row| row.chapter == chapter).unwrap_or_else(|| {
            self.rows.push(Row { chapter: chapter.to_owned(), ..Row::default() });
            self.rows.len() - 1
        });
        &mut self.rows[index]
    }

    fn step(&mut self, finished: &StepFinished) {
        let row = self.row(finished.step.chapter.as_str());
        match &finished.outcome {
            Outcome::Passed => row.counts.passed += 1,
            Outcome::UpToDate | Outcome::FoundSo | Outcome::TakenAsDone | Outcome::PassedBefore => {
                row.counts.up_to_date += 1;
            }
            Outcome::Pending => {
                row.counts.passed += 1;
                self.annotate(
                    "warning",
                    finished,
                    "new snapshot, pending review",
                    "accept it with `guide review`",
                );
            }
            Outcome::Skipped { why } => self.annotate("notice", finished, "skipped", why),
            Outcome::Interrupted => {
                self.annotate("error", finished, "interrupted", "the run was stopped while it ran");
            }
            Outcome::Failed(why) => {
                row.counts.failed += 1;
                let text = failure(finished, &Style::colourless());
                self.annotate("error", finished, &failure_in_short(why), &text);
                let fence = fence(&text);
                let step = &finished.step;
                self.failures.push(format!(
                    "\n<details><summary>{step}</summary>\n\n{fence}text\n{text}{fence}\n\n</details>\n"
                ));
            }
        }
    }

    fn annotate(&mut self, level: &str, finished: &StepFinished, title: &str, text: &str) {
        let start = format!("::{level} ");
        if self.annotations.iter().filter(|line| line.starts_with(&start)).count() == ANNOTATIONS {
            return;
        }
        let file = property(&format!("{}{}", self.prefix, finished.place.file.display()));
        let title = property(&format!("{}: {}", finished.step, one_line(title)));
        let text = data(text.trim_end());
        self.annotations.push(format!(
            "{start}file={file},line={},title={title}::{text}\n",
            finished.place.line
        ));
    }
}

impl Reporter for Github {
    fn report(&mut self, event: &Event) {
        match event {
            Event::RunStarted(run) => self.book.clone_from(&run.book),
            Event::ChapterStarted { chapter, title, .. } => {
                self.titles.insert(chapter.to_string(), title.clone());
            }
            Event::StepFinished(finished) => self.step(finished),
            Event::ChapterFinished { chapter, outcome, seconds, .. } => {
                let row = self.row(chapter.as_str());
                (row.ended, row.seconds) = (Some(*outcome), *seconds);
            }
            Event::RunFinished(run) => {
                self.summary = run.clone();
                if let Some(why) = &run.broken {
                    let hint = run.hint.iter().map(|hint| format!("\nhint: {hint}"));
                    let text: String = std::iter::once(why.clone()).chain(hint).collect();
                    self.annotations.push(format!("::error title=guide::{}\n", data(&text)));
                }
            }
            _ => {}
        }
    }
}

fn sign(row: &Row) -> &'static str {
    match row.ended {
        Some(ChapterOutcome::Passed) => "✅",
        Some(ChapterOutcome::UpToDate) => "↷",
        Some(ChapterOutcome::NotRun) => "·",
        Some(ChapterOutcome::Failed | ChapterOutcome::Interrupted) | None => "❌",
    }
}

/// A fence that is longer than every fence in the text.
fn fence(text: &str) -> String {
    let longest = text
        .lines()
        .map(|line| line.trim_start().chars().take_while(|sign| *sign == '`').count())
        .max();
    "`".repeat(longest.unwrap_or(0).max(2) + 1)
}

/// Text inside a table's cell or a heading.
fn markdown(text: &str) -> String {
    // A bracket would begin a link, an image, or a command (`##[`) for whoever prints the file.
    let text = one_line(text).replace('\\', "\\\\");
    text.replace('|', "\\|").replace('[', "\\[").replace('<', "&lt;")
}

/// The text of a workflow command.
pub(super) fn data(text: &str) -> String {
    let shown: Vec<String> = text.lines().map(one_line).collect();
    let shown = shown.join("\n");
    shown[..shown.floor_char_boundary(ANNOTATION)]
        .replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// A property of a workflow command.
pub(super) fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Failure;
    use crate::event::samples::{chapter_finished, chapter_started, finished, started};

    fn reported(events: &[Event]) -> Github {
        let mut github = Github::new("docs");
        for event in events {
            github.report(event);
        }
        github
    }

    fn failed(step: &str) -> Event {
        Event::StepFinished(finished(
            step,
            Outcome::Failed(Failure::Exit { code: 7, expected: "0".to_owned() }),
        ))
    }

    #[test]
    fn a_failure_is_annotated_at_its_line_and_no_text_in_it_can_end_the_command() {
        let why = Failure::Unrecoverable { why: "50%, or: pod::web\r\nnever".to_owned() };
        let github =
            reported(&[Event::StepFinished(finished("chapter-1/a", Outcome::Failed(why)))]);
        assert_eq!(
            github.annotations(),
            "::error file=docs/guide/chapter-1.md,line=57,title=chapter-1/a%3A gave up%3A 50%25%2C or%3A pod%3A%3Aweb\
             ::error: chapter-1/a failed: gave up: 50%25, or: pod::web%0A  --> guide/chapter-1.md:57%0Anever%0A\
             no output%0Ahint: fix it, then `guide run --resume`\n"
        );
    }

    #[test]
    fn a_summary_has_a_row_for_each_chapter_and_every_failure_in_full() {
        let github = reported(&[
            Event::RunStarted(started("run-1")),
            chapter_started("chapter-1", 2),
            Event::StepFinished(finished("chapter-1/a", Outcome::UpToDate)),
            Event::StepFinished(finished("chapter-1/b", Outcome::Pending)),
            chapter_finished("chapter-1", ChapterOutcome::Passed),
            chapter_started("chapter-2", 1),
            failed("chapter-2/c"),
            chapter_finished("chapter-2", ChapterOutcome::Failed),
            chapter_finished("chapter-3", ChapterOutcome::NotRun),
            Event::RunFinished(RunSummary {
                passed: 1,
                up_to_date: 1,
                failed: 1,
                seconds: 61.0,
                ..RunSummary::default()
            }),
        ]);
        assert_eq!(
            github.step_summary(),
            "\
## A cluster by hand

1 passed, 1 up to date, 1 failed in 1m 01s

| chapter | passed | up to date | failed | took |
| --- | --- | --- | --- | --- |
| ✅ chapter-1 Infrastructure | 1 | 1 | 0 | 12.0s |
| ❌ chapter-2 Infrastructure | 0 | 0 | 1 | 12.0s |
| · chapter-3 | 0 | 0 | 0 | 12.0s |

<details><summary>chapter-2/c</summary>

```text
error: chapter-2/c failed: exit 7, expected 0
  --> guide/chapter-2.md:57
no output
hint: fix it, then `guide run --resume`
```

</details>
"
        );
    }

    #[test]
    fn more_failures_than_github_shows_are_counted() {
        let events: Vec<Event> =
            (0..30).map(|step| failed(&format!("chapter-1/s{step}"))).collect();
        let github = reported(&events);
        assert_eq!(github.annotations().lines().count(), ANNOTATIONS);
        assert!(github.step_summary().ends_with("\n… and 10 more failures.\n"));
    }

    #[test]
    fn a_fence_is_longer_than_every_fence_in_its_text() {
        assert_eq!(fence("plain"), "```");
        assert_eq!(fence("  ````bash\ntrue\n  ````"), "`````");
    }

    #[test]
    fn a_world_that_did_not_answer_is_annotated() {
        let run = RunSummary {
            broken: Some("no engine\nhint: start it".to_owned()),
            ..RunSummary::default()
        };
        assert_eq!(
            reported(&[Event::RunFinished(run)]).annotations(),
            "::error title=guide::no engine%0Ahint: start it\n"
        );
    }
}
