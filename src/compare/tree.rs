//! Compares JSON and YAML by structure: fields in any order, lists in order, and lists of named
//! objects by name.
//!
//! Several documents (YAML's `---`, or one JSON value on each line) are one list. The fields that
//! the server writes into a Kubernetes object are omitted on both sides (see [`place`]), and the
//! normalizers apply to text values. A number is compared in its written form: `1.30` is not `1.3`,
//! and no digit of a long number is lost. A pattern may take the place of a value (`replicas:
//! <n:int>`, `image: nginx:[..]`). A line `...` allows further fields of an object, or further
//! elements of a list.

mod json;
mod marks;
mod place;
mod quote_yaml;
mod read;
mod walk;
mod yaml;

use super::difference::Differences;
use super::lines::compare_lines;
use super::normalize::Rules;
use super::pattern::Scope;
use super::verdict::{Bindings, Verdict};
use crate::book::SnapshotKind;

pub(super) use json::without_marks;
pub(super) use marks::{ANY_MORE, NUMBER, TAG};
pub(super) use place::Place;
pub(super) use read::{read, read_expected};

/// Compares by structure. `None` if the accepted text cannot be read as that kind.
pub(super) fn compare_trees(
    kind: SnapshotKind,
    accepted: &str,
    actual: &str,
    bound: &Bindings,
    rules: Rules,
) -> Option<Verdict> {
    let expected = read_expected(kind, accepted)?;
    let mut found = Differences::default();
    let mut scope = Scope::new(bound);
    match read(kind, actual) {
        Ok(documents) => {
            let sides = (rules.accepted(accepted), rules.output(actual));
            walk::Walk {
                accepted: &sides.0,
                output: &sides.1,
                scope: &mut scope,
                found: &mut found,
            }
            .documents(&expected, &documents);
        }
        // A text that is not JSON on either side, for example `...`, can still be the same text.
        Err(_) if lines_match(accepted, actual, bound, rules) => {}
        Err(why) => {
            let kind = if kind == SnapshotKind::Json { "JSON" } else { "YAML" };
            let came = actual.trim();
            found.changed(
                format!("the output is no {kind} ({why})"),
                accepted,
                if came.is_empty() { "nothing" } else { came },
                Some(1),
            );
        }
    }
    Some(if found.is_empty() {
        Verdict::Same { bound: scope.bound_here }
    } else {
        Verdict::Differs(found.into_vec())
    })
}

fn lines_match(accepted: &str, actual: &str, bound: &Bindings, rules: Rules) -> bool {
    matches!(compare_lines(accepted, actual, Some(rules), bound), Verdict::Same { .. })
}

#[cfg(test)]
mod tests;
