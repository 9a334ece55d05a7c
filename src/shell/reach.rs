//! What a script can have changed of its shell, by looking at it.
//!
//! Telling the whole state costs most of what a quick step costs. A script made only of plain commands (no expansion that
//! assigns, no builtin that changes the shell, no function, no substitution) changes at most the variables it assigns by name.
//! In doubt, everything: this knows little of bash on purpose. It may only be asked for a shell without functions, aliases,
//! traps, changed options and name references (`ShellSnapshot::is_plain`), in which a word means what it seems to.

/// Variables a script may have changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum SideEffects {
    /// These at most.
    Names(Vec<String>),
    /// Anything.
    Everything,
}

/// Builtins that change nothing but `$_`. Not `test`: its `-v` evaluates what is between brackets.
const HARMLESS: &[&str] = &["echo", "true", "false", ":", "pwd"];

/// Every other word that bash does not look for in the `PATH`.
const OTHERS: &[&str] = &[
    ".",
    "alias",
    "bg",
    "bind",
    "break",
    "builtin",
    "caller",
    "case",
    "cd",
    "command",
    "compgen",
    "complete",
    "compopt",
    "continue",
    "coproc",
    "declare",
    "dirs",
    "disown",
    "do",
    "done",
    "elif",
    "else",
    "enable",
    "esac",
    "eval",
    "exec",
    "exit",
    "export",
    "fc",
    "fg",
    "fi",
    "for",
    "function",
    "getopts",
    "hash",
    "help",
    "history",
    "if",
    "in",
    "jobs",
    "kill",
    "let",
    "local",
    "logout",
    "mapfile",
    "popd",
    "printf",
    "pushd",
    "read",
    "readarray",
    "readonly",
    "return",
    "select",
    "set",
    "shift",
    "shopt",
    "source",
    "suspend",
    "then",
    "time",
    "times",
    "trap",
    "type",
    "typeset",
    "ulimit",
    "umask",
    "unalias",
    "unset",
    "until",
    "wait",
    "while",
    "[[",
    "]]",
    "!",
    "[",
    "test",
];

/// Looks at a script.
pub(super) fn reach(script: &str) -> SideEffects {
    commands(script).map_or(SideEffects::Everything, SideEffects::Names)
}

/// The names assigned, or none where anything may happen.
fn commands(script: &str) -> Option<Vec<String>> {
    let mut names = Vec::new();
    let mut words: Vec<&str> = Vec::new();
    let mut rest = script;
    loop {
        rest = rest.trim_start_matches([' ', '\t']);
        let Some(next) = rest.bytes().next() else { break };
        match next {
            b'\n' | b';' => {
                command(&words, &mut names)?;
                words.clear();
                rest = &rest[1..];
            }
            b'&' | b'|' => {
                rest = rest
                    .strip_prefix("&&")
                    .or_else(|| rest.strip_prefix("||"))
                    .or_else(|| rest.strip_prefix('|'))?;
                command(&words, &mut names)?;
                words.clear();
            }
            b'#' => rest = &rest[rest.find('\n').unwrap_or(rest.len())..],
            _ => {
                let length = word_length(rest)?;
                words.push(&rest[..length]);
                rest = &rest[length..];
            }
        }
    }
    command(&words, &mut names)?;
    names.sort_unstable();
    names.dedup();
    Some(names)
}

/// One simple command.
fn command(words: &[&str], names: &mut Vec<String>) -> Option<()> {
    let mut words = words.iter().peekable();
    while let Some(name) = words.peek().and_then(|word| assigned(word)) {
        is_ordinary(name).then(|| names.push(name.to_owned()))?;
        words.next();
    }
    let Some(&&first) = words.peek() else { return Some(()) };
    if first == "export" {
        for word in words.skip(1) {
            let name = assigned(word).unwrap_or(word);
            is_ordinary(name).then(|| names.push(name.to_owned()))?;
        }
        return Some(());
    }
    let plain = first.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_./-:".contains(&byte));
    (plain
        && !OTHERS.contains(&first)
        && (HARMLESS.contains(&first) || first.bytes().any(|byte| byte.is_ascii_alphabetic())))
    .then_some(())
}

/// `NAME=…`: the name.
fn assigned(word: &str) -> Option<&str> {
    word.split_once('=').map(|(name, _)| name).filter(|name| is_name(name))
}

fn is_name(word: &str) -> bool {
    !word.is_empty()
        && !word.starts_with(|first: char| first.is_ascii_digit())
        && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// A name that bash gives no meaning of its own.
fn is_ordinary(name: &str) -> bool {
    const MEANING: &[&str] = &[
        "COLUMNS",
        "DIRSTACK",
        "EUID",
        "FUNCNAME",
        "GROUPS",
        "IFS",
        "IGNOREEOF",
        "LINENO",
        "LINES",
        "OPTIND",
        "PWD",
        "SHELLOPTS",
        "TMOUT",
        "UID",
    ];
    is_name(name)
        && !MEANING.contains(&name)
        && ![
            "BASH", "COMP", "LANG", "LC_", "EPOCH", "HIST", "OPT", "POSIX", "__guide", "RANDOM",
            "SECONDS", "SRANDOM", "_",
        ]
        .iter()
        .any(|prefix| name.starts_with(prefix))
}

/// The length of the word at the start; none when there is something in it that may do more than stand for text.
fn word_length(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b' ' | b'\t' | b'\n' | b';' | b'|' => break,
            b'&' if bytes.get(at + 1) == Some(&b'&') => break,
            // `>&2`, `2>&1`: only numbers.
            b'>' if bytes.get(at + 1) == Some(&b'&') => {
                bytes.get(at + 2).filter(|digit| digit.is_ascii_digit())?;
                at += 3;
            }
            b'\'' => at += 2 + text[at + 1..].find('\'')?,
            b'"' => at += 2 + quoted_length(&text[at + 1..])?,
            b'$' => at += expansion_length(&text[at..])?,
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => at += 1,
            _ if b"_./:=,@%+-*?[]>~^".contains(&byte) || !byte.is_ascii() => at += 1,
            _ => return None,
        }
    }
    (at > 0).then_some(at)
}

/// The length of what stands between double quotes.
fn quoted_length(text: &str) -> Option<usize> {
    let mut at = 0;
    loop {
        match text.as_bytes().get(at)? {
            b'"' => return Some(at),
            b'\\' => at += 2,
            b'`' => return None,
            b'$' => at += expansion_length(&text[at..])?,
            _ => at += 1,
        }
    }
}

/// The length of `$NAME`, `${NAME}`, `$1`, `$?`; none for all other expansions.
fn expansion_length(text: &str) -> Option<usize> {
    let after = &text[1..];
    let name = |text: &str| {
        text.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_').count()
    };
    if let Some(inner) = after.strip_prefix('{') {
        let length = name(inner);
        return (length > 0 && inner.as_bytes().get(length) == Some(&b'}')).then_some(length + 3);
    }
    match after.as_bytes().first()? {
        b'?' | b'#' | b'$' | b'0'..=b'9' => Some(2),
        _ => Some(name(after)).filter(|&length| length > 0).map(|length| length + 1),
    }
}

#[cfg(test)]
mod tests {
    use super::{SideEffects, reach};

    fn names(script: &str) -> Vec<String> {
        match reach(script) {
            SideEffects::Names(names) => names,
            SideEffects::Everything => panic!("{script}"),
        }
    }

    #[test]
    fn plain_commands_change_nothing() {
        for script in [
            "echo hello",
            "kubectl get pods -n shop -o wide\nkubectl get nodes | head -1",
            "echo \"a $b ${c}\" 'd $(e)' > file && ./run --x=y || true # why",
            "echo err >&2; ls -l 2>&1",
            "curl -s http://localhost:8080/healthz\n",
            "",
        ] {
            assert!(names(script).is_empty(), "{script}");
        }
    }

    #[test]
    fn assignments_are_told_by_name() {
        assert_eq!(names("export A=1 B; C=$A\nD='x y' env | sort"), ["A", "B", "C", "D"]);
    }

    #[test]
    fn whatever_may_do_more_is_not_judged() {
        for script in [
            "x=$(date)",
            "echo `date`",
            "echo ${x:=1}",
            "echo $((x++))",
            "cd /",
            "set -x",
            "exec >file",
            "f() { :; }",
            "f () { :; }",
            "eval x=1",
            "source env",
            ". ./env",
            "read x",
            "printf -v x 1",
            "if true; then x=1; fi",
            "for i in 1 2; do :; done",
            "sleep 1 &",
            "trap 'x' EXIT",
            "IFS=:",
            "BASH_ENV=x",
            "unset x",
            "alias a=b",
            "x[1]=2",
            "x+=1",
            "x=(1 2)",
            "[[ a =~ b ]]",
            "((x++))",
            "{ x=1; }",
            "(exit 3)",
            "! true",
            "cat <<X\nX",
            "exit 3",
            "declare -i x",
            "\"$cmd\" x",
            "$cmd x",
            "e\\val x=1",
            "'eval' x=1",
            "command eval x=1",
            "time x=1",
            "echo \"$(x)\"",
            "test -v 'x[y++]'",
            "[ -v x ]",
            "cat < file",
            "export -f f",
            "export \"$x\"",
            "export A=1 -n B",
            "PWD=/x",
            "LANG=C",
            "echo $'x'",
            "echo 'unclosed",
            "a=1 exec ls",
            "coproc x",
            "> file",
            "\u{e9}val x",
        ] {
            assert_eq!(reach(script), SideEffects::Everything, "{script}");
        }
    }
}
