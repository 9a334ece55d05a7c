//! PLAN: Book + values + selection (+ [`Past`]) → [`Plan`]. Pure: checks everything that needs no world.
//!
//! A [`Step`] here is resolved: its profile fits, the step it proves is an id, its fingerprint is known. Only a resolved step
//! can be executed.

mod chapter;
pub(crate) mod condition;
mod context;
mod coverage;
mod created;
mod made_of;
mod needs;
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
pub(crate) use made_of::{MadeOf, NamedFiles, fits, may_apply};
pub use resolve::{PlanRequest, make_plan};
pub(crate) use selection::{ChapterSelection, Selection, pick};
pub(crate) use shards::{ShardCount, ShardNumber, Split, timed_chapters};
pub(crate) use step::{FromBefore, Plan, PlannedChapter, RenderedManifest, Role, Step};
pub(crate) use values::variables_of;
