//! Reads the output of `declare -p`, one declaration after another.

/// One declaration of `declare -p`, which has several lines if a value contains a newline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Declaration<'a> {
    pub name: &'a [u8],
    /// The whole declaration with its newline.
    pub text: &'a [u8],
    /// The text after `=`, as bash quotes it. `None` for a variable that is declared but not set.
    pub value: Option<&'a [u8]>,
}

impl Declaration<'_> {
    /// The letters after `declare -`.
    pub(super) fn attributes(&self) -> &[u8] {
        let letters = &self.text[b"declare -".len()..];
        &letters[..letters.iter().position(|&byte| byte == b' ').unwrap_or(0)]
    }
}

/// The declarations in the output of `declare -p`, up to the first line about a function. Other
/// lines, such as the output of a step's DEBUG trap, are skipped.
#[derive(Clone)]
pub(super) struct Declarations<'a>(pub &'a [u8]);

impl<'a> Iterator for Declarations<'a> {
    type Item = Declaration<'a>;

    fn next(&mut self) -> Option<Declaration<'a>> {
        while !self.0.is_empty() && !self.0.starts_with(b"declare -f") {
            if let Some((declaration, rest)) = first(self.0) {
                self.0 = rest;
                return Some(declaration);
            }
            self.0 = &self.0[line_end(self.0)..];
        }
        None
    }
}

fn first(text: &[u8]) -> Option<(Declaration<'_>, &[u8])> {
    let attributes = text.strip_prefix(b"declare -")?;
    let space = attributes.iter().position(|&byte| byte == b' ')?;
    let start = b"declare -".len() + space + 1;
    let length = text[start..].iter().position(|&byte| byte == b'=' || byte == b'\n')?;
    let after = start + length;
    let name = &text[start..after];
    if text[after] == b'\n' {
        return Some((
            Declaration { name, text: &text[..=after], value: None },
            &text[after + 1..],
        ));
    }
    let end = after + 1 + value_length(&text[after + 1..])?;
    let value = Some(&text[after + 1..end]);
    let end = end + line_end(&text[end..]);
    Some((Declaration { name, text: &text[..end], value }, &text[end..]))
}

/// The length of the quoted value (or list of values) at the start of the text, in bytes. `None` if
/// it does not end.
fn value_length(text: &[u8]) -> Option<usize> {
    let mut at = 0;
    let mut depth = 0_usize;
    loop {
        match text.get(at)? {
            b'"' => at = past_quote(text, at + 1, b'"')?,
            b'$' if text.get(at + 1) == Some(&b'\'') => at = past_quote(text, at + 2, b'\'')?,
            b'(' => {
                depth += 1;
                at += 1;
            }
            b')' => {
                depth = depth.saturating_sub(1);
                at += 1;
            }
            b'\\' => at += 2,
            b'\n' if depth == 0 => return Some(at),
            _ => at += 1,
        }
    }
}

/// The index after the closing quote. A backslash escapes the byte after it.
fn past_quote(text: &[u8], mut at: usize, quote: u8) -> Option<usize> {
    loop {
        at += memchr::memchr2(quote, b'\\', &text[at..])?;
        if text[at] == quote {
            return Some(at + 1);
        }
        at += 2;
        if at > text.len() {
            return None;
        }
    }
}

/// The index after the first line.
pub(super) fn line_end(text: &[u8]) -> usize {
    memchr::memchr(b'\n', text).map_or(text.len(), |end| end + 1)
}

/// The bytes of a scalar's quoted value. `None` for a list.
pub(super) fn unquoted(value: &[u8]) -> Option<Vec<u8>> {
    if let Some(inner) = value.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\"")) {
        let mut plain = Vec::with_capacity(inner.len());
        let mut bytes = inner.iter();
        while let Some(&byte) = bytes.next() {
            plain.push(if byte == b'\\' { *bytes.next()? } else { byte });
        }
        return Some(plain);
    }
    let inner = value.strip_prefix(b"$'")?.strip_suffix(b"'")?;
    let mut plain = Vec::with_capacity(inner.len());
    let mut at = 0;
    while at < inner.len() {
        if inner[at] != b'\\' {
            plain.push(inner[at]);
            at += 1;
            continue;
        }
        let escape = *inner.get(at + 1)?;
        at += 2;
        plain.push(match escape {
            b'a' => 7,
            b'b' => 8,
            b't' => b'\t',
            b'n' => b'\n',
            b'v' => 11,
            b'f' => 12,
            b'r' => b'\r',
            b'E' | b'e' => 27,
            b'0'..=b'7' => {
                let digits = inner.get(at - 1..at + 2)?;
                at += 2;
                digits.iter().fold(0_u8, |value, digit| {
                    value.wrapping_mul(8).wrapping_add(digit.wrapping_sub(b'0'))
                })
            }
            other => other,
        });
    }
    Some(plain)
}

/// The values of a scalar (one) or of a list's elements.
pub(super) fn words(value: &[u8]) -> Vec<Vec<u8>> {
    let Some(list) = value.strip_prefix(b"(") else { return unquoted(value).into_iter().collect() };
    let (mut found, mut at) = (Vec::new(), 0);
    while at < list.len() {
        let opened = match list[at] {
            b'"' => Some((at + 1, b'"')),
            b'$' if list.get(at + 1) == Some(&b'\'') => Some((at + 2, b'\'')),
            _ => None,
        };
        let Some((inner, quote)) = opened else {
            at += 1;
            continue;
        };
        let Some(end) = past_quote(list, inner, quote) else { break };
        found.extend(unquoted(&list[at..end]));
        at = end;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::{Declarations, unquoted, words};

    #[test]
    fn a_list_has_its_elements() {
        assert_eq!(words(b"([0]=\"a\" [1]=$'b\\nc' )"), [b"a".to_vec(), b"b\nc".to_vec()]);
        assert_eq!(words(b"\"x\""), [b"x".to_vec()]);
    }

    fn names(text: &str) -> Vec<String> {
        Declarations(text.as_bytes())
            .map(|found| String::from_utf8_lossy(found.name).into_owned())
            .collect()
    }

    #[test]
    fn each_declaration_is_found() {
        assert_eq!(
            names("declare -x A=\"1\"\ndeclare -i B\ndeclare -a C=([0]=\"x)y\" [1]=$'a\\nb')\n"),
            ["A", "B", "C"]
        );
    }

    #[test]
    fn a_newline_in_a_value_does_not_end_the_declaration() {
        let text = "declare -- A=\"1\ndeclare -- B=\\\"2\"\ndeclare -- C=\"3\"\n";
        assert_eq!(names(text), ["A", "C"]);
        let first = Declarations(text.as_bytes()).next().unwrap();
        assert_eq!(unquoted(first.value.unwrap()).unwrap(), b"1\ndeclare -- B=\"2");
    }

    #[test]
    fn other_lines_between_them_are_skipped() {
        assert_eq!(names("hello\ndeclare -- A=\"1\"\n+ declare -p\ndeclare -- B=\"2\n"), ["A"]);
    }

    #[test]
    fn control_characters_are_read_back() {
        assert_eq!(unquoted(b"$'\\001\\303\\251\\n\\E\\''").unwrap(), b"\x01\xc3\xa9\n\x1b'");
        assert_eq!(unquoted(b"([0]=\"a\")"), None);
    }
}
