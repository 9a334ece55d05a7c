//! The `---` block (YAML) or `+++` block (TOML) at the very start of a chapter.

mod keys;

use std::ops::Range;

use serde_yaml::Value;

use self::keys::{KEYS, of_toml};
use super::chapter::FrontMatter;
use super::nesting::too_deep;
use super::problem::Problems;
use super::rule::Rule;
use super::source::{SourceId, Span};

/// The two forms of a front matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Yaml,
    Toml,
}

impl Form {
    fn fence(self) -> &'static str {
        match self {
            Self::Yaml => "---",
            Self::Toml => "+++",
        }
    }

    /// The character between a key and its value.
    fn sign(self) -> char {
        match self {
            Self::Yaml => ':',
            Self::Toml => '=',
        }
    }
}

/// Reads the block if the text begins with one. Returns it and the byte at which the Markdown begins.
pub(super) fn read_front_matter(
    source: SourceId,
    text: &str,
    problems: &mut Problems,
) -> (FrontMatter, usize) {
    let begin = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let opened = line_at(text, begin).and_then(|line| {
        let form = [Form::Yaml, Form::Toml]
            .into_iter()
            .find(|form| text[line.clone()].trim_end() == form.fence())?;
        Some((line, form))
    });
    let Some((first, form)) = opened else { return (FrontMatter::default(), begin) };
    let mut at = first.end;
    while let Some(line) = line_at(text, at) {
        let mark = text[line.clone()].trim_end();
        if mark == form.fence() || (form == Form::Yaml && mark == "...") {
            let span = place(source, begin..line.start + 3, 1);
            let mut reader = Reader {
                source,
                form,
                content: &text[first.end..line.start],
                from: first.end,
                problems,
            };
            return match reader.read(span) {
                Some(front) => (front, line.end),
                // It is text between two thematic breaks.
                None => (FrontMatter::default(), begin),
            };
        }
        at = line.end;
    }
    // Without a closing line the first line is a thematic break, unless a key follows it.
    if line_at(text, first.end).is_some_and(|line| {
        KEYS.iter().any(|key| is_key_line(&text[line.clone()], key, form.sign()))
    }) {
        let opening = place(source, begin..begin + 3, 1);
        let hint = format!("end it with a line `{}`", form.fence());
        problems.push(Rule::FrontMatter.at(opening, "this front matter is not closed").hint(hint));
    }
    (FrontMatter::default(), begin)
}

/// The bytes of the line that begins at `at`, including its line end.
fn line_at(text: &str, at: usize) -> Option<Range<usize>> {
    let rest = text.get(at..).filter(|rest| !rest.is_empty())?;
    Some(at..at + memchr::memchr(b'\n', rest.as_bytes()).map_or(rest.len(), |end| end + 1))
}

fn is_key_line(line: &str, key: &str, sign: char) -> bool {
    line.strip_prefix(key).is_some_and(|rest| rest.trim_start().starts_with(sign))
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "a source is at most 1 GiB, see `store::source`"
)]
fn place(source: SourceId, range: Range<usize>, line: u32) -> Span {
    Span { source, start: range.start as u32, end: range.end as u32, line }
}

struct Reader<'a> {
    source: SourceId,
    form: Form,
    content: &'a str,
    /// The byte of the text at which `content` begins. Its first line is line 2.
    from: usize,
    problems: &'a mut Problems,
}

/// Why a front matter cannot be parsed.
struct ParseError {
    /// The 0-based line.
    line: usize,
    reason: String,
}

impl Reader<'_> {
    /// `None` if it is not a front matter.
    fn read(&mut self, span: Span) -> Option<FrontMatter> {
        let mut front = FrontMatter { span: Some(span), ..FrontMatter::default() };
        match self.parse() {
            Ok(Value::Null) => {}
            Ok(Value::Mapping(mapping)) => {
                for (key, value) in &mapping {
                    self.take(&mut front, key, value);
                }
            }
            Ok(_) => {
                let problem = Rule::FrontMatter
                    .at(span, "this is not a front matter: it has no lines `key: value`")
                    .warning();
                self.problems.push(problem.hint("write `***` for a thematic break"));
                return None;
            }
            Err(ParseError { line, reason }) => {
                let place = self.line(line);
                let name = if self.form == Form::Yaml { "YAML" } else { "TOML" };
                let problem = Rule::FrontMatter
                    .at(place, format!("this front matter is not valid {name}: {reason}"));
                // It is an error only if it contains keys that change what guide does; other tools may read the rest.
                let own = ["needs", "after", "timeout", "namespace", "done", "cwd"];
                let sign = self.form.sign();
                let has_own_keys = self
                    .content
                    .lines()
                    .any(|line| own.iter().any(|key| is_key_line(line, key, sign)));
                self.problems.push(if has_own_keys {
                    problem
                } else {
                    problem.warning().hint("guide reads this chapter without it")
                });
            }
        }
        Some(front)
    }

    fn parse(&self) -> Result<Value, ParseError> {
        if let Some(at) = too_deep(self.content) {
            let line = memchr::memchr_iter(b'\n', &self.content.as_bytes()[..at]).count();
            return Err(ParseError {
                line,
                reason: "the brackets are nested too deeply".to_owned(),
            });
        }
        match self.form {
            Form::Yaml => serde_yaml::from_str::<Value>(self.content).map_err(|error| {
                let line = error.location().map_or(0, |location| location.line().max(1) - 1);
                ParseError { line, reason: yaml_reason(&error) }
            }),
            Form::Toml => self.content.parse::<toml::Table>().map(of_toml).map_err(|error| {
                let at = error.span().map_or(0, |span| span.start.min(self.content.len()));
                let line = memchr::memchr_iter(b'\n', &self.content.as_bytes()[..at]).count();
                ParseError { line, reason: error.message().to_owned() }
            }),
        }
    }

    /// The line of a top-level key, or the first line of the block if it is not found.
    fn key_line(&self, key: &str) -> Span {
        let sign = self.form.sign();
        let found = self.content.lines().position(|line| {
            is_key_line(line.trim_start_matches(['{', ' ']), key, sign)
                || is_key_line(&line.replace(['"', '\''], ""), key, sign)
        });
        self.line(found.unwrap_or(0))
    }

    /// The span of a 0-based line of the content, without its line end.
    fn line(&self, index: usize) -> Span {
        let mut at = self.from;
        for line in self.content.split_inclusive('\n').take(index) {
            at += line.len();
        }
        let rest = &self.content[at - self.from..];
        let line = rest.lines().next().unwrap_or_default().trim_end();
        place(self.source, at..at + line.len(), u32::try_from(index).unwrap_or(u32::MAX - 2) + 2)
    }
}

/// The message of the YAML library without its place, because the excerpt shows the place.
fn yaml_reason(error: &serde_yaml::Error) -> String {
    let reason = error.to_string();
    reason.split(" at line ").next().unwrap_or(&reason).to_owned()
}

#[cfg(test)]
mod tests;
