//! A manifest's template, and beside it what each profile makes of it, to be downloaded.

use std::collections::HashSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::html::{id, text};
use super::view::Views;
use crate::book::ManifestBlock;
use crate::ids::ChapterName;
use crate::secrets::{Masker, secret_values, without_secret_data};

/// The whole block.
pub(super) fn manifest(block: &ManifestBlock, chapter: &ChapterName, views: &Views) -> String {
    let template = shown_template(&block.template);
    let template = template.trim_end();
    let mut versions: Vec<(String, String)> = Vec::new();
    for view in views {
        let Some(text) = rendered(block, chapter, view) else { continue };
        match versions.iter_mut().find(|(_, known)| *known == text) {
            Some((profiles, _)) => profiles.push_str(&format!(", {}", view.profile())),
            None => versions.push((view.profile().to_owned(), text)),
        }
    }
    let (file, anchor) = (text(&block.file), id(&block.file));
    let profiles = block.profiles.join(" ");
    let data = if profiles.is_empty() {
        String::new()
    } else {
        format!(" data-profile=\"{}\"", text(&profiles))
    };
    let same = versions.len() == 1 && versions[0].1.trim_end() == template;
    let mut html = format!(
        "<figure class=\"g-step g-manifest{}\" id=\"file-{anchor}\"{data}><figcaption><a class=\"g-name\" href=\"#file-{anchor}\">{file}</a>",
        if same || versions.is_empty() { "" } else { " g-beside" }
    );
    html.push_str(if same { "" } else { "<span class=\"g-badge\">template</span>" });
    if same {
        html.push_str(&download(&block.file, &versions[0].1));
    }
    html.push_str("</figcaption>");
    if same || versions.is_empty() {
        html.push_str(&format!(
            "<pre tabindex=\"0\" aria-label=\"{file}\"><code class=\"nohighlight\">{}</code></pre>",
            text(template)
        ));
    } else {
        html.push_str(&sides(template, &block.file, &versions));
    }
    html.push_str("</figure>");
    html
}

/// The template, and beside it what came of it: `versions` are (profiles, text). Lines that the values filled in are marked in both.
fn sides(template: &str, file: &str, versions: &[(String, String)]) -> String {
    let name = text(file);
    let left =
        marked(template, |line| line.contains("{{") || line.contains("{%") || line.contains("{#"));
    let as_it_is: HashSet<&str> = template.lines().map(str::trim_end).collect();
    let several = versions.len() > 1;
    let pane = |(profiles, body): &(String, String)| {
        let label = if several {
            format!("<p class=\"g-label\">{}</p>", text(profiles))
        } else {
            String::new()
        };
        format!(
            "<div class=\"g-pane\" data-profile=\"{}\">{label}<p class=\"g-side\">Rendered with the values {}</p><pre tabindex=\"0\" aria-label=\"{name}, rendered under {}\"><code class=\"nohighlight\">{}</code></pre></div>",
            text(&profiles.replace(", ", " ")),
            download(file, body),
            text(profiles),
            marked(body.trim_end(), |line| !as_it_is.contains(line.trim_end()))
        )
    };
    let panes: String = versions.iter().map(pane).collect();
    let tabs = if several { " g-tabs" } else { "" };
    format!(
        "<div class=\"g-sides\"><div><p class=\"g-side\">Template</p><pre tabindex=\"0\" aria-label=\"{name}, template\"><code class=\"nohighlight\">{left}</code></pre></div><div class=\"g-panes{tabs}\">{panes}</div></div>"
    )
}

fn marked(yaml: &str, filled: impl Fn(&str) -> bool) -> String {
    let line = |line: &str| {
        let (indent, words) = line.split_at(line.len() - line.trim_start().len());
        if filled(line) {
            format!("{indent}<span class=\"g-filled\">{}</span>", text(words))
        } else {
            text(line)
        }
    };
    yaml.split('\n').map(line).collect::<Vec<_>>().join("&#10;")
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

fn download(file: &str, body: &str) -> String {
    let name = file.rsplit('/').next().unwrap_or(file);
    format!(
        "<a class=\"g-download\" download=\"{}\" href=\"data:text/yaml;base64,{}\">Download {}</a>",
        text(name),
        STANDARD.encode(body),
        text(name)
    )
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
        let html = sides("a: 1\nb: {{ x }}", "w.yaml", &[("open".into(), "a: 1\nb: <2>\n".into())]);
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
        let two = sides(
            "b: {{ x }}",
            "w.yaml",
            &[("a, b".into(), "b: 1".into()), ("c".into(), "b: 2".into())],
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
