//! Finds the variables that a script of plain commands assigns. It understands little of bash on
//! purpose, and returns `None` in case of doubt.

use crate::text::shell_word::is_variable_name;

/// Builtins that change nothing but `$_`. `test` is not one of them, because its `-v` evaluates the
/// text between brackets.
const HARMLESS: &[&str] = &["echo", "true", "false", ":", "pwd"];

/// All other words, separated by blanks, that bash does not search for on the `PATH`.
const OTHER_WORDS: &str = "\
    . alias bg bind break builtin caller case cd command compgen complete compopt continue \
    coproc declare dirs disown do done elif else enable esac eval exec exit export fc fg fi \
    for function getopts hash help history if in jobs kill let local logout mapfile popd \
    printf pushd read readarray readonly return select set shift shopt source suspend then \
    time times trap type typeset ulimit umask unalias unset until wait while [[ ]] ! [ test";

/// The variables that a script assigns by name, sorted. `None` if it may change anything else.
pub(super) fn assigned_names(script: &str) -> Option<Vec<String>> {
    let mut names = Vec::new();
    let mut words: Vec<&str> = Vec::new();
    let mut rest = script;
    loop {
        rest = rest.trim_start_matches([' ', '\t']);
        let Some(next) = rest.bytes().next() else { break };
        match next {
            b'\n' | b';' => {
                take_command(&words, &mut names)?;
                words.clear();
                rest = &rest[1..];
            }
            b'&' | b'|' => {
                rest = rest
                    .strip_prefix("&&")
                    .or_else(|| rest.strip_prefix("||"))
                    .or_else(|| rest.strip_prefix('|'))?;
                take_command(&words, &mut names)?;
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
    take_command(&words, &mut names)?;
    names.sort_unstable();
    names.dedup();
    Some(names)
}

/// Adds the names that one simple command assigns. Returns `None` if the command may do more.
fn take_command(words: &[&str], names: &mut Vec<String>) -> Option<()> {
    let assignments = words.iter().take_while(|word| assigned(word).is_some()).count();
    let (assignments, command) = words.split_at(assignments);
    for name in assignments.iter().filter_map(|word| assigned(word)) {
        add_name(name, names)?;
    }
    match command.split_first() {
        None => Some(()),
        Some((&"export", exported)) => {
            exported.iter().try_for_each(|word| add_name(assigned(word).unwrap_or(word), names))
        }
        Some((program, _)) if is_harmless(program) => Some(()),
        Some(_) => None,
    }
}

fn add_name(name: &str, names: &mut Vec<String>) -> Option<()> {
    if !is_ordinary(name) {
        return None;
    }
    names.push(name.to_owned());
    Some(())
}

/// Whether this word starts a program of its own, or a builtin that changes nothing.
fn is_harmless(word: &str) -> bool {
    let is_plain =
        word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_./-:".contains(&byte));
    let has_letter = word.bytes().any(|byte| byte.is_ascii_alphabetic());
    is_plain
        && !OTHER_WORDS.split(' ').any(|other| other == word)
        && (HARMLESS.contains(&word) || has_letter)
}

/// The name of a word `NAME=…`.
fn assigned(word: &str) -> Option<&str> {
    word.split_once('=').map(|(name, _)| name).filter(|name| is_variable_name(name))
}

/// Whether the variable has no special meaning for bash.
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
    is_variable_name(name)
        && !MEANING.contains(&name)
        && ![
            "BASH", "COMP", "LANG", "LC_", "EPOCH", "HIST", "OPT", "POSIX", "__guide", "RANDOM",
            "SECONDS", "SRANDOM", "_",
        ]
        .iter()
        .any(|prefix| name.starts_with(prefix))
}

/// The length of the word at the start, in bytes. `None` if evaluating a part of it may have an
/// effect.
fn word_length(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b' ' | b'\t' | b'\n' | b';' | b'|' => break,
            b'&' if bytes.get(at + 1) == Some(&b'&') => break,
            // `>&2` and `2>&1`: only numbers are accepted.
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

/// The length of the text up to the closing double quote, in bytes.
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

/// The length of `$NAME`, `${NAME}`, `$1` or `$?`, in bytes. `None` for all other expansions.
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
    use super::assigned_names;

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
            assert_eq!(assigned_names(script), Some(Vec::new()), "{script}");
        }
    }

    #[test]
    fn assigned_variables_are_named() {
        let names = assigned_names("export A=1 B; C=$A\nD='x y' env | sort").unwrap();
        assert_eq!(names, ["A", "B", "C", "D"]);
    }

    /// Scripts that may do more than assign variables by name.
    const OTHER_SCRIPTS: &[&str] = &[
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
    ];

    #[test]
    fn a_script_that_may_do_more_is_not_understood() {
        for script in OTHER_SCRIPTS {
            assert_eq!(assigned_names(script), None, "{script}");
        }
    }
}
