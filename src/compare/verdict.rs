//! The result of a comparison of an output with the expected text.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The names that `<name>` patterns of a chapter have bound, with their values.
pub type Bindings = BTreeMap<String, String>;

/// The result of a comparison.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// The output is as expected.
    Same {
        /// The names that this comparison bound. They become variables of later steps.
        bound: Bindings,
    },
    /// The output is not as expected.
    Differs(Vec<Difference>),
    /// There is no accepted text yet.
    New,
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Difference {
    /// A row of a table, a line or a field that was expected and is missing.
    Missing {
        /// `row pod/web-…`, `line 3`, `field spec.replicas`.
        what: String,
        /// Its text.
        expected: String,
        /// The line in the expected text, from 1, if there is one.
        line: Option<u32>,
    },
    /// A row, a line or a field that was not expected.
    Unexpected {
        /// As in `Missing`.
        what: String,
        /// Its text.
        actual: String,
        /// 1-based line in the output.
        line: Option<u32>,
    },
    /// A row, a line, a cell or a field with another text.
    Changed {
        /// `row web, column READY`, `line 3`, `field spec.replicas`.
        what: String,
        /// The expected text.
        expected: String,
        /// The actual text.
        actual: String,
        /// 1-based line in the expected text.
        line: Option<u32>,
    },
    /// A pattern that could not bind its name, or a bound name with another value now.
    Binding {
        /// The name.
        name: String,
        /// The reason.
        why: String,
        /// 1-based line in the expected text.
        line: Option<u32>,
    },
}
