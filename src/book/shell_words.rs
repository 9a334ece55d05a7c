//! A shell script → its simple commands, for advice about them.
//!
//! It understands only a part of the shell's grammar. [`Commands::is_clear`] is false if it did not understand the whole script, so
//! that a script is never taken for harmless after only a part of it was read.

mod redirections;
mod words;

use std::ops::Range;

use crate::text::word_search::is_variable_name;

/// The commands of a script, including those in loops, conditions and substitutions.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Commands {
    /// The commands, in the order in which they end.
    pub all: Vec<SimpleCommand>,
    /// Whether the whole script was understood.
    pub is_clear: bool,
    /// The bytes of all words, so that a caller knows which text bash reads as words.
    pub unquoted: Vec<Range<usize>>,
    /// The bytes of every `<` that bash reads as a redirection.
    pub input_redirections: Vec<usize>,
}

/// A program and its words.
#[derive(Debug, Default, PartialEq, Clone)]
pub(crate) struct SimpleCommand {
    /// Its words without quotes, and without the assignments before it.
    pub words: Vec<String>,
    /// Whether any word is only known when the command runs (`$x`, `*`).
    pub has_expansion: bool,
    /// The files that it writes with `>` and similar redirections.
    pub writes: Vec<String>,
    /// Assignments before it, as written.
    pub assigns: Vec<String>,
    /// Whether it ends with `&`.
    pub in_background: bool,
    /// Whether its output is the input of the next command.
    pub is_piped: bool,
    /// The byte of the script at which it begins.
    pub at: usize,
}

/// Keywords of the shell that may precede a command.
const KEYWORDS_BEFORE_A_COMMAND: [&str; 11] =
    ["if", "then", "elif", "else", "while", "until", "do", "!", "{", "time", "coproc"];

/// Keywords that end a compound command. Only redirections may follow them.
const CLOSING_KEYWORDS: [&str; 4] = ["fi", "done", "}", "esac"];

/// The commands of a script.
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

/// The deepest nesting of substitutions that is read.
const MAX_DEPTH: usize = 20;

struct Lexer<'a> {
    text: &'a str,
    bytes: &'a [u8],
    out: Commands,
    depth: usize,
}

impl Lexer<'_> {
    fn script(&mut self, range: Range<usize>) {
        if self.depth > MAX_DEPTH {
            self.out.is_clear = false;
            return;
        }
        self.depth += 1;
        let mut now = SimpleCommand { at: range.start, ..SimpleCommand::default() };
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
                    // `f()` defines a function and `a|b)` is a pattern of `case`; neither is understood.
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

    /// Ends a command. `next` is the byte at which the next one may begin.
    fn end(&mut self, now: &mut SimpleCommand, next: usize) {
        let done = std::mem::replace(now, SimpleCommand { at: next, ..SimpleCommand::default() });
        if !(done.words.is_empty() && done.writes.is_empty() && done.assigns.is_empty()) {
            self.out.all.push(done);
        }
    }

    fn word(&mut self, start: usize, end: usize, now: &mut SimpleCommand) -> usize {
        let (piece, at) = self.piece(start, end);
        // `2>file`: the number belongs to the redirection.
        if !piece.quoted
            && piece.text.bytes().all(|byte| byte.is_ascii_digit())
            && matches!(self.bytes.get(at), Some(b'<' | b'>'))
        {
            return at;
        }
        let first = now.words.is_empty();
        if first && !piece.quoted && KEYWORDS_BEFORE_A_COMMAND.contains(&piece.text.as_str()) {
            return at;
        }
        if first && !piece.quoted && CLOSING_KEYWORDS.contains(&piece.text.as_str()) {
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
            // The name of the program is only known when the script runs.
            self.out.is_clear &= !piece.expands;
        }
        now.has_expansion |= piece.expands;
        now.words.push(piece.text);
        at
    }

    /// The words of `for x in a b c`, of which only substitutions run.
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

    /// The words of an array, `x=(a b)`.
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
}

fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        is_variable_name(name.trim_end_matches('+').split('[').next().unwrap_or_default())
    })
}

#[cfg(test)]
mod tests;
