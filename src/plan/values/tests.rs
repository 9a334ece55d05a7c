use serde_json::json;

use super::*;

fn table(values: &Value) -> ValueTable {
    let mut problems = Problems::new();
    let table = ValueTable::new(values, &mut problems);
    assert_eq!(problems, []);
    table
}

fn fingerprint(values: &Value, mentioning: &[&str], script: &str) -> Fingerprint {
    let mut table = table(values);
    mentioning.iter().for_each(|text| table.record_mentions(text, false));
    table.finish();
    let mut hashing = Hashing::default();
    table.hash_into(script, false, &mut hashing);
    hashing.finish()
}

#[test]
fn values_become_variables() {
    let values = json!({"cluster": {"name": "kind", "api-port": 41079, "on": true}, "nodes": ["a", "b"], "none": null, "maps": [{"a": 1}], "2x": 1});
    let expected = [
        ("CLUSTER_API_PORT", "41079"),
        ("CLUSTER_NAME", "kind"),
        ("CLUSTER_ON", "true"),
        ("MAPS", "[{\"a\":1}]"),
        ("NODES", "a b"),
        ("NONE", ""),
        ("_2X", "1"),
    ];
    assert_eq!(
        table(&values).environment(),
        expected.map(|(name, text)| (name.to_owned(), text.to_owned()))
    );
}

#[test]
fn a_value_that_would_break_every_step_is_refused() {
    let mut problems = Problems::new();
    ValueTable::new(
        &json!({"path": "x", "a": {"b": 1}, "a_b": 2, "guide": {"x": 1}}),
        &mut problems,
    );
    let messages: Vec<&str> = problems.iter().map(|problem| problem.message.as_str()).collect();
    assert_eq!(messages.len(), 3, "{messages:?}");
    assert!(
        messages[0].contains("`PATH`")
            && messages[1].contains("both become the variable `A_B`")
            && messages[2].contains("`GUIDE_X`")
    );
}

#[test]
fn the_steps_that_mention_a_value_depend_on_it() {
    let (old, new) = (json!({"cluster": {"name": "a"}}), json!({"cluster": {"name": "b"}}));
    for script in ["echo $CLUSTER_NAME", "echo ${CLUSTER_NAME}x", "yq .cluster.name f.yaml"] {
        assert_ne!(
            fingerprint(&old, &[script], script),
            fingerprint(&new, &[script], script),
            "{script}"
        );
    }
    for script in ["echo $CLUSTER_NAMES", "echo hello", "yq .mycluster.name f.yaml", "name"] {
        assert_eq!(
            fingerprint(&old, &["$CLUSTER_NAME"], script),
            fingerprint(&new, &["$CLUSTER_NAME"], script),
            "{script}"
        );
    }
}

#[test]
fn every_step_depends_on_a_value_that_nothing_mentions() {
    let (old, new) = (json!({"a": "1", "b": "1"}), json!({"a": "1", "b": "2"}));
    assert_ne!(fingerprint(&old, &["$A"], "echo hello"), fingerprint(&new, &["$A"], "echo hello"));
}
