//! Which variables are secret, and whether a script may give one a new value.

use std::collections::BTreeMap;

use crate::shell::assignments::assignments;

/// Names of variables whose values are masked, once named for the rest of the run.
#[derive(Debug, Default)]
pub(super) struct Secrets {
    names: BTreeMap<String, bool>,
    /// A function of the shell's may set one.
    pub set_by_function: bool,
}

impl Secrets {
    /// From now on.
    pub(super) fn add(&mut self, name: &str) {
        self.names.entry(name.to_owned()).or_default();
    }

    /// Its present value is masked.
    pub(super) fn is_known(&mut self, name: &str) {
        self.names.insert(name.to_owned(), true);
    }

    /// It has no value now.
    pub(super) fn is_unknown(&mut self, name: &str) {
        self.names.insert(name.to_owned(), false);
    }

    /// Is it one of them?
    pub(super) fn has(&self, name: &str) -> bool {
        self.names.contains_key(name)
    }

    /// A new chapter's shell has other values, or none.
    pub(super) fn forget_values(&mut self) {
        self.names.values_mut().for_each(|known| *known = false);
        self.set_by_function = false;
    }

    /// Is there none?
    pub(super) fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// All names.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.names.keys().map(String::as_str)
    }

    /// May this script write out a value that is not masked yet? `named`: the names its own step gives.
    pub(super) fn may_be_set(&self, script: &str, named: &[String]) -> bool {
        !self.names.is_empty()
            && (self.set_by_function
                || named.iter().any(|name| self.names.get(name) != Some(&true))
                || self.names().any(|name| mentions(script, name))
                || reads_other_text(script))
    }

    /// After a script, when the values that its shell still has are known: why its output may hold another one all the same.
    /// `named`: the names its own step gives; `aside`: what it changed was thrown away.
    pub(super) fn doubt(&self, script: &str, named: &[String], aside: bool) -> Option<String> {
        for (name, &known) in &self.names {
            let found = assignments(script, name);
            let told = named.contains(name) || found.any > 0 || self.set_by_function;
            if told && !known {
                return Some(format!("{name} has no value at the step's end"));
            }
            if found.may_have_had_another_value() || (aside && found.any > 0) {
                return Some(format!(
                    "{name} may have had another value than it has at the step's end"
                ));
            }
        }
        None
    }

    /// May this text (functions, say) set one of them?
    pub(super) fn are_mentioned_in(&self, text: &str) -> bool {
        self.names().any(|name| mentions(text, name))
    }
}

/// Does the name stand there otherwise than as `$NAME` or `${NAME`?
fn mentions(script: &str, name: &str) -> bool {
    let is_word = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    script.match_indices(name).any(|(at, _)| {
        let (before, after) = (&script[..at], &script[at + name.len()..]);
        let whole = !before.ends_with(is_word) && !after.starts_with(is_word);
        let only_read = before.ends_with('$') || (before.ends_with("${") && after.starts_with('}'));
        whole && !only_read
    })
}

/// Does it run text that is not in it?
fn reads_other_text(script: &str) -> bool {
    let mut words =
        script.split(|letter: char| letter.is_whitespace() || ";&|(){}`\"'".contains(letter));
    words.any(|word| matches!(word, "eval" | "source" | "."))
        || script.lines().any(names_by_expansion)
}

/// Does this line give a value to a variable whose name is not in it (`export $(cat .env)`, `read "$name"`)?
fn names_by_expansion(line: &str) -> bool {
    let mut words = line.split_whitespace();
    let is_builtin = |word: &str| {
        let word = word.trim_start_matches(['(', '{', ';', '!']);
        [
            "export",
            "declare",
            "typeset",
            "readonly",
            "local",
            "read",
            "mapfile",
            "readarray",
            "printf",
        ]
        .contains(&word)
    };
    let expanded = |word: &str| word.trim_start_matches('"').starts_with(['$', '`']);
    words.any(is_builtin) && words.any(expanded)
}

#[cfg(test)]
mod tests {
    use super::Secrets;

    fn secrets(known: bool) -> Secrets {
        let mut secrets = Secrets::default();
        secrets.add("TOKEN");
        if known {
            secrets.is_known("TOKEN");
        }
        secrets
    }

    #[test]
    fn a_script_that_only_reads_it_needs_no_holding() {
        for script in ["echo $TOKEN", "echo \"${TOKEN}\"", "echo MY_TOKEN", "echo TOKENS=1", "ls"] {
            assert!(!secrets(true).may_be_set(script, &[]), "{script}");
        }
    }

    #[test]
    fn a_script_that_may_set_it_is_held() {
        for script in [
            "TOKEN=x",
            "export TOKEN",
            "read -r TOKEN",
            "echo ${TOKEN:=x}",
            "source ./env",
            ". env",
            "eval \"$x\"",
            "export $(cat .env)",
            "read -r \"$x\"",
        ] {
            assert!(secrets(true).may_be_set(script, &[]), "{script}");
        }
    }

    #[test]
    fn a_step_that_names_an_unknown_secret_is_held() {
        assert!(secrets(false).may_be_set("login", &["TOKEN".to_owned()]));
        assert!(!secrets(false).may_be_set("ls", &[]));
    }
}
