//! Two trees side by side.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::{ANY_MORE, is_volatile};
use crate::compare::difference::Differences;
use crate::compare::normalise::Rules;
use crate::compare::pattern::{Pattern, Scope};

pub(super) struct Walk<'w, 'b> {
    pub rules: &'w Rules,
    pub scope: &'w mut Scope<'b>,
    pub found: &'w mut Differences,
}

impl Walk<'_, '_> {
    /// Documents are a list; of a single one the path starts at its fields.
    pub fn documents(&mut self, expected: &[Value], actual: &[Value]) {
        match (expected, actual) {
            ([expected], [actual]) => self.value("", expected, actual),
            _ => self.list("", expected, actual),
        }
    }

    fn value(&mut self, path: &str, expected: &Value, actual: &Value) {
        match (expected, actual) {
            (Value::Object(expected), Value::Object(actual)) => self.object(path, expected, actual),
            (Value::Array(expected), Value::Array(actual)) => self.list(path, expected, actual),
            _ => self.leaf(path, expected, actual),
        }
    }

    fn object(&mut self, path: &str, expected: &Map<String, Value>, actual: &Map<String, Value>) {
        let open = expected.contains_key(ANY_MORE);
        for (name, value) in expected.iter().filter(|(name, _)| !is_volatile(name) && *name != ANY_MORE) {
            let path = join(path, name);
            match actual.get(name) {
                Some(other) => self.value(&path, value, other),
                None => self.found.missing(field(&path), &text(value), None),
            }
        }
        if open {
            return;
        }
        for (name, value) in actual.iter().filter(|(name, _)| !is_volatile(name) && !expected.contains_key(*name)) {
            self.found.unexpected(field(&join(path, name)), &text(value), None);
        }
    }

    fn list(&mut self, path: &str, expected: &[Value], actual: &[Value]) {
        let more = |element: &&Value| element.as_str() == Some(ANY_MORE);
        let open = expected.iter().any(|element| more(&element));
        let written: Vec<&Value> = expected.iter().filter(|element| !more(element)).collect();
        let given: Vec<&Value> = actual.iter().collect();
        match (self.names(&written), self.names(&given)) {
            (Some(names), Some(other_names)) => self.by_name(path, (&written, &names), (&given, &other_names), open),
            _ => self.by_order(path, expected, actual),
        }
    }

    /// The elements' names when each has one.
    fn names(&self, elements: &[&Value]) -> Option<Vec<String>> {
        (!elements.is_empty()).then(|| elements.iter().map(|element| name_of(element, self.rules)).collect()).flatten()
    }

    fn by_name(&mut self, path: &str, expected: (&[&Value], &[String]), actual: (&[&Value], &[String]), open: bool) {
        let mut free: HashMap<&str, Vec<usize>> = HashMap::new();
        for (index, name) in actual.1.iter().enumerate().rev() {
            free.entry(name).or_default().push(index);
        }
        for (value, name) in expected.0.iter().zip(expected.1) {
            let here = format!("{path}[{}]", shown(name));
            match free.get_mut(name.as_str()).and_then(Vec::pop) {
                Some(index) => self.value(&here, value, actual.0[index]),
                None => self.found.missing(element(&here, path), &text(value), None),
            }
        }
        let mut left: Vec<usize> = free.into_values().flatten().collect();
        left.sort_unstable();
        for index in left.into_iter().filter(|_| !open) {
            self.found.unexpected(element(&format!("{path}[{}]", shown(&actual.1[index])), path), &text(actual.0[index]), None);
        }
    }

    /// In order; a `...` element lets any follow, up to as many as the rest needs.
    fn by_order(&mut self, path: &str, expected: &[Value], actual: &[Value]) {
        let any = expected.iter().position(|element| element.as_str() == Some(ANY_MORE));
        let (head, tail) = any.map_or((expected, &[][..]), |any| (&expected[..any], &expected[any + 1..]));
        for (index, value) in head.iter().enumerate() {
            self.at(path, index, Some(value), actual.get(index));
        }
        let tail_start = actual.len().saturating_sub(tail.len()).max(head.len());
        for (index, value) in tail.iter().enumerate() {
            self.at(path, tail_start + index, Some(value), actual.get(tail_start + index));
        }
        if any.is_none() {
            for (index, value) in actual.iter().enumerate().skip(head.len()) {
                self.at(path, index, None, Some(value));
            }
        }
    }

    fn at(&mut self, path: &str, index: usize, expected: Option<&Value>, actual: Option<&Value>) {
        let here = format!("{path}[{index}]");
        match (expected, actual) {
            (Some(expected), Some(actual)) => self.value(&here, expected, actual),
            (Some(expected), None) => self.found.missing(element(&here, path), &text(expected), None),
            (None, Some(actual)) => self.found.unexpected(element(&here, path), &text(actual), None),
            (None, None) => {}
        }
    }

    fn leaf(&mut self, path: &str, expected: &Value, actual: &Value) {
        let (wanted, came) = (text(expected), text(actual));
        if expected == actual && !wanted.contains('<') {
            return;
        }
        if let Some(pattern) = expected.as_str().and_then(|wanted| Pattern::parse(wanted, Some(self.rules))) {
            let matches = pattern.matches(&came, self.scope, Some(self.rules));
            let blame = if matches { None } else { pattern.blame(&came, self.scope, Some(self.rules)) };
            match blame {
                _ if matches => return,
                Some(blame) => return self.found.binding(blame, None),
                None => {}
            }
        } else if expected == actual || self.same_kind_of_volatile(path, expected, actual) {
            return;
        }
        self.found.changed(field(path), &wanted, &came, None);
    }

    fn same_kind_of_volatile(&self, path: &str, expected: &Value, actual: &Value) -> bool {
        let name = path.rsplit('.').next().unwrap_or(path);
        leaf_text(name, expected, self.rules) == leaf_text(name, actual, self.rules)
            && expected.is_null() == actual.is_null()
            && {
                // 80 is not "80", but a volatile number and its placeholder are alike.
                std::mem::discriminant(expected) == std::mem::discriminant(actual)
                    || is_high_port(name, expected)
                    || is_high_port(name, actual)
            }
    }
}

/// A leaf as it is compared and stored: canonical text; a port above 30000 in a field of ports is one, also as a number.
pub(in crate::compare) fn leaf_text(name: &str, value: &Value, rules: &Rules) -> String {
    if is_high_port(name, value) && rules.list().any(|(rule, on)| on && rule.name == "ports") {
        return "⟨port⟩".to_owned();
    }
    rules.canonical(&text(value)).into_owned()
}

fn is_high_port(name: &str, value: &Value) -> bool {
    name.to_ascii_lowercase().ends_with("port") && value.as_u64().is_some_and(|port| (30_000..=65_535).contains(&port))
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

fn field(path: &str) -> String {
    if path.is_empty() { "the value".to_owned() } else { format!("field {path}") }
}

fn element(here: &str, list: &str) -> String {
    if list.is_empty() { format!("document {here}") } else { format!("element {here}") }
}

/// A value as a reader writes it: text without quotes.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// `name`, or kind, namespace and name of an object, or the type of a condition.
fn name_of(element: &Value, rules: &Rules) -> Option<String> {
    let word = |value: Option<&Value>| value.and_then(Value::as_str).map(|text| rules.canonical(text).into_owned());
    let fields = element.as_object()?;
    if let Some(metadata) = fields.get("metadata") {
        let parts = [word(fields.get("kind")), word(metadata.get("namespace")), Some(word(metadata.get("name"))?)];
        return Some(parts.into_iter().flatten().collect::<Vec<_>>().join("/"));
    }
    word(fields.get("name")).or_else(|| fields.contains_key("status").then(|| word(fields.get("type"))).flatten())
}

/// Placeholders as messages show them.
fn shown(name: &str) -> String {
    Rules::default().shown(name).into_owned()
}
