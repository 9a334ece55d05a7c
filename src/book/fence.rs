//! The info string of a fence → what the fence is.

use std::ops::Range;
use std::sync::Arc;

use super::attributes::Attributes;
use super::braces::{Malformed, Word, words};
use super::name::{StepName, is_name, nearest};
use super::step_attributes::{AttributeReader, Complaint};

/// What a fence is.
#[derive(Debug, PartialEq)]
pub enum Fence {
    /// `bash` or `sh`.
    Step {
        /// Which of the two.
        language: &'static str,
        /// `name=` and its place.
        name: Option<(StepName, Range<usize>)>,
        /// The other words.
        attributes: Arc<Attributes>,
    },
    /// `yaml {file=…}`.
    Manifest {
        /// The file it is written to.
        file: String,
        /// Only under these profiles.
        profiles: Vec<String>,
    },
    /// `output`.
    Expected,
    /// Anything else.
    Prose,
}

/// Words a manifest's braces may hold.
const MANIFEST_WORDS: [&str; 3] = ["file", "profile", "skip"];

/// Reads an info string. A fence whose words are wrong is still what its language says, so that one error stays one.
pub fn read_fence(info: &str, reader: &mut AttributeReader) -> (Fence, Vec<Complaint>) {
    let (language, rest) = split_language(info);
    let language = match language {
        "bash" => "bash",
        "sh" => "sh",
        "yaml" => "yaml",
        "output" => "output",
        _ => return (Fence::Prose, Vec::new()),
    };
    let mut complaints = Vec::new();
    let inner = braces(info, language, rest, &mut complaints);
    if inner.as_ref().is_some_and(|inner| is_skipped(info, inner)) {
        return (Fence::Prose, Vec::new());
    }
    match (language, inner) {
        ("yaml", None) => (Fence::Prose, complaints),
        ("yaml", Some(inner)) => read_manifest(info, inner, complaints),
        ("output", inner) => {
            if let Some(inner) = inner.filter(|inner| !info[inner.clone()].trim().is_empty()) {
                let hint = Some("attributes stand at the step whose output this is; `{skip}` makes it prose".to_owned());
                complaints.push(complaint(inner, "an `output` fence has no attributes", hint));
            }
            (Fence::Expected, complaints)
        }
        (language, inner) => {
            for word in inner.into_iter().flat_map(|inner| words(info, inner)) {
                reader.take(word);
            }
            let (name, attributes, more) = reader.finish();
            complaints.extend(more);
            (Fence::Step { language, name, attributes }, complaints)
        }
    }
}

/// Would this info string open a step or a manifest? Asked of lines that only look like a fence.
pub fn opens_block(info: &str) -> bool {
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
    let end = info.find(|next: char| next.is_whitespace() || next == '{' || next == ',').unwrap_or(info.len());
    let rest = end + (info.len() - end - info[end..].trim_start().len());
    (&info[..end], rest..info.len())
}

/// The bytes between the braces, if there are any; what stands outside of them is told.
fn braces(info: &str, language: &str, rest: Range<usize>, complaints: &mut Vec<Complaint>) -> Option<Range<usize>> {
    let text = &info[rest.clone()];
    if text.is_empty() {
        return None;
    }
    if !text.starts_with('{') {
        // yaml fences of other tools carry all kinds of words; only one that means ours is worth a complaint.
        if language != "yaml" || text.starts_with("file=") {
            let hint =
                format!("write `{language} {{{}}}`, or `{{skip}}` where it is only shown", text.trim_start_matches(',').trim());
            complaints.push(complaint(rest, "attributes stand in braces", Some(hint)));
        }
        return None;
    }
    if !text.ends_with('}') {
        let message = if text.contains('}') { "something follows the closing brace" } else { "this brace is not closed" };
        let at = match text.rfind('}') {
            Some(close) => {
                let after = &text[close + 1..];
                rest.end - after.trim_start().len()..rest.end
            }
            None => rest.start..rest.start + 1,
        };
        complaints.push(complaint(at, message, Some(format!("write `{language} {{name=build timeout=2m}}`"))));
        let close = text.rfind('}').map_or(rest.end, |close| rest.start + close);
        return Some(rest.start + 1..close);
    }
    Some(rest.start + 1..rest.end - 1)
}

/// `{skip}` makes prose of a fence, whatever else its braces say.
fn is_skipped(info: &str, inner: &Range<usize>) -> bool {
    info[inner.clone()].contains("skip")
        && words(info, inner.clone())
            .filter_map(Result::ok)
            .any(|word| word.key == "skip" && matches!(word.value.as_deref(), None | Some("true")))
}

fn read_manifest(info: &str, inner: Range<usize>, mut complaints: Vec<Complaint>) -> (Fence, Vec<Complaint>) {
    let mut file = None;
    let mut profiles = Vec::new();
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
            let what = Malformed { message: format!("`{}` is given twice", word.key), at: word.whole(), hint: None };
            complaints.push(Complaint { what, also: Some((first.clone(), "first given here")) });
            continue;
        }
        seen.push((word.key.clone().into_owned(), word.whole()));
        match &*word.key {
            "file" => file = Some(read_file(&word, &mut complaints)),
            "profile" => profiles = read_profiles(&word, &mut complaints),
            "skip" => {}
            _ => unknown.push(unknown_word(&word)),
        }
    }
    // Without `file=` it is another tool's fence, and its words are that tool's, unless one of them is almost ours.
    let Some(file) = file else {
        unknown.retain(|complaint| complaint.what.hint.as_deref().is_some_and(|hint| hint.starts_with("did you mean `file`")));
        return (Fence::Prose, unknown);
    };
    complaints.extend(unknown);
    (Fence::Manifest { file, profiles }, complaints)
}

fn unknown_word(word: &Word<'_>) -> Complaint {
    let hint = match nearest(&word.key, MANIFEST_WORDS) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("a manifest's attribute is one of {}", MANIFEST_WORDS.join(", ")),
    };
    complaint(word.key_at.clone(), &format!("unknown attribute `{}` of a manifest", word.key), Some(hint))
}

fn read_file(word: &Word<'_>, complaints: &mut Vec<Complaint>) -> String {
    let file = word.value.as_deref().unwrap_or_default();
    if !is_file_name(file) {
        let hint = "write `file=web.yaml`: a plain name, for it is written into the folder the chapter's steps run in";
        let message = if file.is_empty() { "`file` needs a value".to_owned() } else { format!("`{file}` is no plain file name") };
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
    let profiles: Vec<String> = word.value.as_deref().unwrap_or_default().split(',').map(|part| part.trim().to_owned()).collect();
    if let Some(odd) = profiles.iter().find(|profile| !is_name(profile)) {
        let message = format!("`{odd}` can't be in a list of profile names");
        complaints.push(complaint(word.value_at.clone(), &message, Some("write `profile=sealed,open`".to_owned())));
    }
    profiles
}

fn complaint(at: Range<usize>, message: &str, hint: Option<String>) -> Complaint {
    Complaint { what: Malformed { message: message.to_owned(), at, hint }, also: None }
}
