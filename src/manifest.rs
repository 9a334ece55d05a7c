//! MANIFEST: a minijinja template and values → YAML text, and the cluster objects in it. Pure.
//!
//! An undefined name is an error that names the file, the line and the nearest known name. Every template is rendered and parsed
//! while the book is planned, so that `guide check` finds a wrong one without a cluster. A template that uses names bound by earlier
//! steps can only be compiled at that time; the engine renders it with [`render_late`] when its chapter runs.

mod complexity;
mod environment;
mod late;
mod objects;
mod template;
mod values;
mod yaml;

pub(crate) use complexity::is_too_long;
pub(crate) use environment::strict_environment;
pub(crate) use late::{Bound, render_late};
pub(crate) use objects::{YamlObject, objects_of};
pub(crate) use template::{Rendered, Renderer, Template};
pub(crate) use values::{Ambiguity, plain_value, read_values};
pub(crate) use yaml::{Scalar, ScalarReader, yaml_documents};
