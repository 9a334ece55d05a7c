//! The world of a random book: what its steps have done.

use std::collections::{BTreeMap, BTreeSet};

use crate::output::Ending;
use crate::world::Command;
use crate::world::scripted::Answer;

/// The world: keys with values, and the failures to come.
#[derive(Debug, Default)]
pub(super) struct Model {
    pub(super) keys: BTreeMap<String, String>,
    /// Keys whose step sets the key and then fails.
    pub(super) failing: BTreeSet<String>,
    /// The value of each key that a step set and passed, and that nothing has undone since.
    pub(super) passed: BTreeMap<String, String>,
    /// Keys that were deleted by hand since they were last set.
    pub(super) lost: BTreeSet<String>,
    /// Rendered manifests, by file.
    pub(super) files: BTreeMap<String, String>,
    /// The runner is killed after this number of further commands.
    pub(super) killed_at: Option<usize>,
}

impl Model {
    pub(super) fn answer(&mut self, command: &Command) -> Option<Answer> {
        if let Some(remaining) = &mut self.killed_at {
            *remaining = remaining.checked_sub(1)?;
        }
        let words: Vec<&str> = command.script.split_whitespace().collect();
        let passes = match words.as_slice() {
            ["set", key, value] => self.set(key, (*value).to_owned()),
            ["apply", key, file] => {
                let value = self.files[*file]
                    .split("is: ")
                    .nth(1)?
                    .trim_end_matches(['}', '\n', ' '])
                    .to_owned();
                self.set(key, value)
            }
            ["exists", key] => self.keys.contains_key(*key),
            ["equals", key, value] => self.keys.get(*key).map(String::as_str) == Some(value),
            other => panic!("{other:?}"),
        };
        Some(Answer::ending("", Ending::Exited(i32::from(!passes))))
    }

    fn set(&mut self, key: &str, value: String) -> bool {
        self.keys.insert(key.to_owned(), value.clone());
        self.lost.remove(key);
        let passes = !self.failing.contains(key);
        if passes {
            self.passed.insert(key.to_owned(), value);
        } else {
            self.passed.remove(key);
        }
        passes
    }
}
