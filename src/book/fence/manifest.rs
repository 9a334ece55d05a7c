//! The words in the braces of a `yaml {file=…}` fence.

use std::ops::Range;

use super::{Fence, FenceReading, word_problem};
use crate::book::attribute_values::flag;
use crate::book::foreign_words::tool_of;
use crate::book::info_string::{Word, WordError, words};
use crate::book::problem::Severity;
use crate::book::step_attributes::{WordProblem, ignored};
use crate::ids::{is_name, nearest};

/// The attributes of a manifest.
const MANIFEST_WORDS: [&str; 4] = ["file", "profile", "hidden", "skip"];

pub(super) fn read_manifest(
    info: &str,
    inner: Range<usize>,
    mut found: Vec<(Severity, WordProblem)>,
) -> FenceReading {
    let mut problems: Vec<WordProblem> = Vec::new();
    let mut file = None;
    let mut profiles = Vec::new();
    let mut hidden = false;
    let mut seen: Vec<(String, Range<usize>)> = Vec::new();
    let mut unknown = Vec::new();
    for word in words(info, inner) {
        let word = match word {
            Ok(word) => word,
            Err(error) => {
                problems.push(WordProblem { error, earlier: None });
                continue;
            }
        };
        if let Some((_, first)) = seen.iter().find(|(key, _)| *key == *word.key) {
            let error = WordError {
                message: format!("`{}` is given twice", word.key),
                at: word.whole(),
                hint: None,
            };
            problems
                .push(WordProblem { error, earlier: Some((first.clone(), "first given here")) });
            continue;
        }
        seen.push((word.key.clone().into_owned(), word.whole()));
        match &*word.key {
            "file" => file = Some(read_file(&word, &mut problems)),
            "profile" => profiles = read_profiles(&word, &mut problems),
            "hidden" => match flag("hidden", &word) {
                Ok(value) => hidden = value,
                Err(refusal) => problems.push(word_problem(
                    word.value_at.clone(),
                    &refusal.message,
                    refusal.hint,
                )),
            },
            "skip" => {}
            key => match tool_of(key) {
                Some(tool) => found.push((Severity::Note, ignored(key, tool, word.whole()))),
                None => unknown.push(unknown_word(&word)),
            },
        }
    }
    // A fence without `file=` belongs to another tool, as its words do, unless one of them is almost `file`.
    let Some(file) = file else {
        unknown.retain(|word_problem| {
            word_problem
                .error
                .hint
                .as_deref()
                .is_some_and(|hint| hint.starts_with("did you mean `file`"))
        });
        found.extend(unknown.into_iter().map(|one| (Severity::Error, one)));
        return FenceReading { fence: Fence::Prose, problems: found };
    };
    problems.extend(unknown);
    found.extend(problems.into_iter().map(|one| (Severity::Error, one)));
    FenceReading { fence: Fence::Manifest { file, profiles, hidden }, problems: found }
}

fn unknown_word(word: &Word<'_>) -> WordProblem {
    let hint = match nearest(&word.key, MANIFEST_WORDS) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("a manifest's attribute is one of {}", MANIFEST_WORDS.join(", ")),
    };
    word_problem(
        word.key_at.clone(),
        &format!("unknown attribute `{}` of a manifest", word.key),
        Some(hint),
    )
}

fn read_file(word: &Word<'_>, problems: &mut Vec<WordProblem>) -> String {
    let file = word.value.as_deref().unwrap_or_default();
    if !is_file_name(file) {
        let hint = "write `file=web.yaml`: a name without a folder, because the file is written into the folder of the chapter";
        let message = if file.is_empty() {
            "`file` needs a value".to_owned()
        } else {
            format!("`{file}` is not a plain file name")
        };
        problems.push(word_problem(word.value_at.clone(), &message, Some(hint.to_owned())));
    }
    file.to_owned()
}

/// Whether a file of this name stays in its folder on every system.
pub(super) fn is_file_name(file: &str) -> bool {
    !file.is_empty()
        && file.len() <= 200
        && !file.starts_with(['.', '-'])
        && !file.contains(['/', '\\', ':'])
        && !file.contains(char::is_control)
}

fn read_profiles(word: &Word<'_>, problems: &mut Vec<WordProblem>) -> Vec<String> {
    let profiles: Vec<String> = word
        .value
        .as_deref()
        .unwrap_or_default()
        .split(',')
        .map(|part| part.trim().to_owned())
        .collect();
    if let Some(odd) = profiles.iter().find(|profile| !is_name(profile)) {
        let message = format!("`{odd}` can't be in a list of profile names");
        problems.push(word_problem(
            word.value_at.clone(),
            &message,
            Some("write `profile=sealed,open`".to_owned()),
        ));
    }
    profiles
}
