//! Finds the opening line of a fence in another fence, in HTML or in indented code, where Markdown does not read it as a fence.

use std::ops::Range;

/// Whether another tool reads the content of such a fence as Markdown. mdbook-admonish does, and MyST for its directives.
pub(super) fn is_admonition(info: &str) -> bool {
    const DIRECTIVES: [&str; 16] = [
        "admonition",
        "attention",
        "card",
        "caution",
        "danger",
        "dropdown",
        "error",
        "hint",
        "important",
        "note",
        "seealso",
        "tab-item",
        "tab-set",
        "tip",
        "warning",
        "admonish",
    ];
    let word = |text: &str| text.split([' ', '}', ',']).next().unwrap_or_default().to_owned();
    match info.strip_prefix('{') {
        Some(directive) => DIRECTIVES.contains(&word(directive).as_str()),
        None => word(info) == "admonish",
    }
}

/// Whether the byte may precede a fence in its line: blanks, and the marks of quotes and lists.
fn is_prefix(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'>' | b'-' | b'*' | b'+' | b'.' | b')') || byte.is_ascii_digit()
}

/// The number of columns of the beginning of a line.
pub(super) fn columns(prefix: &str) -> usize {
    prefix
        .chars()
        .fold(0, |column, next| if next == '\t' { (column / 4 + 1) * 4 } else { column + 1 })
}

/// The bytes of the first line in a body that would open a fence for which `opens` holds, with at least `length` of the byte `mark`.
/// A line that blanks indent to the column `code_from` opens none.
pub(super) fn nested_opening(
    body: &str,
    mark: u8,
    length: usize,
    code_from: usize,
    opens: fn(&str) -> bool,
) -> Option<Range<usize>> {
    memchr::memchr(mark, body.as_bytes())?;
    let triple = [mark; 3];
    let mut from = 0;
    while let Some(found) = memchr::memmem::find(&body.as_bytes()[from..], &triple) {
        let start = from + found;
        let line_start = memchr::memrchr(b'\n', &body.as_bytes()[..start]).map_or(0, |end| end + 1);
        let line_end =
            memchr::memchr(b'\n', &body.as_bytes()[start..]).map_or(body.len(), |end| start + end);
        let marks = body[start..line_end].bytes().take_while(|byte| *byte == mark).count();
        let prefix = &body[line_start..start];
        let is_code = columns(prefix) >= code_from && prefix.trim().is_empty();
        let alone = prefix.bytes().all(is_prefix) && !is_code;
        if alone && marks >= length && opens(&body[start + marks..line_end]) {
            return Some(start..start + body[start..line_end].trim_end().len());
        }
        from = line_end;
    }
    None
}
