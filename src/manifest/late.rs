//! A template that uses names bound by earlier steps → its text, while the chapter runs.

use std::collections::{BTreeMap, BTreeSet};

use minijinja::value::Serde;
use minijinja::{ErrorKind, Value};

use super::complexity::too_long_in_template;
use super::environment::{render_bounded, strict_environment};
use super::objects::objects_of;

/// Renders a template that uses bound names, while its chapter runs.
///
/// # Errors
/// A message that says what is wrong, with the line of the template where it is known.
pub(crate) fn render_late(
    template: &str,
    values: &serde_json::Value,
    bound: &Bound<'_>,
) -> Result<String, String> {
    let context = bound.over(values);
    if too_long_in_template(template).is_some() {
        return Err("it contains an expression that is too long".to_owned());
    }
    let environment = strict_environment();
    let compiled = environment.template_from_str(template);
    let text =
        compiled.and_then(|compiled| render_bounded(&compiled, &context)).map_err(|error| {
            if matches!(error.kind(), ErrorKind::OutOfFuel | ErrorKind::WriteFailure) {
                return "it takes too long, or its text becomes too large".to_owned();
            }
            let line = error
                .line()
                .map(|line| format!(" in line {line} of the template"))
                .unwrap_or_default();
            format!(
                "{}{line}",
                error.detail().map_or_else(|| error.kind().to_string(), str::to_owned)
            )
        })?;
    match objects_of(&text) {
        Ok(_) => Ok(text),
        Err(bad) => Err(format!(
            "not valid YAML after rendering: {}, in line {} of the rendered text",
            bad.message, bad.line
        )),
    }
}

/// The names that steps have bound. Only those in `numbers` are numbers; the others are text, whatever they look like.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bound<'b> {
    /// Name → value, as a step printed it.
    pub texts: &'b BTreeMap<String, String>,
    /// The names that a `<name:int>` or `<name:float>` pattern bound.
    pub numbers: &'b BTreeSet<String>,
}

impl Bound<'_> {
    /// The values, each replaced by the bound name of the same name.
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

/// The number that a text stands for, without loss of digits if it fits 128 bits; otherwise the text.
fn number(text: &str) -> Value {
    match (text.parse::<i64>(), text.parse::<i128>(), text.parse::<f64>()) {
        (Ok(number), ..) => Value::from(number),
        (_, Ok(number), _) => Value::from(number),
        (.., Ok(number)) => Value::from(number),
        _ => Value::from(text),
    }
}
