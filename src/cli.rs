//! The command line and its help texts. Nothing here reads a file, the environment or the world; `settings` does.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use crate::book::parse_duration;
use crate::plan::{ShardCount, ShardNumber};
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

const SHELL_HELP: &str = "\
A step that failed: the state from which it started. A step that passed: the state that it left.
`set -e` is off, because a failing command would end the shell. Without a terminal the commands are read from stdin:
  echo 'kubectl get pods' | guide shell chapter-5/pin-ingress

Exit codes: 0 the shell was left with 0; 1 with another code; 2 the state is not known; 3 it cannot be restored.";

const SCRIPT_HELP: &str = "\
The script holds the manifests, every step, also the hidden ones, and the checks, which it repeats as `until=` says.
It stops at the first step that fails, and it compares no output:
  guide script chapter-5 > chapter-5.sh && bash chapter-5.sh";

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

/// The chapters or steps.
#[derive(Debug, Args, Default, Clone)]
pub struct TargetArgs {
    /// Chapters or steps: chapter-5, 5, persistence, chapter-5/pin-ingress, chapter-1..chapter-5 [default: the whole book]
    #[arg(value_name = "TARGET")]
    pub targets: Vec<String>,
}

/// Arguments of `guide diff`.
#[derive(Debug, Args)]
pub struct DiffArgs {
    /// Which part of the book.
    #[command(flatten)]
    pub target: TargetArgs,
    /// Compare the whole book, not only what was applied in this world
    #[arg(long, conflicts_with = "targets")]
    pub all: bool,
}

/// Arguments of `guide run`.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// The chapters or steps.
    #[command(flatten)]
    pub target: TargetArgs,
    /// A part of them.
    #[command(flatten)]
    pub steps: StepArgs,
    /// Continue at the step where the last run stopped, after the checks before it have passed again
    #[arg(long, conflicts_with_all = ["from", "only", "rerun"])]
    pub resume: bool,
    /// Run acting steps even if they are up to date (needed chapters are still skipped when up to date)
    #[arg(long, alias = "again")]
    pub rerun: bool,
    /// Prove the checks: fail if a check passes before its acting step has ever passed in this world
    #[arg(long)]
    pub prove: bool,
    /// Run one part of the book, such as 2/3; `guide plan --shards 3` shows the parts
    #[arg(long, value_name = "I/N", conflicts_with_all = ["from", "to", "only"])]
    pub shard: Option<ShardNumber>,
    /// How the book is divided.
    #[command(flatten)]
    pub split: SplitArgs,
    /// Continue after a failed step
    #[arg(long)]
    pub keep_going: bool,
    /// Open a shell at a failed step; leaving it with 0 tries the step again
    #[arg(long, conflicts_with = "keep_going")]
    pub pause: bool,
    /// Run the chapters that have changed since this revision of git, and the chapters that they need
    #[arg(long, value_name = "REV", conflicts_with_all = ["targets", "from", "to", "only", "resume"])]
    pub changed_since: Option<String>,
    /// Answer yes to every question
    #[arg(long, short = 'y')]
    pub yes: bool,
    /// Write recordings for the page even if nothing has changed [default: `record` in book.toml]
    #[arg(long)]
    pub record: bool,
    /// Write a report to a file: junit=FILE or json=FILE
    #[arg(long, value_name = "KIND=FILE")]
    pub report: Vec<String>,
}

/// A range of steps of the targets.
#[derive(Debug, Args, Default, Clone)]
pub struct StepArgs {
    /// First step to run
    #[arg(long, value_name = "STEP")]
    pub from: Option<String>,
    /// Last step to run
    #[arg(long, value_name = "STEP")]
    pub to: Option<String>,
    /// Run only this step
    #[arg(long, value_name = "STEP", conflicts_with_all = ["from", "to"])]
    pub only: Option<String>,
}

/// How the time of a chapter is known.
#[derive(Debug, Args, Default, Clone)]
pub struct SplitArgs {
    /// Divide by the times in this JSON file, chapter → seconds [default: the times of the accepted recordings]
    #[arg(long, value_name = "FILE")]
    pub times: Option<PathBuf>,
}

/// Arguments of `guide verify`.
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// The chapters or steps.
    #[command(flatten)]
    pub target: TargetArgs,
    /// Check the whole book, not only the chapters that have run in this world
    #[arg(long, conflicts_with = "targets")]
    pub all: bool,
    /// Total time to wait for checks with `until=`
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = parse_duration)]
    pub wait: Duration,
    /// Write a report to a file: junit=FILE or json=FILE
    #[arg(long, value_name = "KIND=FILE")]
    pub report: Vec<String>,
}

/// Arguments of `guide plan`.
#[derive(Debug, Args)]
pub struct PlanArgs {
    /// The chapters or steps.
    #[command(flatten)]
    pub target: TargetArgs,
    /// A part of them.
    #[command(flatten)]
    pub steps: StepArgs,
    /// Show what `guide run --resume` would do
    #[arg(long)]
    pub resume: bool,
    /// Divide the chapters among N machines, or among as many as make it faster
    #[arg(long, value_name = "N|auto", conflicts_with_all = ["from", "to", "only", "resume"])]
    pub shards: Option<ShardCount>,
    /// How the book is divided.
    #[command(flatten)]
    pub split: SplitArgs,
    /// Print the matrix of shards for GitHub Actions: `guide plan --shards auto --github >> "$GITHUB_OUTPUT"`
    #[arg(long, requires = "shards", conflicts_with = "json")]
    pub github: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

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
    /// The format that was asked for.
    pub fn wanted(&self) -> CheckFormat {
        if self.json { CheckFormat::Json } else { self.format }
    }
}

/// Arguments of `guide shell`.
#[derive(Debug, Args)]
#[command(after_help = SHELL_HELP)]
pub struct ShellArgs {
    /// The step [default: the one that the last run failed at, else the last one that passed]
    #[arg(value_name = "STEP")]
    pub step: Option<String>,
}

/// Arguments of `guide script`.
#[derive(Debug, Args)]
#[command(after_help = SCRIPT_HELP)]
pub struct ScriptArgs {
    /// The chapter
    #[arg(value_name = "CHAPTER")]
    pub chapter: String,
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

/// Arguments of `guide down`.
#[derive(Debug, Args)]
pub struct DownArgs {
    /// The chapters or steps.
    #[command(flatten)]
    pub target: TargetArgs,
    /// Delete without asking
    #[arg(long, short = 'y')]
    pub yes: bool,
    /// Also delete namespaces that contain unmanaged objects, which no manifest names
    #[arg(long, alias = "with-strays")]
    pub include_unmanaged: bool,
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

/// Arguments of `guide export`.
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// The file to write [default: RUN.guide.tgz]
    #[arg(long, short, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

/// Arguments of `guide merge`.
#[derive(Debug, Args)]
pub struct MergeArgs {
    /// The bundles of all shards, as `guide export` wrote them
    #[arg(value_name = "BUNDLE", required = true)]
    pub bundles: Vec<PathBuf>,
    /// Write a report to a file: junit=FILE or json=FILE
    #[arg(long, value_name = "KIND=FILE")]
    pub report: Vec<String>,
    /// Write how long each chapter took, for the next `guide plan --shards 3 --times FILE`
    #[arg(long, value_name = "FILE")]
    pub times: Option<PathBuf>,
}

/// Arguments of `guide replay`.
#[derive(Debug, Args)]
pub struct ReplayArgs {
    /// The bundle, as `guide export` wrote it
    #[arg(value_name = "BUNDLE")]
    pub bundle: PathBuf,
    /// Run only the check that failed, against the cluster that `--context` names
    #[arg(long)]
    pub here: bool,
    /// Answer yes to every question
    #[arg(long, short = 'y')]
    pub yes: bool,
}

/// Arguments of `guide preprocess`.
#[derive(Debug, Args)]
pub struct PreprocessArgs {
    /// `supports RENDERER`, or nothing to annotate the book on stdin
    #[arg(value_name = "WORD")]
    pub words: Vec<String>,
}

/// Arguments of `guide status`.
#[derive(Debug, Args)]
pub struct StatusArgs {
    /// Show how long each chapter took
    #[arg(long, conflicts_with = "json")]
    pub times: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `guide doctor`.
#[derive(Debug, Args)]
pub struct DoctorArgs {
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// Parses words that guide itself writes, as if they were typed.
///
/// # Panics
/// When they are no command line of guide: a mistake in the code.
pub(crate) fn parse_words(words: &[&str]) -> Command {
    match Cli::try_parse_from(words) {
        Ok(cli) => cli.command,
        Err(error) => unreachable!("{words:?} is a command line of guide: {error}"),
    }
}
