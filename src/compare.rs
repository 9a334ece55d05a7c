//! COMPARE: Output + expected or accepted text → [`Verdict`]. Pure.
//!
//! Both an `output` fence and an accepted snapshot are read as *patterns* (see [`pattern`]); the difference is what else is
//! forgiven. A fence of a step without `snapshot=` is compared as written, its patterns aside. With a [`SnapshotKind`] the
//! comparison is by structure, and the normalizers in force (see [`normalize`]) apply to both sides. What is accepted is written with
//! escapes, so that it stands for itself alone.
//!
//! Never an error: an output that can't be read as the kind asked for *differs*, and says so.

mod accept;
mod difference;
mod fence_edit;
mod hidden;
mod hunk;
mod kind;
mod lines;
mod normalize;
mod normalized;
mod pattern;
mod strip_ansi;
mod table;
mod tree;
mod unified;
mod verdict;

pub(crate) use accept::{accept_fence, accept_snapshot, pattern_for};
pub(crate) use fence_edit::{FenceEditError, replace_fence_body};
pub(crate) use hidden::hidden;
pub(crate) use hunk::{Choice, Hunk, apply_hunks, hunks};
pub(crate) use kind::compare_fence;
pub use kind::compare_snapshot;
pub use normalize::Rules;
pub(crate) use strip_ansi::strip_ansi;
pub(crate) use unified::unified;
pub use verdict::Bindings;
pub(crate) use verdict::Difference;
pub use verdict::Verdict;
