//! PLAN: a book, values and a selection → [`Plan`]. Pure: it checks everything that needs no world.
//!
//! A [`Step`] of a plan is resolved: it belongs to the profile, the step that it proves is an index, and its fingerprint is known.
//! Only a resolved step can run.

mod chapter;
pub(crate) mod condition;
mod context;
mod coverage;
mod created;
mod made_of;
mod needs;
mod parts;
mod resolve;
mod roles;
mod select;
mod selection;
mod shards;
mod step;
#[cfg(test)]
mod tests;
mod values;

pub(crate) use coverage::{Coverage, coverage};
pub(crate) use created::creating_step;
pub(crate) use made_of::{MadeOf, NamedFiles};
pub(crate) use parts::{fits, may_apply};
pub use resolve::{PlanRequest, make_plan};
pub(crate) use selection::{ChapterSelection, Selection, pick};
pub(crate) use shards::{ShardCount, ShardNumber, Split, timed_chapters};
pub(crate) use step::{FromBefore, Plan, PlannedChapter, RenderedManifest, Role, Step};
pub(crate) use values::variables_of;
