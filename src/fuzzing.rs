//! The door of the fuzz targets in `fuzz/`: one function a target, which takes any bytes and panics where a promise is broken.
//!
//! It exists only in tests and where `cargo fuzz` builds the crate (`--cfg fuzzing`); other builds contain nothing of it. A target of
//! several texts takes them from one input, with a line `====` between them. The unit tests run every input of `tests/fuzz`, which
//! are both the seeds of a search and the inputs that a search has found to be treated wrongly.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::json;

use crate::book::{
    Book, BookText, Languages, Problem, SnapshotKind, Sources, commands_of, parse_book,
    parse_summary,
};
use crate::compare::{
    Bindings, Choice, Rules, Verdict, accept_fence, accept_snapshot, apply_hunks, compare_fence,
    compare_snapshot, hidden, hunks,
};
use crate::manifest::{Bound, objects_of, plain_value, read_values, render_late};
use crate::plan::{PlanRequest, make_plan, may_apply};
use crate::publish::{View, annotate};
use crate::recording::Recording;
use crate::report::Style;
use crate::report::problem::draw_groups;
use crate::secrets::{MaskStream, Masker, secret_values, without_printed_secrets};
use crate::text::sanitize::{for_display, is_unsafe};

/// One function for each target: its name, which is that of its folder of inputs too.
pub const TARGETS: [(&str, fn(&[u8])); 12] = [
    ("chapter", chapter),
    ("config", config),
    ("fence", fence),
    ("journal", journal),
    ("mask", mask),
    ("page", page),
    ("script", script),
    ("state", state),
    ("table", table),
    ("template", template),
    ("tree", tree),
    ("values", values),
];

/// Chapters (front matter, fences, sessions) are parsed and planned, and their problems drawn: every place is one of the text.
pub fn chapter(input: &[u8]) {
    let (book, problems) = book_of(&texts(input));
    let plan = make_plan(&book, &request()).err().unwrap_or_default();
    let notes = book.chapters.iter().flat_map(|chapter| chapter.notes.iter().cloned());
    let all: Vec<Problem> = problems.into_iter().chain(plan).chain(notes).collect();
    for span in all.iter().flat_map(|problem| {
        problem.span.into_iter().chain(problem.labels.iter().map(|(span, _)| *span))
    }) {
        assert!(
            book.sources.file(span.source).text.get(span.range()).is_some(),
            "{span:?} is no part of the text"
        );
    }
    let drawn = draw_groups(&book.sources, &all, Style::colourless());
    assert!(!for_display(&drawn).contains(is_unsafe), "{drawn:?} commands a terminal");
}

/// `book.toml`, and `SUMMARY.md` after it.
pub fn config(input: &[u8]) {
    let texts = texts(input);
    crate::store::fuzzing::config(&texts[0]);
    let mut sources = Sources::default();
    let summary = texts.last().map_or("", AsRef::as_ref);
    let source = sources.add("SUMMARY.md".into(), summary);
    for entry in parse_summary(source, summary) {
        assert!(summary.get(entry.span.range()).is_some(), "{entry:?} is no part of the text");
    }
}

/// An expected text and the output, compared by line: an accepted output compares as the same, and hunks lead from one to the other.
pub fn fence(input: &[u8]) {
    let (old, new) = pair(input);
    let bound = Bindings::from([("name".to_owned(), "value".to_owned())]);
    for rules in [Rules::default(), Rules::none()] {
        compared(&old, &new, None, &bound, &rules);
        compared(&old, &new, Some(SnapshotKind::Text), &bound, &rules);
        compared(&old, &new, Some(SnapshotKind::Auto), &bound, &rules);
    }
    let found = hunks(&old, &new);
    let accepted = apply_hunks(&old, &found, &vec![Choice::Accept; found.len()]);
    assert!(accepted.lines().eq(new.lines()), "{accepted:?} is not the new text {new:?}");
    let kept = apply_hunks(&old, &found, &vec![Choice::Keep; found.len()]);
    assert!(kept.lines().eq(old.lines()), "{kept:?} is not the old text {old:?}");
}

/// Two tables.
pub fn table(input: &[u8]) {
    let (old, new) = pair(input);
    for rules in [Rules::default(), Rules::none()] {
        compared(&old, &new, Some(SnapshotKind::Table), &Bindings::new(), &rules);
    }
}

/// Two texts of JSON or YAML.
pub fn tree(input: &[u8]) {
    let (old, new) = pair(input);
    for rules in [Rules::default(), Rules::none()] {
        compared(&old, &new, Some(SnapshotKind::Json), &Bindings::new(), &rules);
        compared(&old, &new, Some(SnapshotKind::Yaml), &Bindings::new(), &rules);
    }
}

/// A secret value and a text: no masked text contains the value, and a stream is masked as the whole is, however it is cut.
pub fn mask(input: &[u8]) {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    let (secret, text) = cut(input);
    let masker = Masker::new();
    masker.add(secret);
    let whole = masker.mask_bytes(text);
    for size in [1, 2, 3, 7, 64] {
        let (mut streamed, mut stream) = (Vec::new(), MaskStream::default());
        for piece in text.chunks(size) {
            stream.push(&masker, piece, &mut |bytes| streamed.extend_from_slice(bytes));
        }
        stream.end(&masker, &mut |bytes| streamed.extend_from_slice(bytes));
        assert!(
            streamed == whole,
            "in pieces of {size}: {:?}, and whole: {:?}",
            String::from_utf8_lossy(&streamed),
            String::from_utf8_lossy(&whole)
        );
    }
    // The mask itself may be a part of such a value.
    if masker.is_empty() || secret.contains(&b'*') {
        return;
    }
    for form in [
        text.to_vec(),
        [text, secret, text].concat(),
        STANDARD.encode([text, secret, text].concat()).into_bytes(),
    ] {
        let masked = masker.mask_bytes(&form);
        let hidden = [secret.to_vec(), STANDARD.encode(secret).into_bytes()];
        for value in hidden.iter().filter(|value| value.len() >= 8 || **value == secret) {
            assert!(
                memchr::memmem::find(&masked, value).is_none(),
                "{:?} contains the secret",
                String::from_utf8_lossy(&masked)
            );
        }
    }
}

/// What a new shell prints, and the dump of a later one.
pub fn state(input: &[u8]) {
    let (initial, dump) = cut(input);
    crate::shell::fuzzing::state(initial, dump);
}

/// The text of a step, as every room reads it that judges what a script may do.
pub fn script(input: &[u8]) {
    let script = String::from_utf8_lossy(input);
    let commands = commands_of(&script);
    for range in &commands.unquoted {
        assert!(script.get(range.clone()).is_some(), "{range:?} is no part of the script");
    }
    for command in &commands.all {
        assert!(script.get(command.at..).is_some(), "{command:?} is no place of the script");
    }
    may_apply(&script, "web.yaml");
    crate::shell::fuzzing::script(&script);
}

/// A journal, whole and torn.
pub fn journal(input: &[u8]) {
    crate::store::fuzzing::journal(input);
}

/// A template that is rendered while running, and what came out searched for objects and secrets.
pub fn template(input: &[u8]) {
    let template = String::from_utf8_lossy(input);
    let texts = BTreeMap::from([("port".to_owned(), "8080".to_owned())]);
    let numbers = BTreeSet::from(["port".to_owned()]);
    let bound = Bound { texts: &texts, numbers: &numbers };
    let rendered = render_late(&template, &example_values(), &bound);
    for text in [template.as_ref(), rendered.as_deref().unwrap_or_default()] {
        let _ = objects_of(text);
        without_printed_secrets(text);
        secret_values(text);
    }
}

/// A values file, and the same text as a value of `--set`.
pub fn values(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    if let Ok((values, ambiguities)) = read_values(&text) {
        for ambiguity in ambiguities {
            assert!(
                ambiguity.line >= 1 && ambiguity.line <= text.lines().count().max(1),
                "{ambiguity:?}"
            );
        }
        crate::plan::variables_of(&values);
    }
    plain_value(&text);
    crate::store::fuzzing::set_value(&text);
}

/// A page of a fixed chapter with any output, or of any recording.
pub fn page(input: &[u8]) {
    const CHAPTER: &str =
        "# One\n\n```bash {name=a}\necho a\n```\n\n```yaml {file=web.yaml}\nkind: Service\n```\n";
    let text = String::from_utf8_lossy(input);
    let recording = serde_json::from_slice::<Recording>(input).unwrap_or_else(|_| {
        serde_json::from_value(json!({
            "format": 1, "chapter": "one", "profile": "", "run": "r", "at": "2026-01-01T00:00:00Z", "guide": "0", "seconds": 1.0,
            "steps": [{
                "step": "a", "at": text, "seconds": 1.0, "attempts": 1, "exit": 0, "output": text,
                "of": {"script": "", "attributes": "", "expected": ""},
            }],
            "manifests": {"web.yaml": text},
            "versions": {"kind": text},
        }))
        .unwrap_or_else(|error| panic!("the example is no recording: {error}"))
    });
    let (book, _) = book_of(&[Cow::Borrowed(CHAPTER)]);
    let plan = make_plan(&book, &PlanRequest::default())
        .unwrap_or_else(|problems| panic!("the example can't be planned: {problems:?}"));
    let name = book.chapters[0].name.to_string();
    let recordings = HashMap::from([(name, recording)]);
    let views = [View::new(plan, BTreeMap::new(), recordings, true, Masker::new())];
    let page = annotate(&book.chapters[0], CHAPTER, &views);
    assert!(!page.contains("{{"), "mdBook would expand a part of {page}");
}

/// Compares and accepts, and checks that what was accepted compares as the same.
fn compared(old: &str, new: &str, kind: Option<SnapshotKind>, bound: &Bindings, rules: &Rules) {
    let is_same = |text: &str| {
        matches!(compare_fence(text, new.as_bytes(), kind, bound, rules), Verdict::Same { .. })
    };
    is_same(old);
    let accepted = accept_fence(old, new, kind, bound, rules);
    assert!(is_same(&accepted), "the accepted fence {accepted:?} is not the output {new:?}");
    let Some(kind) = kind else { return };
    hidden(new.as_bytes(), kind, rules);
    for old in [None, Some(old)] {
        let accepted = accept_snapshot(old, new.as_bytes(), kind, bound, rules);
        let verdict = compare_snapshot(&accepted, new.as_bytes(), kind, bound, rules);
        assert!(
            matches!(verdict, Verdict::Same { .. }),
            "the accepted snapshot {accepted:?} is not the output {new:?}: {verdict:?}"
        );
    }
}

fn book_of(chapters: &[Cow<'_, str>]) -> (Book, Vec<Problem>) {
    const FILES: [&str; 3] = ["one.md", "two.md", "three.md"];
    let mut languages = Languages::default();
    languages.add("console").unwrap_or_else(|_| panic!("`console` is a language"));
    let chapters = FILES.into_iter().zip(chapters.iter().map(AsRef::as_ref));
    let (book, problems) = parse_book(BookText { languages, ..BookText::of_chapters(chapters) });
    (book, problems.into_iter().collect())
}

fn request() -> PlanRequest {
    PlanRequest { values: example_values(), profile: "open".to_owned(), ..PlanRequest::default() }
}

fn example_values() -> serde_json::Value {
    json!({"a": 1, "web": {"name": "shop", "ports": [80, 443]}, "text": "t"})
}

/// The texts of an input, at least one.
fn texts(input: &[u8]) -> Vec<Cow<'_, str>> {
    let mut rest = Some(input);
    let mut texts = Vec::new();
    while let Some(input) = rest {
        let (first, after) = split(input);
        texts.push(String::from_utf8_lossy(first));
        rest = after;
    }
    texts
}

/// The two texts of an input; the same one twice where it is only one.
fn pair(input: &[u8]) -> (Cow<'_, str>, Cow<'_, str>) {
    let (first, second) = cut(input);
    (String::from_utf8_lossy(first), String::from_utf8_lossy(second))
}

fn cut(input: &[u8]) -> (&[u8], &[u8]) {
    let (first, second) = split(input);
    (first, second.unwrap_or(first))
}

fn split(input: &[u8]) -> (&[u8], Option<&[u8]>) {
    const BETWEEN: &[u8] = b"\n====\n";
    match memchr::memmem::find(input, BETWEEN) {
        Some(at) => (&input[..at], Some(&input[at + BETWEEN.len()..])),
        None => (input, None),
    }
}

#[cfg(test)]
mod tests;
