use serde_json::Value;

use super::*;
use crate::event::samples::every_event;

const SCHEMA: &str = include_str!("../../../docs/events.schema.json");

fn lines() -> Vec<Value> {
    let mut json = Json::new(Vec::new());
    for event in every_event() {
        json.report(&event);
    }
    let text = String::from_utf8(json.finish().unwrap()).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn schema() -> Value {
    serde_json::from_str(SCHEMA).unwrap()
}

/// The violations of a schema by a value. It understands only the words of JSON Schema that our schema uses, and panics at others.
#[expect(clippy::too_many_lines, reason = "a list of cases")]
fn complaints(value: &Value, schema: &Value, root: &Value, at: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (word, rule) in schema.as_object().unwrap() {
        match word.as_str() {
            "$schema" | "$id" | "title" | "description" | "$defs" => {}
            "$ref" => {
                let pointer = rule.as_str().unwrap().strip_prefix('#').unwrap();
                found.extend(complaints(value, root.pointer(pointer).unwrap(), root, at));
            }
            "type" => found.extend((!is_of(value, rule)).then(|| format!("{at} is not {rule}"))),
            "const" => found.extend((value != rule).then(|| format!("{at} is not {rule}"))),
            "enum" => found.extend(
                (!rule.as_array().unwrap().contains(value))
                    .then(|| format!("{at} is none of {rule}")),
            ),
            "minimum" => {
                found.extend(
                    (value.is_number() && value.as_f64() < rule.as_f64())
                        .then(|| format!("{at} is less than {rule}")),
                );
            }
            "oneOf" => {
                let tried =
                    rule.as_array().unwrap().iter().map(|one| complaints(value, one, root, at));
                let tried: Vec<Vec<String>> = tried.collect();
                let fits = tried.iter().filter(|complaints| complaints.is_empty()).count();
                found.extend(
                    (fits != 1).then(|| format!("{at} fits {fits} of its kinds: {tried:?}")),
                );
            }
            "required" => {
                let missing = rule
                    .as_array()
                    .unwrap()
                    .iter()
                    .filter(|name| value.get(name.as_str().unwrap()).is_none());
                found.extend(missing.map(|name| format!("{at} has no {name}")));
            }
            "properties" => {
                for (name, rule) in rule.as_object().unwrap() {
                    let part = value
                        .get(name)
                        .map(|part| complaints(part, rule, root, &format!("{at}.{name}")));
                    found.extend(part.into_iter().flatten());
                }
            }
            "additionalProperties" => {
                let known = schema.get("properties").and_then(Value::as_object);
                for (name, part) in value.as_object().into_iter().flatten() {
                    if known.is_some_and(|known| known.contains_key(name)) {
                        continue;
                    }
                    match rule {
                        Value::Bool(false) => {
                            found.push(format!("{at}.{name} is not in the schema"));
                        }
                        rule => found.extend(complaints(part, rule, root, &format!("{at}.{name}"))),
                    }
                }
            }
            "items" => {
                let parts = value.as_array().into_iter().flatten().enumerate();
                found.extend(parts.flat_map(|(index, part)| {
                    complaints(part, rule, root, &format!("{at}[{index}]"))
                }));
            }
            other => panic!("the schema uses `{other}`, which this test does not understand"),
        }
    }
    found
}

fn is_of(value: &Value, kind: &Value) -> bool {
    match kind {
        Value::Array(kinds) => kinds.iter().any(|kind| is_of(value, kind)),
        kind => match kind.as_str().unwrap() {
            "object" => value.is_object(),
            "array" => value.is_array(),
            "string" => value.is_string(),
            "boolean" => value.is_boolean(),
            "null" => value.is_null(),
            "integer" => value.is_u64() || value.is_i64(),
            "number" => value.is_number(),
            other => panic!("no JSON type `{other}`"),
        },
    }
}

/// Every `enum` and `const` of the schema, with its place.
fn named_values(schema: &Value, at: &str, found: &mut Vec<(String, Value)>) {
    match schema {
        Value::Object(words) => {
            for (word, rule) in words {
                match word.as_str() {
                    "const" => found.push((at.to_owned(), rule.clone())),
                    "enum" => found.extend(
                        rule.as_array().unwrap().iter().map(|value| (at.to_owned(), value.clone())),
                    ),
                    word => named_values(rule, &format!("{at}/{word}"), found),
                }
            }
        }
        Value::Array(rules) => {
            for (index, rule) in rules.iter().enumerate() {
                named_values(rule, &format!("{at}/{index}"), found);
            }
        }
        _ => {}
    }
}

#[test]
fn every_event_matches_the_published_schema() {
    let schema = schema();
    for line in lines() {
        let complaints = complaints(&line, &schema, &schema, "event");
        assert!(complaints.is_empty(), "{line}\n{complaints:#?}");
    }
}

#[test]
fn every_value_that_the_schema_names_occurs_in_an_event() {
    let all = serde_json::to_string(&lines()).unwrap();
    let mut named = Vec::new();
    named_values(&schema(), "", &mut named);
    assert!(named.len() > 40, "{named:?}");
    for (at, value) in named {
        assert!(all.contains(&format!(":{value}")), "{at}: {value} is in no event");
    }
}

#[test]
fn a_line_with_an_unknown_or_a_missing_field_violates_the_schema() {
    let schema = schema();
    let mut line = lines().remove(0);
    line["surprise"] = Value::Bool(true);
    assert!(!complaints(&line, &schema, &schema, "event").is_empty());
    line.as_object_mut().unwrap().remove("surprise");
    assert!(complaints(&line, &schema, &schema, "event").is_empty());
    line.as_object_mut().unwrap().remove("profile");
    assert!(!complaints(&line, &schema, &schema, "event").is_empty());
}

#[test]
fn a_full_disk_is_an_error_and_a_closed_pipe_is_not() {
    struct Refuses(io::ErrorKind);
    impl Write for Refuses {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    for (kind, ends_well) in
        [(io::ErrorKind::StorageFull, false), (io::ErrorKind::BrokenPipe, true)]
    {
        let mut json = Json::new(Refuses(kind));
        json.report(&every_event()[0]);
        assert_eq!(json.finish().is_ok(), ends_well, "{kind}");
    }
}
