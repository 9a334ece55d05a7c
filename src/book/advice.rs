//! What is probably wrong with a script that bash can run: a pasted prompt, a placeholder, an editor, an endless command.

mod commands;
mod placeholders;

use self::commands::{editor, endless, is_bounded, program_words};
use self::placeholders::placeholders;
use super::attributes::Attributes;
use super::problem::Severity;
use super::rule::Rule;
use super::shell_words::commands_of;

/// A piece of advice.
#[derive(Debug, PartialEq)]
pub(crate) struct Advice {
    /// The kind of problem.
    pub rule: Rule,
    /// How much it matters.
    pub severity: Severity,
    /// The byte of the script that it is about.
    pub at: usize,
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub hint: String,
}

impl Advice {
    fn warning(rule: Rule, at: usize, message: String, hint: String) -> Self {
        Self { rule, severity: Severity::Warning, at, message, hint }
    }
}

/// The advice about a step's script, by kind and then in the order of the text.
pub(crate) fn advise(script: &str, attributes: &Attributes) -> Vec<Advice> {
    if let Some(prompt) = prompt(script) {
        return vec![prompt];
    }
    // Most scripts contain none of these words, so that they need not be divided into commands.
    if !TRIGGER_WORDS.iter().any(|word| script.contains(word)) {
        return Vec::new();
    }
    let commands = commands_of(script);
    let mut found = placeholders(script, &commands);
    let all = &commands.all;
    for (command, next) in all.iter().zip(all.iter().skip(1).map(Some).chain([None])) {
        let words = program_words(command);
        if let Some(what) = editor(command, &words).filter(|_| !attributes.interactive) {
            found.push(Advice::warning(
                Rule::Editor,
                command.at,
                format!("`{what}` waits for a person to edit a file"),
                "write the change as a command (`kubectl patch`, `sed -i`, a file), or mark the step `interactive` or `{skip}`".to_owned(),
            ));
        }
        let bounded = attributes.background.is_some()
            || attributes.interactive
            || is_bounded(script, command, next);
        if let Some((what, hint)) = endless(&words).filter(|_| !bounded) {
            let message = format!("`{what}` does not end by itself");
            found.push(Advice::warning(Rule::EndlessCommand, command.at, message, hint));
        }
    }
    found
}

/// Every placeholder, editor and endless command contains one of these texts.
const TRIGGER_WORDS: [&str; 37] = [
    "<",
    "YOUR",
    "REPLACE",
    "vi",
    "nano",
    "emacs",
    "pico",
    "edit",
    "crontab",
    "rebase",
    "port-forward",
    "proxy",
    "-w",
    "get",
    "events",
    "--watch",
    "-f",
    "-F",
    "logs",
    "tail",
    "journalctl",
    "--follow",
    "watch",
    "tunnel",
    "dashboard",
    "http.server",
    "serve",
    "top",
    "stern",
    "infinity",
    "yes",
    "ping",
    "attach",
    "mount",
    "compose",
    "dev",
    "commit",
];

/// The prompt `$ ` before a command, copied from a terminal.
fn prompt(script: &str) -> Option<Advice> {
    let mut at = 0;
    let mut is_first = true;
    for line in script.split_inclusive('\n') {
        let text = line.trim_start();
        let from = at + line.len() - text.len();
        at += line.len();
        if text.trim().is_empty() || text.starts_with('#') {
            continue;
        }
        let is_prompt = text.starts_with("$ ") && (is_first || !script.contains("<<"));
        if is_prompt {
            let hint = "remove `$ ` and put the output of the commands into an `output` fence after the step; or call the fence `console`, \
                        and write `languages = [\"console\"]` in [preprocessor.guide] of book.toml";
            let message =
                "this step contains a prompt: bash would look for a program named `$`".to_owned();
            return Some(Advice {
                rule: Rule::Prompt,
                severity: Severity::Unrunnable,
                at: from,
                message,
                hint: hint.to_owned(),
            });
        }
        is_first = false;
    }
    None
}

/// Options of kubectl before its verb that take the next word as their value.
pub(crate) const OPTIONS_WITH_VALUE: [&str; 12] = [
    "-n",
    "--namespace",
    "--context",
    "--kubeconfig",
    "--cluster",
    "--user",
    "-s",
    "--server",
    "--as",
    "--token",
    "-v",
    "--request-timeout",
];

/// The command of kubectl: the first word that is neither an option nor the value of an option.
pub(crate) fn verb<'a>(words: &[&'a str]) -> Option<&'a str> {
    let mut words = words.iter();
    while let Some(word) = words.next() {
        if !word.starts_with('-') {
            return Some(word);
        }
        if OPTIONS_WITH_VALUE.contains(word) {
            words.next();
        }
    }
    None
}

#[cfg(test)]
mod tests;
