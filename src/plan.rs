//! PLAN: Book + values + selection (+ [`Past`]) → [`Plan`]. Pure: checks everything that needs no world.
//!
//! A [`Step`] here is resolved: its profile fits, the step it proves is an id, its fingerprint is known. Only a resolved step
//! can be executed.

mod attribute_text;
mod chapter;
mod fingerprint;
mod made_of;
mod needs;
#[cfg(test)]
mod plan_tests;
mod resolve;
mod resume;
mod roles;
mod select;
mod step;
mod step_record;
mod target;
mod values;

pub use attribute_text::attribute_text;
pub use fingerprint::Fingerprint;
pub use made_of::{MadeOf, NamedFiles, named_files};
pub use resolve::{PlanRequest, make_plan};
pub use resume::{
    END, Past, PastChapter, PastStep, Position, Resume, background_again, checks_behind, is_run_from, resume_point,
    start_after_checks, still_so_checks,
};
pub use step::{FromBefore, ObjectRef, Plan, PlannedChapter, RenderedManifest, Role, Step, StepId};
pub use step_record::{Standing, StepRecord};
pub use target::{Pick, Selection, Target, pick};
