//! The published schemas of `docs/` fit what the commands print.

use serde_json::Value;

use crate::Project;

fn schema(name: &str) -> Value {
    let path = format!("{}/docs/{name}.schema.json", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).expect("a schema");
    serde_json::from_str(&text).expect("JSON")
}

/// What is wrong with a value, by the words of JSON Schema that these schemas use. Another word is a mistake in the schema.
fn complaints(value: &Value, schema: &Value, root: &Value, at: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (word, rule) in schema.as_object().expect("a schema") {
        match word.as_str() {
            "$schema" | "title" | "description" | "$defs" => {}
            "$ref" => {
                let pointer =
                    rule.as_str().and_then(|rule| rule.strip_prefix('#')).expect("a reference");
                found.extend(complaints(value, root.pointer(pointer).expect("defined"), root, at));
            }
            "type" if rule.as_str().is_some_and(|kind| is_of(value, kind)) => {}
            "type"
                if rule.as_array().is_some_and(|kinds| {
                    kinds.iter().filter_map(Value::as_str).any(|kind| is_of(value, kind))
                }) => {}
            "type" => found.push(format!("{at} is not {rule}")),
            "enum" if rule.as_array().is_some_and(|all| all.contains(value)) => {}
            "enum" => found.push(format!("{at} is none of {rule}")),
            "minimum" if value.is_number() && value.as_f64() < rule.as_f64() => {
                found.push(format!("{at} is less than {rule}"));
            }
            "minimum" => {}
            "items" => {
                for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                    found.extend(complaints(item, rule, root, &format!("{at}[{index}]")));
                }
            }
            "properties" => {
                for (key, rule) in rule.as_object().expect("properties") {
                    if let Some(value) = value.get(key) {
                        found.extend(complaints(value, rule, root, &format!("{at}.{key}")));
                    }
                }
            }
            "required" => {
                let keys = rule.as_array().into_iter().flatten().filter_map(Value::as_str);
                let missing = keys.filter(|key| value.get(*key).is_none());
                found.extend(missing.map(|key| format!("{at}.{key} is missing")));
            }
            "additionalProperties" => {
                let known = &schema["properties"];
                let keys = value.as_object().into_iter().flat_map(|value| value.keys());
                let strange = keys.filter(|key| known.get(key).is_none());
                found.extend(strange.map(|key| format!("{at}.{key} is not in the schema")));
            }
            word => found.push(format!("the schema uses `{word}`")),
        }
    }
    found
}

fn is_of(value: &Value, kind: &str) -> bool {
    match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "number" => value.is_number(),
        "integer" => value.is_u64() || value.is_i64(),
        "null" => value.is_null(),
        _ => false,
    }
}

#[track_caller]
fn fits(name: &str, text: &str) -> Value {
    let (schema, value) = (schema(name), serde_json::from_str(text).expect("JSON"));
    let found = complaints(&value, &schema, &schema, name);
    assert!(found.is_empty(), "{found:#?}\n{text}");
    value
}

#[test]
fn what_check_plan_and_status_print_is_as_their_schemas_say() {
    let book = Project::with_chapter(
        "
        # One

        ```yaml {file=web.yaml}
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: x}
        ```

        ```bash {name=a}
        vi x || true
        ```

        ```bash {name=b verify}
        true
        ```
    ",
    );
    let plan = fits("plan", &book.guide("plan --json").exits(0).stdout);
    assert_eq!(plan["chapters"][0]["steps"][0]["seconds_last_time"], Value::Null);
    let check = fits("check", &book.guide("check --format json --coverage").exits(0).stdout);
    assert_eq!(check["notes"][0]["rule"], "editor");
    book.guide("run").exits(0);
    fits("plan", &book.guide("plan --json").exits(0).stdout);
    let status = fits("status", &book.guide("status --json").exits(0).stdout);
    assert_eq!(status["ended"], true);
    book.write("guide/chapter-1.md", "---\nneed: [x]\n---\n# One\n\n```bash {nam=a}\ntrue\n```\n");
    book.write("snapshots/chapter-1/gone.snap", "---\n---\n");
    let check = fits("check", &book.guide("check --json").exits(2).stdout);
    let rules: Vec<&str> = check["problems"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|one| one["rule"].as_str())
        .collect();
    for rule in ["front-matter", "attribute", "unused-snapshot"] {
        assert!(rules.contains(&rule), "{rule} is not in {rules:?}");
    }
}

#[test]
fn a_field_that_a_schema_does_not_have_is_found_out() {
    let schema = schema("status");
    let value =
        serde_json::json!({"run": {}, "folder": 1, "going_on": true, "events": [], "surprise": 1});
    assert_eq!(
        complaints(&value, &schema, &schema, "it"),
        ["it.folder is not \"string\"", "it.ended is missing", "it.surprise is not in the schema"]
    );
}
