//! The `---` block (YAML) or `+++` block (TOML) at a chapter's very start.

use std::ops::Range;

use serde_yaml::Value;

use super::chapter::FrontMatter;
use super::duration::parse_duration;
use super::nesting::too_deep;
use super::normalizers::Normalizers;
use super::problem::Problems;
use super::rule::Rule;
use super::source::{SourceId, Span};
use crate::ids::{StepName, is_name, nearest};

/// What the block may say. `runme` is what Runme writes there by itself when a notebook is saved; it is let be.
const KEYS: [&str; 9] =
    ["needs", "after", "title", "timeout", "namespace", "done", "cwd", "normalize", "runme"];

/// Keys of other tools that are only a letter or two away from guide's.
const FOREIGN_KEYS: [&str; 8] =
    ["titles", "node", "nodes", "alter", "one", "subtitle", "cmd", "pwd"];

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

    /// What stands between a key and its value.
    fn sign(self) -> char {
        match self {
            Self::Yaml => ':',
            Self::Toml => '=',
        }
    }
}

/// Reads the block, if the text begins with one. Returns the place where the chapter's Markdown begins.
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
                // A text between two rules across the page.
                None => (FrontMatter::default(), begin),
            };
        }
        at = line.end;
    }
    // No closing line: a thematic break, unless what follows reads like a key.
    if line_at(text, first.end).is_some_and(|line| {
        KEYS.iter().any(|key| is_key_line(&text[line.clone()], key, form.sign()))
    }) {
        let opening = place(source, begin..begin + 3, 1);
        let hint = format!("end it with a line `{}`", form.fence());
        problems.push(Rule::FrontMatter.at(opening, "this front matter is not closed").hint(hint));
    }
    (FrontMatter::default(), begin)
}

/// The line that begins at `at`, its line end included.
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
    /// Where `content` begins in the text: its first line is line 2.
    from: usize,
    problems: &'a mut Problems,
}

/// Why a front matter can't be read.
struct Unreadable {
    /// The 0-based line.
    line: usize,
    reason: String,
}

impl Reader<'_> {
    /// `None`: it is no front matter at all.
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
                    .at(span, "this is no front matter: it has no lines `key: value`")
                    .warning();
                self.problems.push(problem.hint("a rule across the page can be written `***`"));
                return None;
            }
            Err(Unreadable { line, reason }) => {
                let place = self.line(line);
                let name = if self.form == Form::Yaml { "YAML" } else { "TOML" };
                let problem = Rule::FrontMatter
                    .at(place, format!("this front matter is no {name}: {reason}"));
                // What guide would do by it must not get lost; what is only other tools' need not be read.
                let own = ["needs", "after", "timeout", "namespace", "done", "cwd"];
                let sign = self.form.sign();
                let is_ours = self
                    .content
                    .lines()
                    .any(|line| own.iter().any(|key| is_key_line(line, key, sign)));
                self.problems.push(if is_ours {
                    problem
                } else {
                    problem.warning().hint("guide reads this chapter without it")
                });
            }
        }
        Some(front)
    }

    fn parse(&self) -> Result<Value, Unreadable> {
        if let Some(at) = too_deep(self.content) {
            let line = memchr::memchr_iter(b'\n', &self.content.as_bytes()[..at]).count();
            return Err(Unreadable {
                line,
                reason: "brackets stand inside of each other too deeply".to_owned(),
            });
        }
        match self.form {
            Form::Yaml => serde_yaml::from_str::<Value>(self.content).map_err(|error| {
                let line = error.location().map_or(0, |location| location.line().max(1) - 1);
                Unreadable { line, reason: yaml_reason(&error) }
            }),
            Form::Toml => self.content.parse::<toml::Table>().map(of_toml).map_err(|error| {
                let at = error.span().map_or(0, |span| span.start.min(self.content.len()));
                let line = memchr::memchr_iter(b'\n', &self.content.as_bytes()[..at]).count();
                Unreadable { line, reason: error.message().to_owned() }
            }),
        }
    }

    fn take(&mut self, front: &mut FrontMatter, key: &Value, value: &Value) {
        let Some(key) = key.as_str() else {
            let place = self.line(0);
            return self
                .problems
                .push(Rule::FrontMatter.at(place, "a front matter's keys are words").note());
        };
        let place = self.key_line(key);
        let read = match key {
            "needs" => strings(value)
                .map(|needs| front.needs = needs)
                .ok_or("a list of chapters: `needs: [chapter-1]`"),
            "after" => strings(value)
                .map(|after| front.after = after)
                .ok_or("a list of chapters: `after: [chapter-1]`"),
            "cwd" => scalar(value)
                .filter(|folder| !folder.trim().is_empty())
                .map(|folder| front.cwd = Some(folder))
                .ok_or(
                    "a folder: `cwd: book`, `cwd: chapter`, `cwd: rendered`, or a path relative to the book",
                ),
            // Every site generator has titles, and some allow more than a text.
            "title" => {
                front.title = scalar(value).filter(|title| !title.trim().is_empty());
                Ok(())
            }
            "namespace" => {
                scalar(value).map(|space| front.namespace = Some(space)).ok_or("a namespace's name")
            }
            "timeout" => match scalar(value).map(|text| parse_duration(&text)) {
                Some(Ok(time)) if !time.is_zero() => {
                    front.timeout = Some(time);
                    Ok(())
                }
                _ => Err("a length of time: `timeout: 5m`"),
            },
            "done" => match strings(value).filter(|names| names.iter().all(|name| is_name(name))) {
                Some(names) => {
                    front.done = names.into_iter().map(StepName::new).collect();
                    Ok(())
                }
                None => Err("a list of verify steps: `done: [nodes-ready]`"),
            },
            "normalize" => match strings(value).map(|names| Normalizers::parse(&names.join(","))) {
                Some(Ok(chosen)) => {
                    front.normalize = Some(chosen);
                    Ok(())
                }
                _ => Err("`all`, `none`, or names of normalizers: `normalize: [ages, hashes]`"),
            },
            "runme" => Ok(()),
            _ => return self.take_unknown(key, place),
        };
        if let Err(wanted) = read {
            self.problems.push(
                Rule::FrontMatter
                    .at(place, format!("`{key}` has a value that can't be read"))
                    .hint(format!("it is {wanted}")),
            );
        }
    }

    /// A key that guide does not know is another tool's, unless it is almost one of guide's.
    fn take_unknown(&mut self, key: &str, place: Span) {
        let near = nearest(key, KEYS)
            .filter(|near| key.len() > 3 && near.len() > 3 && !FOREIGN_KEYS.contains(&key));
        if let Some(near) = near {
            let problem =
                Rule::FrontMatter.at(place, format!("unknown key `{key}` in the front matter"));
            self.problems.push(problem.hint(format!("did you mean `{near}`?")));
        } else {
            let message =
                format!("`{key}` is a key of another tool's front matter, which guide ignores");
            self.problems.push(Rule::FrontMatter.at(place, message).note());
        }
    }

    /// The line of a top-level key, else the whole block's first.
    fn key_line(&self, key: &str) -> Span {
        let sign = self.form.sign();
        let found = self.content.lines().position(|line| {
            is_key_line(line.trim_start_matches(['{', ' ']), key, sign)
                || is_key_line(&line.replace(['"', '\''], ""), key, sign)
        });
        self.line(found.unwrap_or(0))
    }

    /// The 0-based line of the content, without its line end.
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

/// TOML's values as YAML's: what guide reads are texts, numbers and lists.
fn of_toml(table: toml::Table) -> Value {
    fn value(toml: toml::Value) -> Value {
        match toml {
            toml::Value::String(text) => Value::String(text),
            toml::Value::Integer(number) => Value::Number(number.into()),
            toml::Value::Float(number) => Value::Number(number.into()),
            toml::Value::Boolean(flag) => Value::Bool(flag),
            toml::Value::Datetime(time) => Value::String(time.to_string()),
            toml::Value::Array(parts) => Value::Sequence(parts.into_iter().map(value).collect()),
            toml::Value::Table(table) => of_toml(table),
        }
    }
    Value::Mapping(table.into_iter().map(|(key, toml)| (Value::String(key), value(toml))).collect())
}

/// The library's reason without its place, which is shown by the excerpt.
fn yaml_reason(error: &serde_yaml::Error) -> String {
    let reason = error.to_string();
    reason.split(" at line ").next().unwrap_or(&reason).to_owned()
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// A list of words, or one word.
fn strings(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::Sequence(parts) => parts.iter().map(scalar).collect(),
        Value::Null => Some(Vec::new()),
        one => scalar(one).map(|one| vec![one]),
    }
}

#[cfg(test)]
mod tests;
