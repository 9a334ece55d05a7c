//! Commands of other programs that `book.toml` names for a site: preprocessors and renderers that do not belong to mdBook.

use std::collections::BTreeMap;
use std::path::Path;

use mdbook_driver::MDBook;
use mdbook_driver::book::Book;
use mdbook_driver::builtin_preprocessors::CmdPreprocessor;
use mdbook_driver::builtin_renderers::CmdRenderer;
use mdbook_driver::config::Config;
use mdbook_driver::errors::{Error, Result};
use mdbook_preprocessor::{Preprocessor, PreprocessorContext};
use mdbook_renderer::{RenderContext, Renderer};
use serde::{Deserialize, Serialize};

use super::error::StoreError;
use super::files::{Durability, read_if_there, replace_book_file};

/// A command that mdBook would run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ForeignCommand {
    /// `preprocessor` or `renderer`.
    pub kind: String,
    /// Its name in `book.toml`.
    pub name: String,
    /// The command line.
    pub command: String,
    #[serde(skip)]
    optional: bool,
}

impl std::fmt::Display for ForeignCommand {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let shown = |text: &str| {
            text.chars()
                .flat_map(char::escape_debug)
                .collect::<String>()
                .replace("\\\"", "\"")
                .replace("\\'", "'")
        };
        write!(f, "the {} `{}`: {}", self.kind, shown(&self.name), shown(&self.command))
    }
}

/// A command that failed while mdBook ran it.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Failed(pub ForeignCommand);

/// The part of such a table that contains the command.
#[derive(Deserialize)]
struct Table {
    command: Option<String>,
    #[serde(default)]
    optional: bool,
}

/// All commands of the configuration, except those that mdBook and guide do themselves.
pub(super) fn commands(config: &Config) -> Result<Vec<ForeignCommand>> {
    let own = [
        ("preprocessor", ["guide", "links", "index"].as_slice()),
        ("renderer", ["html", "markdown"].as_slice()),
    ];
    let tables = [config.preprocessors::<Table>()?, config.outputs::<Table>()?];
    let mut commands = Vec::new();
    for ((kind, own), tables) in own.into_iter().zip(tables) {
        for (name, table) in tables.into_iter().filter(|(name, _)| !own.contains(&name.as_str())) {
            let command = table.command.unwrap_or_else(|| format!("mdbook-{name}"));
            commands.push(ForeignCommand {
                kind: kind.to_owned(),
                name,
                command,
                optional: table.optional,
            });
        }
    }
    Ok(commands)
}

/// The commands that `book.toml` names.
///
/// # Errors
/// When mdBook can't read it.
pub(crate) fn foreign_commands(
    root: &Path,
) -> std::result::Result<Vec<ForeignCommand>, StoreError> {
    let read = Config::from_disk(root.join("book.toml")).and_then(|config| commands(&config));
    read.map_err(|error| StoreError::SiteFailed {
        root: root.to_owned(),
        why: format!("{error:#}"),
    })
}

/// Makes the errors of these commands name the command.
pub(super) fn name_failures(book: &mut MDBook, commands: Vec<ForeignCommand>) {
    for command in commands {
        let (name, line) = (command.name.clone(), command.command.clone());
        if command.kind == "preprocessor" {
            let inner = CmdPreprocessor::new(name, line, book.root.clone(), command.optional);
            book.with_preprocessor(Named { inner, command });
        } else {
            book.with_renderer(Named { inner: CmdRenderer::new(name, line), command });
        }
    }
}

struct Named<T> {
    inner: T,
    command: ForeignCommand,
}

impl<T> Named<T> {
    fn failed(&self, error: Error) -> Error {
        error.context(Failed(self.command.clone()))
    }
}

impl Preprocessor for Named<CmdPreprocessor> {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn run(&self, context: &PreprocessorContext, book: Book) -> Result<Book> {
        self.inner.run(context, book).map_err(|error| self.failed(error))
    }

    fn supports_renderer(&self, renderer: &str) -> Result<bool> {
        self.inner.supports_renderer(renderer).map_err(|error| self.failed(error))
    }
}

impl Renderer for Named<CmdRenderer> {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn render(&self, context: &RenderContext) -> Result<()> {
        self.inner.render(context).map_err(|error| self.failed(error))
    }
}

/// The commands that a person allowed before, by the book's folder. They are stored in the user's own folder, because a book could
/// contain such a file itself.
type Allowed = BTreeMap<String, Vec<ForeignCommand>>;

/// Whether all of them were allowed before for the book in this folder.
pub(crate) fn were_allowed(cache: &Path, root: &Path, commands: &[ForeignCommand]) -> bool {
    let allowed = read_allowed(cache).remove(&root.display().to_string()).unwrap_or_default();
    let same = |one: &ForeignCommand, other: &ForeignCommand| {
        (&one.kind, &one.name, &one.command) == (&other.kind, &other.name, &other.command)
    };
    commands.iter().all(|command| allowed.iter().any(|known| same(command, known)))
}

/// Stores that a person allowed them for the book in this folder.
///
/// # Errors
/// When it can't be written.
pub(crate) fn remember_allowed(
    cache: &Path,
    root: &Path,
    commands: &[ForeignCommand],
) -> std::result::Result<(), StoreError> {
    let mut allowed = read_allowed(cache);
    allowed.insert(root.display().to_string(), commands.to_vec());
    replace_book_file(
        &allowed_file(cache),
        &serde_json::to_vec_pretty(&allowed).unwrap_or_default(),
        Durability::Synced,
    )
}

fn read_allowed(cache: &Path) -> Allowed {
    let bytes = read_if_there(&allowed_file(cache)).ok().flatten().unwrap_or_default();
    serde_json::from_slice(&bytes).unwrap_or_default()
}

fn allowed_file(cache: &Path) -> std::path::PathBuf {
    cache.join("guide/allowed-commands.json")
}
