//! The options of the subcommands that use past runs or this machine.

use std::path::PathBuf;

use clap::Args;

const SHELL_HELP: &str = "\
A step that failed: the state from which it started. A step that passed: the state after it.
`set -e` is off, because a failing command would end the shell. Without a terminal the commands are read from stdin:
  echo 'kubectl get pods' | guide shell chapter-5/pin-ingress

Exit codes: 0 the shell ended with 0; 1 with another code; 2 the state is unknown; 3 it cannot be restored.";

const SCRIPT_HELP: &str = "\
The script contains the manifests, every step (including hidden ones) and the checks, which it repeats for the time of `until=`.
It stops at the first step that fails, and it compares no output:
  guide script chapter-5 > chapter-5.sh && bash chapter-5.sh";

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
