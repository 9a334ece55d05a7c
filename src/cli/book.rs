//! The options of the subcommands that work on the text of the book and its page.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// How `guide check` prints what it found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum CheckFormat {
    /// For people
    #[default]
    Text,
    /// JSON, as `docs/check.schema.json` describes it
    Json,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// Annotations of GitHub Actions
    Github,
}

/// Arguments of `guide check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// How to print what was found
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: CheckFormat,
    /// Print JSON, as `--format json` does
    #[arg(long, conflicts_with = "format")]
    pub json: bool,
    /// Also run shellcheck on the steps, where it is installed
    #[arg(long)]
    pub lint: bool,
    /// Look only at the chapters that have changed since this revision of git, and the chapters that they need; errors of the book are
    /// reported wherever they are
    #[arg(long, value_name = "REV")]
    pub changed_since: Option<String>,
    /// Also list the attributes and blocks of other tools, which guide ignores
    #[arg(long)]
    pub strict: bool,
    /// List also acting steps without a check, and checks and `output` fences that cannot fail
    #[arg(long)]
    pub coverage: bool,
    /// Check again whenever a file of the book changes, until Ctrl-C
    #[arg(long, conflicts_with_all = ["json", "format"])]
    pub watch: bool,
}

impl CheckArgs {
    /// The format that the options choose.
    pub fn chosen_format(&self) -> CheckFormat {
        if self.json { CheckFormat::Json } else { self.format }
    }
}

/// Arguments of `guide review`.
#[derive(Debug, Args)]
pub struct ReviewArgs {
    /// Chapters or steps to review [default: everything that is pending]
    #[arg(value_name = "TARGET")]
    pub targets: Vec<String>,
    /// Accept everything without asking
    #[arg(long, conflicts_with_all = ["reject", "list"])]
    pub accept: bool,
    /// Reject everything without asking
    #[arg(long, conflicts_with = "list")]
    pub reject: bool,
    /// List what is pending
    #[arg(long)]
    pub list: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `guide init`.
#[derive(Debug, Args)]
pub struct InitArgs {
    /// Folder to write the book to [default: the current folder]
    #[arg(value_name = "FOLDER")]
    pub folder: Option<PathBuf>,
    /// Make a chapter of this Markdown file, and report for each block whether it would run and what it would change
    #[arg(long, value_name = "FILE.md")]
    pub from: Option<PathBuf>,
    /// Add a chapter that makes a kind cluster of this name (see `--context` for a cluster that exists)
    #[arg(long, value_name = "NAME", conflicts_with = "from")]
    pub cluster: Option<String>,
    /// Title of the book
    #[arg(long, value_name = "TEXT")]
    pub title: Option<String>,
    /// Write the files by which this code host checks the book at every change and runs it every night, also for a book that exists
    #[arg(long, value_name = "HOST")]
    pub ci: Option<CiSystem>,
}

/// A code host that runs jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum CiSystem {
    /// GitHub Actions
    Github,
    /// GitLab CI/CD
    Gitlab,
}

/// Arguments of `guide publish`.
#[derive(Debug, Args)]
pub struct PublishArgs {
    /// Folder of the website [default: `build-dir` in book.toml, else BOOK/book]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Exit with code 1 if a recording is missing or stale
    #[arg(long)]
    pub strict: bool,
    /// Also show recordings that are pending review, and mark them
    #[arg(long)]
    pub pending: bool,
    /// Run the other preprocessors and renderers that book.toml names, without asking
    #[arg(long)]
    pub allow_commands: bool,
    /// Serve the website on 127.0.0.1, and rebuild it whenever a file of the book changes
    #[arg(long)]
    pub serve: bool,
    /// Port for `--serve`
    #[arg(long, value_name = "PORT", default_value_t = 3000, requires = "serve")]
    pub port: u16,
}

/// Arguments of `guide preprocess`.
#[derive(Debug, Args)]
pub struct PreprocessArgs {
    /// `supports RENDERER`, or nothing to annotate the book on stdin
    #[arg(value_name = "WORD")]
    pub words: Vec<String>,
}
