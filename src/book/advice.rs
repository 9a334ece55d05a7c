//! What is probably wrong with a script that bash could run: a pasted prompt, a placeholder, an editor, a command without an end.

use super::attributes::Attributes;
use super::problem::Severity;
use super::shell_words::{Simple, commands_of};

/// A piece of advice.
#[derive(Debug, PartialEq)]
pub(crate) struct Advice {
    /// How much it matters.
    pub severity: Severity,
    /// Byte of the script it is about.
    pub at: usize,
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub hint: String,
}

/// Looks at a step's script.
pub(crate) fn advise(script: &str, attributes: &Attributes) -> Vec<Advice> {
    if let Some(prompt) = prompt(script) {
        return vec![prompt];
    }
    let mut found: Vec<Advice> = placeholders(script);
    // Most scripts hold none of these words, and need not be read command by command.
    if !TELLING.iter().any(|word| script.contains(word)) {
        return found;
    }
    let commands = commands_of(script).all;
    for (command, next) in commands.iter().zip(commands.iter().skip(1).map(Some).chain([None])) {
        let words: Vec<&str> = command
            .words
            .iter()
            .map(String::as_str)
            .skip_while(|word| matches!(*word, "sudo" | "exec"))
            .collect();
        if let Some(what) = editor(&words).filter(|_| !attributes.interactive) {
            found.push(Advice {
                severity: Severity::Warning,
                at: command.at,
                message: format!("`{what}` waits for somebody to edit a file"),
                hint: "write the change as a command (`kubectl patch`, `sed -i`, a file), or mark the step `interactive` or `{skip}`".to_owned(),
            });
        }
        let bounded =
            attributes.background.is_some() || attributes.interactive || is_bounded(command, next);
        if let Some((what, hint)) = endless(&words).filter(|_| !bounded) {
            found.push(Advice {
                severity: Severity::Warning,
                at: command.at,
                message: format!("`{what}` does not end by itself"),
                hint,
            });
        }
    }
    found
}

/// Words without which no command is an editor or without an end.
const TELLING: [&str; 19] = [
    "vi",
    "nano",
    "emacs",
    "pico",
    "edit",
    "port-forward",
    "proxy",
    "-w",
    "--watch",
    "-f",
    "-F",
    "--follow",
    "watch",
    "tunnel",
    "dashboard",
    "http.server",
    "serve",
    "top",
    "ssh",
];

/// `$ ` before a command, copied from a terminal.
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
            let hint = "take `$ ` away and put what the commands print into an `output` fence after the step; or call the fence `console`, \
                        and write `languages = [\"console\"]` in [preprocessor.guide] of book.toml";
            let message = "this step holds a prompt: bash would look for a program `$`".to_owned();
            return Some(Advice {
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

/// `<your-token>`: bash reads a file of that name, or sees a syntax error.
fn placeholders(script: &str) -> Vec<Advice> {
    let mut found = Vec::new();
    for start in memchr::memchr_iter(b'<', script.as_bytes()) {
        let Some(length) = placeholder(&script[start..]) else { continue };
        let text = &script[start..start + length];
        if is_quoted(script, start) && !is_telling(text) {
            continue;
        }
        found.push(Advice {
            severity: Severity::Warning,
            at: start,
            message: format!("`{text}` is a placeholder, which bash reads as names of files"),
            hint: "write a variable instead, `$TOKEN`, and set it in an earlier step or by values.yaml; mark the step `{skip}` where it is only shown".to_owned(),
        });
    }
    found
}

/// The length of `<words>` at the start of a text.
fn placeholder(text: &str) -> Option<usize> {
    let end = text.bytes().take(60).position(|byte| byte == b'>')?;
    let inner = &text[1..end];
    let fits = inner.starts_with(|first: char| first.is_ascii_alphabetic())
        && inner.ends_with(|last: char| last.is_ascii_alphanumeric())
        && inner.chars().all(|next| {
            next.is_ascii_alphanumeric() || matches!(next, '-' | '_' | ' ' | '.' | ':' | '/')
        });
    fits.then_some(end + 1)
}

/// A placeholder even inside of quotes: nobody writes `<your-token>` or `<API_KEY>` and means it.
fn is_telling(text: &str) -> bool {
    let lower = text.to_lowercase();
    let shouts = text.len() > 4
        && text.chars().all(|next| {
            next.is_ascii_uppercase() || next.is_ascii_digit() || "<>_- ".contains(next)
        });
    lower.contains("your") || lower.contains("replace") || lower.contains("insert-") || shouts
}

/// Do quotes, a comment or a here-document stand around this byte? Said by counting, as no more depends on it than advice.
fn is_quoted(script: &str, at: usize) -> bool {
    let line = script[..at].rsplit('\n').next().unwrap_or_default();
    let odd = |quote: char| line.matches(quote).count() % 2 == 1;
    odd('"')
        || odd('\'')
        || odd('`')
        || line.trim_start().starts_with('#')
        || script[..at].contains("<<")
}

fn editor(words: &[&str]) -> Option<String> {
    match words {
        [program @ ("vi" | "vim" | "nvim" | "nano" | "emacs" | "pico" | "visudo"), ..] => {
            Some((*program).to_owned())
        }
        ["crontab", "-e", ..] => Some("crontab -e".to_owned()),
        ["kubectl" | "oc" | "k", rest @ ..] if verb(rest) == Some("edit") => {
            Some(format!("{} edit", words[0]))
        }
        _ => None,
    }
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

/// The first word of kubectl's that is neither an option nor an option's value.
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

/// A command that goes on for ever, and what to do about it.
fn endless(words: &[&str]) -> Option<(String, String)> {
    let has = |flags: &[&str]| words.iter().any(|word| flags.contains(word));
    let background = || {
        "mark the step `background`, and let a `verify until=1m` step after it wait until it answers"
            .to_owned()
    };
    let again = || {
        "leave the watching out, and mark the step `verify until=2m`: guide asks again until it is so"
            .to_owned()
    };
    let once = || "leave that option out, or mark the step `background`".to_owned();
    let (program, rest) = words.split_first()?;
    match *program {
        "kubectl" | "oc" | "k" => match verb(rest)? {
            verb @ ("port-forward" | "proxy") => Some((format!("{program} {verb}"), background())),
            "get" | "events" if has(&["-w", "--watch", "--watch-only"]) => {
                Some((format!("{program} get --watch"), again()))
            }
            "logs" if has(&["-f", "--follow"]) => {
                Some((format!("{program} logs --follow"), once()))
            }
            _ => None,
        },
        "tail" if has(&["-f", "-F", "--follow"]) => Some(("tail -f".to_owned(), once())),
        "journalctl" if has(&["-f", "--follow"]) => Some(("journalctl -f".to_owned(), once())),
        "docker" | "podman" if rest.contains(&"logs") && has(&["-f", "--follow"]) => {
            Some((format!("{program} logs -f"), once()))
        }
        "watch" => Some(("watch".to_owned(), again())),
        "top" | "htop" if !has(&["-b", "-bn1", "-n1"]) => {
            Some(((*program).to_owned(), "write `top -b -n 1`".to_owned()))
        }
        "minikube" if matches!(rest.first(), Some(&("tunnel" | "dashboard"))) => {
            Some((words[..2].join(" "), background()))
        }
        "python" | "python3" if has(&["http.server"]) => {
            Some((format!("{program} -m http.server"), background()))
        }
        "mdbook" | "hugo" | "mkdocs" if has(&["serve", "server"]) => {
            Some((words[..2].join(" "), background()))
        }
        _ => None,
    }
}

/// Does something else end it?
fn is_bounded(command: &Simple, next: Option<&Simple>) -> bool {
    let ends = |next: &Simple| {
        matches!(next.words.first().map(String::as_str), Some("head" | "grep" | "sed" | "awk"))
    };
    command.in_background || (command.is_piped && next.is_some_and(ends))
}

#[cfg(test)]
mod tests;
