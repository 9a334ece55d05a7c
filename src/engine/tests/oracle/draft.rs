//! The text of a random book.

use std::collections::BTreeMap;

use crate::book::{BookText, parse_book};
use crate::plan::{Plan, PlanRequest, Selection, make_plan};

/// The present text of the book: each acting step sets a key of the world to a value.
#[derive(Debug, Clone, Default)]
pub(super) struct Draft {
    pub(super) chapters: Vec<DraftChapter>,
}

#[derive(Debug, Clone, Default)]
pub(super) struct DraftChapter {
    /// Whether the first check of the chapter is its `done:` check.
    pub(super) done: bool,
    pub(super) acts: Vec<Act>,
}

#[derive(Debug, Clone)]
pub(super) struct Act {
    pub(super) key: String,
    pub(super) value: u8,
    /// Whether the value is in a manifest instead of the script.
    pub(super) manifest: bool,
    pub(super) check: Option<Check>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Check {
    /// The key exists with any value.
    Exists,
    /// The key has the expected value.
    Equals,
}

impl Act {
    /// The value that the step sets.
    pub(super) fn expected_value(&self) -> String {
        format!("value-{}", self.value)
    }

    pub(super) fn check_passes(&self, world: &BTreeMap<String, String>) -> bool {
        match (self.check, world.get(&self.key)) {
            (None, _) => true,
            (Some(Check::Exists), value) => value.is_some(),
            (Some(Check::Equals), value) => value == Some(&self.expected_value()),
        }
    }
}

impl DraftChapter {
    fn text(&self) -> String {
        let mut text = String::new();
        let first = self.acts.iter().find(|act| act.check.is_some());
        if let Some(act) = first.filter(|_| self.done) {
            text += &format!("---\ndone: [{}-check]\n---\n", act.key);
        }
        text += "# T\n\n";
        for act in &self.acts {
            let (key, value) = (&act.key, act.expected_value());
            if act.manifest {
                text += &format!(
                    "```yaml {{file={key}.yaml}}\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {key}}}\ndata: {{is: {value}}}\n```\n\n"
                );
                text += &format!("```bash {{name={key}}}\napply {key} {key}.yaml\n```\n\n");
            } else {
                text += &format!("```bash {{name={key}}}\nset {key} {value}\n```\n\n");
            }
            if let Some(check) = act.check {
                let script = if check == Check::Exists {
                    format!("exists {key}")
                } else {
                    format!("equals {key} {value}")
                };
                text += &format!("```bash {{name={key}-check verify}}\n{script}\n```\n\n");
            }
        }
        text
    }
}

impl Draft {
    pub(super) fn plan(&self, targets: Vec<String>) -> Plan {
        let texts: Vec<(String, String)> = self
            .chapters
            .iter()
            .enumerate()
            .map(|(number, chapter)| (format!("chapter-{number}.md"), chapter.text()))
            .collect();
        let (book, problems) = parse_book(BookText::of_chapters(
            texts.iter().map(|(name, text)| (name.as_str(), text.as_str())),
        ));
        assert_eq!(problems, []);
        let selection = Selection { targets, ..Selection::default() };
        let request =
            PlanRequest { selection, profile: "open".to_owned(), ..PlanRequest::default() };
        make_plan(&book, &request).unwrap_or_else(|problems| panic!("{problems:?}"))
    }
}
