//! What the surroundings of a text prove about it.

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::line::{POD_HASH, RANDOM};
use crate::compare::table::rows_of;

/// What a whole text proves about its lines.
#[derive(Debug, Clone, Default)]
pub(super) struct Evidence {
    /// It prints Kubernetes objects as YAML or JSON: `apiVersion` and `metadata` stand in it.
    pub objects: bool,
    /// Names of ReplicaSets that pods in the text belong to: `web-7d4b9c6f5`, from `web-7d4b9c6f5-x2x9z`.
    pub replica_sets: BTreeSet<String>,
    /// Lines that are rows of a table, with their cells: a column's name is evidence in a text, too.
    pub rows: HashMap<String, Vec<Cell>>,
}

/// A cell of a row.
#[derive(Debug, Clone)]
pub(in crate::compare) struct Cell {
    /// Where in the row.
    pub range: Range<usize>,
    /// Its column.
    pub column: String,
    /// What the table is one of.
    pub kind: TableKind,
}

/// Columns that prove something of their cells; a table without them needs no look.
const TELLING: [&str; 6] = ["AGE", "LAST SEEN", "CLUSTER-IP", "NODE", "COMPLETIONS", "READY"];

static POD: LazyLock<Regex> = LazyLock::new(|| {
    let pattern =
        format!("([a-z0-9](?:[a-z0-9.-]*[a-z0-9])?-{POD_HASH})-{RANDOM}(?:[^A-Za-z0-9_-]|$)");
    Regex::new(&pattern).expect("the expression is tested")
});

impl Evidence {
    pub(super) fn of(text: &str) -> Self {
        let objects = text.contains("apiVersion") && text.contains("metadata");
        let replica_sets = if text.contains('-') {
            let names = POD.captures_iter(text).map(|hit| hit[1].to_owned());
            names
                .filter(|name| is_mixed(name.rsplit('-').next().unwrap_or_default()))
                .take(10_000)
                .collect()
        } else {
            BTreeSet::new()
        };
        let telling = TELLING.iter().any(|column| text.contains(column));
        let rows = if telling { rows_of(text) } else { HashMap::new() };
        Self { objects, replica_sets, rows }
    }
}

/// Does the name end in what a ReplicaSet makes?
fn is_pod(name: &str) -> bool {
    POD.captures(name).is_some_and(|hit| is_mixed(hit[1].rsplit('-').next().unwrap_or_default()))
}

/// Letters and digits: a number alone, or a word alone, may be somebody's.
pub(super) fn is_mixed(text: &str) -> bool {
    text.bytes().any(|byte| byte.is_ascii_digit())
        && text.bytes().any(|byte| byte.is_ascii_alphabetic())
}

/// What a table's columns and rows prove it to be a table of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is one piece of evidence")]
pub(in crate::compare) struct TableKind {
    /// Pods: their names end in what controllers make.
    pub pods: bool,
    /// ReplicaSets.
    pub replica_sets: bool,
    /// Jobs.
    pub jobs: bool,
    /// Endpoint slices.
    pub slices: bool,
    /// Objects of a cluster, of whichever kind.
    pub objects: bool,
}

impl TableKind {
    /// `cell` gives a row's cell of a column.
    pub(crate) fn of<'t>(
        columns: &[&str],
        rows: usize,
        cell: impl Fn(usize, &str) -> Option<&'t str>,
    ) -> Self {
        let has = |name: &str| columns.contains(&name);
        let any = |name: &str, test: &dyn Fn(&str) -> bool| {
            (0..rows).any(|row| cell(row, name).is_some_and(test))
        };
        let of_ready = |text: &str| {
            text.split_once('/').is_some_and(|(one, all)| {
                [one, all]
                    .iter()
                    .all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
            })
        };
        let phase =
            |text: &str| matches!(text, "Running" | "Pending" | "Succeeded" | "Failed" | "Unknown");
        let pods = has("READY") && has("STATUS") && (has("RESTARTS") || any("READY", &of_ready))
            || has("NODE") && (any("PHASE", &phase) || any("STATUS", &phase))
            || any("NAME", &|name| is_pod(name));
        Self {
            pods,
            replica_sets: has("DESIRED")
                && has("CURRENT")
                && has("READY")
                && has("AGE")
                && !has("NODE SELECTOR"),
            jobs: has("COMPLETIONS") && has("AGE"),
            slices: has("ADDRESSTYPE") && has("ENDPOINTS"),
            objects: pods || has("AGE") || has("CLUSTER-IP"),
        }
    }
}
