//! The options of the subcommands that run steps or compare the book with the cluster.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::book::parse_duration;
use crate::plan::{ShardCount, ShardNumber};

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
    /// The chapters or steps.
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
    /// Open a shell at a failed step; if the shell ends with 0, the step runs again
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
