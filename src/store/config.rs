//! The text of `book.toml` → the settings of the book. `source` reads the file.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::book::{Languages, Normalizers, Problems, Rule, SourceId, Span, all_languages};
use crate::ids::nearest;

/// The settings of `book.toml`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BookConfig {
    /// `[book] title`.
    pub title: String,
    /// `[book] src`, the folder of the chapters, relative to the book's root. mdBook's default is `src`.
    pub src: String,
    /// `[preprocessor.guide] cluster`: the name of the cluster that a chapter of the book makes.
    pub cluster: Option<String>,
    /// `context`: the context of that cluster; without `cluster`, the context of an existing cluster in the user's kubeconfig.
    pub context: Option<String>,
    /// `default-profile`; `auto` leaves the choice to the machine.
    pub default_profile: Option<String>,
    /// `values`: the file of the values, relative to `src`.
    pub values: Option<String>,
    /// `normalize`: the normalizers of steps if neither the step nor its chapter chooses any.
    pub normalize: Option<Normalizers>,
    /// `record`: runs offer recordings for the page.
    pub record: bool,
    /// `languages`: languages whose fences are steps, besides `bash` and `sh`.
    pub languages: Languages,
    /// `cwd`: the folder in which steps run.
    pub cwd: Option<String>,
}

impl Default for BookConfig {
    fn default() -> Self {
        Self {
            title: String::new(),
            src: "src".to_owned(),
            cluster: None,
            context: None,
            default_profile: None,
            values: None,
            normalize: None,
            record: false,
            languages: Languages::default(),
            cwd: None,
        }
    }
}

/// The keys of `[preprocessor.guide]`: those of guide, then those that mdBook reads there.
const KEYS: [&str; 13] = [
    "cluster",
    "context",
    "default-profile",
    "values",
    "normalize",
    "record",
    "languages",
    "cwd",
    "command",
    "before",
    "after",
    "renderers",
    "optional",
];

/// The number of [`KEYS`] that guide reads.
const OWN_KEYS: usize = 8;

/// Reads the text and reports every problem. A setting that cannot be read has its default.
pub(super) fn read_config(
    source: SourceId,
    text: &str,
    problems: &mut Problems,
) -> (BookConfig, Places) {
    let mut reader =
        Reader { source, text, problems, config: BookConfig::default(), places: Places::default() };
    match DeTable::parse(text) {
        Ok(table) => reader.read(table.get_ref()),
        Err(error) => {
            let span = reader.span(error.span().unwrap_or(0..0));
            reader
                .problems
                .push(Rule::Config.at(span, format!("book.toml is no TOML: {}", error.message())));
        }
    }
    (reader.config, reader.places)
}

/// The places of some settings, for later problems.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Places {
    /// The value of `values`.
    pub values: Option<Span>,
    /// The value of `src`.
    pub src: Option<Span>,
}

struct Reader<'a> {
    source: SourceId,
    text: &'a str,
    problems: &'a mut Problems,
    config: BookConfig,
    places: Places,
}

impl Reader<'_> {
    fn read(&mut self, table: &DeTable<'_>) {
        if let Some(book) = self.table(table, "book") {
            if let Some((title, _)) = self.string(book, "title") {
                self.config.title = title;
            }
            if let Some((src, span)) = self.string(book, "src") {
                self.config.src = src;
                self.places.src = Some(span);
            }
        }
        let Some(guide) =
            self.table(table, "preprocessor").and_then(|table| self.table(table, "guide"))
        else {
            return;
        };
        for (key, _) in guide {
            self.check_key(key);
        }
        self.config.cluster = self.string(guide, "cluster").map(|(text, _)| text);
        self.config.context = self.string(guide, "context").map(|(text, _)| text);
        self.config.default_profile = self.string(guide, "default-profile").map(|(text, _)| text);
        self.config.normalize = self.normalizers(guide, "normalize");
        self.config.record = self.flag(guide, "record");
        self.config.cwd = self.string(guide, "cwd").map(|(text, _)| text);
        self.read_languages(guide);
        if let Some((values, span)) = self.string(guide, "values") {
            self.config.values = Some(values);
            self.places.values = Some(span);
        }
    }

    fn read_languages(&mut self, guide: &DeTable<'_>) {
        let Some(value) = guide.get("languages") else { return };
        let DeValue::Array(parts) = value.get_ref() else {
            let span = self.span(value.span());
            let hint = "write `languages = [\"console\"]`";
            return self
                .problems
                .push(Rule::Config.at(span, "`languages` must be a list of texts").hint(hint));
        };
        for part in parts {
            let name = part.get_ref().as_str().unwrap_or_default();
            if self.config.languages.add(name).is_err() {
                let span = self.span(part.span());
                let hint = match nearest(name, all_languages()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => {
                        format!("a book can add {}", all_languages().collect::<Vec<_>>().join(", "))
                    }
                };
                self.problems.push(
                    Rule::Config.at(span, format!("guide knows no way to run `{name}`")).hint(hint),
                );
            }
        }
    }

    fn check_key(&mut self, key: &Spanned<std::borrow::Cow<'_, str>>) {
        let name = key.get_ref().as_ref();
        if KEYS.contains(&name) {
            return;
        }
        let hint = match nearest(name, KEYS) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("its keys are {}", KEYS[..OWN_KEYS].join(", ")),
        };
        let span = self.span(key.span());
        self.problems.push(
            Rule::Config
                .at(span, format!("unknown key `{name}` in [preprocessor.guide]"))
                .hint(hint),
        );
    }

    fn table<'t, 'i>(&mut self, table: &'t DeTable<'i>, key: &str) -> Option<&'t DeTable<'i>> {
        let value = table.get(key)?;
        let found = value.get_ref().as_table();
        if found.is_none() {
            let span = self.span(value.span());
            self.problems.push(
                Rule::Config
                    .at(span, format!("`{key}` is no table"))
                    .hint(format!("begin it with a line `[{key}]`")),
            );
        }
        found
    }

    fn string(&mut self, table: &DeTable<'_>, key: &str) -> Option<(String, Span)> {
        let value = table.get(key)?;
        let span = self.span(value.span());
        match value.get_ref() {
            DeValue::String(text) if !text.trim().is_empty() => Some((text.to_string(), span)),
            _ => {
                self.problems.push(
                    Rule::Config
                        .at(span, format!("`{key}` must be a text"))
                        .hint(format!("write `{key} = \"…\"`")),
                );
                None
            }
        }
    }

    /// A text, or a list of names.
    fn normalizers(&mut self, table: &DeTable<'_>, key: &str) -> Option<Normalizers> {
        let value = table.get(key)?;
        let span = self.span(value.span());
        let text = match value.get_ref() {
            DeValue::String(text) => Some(text.to_string()),
            DeValue::Array(names) => {
                let names: Option<Vec<&str>> =
                    names.iter().map(|name| name.get_ref().as_str()).collect();
                names.map(|names| names.join(","))
            }
            _ => None,
        };
        let read = text.map(|text| Normalizers::parse(&text));
        match read {
            Some(Ok(chosen)) => return Some(chosen),
            Some(Err(refusal)) => self.problems.push(refusal.at(span)),
            None => {
                let message = format!("`{key}` must be a text or a list of names");
                self.problems.push(
                    Rule::Config.at(span, message).hint(format!("write `{key} = \"ages,hashes\"`")),
                );
            }
        }
        None
    }

    fn flag(&mut self, table: &DeTable<'_>, key: &str) -> bool {
        let Some(value) = table.get(key) else { return false };
        if let DeValue::Boolean(flag) = value.get_ref() {
            return *flag;
        }
        let span = self.span(value.span());
        self.problems.push(
            Rule::Config
                .at(span, format!("`{key}` must be true or false"))
                .hint(format!("write `{key} = true`")),
        );
        false
    }

    fn span(&self, range: Range<usize>) -> Span {
        let at = |place: usize| u32::try_from(place.min(self.text.len())).unwrap_or(u32::MAX);
        let lines =
            memchr::memchr_iter(b'\n', &self.text.as_bytes()[..range.start.min(self.text.len())])
                .count();
        Span {
            source: self.source,
            start: at(range.start),
            end: at(range.end),
            line: at(lines) + 1,
        }
    }
}

#[cfg(test)]
mod tests;
