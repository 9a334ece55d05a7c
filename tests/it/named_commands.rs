//! Every `guide …` command that a message, a hint, a comment or a document names is one that the command line accepts.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Parser;
use clap::error::ErrorKind;
use guide::cli::Cli;
use regex::Regex;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The files below a folder with this extension, without what tests are made of.
fn files(folder: &Path, extension: &str, found: &mut Vec<PathBuf>) {
    let entries =
        fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    for path in entries.map(|entry| entry.expect("an entry").path()) {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let skipped = name.starts_with('.') || name.starts_with("tests") || name == "book";
        if path.is_dir() && !skipped {
            files(&path, extension, found);
        } else if !skipped && path.extension().is_some_and(|has| has == extension) {
            found.push(path);
        }
    }
}

/// Source text as its strings read: continued lines joined, without the tests at its end.
fn unbroken(source: &str) -> String {
    let code = source.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let joined = Regex::new(r"\\\n\s*").expect("a pattern").replace_all(code, "");
    let joined = Regex::new(r"\n\s*//[/!]? ?").expect("a pattern").replace_all(&joined, " ");
    joined.replace("\\\"", "\"").replace("{{", "{").replace("}}", "}")
}

/// The commands in code spans, and those on a line of their own in a fence.
fn commands(text: &str) -> Vec<String> {
    let spans = Regex::new(r"`(guide [^`\n]+)`").expect("a pattern");
    let line = Regex::new(r"^(?:\$ )?(guide [^`]+)$").expect("a pattern");
    let mut found: Vec<String> = spans.captures_iter(text).map(|span| span[1].to_owned()).collect();
    let mut is_code = false;
    for text in text.lines() {
        is_code ^= text.trim_start().starts_with("```");
        found.extend(line.captures(text).filter(|_| is_code).map(|line| line[1].to_owned()));
    }
    found
}

/// The words of a command, with something in place of what a reader or the program fills in. `None`: it is prose.
fn words(command: &str) -> Option<Vec<String>> {
    let command = Regex::new(r"\{[^}]*\}").expect("a pattern").replace_all(command, "1");
    // What a column of explanation or a shell makes of the rest is not guide's.
    let command = command.split("  ").next().unwrap_or_default();
    let ends = ["&&", "||", "|", ">", ">>", "2>", "2>&1", "<", "#", ";", "·"];
    let words = command.split(' ').take_while(|word| !ends.contains(word));
    let words = words.filter(|word| !word.contains('…') && !word.starts_with('['));
    let words: Vec<String> = words.map(|word| word.replace(['"', '\''], "")).collect();
    let is_command =
        |word: &String| word.chars().all(|letter| letter.is_ascii_lowercase() || letter == '-');
    words.get(1).is_some_and(is_command).then_some(words)
}

/// Why the command line refuses this command.
fn refusal(words: &[String]) -> Option<String> {
    let error = Cli::try_parse_from(words).err()?;
    let shows = [
        ErrorKind::DisplayHelp,
        ErrorKind::DisplayVersion,
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand,
    ];
    // The name of a command or of an option alone stands for it, and is not a call.
    let is_name = match error.kind() {
        ErrorKind::MissingRequiredArgument => words.len() == 2,
        ErrorKind::InvalidValue => words.last().is_some_and(|word| word.starts_with("--")),
        _ => false,
    };
    (!is_name && !shows.contains(&error.kind()))
        .then(|| error.to_string().lines().next().unwrap_or_default().to_owned())
}

fn refused(files: &[PathBuf], read: impl Fn(&str) -> String) -> (usize, Vec<String>) {
    let (mut number, mut refused) = (0, Vec::new());
    for file in files {
        let text =
            fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        for command in commands(&read(&text)) {
            let Some(words) = words(&command) else { continue };
            number += 1;
            let why = refusal(&words);
            let place = file.strip_prefix(root()).unwrap_or(file).display();
            refused.extend(why.map(|why| format!("{place}: `{command}`: {why}")));
        }
    }
    (number, refused)
}

#[test]
fn every_command_that_a_message_or_comment_names_is_accepted() {
    let mut sources = Vec::new();
    files(&root().join("src"), "rs", &mut sources);
    let (number, refused) = refused(&sources, unbroken);
    assert!(number > 100, "{number} commands found");
    assert_eq!(refused, [""; 0]);
}

#[test]
fn every_command_that_a_document_names_is_accepted() {
    let mut documents = Vec::new();
    for folder in ["docs", "guide", "lab", "src", "examples", "templates"] {
        files(&root().join(folder), "md", &mut documents);
    }
    let own = ["README.md", "AGENTS.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"];
    documents.extend(own.map(|file| root().join(file)));
    let (number, refused) = refused(&documents, str::to_owned);
    assert!(number > 100, "{number} commands found");
    assert_eq!(refused, [""; 0]);
}

#[test]
fn a_command_that_is_none_is_found() {
    let found = |text: &str| {
        let commands = commands(&unbroken(text));
        commands.iter().filter_map(|one| words(one)).find_map(|words| refusal(&words))
    };
    assert!(found("hint: run `guide run --agian`").is_some());
    assert!(found("let x = \"do `guide rnu \\\n    chapter-1`\";").is_some());
    assert!(found("```\n$ guide check --strickt | head\n```").is_some());
    assert_eq!(found("run `guide run {}`, `guide verify --wait {}s`, `guide run … && x`"), None);
}
