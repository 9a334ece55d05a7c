//! What commands of kubectl and Helm change.

use super::{ChangeTarget, CommandLine, Finding};
use crate::book::{OPTIONS_WITH_VALUE, verb};

/// kubectl, or a program with its command line.
pub(super) fn kubectl(line: &CommandLine<'_>) -> Finding {
    let (program, arguments) = (line.program, line.arguments);
    let writing = ["--profile", "--cache-dir", "--kuberc", "--output-directory"];
    let writes = |word: &&&str| writing.iter().any(|option| word.starts_with(option));
    if let Some(word) = arguments.iter().find(writes) {
        return Finding::Unknown(format!("`{program} {word}` writes files"));
    }
    if arguments.iter().all(|word| matches!(*word, "--help" | "-h" | "--version")) {
        return Finding::ReadOnly;
    }
    let Some(verb) = verb(arguments) else {
        return Finding::Unknown(format!("`{program}` has no command"));
    };
    let at = arguments.iter().position(|word| *word == verb).unwrap_or_default();
    // The value of an unknown option could look like the command.
    if let Some(option) = arguments[..at].iter().find(|word| is_unknown_option(word)) {
        let reason =
            format!("the option `{program} {option}` is unknown, and so is the command after it");
        return Finding::Unknown(reason);
    }
    let object = arguments[at + 1..].iter().find(|word| !word.starts_with('-'));
    let is_dry_run = arguments.contains(&"--dry-run=client");
    command(program, verb, object.copied().unwrap_or_default(), is_dry_run)
}

fn is_unknown_option(word: &str) -> bool {
    let is_option = word.starts_with('-') && !word.contains('=');
    is_option && word != "-A" && !OPTIONS_WITH_VALUE.contains(&word)
}

fn command(program: &str, verb: &str, object: &str, is_dry_run: bool) -> Finding {
    match (verb, object) {
        ("create" | "apply" | "run" | "delete", _) if is_dry_run => Finding::ReadOnly,
        (
            "get" | "describe" | "logs" | "top" | "explain" | "version" | "wait" | "api-resources"
            | "api-versions" | "events" | "completion" | "options",
            _,
        )
        | ("auth", "can-i" | "whoami")
        | ("config", "view" | "get-contexts" | "current-context" | "get-clusters" | "get-users")
        | ("rollout", "status" | "history")
        | ("cluster-info", "")
        | ("plugin", "list") => Finding::ReadOnly,
        ("config", _) => Finding::Changes(ChangeTarget::Outside("your kubeconfig".to_owned())),
        ("exec" | "debug" | "attach" | "cp", _) => {
            Finding::Unknown(format!("`{program} {verb}` runs a program in a container"))
        }
        ("port-forward" | "proxy", _) => {
            Finding::Unknown(format!("`{program} {verb}` opens a port while it runs"))
        }
        (
            "apply" | "create" | "delete" | "edit" | "patch" | "replace" | "scale" | "set"
            | "label" | "annotate" | "rollout" | "run" | "expose" | "autoscale" | "drain"
            | "cordon" | "uncordon" | "taint" | "certificate" | "auth",
            _,
        ) => Finding::Changes(ChangeTarget::Cluster),
        _ => Finding::Unknown(format!("the command `{program} {verb}` is unknown")),
    }
}

/// Helm.
pub(super) fn helm(line: &CommandLine<'_>) -> Finding {
    match line.arguments.first().copied() {
        None
        | Some(
            "list" | "ls" | "status" | "version" | "show" | "search" | "get" | "history" | "env"
            | "--help" | "lint",
        ) => Finding::ReadOnly,
        Some("template") if !line.has_prefix(&["--output-dir", "--post-renderer"]) => {
            Finding::ReadOnly
        }
        Some("install" | "upgrade" | "uninstall" | "delete" | "rollback" | "test") => {
            Finding::Changes(ChangeTarget::Cluster)
        }
        Some("repo" | "registry" | "plugin") => {
            Finding::Changes(ChangeTarget::Outside("the settings of helm".to_owned()))
        }
        Some("pull" | "package" | "create" | "dependency" | "dep" | "template") => {
            Finding::Changes(ChangeTarget::Files)
        }
        Some(other) => Finding::Unknown(format!("the command `helm {other}` is unknown")),
    }
}
