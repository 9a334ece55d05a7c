//! The marks with which a tree keeps what JSON values cannot express.
//!
//! A number becomes a text after [`NUMBER`], so that it keeps its written form, and a tag of YAML a
//! text after [`TAG`]. A key that a JSON object contains a second time ends with [`TWICE`]. A
//! readable text contains none of these characters.

/// The key or element that allows any further ones.
pub(in crate::compare) const ANY_MORE: &str = "...";

/// The mark in front of a number.
pub(in crate::compare) const NUMBER: char = '\u{e000}';

/// The mark after a repeated key.
pub(in crate::compare) const TWICE: char = '\u{e001}';

/// The mark in front of a tag.
pub(in crate::compare) const TAG: char = '\u{e002}';
