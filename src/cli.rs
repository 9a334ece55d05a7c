//! CLI: the command line and its help texts. It reads neither files nor the environment nor the world.

mod book;
mod past_runs;
mod run;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;

pub use self::book::{
    CheckArgs, CheckFormat, CiSystem, InitArgs, PreprocessArgs, PublishArgs, ReviewArgs,
};
pub use self::past_runs::{DoctorArgs, ExportArgs, MergeArgs, ScriptArgs, ShellArgs, StatusArgs};
pub use self::run::{
    DiffArgs, DownArgs, PlanArgs, ReplayArgs, RunArgs, SplitArgs, StepArgs, TargetArgs, VerifyArgs,
};
use crate::report::ColourChoice;

const EXAMPLES: &str = "\
Examples:
  guide run chapter-1              run one chapter, and the chapters that it needs
  guide run --resume               continue where the last run stopped
  guide run chapter-2..chapter-5   run several chapters
  guide run --context staging      run the book on a cluster of your kubeconfig
  guide check                      report every error of the book without running anything
  guide review                     accept or reject new output

Exit codes: 0 the world is as the book says; 1 it differs; 2 the book or the command line is wrong;
3 the world did not answer; 130 interrupted.";

/// Run a book's command blocks against a real cluster, compare their output, resume after a failure, publish the book
#[derive(Debug, Parser)]
#[command(name = "guide", version, after_help = EXAMPLES, help_expected = true, disable_help_subcommand = true, infer_long_args = false)]
pub struct Cli {
    /// The subcommand.
    #[command(subcommand)]
    pub command: Command,
    /// The options of every subcommand.
    #[command(flatten)]
    pub global: GlobalArgs,
}

/// The options of every subcommand.
#[derive(Debug, Args)]
pub struct GlobalArgs {
    /// Folder of the book, which contains `book.toml` [default: the nearest folder upwards that does]
    #[arg(long, global = true, value_name = "DIR", help_heading = "Book")]
    pub book: Option<PathBuf>,
    /// Folder for the state of runs [default: BOOK/.guide]
    #[arg(long, global = true, value_name = "DIR", help_heading = "Book")]
    pub state: Option<PathBuf>,
    /// Kind of world to run in [default: `default-profile` in book.toml]
    #[arg(long, global = true, value_name = "NAME", help_heading = "Book")]
    pub profile: Option<String>,
    /// Override a value of `values.yaml`, for example `--set cluster.name=x`
    #[arg(long = "set", global = true, value_name = "KEY=VALUE", help_heading = "Book")]
    pub set: Vec<String>,
    /// Run the book on this context of your kubeconfig, which is copied and never changed [default: `context` in book.toml]
    #[arg(long, global = true, value_name = "NAME", help_heading = "Book")]
    pub context: Option<String>,
    /// Kubeconfig file to use [default: `KUBECONFIG`, else ~/.kube/config]
    #[arg(long, global = true, value_name = "FILE", help_heading = "Book")]
    pub kubeconfig: Option<PathBuf>,
    /// When to use color
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        default_value = "auto",
        help_heading = "Display"
    )]
    pub color: ColourChoice,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run chapters in order, and skip the steps that are up to date
    Run(RunArgs),
    /// Run only the checks: does the world still match the book?
    Verify(VerifyArgs),
    /// Show what a run would do, and why, without doing it
    Plan(PlanArgs),
    /// Report every error of every chapter without running anything
    Check(CheckArgs),
    /// Accept or reject new output, one change at a time
    Review(ReviewArgs),
    /// Compare the manifests with the cluster: missing, different and unmanaged objects
    Diff(DiffArgs),
    /// Delete what the chapters' manifests created, newest first
    Down(DownArgs),
    /// Show the last run, step by step
    Status(StatusArgs),
    /// Write a first book, or a book around an existing Markdown file
    Init(InitArgs),
    /// Make a website of the book with the recorded output under each command; never runs a step
    Publish(PublishArgs),
    /// Open an interactive bash in the state of a step: its folder, variables, functions and options
    Shell(ShellArgs),
    /// Print a chapter as one shell script
    Script(ScriptArgs),
    /// Write the last run to one file, for `guide merge` and `guide replay` on another machine
    Export(ExportArgs),
    /// Put the bundles of all shards together: one result, one report, the new outputs for review
    Merge(MergeArgs),
    /// Run what a bundle ran, up to the step that failed, and name the first step that behaves differently
    Replay(ReplayArgs),
    /// Speak mdBook's preprocessor protocol (`command = "guide preprocess"` in book.toml)
    #[command(hide = true)]
    Preprocess(PreprocessArgs),
    /// Report what this machine has and lacks, and which profile fits it
    Doctor(DoctorArgs),
    /// Print a completion script for a shell
    Completions {
        /// Shell to print the script for
        shell: Shell,
    },
}

/// Parses words that guide itself writes, as if a person had typed them.
///
/// # Panics
/// When the words are not a command line of guide, which is a mistake in the code.
pub(crate) fn parse_words(words: &[&str]) -> Command {
    match Cli::try_parse_from(words) {
        Ok(cli) => cli.command,
        Err(error) => unreachable!("{words:?} is a command line of guide: {error}"),
    }
}
