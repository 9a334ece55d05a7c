//! A shell script → its simple commands, for advice about them. It is no shell: what it does not understand it says (`is_clear`),
//! so that nobody takes a script for harmless of which only a part was read.

use std::ops::Range;

use crate::text::word_search::is_variable_name;

/// The commands of a script, those inside of loops, conditions and substitutions among them.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Commands {
    /// In the order in which they end.
    pub all: Vec<Simple>,
    /// False: some of the script was not understood.
    pub is_clear: bool,
    /// Bytes that stand unquoted, for whoever looks for text that bash would read as something else.
    pub plain: Vec<Range<usize>>,
    /// Where a `<` stands that bash reads as a redirection.
    pub inputs: Vec<usize>,
}

/// A program and its words.
#[derive(Debug, Default, PartialEq, Clone)]
pub(crate) struct Simple {
    /// Its words, quotes taken off; assignments before it are left out.
    pub words: Vec<String>,
    /// Is any of them only known when it runs (`$x`, `*`)?
    pub has_expansion: bool,
    /// Files it writes by `>` and its like.
    pub writes: Vec<String>,
    /// Assignments before it, as written.
    pub assigns: Vec<String>,
    /// Does it end by `&`?
    pub in_background: bool,
    /// Is its output another command's input?
    pub is_piped: bool,
    pub at: usize,
}

/// Words of the shell's own grammar that may stand before a command.
const BEFORE: [&str; 11] =
    ["if", "then", "elif", "else", "while", "until", "do", "!", "{", "time", "coproc"];

/// Words that end a construction; after them only redirections stand.
const ENDS: [&str; 4] = ["fi", "done", "}", "esac"];

/// Reads a script.
pub(crate) fn commands_of(script: &str) -> Commands {
    let mut lexer = Lexer {
        text: script,
        bytes: script.as_bytes(),
        out: Commands { is_clear: true, ..Commands::default() },
        depth: 0,
    };
    lexer.script(0..script.len());
    lexer.out
}

/// Substitutions inside of each other that are still looked at.
const DEEPEST: usize = 20;

struct Lexer<'a> {
    text: &'a str,
    bytes: &'a [u8],
    out: Commands,
    depth: usize,
}

/// A word being read.
#[derive(Default)]
struct Piece {
    text: String,
    quoted: bool,
    expands: bool,
}

impl Lexer<'_> {
    fn script(&mut self, range: Range<usize>) {
        if self.depth > DEEPEST {
            self.out.is_clear = false;
            return;
        }
        self.depth += 1;
        let mut now = Simple { at: range.start, ..Simple::default() };
        let mut heredocs: Vec<(String, bool)> = Vec::new();
        let mut at = range.start;
        while at < range.end {
            match self.bytes[at] {
                b' ' | b'\t' | b'\r' => at += 1,
                b'\\' if self.bytes.get(at + 1) == Some(&b'\n') => at += 2,
                b'#' => at = self.line_end(at, range.end),
                b'\n' => {
                    self.end(&mut now, at + 1);
                    at += 1;
                    for (delimiter, literal) in std::mem::take(&mut heredocs) {
                        at = self.heredoc(at..range.end, &delimiter, literal);
                    }
                }
                b';' | b'(' | b')' => {
                    // `f()` defines a function, and `a|b)` stands in a `case`: neither is followed.
                    let odd = self.bytes[at] == b'(' && !now.words.is_empty()
                        || self.text[at..].starts_with(";;");
                    self.out.is_clear &= !odd;
                    self.end(&mut now, at + 1);
                    at += 1;
                }
                b'|' => {
                    now.is_piped = self.bytes.get(at + 1) != Some(&b'|');
                    self.end(&mut now, at + 1);
                    at += 1;
                }
                b'&' if matches!(self.bytes.get(at + 1), Some(b'>')) => {
                    at = self.redirect(at + 1, range.end, &mut now, &mut heredocs);
                }
                b'&' => {
                    let both = self.bytes.get(at + 1) == Some(&b'&');
                    now.in_background = !both;
                    self.end(&mut now, at + 1);
                    at += 1 + usize::from(both);
                }
                b'<' | b'>' if self.bytes.get(at + 1) == Some(&b'(') => {
                    now.has_expansion = true;
                    at = self.substitution(at + 1, range.end);
                }
                b'<' | b'>' => at = self.redirect(at, range.end, &mut now, &mut heredocs),
                _ => at = self.word(at, range.end, &mut now),
            }
        }
        self.end(&mut now, range.end);
        self.depth -= 1;
    }

    fn line_end(&self, at: usize, end: usize) -> usize {
        memchr::memchr(b'\n', &self.bytes[at..end]).map_or(end, |found| at + found)
    }

    /// Ends a command; `next` is where the next one may begin.
    fn end(&mut self, now: &mut Simple, next: usize) {
        let done = std::mem::replace(now, Simple { at: next, ..Simple::default() });
        if !(done.words.is_empty() && done.writes.is_empty() && done.assigns.is_empty()) {
            self.out.all.push(done);
        }
    }

    fn word(&mut self, start: usize, end: usize, now: &mut Simple) -> usize {
        let (piece, at) = self.piece(start, end);
        // `2>file`: the number belongs to the redirection.
        if !piece.quoted
            && piece.text.bytes().all(|byte| byte.is_ascii_digit())
            && matches!(self.bytes.get(at), Some(b'<' | b'>'))
        {
            return at;
        }
        let first = now.words.is_empty();
        if first && !piece.quoted && BEFORE.contains(&piece.text.as_str()) {
            return at;
        }
        if first && !piece.quoted && ENDS.contains(&piece.text.as_str()) {
            return at;
        }
        if first && !piece.quoted && matches!(piece.text.as_str(), "for" | "select") {
            return self.loop_header(at, end);
        }
        if first && !piece.quoted && matches!(piece.text.as_str(), "case" | "function" | "((") {
            self.out.is_clear = false;
        }
        if first && is_assignment(&piece.text) {
            now.assigns.push(piece.text);
            if self.bytes.get(at) == Some(&b'(') {
                return self.array(at, end);
            }
            return at;
        }
        if first {
            now.at = start;
            // A program whose name is only known when it runs.
            self.out.is_clear &= !piece.expands;
        }
        now.has_expansion |= piece.expands;
        now.words.push(piece.text);
        at
    }

    /// `for x in a b c`: only what is substituted there runs.
    fn loop_header(&mut self, mut at: usize, end: usize) -> usize {
        while at < end && !matches!(self.bytes[at], b';' | b'\n') {
            at = match self.bytes[at] {
                b' ' | b'\t' => at + 1,
                b'(' | b')' | b'<' | b'>' | b'&' | b'|' => {
                    self.out.is_clear = false;
                    at + 1
                }
                _ => self.piece(at, end).1.max(at + 1),
            };
        }
        at
    }

    /// `x=(a b)`.
    fn array(&mut self, mut at: usize, end: usize) -> usize {
        at += 1;
        while at < end && self.bytes[at] != b')' {
            at = match self.bytes[at] {
                b' ' | b'\t' | b'\n' => at + 1,
                b'<' | b'>' | b'&' | b'|' | b'(' | b';' => {
                    self.out.is_clear = false;
                    at + 1
                }
                _ => self.piece(at, end).1.max(at + 1),
            };
        }
        (at + 1).min(end)
    }

    /// One word with its quotes and substitutions.
    fn piece(&mut self, start: usize, end: usize) -> (Piece, usize) {
        let mut piece = Piece::default();
        let mut at = start;
        while at < end {
            match self.bytes[at] {
                b' ' | b'\t' | b'\r' | b'\n' | b';' | b'&' | b'|' | b'(' | b')' | b'<' | b'>' => {
                    break;
                }
                b'\'' => {
                    piece.quoted = true;
                    let close = memchr::memchr(b'\'', &self.bytes[at + 1..end])
                        .map_or(end, |found| at + 1 + found);
                    self.out.is_clear &= close < end;
                    piece.text.push_str(&self.text[at + 1..close]);
                    at = (close + 1).min(end);
                }
                b'"' => at = self.double_quoted(at + 1, end, &mut piece),
                b'\\' => {
                    let next = self.text[(at + 1).min(end)..end].chars().next();
                    piece.text.extend(next);
                    piece.quoted = true;
                    at += 1 + next.map_or(0, char::len_utf8);
                }
                b'$' | b'`' => at = self.expansion(at, end, &mut piece),
                byte => {
                    piece.expands |= matches!(byte, b'*' | b'?' | b'[');
                    let next = self.text[at..].chars().next().map_or(1, char::len_utf8);
                    piece.text.push_str(&self.text[at..at + next]);
                    at += next;
                }
            }
        }
        self.out.plain.push(start..at);
        (piece, at.min(end))
    }

    fn double_quoted(&mut self, mut at: usize, end: usize, piece: &mut Piece) -> usize {
        piece.quoted = true;
        while at < end {
            match self.bytes[at] {
                b'"' => return at + 1,
                b'\\' => {
                    let next = self.text[(at + 1).min(end)..end].chars().next();
                    piece.text.extend(next);
                    at += 1 + next.map_or(0, char::len_utf8);
                }
                b'$' | b'`' => at = self.expansion(at, end, piece),
                _ => {
                    let next = self.text[at..].chars().next().map_or(1, char::len_utf8);
                    piece.text.push_str(&self.text[at..at + next]);
                    at += next;
                }
            }
        }
        self.out.is_clear = false;
        end
    }

    fn expansion(&mut self, at: usize, end: usize, piece: &mut Piece) -> usize {
        piece.expands = true;
        let next = self.bytes.get(at + 1).copied();
        if self.bytes[at] == b'`' {
            let close = memchr::memchr(b'`', &self.bytes[at + 1..end]).map(|found| at + 1 + found);
            self.out.is_clear &= close.is_some();
            let close = close.unwrap_or(end);
            self.script(at + 1..close);
            piece.text.push('`');
            return (close + 1).min(end);
        }
        match next {
            Some(b'(') => {
                piece.text.push('$');
                self.substitution(at + 1, end)
            }
            Some(b'{') => {
                let close =
                    memchr::memchr(b'}', &self.bytes[at..end]).map_or(end, |found| at + found + 1);
                let inner = &self.text[at..close];
                self.out.is_clear &= !inner[1..].contains(['$', '`', '"', '\'']);
                piece.text.push_str(inner);
                close
            }
            _ => {
                piece.text.push('$');
                at + 1
            }
        }
    }

    /// `$(…)`, `<(…)`; `open` is the parenthesis. Arithmetic runs nothing.
    fn substitution(&mut self, open: usize, end: usize) -> usize {
        let Some(close) = self.closing(open, end) else {
            self.out.is_clear = false;
            return end;
        };
        if self.bytes.get(open + 1) == Some(&b'(') && self.bytes[..close].ends_with(b")") {
            self.out.is_clear &= !self.text[open..close].contains(['`', '$'])
                || !self.text[open..close].contains("$(");
        } else {
            self.script(open + 1..close);
        }
        close + 1
    }

    /// The parenthesis that closes this one, quotes heeded.
    fn closing(&self, open: usize, end: usize) -> Option<usize> {
        let (mut depth, mut quote, mut at) = (0_usize, None, open);
        while at < end {
            match (quote, self.bytes[at]) {
                (Some(b'\''), b'\'') | (Some(b'"'), b'"') => quote = None,
                (Some(b'\''), _) => {}
                (_, b'\\') => at += 1,
                (None, byte @ (b'\'' | b'"')) => quote = Some(byte),
                (None, b'(') => depth += 1,
                (None, b')') if depth == 1 => return Some(at),
                (None, b')') => depth -= 1,
                _ => {}
            }
            at += 1;
        }
        None
    }

    /// `>`, `>>`, `<`, `<<`, `2>&1` and their like, from the operator on.
    fn redirect(
        &mut self,
        start: usize,
        end: usize,
        now: &mut Simple,
        heredocs: &mut Vec<(String, bool)>,
    ) -> usize {
        let mut at = start;
        while at < end && matches!(self.bytes[at], b'<' | b'>' | b'|' | b'&' | b'-') {
            at += 1;
        }
        let operator = &self.text[start..at];
        if operator == "<" {
            self.out.inputs.push(start);
        }
        let operator =
            if operator.starts_with("<<") { operator } else { operator.trim_end_matches('-') };
        let at = start + operator.len();
        let mut from = at;
        while from < end && matches!(self.bytes[from], b' ' | b'\t') {
            from += 1;
        }
        if from < end
            && matches!(self.bytes[from], b'<' | b'>')
            && self.bytes.get(from + 1) == Some(&b'(')
        {
            return self.substitution(from + 1, end);
        }
        let (piece, after) = self.piece(from, end);
        match operator {
            "<<" | "<<-" => heredocs.push((piece.text, piece.quoted)),
            "<" | "<<<" | "<&" => {}
            // `2>&1` copies a descriptor.
            ">&" if piece.text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-') => {}
            _ => now.writes.push(piece.text),
        }
        after.max(at)
    }

    /// The text up to its delimiter; what is substituted in it runs.
    fn heredoc(&mut self, range: Range<usize>, delimiter: &str, literal: bool) -> usize {
        let mut at = range.start;
        while at < range.end {
            let line_end = self.line_end(at, range.end);
            let line = &self.text[at..line_end];
            let next = (line_end + 1).min(range.end);
            if line.trim_start_matches('\t').trim_end_matches('\r') == delimiter {
                return next;
            }
            self.out.is_clear &= literal || !(line.contains("$(") || line.contains('`'));
            at = next;
        }
        self.out.is_clear = false;
        range.end
    }
}

fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        is_variable_name(name.trim_end_matches('+').split('[').next().unwrap_or_default())
    })
}

#[cfg(test)]
mod tests;
