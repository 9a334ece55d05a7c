//! PUBLISH: a book, its plans and its recordings → chapters with the recorded output of each command. Pure: Markdown in, Markdown out.
//!
//! mdBook renders the result, whether it calls guide as a preprocessor or guide calls mdBook. A command fence becomes one line of HTML,
//! because a blank line would end the HTML; the text around it stays Markdown. The pages load nothing from other servers.

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
mod visible;

pub(crate) use page::{annotate, assets};
pub(crate) use preprocessor::{Annotator, supports};
pub(crate) use view::View;
pub(crate) use visible::{make_book_visible, make_visible, visible_line, visible_markdown};
