//! Manifests: minijinja template + values → YAML text, strict (undefined is an error with file, line and nearest name). Pure.
//!
//! Every template is rendered while planning, and what came out is parsed, so that `check` finds a bad one without a cluster. A
//! template that uses names bound by earlier steps can only be compiled then; the engine renders it by [`render_late`].

mod complexity;
mod objects;
mod template;
mod values;
mod yaml;

pub(crate) use complexity::is_too_long;
pub(crate) use objects::{Found, objects_of};
pub(crate) use template::{Bound, Rendered, Renderer, Template, render_late, strict};
pub(crate) use values::{Doubt, plain_value, read_values};
pub(crate) use yaml::{Reading, Scalar, yaml_documents};
