//! The value of one attribute of a step → a typed value, or why it is refused.

use std::time::Duration;

use super::attributes::{Background, ExitExpectation, LooksAt, SnapshotKind, Verify};
use super::duration::parse_duration;
use super::info_string::Word;
use super::normalizers::Normalizers;
use super::problem::Refusal;
use crate::ids::{StepName, is_name, nearest, slug};

/// The largest value of `retry=`.
const MAX_RETRIES: u32 = 1000;

/// The result of reading a value.
pub(super) type Read<T> = Result<T, Refusal>;

/// The name that Runme wrote. Runme accepts any text as a name, so that other text than a name becomes a slug.
pub(super) fn runme_name(word: &Word<'_>) -> Option<StepName> {
    let text = word.value.as_deref()?;
    let name = if is_name(text) { text.to_owned() } else { slug(text) };
    Some(name).filter(|name| !name.is_empty()).map(StepName::new)
}

/// The value, or the error that it is missing.
fn required_value<'a>(key: &str, word: &'a Word<'_>, example: &str) -> Read<&'a str> {
    word.value.as_deref().ok_or_else(|| {
        Refusal::new(format!("`{key}` needs a value"), format!("write `{key}={example}`"))
    })
}

pub(super) fn flag(key: &str, word: &Word<'_>) -> Read<bool> {
    match word.value.as_deref().map(boolean) {
        None | Some(Ok(true)) => Ok(true),
        Some(Ok(false)) => Ok(false),
        Some(Err(other)) => Err(Refusal::new(
            format!("`{key}` is a flag and can't be `{other}`"),
            format!("write `{key}` alone, or remove it"),
        )),
    }
}

/// A boolean in every spelling that Go accepts, because Runme accepts them. The error is the text.
pub(super) fn boolean(text: &str) -> Result<bool, &str> {
    match text {
        "1" | "t" | "T" | "TRUE" | "true" | "True" => Ok(true),
        "0" | "f" | "F" | "FALSE" | "false" | "False" => Ok(false),
        other => Err(other),
    }
}

pub(super) fn text(key: &str, word: &Word<'_>, meaning: &str) -> Read<String> {
    match word.value.as_deref().map(str::trim) {
        Some(text) if !text.is_empty() => Ok(text.to_owned()),
        _ => Err(Refusal::new(format!("`{key}` needs a value"), format!("give {meaning}"))),
    }
}

/// Runme's `cwd` is relative to the Markdown file; in guide's own form it is relative to the book.
pub(super) fn cwd(key: &str, word: &Word<'_>, json: bool) -> Read<String> {
    let folder = text(
        key,
        word,
        "a folder: `cwd=book`, `cwd=chapter`, `cwd=rendered`, or a path relative to the book",
    )?;
    Ok(if json && !folder.starts_with('/') { format!("chapter/{folder}") } else { folder })
}

pub(super) fn name(key: &str, word: &Word<'_>) -> Read<StepName> {
    let text = required_value(key, word, "build-image")?;
    if is_name(text) {
        return Ok(StepName::new(text));
    }
    let hint = "a name begins with a letter or digit and contains at most 100 letters, digits, `-`, `_` and `.`";
    Err(Refusal::new(format!("invalid name `{text}`"), hint))
}

pub(super) fn list(
    key: &str,
    word: &Word<'_>,
    fits: fn(&str) -> bool,
    what: &str,
    example: &str,
) -> Read<Vec<String>> {
    let parts: Vec<&str> = required_value(key, word, example)?.split(',').map(str::trim).collect();
    match parts.iter().find(|part| !fits(part)) {
        Some(odd) => Err(Refusal::new(
            format!("`{odd}` can't be in a list of {what}"),
            format!("write `{key}={example}`"),
        )),
        None => Ok(parts.into_iter().map(str::to_owned).collect()),
    }
}

pub(super) fn duration(key: &str, word: &Word<'_>) -> Read<Duration> {
    let text = required_value(key, word, "2m")?;
    parse_duration(text).map_err(|why| {
        Refusal::new(
            format!("invalid duration `{text}`: {why}"),
            "write it like `90s`, `2m`, `1h30m` or `500ms`",
        )
    })
}

pub(super) fn normalize(key: &str, word: &Word<'_>) -> Read<Normalizers> {
    Normalizers::parse(required_value(key, word, "ages,hashes")?)
}

pub(super) fn positive(key: &str, word: &Word<'_>) -> Read<Duration> {
    match duration(key, word)? {
        Duration::ZERO => Err(Refusal::new(
            format!("`{key}` must be longer than zero"),
            format!("write `{key}=2m`, or remove it"),
        )),
        time => Ok(time),
    }
}

pub(super) fn exit(key: &str, word: &Word<'_>) -> Read<ExitExpectation> {
    let text = required_value(key, word, "7,52")?;
    if text == "fails" {
        return Ok(ExitExpectation::Fails);
    }
    let mut codes = Vec::new();
    for part in text.split(',') {
        let part = part.trim();
        let code =
            part.parse::<u8>().ok().filter(|_| part.bytes().all(|byte| byte.is_ascii_digit()));
        codes.push(i32::from(code.ok_or_else(|| {
            Refusal::new(
                format!("invalid exit code `{part}`"),
                "write codes from 0 to 255, like `exit=7,52`, or `exit=fails` for any but 0",
            )
        })?));
    }
    Ok(ExitExpectation::Codes(codes))
}

pub(super) fn verify(word: &Word<'_>) -> Read<Option<Verify>> {
    match word.value.as_deref() {
        None | Some("true") => Ok(Some(Verify::Before)),
        Some("false") => Ok(None),
        Some(_) => Ok(Some(Verify::Step(name("verify", word)?))),
    }
}

pub(super) fn retry(key: &str, word: &Word<'_>) -> Read<u32> {
    let text = required_value(key, word, "3")?;
    let count = text.parse::<u32>().ok().filter(|count| *count <= MAX_RETRIES);
    count.ok_or_else(|| {
        Refusal::new(
            format!("invalid number of retries `{text}`"),
            format!("write a number from 0 to {MAX_RETRIES}, like `retry=3`"),
        )
    })
}

pub(super) fn snapshot(word: &Word<'_>) -> Read<Option<SnapshotKind>> {
    const KINDS: [&str; 4] = ["text", "table", "json", "yaml"];
    Ok(Some(match word.value.as_deref() {
        None | Some("true") => SnapshotKind::Auto,
        Some("false") => return Ok(None),
        Some("text") => SnapshotKind::Text,
        Some("table") => SnapshotKind::Table,
        Some("json") => SnapshotKind::Json,
        Some("yaml") => SnapshotKind::Yaml,
        Some(other) => return Err(one_of("kind of snapshot", other, &KINDS)),
    }))
}

pub(super) fn looks_at(word: &Word<'_>) -> Read<LooksAt> {
    match required_value("where", word, "machine")? {
        "machine" => Ok(LooksAt::Machine),
        "cluster" => Ok(LooksAt::Cluster),
        other => Err(one_of("place that a check looks at", other, &["machine", "cluster"])),
    }
}

pub(super) fn background(word: &Word<'_>) -> Read<Option<Background>> {
    Ok(Some(match word.value.as_deref() {
        None => Background::Chapter,
        Some(text) if boolean(text) == Ok(true) => Background::Chapter,
        Some(text) if boolean(text) == Ok(false) => return Ok(None),
        Some("run") => Background::Run,
        Some("keep") => Background::Keep,
        Some(other) => {
            return Err(one_of("kind of background step", other, &["run", "keep"]));
        }
    }))
}

fn one_of(what: &str, word: &str, known: &[&str]) -> Refusal {
    let hint = match nearest(word, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("write one of {}, or no value", known.join(", ")),
    };
    Refusal::new(format!("`{word}` is no {what}"), hint)
}
