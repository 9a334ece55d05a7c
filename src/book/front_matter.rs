//! The `---` block at a chapter's very start.

use std::ops::Range;

use serde_yaml::Value;

use super::chapter::FrontMatter;
use super::duration::parse_duration;
use super::name::{StepName, is_name, nearest};
use super::normalizers::Normalizers;
use super::problem::{Problem, Problems};
use super::source::{SourceId, Span};

/// What the block may say. `runme` is what Runme writes there by itself when a notebook is saved; it is let be.
const KEYS: [&str; 7] = ["needs", "title", "timeout", "namespace", "done", "normalize", "runme"];

/// Reads the block, if the text begins with one. Returns the place where the chapter's Markdown begins.
pub fn read_front_matter(source: SourceId, text: &str, problems: &mut Problems) -> (FrontMatter, usize) {
    let begin = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let Some(first) = line_at(text, begin).filter(|line| text[line.clone()].trim_end() == "---") else {
        return (FrontMatter::default(), begin);
    };
    let mut at = first.end;
    while let Some(line) = line_at(text, at) {
        if matches!(text[line.clone()].trim_end(), "---" | "...") {
            let span = place(source, begin..line.start + 3, 1);
            let mut reader = Reader { source, yaml: &text[first.end..line.start], from: first.end, problems };
            return (reader.read(span), line.end);
        }
        at = line.end;
    }
    // No closing line: a thematic break, unless what follows reads like a key.
    if line_at(text, first.end).is_some_and(|line| KEYS.iter().any(|key| is_key_line(&text[line.clone()], key))) {
        let opening = place(source, begin..begin + 3, 1);
        problems.push(Problem::at(opening, "this front matter is not closed").hint("end it with a line of three dashes, `---`"));
    }
    (FrontMatter::default(), begin)
}

/// The line that begins at `at`, its line end included.
fn line_at(text: &str, at: usize) -> Option<Range<usize>> {
    let rest = text.get(at..).filter(|rest| !rest.is_empty())?;
    Some(at..at + memchr::memchr(b'\n', rest.as_bytes()).map_or(rest.len(), |end| end + 1))
}

fn is_key_line(line: &str, key: &str) -> bool {
    line.strip_prefix(key).is_some_and(|rest| rest.trim_start().starts_with(':'))
}

#[expect(clippy::cast_possible_truncation, reason = "a source is at most 1 GiB, see `store::source`")]
fn place(source: SourceId, range: Range<usize>, line: u32) -> Span {
    Span { source, start: range.start as u32, end: range.end as u32, line }
}

struct Reader<'a> {
    source: SourceId,
    yaml: &'a str,
    /// Where `yaml` begins in the text: its first line is line 2.
    from: usize,
    problems: &'a mut Problems,
}

impl Reader<'_> {
    fn read(&mut self, span: Span) -> FrontMatter {
        let mut front = FrontMatter { span: Some(span), ..FrontMatter::default() };
        match serde_yaml::from_str::<Value>(self.yaml) {
            Ok(Value::Null) => {}
            Ok(Value::Mapping(mapping)) => {
                for (key, value) in &mapping {
                    self.take(&mut front, key, value);
                }
            }
            Ok(_) => self.problems.push(
                Problem::at(span, "a front matter is made of lines `key: value`")
                    .hint(format!("its keys are {}; a rule across the page can be written `***`", KEYS[..6].join(", "))),
            ),
            Err(error) => {
                let line = error.location().map_or(1, |location| location.line().max(1));
                let place = self.line(line - 1);
                self.problems.push(Problem::at(place, format!("this front matter is no YAML: {}", yaml_reason(&error))));
            }
        }
        front
    }

    fn take(&mut self, front: &mut FrontMatter, key: &Value, value: &Value) {
        let Some(key) = key.as_str() else {
            let place = self.line(0);
            return self.problems.push(Problem::at(place, "a front matter's keys are words"));
        };
        let place = self.key_line(key);
        let read = match key {
            "needs" => strings(value).map(|needs| front.needs = needs).ok_or("a list of chapters: `needs: [chapter-1]`"),
            "title" => scalar(value).map(|title| front.title = Some(title)).ok_or("a text"),
            "namespace" => scalar(value).map(|space| front.namespace = Some(space)).ok_or("a namespace's name"),
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
            _ => {
                let hint = match nearest(key, KEYS) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("a front matter's keys are {}", KEYS[..6].join(", ")),
                };
                return self.problems.push(Problem::at(place, format!("unknown key `{key}` in the front matter")).hint(hint));
            }
        };
        if let Err(wanted) = read {
            self.problems
                .push(Problem::at(place, format!("`{key}` has a value that can't be read")).hint(format!("it is {wanted}")));
        }
    }

    /// The line of a top-level key, else the whole block's first.
    fn key_line(&self, key: &str) -> Span {
        let found = self.yaml.lines().position(|line| {
            is_key_line(line.trim_start_matches(['{', ' ']), key) || is_key_line(&line.replace(['"', '\''], ""), key)
        });
        self.line(found.unwrap_or(0))
    }

    /// The 0-based line of the YAML, without its line end.
    fn line(&self, index: usize) -> Span {
        let mut at = self.from;
        for line in self.yaml.split_inclusive('\n').take(index) {
            at += line.len();
        }
        let rest = &self.yaml[at - self.from..];
        let line = rest.lines().next().unwrap_or_default().trim_end();
        place(self.source, at..at + line.len(), u32::try_from(index).unwrap_or(u32::MAX - 2) + 2)
    }
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
mod tests {
    use std::time::Duration;

    use super::*;

    fn read(text: &str) -> (FrontMatter, usize, Problems) {
        let mut problems = Problems::new();
        let (front, body) = read_front_matter(SourceId(0), text, &mut problems);
        (front, body, problems)
    }

    #[test]
    fn a_front_matter_says_what_a_chapter_needs() {
        let text = "---\nneeds: [chapter-1, 2]\ntitle: Ingress\ntimeout: 5m\nnamespace: web\ndone: [page-answers]\n---\n# Text\n";
        let (front, body, problems) = read(text);
        assert_eq!(problems, []);
        assert_eq!(front.needs, ["chapter-1", "2"]);
        assert_eq!((front.title.as_deref(), front.namespace.as_deref()), (Some("Ingress"), Some("web")));
        assert_eq!((front.timeout, front.done), (Some(Duration::from_mins(5)), vec![StepName::new("page-answers")]));
        assert_eq!(&text[body..], "# Text\n");
    }

    #[test]
    fn crlf_and_a_byte_order_mark_make_no_difference() {
        let (front, body, problems) = read("\u{feff}---\r\nneeds: chapter-1\r\n---\r\nx");
        assert_eq!((front.needs, body, problems.len()), (vec!["chapter-1".to_owned()], 31, 0));
    }

    #[test]
    fn a_rule_across_the_page_is_no_front_matter() {
        assert_eq!(read("---\n\nText\n").1, 0);
        assert_eq!(read("# Title\n---\nneeds: x\n---\n").0, FrontMatter::default());
        assert_eq!(read("---").2, []);
    }

    #[test]
    fn a_front_matter_that_is_not_closed_is_told() {
        assert_eq!(read("---\nneeds: [x]\n# Title\n").2[0].message, "this front matter is not closed");
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        let text = "---\ntitle: x\nneed: [chapter-1]\ntimeout: soon\ndone: {a: b}\n---\n";
        let told: Vec<(u32, String)> =
            read(text).2.into_iter().map(|problem| (problem.span.unwrap().line, problem.message)).collect();
        assert_eq!(
            told,
            [
                (3, "unknown key `need` in the front matter".to_owned()),
                (4, "`timeout` has a value that can't be read".to_owned()),
                (5, "`done` has a value that can't be read".to_owned())
            ]
        );
        let broken = &read("---\ntitle: x\nneeds: [\n---\n").2[0];
        assert!(broken.message.starts_with("this front matter is no YAML"), "{}", broken.message);
    }

    #[test]
    fn the_schema_for_editors_names_the_same_keys() {
        let schema: serde_json::Value = serde_json::from_str(include_str!("../../docs/front-matter.schema.json")).unwrap();
        let mut described: Vec<&str> = schema["properties"].as_object().unwrap().keys().map(String::as_str).collect();
        let mut known = KEYS.to_vec();
        described.sort_unstable();
        known.sort_unstable();
        assert_eq!(described, known);
    }
}
