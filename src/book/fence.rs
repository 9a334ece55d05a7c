//! The info string of a fence → what the fence is.

mod braces;
mod manifest;

use std::ops::Range;

use self::braces::{Found, is_skipped, split_words};
use self::manifest::read_manifest;
use super::attribute_list::STEP_WORDS;
use super::attributes::Attributes;
use super::info_string::{WordError, words};
use super::languages::{self, Languages};
use super::problem::Severity;
use super::step_attributes::{AttributeReader, WordProblem};
use crate::ids::StepName;

/// What a fence is.
#[derive(Debug, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "most blocks are steps, and few exist at once")]
pub(super) enum Fence {
    /// `bash`, `sh`, or another language that the book runs.
    Step {
        /// The language.
        language: &'static str,
        /// The value of `name=` and its bytes in the info string.
        name: Option<(StepName, Range<usize>)>,
        /// Several steps may have this name, and later ones get a number, as in Runme.
        may_be_numbered: bool,
        /// The other attributes.
        attributes: Attributes,
    },
    /// `yaml {file=…}`.
    Manifest {
        /// The file that the manifest is written to.
        file: String,
        /// The profiles under which it is written; empty: all.
        profiles: Vec<String>,
        /// Whether the page leaves it out.
        hidden: bool,
    },
    /// `output`.
    Expected,
    /// A step or a manifest that is marked `{skip}`.
    Skipped,
    /// Anything else.
    Prose,
}

/// The meaning of an info string.
#[derive(Debug, PartialEq)]
pub(super) struct FenceReading {
    /// What the fence is.
    pub fence: Fence,
    /// Errors, warnings and notes about its words.
    pub problems: Vec<(Severity, WordProblem)>,
}

/// Reads an info string. A fence with wrong attributes keeps its kind, so that one error does not cause others.
pub(super) fn read_fence(
    info: &str,
    languages: &Languages,
    reader: &mut AttributeReader,
) -> FenceReading {
    let (written, rest) = split_language(info);
    let language = match written {
        "yaml" => "yaml",
        output if output.eq_ignore_ascii_case("output") => "output",
        other => match languages.step(other) {
            Some(language) => language,
            None => {
                return FenceReading {
                    fence: Fence::Prose,
                    problems: lookalike(info, written, rest),
                };
            }
        },
    };
    let mut found = Found::default();
    split_words(info, language, rest, &mut found);
    let Found { inner, mut problems } = found;
    if inner.as_ref().is_some_and(|inner| is_skipped(info, inner)) {
        return FenceReading { fence: Fence::Skipped, problems: Vec::new() };
    }
    match (language, inner) {
        ("yaml", None) => FenceReading { fence: Fence::Prose, problems },
        ("yaml", Some(inner)) => read_manifest(info, inner, problems),
        ("output", inner) => {
            if let Some(inner) = inner.filter(|inner| !info[inner.clone()].trim().is_empty()) {
                let hint = Some(
                    "write attributes at the step that prints this output; `{skip}` makes the fence prose"
                        .to_owned(),
                );
                problems.push((
                    Severity::Error,
                    word_problem(inner, "an `output` fence has no attributes", hint),
                ));
            }
            FenceReading { fence: Fence::Expected, problems }
        }
        (language, inner) => read_step(info, language, inner, reader, problems),
    }
}

fn read_step(
    info: &str,
    language: &'static str,
    inner: Option<Range<usize>>,
    reader: &mut AttributeReader,
    mut problems: Vec<(Severity, WordProblem)>,
) -> FenceReading {
    let inner = inner.unwrap_or(0..0);
    reader.json = info[inner.clone()].trim_start().starts_with('"');
    let json = reader.json;
    let interpreter =
        words(info, inner.clone()).filter_map(Result::ok).find(|word| word.key == "interpreter");
    for word in words(info, inner) {
        reader.take(word);
    }
    let (name, attributes, wrong) = reader.finish();
    problems.extend(wrong.into_iter().map(|one| (Severity::Error, one)));
    problems
        .extend(std::mem::take(&mut reader.ignored).into_iter().map(|one| (Severity::Note, one)));
    if let Some(word) = interpreter.filter(|word| !word.value.as_deref().is_none_or(is_shell)) {
        let message = format!(
            "`{}` runs this fence, not bash, so it is not a step",
            word.value.as_deref().unwrap_or_default()
        );
        let hint = Some("mark it `{skip}`, or run the interpreter from a `bash` step".to_owned());
        return FenceReading {
            fence: Fence::Skipped,
            problems: vec![(Severity::Warning, word_problem(word.value_at, &message, hint))],
        };
    }
    FenceReading {
        fence: Fence::Step { language, name, may_be_numbered: json, attributes },
        problems,
    }
}

/// Whether this program runs scripts that bash runs.
fn is_shell(interpreter: &str) -> bool {
    let program = interpreter.split_whitespace().next().unwrap_or_default();
    matches!(program.rsplit('/').next(), Some("bash" | "sh" | "" | "dash" | "ash"))
}

/// Reports a fence that looks like a step although it is prose, so that commands are never ignored silently.
fn lookalike(info: &str, written: &str, rest: Range<usize>) -> Vec<(Severity, WordProblem)> {
    let braces = info[rest.clone()].trim();
    if braces.contains("skip") {
        return Vec::new();
    }
    let lower = written.to_ascii_lowercase();
    let title = lower.split_once(':').map_or(lower.as_str(), |(language, _)| language);
    let in_class = |class: &str| {
        braces
            .trim_matches(['{', '}'])
            .split_whitespace()
            .any(|word| word.strip_prefix('.') == Some(class))
    };
    let (severity, message, hint) = if let Some(class) =
        ["bash", "sh"].into_iter().find(|class| written.is_empty() && in_class(class))
    {
        (
            Severity::Warning,
            format!("`{braces}` does not open a step: the language comes before the braces"),
            format!("write `{class}`"),
        )
    } else if matches!(title, "bash" | "sh") {
        (
            Severity::Warning,
            format!("`{written}` opens no step"),
            format!("did you mean `{title}`?"),
        )
    } else if let Some(language) = languages::known(&lower) {
        let own = has_own_words(info, rest);
        let severity = if own { Severity::Warning } else { Severity::Note };
        let hint = format!(
            "write `languages = [\"{language}\"]` in [preprocessor.guide] of book.toml to have such fences run"
        );
        (severity, format!("a `{written}` fence is not a step in this book"), hint)
    } else {
        return Vec::new();
    };
    vec![(severity, word_problem(0..info.trim_end().len(), &message, Some(hint)))]
}

/// Whether these braces contain an attribute that only guide has.
fn has_own_words(info: &str, rest: Range<usize>) -> bool {
    let text = &info[rest.clone()];
    if !text.starts_with('{') || !text.ends_with('}') || text.len() < 2 {
        return false;
    }
    let inner = rest.start + 1..rest.end - 1;
    words(info, inner).filter_map(Result::ok).any(|word| STEP_WORDS.contains(&&*word.key))
}

/// Whether this info string would open a step or a manifest, for lines that only look like a fence.
pub(super) fn opens_block(info: &str) -> bool {
    let info = info.trim();
    let (language, rest) = split_language(info);
    let skipped = info[rest.clone()].starts_with("{skip");
    match language {
        "bash" | "sh" => !skipped,
        "yaml" => info[rest].contains("file="),
        _ => false,
    }
}

/// The language, and the bytes after it without leading blanks.
fn split_language(info: &str) -> (&str, Range<usize>) {
    let end = info
        .find(|next: char| next.is_whitespace() || next == '{' || next == ',')
        .unwrap_or(info.len());
    let rest = end + (info.len() - end - info[end..].trim_start().len());
    (&info[..end], rest..info.len())
}

fn word_problem(at: Range<usize>, message: &str, hint: Option<String>) -> WordProblem {
    WordProblem { error: WordError { message: message.to_owned(), at, hint }, earlier: None }
}
