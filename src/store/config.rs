//! `book.toml` → what guide needs of it. Pure text work; the file is read by `source`.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::book::{Languages, Normalizers, Problems, Rule, SourceId, Span, all_languages};
use crate::ids::nearest;

/// What `book.toml` says.
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
    /// `normalize`: which normalizers apply where neither step nor chapter says so.
    pub normalize: Option<Normalizers>,
    /// `record`: runs offer recordings for the page.
    pub record: bool,
    /// `languages`: fences that are steps beside `bash` and `sh`.
    pub languages: Languages,
    /// `cwd`: the folder that steps run in.
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

/// Keys of `[preprocessor.guide]`: guide's own, then those mdBook reads there.
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

/// How many of [`KEYS`] are guide's own.
const OWN_KEYS: usize = 8;

/// Reads the text; all that is wrong is told, and what can't be read has its default.
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

/// Where some of it stands, for later complaints.
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
mod tests {
    use super::*;

    fn read(text: &str) -> (BookConfig, Vec<(u32, String, Option<String>)>) {
        let mut problems = Problems::new();
        let config = read_config(SourceId(0), text, &mut problems).0;
        let told = problems
            .into_iter()
            .map(|problem| (problem.span.unwrap().line, problem.message, problem.hint))
            .collect();
        (config, told)
    }

    #[test]
    fn a_book_is_read() {
        let text = "[book]\ntitle = \"World Tree\"\nsrc = \"guide\"\n\n[preprocessor.guide]\ncommand = \"guide preprocess\"\ncluster = \"kind\"\n\
                    context = \"kind-kind\"\ndefault-profile = \"open\"\nvalues = \"values.yaml\"\nrecord = true\n";
        let some = |text: &str| Some(text.to_owned());
        let expected = BookConfig {
            title: "World Tree".to_owned(),
            src: "guide".to_owned(),
            cluster: some("kind"),
            context: some("kind-kind"),
            default_profile: some("open"),
            values: some("values.yaml"),
            normalize: None,
            record: true,
            ..BookConfig::default()
        };
        assert_eq!(read(text), (expected, vec![]));
        assert_eq!(read("[book]\n"), (BookConfig::default(), vec![]));
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        let (_, told) = read(
            "[book]\ntitle = 3\n[preprocessor.guide]\nclutser = \"x\"\nfoo = 1\ncontext = []\n",
        );
        let typo = (
            4,
            "unknown key `clutser` in [preprocessor.guide]".to_owned(),
            Some("did you mean `cluster`?".to_owned()),
        );
        assert!(told.contains(&typo), "{told:?}");
        assert!(
            told.iter().any(
                |(line, message, _)| (*line, message.as_str()) == (2, "`title` must be a text")
            )
        );
        assert!(
            told.iter()
                .any(|(line, message, _)| (*line, message.as_str())
                    == (6, "`context` must be a text"))
        );
        assert!(told.iter().any(|(line, _, hint)| *line == 5
            && hint.as_deref()
                == Some("its keys are cluster, context, default-profile, values, normalize, record, languages, cwd")));
        let (config, told) =
            read("[preprocessor.guide]\nlanguages = [\"console\", \"shell\"]\ncwd = \"book\"\n");
        assert_eq!(
            (config.languages.step("console"), config.languages.step("zsh"), told.len()),
            (Some("console"), None, 0)
        );
        assert_eq!(config.cwd.as_deref(), Some("book"));
        let (_, told) = read("[preprocessor.guide]\nlanguages = [\"consol\"]\n");
        assert_eq!(
            (told[0].1.as_str(), told[0].2.as_deref()),
            ("guide knows no way to run `consol`", Some("did you mean `console`?"))
        );
        let (_, told) = read("[preprocessor.guide]\nrecord = 1\n");
        assert_eq!((told[0].0, told[0].1.as_str()), (2, "`record` must be true or false"));
        let (_, told) = read("[book]\ntitle = \n");
        assert_eq!(told[0].0, 2);
        assert!(told[0].1.starts_with("book.toml is no TOML"));
        assert_eq!(read("book = 1\n").1[0].1, "`book` is no table");
    }

    #[test]
    fn the_schema_for_editors_names_the_same_keys() {
        let schema: serde_json::Value =
            serde_json::from_str(include_str!("../../docs/book.schema.json")).unwrap();
        let mut described: Vec<&str> =
            schema["properties"].as_object().unwrap().keys().map(String::as_str).collect();
        let mut known = KEYS.to_vec();
        described.sort_unstable();
        known.sort_unstable();
        assert_eq!(described, known);
    }
}
