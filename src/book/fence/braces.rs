//! What follows the language in an info string: the braces that guide reads, and words of other tools.

use std::ops::Range;

use super::manifest::is_file_name;
use super::word_problem;
use crate::book::attribute_list::STEP_WORDS;
use crate::book::attribute_values::boolean;
use crate::book::foreign_words::{is_line_numbers, tool_of};
use crate::book::info_string::{Word, words};
use crate::book::problem::Severity;
use crate::book::step_attributes::{AttributeReader, WordProblem};

/// What follows the language in an info string.
#[derive(Default)]
pub(super) struct Found {
    /// The bytes between the braces that guide reads.
    pub(super) inner: Option<Range<usize>>,
    pub(super) problems: Vec<(Severity, WordProblem)>,
}

/// Separates the braces, which guide reads, from words outside of them, which belong to other tools.
pub(super) fn split_words(info: &str, language: &str, rest: Range<usize>, found: &mut Found) {
    let bytes = info.as_bytes();
    let mut own: Vec<Range<usize>> = Vec::new();
    let mut at = rest.start;
    while at < rest.end {
        if bytes[at].is_ascii_whitespace() || bytes[at] == b',' {
            at += 1;
            continue;
        }
        let group = bytes[at] == b'{';
        let end =
            if group { group_end(info, at..rest.end) } else { Some(word_end(bytes, at..rest.end)) };
        let Some(end) = end else {
            let hint = Some(format!("write `{language} {{name=build timeout=2m}}`"));
            found.problems.push((
                Severity::Error,
                word_problem(at..at + 1, "this brace is not closed", hint),
            ));
            found.inner.get_or_insert(at + 1..rest.end);
            break;
        };
        if group && found.inner.is_none() && !is_foreign_group(info, at + 1..end - 1) {
            found.inner = Some(at + 1..end - 1);
        } else if !group && is_own(language, &info[at..end]) {
            own.push(at..end);
        } else if !matches!(language, "yaml") {
            let message = format!(
                "`{}` is outside of the braces, so it belongs to another tool, and guide ignores it",
                &info[at..end]
            );
            found.problems.push((Severity::Note, word_problem(at..end, &message, None)));
        }
        at = end;
    }
    if let (Some(first), Some(last)) = (own.first(), own.last()) {
        // A chapter of another tool may use `file=` for that tool; the attributes of a step belong to guide alone.
        let severity = if language == "yaml" { Severity::Warning } else { Severity::Error };
        let hint = braces_hint(info, language, &own);
        found.problems.push((
            severity,
            word_problem(first.start..last.end, "attributes must be in braces", Some(hint)),
        ));
    }
}

/// What to write instead of attributes outside of the braces.
fn braces_hint(info: &str, language: &str, own: &[Range<usize>]) -> String {
    let inner = own.iter().map(|at| &info[at.clone()]).collect::<Vec<_>>().join(" ");
    let mut reader = AttributeReader::default();
    let is_right = language == "yaml" || {
        words(&inner, 0..inner.len()).for_each(|word| reader.take(word));
        reader.finish().2.is_empty()
    };
    if is_right {
        format!("write `{language} {{{inner}}}`, or `{{skip}}` if it is only shown")
    } else {
        format!("write them in braces after `{language}`, or remove them")
    }
}

/// Whether this word outside of the braces is one that only guide uses.
fn is_own(language: &str, word: &str) -> bool {
    let (key, value) = word.split_once('=').unwrap_or((word, ""));
    match language {
        "yaml" => key == "file" && is_file_name(value),
        "output" => false,
        _ => STEP_WORDS.contains(&key),
    }
}

/// The byte after the word that begins here. Blanks between quotes belong to it.
fn word_end(bytes: &[u8], range: Range<usize>) -> usize {
    let mut quote = None;
    for at in range.clone() {
        match (quote, bytes[at]) {
            (Some(open), byte) if byte == open => quote = None,
            (Some(_), _) => {}
            (None, byte @ (b'"' | b'\'')) if bytes[..at].last() == Some(&b'=') => {
                quote = Some(byte);
            }
            (None, b' ' | b'\t' | b',') => return at,
            (None, b'{') if at > range.start && bytes[at - 1] != b'=' => return at,
            (None, _) => {}
        }
    }
    range.end
}

/// The byte after the brace that closes the one at the start of the range.
fn group_end(info: &str, range: Range<usize>) -> Option<usize> {
    let bytes = info.as_bytes();
    let (mut depth, mut quote, mut at) = (0_usize, None, range.start);
    while at < range.end {
        match (quote, bytes[at]) {
            (Some(_), b'\\') => at += 1,
            (Some(open), byte) if byte == open => quote = None,
            (Some(_), _) => {}
            (None, byte @ (b'"' | b'\'')) if b"={[,: ".contains(&bytes[at - 1]) => {
                quote = Some(byte);
            }
            (None, b'{') => depth += 1,
            (None, b'}') if depth == 1 => return Some(at + 1),
            (None, b'}') => depth -= 1,
            (None, _) => {}
        }
        at += 1;
    }
    // A quote or a brace that is not closed is reported when the words are read.
    info[range.clone()].rfind('}').map(|close| range.start + close + 1)
}

/// Whether another tool reads these braces: they contain line numbers, or words of that tool that are not separated by spaces.
fn is_foreign_group(info: &str, inner: Range<usize>) -> bool {
    let text = &info[inner.clone()];
    let key =
        text.trim_start().split(['=', ',', ' ', ':']).next().unwrap_or_default().trim_matches('"');
    let foreign = tool_of(key).is_some() && words(info, inner).any(|word| word.is_err());
    is_line_numbers(text) || foreign
}

/// Whether the braces contain `skip`, which makes prose of a fence whatever else they contain.
pub(super) fn is_skipped(info: &str, inner: &Range<usize>) -> bool {
    let text = &info[inner.clone()];
    ["skip", "ignore", "transform"].iter().any(|word| text.contains(word))
        && words(info, inner.clone()).filter_map(Result::ok).any(|word| is_skip(&word))
}

/// Whether the word is guide's `skip`, or a word of Runme with the same meaning.
fn is_skip(word: &Word<'_>) -> bool {
    let value = word.value.as_deref().map_or(Ok(true), boolean);
    match &*word.key {
        "skip" | "ignore" => value == Ok(true),
        "transform" => value == Ok(false),
        _ => false,
    }
}
