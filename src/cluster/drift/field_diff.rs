//! Compares a live object with its manifest, field by field.
//!
//! It shares no code with the tree comparison of `compare`, which matches an accepted text
//! (patterns, volatile values, types of scalars) with an output. Here two objects are compared by
//! the rules of the API server: quantities may have different forms, empty fields count as absent,
//! and list elements are paired by the merge key of Kubernetes.

use serde_json::{Map, Value};

use crate::cluster::quantity;

/// One field that is not as the manifest says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldDifference {
    /// `spec.template.spec.containers[web].image`.
    pub path: String,
    /// The manifest's value, with the server's defaults. `None` where the manifest does not have the field.
    pub manifest: Option<String>,
    /// The live value. `None` where the live object does not have the field.
    pub live: Option<String>,
}

/// Fields that are ignored: the server's bookkeeping, and kubectl's copy of the manifest.
const BOOKKEEPING: [&str; 11] = [
    "apiVersion",
    "kind",
    "status",
    "metadata.managedFields",
    "metadata.resourceVersion",
    "metadata.generation",
    "metadata.uid",
    "metadata.creationTimestamp",
    "metadata.selfLink",
    "metadata.annotations[kubectl.kubernetes.io/last-applied-configuration]",
    "metadata.annotations[deployment.kubernetes.io/revision]",
];

/// The fields that are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Compare {
    /// All fields: the left side is the object as the server would create it from the manifest.
    Whole,
    /// Only the fields on the left side, which is the manifest itself.
    Named,
}

/// The differences of the live object from the left side, in the order of the left side's fields.
pub(super) fn differences(left: &Value, live: &Value, compare: Compare) -> Vec<FieldDifference> {
    let mut found = Vec::new();
    walk("", Some(left), Some(live), compare, &mut found);
    found
}

fn walk(
    path: &str,
    left: Option<&Value>,
    live: Option<&Value>,
    compare: Compare,
    found: &mut Vec<FieldDifference>,
) {
    if BOOKKEEPING.contains(&path) || (left.is_none() && compare == Compare::Named) {
        return;
    }
    match (left, live) {
        (Some(Value::Object(left)), Some(Value::Object(live))) => {
            walk_fields(path, left, live, compare, found);
        }
        (Some(Value::Array(left)), Some(Value::Array(live))) => {
            walk_elements(path, left, live, compare, found);
        }
        (Some(left), live)
            if compare == Compare::Named && is_nothing(left) && live.is_none_or(is_nothing) => {}
        (Some(left), Some(live)) if left == live || same_quantity(left, live) => {}
        _ => found.push(FieldDifference {
            path: path.to_owned(),
            manifest: left.map(shown),
            live: live.map(shown),
        }),
    }
}

fn walk_fields(
    path: &str,
    left: &Map<String, Value>,
    live: &Map<String, Value>,
    compare: Compare,
    found: &mut Vec<FieldDifference>,
) {
    let only_live = live.keys().filter(|key| !left.contains_key(*key));
    for key in left.keys().chain(only_live) {
        walk(&joined(path, key), left.get(key), live.get(key), compare, found);
    }
}

/// Elements are matched by a key that identifies each of them, or else by their position.
fn walk_elements(
    path: &str,
    left: &[Value],
    live: &[Value],
    compare: Compare,
    found: &mut Vec<FieldDifference>,
) {
    let Some(key) = ["name", "containerPort", "port", "mountPath", "key", "type", "ip"]
        .into_iter()
        .find(|key| names(left, live, key))
    else {
        for index in 0..left.len().max(live.len()) {
            // An additional element is a difference even if only the manifest's fields are
            // compared.
            let compare = if index >= left.len() { Compare::Whole } else { compare };
            walk(&format!("{path}[{index}]"), left.get(index), live.get(index), compare, found);
        }
        return;
    };
    let named =
        |list: &'_ [Value], name: &Value| list.iter().position(|element| element[key] == *name);
    for element in left {
        let name = plain(&element[key]);
        walk(
            &format!("{path}[{name}]"),
            Some(element),
            named(live, &element[key]).map(|at| &live[at]),
            compare,
            found,
        );
    }
    for element in live.iter().filter(|element| named(left, &element[key]).is_none()) {
        walk(&format!("{path}[{}]", plain(&element[key])), None, Some(element), compare, found);
    }
}

/// Whether this key identifies each element of both lists.
fn names(left: &[Value], live: &[Value], key: &str) -> bool {
    let unique = |list: &[Value]| {
        list.iter().enumerate().all(|(at, element)| {
            let name = &element[key];
            (name.is_string() || name.is_number())
                && list[..at].iter().all(|before| before[key] != *name)
        })
    };
    !(left.is_empty() && live.is_empty()) && unique(left) && unique(live)
}

fn joined(path: &str, key: &str) -> String {
    match (path.is_empty(), key.contains(['.', '/'])) {
        (true, _) => key.to_owned(),
        (false, true) => format!("{path}[{key}]"),
        (false, false) => format!("{path}.{key}"),
    }
}

/// Whether a value is empty, which is the same as an absent field.
fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Object(fields) => fields.is_empty(),
        Value::Array(elements) => elements.is_empty(),
        _ => false,
    }
}

/// Whether both are the same quantity: `1000m` and `1`, or `"80"` and 80.
fn same_quantity(left: &Value, live: &Value) -> bool {
    let (left, live) = (plain(left), plain(live));
    match (quantity::read(&left), quantity::read(&live)) {
        (Some(left), Some(live)) => (left - live).abs() <= f64::EPSILON * left.abs(),
        _ => left == live,
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// A value as one line.
fn shown(value: &Value) -> String {
    const MOST: usize = 120;
    let text = value.to_string();
    if text.chars().count() <= MOST {
        text
    } else {
        text.chars().take(MOST - 1).chain(['…']).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn lines(left: &Value, live: &Value, compare: Compare) -> Vec<String> {
        let or = |side: Option<String>| side.unwrap_or_else(|| "-".to_owned());
        differences(left, live, compare)
            .into_iter()
            .map(|found| format!("{}: {} → {}", found.path, or(found.manifest), or(found.live)))
            .collect()
    }

    #[test]
    fn a_changed_field_is_named_by_its_path() {
        let left = json!({"spec": {"containers": [{"name": "a", "image": "x:1"}, {"name": "b", "image": "y:1"}]}});
        let live = json!({"spec": {"containers": [{"name": "b", "image": "y:2"}, {"name": "a", "image": "x:1"}]}});
        assert_eq!(
            lines(&left, &live, Compare::Whole),
            ["spec.containers[b].image: \"y:1\" → \"y:2\""]
        );
    }

    #[test]
    fn a_field_of_only_the_live_object_counts_only_in_a_whole_comparison() {
        let (left, live) = (json!({"spec": {"a": 1}}), json!({"spec": {"a": 1, "b": 2}}));
        assert_eq!(lines(&left, &live, Compare::Named), Vec::<String>::new());
        assert_eq!(lines(&left, &live, Compare::Whole), ["spec.b: - → 2"]);
    }

    #[test]
    fn bookkeeping_fields_are_ignored() {
        let left = json!({"metadata": {"resourceVersion": "1", "uid": "a"}});
        let live = json!({"metadata": {"resourceVersion": "2", "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{}"}}, "status": {"x": 1}});
        assert_eq!(lines(&left, &live, Compare::Named), Vec::<String>::new());
    }

    #[test]
    fn the_same_quantity_in_another_notation_is_not_a_difference() {
        let (left, live) = (
            json!({"cpu": "1000m", "memory": "1Gi", "port": 80}),
            json!({"cpu": "1", "memory": "1024Mi", "port": "80"}),
        );
        assert_eq!(lines(&left, &live, Compare::Named), Vec::<String>::new());
        assert_eq!(
            lines(&json!({"cpu": "1"}), &json!({"cpu": "2"}), Compare::Named),
            ["cpu: \"1\" → \"2\""]
        );
    }

    #[test]
    fn a_missing_and_an_additional_element_are_differences() {
        let (left, live) = (json!({"args": ["a", "b"]}), json!({"args": ["a"]}));
        assert_eq!(lines(&left, &live, Compare::Named), ["args[1]: \"b\" → -"]);
        assert_eq!(lines(&live, &left, Compare::Named), ["args[1]: - → \"b\""]);
    }

    #[test]
    fn keys_with_dots_are_in_brackets() {
        let (left, live) =
            (json!({"metadata": {"labels": {"a.b/c": "1"}}}), json!({"metadata": {"labels": {}}}));
        assert_eq!(lines(&left, &live, Compare::Named), ["metadata.labels[a.b/c]: \"1\" → -"]);
    }

    #[test]
    fn an_empty_field_equals_an_absent_one() {
        assert_eq!(
            lines(&json!({"emptyDir": {}, "x": null}), &json!({}), Compare::Named),
            Vec::<String>::new()
        );
    }
}
