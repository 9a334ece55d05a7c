//! The engine on a scripted world, with a clock that moves only when somebody waits. No test takes real time.
//!
//! Each test compares the whole story of a run: its chapters, its attempts with their time, its outcomes, and its summary.

mod background;
mod book;
mod done;
mod edges;
mod flow;
mod interrupt;
mod resume;
mod retry;
mod snapshots;
mod up_to_date;
mod verify;

pub(super) use book::FakeClock;

/// Compares a story, written with indentation, with what a run reported.
macro_rules! assert_story {
    ($ran:expr, $story:expr $(,)?) => {
        let (actual, expected) = ($ran.story.clone(), crate::engine::tests::book::unindent($story));
        assert!(actual == expected, "expected:\n{expected}\nactual:\n{actual}");
    };
}
use assert_story;
