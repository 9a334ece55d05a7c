//! Commands that open an editor, and commands that do not end by themselves.

use super::verb;
use crate::book::shell_words::SimpleCommand;

/// Programs that run the command in their arguments.
const WRAPPERS: [&str; 6] = ["sudo", "exec", "command", "nohup", "env", "time"];

const BACKGROUND_HINT: &str = "mark the step `background`, and add a `verify until=1m` step after it that waits until it answers";
const POLL_HINT: &str = "remove the option that watches, and mark the step `verify until=2m`: guide repeats it until it passes";
const ONCE_HINT: &str = "remove that option, or mark the step `background`";

/// The words of a command without wrappers before the program (`sudo -n`, `env A=1`).
pub(super) fn program_words(command: &SimpleCommand) -> Vec<&str> {
    let mut words: &[String] = &command.words;
    while let Some((first, rest)) = words.split_first()
        && WRAPPERS.contains(&first.as_str())
    {
        let own = |word: &&String| word.starts_with('-') || word.contains('=');
        words = &rest[rest.iter().take_while(own).count()..];
    }
    words.iter().map(String::as_str).collect()
}

/// The editor that a command opens.
pub(super) fn editor(command: &SimpleCommand, words: &[&str]) -> Option<String> {
    let has = |flags: &[&str]| words.iter().any(|word| flags.contains(word));
    // `EDITOR=true kubectl edit` needs no person.
    let is_answered = command.assigns.iter().chain(&command.words).any(|word| {
        ["EDITOR=", "KUBE_EDITOR=", "GIT_EDITOR=", "VISUAL="]
            .iter()
            .any(|name| word.starts_with(name))
    });
    if is_answered {
        return None;
    }
    let two = || Some(words[..2].join(" "));
    match words {
        ["emacs", ..] if has(&["--batch", "-batch", "--script"]) => None,
        ["vi" | "vim" | "nvim", ..] if has(&["-es", "-s", "--version", "--headless"]) => None,
        [program @ ("vi" | "vim" | "nvim" | "nano" | "emacs" | "pico" | "visudo"), ..] => {
            Some((*program).to_owned())
        }
        ["crontab", "-e", ..] => Some("crontab -e".to_owned()),
        ["kubectl" | "oc" | "k", rest @ ..] if verb(rest) == Some("edit") => {
            Some(format!("{} edit", words[0]))
        }
        ["systemctl" | "virsh" | "ansible-vault", "edit", ..] if !has(&["--stdin"]) => two(),
        ["git", "rebase", ..] if has(&["-i", "--interactive"]) => Some("git rebase -i".to_owned()),
        ["git", "commit", ..] if !is_answered_commit(words) => two(),
        _ => inner(words).and_then(|inner| editor(command, inner)),
    }
}

/// Whether this `git commit` takes its message from the command line or a file.
fn is_answered_commit(words: &[&str]) -> bool {
    words.iter().any(|word| {
        let long = ["--message", "--file", "--no-edit", "--reuse-message", "--fixup", "--dry-run"];
        let short = word.starts_with('-') && !word.starts_with("--");
        long.iter().any(|option| word.starts_with(option))
            || short && word.contains(['m', 'F', 'C'])
    })
}

/// The command that runs in a container: the words after `--` of `kubectl exec`.
fn inner<'a, 'w>(words: &'a [&'w str]) -> Option<&'a [&'w str]> {
    let (program, rest) = words.split_first()?;
    let runs = matches!(*program, "kubectl" | "oc" | "k") && verb(rest) == Some("exec");
    let dashes = words.iter().position(|word| *word == "--").filter(|_| runs)?;
    Some(&words[dashes + 1..])
}

/// An endless command by its name, and what to do about it.
pub(super) fn endless(words: &[&str]) -> Option<(String, String)> {
    let has = |flags: &[&str]| words.iter().any(|word| flags.contains(word));
    let once = || ONCE_HINT.to_owned();
    let (program, rest) = words.split_first()?;
    match *program {
        "kubectl" | "oc" | "k" => of_kubectl(program, words, rest),
        "tail" if follows(words, "f", "nc") || follows(words, "F", "nc") => {
            Some(("tail -f".to_owned(), once()))
        }
        "journalctl" if follows(words, "f", "unptogSU") => {
            Some(("journalctl -f".to_owned(), once()))
        }
        "docker" | "podman" if rest.contains(&"logs") && follows(words, "f", "n") => {
            Some((format!("{program} logs -f"), once()))
        }
        "docker" | "podman" | "docker-compose"
            if (rest.contains(&"compose") || *program == "docker-compose")
                && rest.contains(&"up")
                && !has(&["-d", "--detach", "--wait", "--no-start"]) =>
        {
            Some((
                format!("{program} compose up"),
                "write `up --detach`, or mark the step `background`".to_owned(),
            ))
        }
        "watch" => Some(("watch".to_owned(), POLL_HINT.to_owned())),
        "stern" if !has(&["--no-follow", "--help", "--version"]) => Some((
            "stern".to_owned(),
            "write `stern --no-follow`, or mark the step `background`".to_owned(),
        )),
        "top" | "htop"
            if !has(&["-b", "-bn1", "-n1"]) && !words.iter().any(|word| word.starts_with("-b")) =>
        {
            Some(((*program).to_owned(), "write `top -b -n 1`".to_owned()))
        }
        _ => serves(words),
    }
}

/// A program that serves or prints until it is stopped, by its name, and what to do about it.
fn serves(words: &[&str]) -> Option<(String, String)> {
    let has = |flags: &[&str]| words.iter().any(|word| flags.contains(word));
    let background = || BACKGROUND_HINT.to_owned();
    let (program, rest) = words.split_first()?;
    let two = || words[..2.min(words.len())].join(" ");
    match *program {
        "minikube" if matches!(rest.first(), Some(&("tunnel" | "dashboard" | "mount"))) => {
            Some((two(), background()))
        }
        "istioctl" | "linkerd" if rest.contains(&"dashboard") => {
            Some((format!("{program} dashboard"), background()))
        }
        "skaffold" if rest.first() == Some(&"dev") => Some((two(), background())),
        "python" | "python3" if has(&["http.server"]) => {
            Some((format!("{program} -m http.server"), background()))
        }
        "mdbook" | "hugo" | "mkdocs" if has(&["serve", "server"]) => Some((two(), background())),
        "sleep" if rest == ["infinity"] => Some(("sleep infinity".to_owned(), background())),
        "yes" => Some((
            "yes".to_owned(),
            "pipe it into the command that needs the answers: `yes | command`".to_owned(),
        )),
        "ping" if !words.iter().any(|word| word.starts_with("-c") || word.starts_with("-w")) => {
            Some(("ping".to_owned(), "write `ping -c 3`".to_owned()))
        }
        _ => None,
    }
}

fn of_kubectl(program: &str, words: &[&str], rest: &[&str]) -> Option<(String, String)> {
    match verb(rest)? {
        verb @ ("port-forward" | "proxy") => {
            Some((format!("{program} {verb}"), BACKGROUND_HINT.to_owned()))
        }
        "attach" => Some((
            format!("{program} attach"),
            "write `kubectl logs`, or mark the step `interactive`".to_owned(),
        )),
        "get" | "events" if follows(words, "w", "olLfkn") || is_on(words, "--watch-only") => {
            Some((format!("{program} get --watch"), POLL_HINT.to_owned()))
        }
        // The log of a job ends with the job.
        "logs"
            if follows(words, "f", "cln") && !words.iter().any(|word| word.starts_with("job")) =>
        {
            Some((format!("{program} logs --follow"), ONCE_HINT.to_owned()))
        }
        "exec" => inner(words).and_then(endless),
        _ => None,
    }
}

/// Whether this option is given: alone, among other letters (`-Aw`, `-fn`), or by its long name. The rest of the word after a letter
/// of `with_value` is the value of that letter.
fn follows(words: &[&str], letter: &str, with_value: &str) -> bool {
    let long = if letter == "w" { "--watch" } else { "--follow" };
    is_on(words, long)
        || words.iter().take_while(|word| **word != "--").any(|word| {
            let Some(letters) = word.strip_prefix('-').filter(|rest| !rest.starts_with('-')) else {
                return false;
            };
            let own = letters.find(|next| with_value.contains(next)).unwrap_or(letters.len());
            letters[..own].contains(letter) && !letters.ends_with("=false")
        })
}

/// Whether `--option` or `--option=true` is given.
fn is_on(words: &[&str], option: &str) -> bool {
    words.iter().any(|word| {
        word.strip_prefix(option).is_some_and(|rest| {
            rest.is_empty() || rest.strip_prefix('=').is_some_and(|value| value != "false")
        })
    })
}

/// Whether something else ends the command, or does not wait for it.
pub(super) fn is_bounded(
    script: &str,
    command: &SimpleCommand,
    next: Option<&SimpleCommand>,
) -> bool {
    command.in_background
        || (command.is_piped && next.is_some_and(ends_its_input))
        || is_in_background_group(&script[command.at..])
        || command.words.first().is_some_and(|word| word == "yes") && command.is_piped
}

/// Whether a program ends before its input ends.
fn ends_its_input(command: &SimpleCommand) -> bool {
    let words: Vec<&str> = command.words.iter().map(String::as_str).collect();
    let Some((program, rest)) = words.split_first() else { return false };
    match *program {
        "head" => true,
        "grep" | "egrep" => rest.iter().any(|word| {
            word.starts_with("--max-count")
                || matches!(*word, "--quiet" | "--silent")
                || word.starts_with('-') && !word.starts_with("--") && word.contains(['q', 'm'])
        }),
        "sed" => rest.iter().any(|word| word.contains('q')),
        "awk" => rest.iter().any(|word| word.contains("exit")),
        _ => false,
    }
}

/// Whether the text after a command closes a group that runs in the background (`(…) &`, `{ …; } &`).
fn is_in_background_group(rest: &str) -> bool {
    rest.match_indices([')', '}']).any(|(at, _)| {
        let after = rest[at + 1..].trim_start_matches([' ', '\t']);
        after.starts_with('&') && !after.starts_with("&&") && !after.starts_with("&>")
    })
}
