//! What commands of container engines, and of tools that make clusters out of containers, change.

use super::{ChangeTarget, CommandLine, Finding};

/// docker, or a program with its command line.
pub(super) fn container_engine(line: &CommandLine<'_>) -> Finding {
    let subcommand = line.arguments.get(1).copied().unwrap_or_default();
    match line.arguments.first().copied() {
        None
        | Some(
            "ps" | "images" | "version" | "info" | "inspect" | "logs" | "port" | "history"
            | "search" | "top" | "--version" | "--help",
        ) => Finding::ReadOnly,
        Some(
            "image" | "container" | "network" | "volume" | "system" | "compose" | "context"
            | "buildx",
        ) if matches!(
            subcommand,
            "ls" | "list" | "inspect" | "logs" | "ps" | "df" | "info" | "version"
        ) =>
        {
            Finding::ReadOnly
        }
        Some(option) if option.starts_with('-') => Finding::Unknown(format!(
            "the option `{} {option}` is unknown, and so is the command after it",
            line.program
        )),
        Some(_) => Finding::Changes(ChangeTarget::Engine),
    }
}

/// kind, minikube and the like.
pub(super) fn cluster_maker(line: &CommandLine<'_>) -> Finding {
    match line.arguments.first() {
        None | Some(&("get" | "version" | "status" | "list" | "profile")) => Finding::ReadOnly,
        Some(_) => Finding::Changes(ChangeTarget::Engine),
    }
}
