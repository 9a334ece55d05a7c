//! Can bash parse these scripts? Asked of bash itself, which reads them and runs nothing.

use std::io;

use crate::book::commands_of;

/// Why bash can't parse a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SyntaxError {
    /// 1-based line of the script.
    pub line: usize,
    /// bash's reason.
    pub message: String,
}

/// `set -n` is run first, and bash then only parses what follows it. A subshell each, as nothing takes `-n` back.
const ASK: &str = "for script; do ( eval \"set -n\n$script\" ) 2>&1; printf '\\0%s\\0' $?; done";

/// Lines that stand before the script's first, as bash counts them.
const BEFORE: usize = 2;

/// Most bytes of one argument, and of all arguments, with room to spare on every system.
const LARGEST: usize = 100 * 1024;
const MOST: usize = 1024 * 1024;

/// Simple scripts that are asked about together.
const TOGETHER: usize = 200;

/// For each script why bash can't parse it.
///
/// # Errors
/// When bash can't be started.
pub(crate) fn syntax_errors(scripts: &[&str]) -> io::Result<Vec<Option<SyntaxError>>> {
    let (simple, other): (Vec<usize>, Vec<usize>) =
        (0..scripts.len()).partition(|index| is_simple(scripts[*index]));
    let mut alone = other;
    for group in simple.chunks(TOGETHER) {
        let all: String =
            group.iter().map(|index| format!("{{\n{}\n}}\n", scripts[*index])).collect();
        if ask(&[&all], "extglob")?.iter().any(Option::is_some) {
            alone.extend(group);
        }
    }
    let mut errors = vec![None; scripts.len()];
    let asked: Vec<&str> = alone.iter().map(|index| scripts[*index]).collect();
    for (index, error) in alone.into_iter().zip(ask(&asked, "extglob")?) {
        // What an earlier step's `shopt` turns on is not known here: only what is wrong either way is wrong.
        if error.is_some() {
            errors[index] = ask(&[scripts[index]], "cmdhist")?.into_iter().next().flatten();
        }
    }
    Ok(errors)
}

/// A script of plain commands on lines of their own: such scripts can't hide each other's errors when they are parsed as one.
fn is_simple(script: &str) -> bool {
    const RESERVED: [&str; 18] = [
        "if", "then", "else", "elif", "fi", "for", "while", "until", "do", "done", "case", "esac",
        "select", "function", "{", "}", "[[", "coproc",
    ];
    let ends_word = |next: char| next.is_whitespace() || matches!(next, ';' | '&' | '|');
    script.len() < LARGEST / TOGETHER
        && !script.contains(['(', ')', '`'])
        && !script.contains("<<")
        && !script.split(ends_word).any(|word| RESERVED.contains(&word))
        && commands_of(script).is_clear
}

/// Asks bash, with this option of its grammar on.
fn ask(scripts: &[&str], option: &str) -> io::Result<Vec<Option<SyntaxError>>> {
    let mut errors = Vec::with_capacity(scripts.len());
    let mut from = 0;
    while from < scripts.len() {
        let mut size = 0;
        let fits = |script: &&&str| {
            size += script.len() + 1;
            size <= MOST
        };
        let count = scripts[from..].iter().take_while(fits).count().max(1);
        errors.extend(ask_some(&scripts[from..from + count], option)?);
        from += count;
    }
    Ok(errors)
}

fn ask_some(scripts: &[&str], option: &str) -> io::Result<Vec<Option<SyntaxError>>> {
    // A script that no argument can hold is let be: it is data, and not what somebody slipped in.
    let given: Vec<&str> =
        scripts.iter().map(|script| if script.len() > LARGEST { "" } else { script }).collect();
    let words = ["--norc", "--noprofile", "-O", option, "-c", ASK, "bash"];
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
        let (said, code) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        errors.push(if matches!(code, "0" | "") { None } else { Some(read_error(said)) });
    }
    Ok(errors)
}

/// `bash: eval: line 5: syntax error near unexpected token `fi'`.
fn read_error(said: &str) -> SyntaxError {
    let first = said
        .lines()
        .find(|line| line.contains("line ") && !line.contains("warning:"))
        .unwrap_or_default();
    let after = first.split_once("line ").map_or("", |(_, after)| after);
    let (number, message) = after.split_once(": ").unwrap_or(("", "syntax error"));
    let line = number.parse::<usize>().unwrap_or(BEFORE + 1).saturating_sub(BEFORE).max(1);
    SyntaxError { line, message: message.to_owned() }
}

#[cfg(test)]
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
    fn what_bash_can_parse_is_right() {
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
    fn many_and_long_scripts_are_asked_about_as_well() {
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
