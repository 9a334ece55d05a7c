//! The help text of every command, as people read it.

use crate::Project;

/// Calls `guide WORDS` and gives what it printed on stdout.
fn help(words: &str) -> String {
    let book = Project::with_chapter("# One\n");
    let said = book.guide(words).exits(0);
    assert_eq!(said.stderr, "", "help is what was asked for, and goes to stdout");
    said.stdout
}

const COMMANDS: [&str; 13] = [
    "run",
    "verify",
    "plan",
    "check",
    "review",
    "diff",
    "down",
    "status",
    "init",
    "publish",
    "preprocess",
    "doctor",
    "completions",
];

#[test]
fn guide_explains_itself() {
    insta::assert_snapshot!("help", help("--help"));
}

#[test]
fn every_command_explains_itself() {
    for command in COMMANDS {
        insta::assert_snapshot!(format!("help_{command}"), help(&format!("{command} --help")));
    }
}

#[test]
fn every_command_is_tested_here() {
    let listed = help("--help");
    let commands = listed.split("Commands:\n").nth(1).expect("a list of commands");
    let names = commands.lines().take_while(|line| !line.is_empty());
    for line in names.filter(|line| line.starts_with("  ") && !line.starts_with("   ")) {
        let name = line.split_whitespace().next().expect("a name");
        assert!(COMMANDS.contains(&name), "`{name}` has no snapshot");
    }
}

#[test]
fn the_old_names_of_flags_still_work_and_are_not_shown() {
    let book = Project::with_chapter("# One\n\n```bash {name=a}\ntrue\n```\n");
    book.guide("run --again").exits(0);
    assert!(!help("run --help").contains("--again"));
    assert!(!help("down --help").contains("--with-strays"));
    book.guide("down --with-strays").exits(2).says("this book has no cluster");
}
