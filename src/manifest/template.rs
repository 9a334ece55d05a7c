//! One template → its text and the objects in it, or the place in the chapter where it cannot be rendered.

mod problem;

use std::collections::{BTreeSet, HashSet};

use minijinja::value::Serde;
use minijinja::{Environment, Value};

use super::complexity::too_long_in_template;
use super::environment::{render_bounded, strict_environment};
use super::objects::{YamlObject, objects_of};
use crate::book::{Problem, Rule, Sources, Span};
use crate::text::word_search::find_words;

/// A template and its place in the chapter.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Template<'a> {
    /// The file it is written to.
    pub file: &'a str,
    /// Its text, without the indentation and `>` of enclosing lists and quotes.
    pub text: &'a str,
    /// The place of its lines in the chapter.
    pub body: Span,
}

/// The result of rendering a template while the book is planned.
#[derive(Debug, PartialEq)]
pub(crate) enum Rendered {
    /// Its text, and the objects that the text describes.
    Now(String, Vec<YamlObject>),
    /// It uses names that earlier steps bind, so that it can only be rendered when the chapter runs.
    Late,
}

/// Renders templates with one set of values.
#[derive(Debug)]
pub(crate) struct Renderer<'a> {
    environment: Environment<'static>,
    values: Value,
    json: &'a serde_json::Value,
    /// The dotted name of every value, for "did you mean".
    names: Vec<String>,
    sources: &'a Sources,
}

impl<'a> Renderer<'a> {
    /// A renderer for these values. `sources` contain the text of every chapter with a template.
    pub(crate) fn new(values: &'a serde_json::Value, sources: &'a Sources) -> Self {
        let mut names = Vec::new();
        dotted_names(values, "", &mut names);
        Self {
            environment: strict_environment(),
            values: Value::from(Serde(values)),
            json: values,
            names,
            sources,
        }
    }

    /// The values, as they were passed to [`Self::new`].
    pub(crate) fn values(&self) -> &'a serde_json::Value {
        self.json
    }

    /// Renders a template and parses the result. `bound` are the names that earlier steps bind.
    ///
    /// # Errors
    /// The first problem, with its place in the chapter.
    pub(crate) fn render(
        &self,
        template: Template<'_>,
        bound: &BTreeSet<String>,
    ) -> Result<Rendered, Problem> {
        if let Some(range) = too_long_in_template(template.text) {
            let message = format!(
                "the template of {} contains an expression that is too long",
                template.file
            );
            return Err(Problem::at(self.place(template, range), message)
                .hint("divide it into variables: {% set part = … %}"));
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
        let text = render_bounded(&compiled, &self.values)
            .map_err(|error| self.explain(template, &error, bound))?;
        match objects_of(&text) {
            Ok(objects) => Ok(Rendered::Now(text, objects)),
            Err(error) => Err(self.invalid_yaml(template, &text, &error)),
        }
    }

    fn is_known(&self, name: &str, bound: &BTreeSet<String>) -> bool {
        bound.contains(name)
            || self.values.get_attr(name).is_ok_and(|value| !value.is_undefined())
            || self.environment.globals().any(|(global, _)| global == name)
    }

    /// A late template cannot be rendered yet, but a name that no value and no step provides is an error now.
    fn check_late(
        &self,
        template: Template<'_>,
        used: &HashSet<String>,
        bound: &BTreeSet<String>,
    ) -> Result<(), Problem> {
        let mut unknown: Vec<&String> =
            used.iter().filter(|name| !self.is_known(name, bound)).collect();
        unknown.sort();
        // `is defined` and `default` accept an unknown name, so a template with these words is only judged when it is rendered.
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
}

/// Adds the dotted names of all values below `value`, inner ones first.
fn dotted_names(value: &serde_json::Value, prefix: &str, names: &mut Vec<String>) {
    for (key, value) in value.as_object().into_iter().flatten() {
        let name = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
        dotted_names(value, &name, names);
        names.push(name);
    }
}

#[cfg(test)]
mod tests;
