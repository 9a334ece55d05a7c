//! Reads the names that a step's `output` fence binds from its output, with `sed`.

use crate::book::pattern::{Mark, NameKind, marks};
use crate::plan::Step;
use crate::text::shell_word::quoted;

/// One line of an `output` fence that binds names.
pub(super) struct Binding {
    /// An extended regular expression for the whole line.
    expression: String,
    /// The names, each with the number of its group in the expression.
    names: Vec<(String, usize)>,
}

/// The lines of the step's fence that bind names.
pub(super) fn read_bindings(step: &Step) -> Vec<Binding> {
    let Some(expected) = step.expected.as_deref().filter(|_| !step.binds.is_empty()) else {
        return Vec::new();
    };
    let mut bound: Vec<String> = Vec::new();
    let mut bindings = Vec::new();
    for line in expected.lines() {
        let mut binding = read_line(line);
        binding.names.retain(|(name, group)| {
            *group < 10 && step.binds.contains(name) && !bound.contains(name)
        });
        bound.extend(binding.names.iter().map(|(name, _)| name.clone()));
        if !binding.names.is_empty() {
            bindings.push(binding);
        }
    }
    bindings
}

fn read_line(line: &str) -> Binding {
    let mut expression = String::new();
    let mut names: Vec<(String, usize)> = Vec::new();
    let (mut at, mut group) = (0, 0);
    for (range, mark) in marks(line) {
        expression += &literal(&line[at..range.start]);
        at = range.end;
        match mark {
            Mark::Any => expression += ".*",
            Mark::Literal(text) => expression += &literal(text),
            Mark::Name { variable, kind, .. } => {
                group += 1;
                expression += match kind {
                    NameKind::Word => "([^[:space:]]+|.+)",
                    NameKind::Int => "([-+]?[0-9]+)",
                    NameKind::Float => "([-+]?[0-9.eE+-]+)",
                };
                names.push((variable, group));
            }
        }
    }
    expression += &literal(&line[at..]);
    Binding { expression, names }
}

/// A text as a regular expression, in which a run of blanks matches any number of blanks.
fn literal(text: &str) -> String {
    let mut expression = String::new();
    for next in text.chars() {
        match next {
            ' ' if expression.ends_with(" +") => {}
            ' ' => expression.push_str(" +"),
            '.' | '[' | ']' | '(' | ')' | '{' | '}' | '*' | '+' | '?' | '^' | '$' | '|' | '\\'
            | '/' => {
                expression.extend(['\\', next]);
            }
            next => expression.push(next),
        }
    }
    expression
}

/// The commands, whose output is both shown and kept, and then the assignments of the variables
/// that are read from it.
pub(super) fn capture(script: &str, bindings: &[Binding]) -> Vec<String> {
    let mut lines = vec![
        "{".to_owned(),
        script.to_owned(),
        "} > >(tee -- \"$GUIDE_STATE\"/output) 2>&1".to_owned(),
        "wait \"$!\" || :".to_owned(),
    ];
    for Binding { expression, names } in bindings {
        for (name, group) in names {
            let program = format!("/^{expression}\\r?$/{{s//\\{group}/p;q;}}");
            lines.push(format!(
                "{name}=$(sed -nE {} \"$GUIDE_STATE\"/output)",
                quoted(program.as_bytes())
            ));
            lines.push(format!("export {name}"));
            lines.push(format!(": \"${{{name}:?is not in the output}}\""));
        }
    }
    lines
}
