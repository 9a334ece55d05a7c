//! SUMMARY.md → the files of the chapters in order.

use std::ops::Range;

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use super::source::{SourceId, Span};

/// One link of SUMMARY.md.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SummaryEntry {
    /// The link's text.
    pub title: String,
    /// The link's target, relative to the book's source folder.
    pub path: String,
    /// The link.
    pub span: Span,
}

/// Every link of SUMMARY.md that names a file: prefix and suffix chapters, and numbered ones at any depth of any part. Drafts without
/// a file and links to other sites are not chapters.
pub(crate) fn parse_summary(source: SourceId, text: &str) -> Vec<SummaryEntry> {
    let mut entries = Vec::new();
    let mut link: Option<(String, Range<usize>)> = None;
    let mut title = String::new();
    let mut heading = false;
    for (event, range) in Parser::new_ext(text, Options::empty()).into_offset_iter() {
        match event {
            Event::Start(Tag::Heading { .. }) => heading = true,
            Event::End(TagEnd::Heading(_)) => heading = false,
            Event::Start(Tag::Link { dest_url, .. }) if !heading => {
                title.clear();
                link = Some((dest_url.into_string(), range));
            }
            Event::Text(piece) | Event::Code(piece) if link.is_some() => title.push_str(&piece),
            Event::End(TagEnd::Link) => {
                if let Some((url, range)) = link.take()
                    && let Some(path) = file_of(&url)
                {
                    entries.push(SummaryEntry {
                        title: title.clone(),
                        path,
                        span: place(source, text, &range),
                    });
                }
            }
            _ => {}
        }
    }
    entries
}

/// The file that a link names, with percent-encoding decoded and without the fragment.
fn file_of(url: &str) -> Option<String> {
    let url = url.split('#').next().unwrap_or_default();
    if url.is_empty() || url.contains("://") || url.starts_with("mailto:") {
        return None;
    }
    let mut bytes = Vec::with_capacity(url.len());
    let mut rest = url.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let decoded = (*first == b'%').then(|| after.get(..2)).flatten();
        let decoded = decoded
            .and_then(|hex| std::str::from_utf8(hex).ok())
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        bytes.push(decoded.unwrap_or(*first));
        rest = if decoded.is_some() { &after[2..] } else { after };
    }
    let path = String::from_utf8(bytes).ok()?;
    Some(path.trim_start_matches("./").to_owned())
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "a source is at most 1 GiB, see `store::source`"
)]
fn place(source: SourceId, text: &str, range: &Range<usize>) -> Span {
    let line = 1 + memchr::memchr_iter(b'\n', &text.as_bytes()[..range.start]).count() as u32;
    Span { source, start: range.start as u32, end: range.end as u32, line }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chapters_come_in_the_order_of_the_summary() {
        let text = "# Summary\n\n[Preface](preface.md)\n\n# Part [one](no.md)\n\n- [Infrastructure](chapter-1-infrastructure.md)\n  \
                    - [Inside `kind`](sub/my%20notes.md#top)\n- [Draft]()\n- [Site](https://example.org)\n\n---\n\n[Appendix](./appendix.md)\n";
        let entries = parse_summary(SourceId(0), text);
        let read: Vec<(&str, &str, u32)> = entries
            .iter()
            .map(|entry| (entry.title.as_str(), entry.path.as_str(), entry.span.line))
            .collect();
        assert_eq!(
            read,
            [
                ("Preface", "preface.md", 3),
                ("Infrastructure", "chapter-1-infrastructure.md", 7),
                ("Inside kind", "sub/my notes.md", 8),
                ("Appendix", "appendix.md", 14)
            ]
        );
        assert_eq!(&text[entries[1].span.range()], "[Infrastructure](chapter-1-infrastructure.md)");
    }
}
