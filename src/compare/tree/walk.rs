//! Compares two trees.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::json::without_marks;
use super::marks::{NUMBER, TAG};
use super::{ANY_MORE, Place};
use crate::compare::difference::Differences;
use crate::compare::lines::compare_lines;
use crate::compare::normalize::{TextNormalizer, View};
use crate::compare::pattern::{Pattern, Scope, may_have_patterns};
use crate::compare::verdict::Verdict;

/// The comparison of two trees: the normalizers of each side, and the differences that were found
/// until now.
pub(super) struct Walk<'w, 'b> {
    pub accepted: &'w TextNormalizer,
    pub output: &'w TextNormalizer,
    pub scope: &'w mut Scope<'b>,
    pub found: &'w mut Differences,
}

impl Walk<'_, '_> {
    /// Compares the documents as a list. The path of a difference in a single document starts at
    /// its fields.
    pub(super) fn documents(&mut self, expected: &[Value], actual: &[Value]) {
        let root = Place::default();
        match (expected, actual) {
            ([expected], [actual]) => self.value(&root, "", expected, actual),
            _ => self.list(&root, "", expected, actual),
        }
    }

    fn value(&mut self, place: &Place<'_>, path: &str, expected: &Value, actual: &Value) {
        let place = place.of(actual);
        match (expected, actual) {
            (Value::Object(expected), Value::Object(actual)) => {
                self.object(&place, path, expected, actual);
            }
            (Value::Array(expected), Value::Array(actual)) => {
                self.list(&place, path, expected, actual);
            }
            _ => self.leaf(&place, path, expected, actual),
        }
    }

    fn object(
        &mut self,
        place: &Place<'_>,
        path: &str,
        expected: &Map<String, Value>,
        actual: &Map<String, Value>,
    ) {
        let rules = self.output.rules;
        let open = expected.contains_key(ANY_MORE);
        for (name, value) in expected.iter().filter(|(name, _)| *name != ANY_MORE) {
            let name = literal_key(name);
            let here = place.field(name);
            if here.is_volatile(rules) {
                continue;
            }
            let path = join(path, name);
            match actual.get(name) {
                Some(other) => self.value(&here, &path, value, other),
                None => self.found.missing(field(&path), &text(value), None),
            }
        }
        if open {
            return;
        }
        for (name, value) in actual {
            let wanted = expected.keys().any(|key| key != ANY_MORE && literal_key(key) == name);
            if !wanted && !place.field(name).is_volatile(rules) {
                self.found.unexpected(field(&join(path, name)), &text(value), None);
            }
        }
    }

    fn list(&mut self, place: &Place<'_>, path: &str, expected: &[Value], actual: &[Value]) {
        let more = |element: &&Value| element.as_str() == Some(ANY_MORE);
        let open = expected.iter().any(|element| more(&element));
        let written: Vec<&Value> = expected.iter().filter(|element| !more(element)).collect();
        let given: Vec<&Value> = actual.iter().collect();
        match (names(&written, self.accepted), names(&given, self.output)) {
            (Some(names), Some(other_names)) => {
                self.by_name(place, path, (&written, &names), (&given, &other_names), open);
            }
            _ => self.by_order(place, path, expected, actual),
        }
    }

    fn by_name(
        &mut self,
        place: &Place<'_>,
        path: &str,
        expected: (&[&Value], &[String]),
        actual: (&[&Value], &[String]),
        open: bool,
    ) {
        let mut free: HashMap<&str, Vec<usize>> = HashMap::new();
        for (index, name) in actual.1.iter().enumerate().rev() {
            free.entry(name).or_default().push(index);
        }
        for (value, name) in expected.0.iter().zip(expected.1) {
            let here = format!("{path}[{}]", shown(name));
            match free.get_mut(name.as_str()).and_then(Vec::pop) {
                Some(index) => self.value(place, &here, value, actual.0[index]),
                None => self.found.missing(element(&here, path), &text(value), None),
            }
        }
        let mut left: Vec<usize> = free.into_values().flatten().collect();
        left.sort_unstable();
        for index in left.into_iter().filter(|_| !open) {
            self.found.unexpected(
                element(&format!("{path}[{}]", shown(&actual.1[index])), path),
                &text(actual.0[index]),
                None,
            );
        }
    }

    /// Compares lists in order. A `...` element matches any number of elements that the rest does
    /// not need.
    fn by_order(&mut self, place: &Place<'_>, path: &str, expected: &[Value], actual: &[Value]) {
        let any = expected.iter().position(|element| element.as_str() == Some(ANY_MORE));
        let (head, tail) =
            any.map_or((expected, &[][..]), |any| (&expected[..any], &expected[any + 1..]));
        for (index, value) in head.iter().enumerate() {
            self.at(place, path, index, Some(value), actual.get(index));
        }
        let tail_start = actual.len().saturating_sub(tail.len()).max(head.len());
        for (index, value) in tail.iter().enumerate() {
            self.at(place, path, tail_start + index, Some(value), actual.get(tail_start + index));
        }
        if any.is_none() {
            for (index, value) in actual.iter().enumerate().skip(head.len()) {
                self.at(place, path, index, None, Some(value));
            }
        }
    }

    fn at(
        &mut self,
        place: &Place<'_>,
        path: &str,
        index: usize,
        expected: Option<&Value>,
        actual: Option<&Value>,
    ) {
        let here = format!("{path}[{index}]");
        match (expected, actual) {
            (Some(expected), Some(actual)) => self.value(place, &here, expected, actual),
            (Some(expected), None) => {
                self.found.missing(element(&here, path), &text(expected), None);
            }
            (None, Some(actual)) => {
                self.found.unexpected(element(&here, path), &text(actual), None);
            }
            (None, None) => {}
        }
    }

    fn leaf(&mut self, place: &Place<'_>, path: &str, expected: &Value, actual: &Value) {
        let (wanted, came) = (text(expected), text(actual));
        let known = place.known();
        let accepted = View { normalizer: self.accepted, place: known };
        let output = View { normalizer: self.output, place: known };
        if wanted.contains('\n') && may_have_patterns(&wanted) && actual.is_string() {
            if self.lines_match(&wanted, &came) {
                return;
            }
        } else if let Some(pattern) =
            expected.as_str().and_then(|_| Pattern::parse(&wanted, Some(accepted)))
        {
            if pattern.matches(&came, self.scope, Some(output)) {
                return;
            }
            if let Some(mismatch_reason) = pattern.mismatch_reason(&came, self.scope, Some(output))
            {
                return self.found.binding(mismatch_reason, None);
            }
        } else if by_line(&wanted, accepted) == by_line(&came, output) && is_alike(expected, actual)
        {
            return;
        }
        self.found.changed(field(path), &wanted, &came, None);
    }

    /// Compares texts of several lines, which may contain `...` lines.
    fn lines_match(&mut self, wanted: &str, came: &str) -> bool {
        let known = self.scope.all();
        match compare_lines(wanted, came, Some(self.output.rules), &known) {
            Verdict::Same { bound } => {
                self.scope.bound_here.extend(bound);
                true
            }
            _ => false,
        }
    }
}

/// The text with each line in canonical form.
fn by_line(text: &str, view: View<'_>) -> String {
    text.split('\n').map(|line| view.canonical(line)).collect::<Vec<_>>().join("\n")
}

/// Whether the types of two values are equal. 80 is not "80", but a volatile number is equal to its
/// placeholder.
fn is_alike(expected: &Value, actual: &Value) -> bool {
    let kind = |value: &Value| match value {
        Value::String(text) if text.starts_with(NUMBER) => 'n',
        Value::String(_) => 's',
        Value::Null => '0',
        Value::Bool(_) => 'b',
        Value::Array(_) => 'a',
        _ => 'o',
    };
    let is_placeholder = |value: &Value| {
        value.as_str().is_some_and(|text| text.starts_with('⟨') && text.ends_with('⟩'))
    };
    kind(expected) == kind(actual) || is_placeholder(expected) && kind(actual) == 'n'
}

/// A key `\...` is the key `...`.
fn literal_key(key: &str) -> &str {
    match key.strip_prefix('\\') {
        Some(rest) if rest.trim_start_matches('\\') == ANY_MORE => rest,
        _ => key,
    }
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

/// A value as a person writes it: a text without quotes.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.trim_start_matches([NUMBER, TAG]).to_owned(),
        other => without_marks(&other.to_string()),
    }
}

/// The names of the elements, if each element has one.
fn names(elements: &[&Value], side: &TextNormalizer) -> Option<Vec<String>> {
    (!elements.is_empty())
        .then(|| elements.iter().map(|element| name_of(element, side)).collect())
        .flatten()
}

/// The name of an element: its `name`, the kind, namespace and name of an object, or the type of a
/// condition.
fn name_of(element: &Value, side: &TextNormalizer) -> Option<String> {
    let root = Place::default();
    let object = root.of(element);
    let word = |place: Place<'_>, value: Option<&Value>| {
        value.and_then(Value::as_str).map(|text| side.canonical(text, place.known()).into_owned())
    };
    let fields = element.as_object()?;
    if let Some(metadata) = fields.get("metadata") {
        let of_metadata = object.field("metadata");
        let name = word(of_metadata.field("name"), metadata.get("name"))?;
        let kind = word(object.field("kind"), fields.get("kind"));
        let namespace = word(of_metadata.field("namespace"), metadata.get("namespace"));
        return Some(
            [kind, namespace, Some(name)].into_iter().flatten().collect::<Vec<_>>().join("/"),
        );
    }
    let root = Place::default();
    word(root.field("name"), fields.get("name")).or_else(|| {
        fields
            .contains_key("status")
            .then(|| word(root.field("type"), fields.get("type")))
            .flatten()
    })
}

/// The text with placeholders in the form of messages.
fn shown(name: &str) -> String {
    let rules = crate::compare::normalize::Rules::none();
    rules.accepted("").shown(name, crate::compare::normalize::Where::Line)
}
