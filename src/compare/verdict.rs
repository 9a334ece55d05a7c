//! How an output compares with what was expected. No rendering, no colour.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Values bound by `<name>` patterns so far in a chapter.
pub type Bindings = BTreeMap<String, String>;

/// What comparing found.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// As expected; with the names it bound anew.
    Same {
        /// Names bound by this comparison, to become variables of later steps.
        bound: Bindings,
    },
    /// Not as expected.
    Differs(Vec<Difference>),
    /// Nothing was accepted yet.
    New,
}

/// One difference, as a reader thinks of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Difference {
    /// A table's row (by its key columns) or a line that was expected and is not there.
    Missing {
        /// `row pod/web-…`, `line 3`, `field spec.replicas`.
        what: String,
        /// Its text.
        expected: String,
        /// 1-based line in the expected text, where it has one.
        line: Option<u32>,
    },
    /// Something that was not expected.
    Unexpected {
        /// As in `Missing`.
        what: String,
        /// Its text.
        actual: String,
        /// 1-based line in the output.
        line: Option<u32>,
    },
    /// Something that is there but otherwise.
    Changed {
        /// `row web, column READY`, `line 3`, `field spec.replicas`.
        what: String,
        /// What was expected.
        expected: String,
        /// What came.
        actual: String,
        /// 1-based line in the expected text.
        line: Option<u32>,
    },
    /// A pattern that could not bind, or a bound name that is not equal now.
    Binding {
        /// The name.
        name: String,
        /// What is wrong with it, in words.
        why: String,
        /// 1-based line in the expected text.
        line: Option<u32>,
    },
}
