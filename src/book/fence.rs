//! The info string of a fence → what the fence is.

use std::ops::Range;

use super::attribute_list::STEP_WORDS;
use super::attribute_values::{boolean, flag};
use super::attributes::Attributes;
use super::foreign_words::{is_line_numbers, tool_of};
use super::info_string::{Malformed, Word, words};
use super::languages::{self, Languages};
use super::problem::Severity;
use super::step_attributes::{AttributeReader, Complaint, ignored};
use crate::ids::{StepName, is_name, nearest};

/// What a fence is.
#[derive(Debug, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "most blocks are steps, and few exist at once")]
pub(super) enum Fence {
    /// `bash`, `sh`, or another language that the book runs.
    Step {
        /// Which of them.
        language: &'static str,
        /// `name=` and its place.
        name: Option<(StepName, Range<usize>)>,
        /// Two steps may have this name: the second gets a number, as Runme does it.
        may_be_numbered: bool,
        /// The other words.
        attributes: Attributes,
    },
    /// `yaml {file=…}`.
    Manifest {
        /// The file it is written to.
        file: String,
        /// Only under these profiles.
        profiles: Vec<String>,
        /// The page does not show it.
        hidden: bool,
    },
    /// `output`.
    Expected,
    /// A step or a manifest that its author marked `{skip}`.
    Skipped,
    /// Anything else.
    Prose,
}

/// Words a manifest's braces may hold.
const MANIFEST_WORDS: [&str; 4] = ["file", "profile", "hidden", "skip"];

/// What an info string says.
#[derive(Debug, PartialEq)]
pub(super) struct Reading {
    /// What the fence is.
    pub fence: Fence,
    /// What is wrong, or only worth a word.
    pub complaints: Vec<(Severity, Complaint)>,
}

/// Reads an info string. A fence whose words are wrong is still what its language says, so that one error stays one.
pub(super) fn read_fence(
    info: &str,
    languages: &Languages,
    reader: &mut AttributeReader,
) -> Reading {
    let (written, rest) = split_language(info);
    let language = match written {
        "yaml" => "yaml",
        output if output.eq_ignore_ascii_case("output") => "output",
        other => match languages.step(other) {
            Some(language) => language,
            None => {
                return Reading { fence: Fence::Prose, complaints: lookalike(info, written, rest) };
            }
        },
    };
    let mut found = Found::default();
    split_words(info, language, rest, &mut found);
    let Found { inner, mut complaints } = found;
    if inner.as_ref().is_some_and(|inner| is_skipped(info, inner)) {
        return Reading { fence: Fence::Skipped, complaints: Vec::new() };
    }
    match (language, inner) {
        ("yaml", None) => Reading { fence: Fence::Prose, complaints },
        ("yaml", Some(inner)) => read_manifest(info, inner, complaints),
        ("output", inner) => {
            if let Some(inner) = inner.filter(|inner| !info[inner.clone()].trim().is_empty()) {
                let hint = Some(
                    "attributes stand at the step whose output this is; `{skip}` makes it prose"
                        .to_owned(),
                );
                complaints.push((
                    Severity::Error,
                    complaint(inner, "an `output` fence has no attributes", hint),
                ));
            }
            Reading { fence: Fence::Expected, complaints }
        }
        (language, inner) => read_step(info, language, inner, reader, complaints),
    }
}

fn read_step(
    info: &str,
    language: &'static str,
    inner: Option<Range<usize>>,
    reader: &mut AttributeReader,
    mut complaints: Vec<(Severity, Complaint)>,
) -> Reading {
    let inner = inner.unwrap_or(0..0);
    reader.json = info[inner.clone()].trim_start().starts_with('"');
    let json = reader.json;
    let interpreter =
        words(info, inner.clone()).filter_map(Result::ok).find(|word| word.key == "interpreter");
    for word in words(info, inner) {
        reader.take(word);
    }
    let (name, attributes, wrong) = reader.finish();
    complaints.extend(wrong.into_iter().map(|one| (Severity::Error, one)));
    complaints
        .extend(std::mem::take(&mut reader.ignored).into_iter().map(|one| (Severity::Note, one)));
    if let Some(word) = interpreter.filter(|word| !word.value.as_deref().is_none_or(is_shell)) {
        let message = format!(
            "`{}` runs this fence, not bash, so it is no step",
            word.value.as_deref().unwrap_or_default()
        );
        let hint = Some("mark it `{skip}`, or run the interpreter from a `bash` step".to_owned());
        return Reading {
            fence: Fence::Skipped,
            complaints: vec![(Severity::Warning, complaint(word.value_at, &message, hint))],
        };
    }
    Reading { fence: Fence::Step { language, name, may_be_numbered: json, attributes }, complaints }
}

/// Does this program run what bash runs?
fn is_shell(interpreter: &str) -> bool {
    let program = interpreter.split_whitespace().next().unwrap_or_default();
    matches!(program.rsplit('/').next(), Some("bash" | "sh" | "" | "dash" | "ash"))
}

/// A fence that looks like a step and is none is told, so that no command is silently prose.
fn lookalike(info: &str, written: &str, rest: Range<usize>) -> Vec<(Severity, Complaint)> {
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
            format!("`{braces}` opens no step: the language stands before the braces"),
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
        (severity, format!("a `{written}` fence is no step in this book"), hint)
    } else {
        return Vec::new();
    };
    vec![(severity, complaint(0..info.trim_end().len(), &message, Some(hint)))]
}

/// Do these braces hold an attribute that only guide has?
fn has_own_words(info: &str, rest: Range<usize>) -> bool {
    let text = &info[rest.clone()];
    if !text.starts_with('{') || !text.ends_with('}') || text.len() < 2 {
        return false;
    }
    let inner = rest.start + 1..rest.end - 1;
    words(info, inner).filter_map(Result::ok).any(|word| STEP_WORDS.contains(&&*word.key))
}

/// Would this info string open a step or a manifest? Asked of lines that only look like a fence.
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

fn split_language(info: &str) -> (&str, Range<usize>) {
    let end = info
        .find(|next: char| next.is_whitespace() || next == '{' || next == ',')
        .unwrap_or(info.len());
    let rest = end + (info.len() - end - info[end..].trim_start().len());
    (&info[..end], rest..info.len())
}

/// What stands after the language.
#[derive(Default)]
struct Found {
    /// The bytes between the braces that are guide's to read.
    inner: Option<Range<usize>>,
    complaints: Vec<(Severity, Complaint)>,
}

/// Parts what follows the language: the braces are guide's, words outside of them belong to other tools.
fn split_words(info: &str, language: &str, rest: Range<usize>, found: &mut Found) {
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
            found
                .complaints
                .push((Severity::Error, complaint(at..at + 1, "this brace is not closed", hint)));
            found.inner.get_or_insert(at + 1..rest.end);
            break;
        };
        if group && found.inner.is_none() && !is_foreign_group(info, at + 1..end - 1) {
            found.inner = Some(at + 1..end - 1);
        } else if !group && is_own(language, &info[at..end]) {
            own.push(at..end);
        } else if !matches!(language, "yaml") {
            let message = format!(
                "`{}` stands outside of the braces, so it is another tool's, and guide ignores it",
                &info[at..end]
            );
            found.complaints.push((Severity::Note, complaint(at..end, &message, None)));
        }
        at = end;
    }
    if let (Some(first), Some(last)) = (own.first(), own.last()) {
        // A chapter of another tool may say `file=` to its own; a step's words are guide's alone.
        let severity = if language == "yaml" { Severity::Warning } else { Severity::Error };
        let hint = braces_hint(info, language, &own);
        found.complaints.push((
            severity,
            complaint(first.start..last.end, "attributes stand in braces", Some(hint)),
        ));
    }
}

/// What to write instead, if that would be right.
fn braces_hint(info: &str, language: &str, own: &[Range<usize>]) -> String {
    let inner = own.iter().map(|at| &info[at.clone()]).collect::<Vec<_>>().join(" ");
    let mut reader = AttributeReader::default();
    let is_right = language == "yaml" || {
        words(&inner, 0..inner.len()).for_each(|word| reader.take(word));
        reader.finish().2.is_empty()
    };
    if is_right {
        format!("write `{language} {{{inner}}}`, or `{{skip}}` where it is only shown")
    } else {
        format!("write them in braces after `{language}`, or leave them out")
    }
}

/// Is this word outside of the braces one that only guide uses?
fn is_own(language: &str, word: &str) -> bool {
    let (key, value) = word.split_once('=').unwrap_or((word, ""));
    match language {
        "yaml" => key == "file" && is_file_name(value),
        "output" => false,
        _ => STEP_WORDS.contains(&key),
    }
}

/// One past the word that begins here; blanks between quotes belong to it.
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

/// One past the brace that closes the one that stands here.
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
    // A quote or a brace that is not closed is told by who reads the words.
    info[range.clone()].rfind('}').map(|close| range.start + close + 1)
}

/// Braces that another tool reads: numbers of lines, or words that are that tool's and not parted by spaces.
fn is_foreign_group(info: &str, inner: Range<usize>) -> bool {
    let text = &info[inner.clone()];
    let key =
        text.trim_start().split(['=', ',', ' ', ':']).next().unwrap_or_default().trim_matches('"');
    let foreign = tool_of(key).is_some() && words(info, inner).any(|word| word.is_err());
    is_line_numbers(text) || foreign
}

/// `{skip}` makes prose of a fence, whatever else its braces say.
fn is_skipped(info: &str, inner: &Range<usize>) -> bool {
    let text = &info[inner.clone()];
    ["skip", "ignore", "transform"].iter().any(|word| text.contains(word))
        && words(info, inner.clone()).filter_map(Result::ok).any(|word| is_skip(&word))
}

/// guide's `skip`, and what says the same to Runme.
fn is_skip(word: &Word<'_>) -> bool {
    let value = word.value.as_deref().map_or(Ok(true), boolean);
    match &*word.key {
        "skip" | "ignore" => value == Ok(true),
        "transform" => value == Ok(false),
        _ => false,
    }
}

fn read_manifest(
    info: &str,
    inner: Range<usize>,
    mut found: Vec<(Severity, Complaint)>,
) -> Reading {
    let mut complaints: Vec<Complaint> = Vec::new();
    let mut file = None;
    let mut profiles = Vec::new();
    let mut hidden = false;
    let mut seen: Vec<(String, Range<usize>)> = Vec::new();
    let mut unknown = Vec::new();
    for word in words(info, inner) {
        let word = match word {
            Ok(word) => word,
            Err(what) => {
                complaints.push(Complaint { what, also: None });
                continue;
            }
        };
        if let Some((_, first)) = seen.iter().find(|(key, _)| *key == *word.key) {
            let what = Malformed {
                message: format!("`{}` is given twice", word.key),
                at: word.whole(),
                hint: None,
            };
            complaints.push(Complaint { what, also: Some((first.clone(), "first given here")) });
            continue;
        }
        seen.push((word.key.clone().into_owned(), word.whole()));
        match &*word.key {
            "file" => file = Some(read_file(&word, &mut complaints)),
            "profile" => profiles = read_profiles(&word, &mut complaints),
            "hidden" => match flag("hidden", &word) {
                Ok(value) => hidden = value,
                Err(refusal) => complaints.push(complaint(
                    word.value_at.clone(),
                    &refusal.message,
                    refusal.hint,
                )),
            },
            "skip" => {}
            key => match tool_of(key) {
                Some(tool) => found.push((Severity::Note, ignored(key, tool, word.whole()))),
                None => unknown.push(unknown_word(&word)),
            },
        }
    }
    // Without `file=` it is another tool's fence, and its words are that tool's, unless one of them is almost ours.
    let Some(file) = file else {
        unknown.retain(|complaint| {
            complaint
                .what
                .hint
                .as_deref()
                .is_some_and(|hint| hint.starts_with("did you mean `file`"))
        });
        found.extend(unknown.into_iter().map(|one| (Severity::Error, one)));
        return Reading { fence: Fence::Prose, complaints: found };
    };
    complaints.extend(unknown);
    found.extend(complaints.into_iter().map(|one| (Severity::Error, one)));
    Reading { fence: Fence::Manifest { file, profiles, hidden }, complaints: found }
}

fn unknown_word(word: &Word<'_>) -> Complaint {
    let hint = match nearest(&word.key, MANIFEST_WORDS) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("a manifest's attribute is one of {}", MANIFEST_WORDS.join(", ")),
    };
    complaint(
        word.key_at.clone(),
        &format!("unknown attribute `{}` of a manifest", word.key),
        Some(hint),
    )
}

fn read_file(word: &Word<'_>, complaints: &mut Vec<Complaint>) -> String {
    let file = word.value.as_deref().unwrap_or_default();
    if !is_file_name(file) {
        let hint = "write `file=web.yaml`: a plain name, for it is written into the folder the chapter's steps run in";
        let message = if file.is_empty() {
            "`file` needs a value".to_owned()
        } else {
            format!("`{file}` is no plain file name")
        };
        complaints.push(complaint(word.value_at.clone(), &message, Some(hint.to_owned())));
    }
    file.to_owned()
}

/// A name that stays in its folder on every system.
fn is_file_name(file: &str) -> bool {
    !file.is_empty()
        && file.len() <= 200
        && !file.starts_with(['.', '-'])
        && !file.contains(['/', '\\', ':'])
        && !file.contains(char::is_control)
}

fn read_profiles(word: &Word<'_>, complaints: &mut Vec<Complaint>) -> Vec<String> {
    let profiles: Vec<String> = word
        .value
        .as_deref()
        .unwrap_or_default()
        .split(',')
        .map(|part| part.trim().to_owned())
        .collect();
    if let Some(odd) = profiles.iter().find(|profile| !is_name(profile)) {
        let message = format!("`{odd}` can't be in a list of profile names");
        complaints.push(complaint(
            word.value_at.clone(),
            &message,
            Some("write `profile=sealed,open`".to_owned()),
        ));
    }
    profiles
}

fn complaint(at: Range<usize>, message: &str, hint: Option<String>) -> Complaint {
    Complaint { what: Malformed { message: message.to_owned(), at, hint }, also: None }
}
