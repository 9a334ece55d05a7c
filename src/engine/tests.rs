//! Tests of the engine on a scripted world, with a clock that moves only when a test or a wait moves it. No test takes real time.
//!
//! Each test compares the whole story of a run: its chapters, its attempts with their times, its outcomes, and its summary.

mod background;
mod book;
mod broken_run;
mod confirm;
mod done;
mod fake_clock;
mod flow;
mod interrupt;
mod oracle;
mod ports;
mod resume;
mod retry;
mod snapshots;
mod step;
mod story;
mod time_limit;
mod up_to_date;
mod verify;

/// Compares the story that a run reported with an expected one, whose indentation is removed.
macro_rules! assert_story {
    ($ran:expr, $story:expr $(,)?) => {
        let (actual, expected) =
            ($ran.story.clone(), crate::engine::tests::story::unindent($story));
        assert!(actual == expected, "expected:\n{expected}\nactual:\n{actual}");
    };
}
use assert_story;
