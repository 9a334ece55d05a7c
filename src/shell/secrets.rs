//! The variables that are secret, and the decision whether a script may assign one of them.

mod assignments;
mod tokens;

use std::collections::BTreeMap;

use self::assignments::assignments;
use crate::text::shell_word::is_name_character;

/// The variables whose values are masked. A variable that was added once stays secret for the rest of the run.
#[derive(Debug, Default)]
pub(super) struct Secrets {
    /// For each name, whether the masker knows its present value.
    names: BTreeMap<String, bool>,
    /// Whether a function of the shell may set one of them.
    pub(super) set_by_function: bool,
}

impl Secrets {
    /// Makes the variable secret from now on.
    pub(super) fn add(&mut self, name: &str) {
        self.names.entry(name.to_owned()).or_default();
    }

    /// Notes whether the masker knows the variable's present value. It does not if the variable has
    /// no value.
    pub(super) fn set_known(&mut self, name: &str, known: bool) {
        self.names.insert(name.to_owned(), known);
    }

    /// Whether the variable is secret.
    pub(super) fn has(&self, name: &str) -> bool {
        self.names.contains_key(name)
    }

    /// Marks all values as unknown, because the shell of a new chapter has other values, or none.
    pub(super) fn forget_values(&mut self) {
        self.names.values_mut().for_each(|known| *known = false);
        self.set_by_function = false;
    }

    pub(super) fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.names.keys().map(String::as_str)
    }

    /// Whether this script may print a value that is not masked yet. `named` are the secrets that its own step names.
    pub(super) fn may_be_set(&self, script: &str, named: &[String]) -> bool {
        !self.names.is_empty()
            && (self.set_by_function
                || named.iter().any(|name| self.names.get(name) != Some(&true))
                || self.names().any(|name| mentions(script, name))
                || reads_other_text(script))
    }

    /// Why the output of a script may contain a secret value that is not masked, although the
    /// values in its shell are known now. `named` are the secrets that its own step names; `aside`:
    /// its changes of the shell were discarded.
    pub(super) fn doubt(&self, script: &str, named: &[String], aside: bool) -> Option<String> {
        for (name, &known) in &self.names {
            let found = assignments(script, name);
            let concerned = named.contains(name) || found.any > 0 || self.set_by_function;
            if concerned && !known {
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

    /// Whether this text (the functions of the shell, say) may set one of them.
    pub(super) fn are_mentioned_in(&self, text: &str) -> bool {
        self.names().any(|name| mentions(text, name))
    }
}

/// Whether the script contains the name in another form than `$NAME` or `${NAME}`.
fn mentions(script: &str, name: &str) -> bool {
    script.match_indices(name).any(|(at, _)| {
        let (before, after) = (&script[..at], &script[at + name.len()..]);
        let whole = !before.ends_with(is_name_character) && !after.starts_with(is_name_character);
        let only_read = before.ends_with('$') || (before.ends_with("${") && after.starts_with('}'));
        whole && !only_read
    })
}

/// Whether the script runs text that is not part of the script.
fn reads_other_text(script: &str) -> bool {
    let mut words =
        script.split(|letter: char| letter.is_whitespace() || ";&|(){}`\"'".contains(letter));
    words.any(|word| matches!(word, "eval" | "source" | "."))
        || script.lines().any(names_by_expansion)
}

/// Whether this line may assign a variable whose name it does not contain (`export $(cat .env)`,
/// `read "$name"`).
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
            secrets.set_known("TOKEN", true);
        }
        secrets
    }

    #[test]
    fn the_output_of_a_script_that_only_reads_it_is_not_withheld() {
        for script in ["echo $TOKEN", "echo \"${TOKEN}\"", "echo MY_TOKEN", "echo TOKENS=1", "ls"] {
            assert!(!secrets(true).may_be_set(script, &[]), "{script}");
        }
    }

    #[test]
    fn the_output_of_a_script_that_may_set_it_is_withheld() {
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
    fn the_output_of_a_step_that_names_an_unknown_secret_is_withheld() {
        assert!(secrets(false).may_be_set("login", &["TOKEN".to_owned()]));
        assert!(!secrets(false).may_be_set("ls", &[]));
    }
}
