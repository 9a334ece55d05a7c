//! TEXT: small pure functions on text that several rooms use. They decide what may be shown on a terminal, where a long text is
//! cut, how a word is quoted for bash, and where a word stands in a text.

pub(crate) mod sanitize;
pub(crate) mod shell_word;
pub(crate) mod truncate;
pub(crate) mod word_search;
