//! Finds scripts that bash cannot parse. bash itself parses them, without running any of their
//! commands.

use std::io;

use crate::book::commands_of;

/// The reason why bash cannot parse a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SyntaxError {
    /// 1-based line of the script.
    pub line: usize,
    /// The reason that bash gives.
    pub message: String,
}

/// Runs `set -n` before each script, after which bash only parses. Each script needs a subshell,
/// because `-n` cannot be switched off.
const PARSE_ONLY: &str =
    "for script; do ( eval \"set -n\n$script\" ) 2>&1; printf '\\0%s\\0' $?; done";

/// The lines before the script's first line, as bash counts them.
const LINES_BEFORE: usize = 2;

/// The largest argument, in bytes; every system allows more.
const LARGEST: usize = 100 * 1024;
/// The largest size of all arguments together.
const LARGEST_TOTAL: usize = 1024 * 1024;

/// The number of simple scripts that are parsed as one.
const GROUP: usize = 200;

/// For each script the reason why bash cannot parse it, or `None` if bash can.
///
/// # Errors
/// When bash cannot be started.
pub(crate) fn syntax_errors(scripts: &[&str]) -> io::Result<Vec<Option<SyntaxError>>> {
    let (simple, other): (Vec<usize>, Vec<usize>) =
        (0..scripts.len()).partition(|index| is_simple(scripts[*index]));
    let mut alone = other;
    for group in simple.chunks(GROUP) {
        let all: String =
            group.iter().map(|index| format!("{{\n{}\n}}\n", scripts[*index])).collect();
        if parse(&[&all], "extglob")?.iter().any(Option::is_some) {
            alone.extend(group);
        }
    }
    let mut errors = vec![None; scripts.len()];
    let scripts_alone: Vec<&str> = alone.iter().map(|index| scripts[*index]).collect();
    for (index, error) in alone.into_iter().zip(parse(&scripts_alone, "extglob")?) {
        // An earlier step may have changed the option, so a script is reported only if it is wrong
        // with and without the option.
        if error.is_some() {
            errors[index] = parse(&[scripts[index]], "cmdhist")?.into_iter().next().flatten();
        }
    }
    Ok(errors)
}

/// Whether the script consists of plain commands only. Such scripts cannot hide each other's errors
/// when they are parsed as one.
fn is_simple(script: &str) -> bool {
    const RESERVED: [&str; 18] = [
        "if", "then", "else", "elif", "fi", "for", "while", "until", "do", "done", "case", "esac",
        "select", "function", "{", "}", "[[", "coproc",
    ];
    let ends_word = |next: char| next.is_whitespace() || matches!(next, ';' | '&' | '|');
    script.len() < LARGEST / GROUP
        && !script.contains(['(', ')', '`'])
        && !script.contains("<<")
        && !script.split(ends_word).any(|word| RESERVED.contains(&word))
        && commands_of(script).is_clear
}

/// Lets bash parse the scripts, with this option of its grammar on.
fn parse(scripts: &[&str], option: &str) -> io::Result<Vec<Option<SyntaxError>>> {
    let mut errors = Vec::with_capacity(scripts.len());
    let mut from = 0;
    while from < scripts.len() {
        let mut size = 0;
        let fits = |script: &&&str| {
            size += script.len() + 1;
            size <= LARGEST_TOTAL
        };
        let count = scripts[from..].iter().take_while(fits).count().max(1);
        errors.extend(parse_some(&scripts[from..from + count], option)?);
        from += count;
    }
    Ok(errors)
}

fn parse_some(scripts: &[&str], option: &str) -> io::Result<Vec<Option<SyntaxError>>> {
    // A script that is too long for an argument is not parsed. It contains data, so a hand-written
    // mistake is unlikely.
    let given: Vec<&str> =
        scripts.iter().map(|script| if script.len() > LARGEST { "" } else { script }).collect();
    let words = ["--norc", "--noprofile", "-O", option, "-c", PARSE_ONLY, "bash"];
    let bash = duct::cmd("bash", words.into_iter().chain(given)).env("LC_ALL", "C");
    let bash = bash
        .env_remove("BASH_ENV")
        .env_remove("SHELLOPTS")
        .env_remove("BASHOPTS")
        .env_remove("POSIXLY_CORRECT");
    let output = bash.stdin_null().stdout_capture().stderr_null().unchecked().run()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let mut parts = text.split('\0');
    let mut errors = Vec::with_capacity(scripts.len());
    for _ in scripts {
        let (message, code) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        errors.push(if matches!(code, "0" | "") { None } else { Some(read_error(message)) });
    }
    Ok(errors)
}

/// Reads a message such as `bash: eval: line 5: syntax error near unexpected token `fi'`.
fn read_error(output: &str) -> SyntaxError {
    let first = output
        .lines()
        .find(|line| line.contains("line ") && !line.contains("warning:"))
        .unwrap_or_default();
    let after = first.split_once("line ").map_or("", |(_, after)| after);
    let (number, message) = after.split_once(": ").unwrap_or(("", "syntax error"));
    let line =
        number.parse::<usize>().unwrap_or(LINES_BEFORE + 1).saturating_sub(LINES_BEFORE).max(1);
    SyntaxError { line, message: message.to_owned() }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "the test looks whether a file was written")]
mod tests {
    use super::*;

    fn wrong(scripts: &[&str]) -> Vec<Option<(usize, String)>> {
        let errors = syntax_errors(scripts).expect("bash");
        errors.into_iter().map(|error| error.map(|error| (error.line, error.message))).collect()
    }

    #[test]
    fn the_line_and_the_reason_are_bashs() {
        let unexpected = |line: usize, token: &str| {
            Some((line, format!("syntax error near unexpected token `{token}'")))
        };
        assert_eq!(
            wrong(&["echo a\nif true; then\nfi\n", "echo ok\n", "fi\n"]),
            [unexpected(3, "fi"), None, unexpected(1, "fi")]
        );
        assert_eq!(
            wrong(&["echo a |\n", "echo b\n", "echo && && c\n"])
                .iter()
                .map(Option::is_some)
                .collect::<Vec<_>>(),
            [true, false, true]
        );
        assert!(wrong(&["echo \"open\n"])[0].as_ref().unwrap().1.contains("unexpected EOF"));
    }

    #[test]
    fn nothing_is_run() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ran");
        let touch = format!("touch {}", file.display());
        let scripts = [
            touch.clone(),
            format!("}}; {touch}; {{"),
            format!("$({touch})"),
            format!("set +n\n{touch}"),
            format!(")\n{touch}\n("),
        ];
        let _ = wrong(&scripts.iter().map(String::as_str).collect::<Vec<_>>());
        assert!(!file.exists());
    }

    #[test]
    fn a_script_that_bash_can_parse_has_no_error() {
        let scripts = [
            "cat <<E\nx\n",
            "ls !(a|b)\n",
            "[[ a =~ ^(b|c)$ ]]\n",
            "f() { :; }; f\n",
            "",
            "x=(1 2)\n",
            "! (true)\n",
            "!(true)\n",
        ];
        assert_eq!(wrong(&scripts), vec![None; scripts.len()]);
    }

    #[test]
    fn many_and_long_scripts_are_parsed_as_well() {
        let long = format!("echo {}\n", "x".repeat(LARGEST));
        let many: Vec<String> =
            (0..1000).map(|count| format!("echo {count}; : '{}'\n", "y".repeat(300))).collect();
        let mut scripts: Vec<&str> = many.iter().map(String::as_str).collect();
        scripts.extend([long.as_str(), "do\n"]);
        let wrong = wrong(&scripts);
        assert_eq!(wrong.iter().filter(|error| error.is_some()).count(), 1);
        assert!(wrong.last().unwrap().is_some());
    }
}
