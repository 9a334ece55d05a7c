//! Which variables the steps of a chapter may have assigned or unset, by the look of their scripts.
//!
//! A variable that a step sets to the value it had before looks as if nobody had touched it. It is part of the state all the same:
//! a run that is resumed from another environment must find the step's value, and not what that environment has.

use std::collections::HashSet;

/// Names found so far. Some may only be mentioned: then the value they had is kept, which is right as well.
#[derive(Debug, Clone, Default)]
pub(super) struct Assigned {
    names: HashSet<String>,
    unset: HashSet<String>,
}

impl Assigned {
    /// Adds what a script, or the text of a state, may assign and unset.
    pub(super) fn add(&mut self, script: &str) {
        let is_letter = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
        let mut rest = script;
        while let Some(start) = rest.find(is_letter) {
            let from = &rest[start..];
            let length = from.find(|letter| !is_letter(letter)).unwrap_or(from.len());
            let (name, after) = from.split_at(length);
            let read = rest[..start].ends_with('$')
                || (rest[..start].ends_with("${") && after.starts_with('}'));
            if !read && is_name(name) {
                self.names.insert(name.to_owned());
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
            self.unset.extend(words.filter(|word| is_name(word)).map(str::to_owned));
        }
    }

    /// May a step have assigned it?
    pub(super) fn has(&self, name: &[u8]) -> bool {
        std::str::from_utf8(name)
            .is_ok_and(|name| self.names.contains(name) && !name.starts_with("GUIDE_"))
    }

    /// Names that a step may have unset.
    pub(super) fn unset(&self) -> impl Iterator<Item = &str> {
        self.unset.iter().map(String::as_str).filter(|name| !name.starts_with("GUIDE_"))
    }
}

fn is_name(word: &str) -> bool {
    !word.is_empty()
        && !word.starts_with(|first: char| first.is_ascii_digit())
        && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::Assigned;

    #[test]
    fn what_is_assigned_in_any_way_is_found_and_what_is_only_read_is_not() {
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
            let mut assigned = Assigned::default();
            assigned.add(script);
            assert!(assigned.has(b"A"), "{script}");
        }
        let mut assigned = Assigned::default();
        assigned.add("echo $A \"${A}\" $A/x; BA=1");
        assert!(!assigned.has(b"A"));
    }

    #[test]
    fn what_is_unset_is_found() {
        let mut assigned = Assigned::default();
        assigned.add("unset A B; unset -v C; unset -f D\n\\builtin unset -v E");
        let mut found: Vec<&str> = assigned.unset().collect();
        found.sort_unstable();
        assert_eq!(found, ["A", "B", "C", "E"]);
    }
}
