//! A Markdown file block by block: what of it `guide run` would run, and what that would change, as far as its words tell.

use crate::book::{Block, BookText, parse_book};
use crate::report::{Surveyed, Touch};

/// Verbs of kubectl that only look.
const LOOKING: [&str; 12] =
    ["get", "describe", "logs", "top", "explain", "version", "wait", "api-resources", "cluster-info", "diff", "events", "auth"];
/// Programs that only look, whatever they are told.
const HARMLESS: [&str; 34] = [
    "echo", "printf", "cat", "ls", "grep", "head", "tail", "wc", "sort", "uniq", "cut", "awk", "jq", "yq", "test", "[", "[[",
    "true", "false", "sleep", "date", "whoami", "uname", "nproc", "df", "du", "free", "ps", "which", "command", "export", "cd",
    "diff", "env",
];

/// Every fence of the text.
pub fn survey(name: &str, text: &str) -> Vec<Surveyed> {
    let (book, problems) = parse_book(BookText::of_chapters([(name, text)]));
    let mut told: Vec<Surveyed> = Vec::new();
    for block in book.chapters.iter().flat_map(|chapter| &chapter.blocks) {
        told.push(match block {
            Block::Step(step) => Surveyed {
                line: step.span.line,
                what: format!("runs as step `{}`", step.name),
                first: first_line(&step.script),
                touches: touches(&step.script),
            },
            Block::Manifest(manifest) => Surveyed {
                line: manifest.span.line,
                what: format!("is rendered as {}", manifest.file),
                first: first_line(&manifest.template),
                touches: Vec::new(),
            },
        });
    }
    told.extend(prose_fences(text, &told));
    told.extend(problems.into_iter().map(|problem| Surveyed {
        line: problem.span.map_or(0, |span| span.line),
        what: format!("is wrong: {}", problem.message),
        first: problem.hint.unwrap_or_default(),
        touches: Vec::new(),
    }));
    told.sort_by_key(|one| one.line);
    told
}

/// Fences that are not run, and what would make a run of those that look like commands.
fn prose_fences(text: &str, told: &[Surveyed]) -> Vec<Surveyed> {
    let mut found = Vec::new();
    let mut open: Option<String> = None;
    for (line, number) in text.lines().zip(1u32..) {
        let trimmed = line.trim_start();
        let mark: String = trimmed.chars().take_while(|next| *next == '`' || *next == '~').collect();
        if let Some(fence) = &open {
            if mark.len() >= fence.len() && trimmed.trim_end() == mark && mark.starts_with(&fence[..1]) {
                open = None;
            }
            continue;
        }
        if mark.len() < 3 {
            continue;
        }
        let info = trimmed[mark.len()..].trim().to_owned();
        open = Some(mark);
        if told.iter().any(|one| one.line == number) || info.starts_with("output") {
            continue;
        }
        let language = info.split([' ', ',', '{']).next().unwrap_or_default().to_owned();
        let commands = matches!(language.as_str(), "console" | "shell" | "shell-session" | "zsh" | "fish" | "");
        let what = if commands {
            "is not run: write `bash` after the fence, without prompts, to have it run"
        } else {
            "is prose: not run"
        };
        let first = if language.is_empty() { "(no language)".to_owned() } else { language };
        found.push(Surveyed { line: number, what: what.to_owned(), first, touches: Vec::new() });
    }
    found
}

fn first_line(script: &str) -> String {
    script.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#')).unwrap_or_default().to_owned()
}

/// What a script's commands would change, as far as their names tell; a program that is not known may change anything.
fn touches(script: &str) -> Vec<Touch> {
    let mut touches = Vec::new();
    for command in commands_of(script) {
        let touch = touch_of(&command);
        if let Some(touch) = touch
            && !touches.contains(&touch)
        {
            touches.push(touch);
        }
    }
    touches
}

fn commands_of(script: &str) -> Vec<Vec<String>> {
    let joined = script.replace("\\\n", " ");
    let lines = joined.lines().filter(|line| !line.trim_start().starts_with('#'));
    let parts = lines.flat_map(|line| line.split(['|', ';']).flat_map(|part| part.split("&&")));
    let words = parts.map(|part| part.split_whitespace().map(str::to_owned).collect::<Vec<_>>());
    words.filter(|words| !words.is_empty()).collect()
}

fn touch_of(command: &[String]) -> Option<Touch> {
    let joined = command.join(" ");
    if joined.contains(" > ") || joined.contains(" >> ") {
        return Some(Touch::Files);
    }
    let mut words = command.iter().map(String::as_str).skip_while(|word| word.contains('=') && !word.starts_with('-'));
    let program = words.next()?;
    let rest: Vec<&str> = words.collect();
    let verb = rest.iter().find(|word| !word.starts_with('-')).copied().unwrap_or_default();
    let has_verb = |verbs: &[&str]| rest.iter().any(|word| verbs.contains(word));
    match program {
        "sudo" => Some(Touch::Machine),
        "kubectl" | "oc" => (!has_verb(&LOOKING)).then_some(Touch::Cluster),
        "helm" => (!has_verb(&["list", "status", "template", "version", "show", "search", "get"])).then_some(Touch::Cluster),
        "kind" | "minikube" | "k3d" => (!matches!(verb, "get" | "version" | "status" | "")).then_some(Touch::Engine),
        "docker" | "podman" => {
            (!matches!(verb, "ps" | "images" | "version" | "info" | "inspect" | "logs" | "")).then_some(Touch::Engine)
        }
        "apt" | "apt-get" | "dnf" | "yum" | "brew" | "snap" | "systemctl" | "modprobe" | "sysctl" | "iptables" | "ufw"
        | "mount" => Some(Touch::Machine),
        "curl" | "wget" => Some(Touch::Network),
        "rm" | "mv" | "cp" | "mkdir" | "touch" | "chmod" | "chown" | "ln" | "tee" | "git" | "tar" | "unzip" | "install"
        | "sed" => Some(Touch::Files),
        _ if HARMLESS.contains(&program) => None,
        _ if program.ends_with("()")
            || matches!(
                program,
                "if" | "then"
                    | "fi"
                    | "else"
                    | "for"
                    | "do"
                    | "done"
                    | "while"
                    | "case"
                    | "esac"
                    | "{"
                    | "}"
                    | "set"
                    | "local"
                    | "return"
                    | "exit"
            ) =>
        {
            None
        }
        other => Some(Touch::Unknown(other.trim_matches(['"', '\'', '(', ')']).to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_block_would_change_is_named() {
        let of = |script: &str| touches(script);
        assert_eq!(of("kubectl get pods | grep web\necho done"), []);
        assert_eq!(of("kubectl -n a apply -f x.yaml"), [Touch::Cluster]);
        assert_eq!(of("sudo apt-get install x && docker run y"), [Touch::Machine, Touch::Engine]);
        assert_eq!(of("echo hi > file"), [Touch::Files]);
        assert_eq!(of("A=1 ./deploy.sh"), [Touch::Unknown("./deploy.sh".to_owned())]);
    }

    #[test]
    fn every_fence_is_told_once_in_its_order() {
        let told = survey(
            "r.md",
            "# T\n\n```bash\nls\n```\n\n```console\n$ ls\n```\n\n```yaml\na: 1\n```\n\n```bash {name=x\nls\n```\n",
        );
        let lines: Vec<u32> = told.iter().map(|one| one.line).collect();
        assert!(lines.is_sorted() && lines.starts_with(&[3, 7, 11]), "{told:?}");
        assert!(told[1].what.contains("not run") && told[2].what.contains("prose"));
        assert!(told.iter().any(|one| one.what.starts_with("is wrong")), "{told:?}");
    }
}
