//! PLAN: Book + values + selection (+ [`Past`]) → [`Plan`]. Pure: checks everything that needs no world.
//!
//! A [`Step`] here is resolved: its profile fits, the step it proves is an id, its fingerprint is known. Only a resolved step
//! can be executed.

mod attribute_text;
mod chapter;
mod made_of;
mod needs;
#[cfg(test)]
mod plan_tests;
mod resolve;
mod roles;
mod select;
mod step;
mod target;
mod values;

pub use attribute_text::attribute_text;
pub use made_of::{MadeOf, NamedFiles, named_files};
pub use resolve::{PlanRequest, make_plan};
pub use step::{FromBefore, Plan, PlannedChapter, RenderedManifest, Role, Step};
pub use target::{Pick, Selection, Target, pick};
pub use values::variables_of;
