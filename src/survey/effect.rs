//! What a script would change, as far as its words prove it. There are three answers: it changes nothing, it changes certain things,
//! or its effect is unknown. Only commands on the lists of this room count as harmless; an unknown command never does.

mod containers;
mod kubernetes;
mod programs;

use std::collections::HashSet;
use std::fmt;

use crate::book::{SimpleCommand, commands_of};

/// What a script changes, as far as its words prove it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Effect {
    /// What it changes.
    pub changes: Vec<ChangeTarget>,
    /// Why it may change more than that.
    pub doubts: Vec<String>,
}

/// What a command changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ChangeTarget {
    /// Objects of a cluster.
    Cluster,
    /// Containers, images or whole clusters.
    Engine,
    /// Files below the folder that it runs in, and temporary files.
    Files,
    /// A file or setting elsewhere.
    Outside(String),
    /// Packages, services, processes or kernel settings.
    Machine,
}

/// What one command does.
enum Finding {
    ReadOnly,
    Changes(ChangeTarget),
    /// Its effect is unknown, for this reason.
    Unknown(String),
}

/// A command: its program and its arguments.
struct CommandLine<'a> {
    program: &'a str,
    arguments: &'a [&'a str],
    /// No word contains an expansion, which could become an option when the script runs.
    is_literal: bool,
}

impl CommandLine<'_> {
    /// Whether one of these flags is among the arguments, also as `--flag=value`.
    fn has(&self, flags: &[&str]) -> bool {
        let is_flag = |word: &str, flag: &str| {
            word == flag || (flag.len() > 2 && word.starts_with(&format!("{flag}=")))
        };
        self.arguments.iter().any(|word| flags.iter().any(|flag| is_flag(word, flag)))
    }

    /// Whether an argument begins with one of these texts.
    fn has_prefix(&self, prefixes: &[&str]) -> bool {
        self.arguments.iter().any(|word| prefixes.iter().any(|prefix| word.starts_with(prefix)))
    }

    /// The arguments that are not options.
    fn operands(&self) -> impl Iterator<Item = &str> {
        self.arguments.iter().copied().filter(|word| !word.starts_with('-'))
    }
}

impl Effect {
    /// Whether it is proven that the script changes nothing.
    pub(crate) fn is_read_only(&self) -> bool {
        self.changes.is_empty() && self.doubts.is_empty()
    }

    /// Whether the script may reach beyond the book's folder and cluster, so that a person should read it first.
    pub(super) fn is_doubtful(&self) -> bool {
        let is_risky = |target: &ChangeTarget| {
            matches!(target, ChangeTarget::Machine | ChangeTarget::Outside(_))
        };
        !self.doubts.is_empty() || self.changes.iter().any(is_risky)
    }

    fn add(&mut self, finding: Finding) {
        match finding {
            Finding::ReadOnly => {}
            Finding::Changes(target) if self.changes.contains(&target) => {}
            Finding::Changes(target) => self.changes.push(target),
            Finding::Unknown(reason) if self.doubts.contains(&reason) => {}
            Finding::Unknown(reason) => self.doubts.push(reason),
        }
    }
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_read_only() {
            return f.write_str("changes nothing");
        }
        let changes: Vec<String> = self.changes.iter().map(ToString::to_string).collect();
        let (changes, doubts) = (changes.join("; "), self.doubts.join("; "));
        match (changes.is_empty(), doubts.is_empty()) {
            (true, _) => write!(f, "has an unknown effect: {doubts}"),
            (false, true) => write!(f, "changes {changes}"),
            (false, false) => write!(f, "changes {changes}, and possibly more: {doubts}"),
        }
    }
}

impl fmt::Display for ChangeTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cluster => f.write_str("objects of the cluster"),
            Self::Engine => f.write_str("containers, images or whole clusters"),
            Self::Files => f.write_str("files"),
            Self::Outside(file) => write!(f, "something outside the book: {file}"),
            Self::Machine => f.write_str("packages, services or settings of the machine"),
        }
    }
}

/// What a script would change. `functions` are the names that the document's scripts define, which hide the programs of those names.
pub(super) fn effect_of(script: &str, functions: &HashSet<String>) -> Effect {
    let commands = commands_of(script);
    let mut effect = Effect::default();
    if !commands.is_clear {
        effect.add(Finding::Unknown("it depends on more than the script's words".to_owned()));
    }
    for command in &commands.all {
        for file in &command.writes {
            effect.add(written(file));
        }
        let mut words = command.assigns.iter().chain(&command.words);
        if let Some(name) = words.find_map(|word| influential_variable(word)) {
            let reason = format!("it sets `{name}`, which changes what other commands do");
            effect.add(Finding::Unknown(reason));
        }
        let words: Vec<&str> = command.words.iter().map(String::as_str).collect();
        add_command(&words, command, functions, &mut effect);
    }
    effect
}

/// Adds the functions and aliases that a script defines.
pub(super) fn functions_of(script: &str, functions: &mut HashSet<String>) {
    for (at, _) in script.match_indices("()") {
        let before = script[..at].trim_end();
        let name =
            before.rsplit(|next: char| next.is_whitespace() || ";&|({".contains(next)).next();
        functions.extend(name.filter(|name| !name.is_empty()).map(str::to_owned));
    }
    for word in ["alias ", "function "] {
        for (at, _) in script.match_indices(word) {
            let rest = script[at + word.len()..].trim_start();
            let name = rest.split(|next: char| next.is_whitespace() || "=({".contains(next)).next();
            functions.insert(name.unwrap_or_default().to_owned());
        }
    }
}

/// Variables that change what later commands do.
const INFLUENTIAL: [&str; 12] = [
    "PATH",
    "IFS",
    "ENV",
    "BASH_ENV",
    "PS4",
    "PAGER",
    "PROMPT_COMMAND",
    "EDITOR",
    "VISUAL",
    "SHELLOPTS",
    "CDPATH",
    "LESSOPEN",
];

/// Prefixes of such variables.
const INFLUENTIAL_PREFIXES: [&str; 7] =
    ["LD_", "DYLD_", "GIT_", "KUBE", "HELM_", "DOCKER_", "BASH_FUNC"];

/// The variable that this word assigns, if other commands read it.
fn influential_variable(word: &str) -> Option<&str> {
    let (name, _) = word.split_once('=')?;
    let name = name.trim_end_matches('+');
    let has_prefix = || INFLUENTIAL_PREFIXES.iter().any(|prefix| name.starts_with(prefix));
    (INFLUENTIAL.contains(&name) || has_prefix()).then_some(name)
}

/// The finding for a file that a redirection writes.
fn written(file: &str) -> Finding {
    match file {
        "/dev/null" | "/dev/stdout" | "/dev/stderr" | "/dev/tty" => Finding::ReadOnly,
        _ if is_outside(file) => Finding::Changes(ChangeTarget::Outside(file.to_owned())),
        _ => Finding::Changes(ChangeTarget::Files),
    }
}

/// Whether a file is neither temporary nor below the folder that the book's steps run in.
fn is_outside(file: &str) -> bool {
    let is_temporary = file.starts_with("/tmp/") && !file.contains("..");
    !is_temporary
        && (file.starts_with(['/', '~'])
            || file.starts_with("$HOME")
            || file.starts_with("${HOME")
            || file.split('/').any(|part| part == ".."))
}

/// Programs that run another command.
const WRAPPERS: [&str; 9] =
    ["env", "command", "nohup", "nice", "builtin", "exec", "timeout", "xargs", "time"];

fn add_command(
    words: &[&str],
    command: &SimpleCommand,
    functions: &HashSet<String>,
    effect: &mut Effect,
) {
    let Some((program, arguments)) = words.split_first() else { return };
    if functions.contains(*program) {
        let reason = format!("the document itself defines `{program}`");
        return effect.add(Finding::Unknown(reason));
    }
    if !WRAPPERS.contains(program) {
        let line = CommandLine { program, arguments, is_literal: !command.has_expansion };
        return effect.add(programs::finding(&line));
    }
    match wrapped_command(program, arguments) {
        Err(option) => {
            let reason = format!("`{program} {option}` runs another command in an unknown way");
            effect.add(Finding::Unknown(reason));
        }
        // `env` without a command prints the environment, and `xargs` without one echoes its input.
        Ok([]) => {}
        Ok(wrapped) => {
            if *program == "xargs" && !programs::is_harmless(wrapped[0]) {
                let reason = "`xargs` adds words that are only known when the script runs";
                effect.add(Finding::Unknown(reason.to_owned()));
            }
            add_command(wrapped, command, functions, effect);
        }
    }
}

/// The command that a wrapper runs; empty if it runs none. The error is an unknown option.
fn wrapped_command<'a>(program: &str, arguments: &'a [&'a str]) -> Result<&'a [&'a str], &'a str> {
    let mut rest = arguments;
    let mut before_duration = true;
    while let Some((first, after)) = rest.split_first() {
        match *first {
            "-v" | "-V" if program == "command" => return Ok(&[]),
            word if program == "env" && word.contains('=') && !word.starts_with('-') => {}
            "-i" | "-0" | "-r" | "-t" | "-p" | "--" if before_duration => {}
            word if before_duration && word.starts_with('-') => return Err(word),
            word if program == "timeout"
                && before_duration
                && word.starts_with(|next: char| next.is_ascii_digit()) =>
            {
                before_duration = false;
            }
            _ => break,
        }
        rest = after;
    }
    Ok(rest)
}

#[cfg(test)]
mod tests;
