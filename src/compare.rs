//! COMPARE: an output and an expected or accepted text → [`Verdict`]. Pure.
//!
//! Both an `output` fence and an accepted snapshot are read as *patterns* (see [`pattern`]). They
//! differ in the other differences that are ignored. A fence of a step without `snapshot=` is
//! compared exactly, except for its patterns. With a [`SnapshotKind`] the comparison is by
//! structure, and the active normalizers (see [`normalize`]) apply to both sides. Accepted output
//! is written with escapes, so that no part of it is a pattern.
//!
//! A comparison is never an error: an output that cannot be read as the requested kind *differs*,
//! and the difference says why.

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
mod pod_names;
mod strip_ansi;
mod table;
mod table_text;
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
