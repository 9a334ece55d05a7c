//! A manifest's template, and beside it the rendered manifest of each profile, with a link to download it.

use std::collections::HashSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use minijinja::{Value, context};

use super::html::render;
use super::view::Views;
use crate::book::ManifestBlock;
use crate::ids::ChapterName;
use crate::secrets::{Masker, secret_values, without_secret_data};

/// A rendered manifest, with the profiles that have it.
type Version<'a> = (Vec<&'a str>, String);

/// The HTML of a manifest.
pub(super) fn manifest(block: &ManifestBlock, chapter: &ChapterName, views: &Views) -> String {
    let mut versions: Vec<Version<'_>> = Vec::new();
    for view in views {
        let Some(text) = rendered(block, chapter, view) else { continue };
        match versions.iter_mut().find(|(_, known)| *known == text) {
            Some((profiles, _)) => profiles.push(view.profile()),
            None => versions.push((vec![view.profile()], text)),
        }
    }
    drawn(&block.file, &block.profiles.join(" "), &shown_template(&block.template), &versions)
}

/// The template, and beside it the rendered versions, unless they are equal. Lines that values change are marked in both.
fn drawn(file: &str, profiles: &str, template: &str, versions: &[Version<'_>]) -> String {
    let template = template.trim_end();
    let same = versions.len() == 1 && versions[0].1.trim_end() == template;
    let beside = !same && !versions.is_empty();
    let as_it_is: HashSet<&str> = template.lines().map(str::trim_end).collect();
    let version = |(profiles, text): &Version<'_>| {
        let filled = |line: &str| !as_it_is.contains(line.trim_end());
        let profiles: Vec<String> = profiles.iter().map(|profile| (*profile).to_owned()).collect();
        context! { profiles, base64 => STANDARD.encode(text), lines => lines(text.trim_end(), filled) }
    };
    let has_tag = |line: &str| beside && ["{{", "{%", "{#"].iter().any(|tag| line.contains(tag));
    render(
        "manifest",
        context! {
            file,
            file_name => file.rsplit('/').next().unwrap_or(file),
            profiles,
            same,
            beside,
            template => lines(template, has_tag),
            versions => versions.iter().map(version).collect::<Vec<_>>(),
        },
    )
}

fn lines(yaml: &str, filled: impl Fn(&str) -> bool) -> Vec<Value> {
    let line = |line: &str| {
        let filled = filled(line);
        let (indent, text) =
            if filled { line.split_at(line.len() - line.trim_start().len()) } else { ("", line) };
        context! { indent, text, filled }
    };
    yaml.split('\n').map(line).collect()
}

/// The rendered manifest of a profile; `None` if the profile does not have it, or if it is rendered late and was not recorded.
fn rendered(block: &ManifestBlock, chapter: &ChapterName, view: &super::View) -> Option<String> {
    let planned =
        view.chapter(chapter)?.manifests.iter().find(|manifest| manifest.file == block.file)?;
    let text = if planned.late {
        view.recording(chapter)?.manifests.get(&block.file)?.clone()
    } else {
        planned.text.clone()
    };
    Some(view.masker.mask(&without_secret_data(&text)))
}

/// The template without the literal data of its Secret objects.
fn shown_template(template: &str) -> String {
    const FILLED_IN: &str = "filled-in";
    let plain = without_tags(template, FILLED_IN);
    if plain == template {
        return without_secret_data(template);
    }
    let masker = Masker::new();
    let literals = secret_values(&plain)
        .into_iter()
        .filter(|value| memchr::memmem::find(value, FILLED_IN.as_bytes()).is_none());
    literals.for_each(|value| masker.add(&value));
    masker.mask(template)
}

/// The template with a word instead of each `{{ … }}`, and without the other tags.
fn without_tags(template: &str, word: &str) -> String {
    let mut plain = String::with_capacity(template.len());
    let mut rest = template;
    while let Some(at) = ["{{", "{%", "{#"].iter().filter_map(|tag| rest.find(tag)).min() {
        let close = match rest.as_bytes()[at + 1] {
            b'{' => "}}",
            b'%' => "%}",
            _ => "#}",
        };
        let Some(length) = rest[at + 2..].find(close) else { break };
        plain.push_str(&rest[..at]);
        plain.push_str(if close == "}}" { word } else { "" });
        rest = &rest[at + 2 + length + 2..];
    }
    plain + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_values_change_are_marked_in_both_versions() {
        let html =
            drawn("w.yaml", "", "a: 1\nb: {{ x }}", &[(vec!["open"], "a: 1\nb: <2>\n".into())]);
        assert!(
            html.contains(
                "a: 1&#10;<span class=\"g-filled\">b: &#123;&#123; x &#125;&#125;</span>"
            ),
            "{html}"
        );
        assert!(
            html.contains("a: 1&#10;<span class=\"g-filled\">b: &lt;2&gt;</span>")
                && !html.contains("g-tabs"),
            "{html}"
        );
        assert!(html.contains("download=\"w.yaml\"") && !html.contains('\n'), "{html}");
        let two = drawn(
            "w.yaml",
            "",
            "b: {{ x }}",
            &[(vec!["a", "b"], "b: 1".into()), (vec!["c"], "b: 2".into())],
        );
        assert!(two.contains("g-tabs") && two.contains("data-profile=\"a b\""), "{two}");
    }

    #[test]
    fn literals_of_a_secret_template_are_masked() {
        let template = "kind: 'Secret'\n{% if x %}\nstringData:\n  a: \"{{ a }}\"\n  b: hunter22\n{% endif %}\n";
        assert_eq!(shown_template(template), template.replace("hunter22", "***"));
        assert!(!shown_template("kind: \"Secret\"\ndata: {a: aHVudGVy}\n").contains("aHVudGVy"));
        assert_eq!(
            shown_template("kind: ConfigMap # c\ndata: {a: '{{ b }}'}\n"),
            "kind: ConfigMap # c\ndata: {a: '{{ b }}'}\n"
        );
    }
}
