//! Redirections and here-documents.

use std::ops::Range;

use super::{Lexer, SimpleCommand};

impl Lexer<'_> {
    /// A redirection (`>`, `>>`, `<`, `<<`, `2>&1` …), from its operator on.
    pub(super) fn redirect(
        &mut self,
        start: usize,
        end: usize,
        now: &mut SimpleCommand,
        heredocs: &mut Vec<(String, bool)>,
    ) -> usize {
        let mut at = start;
        while at < end && matches!(self.bytes[at], b'<' | b'>' | b'|' | b'&' | b'-') {
            at += 1;
        }
        let operator = &self.text[start..at];
        if operator == "<" {
            self.out.input_redirections.push(start);
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

    /// A here-document up to its delimiter. Commands that it substitutes run.
    pub(super) fn heredoc(&mut self, range: Range<usize>, delimiter: &str, literal: bool) -> usize {
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
