//! What a script would change, as far as its words prove it. There are three answers: it only looks, it changes this or that, or it
//! can't be told. Only commands on the lists here look; whatever is not known is never called harmless.

use std::collections::HashSet;

use crate::book::{OPTIONS_WITH_VALUE, Simple, commands_of, verb};
use crate::report::{ChangeTarget, Effect};

/// Programs that only look, whatever their words are. (The shell's own words among them change nothing outside of the shell.)
const LOOKING: [&str; 64] = [
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
];

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

/// Variables that change what the commands after them are.
const RISKY: [&str; 12] = [
    "PATH",
    "IFS",
    "ENV",
    "BASH_ENV",
    "PS4",
    "PAGER",
    "PROMPT_COMMAND",
    "EDITOR",
    "VISUAL",
    "SHELLOPTS",
    "CDPATH",
    "LESSOPEN",
];

/// What a script would change. `functions` are the names that the document's scripts define: these are not the programs of that name.
pub(super) fn effect_of(script: &str, functions: &HashSet<String>) -> Effect {
    let commands = commands_of(script);
    let mut effect = Effect::default();
    if !commands.is_clear {
        effect.unknown("what it does depends on more than its words".to_owned());
    }
    for command in &commands.all {
        for file in &command.writes {
            written(file, &mut effect);
        }
        if let Some(name) =
            command.assigns.iter().chain(&command.words).find_map(|word| risky(word))
        {
            effect.unknown(format!("it sets `{name}`, which changes what other commands do"));
        }
        let words: Vec<&str> = command.words.iter().map(String::as_str).collect();
        of_words(&words, command, functions, &mut effect);
    }
    effect
}

/// The functions and other names that a script defines.
pub(super) fn functions_of(script: &str, functions: &mut HashSet<String>) {
    for (at, _) in script.match_indices("()") {
        let name = script[..at]
            .trim_end()
            .rsplit(|next: char| next.is_whitespace() || ";&|({".contains(next))
            .next();
        functions.extend(name.filter(|name| !name.is_empty()).map(str::to_owned));
    }
    for word in ["alias ", "function "] {
        for (at, _) in script.match_indices(word) {
            let rest = script[at + word.len()..].trim_start();
            let name = rest
                .split(|next: char| next.is_whitespace() || "=({".contains(next))
                .next()
                .unwrap_or_default();
            functions.insert(name.to_owned());
        }
    }
}

/// An assignment to a variable that other programs heed.
fn risky(word: &str) -> Option<&str> {
    let (name, _) = word.split_once('=')?;
    let name = name.trim_end_matches('+');
    let family = ["LD_", "DYLD_", "GIT_", "KUBE", "HELM_", "DOCKER_", "BASH_FUNC"];
    (RISKY.contains(&name) || family.iter().any(|family| name.starts_with(family))).then_some(name)
}

fn written(file: &str, effect: &mut Effect) {
    match file {
        "/dev/null" | "/dev/stdout" | "/dev/stderr" | "/dev/tty" => {}
        _ if is_outside(file) => effect.change(ChangeTarget::Outside(file.to_owned())),
        _ => effect.change(ChangeTarget::Files),
    }
}

/// A file that is not below the folder the book's steps run in.
fn is_outside(file: &str) -> bool {
    let temporary = file.starts_with("/tmp/") && !file.contains("..");
    !temporary
        && (file.starts_with(['/', '~'])
            || file.starts_with("$HOME")
            || file.starts_with("${HOME")
            || file.split('/').any(|part| part == ".."))
}

#[expect(clippy::too_many_lines, reason = "one arm for each program")]
fn of_words(words: &[&str], command: &Simple, functions: &HashSet<String>, effect: &mut Effect) {
    let Some((program, rest)) = words.split_first() else { return };
    if functions.contains(*program) {
        return effect.unknown(format!("`{program}` is defined by the document itself"));
    }
    let has = |flags: &[&str]| {
        rest.iter().any(|word| {
            flags.iter().any(|flag| {
                word == flag || (flag.len() > 2 && word.starts_with(&format!("{flag}=")))
            })
        })
    };
    let operands = || rest.iter().filter(|word| !word.starts_with('-'));
    // A word that is only known when it runs could be an option.
    let sure = !command.has_expansion;
    match *program {
        "kubectl" | "oc" | "k" => kubectl(program, rest, effect),
        "helm" => helm(rest, effect),
        "docker" | "podman" | "nerdctl" => docker(program, rest, effect),
        "kind" | "minikube" | "k3d" | "k3s" => match rest.first() {
            Some(&("get" | "version" | "status" | "list" | "profile")) => {}
            Some(_) => effect.change(ChangeTarget::Engine),
            None => {}
        },
        "git" => git(rest, sure, effect),
        "systemctl" | "service" => match rest.first() {
            Some(&("status" | "is-active" | "is-enabled" | "list-units" | "show" | "cat"))
                if sure => {}
            _ => effect.change(ChangeTarget::Machine),
        },
        // These run another command.
        "env" | "command" | "nohup" | "nice" | "builtin" | "exec" | "timeout" | "xargs"
        | "time" => runs_another(program, rest, command, functions, effect),
        "export" | "declare" | "local" | "readonly" | "typeset" => {}
        "sort"
            if sure
                && !has(&["-o", "--output", "--compress-program"])
                && !rest.iter().any(|word| word.starts_with("-o")) => {}
        "uniq" if sure && operands().count() < 2 => {}
        "date"
            if sure && !has(&["-s", "--set"]) && operands().all(|word| word.starts_with('+')) => {}
        "hostname" if rest.is_empty() => {}
        "find"
            if sure
                && !rest.iter().any(|word| {
                    ["-exec", "-ok", "-delete", "-fprint", "-fls"]
                        .iter()
                        .any(|flag| word.starts_with(flag))
                }) => {}
        "yq" if sure
            && !has(&["-i", "--inplace", "-s", "--split-exp", "--split-exp-file"])
            && !rest.iter().any(|word| word.starts_with("-i")) => {}
        "sed" if sure && is_looking_sed(rest) => {}
        "awk"
            if !rest.iter().any(|word| {
                ["system", "|", ">", "getline", "-i", "@"].iter().any(|odd| word.contains(odd))
            }) && sure => {}
        "sed" if has(&["-i", "--in-place"]) || rest.iter().any(|word| word.starts_with("-i")) => {
            files(rest, effect);
        }
        program if LOOKING.contains(&program) => {}
        program if FILES.contains(&program) => files(rest, effect),
        program if MACHINE.contains(&program) => effect.change(ChangeTarget::Machine),
        other => effect.unknown(format!("nothing is known of `{other}`")),
    }
}

/// A change of files; one outside of the book is told by its name.
fn files(rest: &[&str], effect: &mut Effect) {
    match rest.iter().find(|word| is_outside(word)) {
        Some(file) => effect.change(ChangeTarget::Outside((*file).to_owned())),
        None => effect.change(ChangeTarget::Files),
    }
}

/// `s/a/b/g`, `2,5p` and their like: no command that writes or runs anything.
fn is_looking_sed(rest: &[&str]) -> bool {
    let mut words = rest.iter().filter(|word| !matches!(**word, "-n" | "-E" | "-r" | "-e"));
    let Some(script) = words.next() else { return false };
    let plain = !script.contains([';', '\n', '{', '}']);
    let substitutes = script.starts_with("s/")
        && script.matches('/').count() == 3
        && (script.ends_with('/') || script.ends_with("/g"));
    let prints = script.ends_with(['p', 'd'])
        && script[..script.len() - 1]
            .chars()
            .all(|next| next.is_ascii_digit() || ",$".contains(next));
    plain && (substitutes || prints) && words.all(|word| !word.starts_with('-'))
}

fn runs_another(
    program: &str,
    rest: &[&str],
    command: &Simple,
    functions: &HashSet<String>,
    effect: &mut Effect,
) {
    let mut rest = rest;
    let mut skip_options = true;
    while let Some((first, after)) = rest.split_first() {
        match *first {
            "-v" | "-V" if program == "command" => return,
            word if program == "env" && word.contains('=') && !word.starts_with('-') => {
                rest = after;
            }
            "-i" | "-0" | "-r" | "-t" | "-p" | "--" if skip_options => rest = after,
            word if skip_options && word.starts_with('-') => {
                return effect.unknown(format!(
                    "`{program} {word}` runs another command in a way that is not known"
                ));
            }
            word if program == "timeout"
                && skip_options
                && word.starts_with(|next: char| next.is_ascii_digit()) =>
            {
                skip_options = false;
                rest = after;
            }
            _ => break,
        }
    }
    if rest.is_empty() {
        // `env` alone prints, `xargs` alone echoes.
        return;
    }
    if program == "xargs" && !LOOKING.contains(&rest[0]) {
        effect.unknown("`xargs` gives a command words that are only known when it runs".to_owned());
    }
    of_words(rest, command, functions, effect);
}

fn kubectl(program: &str, rest: &[&str], effect: &mut Effect) {
    let odd = ["--profile", "--cache-dir", "--kuberc", "--output-directory"];
    if let Some(word) = rest.iter().find(|word| odd.iter().any(|odd| word.starts_with(odd))) {
        return effect.unknown(format!("`{program} {word}` writes files"));
    }
    if rest.is_empty() || rest.iter().all(|word| matches!(*word, "--help" | "-h" | "--version")) {
        return;
    }
    let Some(verb) = verb(rest) else {
        return effect.unknown(format!("`{program}` names no verb"));
    };
    // An option that is not known could have taken what looks like the verb.
    let before = rest
        .iter()
        .take_while(|word| **word != verb)
        .filter(|word| word.starts_with('-') && !word.contains('='));
    let is_known = |option: &str| option == "-A" || OPTIONS_WITH_VALUE.contains(&option);
    if let Some(option) = before.clone().find(|option| !is_known(option)) {
        return effect
            .unknown(format!("`{program} {option}` is not known, so neither is its verb"));
    }
    let second = rest
        .iter()
        .skip_while(|word| **word != verb)
        .skip(1)
        .find(|word| !word.starts_with('-'))
        .copied()
        .unwrap_or_default();
    match (verb, second) {
        (
            "get" | "describe" | "logs" | "top" | "explain" | "version" | "wait" | "api-resources"
            | "api-versions" | "events" | "completion" | "options" | "create" | "apply" | "run"
            | "delete",
            _,
        )
        | ("auth", "can-i" | "whoami")
        | ("config", "view" | "get-contexts" | "current-context" | "get-clusters" | "get-users")
        | ("rollout", "status" | "history")
        | ("cluster-info", "")
        | ("plugin", "list")
            if !matches!(verb, "create" | "apply" | "run" | "delete")
                || rest.contains(&"--dry-run=client") => {}
        ("config", _) => effect.change(ChangeTarget::Outside("your kubeconfig".to_owned())),
        ("exec" | "debug" | "attach" | "cp", _) => {
            effect.unknown(format!("`{program} {verb}` runs a program in a container"));
        }
        ("port-forward" | "proxy", _) => {
            effect.unknown(format!("`{program} {verb}` opens a port for as long as it runs"));
        }
        (
            "apply" | "create" | "delete" | "edit" | "patch" | "replace" | "scale" | "set"
            | "label" | "annotate" | "rollout" | "run" | "expose" | "autoscale" | "drain"
            | "cordon" | "uncordon" | "taint" | "certificate" | "auth",
            _,
        ) => effect.change(ChangeTarget::Cluster),
        _ => effect.unknown(format!("nothing is known of `{program} {verb}`")),
    }
}

fn helm(rest: &[&str], effect: &mut Effect) {
    let writes = ["--output-dir", "--post-renderer", "-f"];
    match rest.first().copied() {
        None
        | Some(
            "list" | "ls" | "status" | "version" | "show" | "search" | "get" | "history" | "env"
            | "--help" | "lint",
        ) => {}
        Some("template")
            if !rest.iter().any(|word| writes[..2].iter().any(|odd| word.starts_with(odd))) => {}
        Some("install" | "upgrade" | "uninstall" | "delete" | "rollback" | "test") => {
            effect.change(ChangeTarget::Cluster);
        }
        Some("repo" | "registry" | "plugin") => {
            effect.change(ChangeTarget::Outside("helm's own settings".to_owned()));
        }
        Some("pull" | "package" | "create" | "dependency" | "dep" | "template") => {
            effect.change(ChangeTarget::Files);
        }
        Some(other) => effect.unknown(format!("nothing is known of `helm {other}`")),
    }
}

fn docker(program: &str, rest: &[&str], effect: &mut Effect) {
    let second = rest.get(1).copied().unwrap_or_default();
    match rest.first().copied() {
        None
        | Some(
            "ps" | "images" | "version" | "info" | "inspect" | "logs" | "port" | "history"
            | "search" | "top" | "--version" | "--help",
        ) => {}
        Some(
            "image" | "container" | "network" | "volume" | "system" | "compose" | "context"
            | "buildx",
        ) if matches!(
            second,
            "ls" | "list" | "inspect" | "logs" | "ps" | "df" | "info" | "version"
        ) => {}
        Some(option) if option.starts_with('-') => {
            effect.unknown(format!("`{program} {option}` is not known, so neither is its command"));
        }
        Some(_) => effect.change(ChangeTarget::Engine),
    }
}

fn git(rest: &[&str], sure: bool, effect: &mut Effect) {
    let odd = rest.iter().any(|word| {
        word.starts_with("--output")
            || word.starts_with("--ext-diff")
            || word.starts_with("--textconv")
    });
    match rest.first().copied() {
        None
        | Some(
            "status" | "log" | "diff" | "show" | "rev-parse" | "describe" | "ls-files" | "blame"
            | "--version" | "version",
        ) if sure && !odd => {}
        Some("branch" | "remote")
            if rest[1..]
                .iter()
                .all(|word| matches!(*word, "-v" | "-a" | "-r" | "--list" | "--show-current")) => {}
        Some(option) if option.starts_with('-') => {
            effect.unknown(format!("`git {option}` is not known, so neither is its command"));
        }
        _ => effect.change(ChangeTarget::Files),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn effect(script: &str) -> Effect {
        let mut functions = HashSet::new();
        functions_of(script, &mut functions);
        effect_of(script, &functions)
    }

    #[test]
    fn what_only_looks_is_proven() {
        for script in [
            "kubectl get pods | grep web\necho done",
            "kubectl -n kube-system describe pod x",
            "for n in a b; do kubectl get ns $n; done",
            "OUT=$(kubectl get pod x -o name); echo \"$OUT\"",
            "helm list -A\nhelm get values x",
            "docker ps -a; docker image ls",
            "if kubectl get ns a >/dev/null 2>&1; then echo yes; fi",
            "kubectl create ns a --dry-run=client -o yaml",
            "git status && git log -3",
            "sed -n 2,5p file | sort | uniq -c",
        ] {
            assert!(effect(script).only_looks(), "{script}: {:?}", effect(script));
        }
    }

    #[test]
    fn what_changes_something_is_never_called_harmless() {
        for script in [
            "for n in a b; do kubectl delete ns $n; done",
            "if true; then rm -rf /tmp/zzz; fi",
            "kubectl -n auth apply -f x.yaml",
            "kubectl delete ns events",
            "kubectl exec x -- get y",
            "helm install get ./x",
            "export OUT=$(kubectl delete pod x)",
            "env A=1 rm -rf /tmp/zzz",
            "echo x >file",
            "export ID=$(docker run -d x)",
            "kubectl create token x",
            "cat <<EOF | kubectl apply -f -\na: 1\nEOF",
            "kubectl --foo get delete ns x",
            "ls() { rm x; }\nls",
            "PATH=. ls",
            "find . -delete",
            "sort -ox y",
            "uniq a b",
            "xargs rm <list",
            "timeout 5 rm x",
            "echo \"`rm x`\"",
            "eval ls",
            "bash -c ls",
            "$TOOL get pods",
            "trap 'rm x' EXIT",
            "./deploy.sh",
            "source env.sh",
            "awk 'BEGIN { system(\"rm x\") }'",
            "sed 's/a/b/w /etc/x' y",
            "cat x | tee y",
            "git push",
            "case $x in a) ls;; esac",
            "{ rm x; }",
            "! rm x",
            "while read x; do rm $x; done",
            "echo a &>f",
            "diff <(ls) <(rm x)",
            "cat <<E\n$(rm x)\nE",
            "(cd x && rm y)",
            "time rm x",
            "nohup rm x &",
            "command rm x",
            "sudo ls",
            "kubectl get pods; kubectl scale deploy x --replicas=0",
            "kubectl config use-context x",
            "docker compose up -d",
        ] {
            assert!(!effect(script).only_looks(), "{script}");
        }
    }

    #[test]
    fn what_changes_is_named() {
        let changes = |script: &str| effect(script).changes;
        assert_eq!(
            changes("sudo apt-get install x && docker run y"),
            [ChangeTarget::Machine, ChangeTarget::Engine]
        );
        assert_eq!(changes("echo hi > file"), [ChangeTarget::Files]);
        assert_eq!(changes("rm -rf ~/.frob"), [ChangeTarget::Outside("~/.frob".to_owned())]);
        assert_eq!(
            changes("cat <<EOF > /etc/frob.conf\na\nEOF"),
            [ChangeTarget::Outside("/etc/frob.conf".to_owned())]
        );
        assert_eq!(effect("A=1 ./deploy.sh").doubts, ["nothing is known of `./deploy.sh`"]);
    }
}
