//! JSON and YAML by structure: fields in any order, lists in order, lists of named objects by name.
//!
//! Several documents (YAML's `---`, one JSON value a line) are one list. Volatile fields are left out on both sides, and the
//! normalisers apply to text values. Patterns stand where values stand (`replicas: <n:int>`, `image: nginx:[..]`); `...` alone on a
//! line lets an object have further fields, or a list further elements.

mod read;
mod walk;

use serde_json::Value;

use super::difference::Differences;
use super::lines::compare_lines;
use super::normalise::Rules;
use super::pattern::Scope;
use super::verdict::{Bindings, Verdict};
use crate::book::SnapshotKind;

pub(super) use read::{ANY_MORE, read, read_expected};
pub(super) use walk::leaf_text;

/// Fields that differ from run to run with no meaning, left out wherever they stand.
pub const VOLATILE_FIELDS: [&str; 37] = [
    "uid",
    "resourceVersion",
    "creationTimestamp",
    "deletionTimestamp",
    "managedFields",
    "selfLink",
    "generation",
    "observedGeneration",
    "generateName",
    "kubectl.kubernetes.io/last-applied-configuration",
    "kubectl.kubernetes.io/restartedAt",
    "deployment.kubernetes.io/revision",
    "pod-template-hash",
    "controller-revision-hash",
    "controller-uid",
    "batch.kubernetes.io/controller-uid",
    "lastTransitionTime",
    "lastUpdateTime",
    "lastProbeTime",
    "lastHeartbeatTime",
    "lastScheduleTime",
    "lastSuccessfulTime",
    "startTime",
    "startedAt",
    "finishedAt",
    "completionTime",
    "renewTime",
    "acquireTime",
    "firstTimestamp",
    "lastTimestamp",
    "eventTime",
    "containerID",
    "podIP",
    "podIPs",
    "hostIP",
    "hostIPs",
    "clusterIPs",
];

/// Compares by structure; `None` when the accepted text can't be read as that kind.
pub(super) fn compare_trees(
    kind: SnapshotKind,
    accepted: &str,
    actual: &str,
    bound: &Bindings,
    rules: &Rules,
) -> Option<Verdict> {
    let expected = read_expected(kind, accepted)?;
    let mut found = Differences::default();
    let mut scope = Scope::new(bound);
    match read(kind, actual) {
        Ok(actual) => walk::Walk { rules, scope: &mut scope, found: &mut found }.documents(&expected, &actual),
        // What is no JSON on either side, `...` say, is still the same text.
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
    Some(if found.is_empty() { Verdict::Same { bound: scope.fresh } } else { Verdict::Differs(found.into_vec()) })
}

fn lines_match(accepted: &str, actual: &str, bound: &Bindings, rules: &Rules) -> bool {
    matches!(compare_lines(accepted, actual, Some(rules), bound), Verdict::Same { .. })
}

/// Without its volatile fields.
pub(super) fn prune(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|name, _| !is_volatile(name));
            fields.values_mut().for_each(prune);
        }
        Value::Array(elements) => elements.iter_mut().for_each(prune),
        _ => {}
    }
}

pub(super) fn is_volatile(field: &str) -> bool {
    VOLATILE_FIELDS.contains(&field)
}

#[cfg(test)]
mod tests;
