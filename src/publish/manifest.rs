//! A manifest's template, and beside it what each profile makes of it, with a link to download that.

use std::collections::HashSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use minijinja::{Value, context};

use super::html::render;
use super::view::Views;
use crate::book::ManifestBlock;
use crate::ids::ChapterName;
use crate::secrets::{Masker, secret_values, without_secret_data};

/// What some profiles make of a template: their names, and the text.
type Version<'a> = (Vec<&'a str>, String);

/// The whole block.
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

/// The template, and beside it what came of it, unless that is the same. Lines that the values filled in are marked in both.
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

/// What a profile makes of it; `None` where it does not have it, or only a run could render it and none was recorded.
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

/// The template without what its Secret objects hold beside what the values fill in.
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

/// The template with a word in the place of each `{{ … }}`, and nothing in that of the other tags.
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
    fn what_the_values_filled_in_is_marked_beside_its_template() {
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
