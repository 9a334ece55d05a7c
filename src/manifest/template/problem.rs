//! Why a template cannot be rendered, as a problem with its place in the chapter.

use std::collections::BTreeSet;
use std::ops::Range;

use minijinja::{Error, ErrorKind, Value};

use super::{Renderer, Template};
use crate::book::{Problem, Rule, Span};
use crate::ids::nearest;
use crate::manifest::yaml::YamlError;

impl Renderer<'_> {
    /// The problem for an error of minijinja.
    pub(super) fn explain(
        &self,
        template: Template<'_>,
        error: &Error,
        bound: &BTreeSet<String>,
    ) -> Problem {
        let range = error.range().filter(|range| range.end <= template.text.len());
        let range = range.unwrap_or_else(|| line_range(template.text, error.line().unwrap_or(1)));
        let expression = template.text.get(range.clone()).unwrap_or_default().trim();
        let place = self.place(template, range.clone());
        if error.kind() == ErrorKind::UndefinedError {
            let (name, at) = self.undefined_name(expression);
            let place = if name.is_empty() {
                place
            } else {
                self.place(template, range.start + at..range.start + at + name.len())
            };
            let name = if name.is_empty() { expression } else { name };
            return Rule::Manifest
                .at(place, format!("`{name}` is undefined in the template of {}", template.file))
                .hint(self.undefined_hint(name, bound));
        }
        let reason = error.detail().map_or_else(|| error.kind().to_string(), str::to_owned);
        let message = match error.kind() {
            ErrorKind::SyntaxError => {
                format!("the template of {} cannot be parsed: {reason}", template.file)
            }
            ErrorKind::OutOfFuel | ErrorKind::WriteFailure => {
                format!(
                    "the template of {} takes too long, or its text becomes too large",
                    template.file
                )
            }
            ErrorKind::TemplateNotFound => {
                format!(
                    "the template of {} includes another template, which is not possible in a book",
                    template.file
                )
            }
            _ => format!("the template of {} cannot be rendered: {reason}", template.file),
        };
        let problem = Rule::Manifest.at(place, message);
        match error.kind() {
            ErrorKind::SyntaxError => {
                problem.hint("write text that is not a template between {% raw %} and {% endraw %}")
            }
            _ => problem,
        }
    }

    /// The first dotted name of an expression that has no value, and its byte in the expression; an empty name if there is none.
    fn undefined_name<'e>(&self, expression: &'e str) -> (&'e str, usize) {
        let is_part = |next: char| next.is_alphanumeric() || matches!(next, '_' | '.');
        let mut at = 0;
        while let Some(start) =
            expression[at..].find(|next: char| next.is_alphabetic() || next == '_')
        {
            let start = at + start;
            let end = expression[start..]
                .find(|next| !is_part(next))
                .map_or(expression.len(), |end| start + end);
            let name = expression[start..end].trim_end_matches('.');
            let quoted = expression[..start].ends_with(['"', '\'']);
            if !quoted && self.lookup(name).is_none() && !expression[end..].starts_with('(') {
                return (name, start);
            }
            at = end;
        }
        ("", 0)
    }

    fn lookup(&self, dotted: &str) -> Option<Value> {
        dotted.split('.').try_fold(self.values.clone(), |value, key| {
            value.get_attr(key).ok().filter(|value| !value.is_undefined())
        })
    }

    /// What to do about an undefined name: the nearest known name, or the ways to define it.
    pub(super) fn undefined_hint(&self, name: &str, bound: &BTreeSet<String>) -> String {
        let known = self.names.iter().map(String::as_str).chain(bound.iter().map(String::as_str));
        let by_last_part = || {
            let last = name.rsplit('.').next().unwrap_or(name);
            self.names
                .iter()
                .find(|known| known.rsplit('.').next() == Some(last))
                .map(String::as_str)
        };
        match nearest(name, known).or_else(by_last_part) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!(
                "set it in values.yaml or with `--set {name}=…`, or bind it with a `<{name}>` pattern in an earlier step"
            ),
        }
    }

    /// The problem for a rendered text that is not valid YAML.
    pub(super) fn invalid_yaml(
        &self,
        template: Template<'_>,
        text: &str,
        error: &YamlError,
    ) -> Problem {
        let (reason, line) = (&error.message, error.line);
        let rendered = text.lines().nth(line - 1).unwrap_or_default().trim();
        let place = template_line(template.text, text, line)
            .map_or(template.body, |line| self.place(template, line_range(template.text, line)));
        let problem = Rule::Manifest.at(
            place,
            format!("the manifest {} is not valid YAML after rendering: {reason}", template.file),
        );
        // A text that cannot be parsed may contain the data of a Secret.
        let may_be_secret = text.to_ascii_lowercase().contains("secret")
            || template.text.to_ascii_lowercase().contains("stringdata");
        if may_be_secret {
            return problem.hint(format!(
                "line {line} of the rendered text is wrong; it is not shown, because it may belong to a Secret"
            ));
        }
        problem.hint(format!(
            "line {line} of the rendered text is `{rendered}`; `guide plan` shows all of it"
        ))
    }

    /// The place in the chapter of a range of bytes of the template.
    pub(super) fn place(&self, template: Template<'_>, range: Range<usize>) -> Span {
        let before = &template.text[..range.start.min(template.text.len())];
        let index = memchr::memchr_iter(b'\n', before.as_bytes()).count();
        let line_start = before.rfind('\n').map_or(0, |end| end + 1);
        let own_line = template.text[line_start..].lines().next().unwrap_or_default();
        let source = &self.sources.file(template.body.source).text;
        let mut start = template.body.start as usize;
        for line in source[start..].split_inclusive('\n').take(index) {
            start += line.len();
        }
        let source_line = source[start..].lines().next().unwrap_or_default().trim_end_matches('\r');
        let prefix =
            if source_line.ends_with(own_line) { source_line.len() - own_line.len() } else { 0 };
        let column = range.start - line_start;
        let begin = (start + prefix + column).min(start + source_line.len());
        let end = (begin + range.len()).min(start + source_line.len()).max(begin);
        let as_u32 = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        Span {
            source: template.body.source,
            start: as_u32(begin),
            end: as_u32(end),
            line: template.body.line + as_u32(index),
        }
    }
}

/// The bytes of a 1-based line, without blanks at both ends.
pub(super) fn line_range(text: &str, line: usize) -> Range<usize> {
    let mut start = 0;
    for skipped in text.split_inclusive('\n').take(line.saturating_sub(1)) {
        start += skipped.len();
    }
    let own = text[start..].lines().next().unwrap_or_default();
    let indent = own.len() - own.trim_start().len();
    start + indent..start + own.trim_end().len().max(indent)
}

/// The 1-based line of the template that a line of the rendered text comes from, if that can be known.
fn template_line(template: &str, rendered: &str, line: usize) -> Option<usize> {
    if template.lines().count() == rendered.lines().count() {
        return Some(line);
    }
    let text = rendered.lines().nth(line - 1)?.trim();
    template.lines().position(|own| own.trim() == text && !text.is_empty()).map(|index| index + 1)
}
