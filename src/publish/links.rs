//! Replaces links that lead out of the book. On a code host they lead to a file of the repository, which a site does not have.

use pulldown_cmark::{Event, LinkType, Parser, Tag};

use crate::book::MARKDOWN;

/// Whether a path, relative to the book's root, exists and is not in the site.
pub(super) type Lacks<'a> = &'a dyn Fn(&str) -> bool;

/// The Markdown with every such link replaced by its text and the name of the file. `folder` is the page's folder relative to the
/// chapters' folder, and `src` the chapters' folder relative to the book's root.
pub(super) fn strip_external_links(
    text: &str,
    folder: &str,
    src: &str,
    lacks: Lacks<'_>,
) -> String {
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for (event, range) in Parser::new_ext(text, MARKDOWN).into_offset_iter() {
        let Event::Start(Tag::Link { link_type: LinkType::Inline, dest_url, .. }) = event else {
            continue;
        };
        let Some(file) =
            outward(&dest_url, folder, src).filter(|file| range.start >= at && lacks(file))
        else {
            continue;
        };
        let Some(words) =
            text[range.clone()].strip_prefix('[').and_then(|rest| Some(&rest[..rest.rfind("](")?]))
        else {
            continue;
        };
        out.push_str(&text[at..range.start]);
        out.push_str(&if words.contains(&file) {
            words.to_owned()
        } else {
            format!("{words} (`{file}`)")
        });
        at = range.end;
    }
    out.push_str(&text[at..]);
    out
}

/// The file that a link leads to, relative to the book's root; `None` for a URL or an absolute path.
fn outward(link: &str, folder: &str, src: &str) -> Option<String> {
    let path = link.split(['#', '?']).next().unwrap_or_default();
    if path.is_empty() || path.starts_with('/') || path.contains(':') {
        return None;
    }
    let mut parts: Vec<&str> =
        src.split('/').chain(folder.split('/')).filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_out_of_the_book_becomes_its_text_and_the_file() {
        let text = "See [the lab](../lab/README.md), [next](chapter-2.md#x), [site](https://a.b/c), `[no](../x.md)` and [`lab/x`](../lab/x).\n";
        let expected = "See the lab (`lab/README.md`), [next](chapter-2.md#x), [site](https://a.b/c), `[no](../x.md)` and `lab/x`.\n";
        let lacks = |path: &str| ["lab/README.md", "lab/x", "guide/charts/web"].contains(&path);
        assert_eq!(strip_external_links(text, "", "guide", &lacks), expected);
        assert_eq!(
            strip_external_links("[charts](charts/web)", "", "guide", &lacks),
            "charts (`guide/charts/web`)"
        );
    }

    #[test]
    fn other_links_are_not_changed() {
        let lacks = |path: &str| path == "lab/README.md";
        for text in [
            "[x](sub/b)",
            "[x](./quick-start#run-it)",
            "[std](../std/index.html)",
            "[up](../a.md)",
            "[x](/lab/README.md)",
            "[x](#a)",
        ] {
            assert_eq!(strip_external_links(text, "part-1", "guide", &lacks), text);
        }
    }
}
