//! Counts the places of a script that assign a variable.
//!
//! A secret's value is known after a step only if the variable still has it then. A value that the
//! variable had only for a while (in a subshell, in a function's `local`, before one command, or
//! before another value) is never reported, and cannot be masked. Therefore two numbers are
//! counted: the places that may assign the variable, and those among them that certainly assign it
//! in the chapter's shell for good. In case of doubt a place counts only as the former.

use super::tokens::{Token, Tokens};
use crate::text::shell_word::{is_name_character, is_variable_name};

/// The numbers of places at which a script assigns a variable.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Assignments {
    /// The places that may assign it.
    pub any: usize,
    /// Those among them that are plain commands of the shell itself, outside of loops, functions, pipelines and subshells.
    pub plain: usize,
}

impl Assignments {
    /// Whether the variable may have had another value than the one that it has at the end.
    pub(super) fn may_have_had_another_value(self) -> bool {
        self.any > 1 || self.plain < self.any
    }
}

/// Counts the places of a script that assign the variable.
pub(super) fn assignments(script: &str, name: &str) -> Assignments {
    let places = script.match_indices(name).filter(|(at, _)| may_assign(script, *at, name));
    Assignments { any: places.count(), plain: plain_assignments(script, name) }
}

/// Whether the variable may be assigned at this place. Quoted text counts, because it may be a
/// script itself.
fn may_assign(script: &str, at: usize, name: &str) -> bool {
    const READERS: [&str; 7] =
        ["read", "mapfile", "readarray", "for", "select", "getopts", "coproc"];
    let (before, after) = (&script[..at], &script[at + name.len()..]);
    if before.ends_with(is_name_character)
        || after.starts_with(is_name_character)
        || before.ends_with(['$', '-', '.', '/'])
    {
        return false;
    }
    let after = without_index(after);
    if let Some(value) = assigned_value(after) {
        return !is_itself(value, name);
    }
    let start = before.rfind(['\n', ';', '&', '|', '(', '`']).map_or(0, |at| at + 1);
    let mut words = before[start..].split_whitespace();
    let last = words.clone().next_back();
    words.any(|word| READERS.contains(&word)) || last == Some("-v") || last == Some("-p")
}

/// The text after the index of an element (`[1]`), if there is one.
fn without_index(text: &str) -> &str {
    let after = text.strip_prefix('[').and_then(|index| index.split_once(']'));
    after.map_or(text, |(_, after)| after)
}

/// The text after `=`, `+=` or `:=`.
fn assigned_value(after: &str) -> Option<&str> {
    let value = ["=", "+=", ":="].iter().find_map(|sign| after.strip_prefix(sign))?;
    (!value.starts_with('=')).then_some(value)
}

/// Whether the value is the variable's own value, or empty.
fn is_itself(value: &str, name: &str) -> bool {
    let quoted = value.trim_start_matches(['"', '\\']);
    let inner = quoted.strip_prefix('$').map(|inner| inner.strip_prefix('{').unwrap_or(inner));
    let rest = match inner.and_then(|inner| inner.strip_prefix(name)) {
        Some(rest) => rest.strip_prefix('}').unwrap_or(rest),
        None => quoted.trim_start_matches('\''),
    };
    let rest = rest.trim_start_matches(['"', '\\']);
    rest.is_empty()
        || rest.starts_with(|next: char| next.is_whitespace() || ";&|)\"'`".contains(next))
}

/// The number of plain commands at the top level that assign the variable.
fn plain_assignments(script: &str, name: &str) -> usize {
    let mut tokens = Tokens::of(script);
    let (mut depth, mut found) = (0_usize, 0);
    let mut piped = false;
    let mut words: Vec<&str> = Vec::new();
    loop {
        match tokens.next() {
            Token::Word(word) if words.is_empty() && is_reserved(word) => match word {
                "for" | "while" | "until" | "select" | "function" | "coproc" | "{" => depth += 1,
                "done" | "}" => depth = depth.saturating_sub(1),
                // The patterns of `case` end with a closing bracket without an opening one.
                "case" => return found,
                _ => {}
            },
            Token::Word(word) => words.push(word),
            Token::Operator(sign) => {
                if depth == 0 && !piped && !matches!(sign, "|" | "&") {
                    found += assigned_by(&words, name);
                }
                piped = sign == "|";
                words.clear();
                match sign {
                    "(" => depth += 1,
                    ")" => depth = depth.saturating_sub(1),
                    "" => return found,
                    _ => {}
                }
            }
        }
    }
}

fn is_reserved(word: &str) -> bool {
    const RESERVED: [&str; 17] = [
        "for", "while", "until", "select", "function", "coproc", "{", "done", "}", "case", "if",
        "then", "else", "elif", "fi", "do", "!",
    ];
    RESERVED.contains(&word)
}

/// The number of assignments of the variable in a simple command that last.
fn assigned_by(words: &[&str], name: &str) -> usize {
    let words: Vec<&str> = without_redirections(words);
    let assigns = |word: &&&str| {
        let Some(after) = word.strip_prefix(name) else { return false };
        assigned_value(without_index(after)).is_some_and(|value| !is_itself(value, name))
    };
    let Some(program) = words.iter().position(|word| !is_assignment(word)) else {
        return words.iter().filter(assigns).count();
    };
    match words[program] {
        "export" | "readonly" | "declare" | "typeset" => {
            words[program..].iter().filter(assigns).count()
        }
        "read" | "mapfile" | "readarray" => {
            words[program..].iter().filter(|word| **word == name).count()
        }
        "printf" => words[program..].windows(2).filter(|pair| pair == &["-v", name]).count(),
        _ => 0,
    }
}

fn is_assignment(word: &str) -> bool {
    let Some((name, _)) = word.split_once('=') else { return false };
    let name = name.strip_suffix('+').unwrap_or(name);
    let name = name.split_once('[').map_or(name, |(name, _)| name);
    is_variable_name(name)
}

/// The words of a command that are not part of a redirection.
fn without_redirections<'a>(words: &[&'a str]) -> Vec<&'a str> {
    let mut kept = Vec::new();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let sign = word.trim_start_matches(|next: char| next.is_ascii_digit() || next == '&');
        if !sign.starts_with(['<', '>']) || sign.starts_with("<(") || sign.starts_with(">(") {
            kept.push(*word);
        } else if sign.trim_start_matches(['<', '>', '|', '&', '-']).is_empty() {
            words.next();
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::{Assignments, assignments};

    #[test]
    fn one_plain_assignment_is_safe() {
        for script in [
            "TOKEN=$(login --quiet)",
            "export TOKEN=$(cat \"$HOME/x\" | tr -d '\\n'); echo \"$TOKEN\"",
            "A=1 TOKEN='a b;c' # why\n",
            "set -x\nTOKEN=\"$(printf '%s' \"a)b\")\" && echo ok",
            "declare -x TOKEN=(a b)\n",
            "IFS= read -r TOKEN < file",
            "printf -v TOKEN %s x",
            "if [ -z \"$TOKEN\" ]; then TOKEN=$(login); fi",
            "cat <<EOF\nTOKEN=$TOKEN\nEOF\nTOKEN=x",
            "TOKEN=x; run --token=\"$TOKEN\" -e TOKEN=\"$TOKEN\" -e \"TOKEN=${TOKEN}\"",
            "TOKEN=$(x 2>&1) 2>/dev/null",
        ] {
            assert_eq!(assignments(script, "TOKEN"), Assignments { any: 1, plain: 1 }, "{script}");
        }
    }

    #[test]
    fn any_other_assignment_may_have_set_another_value() {
        for script in [
            "( TOKEN=x; echo )",
            "TOKEN=x cmd",
            "f() { local TOKEN=$(x); }; f",
            "f() { TOKEN=x; }",
            "TOKEN=a; TOKEN=b",
            "for i in 1 2; do TOKEN=$i; done",
            "for TOKEN in a b; do :; done",
            "while read -r TOKEN; do echo $TOKEN; done < f",
            "cat f | read TOKEN",
            "TOKEN=x | cat",
            "TOKEN=x & wait",
            "bash -c 'TOKEN=$(x); echo $TOKEN'",
            "env TOKEN=$(x) cmd",
            "echo ${TOKEN:=x}",
            "case a in a) TOKEN=x;; esac",
            "echo \"$(TOKEN=x; echo $TOKEN)\"",
            "cat <<EOF | bash\nTOKEN=x; echo $TOKEN\nEOF",
            "{ TOKEN=x; } | cat",
        ] {
            assert!(assignments(script, "TOKEN").may_have_had_another_value(), "{script}");
        }
    }

    #[test]
    fn a_script_that_only_reads_the_variable_assigns_nothing() {
        for script in [
            "echo $TOKEN",
            "kubectl get secret hub-TOKEN --TOKEN=x",
            "[ \"$TOKEN\" = x ]",
            "unset TOKEN",
            "echo '",
        ] {
            assert_eq!(assignments(script, "TOKEN"), Assignments::default(), "{script}");
        }
    }
}
