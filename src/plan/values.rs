//! Values as a plan uses them: environment variables, and which step belongs to which value.
//!
//! A value belongs to a step when the step's script mentions it, by its environment variable or by its path name. One that nothing
//! in the whole book mentions may be read by any script that is called, so it belongs to every step.

use std::collections::HashMap;

use serde_json::Value;

use crate::book::{Problems, Rule};
use crate::ids::{Fingerprint, Hashing};

/// Variables that bash or guide itself owns: a value of that name would break every step.
const OWNED: [&str; 19] = [
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

/// The variables that these values become, whether a plan can be made with them or not.
pub(crate) fn variables_of(values: &Value) -> Vec<(String, String)> {
    ValueTable::new(values, &mut Problems::new()).environment()
}

/// One value that is no table.
#[derive(Debug)]
struct FlatValue {
    /// `cluster.name`.
    path: String,
    /// `CLUSTER_NAME`.
    variable: String,
    /// What the variable holds.
    text: String,
    /// Is it mentioned anywhere in the book?
    mentioned: bool,
}

/// How a value is called.
#[derive(Debug)]
pub(super) struct ValueName<'a> {
    /// `cluster.name`.
    pub path: &'a str,
    /// `CLUSTER_NAME`.
    pub variable: &'a str,
}

/// How a word points at a value.
#[derive(Debug, Clone, Copy)]
struct Pointer {
    leaf: usize,
    /// The word is the last one of the path name; else it is the whole variable.
    path: bool,
}

/// All values, and where they are mentioned.
#[derive(Debug, Default)]
pub(super) struct ValueTable {
    leaves: Vec<FlatValue>,
    by_word: HashMap<String, Vec<Pointer>>,
    unmentioned: Option<Fingerprint>,
}

impl ValueTable {
    /// Reads the values; tells those that can't be variables.
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
                let message =
                    format!("the value `{}` holds a NUL byte, which no variable can", leaf.path);
                problems.push(Rule::Values.without_span(message).hint("take it out of the values"));
            }
            if OWNED.contains(&leaf.variable.as_str())
                || leaf.variable.starts_with("GUIDE_")
                || leaf.variable.starts_with("BASH_")
            {
                let message = format!(
                    "the value `{}` would become the variable `{}`, which is bash's or guide's own",
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

    /// Variables for the steps, sorted by name.
    pub(super) fn environment(&self) -> Vec<(String, String)> {
        let mut variables: Vec<_> =
            self.leaves.iter().map(|leaf| (leaf.variable.clone(), leaf.text.clone())).collect();
        variables.sort();
        variables
    }

    /// Has the book no values at all?
    pub(super) fn is_empty(&self) -> bool {
        self.leaves.is_empty()
    }

    /// Notes every value that a text mentions. A path name of one part is a plain word, and means a value in templates only.
    pub(super) fn record_mentions(&mut self, text: &str, template: bool) {
        for leaf in self.mentions(text, template) {
            self.leaves[leaf].mentioned = true;
        }
    }

    /// After the last [`note`](Self::note): what every step depends on.
    pub(super) fn finish(&mut self) {
        let mut hashing = Hashing::default();
        let mut any = false;
        for leaf in self.leaves.iter().filter(|leaf| !leaf.mentioned) {
            any = true;
            hashing.part(leaf.path.as_bytes()).part(leaf.text.as_bytes());
        }
        self.unmentioned = any.then(|| hashing.finish());
    }

    /// Adds the values a text depends on.
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

    /// The values a script depends on: those that it mentions, and those that nothing in the book mentions.
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

    /// Indices of the values a text mentions, each once, in order.
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

    /// Does the text up to here end with the value's whole path name?
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

/// `cluster.api-port` → `CLUSTER_API_PORT`; what can't be in a variable's name becomes `_`.
fn variable_name(path: &str) -> String {
    let fits =
        |next: char| if next.is_ascii_alphanumeric() { next.to_ascii_uppercase() } else { '_' };
    let name: String = path.chars().map(fits).collect();
    if name.starts_with(|first: char| first.is_ascii_digit()) { format!("_{name}") } else { name }
}

/// A list of plain values is its parts joined by spaces, so that `for node in $NODES` works; other lists are JSON; null is empty.
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
mod tests {
    use serde_json::json;

    use super::*;

    fn table(values: &Value) -> ValueTable {
        let mut problems = Problems::new();
        let table = ValueTable::new(values, &mut problems);
        assert_eq!(problems, []);
        table
    }

    fn fingerprint(values: &Value, noted: &[&str], script: &str) -> Fingerprint {
        let mut table = table(values);
        noted.iter().for_each(|text| table.record_mentions(text, false));
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
    fn a_value_that_would_break_every_step_is_told() {
        let mut problems = Problems::new();
        ValueTable::new(
            &json!({"path": "x", "a": {"b": 1}, "a_b": 2, "guide": {"x": 1}}),
            &mut problems,
        );
        let told: Vec<&str> = problems.iter().map(|problem| problem.message.as_str()).collect();
        assert_eq!(told.len(), 3, "{told:?}");
        assert!(
            told[0].contains("`PATH`")
                && told[1].contains("both become the variable `A_B`")
                && told[2].contains("`GUIDE_X`")
        );
    }

    #[test]
    fn a_value_belongs_to_the_steps_that_mention_it() {
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
    fn a_value_that_nothing_mentions_belongs_to_every_step() {
        let (old, new) = (json!({"a": "1", "b": "1"}), json!({"a": "1", "b": "2"}));
        assert_ne!(
            fingerprint(&old, &["$A"], "echo hello"),
            fingerprint(&new, &["$A"], "echo hello")
        );
    }
}
