//! Words that a reader is to replace: `<your-token>`, `YOUR_TOKEN`. Comments and here-documents are not searched.

use super::Advice;
use crate::book::Rule;
use crate::book::shell_words::{Commands, SimpleCommand};

const HINT: &str = "write a variable instead, `$TOKEN`, and set it in an earlier step or by values.yaml; mark the step `{skip}` if it is only shown";

/// Programs whose arguments are text to print, to find or to replace.
const TEXT_PROGRAMS: [&str; 12] =
    ["echo", "printf", "grep", "egrep", "sed", "awk", "perl", "envsubst", "test", "[", "[[", "yq"];

/// Every placeholder of a script, in the order of the text.
pub(super) fn placeholders(script: &str, commands: &Commands) -> Vec<Advice> {
    let mut found: Vec<Advice> = Vec::new();
    for start in &commands.input_redirections {
        let Some(text) = in_brackets(&script[*start..]) else { continue };
        // `sort <in>out` names two files.
        let next = script[start + text.len()..].chars().next();
        if !is_unmistakable(text) && next.is_some_and(char::is_alphanumeric) {
            continue;
        }
        let message = format!("`{text}` is a placeholder, which bash reads as names of files");
        found.push(Advice::warning(Rule::Placeholder, *start, message, HINT.to_owned()));
    }
    for command in &commands.all {
        let program = command.words.first().map_or("", String::as_str);
        if TEXT_PROGRAMS.contains(&program) {
            continue;
        }
        for text in in_words(command) {
            let at = script[command.at..].find(&text).map_or(command.at, |at| command.at + at);
            if found.iter().any(|known| known.at == at) {
                continue;
            }
            let message = format!("`{text}` is a placeholder, which bash passes on as it is");
            found.push(Advice::warning(Rule::Placeholder, at, message, HINT.to_owned()));
        }
    }
    found.sort_by_key(|advice| advice.at);
    found
}

/// The placeholders in a command's words and in the values that it assigns.
fn in_words(command: &SimpleCommand) -> Vec<String> {
    let values =
        command.assigns.iter().map(|assign| assign.split_once('=').map_or("", |(_, value)| value));
    let words = command.words.iter().map(|word| {
        // `export NAME=value`.
        word.split_once('=')
            .filter(|(name, _)| !name.contains('<'))
            .map_or(word.as_str(), |(_, value)| value)
    });
    let mut found = Vec::new();
    for word in values.chain(words) {
        for start in memchr::memchr_iter(b'<', word.as_bytes()) {
            found.extend(
                in_brackets(&word[start..]).filter(|text| is_unmistakable(text)).map(str::to_owned),
            );
        }
        found.extend(capital_placeholders(word).map(str::to_owned));
    }
    found
}

/// `<words>` at the start of a text, with the brackets.
fn in_brackets(text: &str) -> Option<&str> {
    let end = text.bytes().take(60).position(|byte| byte == b'>')?;
    let inner = &text[1..end];
    let fits = inner.starts_with(|first: char| first.is_ascii_alphabetic())
        && inner.ends_with(|last: char| last.is_ascii_alphanumeric())
        && inner.chars().all(|next| {
            next.is_ascii_alphanumeric() || matches!(next, '-' | '_' | ' ' | '.' | ':' | '/')
        });
    fits.then_some(&text[..=end])
}

/// Whether it is a placeholder even in quotes, as `<your-token>` and `<API_KEY>` are.
fn is_unmistakable(text: &str) -> bool {
    let lower = text.to_lowercase();
    let is_capital = text.len() > 4
        && text.chars().all(|next| {
            next.is_ascii_uppercase() || next.is_ascii_digit() || "<>_- ".contains(next)
        });
    lower.contains("your") || lower.contains("replace") || lower.contains("insert-") || is_capital
}

/// Words like `YOUR_TOKEN`, `REPLACE_ME` and `REPLACE_WITH_TOKEN` that are not the name of a variable.
fn capital_placeholders(word: &str) -> impl Iterator<Item = &str> {
    let is_part = |next: char| next.is_ascii_alphanumeric() || next == '_' || next == '-';
    let mut from = 0;
    std::iter::from_fn(move || {
        while from < word.len() {
            let start = from + word[from..].find(is_part)?;
            let length = word[start..].find(|next| !is_part(next)).unwrap_or(word.len() - start);
            from = start + length;
            let text = word[start..from].trim_end_matches('-');
            let is_variable = word[..start].ends_with(['$', '{', '<']);
            let is_placeholder = text.chars().all(|next| !next.is_ascii_lowercase())
                && ["YOUR_", "YOUR-", "REPLACE_ME", "REPLACE-ME", "REPLACE_WITH_"].iter().any(
                    |beginning| {
                        text.starts_with(beginning)
                            && (text.len() > beginning.len() || beginning.ends_with("ME"))
                    },
                );
            if is_placeholder && !is_variable {
                return Some(text);
            }
        }
        None
    })
}
