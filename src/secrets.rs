//! Keeps secrets out of everything that is shown or written. One masker serves every place that text goes to.
//!
//! Three sources tell what is secret: variables that a step names in `secret=`, the data of Secret objects in the cluster, and the
//! data of Secret objects in the book's own manifests. [`Masker`] finds their values in every form in which programs write them
//! ([`forms`] reads those forms); [`objects`] finds Secret objects in YAML and JSON.

mod forms;
mod masker;
mod objects;

pub use masker::Masker;
pub(crate) use masker::{MASK, MaskStream};
pub(crate) use objects::{secret_values, without_printed_secrets, without_secret_data};
