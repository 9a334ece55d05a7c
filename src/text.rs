//! TEXT: small pure functions on text that several rooms use. They make text safe for a terminal,
//! shorten it, quote a word for bash, and find a word in a text.

pub(crate) mod sanitize;
pub(crate) mod shell_word;
pub(crate) mod truncate;
pub(crate) mod word_search;
