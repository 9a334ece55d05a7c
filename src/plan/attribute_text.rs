//! Attributes in one canonical text, for fingerprints: the same for braces that mean the same, in any order and in JSON too.

use std::fmt::Write;

use crate::book::{Attributes, Background, ExitExpectation, SnapshotKind, Verify};

/// The canonical text of a step's attributes; empty for one that has none.
pub(crate) fn attribute_text(attributes: &Attributes) -> String {
    let mut text = String::new();
    write_attributes(attributes, &mut text);
    text
}

/// Writes what is not the default. The name is left out (it is the step's id); of the time limit only a step's own counts, for
/// a chapter's longer one does not make undone what has passed.
#[expect(clippy::too_many_lines, reason = "one line an attribute: cut in two it could forget one")]
pub(super) fn write_attributes(attributes: &Attributes, out: &mut String) {
    // Taken apart by name, so that a new attribute can't be forgotten here.
    let Attributes {
        profiles,
        timeout,
        exit,
        verify,
        preexisting,
        until,
        stable,
        retry,
        snapshot,
        normalize,
        check,
        background,
        ready,
        always,
        confirm,
        secrets,
        interactive,
        sample,
        cwd,
        only_when_named,
    } = attributes;
    let mut word = |key: &str, value: Option<&dyn std::fmt::Display>| {
        if let Some(value) = value {
            let _ = write!(out, "{key}={value}\0");
        }
    };
    fn shown<T: std::fmt::Display>(value: &Option<T>) -> Option<&dyn std::fmt::Display> {
        value.as_ref().map(|value| value as &dyn std::fmt::Display)
    }
    let list = |list: &[String]| (!list.is_empty()).then(|| list.join(","));
    let millis = |time: &Option<std::time::Duration>| time.map(|time| time.as_millis());
    let flag = |yes: bool| yes.then_some(true);
    word("profile", shown(&list(profiles)));
    word("timeout", shown(&millis(timeout)));
    word("exit", shown(&Some(exit).filter(|exit| **exit != ExitExpectation::default())));
    word(
        "verify",
        shown(&verify.as_ref().map(|verify| match verify {
            Verify::Before => "",
            Verify::Step(step) => step.as_str(),
        })),
    );
    word("preexisting", shown(&flag(*preexisting)));
    word("until", shown(&millis(until)));
    word("stable", shown(&millis(stable)));
    word("retry", shown(&Some(retry).filter(|retry| **retry > 0)));
    word(
        "snapshot",
        shown(&snapshot.map(|kind| match kind {
            SnapshotKind::Auto => "",
            SnapshotKind::Text => "text",
            SnapshotKind::Table => "table",
            SnapshotKind::Json => "json",
            SnapshotKind::Yaml => "yaml",
        })),
    );
    word("normalize", shown(normalize));
    word("check", shown(check));
    word(
        "background",
        shown(&background.map(|background| match background {
            Background::Chapter => "chapter",
            Background::Run => "run",
            Background::Keep => "keep",
        })),
    );
    word("ready", shown(ready));
    word("always", shown(&flag(*always)));
    word("confirm", shown(confirm));
    word("secret", shown(&list(secrets)));
    word("interactive", shown(&flag(*interactive)));
    word("sample", shown(sample));
    word("cwd", shown(cwd));
    word("only_when_named", shown(&flag(*only_when_named)));
}
