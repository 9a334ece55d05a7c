//! Splits a script into words and operators, as far as that is needed to find its simple commands.

/// A token of a script.
pub(super) enum Token<'a> {
    Word(&'a str),
    /// The operator that ends a simple command. It is empty at the script's end.
    Operator(&'a str),
}

/// Reads a script token by token.
pub(super) struct Tokens<'a> {
    text: &'a str,
    at: usize,
    /// The closing lines of the here-documents that begin with the next line.
    documents: Vec<&'a str>,
}

impl<'a> Tokens<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        Self { text, at: 0, documents: Vec::new() }
    }

    /// The next token. At the script's end every call returns the empty operator.
    pub(super) fn next(&mut self) -> Token<'a> {
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
                    return Token::Operator(if sign == "|&" { "|" } else { sign });
                }
            }
            if rest.starts_with('&') && !rest.starts_with("&>") {
                self.at += 1;
                return Token::Operator("&");
            }
            if rest.is_empty() {
                return Token::Operator("");
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
                    self.take_document();
                }
                // The elements of a list. Another bracket begins a subshell or a function.
                b'(' if self.at > start
                    && matches!(bytes[self.at - 1], b'=' | b'<' | b'>' | b'$') =>
                {
                    self.at = past(bytes, self.at);
                }
                b'(' => break,
                b'`' | b'\'' | b'"' | b'\\' | b'$' => self.at = past(bytes, self.at),
                _ => self.at += 1,
            }
        }
        // A character with which no word can begin is a word by itself.
        if self.at == start {
            self.at += self.text[start..].chars().next().map_or(1, char::len_utf8);
        }
        self.at = (self.at..=bytes.len())
            .find(|&at| self.text.is_char_boundary(at))
            .unwrap_or(bytes.len());
        &self.text[start..self.at]
    }

    /// Notes the closing line of the document that `<<WORD` announces.
    fn take_document(&mut self) {
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

/// The index after the quoted, escaped or substituted text that begins here.
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
            // Within double quotes, single quotes and plain brackets are ordinary characters.
            b'\'' | b'(' if sign == b'"' => at += 1,
            b'"' | b'\'' | b'`' | b'\\' | b'$' | b'(' => at = past(bytes, at),
            _ => at += 1,
        }
    }
    bytes.len()
}
