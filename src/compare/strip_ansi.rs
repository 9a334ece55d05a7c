//! Converts an output into the text that a person sees in a terminal: without escape sequences, and
//! with uniform line ends. No pattern and no normalizer is applied here.

use std::borrow::Cow;

const ESCAPE: char = '\u{1b}';

/// The text of an output for a comparison. ANSI escape sequences are removed, CRLF becomes LF, and
/// of a line that carriage returns restart only the last text is kept. Bytes that are not UTF-8
/// (and NUL, which Markdown cannot contain) become a replacement character and hexadecimal digits,
/// so that different bytes stay different.
pub(crate) fn strip_ansi(bytes: &[u8]) -> Cow<'_, str> {
    let mut text = readable(bytes);
    if memchr::memchr(0x1b, bytes).is_some() {
        text = Cow::Owned(without_escapes(&text));
    }
    if memchr::memchr(b'\r', bytes).is_some() {
        text = Cow::Owned(text.split('\n').map(overwritten).collect::<Vec<_>>().join("\n"));
    }
    if memchr::memchr(0, bytes).is_some() {
        text = Cow::Owned(text.replace('\0', "\u{fffd}00"));
    }
    text
}

fn readable(bytes: &[u8]) -> Cow<'_, str> {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Cow::Borrowed(text);
    }
    let mut text = String::with_capacity(bytes.len() + 16);
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        for byte in chunk.invalid() {
            text.push_str(&format!("\u{fffd}{byte:02x}"));
        }
    }
    Cow::Owned(text)
}

/// The part of a line that a terminal shows after carriage returns have restarted it, as for
/// progress in percent.
fn overwritten(line: &str) -> &str {
    let line = line.trim_end_matches('\r');
    line.rfind('\r').map_or(line, |at| &line[at + 1..])
}

/// The lines without trailing white space, and without the empty lines at the end of the text.
pub(super) fn lines(text: &str) -> Vec<&str> {
    let text = text.trim_end();
    if text.is_empty() { Vec::new() } else { text.split('\n').map(str::trim_end).collect() }
}

fn without_escapes(text: &str) -> String {
    let mut rest = text;
    let mut kept = String::with_capacity(text.len());
    while let Some(at) = rest.find(ESCAPE) {
        kept.push_str(&rest[..at]);
        rest = after_escape(&rest[at + 1..]);
    }
    kept.push_str(rest);
    kept
}

/// The text after an escape sequence whose ESC was directly before `text`.
fn after_escape(text: &str) -> &str {
    let mut chars = text.chars();
    match chars.next() {
        // CSI: parameters, then one final byte.
        Some('[') => {
            let parameters = text[1..].trim_start_matches(|c| ('\u{20}'..='\u{3f}').contains(&c));
            let mut rest = parameters.chars();
            match rest.next() {
                Some('\u{40}'..='\u{7e}') => rest.as_str(),
                _ => parameters,
            }
        }
        // OSC, DCS, APC, PM: up to BEL or ESC \, within the line.
        Some(']' | 'P' | '_' | '^') => {
            let line = text.find('\n').unwrap_or(text.len());
            match text[..line].find(['\u{7}', ESCAPE]) {
                Some(end) if text[end..].starts_with('\u{7}') => &text[end + 1..],
                Some(end) => text[end + 1..].strip_prefix('\\').unwrap_or(&text[end..]),
                None => &text[line..],
            }
        }
        // Character sets: one more byte.
        Some('(' | ')' | '*' | '+' | '#' | '%') => {
            chars.next();
            chars.as_str()
        }
        Some('\u{20}'..='\u{7e}') => chars.as_str(),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_titles_and_cursor_moves_are_removed() {
        let shown = strip_ansi(b"\x1b[1;32mok\x1b[0m \x1b]0;a title\x07done\x1b(B\x1b[2K!");
        assert_eq!(shown, "ok done!");
    }

    #[test]
    fn a_hyperlink_leaves_its_text() {
        assert_eq!(strip_ansi(b"\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\."), "link.");
    }

    #[test]
    fn an_output_without_escapes_is_not_copied() {
        assert!(matches!(strip_ansi(b"a\nb\n"), Cow::Borrowed(_)));
    }

    #[test]
    fn carriage_returns_before_line_ends_do_not_matter() {
        assert_eq!(lines(&strip_ansi(b"a  \r\nb\t\r\n\r\n\n")), ["a", "b"]);
    }

    #[test]
    fn of_progress_in_one_line_the_last_text_is_kept() {
        assert_eq!(strip_ansi(b"10%\r50%\r100%\r\ndone\n"), "100%\ndone\n");
    }

    #[test]
    fn bytes_that_are_not_text_stay_different() {
        assert_eq!(strip_ansi(b"a\xffb\0"), "a\u{fffd}ffb\u{fffd}00");
        assert_ne!(strip_ansi(b"\xff"), strip_ansi(b"\xfe"));
    }

    #[test]
    fn no_output_has_no_lines() {
        assert!(lines("").is_empty());
        assert!(lines("\n \n").is_empty());
    }
}
