//! One word of a script, with its quotes and substitutions.

use super::Lexer;

/// A word, without its quotes.
#[derive(Default)]
pub(super) struct WordText {
    pub(super) text: String,
    /// Whether any of it is quoted.
    pub(super) quoted: bool,
    /// Whether any of it is only known when the script runs.
    pub(super) expands: bool,
}

impl Lexer<'_> {
    /// Reads the word at `start`. Returns it and the byte after it.
    pub(super) fn piece(&mut self, start: usize, end: usize) -> (WordText, usize) {
        let mut piece = WordText::default();
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
        self.out.unquoted.push(start..at);
        (piece, at.min(end))
    }

    fn double_quoted(&mut self, mut at: usize, end: usize, piece: &mut WordText) -> usize {
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

    fn expansion(&mut self, at: usize, end: usize, piece: &mut WordText) -> usize {
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

    /// `$(…)` or `<(…)`, where `open` is the byte of the parenthesis. Arithmetic runs no command.
    pub(super) fn substitution(&mut self, open: usize, end: usize) -> usize {
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

    /// The parenthesis that closes this one. Parentheses in quotes do not count.
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
}
