//! Tables of the documents that are made from the code: between `<!-- table: NAME -->` and `<!-- end of table -->`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use clap::{Arg, Command, CommandFactory};
use guide::cli::Cli;
use guide::error::Exit;
use guide::testing::compare::Rules;
use guide::testing::reference::{ATTRIBUTES, BOOK_FILES, STATE_FILES};

const DOCUMENTS: [&str; 8] = [
    "README.md",
    "guide/authoring.md",
    "docs/manual/src/reference/attributes.md",
    "docs/manual/src/reference/front-matter.md",
    "docs/manual/src/reference/book-toml.md",
    "docs/manual/src/reference/commands.md",
    "docs/manual/src/reference/exit-codes.md",
    "docs/manual/src/reference/files.md",
];

const BEGIN: &str = "<!-- table: ";
const END: &str = "<!-- end of table -->";

fn path(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(file)
}

fn read(file: &str) -> String {
    fs::read_to_string(path(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// A table in Markdown.
fn table<const N: usize>(head: [&str; N], rows: impl IntoIterator<Item = [String; N]>) -> String {
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let escaped = |row: [String; N]| row.map(|cell| cell.replace('|', "\\|"));
    let mut text = line(&head.map(str::to_owned));
    text += &line(&[(); N].map(|()| "---".to_owned()));
    rows.into_iter().for_each(|row| text += &line(&escaped(row)));
    text
}

fn code(text: &str) -> String {
    format!("`{text}`")
}

fn attributes() -> String {
    let rows = ATTRIBUTES
        .map(|one| [one.forms.to_owned(), one.meaning.to_owned(), one.default.to_owned()]);
    table(["attribute", "meaning", "default"], rows)
}

/// The keys that a schema describes; the schemas have a test of their own, which compares them with what is read.
fn keys(schema: &str) -> String {
    let schema: serde_json::Value = serde_json::from_str(&read(schema)).expect("a schema");
    let keys = schema["properties"].as_object().expect("keys");
    let text = |value: &serde_json::Value| value.as_str().expect("a description").to_owned();
    table(["key", "meaning"], keys.iter().map(|(key, is)| [code(key), text(&is["description"])]))
}

fn exit_codes() -> String {
    let rows = Exit::ALL.map(|exit| [exit.code().to_string(), exit.meaning().to_owned()]);
    table(["exit code", "meaning"], rows)
}

fn files(files: &[(&str, &str)]) -> String {
    table(["file", "meaning"], files.iter().map(|(file, is)| [code(file), (*is).to_owned()]))
}

fn normalizers() -> String {
    let rules = Rules::default();
    let rows =
        rules.list().map(|(rule, _)| [code(rule.normalizer.name()), rule.replaces.to_owned()]);
    table(["name", "what it hides"], rows)
}

/// How an option or argument is typed.
fn typed(argument: &Arg) -> String {
    let names = argument.get_value_names().unwrap_or_default();
    let value = names.iter().map(clap::builder::Str::as_str).collect::<Vec<_>>().join(" ");
    if argument.is_positional() {
        return code(&value);
    }
    let long = argument.get_long().map(|long| format!("--{long}"));
    let short = argument.get_short().map(|short| format!("-{short}"));
    let flags = [short, long].into_iter().flatten().collect::<Vec<_>>().join(", ");
    let takes = argument.get_action().takes_values();
    code(if takes { format!("{flags} {value}") } else { flags }.trim())
}

fn options<'a>(arguments: impl Iterator<Item = &'a Arg>) -> String {
    let rows = arguments.map(|argument| {
        let mut help = argument.get_help().map(ToString::to_string).unwrap_or_default();
        let defaults = argument.get_default_values();
        let takes_values = argument.get_action().takes_values();
        if let ([default], true) = (defaults, takes_values) {
            let _ = write!(help, " [default: {}]", default.display());
        }
        [typed(argument), help]
    });
    table(["option", "meaning"], rows)
}

fn is_listed(argument: &&Arg) -> bool {
    let automatic = ["help", "version"];
    !argument.is_hide_set() && !automatic.contains(&argument.get_id().as_str())
}

fn write_command(text: &mut String, path: &str, command: &Command) {
    let about = command.get_about().map(ToString::to_string).unwrap_or_default();
    let stop = if about.ends_with(['.', '?']) { "" } else { "." };
    let _ = writeln!(text, "## `{path}`\n\n{about}{stop}\n");
    let own: Vec<&Arg> = command
        .get_arguments()
        .filter(is_listed)
        .filter(|argument| !argument.is_global_set())
        .collect();
    if !own.is_empty() {
        *text += &options(own.into_iter());
        text.push('\n');
    }
    for inner in command.get_subcommands().filter(|inner| !inner.is_hide_set()) {
        write_command(text, &format!("{path} {}", inner.get_name()), inner);
    }
}

fn commands() -> String {
    let mut guide = Cli::command();
    let global: Vec<Arg> = guide.get_arguments().filter(is_listed).cloned().collect();
    guide.build();
    let mut text = String::new();
    for command in guide.get_subcommands().filter(|command| !command.is_hide_set()) {
        write_command(&mut text, &format!("guide {}", command.get_name()), command);
    }
    format!("{text}## Options of every command\n\n{}", options(global.iter()))
}

fn tables() -> BTreeMap<&'static str, String> {
    BTreeMap::from([
        ("attributes", attributes()),
        ("front matter", keys("docs/front-matter.schema.json")),
        ("book.toml", keys("docs/book.schema.json")),
        ("commands", commands()),
        ("exit codes", exit_codes()),
        ("files of a book", files(&BOOK_FILES)),
        ("files of a run", files(&STATE_FILES)),
        ("normalizers", normalizers()),
    ])
}

/// The document with every table in it as the code makes it; the names of the tables go into `found`.
fn with_tables(
    text: &str,
    tables: &BTreeMap<&str, String>,
    found: &mut BTreeSet<String>,
) -> String {
    let mut parts = text.split(BEGIN);
    let mut made = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (name, rest) = part.split_once(" -->\n").expect("the name of a table");
        let table = tables.get(name).unwrap_or_else(|| panic!("there is no table `{name}`"));
        let (_, after) = rest.split_once(END).unwrap_or_else(|| panic!("`{name}` has no end"));
        let _ = write!(made, "{BEGIN}{name} -->\n\n{}\n\n{END}{after}", table.trim_end());
        found.insert(name.to_owned());
    }
    made
}

#[test]
fn the_tables_of_the_documents_are_as_the_code_makes_them() {
    let update = std::env::var_os("UPDATE_TABLES").is_some();
    let tables = tables();
    let mut found = BTreeSet::new();
    let mut outdated = Vec::new();
    for document in DOCUMENTS {
        let text = read(document);
        let made = with_tables(&text, &tables, &mut found);
        if made != text && update {
            fs::write(path(document), made).expect("a document is written");
        } else if made != text {
            outdated.push(document);
        }
    }
    assert!(
        outdated.is_empty(),
        "tables of {outdated:?} are not what the code says; write them again with \
         `UPDATE_TABLES=1 cargo test --test it reference_tables`"
    );
    let made: BTreeSet<String> = tables.keys().map(|name| (*name).to_owned()).collect();
    assert_eq!(found, made, "every table stands in a document");
}

#[test]
fn a_table_that_differs_is_replaced_and_nothing_else() {
    let tables = BTreeMap::from([("a", "| new |\n".to_owned())]);
    let text = "before\n<!-- table: a -->\n\n| old |\n\n<!-- end of table -->\nafter\n";
    let made = with_tables(text, &tables, &mut BTreeSet::new());
    assert_eq!(made, text.replace("old", "new"));
    assert_eq!(with_tables(&made, &tables, &mut BTreeSet::new()), made);
}
