//! The keys of a front matter and their values.

use serde_yaml::Value;

use super::Reader;
use crate::book::chapter::FrontMatter;
use crate::book::duration::parse_duration;
use crate::book::normalizers::Normalizers;
use crate::book::rule::Rule;
use crate::book::source::Span;
use crate::ids::{StepName, is_name, nearest};

/// The keys that guide knows. Runme writes `runme` when it saves a notebook; guide ignores it.
pub(super) const KEYS: [&str; 9] =
    ["needs", "after", "title", "timeout", "namespace", "done", "cwd", "normalize", "runme"];

/// Keys of other tools that are only a letter or two away from guide's.
const FOREIGN_KEYS: [&str; 8] =
    ["titles", "node", "nodes", "alter", "one", "subtitle", "cmd", "pwd"];

impl Reader<'_> {
    /// Reads one key.
    pub(super) fn take(&mut self, front: &mut FrontMatter, key: &Value, value: &Value) {
        let Some(key) = key.as_str() else {
            let place = self.line(0);
            return self
                .problems
                .push(Rule::FrontMatter.at(place, "the keys of a front matter are words").note());
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
            // Every site generator has titles, and some allow values that are not text.
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
        if let Err(expected) = read {
            self.problems.push(
                Rule::FrontMatter
                    .at(place, format!("`{key}` has an invalid value"))
                    .hint(format!("it is {expected}")),
            );
        }
    }

    /// A key that guide does not know belongs to another tool, unless it is almost one of guide's keys.
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
}

/// A TOML table as a YAML value.
pub(super) fn of_toml(table: toml::Table) -> Value {
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

/// A text or a number as text.
fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// The texts of a list, or of a single text.
fn strings(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::Sequence(parts) => parts.iter().map(scalar).collect(),
        Value::Null => Some(Vec::new()),
        one => scalar(one).map(|one| vec![one]),
    }
}
