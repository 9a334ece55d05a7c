//! COMPARE: Output + expected or accepted text → [`Verdict`]. Pure.
//!
//! Both an `output` fence and an accepted snapshot are read as *patterns* (see [`pattern`]); the difference is what else is
//! forgiven. A fence of a step without `snapshot=` is compared as written, its patterns aside. With a [`SnapshotKind`] the
//! comparison is by structure, and the normalizers in force (see [`normalise`]) apply to both sides. What is accepted is written with
//! escapes, so that it stands for itself alone.
//!
//! Never an error: an output that can't be read as the kind asked for *differs*, and says so.

mod accept;
mod body;
mod difference;
mod form;
mod hidden;
mod hunk;
mod lines;
mod normalise;
mod pattern;
mod plain;
mod storable;
mod table;
mod tree;
mod unified;
mod verdict;

pub(crate) use accept::{accept_fence, accept_snapshot, pattern_for};
pub(crate) use body::{BodyError, replace_body};
pub(crate) use form::compare_fence;
pub use form::compare_snapshot;
pub(crate) use hidden::hidden;
pub(crate) use hunk::{Choice, Hunk, apply_hunks, hunks};
pub use normalise::Rules;
pub(crate) use plain::plain;
pub(crate) use unified::unified;
pub use verdict::Bindings;
pub(crate) use verdict::Difference;
pub use verdict::Verdict;
