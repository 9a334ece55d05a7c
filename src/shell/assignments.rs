//! Where a script gives a variable a value, by looking at it.
//!
//! A secret's value is known after a step only if the variable still has it then. A value that it had only for a while (in a
//! subshell, a function's `local`, before one command, or before another value) was never told, and can't be masked. So each place
//! that may give a value is counted, and apart from that each that surely gives it to the chapter's shell and leaves it there. In
//! doubt a place counts as the former only.

/// How often a script gives a variable a value.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Assignments {
    /// Places that may do so.
    pub any: usize,
    /// Plain commands of the shell itself among them, in no loop, function, pipeline or subshell.
    pub plain: usize,
}

impl Assignments {
    /// Can the variable have had a value that is not the one it has at the end?
    pub(super) fn may_have_had_another_value(self) -> bool {
        self.any > 1 || self.plain < self.any
    }
}

/// Looks at a script.
pub(super) fn assignments(script: &str, name: &str) -> Assignments {
    let places = script.match_indices(name).filter(|(at, _)| may_assign(script, *at, name));
    Assignments { any: places.count(), plain: plain_assignments(script, name) }
}

/// May the variable be given a value by its name here? (In quoted text, too: it may be a script of its own.)
fn may_assign(script: &str, at: usize, name: &str) -> bool {
    const READERS: [&str; 7] =
        ["read", "mapfile", "readarray", "for", "select", "getopts", "coproc"];
    let (before, after) = (&script[..at], &script[at + name.len()..]);
    if before.ends_with(is_word)
        || after.starts_with(is_word)
        || before.ends_with(['$', '-', '.', '/'])
    {
        return false;
    }
    let after = after
        .strip_prefix('[')
        .and_then(|index| index.split_once(']'))
        .map_or(after, |(_, after)| after);
    if let Some(value) = assigned_value(after) {
        return !is_itself(value, name);
    }
    let start = before.rfind(['\n', ';', '&', '|', '(', '`']).map_or(0, |at| at + 1);
    let mut words = before[start..].split_whitespace();
    let last = words.clone().next_back();
    words.any(|word| READERS.contains(&word)) || last == Some("-v") || last == Some("-p")
}

/// What stands behind `=`, `+=` or `:=`.
fn assigned_value(after: &str) -> Option<&str> {
    let value = ["=", "+=", ":="].iter().find_map(|sign| after.strip_prefix(sign))?;
    (!value.starts_with('=')).then_some(value)
}

/// Is the value the variable's own one, or nothing?
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

fn is_word(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '_'
}

/// Plain commands at the top level that give it a value.
fn plain_assignments(script: &str, name: &str) -> usize {
    let mut scan = Scan { text: script, at: 0, documents: Vec::new() };
    let (mut depth, mut found) = (0_usize, 0);
    let mut piped = false;
    let mut words: Vec<&str> = Vec::new();
    loop {
        match scan.next() {
            Token::Word(word) if words.is_empty() && is_reserved(word) => match word {
                "for" | "while" | "until" | "select" | "function" | "coproc" | "{" => depth += 1,
                "done" | "}" => depth = depth.saturating_sub(1),
                // Its patterns end with a bracket that closes nothing.
                "case" => return found,
                _ => {}
            },
            Token::Word(word) => words.push(word),
            Token::End(sign) => {
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

/// How often a simple command gives the variable a value that stays.
fn assigned_by(words: &[&str], name: &str) -> usize {
    let words: Vec<&str> = without_redirections(words);
    let assigns = |word: &&&str| {
        let Some(after) = word.strip_prefix(name) else { return false };
        let after = after
            .strip_prefix('[')
            .and_then(|index| index.split_once(']'))
            .map_or(after, |(_, after)| after);
        assigned_value(after).is_some_and(|value| !is_itself(value, name))
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
    !name.is_empty()
        && name.chars().all(is_word)
        && !name.starts_with(|first: char| first.is_ascii_digit())
}

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

/// A word of a script, or what ends a simple command (nothing at the script's end).
enum Token<'a> {
    Word(&'a str),
    End(&'a str),
}

/// Goes through a script word by word.
struct Scan<'a> {
    text: &'a str,
    at: usize,
    /// Ends of the here-documents that begin with the next line.
    documents: Vec<&'a str>,
}

impl<'a> Scan<'a> {
    fn next(&mut self) -> Token<'a> {
        loop {
            let rest = &self.text[self.at..];
            let rest = rest.trim_start_matches([' ', '\t', '\r']);
            let rest = rest.strip_prefix("\\\n").unwrap_or(rest);
            if self.text.len() - rest.len() > self.at {
                self.at = self.text.len() - rest.len();
                continue;
            }
            if rest.starts_with('#') {
                self.at += rest.find('\n').unwrap_or(rest.len());
                continue;
            }
            for sign in ["&&", "||", ";;", "|&", "\n", ";", "|", "(", ")"] {
                if rest.starts_with(sign) {
                    self.at += sign.len();
                    if sign == "\n" {
                        self.skip_documents();
                    }
                    return Token::End(if sign == "|&" { "|" } else { sign });
                }
            }
            if rest.starts_with('&') && !rest.starts_with("&>") {
                self.at += 1;
                return Token::End("&");
            }
            if rest.is_empty() {
                return Token::End("");
            }
            return Token::Word(self.word());
        }
    }

    fn word(&mut self) -> &'a str {
        let bytes = self.text.as_bytes();
        let start = self.at;
        while let Some(&byte) = bytes.get(self.at) {
            match byte {
                b' ' | b'\t' | b'\n' | b';' | b'|' | b')' => break,
                b'&' if !matches!(bytes.get(self.at.wrapping_sub(1)), Some(b'<' | b'>'))
                    && bytes.get(self.at + 1) != Some(&b'>') =>
                {
                    break;
                }
                b'<' if self.text[self.at..].starts_with("<<")
                    && !self.text[self.at..].starts_with("<<<") =>
                {
                    self.document()
                }
                // A list's elements; else a subshell or a function's brackets.
                b'(' if self.at > start
                    && matches!(bytes[self.at - 1], b'=' | b'<' | b'>' | b'$') =>
                {
                    self.at = past(bytes, self.at)
                }
                b'(' => break,
                b'`' | b'\'' | b'"' | b'\\' | b'$' => self.at = past(bytes, self.at),
                _ => self.at += 1,
            }
        }
        // Only what is no word's letter at all can come here without any.
        if self.at == start {
            self.at += self.text[start..].chars().next().map_or(1, char::len_utf8);
        }
        self.at = (self.at..=bytes.len())
            .find(|&at| self.text.is_char_boundary(at))
            .unwrap_or(bytes.len());
        &self.text[start..self.at]
    }

    /// `<<WORD`: notes where the document ends.
    fn document(&mut self) {
        self.at += 2;
        let rest = self.text[self.at..].trim_start_matches(['-', ' ', '\t']);
        let length = rest
            .find(|next: char| next.is_whitespace() || ";&|()<>".contains(next))
            .unwrap_or(rest.len());
        self.documents.push(rest[..length].trim_matches(['\'', '"', '\\']));
        self.at = self.text.len() - rest.len() + length;
    }

    fn skip_documents(&mut self) {
        for end in std::mem::take(&mut self.documents) {
            for line in self.text[self.at..].split_inclusive('\n') {
                self.at += line.len();
                if line.trim_matches(['\t', '\n', '\r']) == end {
                    break;
                }
            }
        }
    }
}

/// The index after what is quoted, escaped or substituted here.
fn past(bytes: &[u8], at: usize) -> usize {
    let end = bytes.len();
    match bytes[at] {
        b'\\' => (at + 2).min(end),
        quote @ (b'\'' | b'`') => {
            memchr::memchr(quote, &bytes[at + 1..]).map_or(end, |length| at + length + 2)
        }
        b'"' => closing(bytes, at + 1, b'"'),
        b'$' if bytes.get(at + 1) == Some(&b'(') => closing(bytes, at + 2, b')'),
        b'$' if bytes.get(at + 1) == Some(&b'{') => closing(bytes, at + 2, b'}'),
        b'(' => closing(bytes, at + 1, b')'),
        _ => at + 1,
    }
}

/// The index after the closing sign.
fn closing(bytes: &[u8], mut at: usize, sign: u8) -> usize {
    while let Some(&byte) = bytes.get(at) {
        match byte {
            _ if byte == sign => return at + 1,
            // Within double quotes single ones and plain brackets mean nothing.
            b'\'' | b'(' if sign == b'"' => at += 1,
            b'"' | b'\'' | b'`' | b'\\' | b'$' | b'(' => at = past(bytes, at),
            _ => at += 1,
        }
    }
    bytes.len()
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
    fn any_other_way_may_have_had_another_value() {
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
    fn a_script_that_only_reads_it_gives_none() {
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
