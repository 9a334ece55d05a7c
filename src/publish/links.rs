//! Links that lead out of the book: on a code host they show a file beside it, in a site there is none.

use pulldown_cmark::{Event, LinkType, Parser, Tag};

use crate::book::MARKDOWN;

/// The Markdown with such links as their text and the file's name. `folder`: the page's, relative to the chapters' (empty: that one);
/// `src`: the chapters' folder, relative to the book's root.
pub fn without_outward(text: &str, folder: &str, src: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for (event, range) in Parser::new_ext(text, MARKDOWN).into_offset_iter() {
        let Event::Start(Tag::Link { link_type: LinkType::Inline, dest_url, .. }) = event else { continue };
        let Some(file) = outward(&dest_url, folder, src).filter(|_| range.start >= at) else { continue };
        let Some(words) = text[range.clone()].strip_prefix('[').and_then(|rest| Some(&rest[..rest.rfind("](")?])) else {
            continue;
        };
        out.push_str(&text[at..range.start]);
        out.push_str(&if words.contains(&file) { words.to_owned() } else { format!("{words} (`{file}`)") });
        at = range.end;
    }
    out.push_str(&text[at..]);
    out
}

/// The file a link leads to, relative to the book's root, where that is no part of the site: outside of the chapters, or a folder.
fn outward(link: &str, folder: &str, src: &str) -> Option<String> {
    let path = link.split(['#', '?']).next().unwrap_or_default();
    if path.is_empty() || path.starts_with('/') || path.contains(':') {
        return None;
    }
    let mut parts: Vec<&str> = src.split('/').chain(folder.split('/')).filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            name => parts.push(name),
        }
    }
    let file = parts.join("/");
    let is_folder = parts.last().is_none_or(|name| !name.contains('.'));
    let inside = file.strip_prefix(src).is_some_and(|rest| rest.starts_with('/'));
    (is_folder || !inside).then_some(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_out_of_the_book_becomes_its_text_and_the_file() {
        let text = "See [the lab](../lab/README.md), [next](chapter-2.md#x), [site](https://a.b/c), `[no](../x.md)` and [`lab/x`](../lab/x).\n";
        let expected =
            "See the lab (`lab/README.md`), [next](chapter-2.md#x), [site](https://a.b/c), `[no](../x.md)` and `lab/x`.\n";
        assert_eq!(without_outward(text, "", "guide"), expected);
        assert_eq!(without_outward("[charts](charts/web)", "", "guide"), "charts (`guide/charts/web`)");
        assert_eq!(without_outward("[up](../a.md)", "part-1", "guide"), "[up](../a.md)");
    }
}
