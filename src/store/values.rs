//! The values of a book: `values.yaml`, then `values.PROFILE.yaml`, then `--set`. Later ones replace earlier ones, and tables are merged
//! at any depth. They are read as kubectl reads YAML, with a warning for each ambiguous scalar.

#![expect(clippy::disallowed_methods, reason = "`store` is the room that opens files")]

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::texts::{Texts, list, shown};
use crate::book::{Problem, Problems, Rule, Sources, Span, too_deep};
use crate::ids::nearest;
use crate::manifest::{Ambiguity, plain_value, read_values};

/// A book's values files.
#[derive(Debug, Clone, Default)]
pub(super) struct ValuesFiles {
    /// The file for every profile, if there is one.
    base: Option<PathBuf>,
    /// The files for one profile each, sorted by the profile.
    profiles: Vec<(String, PathBuf)>,
}

impl ValuesFiles {
    /// Finds the files. `named` is the file of `book.toml`, relative to `src`, or to the root if `src` has no such file.
    pub(super) fn find(
        root: &Path,
        src: &Path,
        named: Option<&str>,
        place: Option<Span>,
        problems: &mut Problems,
    ) -> Self {
        let name = named.unwrap_or("values.yaml");
        let folder = if src.join(name).is_file() || !root.join(name).is_file() || named.is_none() {
            src
        } else {
            root
        };
        let path = folder.join(name);
        let base = path.is_file().then(|| path.clone());
        if let (None, Some(name)) = (&base, named) {
            let message =
                format!("there is no values file {}", shown(root, &src.join(name)).display());
            let mut problem = Rule::Values
                .without_span(message)
                .hint("make it, or take `values` out of book.toml");
            problem.span = place;
            problems.push(problem);
        }
        let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let extension = path.extension().unwrap_or_default().to_string_lossy().into_owned();
        let profile = |file: &Path| {
            let name = file.file_name()?.to_str()?;
            let profile =
                name.strip_prefix(&format!("{stem}."))?.strip_suffix(&format!(".{extension}"))?;
            Some((profile.to_owned(), file.to_owned()))
        };
        let files = path.parent().map(list).unwrap_or_default();
        Self { base, profiles: files.iter().filter_map(|file| profile(file)).collect() }
    }

    /// Profiles that have a file.
    pub(super) fn profiles(&self) -> impl Iterator<Item = &str> {
        self.profiles.iter().map(|(name, _)| name.as_str())
    }

    /// The files, of all profiles.
    pub(super) fn files(&self) -> Vec<PathBuf> {
        self.base.iter().chain(self.profiles.iter().map(|(_, file)| file)).cloned().collect()
    }

    /// Reads and merges the values for a profile. Their texts are added to the sources, so that problems have an excerpt.
    pub(super) fn read(
        &self,
        root: &Path,
        (profile, set): (&str, &[String]),
        sources: &mut Sources,
        problems: &mut Problems,
        notes: &mut Vec<String>,
    ) -> Value {
        let mut values = Map::new();
        let own = self.profiles.iter().find(|(name, _)| name == profile).map(|(_, path)| path);
        for path in self.base.iter().chain(own) {
            let mut texts = Texts { root, sources, problems };
            let Some(source) = texts.read(path, None) else { continue };
            let text = sources.file(source).text.clone();
            if let Some(at) = too_deep(&text) {
                let place = line_of(
                    source,
                    &text,
                    1 + memchr::memchr_iter(b'\n', &text.as_bytes()[..at]).count(),
                );
                problems.push(
                    Rule::Values.at(place, "the brackets of these values are nested too deeply"),
                );
                continue;
            }
            let read = read_values(&text).map(|(value, ambiguities)| {
                let place = |ambiguity: &Ambiguity| {
                    format!("{}:{}", shown(root, path).display(), ambiguity.line)
                };
                notes
                    .extend(ambiguities.iter().map(|ambiguity| note(&place(ambiguity), ambiguity)));
                value
            });
            match read {
                Ok(Value::Object(more)) => merge(&mut values, more),
                Ok(Value::Null) => {}
                Ok(_) => {
                    let place = line_of(source, &text, 1);
                    problems.push(
                        Rule::Values
                            .at(place, "values are a table of names")
                            .hint("write lines `name: value`"),
                    );
                }
                Err(error) => {
                    let place = line_of(source, &text, error.line);
                    problems.push(
                        Rule::Values
                            .at(place, format!("these values are no YAML: {}", error.message)),
                    );
                }
            }
        }
        for word in set {
            match set_value(&mut values, word) {
                Ok(ambiguity) => {
                    notes.extend(
                        ambiguity.map(|ambiguity| note(&format!("--set {word}"), &ambiguity)),
                    );
                }
                Err(problem) => problems.push(problem),
            }
        }
        Value::Object(values)
    }
}

fn note(place: &str, ambiguity: &Ambiguity) -> String {
    format!("{place}: {} ({})", ambiguity.message, ambiguity.hint)
}

fn line_of(source: crate::book::SourceId, text: &str, line: usize) -> Span {
    let start: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    let length = text[start..].lines().next().unwrap_or_default().len();
    let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    Span { source, start: number(start), end: number(start + length), line: number(line.max(1)) }
}

fn merge(values: &mut Map<String, Value>, more: Map<String, Value>) {
    for (key, value) in more {
        match (values.get_mut(&key), value) {
            (Some(Value::Object(old)), Value::Object(new)) => merge(old, new),
            (_, value) => drop(values.insert(key, value)),
        }
    }
}

/// Sets a value as in `cluster.name=x`. The text after `=` means what it would mean in a values file.
pub(super) fn set_value(
    values: &mut Map<String, Value>,
    word: &str,
) -> Result<Option<Ambiguity>, Problem> {
    let wrong = |why: &str| {
        Rule::Values
            .without_span(format!("`--set {word}`: {why}"))
            .hint("write `--set cluster.name=x`")
    };
    let (key, text) = word.split_once('=').ok_or_else(|| wrong("there is no `=`"))?;
    let parts: Vec<&str> = key.split('.').map(str::trim).collect();
    if parts.iter().any(|part| part.is_empty()) {
        return Err(wrong("a part of the name is empty"));
    }
    if parts.len() > DEEPEST || too_deep(text).is_some() {
        let start: String = word.chars().take(40).collect();
        return Err(Rule::Values
            .without_span(format!("`--set {start}…` nests tables too deeply"))
            .hint("write `--set cluster.name=x`"));
    }
    let mut known = Vec::new();
    names(values, "", &mut known);
    if !known.iter().any(|name| name == key)
        && let Some(near) = nearest(key, known.iter().map(String::as_str))
    {
        return Err(wrong("there is no such value").hint(format!("did you mean `{near}`?")));
    }
    let mut at = values;
    for part in &parts[..parts.len() - 1] {
        let next = at.entry(*part).or_insert_with(|| Value::Object(Map::new()));
        if !next.is_object() {
            *next = Value::Object(Map::new());
        }
        let Value::Object(next) = next else { return Err(wrong("it is no table")) };
        at = next;
    }
    let (value, ambiguity) = typed(text);
    at.insert(parts[parts.len() - 1].to_owned(), value);
    Ok(ambiguity)
}

/// The deepest nesting of tables that `--set` creates.
const DEEPEST: usize = 64;

fn names(values: &Map<String, Value>, prefix: &str, known: &mut Vec<String>) {
    for (key, value) in values {
        let name = format!("{prefix}{key}");
        if let Value::Object(inner) = value {
            names(inner, &format!("{name}."), known);
        }
        known.push(name);
    }
}

fn typed(text: &str) -> (Value, Option<Ambiguity>) {
    let is_collection_or_quoted = text.starts_with(['[', '{', '"', '\'']);
    if text.is_empty() {
        return (Value::String(String::new()), None);
    }
    if !is_collection_or_quoted {
        return plain_value(text);
    }
    match read_values(text) {
        Ok((value, mut ambiguities)) => (value, ambiguities.pop()),
        Err(_) => (Value::String(text.to_owned()), None),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn set(words: &[&str]) -> Result<Value, String> {
        let mut values = json!({"cluster": {"name": "kind", "workers": 2}, "on": true})
            .as_object()
            .cloned()
            .unwrap();
        for word in words {
            set_value(&mut values, word).map_err(|problem| {
                format!("{} ({})", problem.message, problem.hint.unwrap_or_default())
            })?;
        }
        Ok(Value::Object(values))
    }

    #[test]
    fn a_value_is_set_over_the_files() {
        let set = set(&[
            "cluster.name=other",
            "cluster.extra.deep=1",
            "on=false",
            "list=[a, 2]",
            "version=v1.35.0",
        ])
        .unwrap();
        let expected = json!({"cluster": {"name": "other", "workers": 2, "extra": {"deep": 1}}, "on": false, "list": ["a", 2], "version": "v1.35.0"});
        assert_eq!(set, expected);
    }

    #[test]
    fn the_text_of_a_value_is_read_as_yaml_without_loss() {
        for (text, value) in [
            ("3", json!(3)),
            ("1.5", json!(1.5)),
            ("1.10", json!("1.10")),
            ("007", json!("007")),
            ("true", json!(true)),
            ("no", json!(false)),
            ("null", Value::Null),
            ("", json!("")),
            ("a: b", json!("a: b")),
            ("# x", json!("# x")),
            ("\"3\"", json!("3")),
            ("- x", json!("- x")),
            ("[", json!("[")),
            ("a=b", json!("a=b")),
        ] {
            assert_eq!(typed(text).0, value, "{text}");
        }
    }

    #[test]
    fn a_word_that_sets_no_value_is_refused() {
        assert!(set(&["cluster"]).unwrap_err().contains("there is no `=`"));
        assert!(set(&["cluster.=x"]).unwrap_err().contains("empty"));
        assert!(set(&[&format!("{}a=x", "a.".repeat(40_000))]).unwrap_err().contains("too deeply"));
        assert!(set(&[&format!("a={}", "[".repeat(40_000))]).unwrap_err().contains("too deeply"));
        assert!(set(&["cluster.nmae=x"]).unwrap_err().contains("did you mean `cluster.name`?"));
    }
}
