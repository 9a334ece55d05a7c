//! Values as a plan uses them: environment variables, and the steps that depend on each value.
//!
//! A step depends on a value if its script mentions the value's environment variable or dotted name. A value that nothing in the book
//! mentions may be read by any program, so that every step depends on it.

use std::collections::HashMap;

use serde_json::Value;

use crate::book::{Problems, Rule};
use crate::ids::{Fingerprint, Hashing};

/// Variables of bash or guide. A value of such a name would break every step.
const RESERVED: [&str; 19] = [
    "PATH",
    "HOME",
    "SHELL",
    "IFS",
    "ENV",
    "PWD",
    "OLDPWD",
    "UID",
    "EUID",
    "PPID",
    "SHELLOPTS",
    "BASHOPTS",
    "BASH_ENV",
    "PS4",
    "RANDOM",
    "SECONDS",
    "LINENO",
    "KUBECONFIG",
    "USER",
];

/// The variables of these values, even if no plan can be made with them.
pub(crate) fn variables_of(values: &Value) -> Vec<(String, String)> {
    ValueTable::new(values, &mut Problems::new()).environment()
}

/// A value that is not a table.
#[derive(Debug)]
struct FlatValue {
    /// Its dotted name, for example `cluster.name`.
    path: String,
    /// Its environment variable, for example `CLUSTER_NAME`.
    variable: String,
    /// The value of the variable.
    text: String,
    /// Whether the book mentions it anywhere.
    mentioned: bool,
}

/// The names of a value.
#[derive(Debug)]
pub(super) struct ValueName<'a> {
    /// Its dotted name.
    pub path: &'a str,
    /// Its environment variable.
    pub variable: &'a str,
}

/// A value that a word may mention.
#[derive(Debug, Clone, Copy)]
struct Pointer {
    leaf: usize,
    /// Whether the word is the last part of the dotted name; otherwise it is the whole variable.
    path: bool,
}

/// All values, and the words that mention them.
#[derive(Debug, Default)]
pub(super) struct ValueTable {
    leaves: Vec<FlatValue>,
    by_word: HashMap<String, Vec<Pointer>>,
    unmentioned: Option<Fingerprint>,
}

impl ValueTable {
    /// Reads the values, and reports those that cannot be variables.
    pub(super) fn new(values: &Value, problems: &mut Problems) -> Self {
        let mut leaves = Vec::new();
        for (key, value) in values.as_object().into_iter().flatten() {
            collect(key, value, &mut leaves);
        }
        let mut table = Self { leaves, ..Self::default() };
        table.check(problems);
        for (leaf, FlatValue { path, variable, .. }) in table.leaves.iter().enumerate() {
            let last = path.rsplit(|next: char| !is_word(next)).next().unwrap_or(path);
            table.by_word.entry(variable.clone()).or_default().push(Pointer { leaf, path: false });
            table.by_word.entry(last.to_owned()).or_default().push(Pointer { leaf, path: true });
        }
        table
    }

    fn check(&self, problems: &mut Problems) {
        let mut first: HashMap<&str, &str> = HashMap::new();
        for leaf in &self.leaves {
            if leaf.text.contains('\0') {
                let message = format!(
                    "the value `{}` contains a NUL byte, which a variable cannot contain",
                    leaf.path
                );
                problems.push(Rule::Values.without_span(message).hint("remove it from the values"));
            }
            if RESERVED.contains(&leaf.variable.as_str())
                || leaf.variable.starts_with("GUIDE_")
                || leaf.variable.starts_with("BASH_")
            {
                let message = format!(
                    "the value `{}` would become the variable `{}`, which belongs to bash or guide",
                    leaf.path, leaf.variable
                );
                problems.push(
                    Rule::Values.without_span(message).hint("give it another name in the values"),
                );
            } else if let Some(other) = first.insert(&leaf.variable, &leaf.path) {
                let message = format!(
                    "the values `{other}` and `{}` would both become the variable `{}`",
                    leaf.path, leaf.variable
                );
                problems.push(
                    Rule::Values
                        .without_span(message)
                        .hint("give one of them another name in the values"),
                );
            }
        }
    }

    /// The environment variables for the steps, sorted by name.
    pub(super) fn environment(&self) -> Vec<(String, String)> {
        let mut variables: Vec<_> =
            self.leaves.iter().map(|leaf| (leaf.variable.clone(), leaf.text.clone())).collect();
        variables.sort();
        variables
    }

    /// Whether the book has no values.
    pub(super) fn is_empty(&self) -> bool {
        self.leaves.is_empty()
    }

    /// Records every value that a text mentions. A dotted name of one part is a plain word, which means a value in templates only.
    pub(super) fn record_mentions(&mut self, text: &str, template: bool) {
        for leaf in self.mentions(text, template) {
            self.leaves[leaf].mentioned = true;
        }
    }

    /// Computes what every step depends on, after the last [`Self::record_mentions`].
    pub(super) fn finish(&mut self) {
        let mut hashing = Hashing::default();
        let mut any = false;
        for leaf in self.leaves.iter().filter(|leaf| !leaf.mentioned) {
            any = true;
            hashing.part(leaf.path.as_bytes()).part(leaf.text.as_bytes());
        }
        self.unmentioned = any.then(|| hashing.finish());
    }

    /// Adds the values that a text depends on.
    pub(super) fn hash_into(&self, text: &str, template: bool, hashing: &mut Hashing) {
        if self.leaves.is_empty() {
            return;
        }
        if let Some(unmentioned) = self.unmentioned {
            hashing.part(unmentioned.bytes());
        }
        for leaf in self.mentions(text, template) {
            hashing.part(self.leaves[leaf].path.as_bytes()).part(self.leaves[leaf].text.as_bytes());
        }
    }

    /// The values that a script depends on: those that it mentions, and those that nothing in the book mentions.
    pub(super) fn used_by(&self, script: &str) -> Vec<(ValueName<'_>, Fingerprint)> {
        let mentioned = self.mentions(script, false);
        let leaves = self.leaves.iter().enumerate();
        let used = leaves
            .filter(|(index, leaf)| !leaf.mentioned || mentioned.binary_search(index).is_ok());
        let print = |leaf: &'_ FlatValue| Fingerprint::of([leaf.text.as_bytes()]);
        used.map(|(_, leaf)| {
            (ValueName { path: &leaf.path, variable: &leaf.variable }, print(leaf))
        })
        .collect()
    }

    /// The indices of the values that a text mentions, sorted and without duplicates.
    fn mentions(&self, text: &str, template: bool) -> Vec<usize> {
        let mut found = Vec::new();
        if self.leaves.is_empty() {
            return found;
        }
        let bytes = text.as_bytes();
        let mut at = 0;
        while at < bytes.len() {
            if !is_word_byte(bytes[at]) {
                at += 1;
                continue;
            }
            let end = at
                + bytes[at..]
                    .iter()
                    .position(|byte| !is_word_byte(*byte))
                    .unwrap_or(bytes.len() - at);
            for pointer in self.by_word.get(&text[at..end]).into_iter().flatten() {
                if !pointer.path || self.is_dotted_name(pointer.leaf, &text[..end], template) {
                    found.push(pointer.leaf);
                }
            }
            at = end;
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    /// Whether the text ends with the value's whole dotted name.
    fn is_dotted_name(&self, leaf: usize, text: &str, template: bool) -> bool {
        let path = self.leaves[leaf].path.as_str();
        let before = text.strip_suffix(path);
        (template || path.contains('.')) && before.is_some_and(|before| !before.ends_with(is_word))
    }
}

fn is_word(next: char) -> bool {
    next.is_alphanumeric() || next == '_'
}

fn is_word_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

fn collect(path: &str, value: &Value, leaves: &mut Vec<FlatValue>) {
    if let Value::Object(table) = value {
        for (key, value) in table {
            collect(&format!("{path}.{key}"), value, leaves);
        }
        return;
    }
    let variable = variable_name(path);
    leaves.push(FlatValue {
        path: path.to_owned(),
        variable,
        text: text_of(value),
        mentioned: false,
    });
}

/// The variable of a dotted name: `cluster.api-port` → `CLUSTER_API_PORT`. Characters that a variable cannot contain become `_`.
fn variable_name(path: &str) -> String {
    let fits =
        |next: char| if next.is_ascii_alphanumeric() { next.to_ascii_uppercase() } else { '_' };
    let name: String = path.chars().map(fits).collect();
    if name.starts_with(|first: char| first.is_ascii_digit()) { format!("_{name}") } else { name }
}

/// The text of a value. A list of plain values is joined by spaces, so that `for node in $NODES` works; other lists and tables are
/// JSON; null is empty.
fn text_of(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(parts) if parts.iter().all(|part| !part.is_array() && !part.is_object()) => {
            parts.iter().map(text_of).collect::<Vec<_>>().join(" ")
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests;
