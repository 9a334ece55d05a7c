use super::*;
use crate::compare::lines::tests::described;

fn compare(kind: SnapshotKind, expected: &str, actual: &str) -> Verdict {
    compare_trees(kind, expected, actual, &Bindings::new(), Rules::default())
        .expect("the accepted text can be read")
}

#[track_caller]
fn same(kind: SnapshotKind, expected: &str, actual: &str) -> Bindings {
    match compare(kind, expected, actual) {
        Verdict::Same { bound } => bound,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn told(kind: SnapshotKind, expected: &str, actual: &str) -> Vec<String> {
    match compare(kind, expected, actual) {
        Verdict::Differs(differences) => differences.iter().map(described).collect(),
        other => panic!("{other:?}"),
    }
}

use SnapshotKind::{Json, Yaml};

#[test]
fn the_order_of_fields_and_their_layout_do_not_matter() {
    same(Json, r#"{"a": 1, "b": [1, 2]}"#, "{\"b\":[1,2],\n\"a\":1}");
    same(Yaml, "a: 1\nb: [1, 2]\n", "b:\n- 1\n- 2\na: 1\n");
    assert_eq!(
        told(Json, r#"{"b": [1, 2]}"#, r#"{"b": [2, 1]}"#),
        ["~ field b[0]: 1 → 2", "~ field b[1]: 2 → 1"]
    );
}

#[test]
fn volatile_fields_and_values_do_not_matter() {
    let object = |uid: &str, version: &str, ip: &str, replicas: u32| {
        format!(
            "apiVersion: v1\nkind: Service\nmetadata:\n  name: web\n  uid: {uid}\n  resourceVersion: \"{version}\"\n  \
             creationTimestamp: 2026-01-01T00:00:0{replicas}Z\nspec:\n  clusterIP: {ip}\n  ports: [{{nodePort: 3123{replicas}}}]\n"
        )
    };
    same(Yaml, &object("a", "1", "10.96.0.1", 1), &object("b", "22", "10.96.7.8", 2));
}

#[test]
fn a_changed_missing_or_new_field_is_named_by_its_path() {
    assert_eq!(
        told(Yaml, "spec:\n  replicas: 2\n", "spec:\n  replicas: 3\n"),
        ["~ field spec.replicas: 2 → 3"]
    );
    assert_eq!(
        told(Yaml, "spec:\n  a: 2\n", "spec:\n  b: 3\n"),
        ["- field spec.a: 2", "+ field spec.b: 3"]
    );
}

#[test]
fn a_number_is_not_its_text() {
    assert_eq!(told(Json, r#"{"a": 80}"#, r#"{"a": "80"}"#), ["~ field a: 80 → 80"]);
}

#[test]
fn objects_of_a_list_are_matched_by_name() {
    let list = |pods: &[(&str, &str)]| {
        let items: Vec<String> = pods
            .iter()
            .map(|(name, phase)| {
                format!(r#"{{"kind":"Pod","metadata":{{"name":"{name}"}},"phase":"{phase}"}}"#)
            })
            .collect();
        format!(r#"{{"items":[{}]}}"#, items.join(","))
    };
    let two = list(&[("web-7d4b9c6f5-x2x9z", "Running"), ("db-0", "Running")]);
    same(Json, &two, &list(&[("db-0", "Running"), ("web-6b8f4c9d7d-q4k8n", "Running")]));
    assert_eq!(
        told(Json, &two, &list(&[("db-0", "Failed"), ("web-6b8f4c9d7d-q4k8n", "Running")])),
        ["~ field items[Pod/db-0].phase: Running → Failed"]
    );
    assert_eq!(
        told(Json, &two, &list(&[("db-0", "Running")])),
        [
            "- element items[Pod/web-…]: {\"kind\":\"Pod\",\"metadata\":{\"name\":\"web-7d4b9c6f5-x2x9z\"},\"phase\":\"Running\"}"
        ]
    );
}

#[test]
fn each_of_several_documents_is_compared_with_its_counterpart() {
    let one = "kind: A\nmetadata: {name: x}\nn: 1\n---\nkind: B\nmetadata: {name: x}\nn: 2\n";
    let other = "kind: B\nmetadata: {name: x}\nn: 2\n---\nkind: A\nmetadata: {name: x}\nn: 3\n";
    assert_eq!(told(Yaml, one, other), ["~ field [A/x].n: 1 → 3"]);
    same(Json, "{\"a\":1}\n{\"a\":2}\n", "{\"a\":1} {\"a\":2}");
}

#[test]
fn patterns_match_values_and_bind_names() {
    let bound = same(
        Yaml,
        "image: nginx:[..]\nreplicas: <n:int>\nname: <name>\n",
        "image: nginx:1.27\nreplicas: 3\nname: web\n",
    );
    assert_eq!((bound["n"].as_str(), bound["name"].as_str()), ("3", "web"));
    let bound = same(
        Json,
        r#"{"a": <n:int>, "b": [..], "c": "x[..]", "d": [1]}"#,
        r#"{"a": 5, "b": {"z": 1}, "c": "xyz", "d": [1]}"#,
    );
    assert_eq!(bound["n"], "5");
}

#[test]
fn a_bound_value_must_be_equal_in_a_field() {
    let bound = Bindings::from([("n".to_owned(), "3".to_owned())]);
    let verdict =
        compare_trees(Yaml, "replicas: <n:int>\n", "replicas: 4\n", &bound, Rules::default())
            .expect("it can be read");
    let Verdict::Differs(differences) = verdict else { panic!("{verdict:?}") };
    assert_eq!(
        differences.iter().map(described).collect::<Vec<_>>(),
        ["! n is `3` since it was bound, and `4` here"]
    );
}

#[test]
fn dots_allow_further_fields_and_elements() {
    same(
        Yaml,
        "spec:\n  a: 1\n  ...\nlist:\n- 1\n...\n",
        "spec: {a: 1, b: 2}\nlist: [1]\nmore: 3\n",
    );
    same(Yaml, "list:\n- a\n- b\n...\n", "list: [a, b]\nz: 1\n");
    same(Yaml, "list:\n  - a\n  ...\n", "list: [a, b, c]\n");
    same(Json, "{\n  \"a\": 1,\n  ...\n}", r#"{"a": 1, "b": 2}"#);
    same(Json, "{\n  ...\n  \"a\": 1\n}", r#"{"a": 1, "b": 2}"#);
    same(Json, "[\n  1,\n  ...\n  9\n]", "[1, 2, 3, 9]");
    assert_eq!(told(Yaml, "spec:\n  a: 1\n  ...\n", "spec: {b: 2}\n"), ["- field spec.a: 1"]);
}

#[test]
fn an_output_that_cannot_be_read_differs_with_the_reason() {
    let told = told(Json, "{}", "error: no such host");
    assert!(
        told[0].starts_with(
            "~ the output is no JSON (expected value at line 1 column 1): {} → error: no such host"
        ),
        "{told:?}"
    );
}

#[test]
fn unlimited_nesting_is_an_error_and_not_a_crash() {
    let deep = "[".repeat(100_000);
    assert!(read(Json, &deep).is_err());
    assert!(read(Yaml, &deep).is_err());
}

#[test]
fn a_continued_text_is_not_an_element_and_dots_match_lines_at_every_place() {
    same(Yaml, "k: a\n  - b [..]\nn: [..]", "k: a\n  - b [..]\nn: 7");
    same(Yaml, "- a:x\n - a:[..]", "- a:x\n - a:[..]");
    assert_eq!(told(Yaml, "k: a\n  - b\nn: 1", "k: a - b\nn: 2").len(), 1, "only `n` differs");
    assert!(read_expected(Yaml, "a: 1\nb: 2\n  ...").is_none(), "no text goes on with it");
}
