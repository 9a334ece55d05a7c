//! What an author wrote, as a reader of the page has to see it.
//!
//! A control character is nothing on a page, and a control of the writing direction makes a command read otherwise than it is; both
//! are copied from the page into a terminal. So each becomes `U+FFFD`, in the text and in the names of chapters, whether it stands as it
//! is or as a character reference (`&#x202e;`).

use std::borrow::Cow;
use std::ops::Range;

use mdbook_preprocessor::book::{Book, BookItem};
use pulldown_cmark::{Event, Parser, Tag, TagEnd};

use crate::book::MARKDOWN;
use crate::text::sanitize::is_unsafe;

const REPLACEMENT: char = '\u{fffd}';

/// Makes every unsafe character of a book visible.
pub(crate) fn make_book_visible(book: &mut Book) {
    book.for_each_mut(|item| match item {
        BookItem::Chapter(chapter) => {
            make_visible(&mut chapter.name, visible_line);
            make_visible(&mut chapter.content, visible_markdown);
            chapter.parent_names.iter_mut().for_each(|name| make_visible(name, visible_line));
        }
        BookItem::PartTitle(title) => make_visible(title, visible_line),
        BookItem::Separator => {}
    });
}

/// Makes every unsafe character of a text visible; the text is written anew only if it has one.
pub(crate) fn make_visible(text: &mut String, visible: impl Fn(&str) -> Cow<'_, str>) {
    if let Cow::Owned(shown) = visible(text) {
        *text = shown;
    }
}

/// A name or a title.
pub(crate) fn visible_line(text: &str) -> Cow<'_, str> {
    if !text.contains(is_unsafe) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().map(|next| if is_unsafe(next) { REPLACEMENT } else { next }).collect())
}

/// Markdown. A line end may have a carriage return.
pub(crate) fn visible_markdown(text: &str) -> Cow<'_, str> {
    let has_unsafe = |text: &str| {
        let mut letters = text.chars().peekable();
        while let Some(next) = letters.next() {
            if is_unsafe(next) && !(next == '\r' && letters.peek() == Some(&'\n')) {
                return true;
            }
        }
        false
    };
    let references = unsafe_references(text);
    if references.is_empty() && !has_unsafe(text) {
        return Cow::Borrowed(text);
    }
    let (mut shown, mut at) = (String::with_capacity(text.len()), 0);
    for reference in references {
        shown.push_str(&text[at..reference.start]);
        shown.push(REPLACEMENT);
        at = reference.end;
    }
    shown.push_str(&text[at..]);
    let line_ends = shown.replace("\r\n", "\n");
    Cow::Owned(visible_line(&line_ends).into_owned())
}

/// The character references of unsafe characters, but those in code, which are only text there.
fn unsafe_references(text: &str) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> =
        text.match_indices("&#").filter_map(|(at, _)| unsafe_reference(text, at)).collect();
    if found.is_empty() {
        return found;
    }
    let code = code(text);
    found.retain(|reference| !code.iter().any(|code| code.contains(&reference.start)));
    found
}

/// The reference that begins here, if it is one of an unsafe character. A browser does not need the semicolon.
fn unsafe_reference(text: &str, at: usize) -> Option<Range<usize>> {
    let digits = &text[at + 2..];
    let (radix, digits) = match digits.strip_prefix(['x', 'X']) {
        Some(digits) => (16, digits),
        None => (10, digits),
    };
    let length = digits.find(|letter: char| !letter.is_digit(radix)).unwrap_or(digits.len());
    let number = u32::from_str_radix(&digits[..length], radix).ok()?;
    is_unsafe(char::from_u32(number)?).then(|| {
        let end = text.len() - digits.len() + length;
        at..end + usize::from(text[end..].starts_with(';'))
    })
}

fn code(text: &str) -> Vec<Range<usize>> {
    let (mut found, mut in_block) = (Vec::new(), false);
    for (event, range) in Parser::new_ext(text, MARKDOWN).into_offset_iter() {
        match event {
            Event::Start(Tag::CodeBlock(_)) => in_block = true,
            Event::End(TagEnd::CodeBlock) => in_block = false,
            Event::Code(_) => found.push(range),
            Event::Text(_) if in_block => found.push(range),
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_reader_cannot_see_is_made_visible() {
        for (text, shown) in [
            ("plain\r\n\ttext 日本\n", None),
            (
                "a\u{1b}]0;x\u{7}b\u{202e}c\u{9b}d\re",
                Some("a\u{fffd}]0;x\u{fffd}b\u{fffd}c\u{fffd}d\u{fffd}e"),
            ),
            ("x &#x202e;y&#8238 z&#27;&#X1B;", Some("x \u{fffd}y\u{fffd} z\u{fffd}\u{fffd}")),
            ("<b title=\"&#x202e;\">", Some("<b title=\"\u{fffd}\">")),
            ("&#65; &#x1f600; &#9; &#10; &#xffffffff; &# &#x", None),
            ("`&#x202e;` and\n\n```text\n&#27;\n```\n", None),
            ("`&#27;` &#27;", Some("`&#27;` \u{fffd}")),
            ("```sh\nrm \u{202e}x\n```\r\n", Some("```sh\nrm \u{fffd}x\n```\n")),
        ] {
            let visible = visible_markdown(text);
            assert_eq!(visible, shown.unwrap_or(text), "{text:?}");
            assert_eq!(matches!(visible, Cow::Borrowed(_)), shown.is_none(), "{text:?}");
        }
        assert_eq!(visible_line("T\u{7}\u{2066}\n"), "T\u{fffd}\u{fffd}\n");
    }
}
