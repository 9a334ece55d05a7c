//! Finds the variables that the steps of a chapter may have assigned or unset, in their scripts.
//!
//! A variable that a step sets to the value that it already had does not differ from a new shell's.
//! It is nevertheless part of the state, because a run that is resumed in another environment must
//! find the step's value, and not the value of that environment.

use std::collections::HashSet;

use crate::text::shell_word::{is_name_character, is_variable_name};

/// The names found until now. For a name that a script only mentions, the present value is kept,
/// which is right as well.
#[derive(Debug, Clone, Default)]
pub(in crate::shell) struct MentionedNames {
    assigned: HashSet<String>,
    unset: HashSet<String>,
}

impl MentionedNames {
    /// Adds the names that a script, or the text of a state, may assign or unset.
    pub(in crate::shell) fn add(&mut self, script: &str) {
        let mut rest = script;
        while let Some(start) = rest.find(is_name_character) {
            let from = &rest[start..];
            let length = from.find(|letter| !is_name_character(letter)).unwrap_or(from.len());
            let (name, after) = from.split_at(length);
            let read = rest[..start].ends_with('$')
                || (rest[..start].ends_with("${") && after.starts_with('}'));
            if !read && is_variable_name(name) {
                self.assigned.insert(name.to_owned());
            }
            rest = after;
        }
        for command in script.split(['\n', ';', '&', '|', '(', ')', '{', '}', '`']) {
            let mut words = command
                .split_whitespace()
                .skip_while(|word| word.trim_start_matches('\\') != "unset")
                .skip(1)
                .peekable();
            if words.peek().is_some_and(|word| word.starts_with('-') && !word.contains('v')) {
                continue;
            }
            self.unset.extend(words.filter(|word| is_variable_name(word)).map(str::to_owned));
        }
    }

    /// Whether a step may have assigned the variable.
    pub(in crate::shell) fn may_be_assigned(&self, name: &[u8]) -> bool {
        std::str::from_utf8(name)
            .is_ok_and(|name| self.assigned.contains(name) && !name.starts_with("GUIDE_"))
    }

    /// The variables that a step may have unset.
    pub(in crate::shell) fn unset(&self) -> impl Iterator<Item = &str> {
        self.unset.iter().map(String::as_str).filter(|name| !name.starts_with("GUIDE_"))
    }
}

#[cfg(test)]
mod tests {
    use super::MentionedNames;

    #[test]
    fn a_name_that_may_be_assigned_is_found_and_one_that_is_only_read_is_not() {
        for script in [
            "A=1",
            "export A",
            "read -r A",
            ": ${A:=1}",
            "((A++))",
            "printf -v A x",
            "declare -x A=1",
            "for A in 1; do :; done",
        ] {
            let mut mentioned = MentionedNames::default();
            mentioned.add(script);
            assert!(mentioned.may_be_assigned(b"A"), "{script}");
        }
        let mut mentioned = MentionedNames::default();
        mentioned.add("echo $A \"${A}\" $A/x; BA=1");
        assert!(!mentioned.may_be_assigned(b"A"));
    }

    #[test]
    fn an_unset_name_is_found() {
        let mut mentioned = MentionedNames::default();
        mentioned.add("unset A B; unset -v C; unset -f D\n\\builtin unset -v E");
        let mut found: Vec<&str> = mentioned.unset().collect();
        found.sort_unstable();
        assert_eq!(found, ["A", "B", "C", "E"]);
    }
}
