//! What may be typed. Raw words only: nothing here reads a file, the environment or the world (`settings` does).

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;

use crate::book::parse_duration;
use crate::report::ColourChoice;

const EXAMPLES: &str = "\
Examples:
  guide run chapter-1            run one chapter
  guide run --resume             go on where the last run stopped
  guide run chapter-2..chapter-5
  guide check                    every error of the book, without a world
  guide review                   look at outputs that wait to be accepted

Exit codes: 0 the world is as written; 1 it differs; 2 the book or the command line is wrong;
3 the world could not be asked; 130 interrupted.";

/// Run a book's command blocks against a real cluster, compare, resume, publish.
#[derive(Debug, Parser)]
#[command(name = "guide", version, after_help = EXAMPLES, help_expected = true, disable_help_subcommand = true, infer_long_args = false)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// Options every subcommand takes.
    #[command(flatten)]
    pub global: GlobalArgs,
}

/// Options every subcommand takes.
#[derive(Debug, Args)]
pub struct GlobalArgs {
    /// Folder of the book (where `book.toml` is) [default: the nearest one upwards]
    #[arg(long, global = true, value_name = "DIR", help_heading = "Book")]
    pub book: Option<PathBuf>,
    /// Folder for the run's state [default: BOOK/.guide]
    #[arg(long, global = true, value_name = "DIR", help_heading = "Book")]
    pub state: Option<PathBuf>,
    /// Profile of the world [default: book.toml's, else found out]
    #[arg(long, global = true, value_name = "NAME", help_heading = "Book")]
    pub profile: Option<String>,
    /// Set a value, over `values.yaml` (`--set cluster.name=x`)
    #[arg(long = "set", global = true, value_name = "KEY=VALUE", help_heading = "Book")]
    pub set: Vec<String>,
    /// Use this kubeconfig instead of the run's private one
    #[arg(long, global = true, value_name = "FILE", help_heading = "Book")]
    pub kubeconfig: Option<PathBuf>,
    /// Colour
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
    /// Run chapters, in order, from the first step that has to
    Run(RunArgs),
    /// Run only verify steps: does the world still match the book?
    Verify(VerifyArgs),
    /// Show what would run and why; changes nothing
    Plan(PlanArgs),
    /// Find every error of every chapter; needs no world
    Check(CheckArgs),
    /// Look at pending snapshots, one hunk at a time
    Review(ReviewArgs),
    /// Objects of the book that are missing or differ, and objects no manifest made
    Diff(TargetArgs),
    /// Take away what the chapters' manifests made, newest first
    Down(DownArgs),
    /// The last run, step by step
    Status(StatusArgs),
    /// Write a small first book, or one around a Markdown file that is there
    Init(InitArgs),
    /// The book as a site, with what really came out beside each command; never runs a step
    Publish(PublishArgs),
    /// mdBook's preprocessor protocol: `command = "guide preprocess"` in book.toml
    #[command(hide = true)]
    Preprocess(PreprocessArgs),
    /// What this machine has and lacks, and which profile fits
    Doctor(DoctorArgs),
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: Shell,
    },
}

/// Which part of the book.
#[derive(Debug, Args, Default, Clone)]
pub struct TargetArgs {
    /// Chapters or steps: chapter-5, 5, persistence, chapter-5/pin-ingress, chapter-1..chapter-5 [default: the whole book]
    #[arg(value_name = "TARGET")]
    pub targets: Vec<String>,
}

/// `guide run`.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// Which part of the book.
    #[command(flatten)]
    pub target: TargetArgs,
    /// Which steps of it.
    #[command(flatten)]
    pub steps: StepArgs,
    /// Go on after the last passed step, once the verify steps before it were asked again
    #[arg(long, conflicts_with_all = ["from", "only", "again"])]
    pub resume: bool,
    /// Run acting steps also where they are up to date (but not those of chapters that are only needed)
    #[arg(long = "rerun", alias = "again")]
    pub again: bool,
    /// In a world where an acting step has never passed, a check of it that passes before it runs is a failure
    #[arg(long)]
    pub prove: bool,
    /// Go on after a failed step
    #[arg(long)]
    pub keep_going: bool,
    /// Answer every question with yes
    #[arg(long, short = 'y')]
    pub yes: bool,
    /// Offer recordings for the page, also where they tell nothing new (else as `record` in book.toml says)
    #[arg(long)]
    pub record: bool,
    /// Write a report: junit=FILE or json=FILE
    #[arg(long, value_name = "KIND=FILE")]
    pub report: Vec<String>,
}

/// Which steps of the targets.
#[derive(Debug, Args, Default, Clone)]
pub struct StepArgs {
    /// First step to run
    #[arg(long, value_name = "STEP")]
    pub from: Option<String>,
    /// Last step to run
    #[arg(long, value_name = "STEP")]
    pub to: Option<String>,
    /// The only step to run
    #[arg(long, value_name = "STEP", conflicts_with_all = ["from", "to"])]
    pub only: Option<String>,
}

/// `guide verify`.
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// Which part of the book.
    #[command(flatten)]
    pub target: TargetArgs,
    /// Wait so long at most for checks that do not hold yet (`until=`), for all of them together
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = parse_duration)]
    pub wait: Duration,
    /// Write a report: junit=FILE or json=FILE
    #[arg(long, value_name = "KIND=FILE")]
    pub report: Vec<String>,
}

/// `guide plan`.
#[derive(Debug, Args)]
pub struct PlanArgs {
    /// Which part of the book.
    #[command(flatten)]
    pub target: TargetArgs,
    /// Which steps of it.
    #[command(flatten)]
    pub steps: StepArgs,
    /// Plan what `--resume` would run
    #[arg(long)]
    pub resume: bool,
    /// For programs
    #[arg(long)]
    pub json: bool,
}

/// `guide check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// For programs
    #[arg(long)]
    pub json: bool,
    /// List also the words and blocks that belong to other tools and are left alone
    #[arg(long)]
    pub strict: bool,
    /// List also acting steps without a check, and checks and `output` fences that cannot fail
    #[arg(long)]
    pub coverage: bool,
    /// Check again whenever a file of the book changes, until Ctrl-C
    #[arg(long, conflicts_with = "json")]
    pub watch: bool,
}

/// `guide review`.
#[derive(Debug, Args)]
pub struct ReviewArgs {
    /// Chapters or steps to look at [default: all that is pending]
    #[arg(value_name = "TARGET")]
    pub targets: Vec<String>,
    /// Accept without asking
    #[arg(long, conflicts_with_all = ["reject", "list"])]
    pub accept: bool,
    /// Reject without asking
    #[arg(long, conflicts_with = "list")]
    pub reject: bool,
    /// Only list what is pending
    #[arg(long)]
    pub list: bool,
    /// For programs
    #[arg(long)]
    pub json: bool,
}

/// `guide down`.
#[derive(Debug, Args)]
pub struct DownArgs {
    /// Which part of the book.
    #[command(flatten)]
    pub target: TargetArgs,
    /// Don't ask
    #[arg(long, short = 'y')]
    pub yes: bool,
    /// Take namespaces away even where they hold objects that no manifest made
    #[arg(long)]
    pub with_strays: bool,
}

/// `guide init`.
#[derive(Debug, Args)]
pub struct InitArgs {
    /// Folder to write it to [default: this one]
    #[arg(value_name = "FOLDER")]
    pub folder: Option<PathBuf>,
    /// Take this Markdown as the chapter, and say block by block what of it would run and what that would change
    #[arg(long, value_name = "FILE.md")]
    pub from: Option<PathBuf>,
    /// With a chapter on a kind cluster of this name
    #[arg(long, value_name = "NAME", conflicts_with = "from")]
    pub cluster: Option<String>,
    /// The book's title
    #[arg(long, value_name = "TEXT")]
    pub title: Option<String>,
}

/// `guide publish`.
#[derive(Debug, Args)]
pub struct PublishArgs {
    /// Folder of the site [default: book.toml's build-dir, else BOOK/book]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Fail where a recording is missing or stale
    #[arg(long)]
    pub strict: bool,
    /// Show recordings that still wait for review as well, marked so
    #[arg(long)]
    pub pending: bool,
    /// Run the preprocessors and renderers of others that book.toml names, this time without asking
    #[arg(long)]
    pub allow_commands: bool,
    /// Then show it on this machine, and make it anew when a file of the book changes
    #[arg(long)]
    pub serve: bool,
    /// Port of `--serve`
    #[arg(long, value_name = "PORT", default_value_t = 3000, requires = "serve")]
    pub port: u16,
}

/// `guide preprocess`.
#[derive(Debug, Args)]
pub struct PreprocessArgs {
    /// `supports RENDERER`: mdBook's question; nothing: the book comes on stdin
    #[arg(value_name = "WORD")]
    pub words: Vec<String>,
}

/// `guide status`.
#[derive(Debug, Args)]
pub struct StatusArgs {
    /// Where the time went: a line a chapter
    #[arg(long, conflicts_with = "json")]
    pub times: bool,
    /// For programs
    #[arg(long)]
    pub json: bool,
}

/// `guide doctor`.
#[derive(Debug, Args)]
pub struct DoctorArgs {
    /// For programs
    #[arg(long)]
    pub json: bool,
}
