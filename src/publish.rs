//! PUBLISH: Book + plans + recordings → chapters with what really came out beside each command. Pure: Markdown in, Markdown out.
//!
//! mdBook renders what comes out, whether it calls guide as a preprocessor or guide calls it. A command fence becomes one line of
//! HTML (a blank line would end it), so that what surrounds it stays Markdown. Nothing here runs a step, opens a file or knows the
//! clock; nothing that comes out asks another server for anything.

mod block;
mod html;
mod links;
mod manifest;
mod page;
mod plot;
mod preprocessor;
mod series;
mod shape;
mod status_panel;
mod timeline;
mod view;

pub(crate) use page::{annotate, assets};
pub(crate) use preprocessor::{Annotator, supports};
pub(crate) use view::View;
