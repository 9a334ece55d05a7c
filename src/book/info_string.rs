//! The text between the braces of an info string → words with their places. The meaning of a word is decided elsewhere.
//!
//! ```text
//! braces = "{" word* "}"              word  = key [ "=" value ]
//! value  = bare | '"' … '"' | "'" … "'"      (in quotes a backslash takes the next character as it is)
//! braces = a JSON object, when its first character after "{" is '"'
//! ```

use std::borrow::Cow;
use std::ops::Range;

/// One word, or one member of a JSON object.
#[derive(Debug, PartialEq)]
pub(super) struct Word<'a> {
    /// The key.
    pub key: Cow<'a, str>,
    /// The key's bytes in the info string.
    pub key_at: Range<usize>,
    /// The text after `=`; `None` for a flag.
    pub value: Option<Cow<'a, str>>,
    /// The bytes of the value with its quotes; for a flag, those of the key.
    pub value_at: Range<usize>,
}

impl Word<'_> {
    /// The bytes of key, `=` and value.
    pub(super) fn whole(&self) -> Range<usize> {
        self.key_at.start..self.value_at.end
    }
}

/// What is wrong with a word.
#[derive(Debug, PartialEq)]
pub(super) struct WordError {
    pub message: String,
    /// The bytes of the word in the info string.
    pub at: Range<usize>,
    /// What to do.
    pub hint: Option<String>,
}

/// The words of `info[inner]`, with an error for each that cannot be read.
pub(super) fn words<'a>(
    info: &'a str,
    inner: Range<usize>,
) -> impl Iterator<Item = Result<Word<'a>, WordError>> {
    let json = info[inner.clone()].trim_start().starts_with('"');
    let (bare, members) = if json {
        (None, json_members(info, &inner))
    } else {
        (Some(Words { info, inner }), Vec::new())
    };
    bare.into_iter().flatten().chain(members)
}

struct Words<'a> {
    info: &'a str,
    inner: Range<usize>,
}

impl<'a> Iterator for Words<'a> {
    type Item = Result<Word<'a>, WordError>;

    fn next(&mut self) -> Option<Self::Item> {
        let bytes = self.info.as_bytes();
        while self.inner.start < self.inner.end && bytes[self.inner.start].is_ascii_whitespace() {
            self.inner.start += 1;
        }
        if self.inner.is_empty() {
            return None;
        }
        let start = self.inner.start;
        let key_end = self.until(start, |byte| byte == b'=' || byte.is_ascii_whitespace());
        let key = &self.info[start..key_end];
        let value_start = key_end + 1;
        if key_end == self.inner.end || bytes[key_end] != b'=' {
            self.inner.start = key_end;
            return Some(self.flag(key, start..key_end));
        }
        if key.is_empty() {
            let end = self.until(start, |byte| byte.is_ascii_whitespace());
            self.inner.start = end;
            return Some(Err(WordError {
                message: "a name is missing before `=`".to_owned(),
                at: start..end,
                hint: Some("write `name=value`, with no space around `=`".to_owned()),
            }));
        }
        if value_start < self.inner.end && matches!(bytes[value_start], b'"' | b'\'') {
            return Some(self.quoted(start..key_end, value_start));
        }
        let end = self.until(value_start, |byte| byte.is_ascii_whitespace());
        self.inner.start = end;
        Some(bare_value(self.info, start..key_end, value_start..end))
    }
}

impl<'a> Words<'a> {
    fn until(&self, from: usize, stop: impl Fn(u8) -> bool) -> usize {
        let bytes = &self.info.as_bytes()[from..self.inner.end];
        from + bytes.iter().position(|byte| stop(*byte)).unwrap_or(bytes.len())
    }

    fn flag(&self, key: &'a str, at: Range<usize>) -> Result<Word<'a>, WordError> {
        if key.contains(['"', '\'', '{', '}', ',']) {
            return Err(WordError {
                message: format!("`{key}` can't be read"),
                at,
                hint: Some(
                    "attributes are words separated by spaces: `{name=build timeout=2m verify}`"
                        .to_owned(),
                ),
            });
        }
        Ok(Word { key: Cow::Borrowed(key), key_at: at.clone(), value: None, value_at: at })
    }

    fn quoted(&mut self, key_at: Range<usize>, open: usize) -> Result<Word<'a>, WordError> {
        let bytes = self.info.as_bytes();
        let quote = bytes[open];
        let mut at = open + 1;
        let mut text: Option<Vec<u8>> = None;
        while at < self.inner.end && bytes[at] != quote {
            if bytes[at] == b'\\' && at + 1 < self.inner.end {
                text.get_or_insert_with(|| bytes[open + 1..at].to_vec());
                at += 1;
            }
            if let Some(text) = &mut text {
                text.push(bytes[at]);
            }
            at += 1;
        }
        if at >= self.inner.end {
            self.inner.start = self.inner.end;
            return Err(WordError {
                message: "this quote is not closed".to_owned(),
                at: open..self.info[..self.inner.end].trim_end().len().max(open + 1),
                hint: Some(format!("end the value with `{}`", char::from(quote))),
            });
        }
        let value_at = open..at + 1;
        self.inner.start = at + 1;
        if self.inner.start < self.inner.end && !bytes[self.inner.start].is_ascii_whitespace() {
            let end = self.until(self.inner.start, |byte| byte.is_ascii_whitespace());
            let glued = self.inner.start..end;
            self.inner.start = end;
            return Err(WordError {
                message: format!(
                    "`{}` follows the closing quote without a space",
                    &self.info[glued.clone()]
                ),
                at: glued,
                hint: None,
            });
        }
        let value = match text {
            None => Cow::Borrowed(&self.info[open + 1..at]),
            Some(bytes) => Cow::Owned(String::from_utf8_lossy(&bytes).into_owned()),
        };
        Ok(Word {
            key: Cow::Borrowed(&self.info[key_at.clone()]),
            key_at,
            value: Some(value),
            value_at,
        })
    }
}

fn bare_value(
    info: &str,
    key_at: Range<usize>,
    value_at: Range<usize>,
) -> Result<Word<'_>, WordError> {
    let key = &info[key_at.clone()];
    let value = &info[value_at.clone()];
    if value.is_empty() {
        return Err(WordError {
            message: format!("`{key}=` has no value"),
            at: key_at.start..value_at.end,
            hint: Some(format!("write `{key}=value`, with no space around `=`")),
        });
    }
    if value.contains(['"', '\'', '{', '}']) {
        return Err(WordError {
            message: format!("the value `{value}` of `{key}` can't be read"),
            at: value_at,
            hint: Some("put a value with quotes, braces or spaces between quotes".to_owned()),
        });
    }
    Ok(Word { key: Cow::Borrowed(key), key_at, value: Some(Cow::Borrowed(value)), value_at })
}

/// The members of the JSON object whose braces are around `inner`.
fn json_members<'a>(info: &'a str, inner: &Range<usize>) -> Vec<Result<Word<'a>, WordError>> {
    let mut members = Vec::new();
    let mut at = inner.start;
    loop {
        match json_member(&info[..inner.end], at) {
            // A member that is null is ignored.
            Ok((word, end)) => {
                at = end;
                members.extend(word.map(Ok));
            }
            Err(error) => {
                members.push(Err(error));
                return members;
            }
        }
        at += blanks(&info[at..inner.end]);
        if at == inner.end {
            return members;
        }
        if !info[at..].starts_with(',') {
            members.push(Err(bad_json(at..inner.end, "a comma is missing")));
            return members;
        }
        at += 1;
    }
}

/// One `"key": value` at `at`, and the byte after it. The value `true` makes a flag.
fn json_member(info: &str, at: usize) -> Result<(Option<Word<'static>>, usize), WordError> {
    let start = at + blanks(&info[at..]);
    let (key, key_end) = json_value(info, start)?;
    let serde_json::Value::String(key) = key else {
        return Err(bad_json(start..key_end, "a name between quotes is missing"));
    };
    let colon = key_end + blanks(&info[key_end..]);
    if !info[colon..].starts_with(':') {
        return Err(bad_json(start..key_end, "a colon is missing after this name"));
    }
    let value_start = colon + 1 + blanks(&info[colon + 1..]);
    let (value, end) = json_value(info, value_start)?;
    let value = match value {
        serde_json::Value::Null => return Ok((None, end)),
        serde_json::Value::Bool(true) => None,
        other => Some(Cow::Owned(
            json_text(&other)
                .ok_or_else(|| bad_json(value_start..end, "this can't be an attribute's value"))?,
        )),
    };
    Ok((
        Some(Word {
            key: Cow::Owned(key),
            key_at: start..key_end,
            value,
            value_at: value_start..end,
        }),
        end,
    ))
}

fn json_text(value: &serde_json::Value) -> Option<String> {
    match value {
        serde_json::Value::String(text) => Some(text.clone()),
        serde_json::Value::Number(number) => Some(number.to_string()),
        serde_json::Value::Bool(yes) => Some(yes.to_string()),
        serde_json::Value::Array(parts) => {
            parts.iter().map(json_text).collect::<Option<Vec<_>>>().map(|parts| parts.join(","))
        }
        serde_json::Value::Null | serde_json::Value::Object(_) => None,
    }
}

fn json_value(info: &str, at: usize) -> Result<(serde_json::Value, usize), WordError> {
    let mut stream = serde_json::Deserializer::from_str(&info[at..]).into_iter();
    match stream.next() {
        Some(Ok(value)) => Ok((value, at + stream.byte_offset())),
        _ => Err(bad_json(at..info.len(), "this is not a JSON value")),
    }
}

fn blanks(text: &str) -> usize {
    text.len() - text.trim_start().len()
}

fn bad_json(at: Range<usize>, message: &str) -> WordError {
    let hint = Some(
        "JSON between the braces has the form `{\"name\": \"build\", \"timeout\": \"2m\"}`"
            .to_owned(),
    );
    WordError { message: message.to_owned(), at, hint }
}

#[cfg(test)]
mod tests;
