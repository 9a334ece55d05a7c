//! TEXT: small pure functions on text that several rooms use: what may be shown on a terminal, and how a word is quoted for bash.

pub(crate) mod sanitize;
pub(crate) mod shell_word;
