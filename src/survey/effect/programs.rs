//! Programs, and what each of them changes. Programs of clusters and of container engines have files of their own.

use super::containers::{cluster_maker, container_engine};
use super::kubernetes::{helm, kubectl};
use super::{ChangeTarget, CommandLine, Finding, is_outside};

/// Programs that change nothing outside of the shell, whatever their arguments are. Some are the shell's own.
const HARMLESS: [&str; 69] = [
    "echo",
    "printf",
    "cat",
    "ls",
    "grep",
    "egrep",
    "fgrep",
    "head",
    "tail",
    "wc",
    "cut",
    "jq",
    "tr",
    "nl",
    "tac",
    "rev",
    "basename",
    "dirname",
    "realpath",
    "readlink",
    "stat",
    "true",
    "false",
    ":",
    "test",
    "[",
    "pwd",
    "cd",
    "whoami",
    "id",
    "uname",
    "nproc",
    "df",
    "du",
    "free",
    "ps",
    "which",
    "type",
    "uptime",
    "arch",
    "sleep",
    "seq",
    "md5sum",
    "sha256sum",
    "cmp",
    "comm",
    "column",
    "fold",
    "expr",
    "printenv",
    "lscpu",
    "lsblk",
    "lsmod",
    "exit",
    "return",
    "break",
    "continue",
    "shift",
    "wait",
    "set",
    "unset",
    "diff",
    "[[",
    "read",
    "export",
    "declare",
    "local",
    "readonly",
    "typeset",
];

/// Programs whose arguments decide whether they change something ([`reads_only`]).
const SOMETIMES_WRITES: [&str; 8] =
    ["sort", "uniq", "date", "find", "yq", "sed", "awk", "hostname"];

/// Programs that change files.
const FILES: [&str; 18] = [
    "rm", "mv", "cp", "mkdir", "rmdir", "touch", "chmod", "chown", "ln", "tee", "tar", "unzip",
    "zip", "install", "dd", "truncate", "gzip", "gunzip",
];

/// Programs that change the machine itself.
const MACHINE: [&str; 30] = [
    "sudo", "su", "apt", "apt-get", "dpkg", "dnf", "yum", "zypper", "pacman", "apk", "brew",
    "port", "snap", "flatpak", "modprobe", "sysctl", "iptables", "ufw", "mount", "umount",
    "useradd", "usermod", "groupadd", "reboot", "shutdown", "swapoff", "mkfs", "kill", "pkill",
    "killall",
];

/// What a command does.
pub(super) fn finding(line: &CommandLine<'_>) -> Finding {
    match line.program {
        "kubectl" | "oc" | "k" => kubectl(line),
        "helm" => helm(line),
        "docker" | "podman" | "nerdctl" => container_engine(line),
        "kind" | "minikube" | "k3d" | "k3s" => cluster_maker(line),
        "git" => git(line),
        "systemctl" | "service" => service(line),
        program if is_harmless(program) || reads_only(line) => Finding::ReadOnly,
        program if FILES.contains(&program) || edits_in_place(line) => files(line),
        program if MACHINE.contains(&program) => Finding::Changes(ChangeTarget::Machine),
        program if SOMETIMES_WRITES.contains(&program) => {
            Finding::Unknown(format!("`{program}` may change something with these arguments"))
        }
        other => Finding::Unknown(format!("the program `{other}` is unknown")),
    }
}

/// Whether a program changes nothing, whatever its arguments are.
pub(super) fn is_harmless(program: &str) -> bool {
    HARMLESS.contains(&program)
}

/// Whether a program that can write only reads with these arguments.
fn reads_only(line: &CommandLine<'_>) -> bool {
    const FIND_ACTIONS: [&str; 5] = ["-exec", "-ok", "-delete", "-fprint", "-fls"];
    const YQ_WRITES: [&str; 5] = ["-i", "--inplace", "-s", "--split-exp", "--split-exp-file"];
    if line.program == "hostname" {
        return line.arguments.is_empty();
    }
    line.is_literal
        && match line.program {
            "sort" => !line.has(&["--output", "--compress-program"]) && !line.has_prefix(&["-o"]),
            "uniq" => line.operands().count() < 2,
            "date" => {
                !line.has(&["-s", "--set"]) && line.operands().all(|word| word.starts_with('+'))
            }
            "find" => !line.has_prefix(&FIND_ACTIONS),
            "yq" => !line.has(&YQ_WRITES) && !line.has_prefix(&["-i"]),
            "sed" => is_plain_sed(line.arguments),
            "awk" => is_plain_awk(line.arguments),
            _ => false,
        }
}

/// Whether a sed script only prints, deletes or substitutes, as `s/a/b/g` and `2,5p` do, and contains no command that writes or runs.
fn is_plain_sed(arguments: &[&str]) -> bool {
    let mut words = arguments.iter().filter(|word| !matches!(**word, "-n" | "-E" | "-r" | "-e"));
    let Some(script) = words.next() else { return false };
    let is_one_command = !script.contains([';', '\n', '{', '}']);
    let substitutes = script.starts_with("s/")
        && script.matches('/').count() == 3
        && (script.ends_with('/') || script.ends_with("/g"));
    let is_address =
        |text: &str| text.chars().all(|next| next.is_ascii_digit() || ",$".contains(next));
    let prints = script.strip_suffix(['p', 'd']).is_some_and(is_address);
    is_one_command && (substitutes || prints) && words.all(|word| !word.starts_with('-'))
}

/// Whether an awk script neither writes nor runs anything.
fn is_plain_awk(arguments: &[&str]) -> bool {
    const ACTIONS: [&str; 6] = ["system", "|", ">", "getline", "-i", "@"];
    !arguments.iter().any(|word| ACTIONS.iter().any(|action| word.contains(action)))
}

fn edits_in_place(line: &CommandLine<'_>) -> bool {
    line.program == "sed" && (line.has(&["--in-place"]) || line.has_prefix(&["-i"]))
}

/// A change of files. A file outside of the book is named.
fn files(line: &CommandLine<'_>) -> Finding {
    let outside = line.arguments.iter().find(|word| is_outside(word));
    Finding::Changes(match outside {
        Some(file) => ChangeTarget::Outside((*file).to_owned()),
        None => ChangeTarget::Files,
    })
}

fn service(line: &CommandLine<'_>) -> Finding {
    match line.arguments.first() {
        Some(&("status" | "is-active" | "is-enabled" | "list-units" | "show" | "cat"))
            if line.is_literal =>
        {
            Finding::ReadOnly
        }
        _ => Finding::Changes(ChangeTarget::Machine),
    }
}

fn git(line: &CommandLine<'_>) -> Finding {
    let runs_or_writes = line.has_prefix(&["--output", "--ext-diff", "--textconv"]);
    match line.arguments.first().copied() {
        None
        | Some(
            "status" | "log" | "diff" | "show" | "rev-parse" | "describe" | "ls-files" | "blame"
            | "--version" | "version",
        ) if line.is_literal && !runs_or_writes => Finding::ReadOnly,
        Some("branch" | "remote")
            if line.arguments[1..]
                .iter()
                .all(|word| matches!(*word, "-v" | "-a" | "-r" | "--list" | "--show-current")) =>
        {
            Finding::ReadOnly
        }
        Some(option) if option.starts_with('-') => Finding::Unknown(format!(
            "the option `git {option}` is unknown, and so is the command after it"
        )),
        _ => Finding::Changes(ChangeTarget::Files),
    }
}
