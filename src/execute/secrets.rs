//! Which variables are secret, and whether a script may give one a new value.

use std::collections::BTreeMap;

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
    let mut words = script.split(|letter: char| letter.is_whitespace() || ";&|(){}`\"'".contains(letter));
    words.any(|word| matches!(word, "eval" | "source" | "."))
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
        for script in ["TOKEN=x", "export TOKEN", "read -r TOKEN", "echo ${TOKEN:=x}", "source ./env", ". env", "eval \"$x\""] {
            assert!(secrets(true).may_be_set(script, &[]), "{script}");
        }
    }

    #[test]
    fn a_step_that_names_an_unknown_secret_is_held() {
        assert!(secrets(false).may_be_set("login", &["TOKEN".to_owned()]));
        assert!(!secrets(false).may_be_set("ls", &[]));
    }
}
