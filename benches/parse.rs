//! Parsing and planning a book of 5 MB in 20 chapters and 20,000 steps, each with its expected output, beside pulldown-cmark's own
//! time over it.
//!
//! `cargo bench --bench parse` prints the ratio of the medians of interleaved rounds, then criterion's figures. Goal: at most 2.

#![expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
#![expect(clippy::print_stdout, reason = "a benchmark tells its figure")]

use std::fmt::Write;
use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::Criterion;
use guide::testing::book::{BookText, MARKDOWN, parse_book};
use guide::testing::plan::{PlanRequest, make_plan};

const CHAPTERS: usize = 20;
const STEPS: usize = 20_000;
const BYTES: usize = 5_000_000;
const ROUNDS: usize = 31;

fn chapter() -> String {
    let mut text = String::with_capacity(BYTES / CHAPTERS + 4096);
    for step in 0..STEPS / CHAPTERS {
        let begin = text.len();
        let _ = write!(
            text,
            "## Step {step}\n\nWhat `b{step}` does, and *why* it is done before the next one: "
        );
        let fences = format!(
            "\n\n```bash {{name=b{step}}}\necho block {step}\n```\n\n```output\nblock {step}\n```\n\n"
        );
        while text.len() - begin + fences.len() < BYTES / STEPS {
            text.push_str("text of the sort that a chapter has. ");
        }
        text.push_str(&fences);
    }
    text
}

fn markdown(text: &str) -> usize {
    let events = |_| pulldown_cmark::Parser::new_ext(text, MARKDOWN).into_offset_iter().count();
    (0..CHAPTERS).map(events).sum()
}

fn guide(text: &str) -> usize {
    let paths: Vec<String> = (0..CHAPTERS).map(|at| format!("guide/chapter-{at}.md")).collect();
    let chapters = paths.iter().map(|path| (path.as_str(), text));
    let (book, problems) = parse_book(BookText::of_chapters(chapters));
    assert!(problems.is_empty(), "{problems:?}");
    let plan =
        make_plan(&book, &PlanRequest::default()).unwrap_or_else(|problems| panic!("{problems:?}"));
    plan.chapters.iter().map(|chapter| chapter.steps.len()).sum()
}

fn timed(work: impl FnOnce() -> usize) -> Duration {
    let start = Instant::now();
    black_box(work());
    start.elapsed()
}

fn main() {
    let text = chapter();
    assert_eq!(guide(&text), STEPS);
    let (mut bare, mut full): (Vec<_>, Vec<_>) =
        (0..ROUNDS).map(|_| (timed(|| markdown(&text)), timed(|| guide(&text)))).unzip();
    bare.sort_unstable();
    full.sort_unstable();
    let (bare, full) = (bare[ROUNDS / 2].as_secs_f64() * 1e3, full[ROUNDS / 2].as_secs_f64() * 1e3);
    println!(
        "{} bytes, {CHAPTERS} chapters, {STEPS} steps, {ROUNDS} rounds: pulldown-cmark {bare:.1} ms, guide parse + plan {full:.1} ms",
        text.len() * CHAPTERS
    );
    println!("ratio {:.2}", full / bare);

    let mut criterion = Criterion::default().configure_from_args();
    criterion
        .bench_function("pulldown-cmark", |bencher| bencher.iter(|| markdown(black_box(&text))));
    criterion.bench_function("parse and plan", |bencher| bencher.iter(|| guide(black_box(&text))));
    criterion.final_summary();
}
