//! Evidence about a text from the text around it.

use std::collections::{BTreeSet, HashMap};

use crate::compare::pod_names::replica_sets_in;
use crate::compare::table_text::{Cell, rows_of};

/// The evidence of a whole text about its lines.
#[derive(Debug, Clone, Default)]
pub(super) struct Evidence {
    /// Whether the text prints Kubernetes objects as YAML or JSON, because it contains `apiVersion`
    /// and `metadata`.
    pub objects: bool,
    /// The names of the ReplicaSets of the pods in the text: `web-7d4b9c6f5`, from
    /// `web-7d4b9c6f5-x2x9z`.
    pub replica_sets: BTreeSet<String>,
    /// The lines that are rows of a table, with their cells, because a column's name is evidence in
    /// a text, too.
    pub rows: HashMap<String, Vec<Cell>>,
}

/// The columns that are evidence about their cells. A table without them is skipped.
const EVIDENT_COLUMNS: [&str; 6] =
    ["AGE", "LAST SEEN", "CLUSTER-IP", "NODE", "COMPLETIONS", "READY"];

impl Evidence {
    pub(super) fn of(text: &str) -> Self {
        let objects = text.contains("apiVersion") && text.contains("metadata");
        let replica_sets = replica_sets_in(text);
        let has_evidence = EVIDENT_COLUMNS.iter().any(|column| text.contains(column));
        let rows = if has_evidence { rows_of(text) } else { HashMap::new() };
        Self { objects, replica_sets, rows }
    }
}
