//! Every fence of a text in Markdown, whatever its language.

use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag};

use super::chapter_text::MARKDOWN;

/// A fence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ListedFence {
    /// 1-based line of its opening.
    pub line: u32,
    /// Its info string.
    pub info: String,
    /// The bytes of the info string in the text.
    pub info_at: std::ops::Range<usize>,
}

/// The fences from byte `from` on.
pub(crate) fn list_fences(text: &str, from: usize) -> Vec<ListedFence> {
    let mut found = Vec::new();
    let (mut at, mut line) = (0, 1_u32);
    for (event, range) in Parser::new_ext(&text[from..], MARKDOWN).into_offset_iter() {
        if !matches!(event, Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(_)))) {
            continue;
        }
        let start = from + range.start;
        line += u32::try_from(memchr::memchr_iter(b'\n', &text.as_bytes()[at..start]).count())
            .unwrap_or(0);
        at = start;
        let end = memchr::memchr(b'\n', &text.as_bytes()[start..])
            .map_or(text.len(), |found| start + found);
        let whole = text[start..end].trim_end();
        let info = whole.trim_start_matches(['`', '~']).trim_start();
        let info_start = start + whole.len() - info.len();
        found.push(ListedFence {
            line,
            info: info.to_owned(),
            info_at: info_start..info_start + info.len(),
        });
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fences_are_those_of_markdown() {
        let text = "```bash {a}\nx\n```\n\n    ```sh\n    y\n    ```\n\n- item\n  ~~~ console\n  z\n    ~~~\n\n````\n```\n````\n";
        let seen: Vec<(u32, String)> =
            list_fences(text, 0).into_iter().map(|fence| (fence.line, fence.info)).collect();
        assert_eq!(
            seen,
            [(1, "bash {a}".to_owned()), (10, "console".to_owned()), (14, String::new())]
        );
    }
}
