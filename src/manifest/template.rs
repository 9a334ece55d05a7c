//! One template → its text, or the place where it can't be rendered.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{Environment, Error, ErrorKind, UndefinedBehavior, Value};

use super::complexity::too_long_in_template;
use super::objects::{Found, objects_of};
use crate::book::{Problem, Rule, Sources, Span};
use crate::ids::nearest;
use crate::text::word_search::find_words;

/// A template and where it stands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Template<'a> {
    /// The file it is written to.
    pub file: &'a str,
    /// Its text, the prefixes of enclosing lists and quotes taken off.
    pub text: &'a str,
    /// Where its lines stand.
    pub body: Span,
}

/// What came of a template while planning.
#[derive(Debug, PartialEq)]
pub(crate) enum Rendered {
    /// Its text, and the objects in it.
    Now(String, Vec<Found>),
    /// It uses names that earlier steps bind.
    Late,
}

/// Renders templates with one set of values.
#[derive(Debug)]
pub(crate) struct Renderer<'a> {
    environment: Environment<'static>,
    values: Value,
    raw: &'a serde_json::Value,
    /// Every value's dotted name, for "did you mean".
    names: Vec<String>,
    sources: &'a Sources,
}

impl<'a> Renderer<'a> {
    /// A renderer for these values; `sources` hold the templates' places.
    pub(crate) fn new(values: &'a serde_json::Value, sources: &'a Sources) -> Self {
        let mut names = Vec::new();
        dotted_names(values, "", &mut names);
        Self {
            environment: strict(),
            values: Value::from(Serde(values)),
            raw: values,
            names,
            sources,
        }
    }

    /// The values.
    pub(crate) fn values(&self) -> &'a serde_json::Value {
        self.raw
    }

    /// Renders a template and parses what came out. `bound` are the names that steps before it bind.
    ///
    /// # Errors
    /// One problem with its place in the chapter.
    pub(crate) fn render(
        &self,
        template: Template<'_>,
        bound: &BTreeSet<String>,
    ) -> Result<Rendered, Problem> {
        if let Some(range) = too_long_in_template(template.text) {
            let message =
                format!("the template of {} holds an expression that is too long", template.file);
            return Err(Problem::at(self.place(template, range), message)
                .hint("set its parts one by one: {% set part = … %}"));
        }
        let compiled = self
            .environment
            .template_from_named_str(template.file, template.text)
            .map_err(|error| self.explain(template, &error, bound))?;
        let uses_bound = !bound.is_empty()
            && compiled.undeclared_variables(false).iter().any(|name| bound.contains(name));
        if uses_bound {
            self.check_late(template, &compiled.undeclared_variables(false), bound)?;
            return Ok(Rendered::Late);
        }
        let text = bounded(&compiled, &self.values)
            .map_err(|error| self.explain(template, &error, bound))?;
        match objects_of(&text) {
            Ok(objects) => Ok(Rendered::Now(text, objects)),
            Err(bad) => Err(self.bad_yaml(template, &text, &bad.message, bad.line)),
        }
    }

    fn is_known(&self, name: &str, bound: &BTreeSet<String>) -> bool {
        bound.contains(name)
            || self.values.get_attr(name).is_ok_and(|value| !value.is_undefined())
            || self.environment.globals().any(|(global, _)| global == name)
    }

    /// A late template can't be rendered yet, but a name that nobody will ever know is an error now.
    fn check_late(
        &self,
        template: Template<'_>,
        used: &std::collections::HashSet<String>,
        bound: &BTreeSet<String>,
    ) -> Result<(), Problem> {
        let mut unknown: Vec<&String> =
            used.iter().filter(|name| !self.is_known(name, bound)).collect();
        unknown.sort();
        // A name that is only asked for (`is defined`, `default`) may be unknown: such a template is judged when it is rendered.
        let Some(name) = unknown
            .first()
            .filter(|_| !template.text.contains("defined") && !template.text.contains("default"))
        else {
            return Ok(());
        };
        let is_part = |next: char| next.is_alphanumeric() || next == '_';
        let at = find_words(template.text, name, is_part).next().map_or(0, |found| found.start);
        Err(Rule::Manifest
            .at(
                self.place(template, at..at + name.len()),
                format!("`{name}` is undefined in the template of {}", template.file),
            )
            .hint(self.undefined_hint(name, bound)))
    }

    fn explain(&self, template: Template<'_>, error: &Error, bound: &BTreeSet<String>) -> Problem {
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
                format!("the template of {} can't be read: {reason}", template.file)
            }
            ErrorKind::OutOfFuel | ErrorKind::WriteFailure => {
                format!(
                    "the template of {} does not come to an end, or makes a text without measure",
                    template.file
                )
            }
            ErrorKind::TemplateNotFound => {
                format!(
                    "the template of {} names another one, which templates of a book can't",
                    template.file
                )
            }
            _ => format!("the template of {} can't be rendered: {reason}", template.file),
        };
        let problem = Rule::Manifest.at(place, message);
        match error.kind() {
            ErrorKind::SyntaxError => {
                problem.hint("text that is no template stands between {% raw %} and {% endraw %}")
            }
            _ => problem,
        }
    }

    /// The first dotted name of an expression that no value has, with its place in the expression.
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

    fn undefined_hint(&self, name: &str, bound: &BTreeSet<String>) -> String {
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
                "set it in values.yaml, by `--set {name}=…`, or bind it by a `<{name}>` pattern in a step before"
            ),
        }
    }

    fn bad_yaml(&self, template: Template<'_>, text: &str, reason: &str, line: usize) -> Problem {
        let rendered = text.lines().nth(line - 1).unwrap_or_default().trim();
        let place = template_line(template.text, text, line)
            .map_or(template.body, |line| self.place(template, line_range(template.text, line)));
        let problem = Rule::Manifest.at(
            place,
            format!("the manifest {} is no valid YAML once rendered: {reason}", template.file),
        );
        // What can't be parsed may be a Secret's data.
        let doubtful = text.to_ascii_lowercase().contains("secret")
            || template.text.to_ascii_lowercase().contains("stringdata");
        if doubtful {
            return problem.hint(format!(
                "line {line} of the rendered text is wrong; it is not shown, as it may be a Secret's"
            ));
        }
        problem.hint(format!(
            "line {line} of the rendered text is `{rendered}`; `guide plan` shows all of it"
        ))
    }

    /// A range of the template's text as a place in the chapter.
    fn place(&self, template: Template<'_>, range: Range<usize>) -> Span {
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

/// Renders a template that uses bound names, while running.
///
/// # Errors
/// What is wrong, in words, with the template's line.
pub(crate) fn render_late(
    template: &str,
    values: &serde_json::Value,
    bound: &Bound<'_>,
) -> Result<String, String> {
    let context = bound.over(values);
    if too_long_in_template(template).is_some() {
        return Err("it holds an expression that is too long".to_owned());
    }
    let environment = strict();
    let compiled = environment.template_from_str(template);
    let text = compiled.and_then(|compiled| bounded(&compiled, &context)).map_err(|error| {
        if matches!(error.kind(), ErrorKind::OutOfFuel | ErrorKind::WriteFailure) {
            return "it does not come to an end, or makes a text without measure".to_owned();
        }
        let line =
            error.line().map(|line| format!(" in line {line} of the template")).unwrap_or_default();
        format!("{}{line}", error.detail().map_or_else(|| error.kind().to_string(), str::to_owned))
    })?;
    match objects_of(&text) {
        Ok(_) => Ok(text),
        Err(bad) => Err(format!(
            "no valid YAML once rendered: {}, in line {} of the rendered text",
            bad.message, bad.line
        )),
    }
}

/// Names that steps have bound, and which of them are numbers: the others are text, whatever they look like.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bound<'b> {
    /// What each is, as it was printed.
    pub texts: &'b BTreeMap<String, String>,
    /// Those that `<name:int>` or `<name:float>` bound.
    pub numbers: &'b BTreeSet<String>,
}

impl Bound<'_> {
    /// The values with the bound names over them.
    pub(crate) fn over(&self, values: &serde_json::Value) -> BTreeMap<String, Value> {
        let values = values.as_object().into_iter().flatten();
        let mut names: BTreeMap<String, Value> =
            values.map(|(name, value)| (name.clone(), Value::from(Serde(value)))).collect();
        for (name, text) in self.texts {
            names.insert(
                name.clone(),
                if self.numbers.contains(name) { number(text) } else { Value::from(text.as_str()) },
            );
        }
        names
    }
}

/// A number of which no digit is lost, where that is possible.
fn number(text: &str) -> Value {
    match (text.parse::<i64>(), text.parse::<i128>(), text.parse::<f64>()) {
        (Ok(number), ..) => Value::from(number),
        (_, Ok(number), _) => Value::from(number),
        (.., Ok(number)) => Value::from(number),
        _ => Value::from(text),
    }
}

/// An environment in which an undefined name is an error, and in which no template can run for ever.
pub(crate) fn strict() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
    if let Ok(syntax) = SyntaxConfig::builder().keep_trailing_newline(true).build() {
        environment.set_syntax(syntax);
    }
    environment.set_debug(true);
    environment.set_fuel(Some(FUEL));
    environment.set_formatter(|out, state, value| match value.len() {
        // A list such as `[1] * 100000000` takes no memory before it is written, and would be written for minutes.
        Some(length) if length > LONGEST_LIST => {
            let why =
                format!("a list of {length} entries is not written: {LONGEST_LIST} is the most");
            Err(Error::new(ErrorKind::InvalidOperation, why))
        }
        _ => minijinja::escape_formatter(out, state, value),
    });
    environment
}

/// Renders into a text that has an end: one value can stand for more text than there is memory (`[1] * 100000000`).
fn bounded(
    template: &minijinja::Template<'_, '_>,
    values: impl Into<Value>,
) -> Result<String, Error> {
    let mut text = BoundedText(Vec::new());
    template.render_captured_to(values, &mut text)?;
    Ok(String::from_utf8_lossy(&text.0).into_owned())
}

/// The longest list that a template writes.
const LONGEST_LIST: usize = 1_000_000;

/// The largest text of one template.
const LARGEST_TEXT: usize = 16 * 1024 * 1024;

struct BoundedText(Vec<u8>);

impl std::io::Write for BoundedText {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if self.0.len() + bytes.len() > LARGEST_TEXT {
            return Err(std::io::ErrorKind::FileTooLarge.into());
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// What one template may cost: far more than any manifest needs, used up in well under a second.
const FUEL: u64 = 2_000_000;

fn dotted_names(value: &serde_json::Value, prefix: &str, names: &mut Vec<String>) {
    for (key, value) in value.as_object().into_iter().flatten() {
        let name = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
        dotted_names(value, &name, names);
        names.push(name);
    }
}

/// The bytes of a 1-based line, blanks at both ends left out.
fn line_range(text: &str, line: usize) -> Range<usize> {
    let mut start = 0;
    for skipped in text.split_inclusive('\n').take(line.saturating_sub(1)) {
        start += skipped.len();
    }
    let own = text[start..].lines().next().unwrap_or_default();
    let indent = own.len() - own.trim_start().len();
    start + indent..start + own.trim_end().len().max(indent)
}

/// The template's line that a line of the rendered text comes from, where that can be known.
fn template_line(template: &str, rendered: &str, line: usize) -> Option<usize> {
    if template.lines().count() == rendered.lines().count() {
        return Some(line);
    }
    let text = rendered.lines().nth(line - 1)?.trim();
    template.lines().position(|own| own.trim() == text && !text.is_empty()).map(|index| index + 1)
}

#[cfg(test)]
mod tests;
