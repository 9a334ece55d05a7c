//! Makes text safe to show that guide did not write itself: from a book, an output, a file's name
//! or an object of the cluster.
//!
//! Such text must never control the terminal or the CI that shows it. It must contain no escape
//! sequence, no control character, no control of the writing direction (which can make a line look
//! different from its text), and no line that GitHub Actions takes for a workflow command.
//! [`one_line`] cleans one value that becomes part of a line. [`for_display`] is applied to
//! everything that is printed, so that a forgotten [`one_line`] is ugly but never dangerous.

use std::borrow::Cow;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Characters that Unicode reserves for a program's internal use. The report room marks its own
/// colours with them. The printer turns them into escape sequences after [`for_display`], so that
/// every escape sequence comes from guide itself.
pub(crate) fn is_colour_mark(character: char) -> bool {
    ('\u{fdd0}'..='\u{fdef}').contains(&character)
}

/// Whether the character may control a terminal or make text look different: control characters
/// except the line end and the tab, and the embeddings, overrides and isolates of the writing
/// direction.
pub(crate) fn is_unsafe(character: char) -> bool {
    match character {
        '\n' | '\t' => false,
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => true,
        other => other.is_control(),
    }
}

/// The text as one line, as a terminal would show it. Escape sequences are removed, tabs and line
/// ends become blanks, only the last part stays of text that carriage returns overwrite, and all
/// other unsafe characters are removed.
pub(crate) fn one_line(line: &str) -> String {
    let stripped = anstream::adapter::strip_str(line).to_string();
    let line = stripped.trim_end_matches(['\n', '\r']).replace("\r\n", "\n");
    let last = line.rsplit('\r').next().unwrap_or_default();
    let mut shown = String::with_capacity(last.len());
    for character in last.chars() {
        match character {
            '\t' => (shown.width() % 8..8).for_each(|_| shown.push(' ')),
            '\n' => shown.push(' '),
            character if is_unsafe(character) || is_colour_mark(character) => {}
            character => shown.push(character),
        }
    }
    shown
}

/// A text of several lines, each cleaned as by [`one_line`].
pub(crate) fn lines(text: &str) -> String {
    text.lines().map(one_line).collect::<Vec<_>>().join("\n")
}

/// Makes a text safe to print. It is applied to everything that is printed for people. Colour marks
/// stay. An unsafe character becomes `U+FFFD`, so that no following text is hidden, and a workflow
/// command of GitHub Actions (a line that begins with `::`, or `##[` anywhere) is broken up.
pub(crate) fn for_display(text: &str) -> Cow<'_, str> {
    if !text.contains("::") && !text.contains("##[") && !text.contains(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for line in text.split_inclusive('\n') {
        let start = line.len()
            - line
                .trim_start_matches(|next: char| {
                    next.is_whitespace() || is_colour_mark(next) || is_unsafe(next)
                })
                .len();
        let (indent, rest) = line.split_at(start);
        push_safe(&mut shown, indent);
        match rest.strip_prefix("::") {
            Some(command) => {
                shown.push_str(": :");
                push_safe(&mut shown, &command.replace("##[", "## ["));
            }
            None => push_safe(&mut shown, &rest.replace("##[", "## [")),
        }
    }
    Cow::Owned(shown)
}

fn push_safe(shown: &mut String, text: &str) {
    let text = text.replace("\r\n", "\n");
    shown.extend(text.chars().map(|next| if is_unsafe(next) { '\u{fffd}' } else { next }));
}

/// Equivalent JSON that is safe to print. Unsafe characters are written as `\uXXXX`, and `##[` is
/// escaped. No line of JSON begins with `::`.
pub(crate) fn json_for_display(json: &str) -> Cow<'_, str> {
    let escaped = |next: char| (is_unsafe(next) || is_colour_mark(next)) && next != '\n';
    if !json.contains("##[") && !json.contains(escaped) {
        return Cow::Borrowed(json);
    }
    let mut shown = String::with_capacity(json.len() + 16);
    for next in json.replace("##[", "#\\u0023[").chars() {
        match next {
            next if escaped(next) => shown.push_str(&format!("\\u{:04x}", u32::from(next))),
            next => shown.push(next),
        }
    }
    Cow::Owned(shown)
}

/// The beginning of a line that fits into `width` columns, with `ellipsis` at its end if the line
/// was cut.
pub(crate) fn fit(line: &str, width: usize, ellipsis: &str) -> String {
    if line.width() <= width {
        return line.to_owned();
    }
    let room = width.saturating_sub(ellipsis.width());
    let mut used = 0;
    let mut kept = String::new();
    for character in line.chars() {
        used += character.width().unwrap_or(0);
        if used > room {
            break;
        }
        kept.push(character);
    }
    if ellipsis.width() <= width {
        kept.push_str(ellipsis);
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escape_sequences_and_control_characters_do_not_reach_the_terminal() {
        assert_eq!(one_line("\u{1b}[31mred\u{1b}[0m \u{7}bell\tx"), "red bell        x");
        assert_eq!(one_line("10%\r50%\r100%\r\n"), "100%");
        assert_eq!(one_line("a\tb"), "a       b");
        assert_eq!(one_line("\u{1b}]52;c;cm0=\u{7}title\u{9b}2J"), "title2J");
    }

    #[test]
    fn a_line_stays_one_line_and_keeps_its_order() {
        assert_eq!(one_line("title\n::stop-commands::x\n"), "title ::stop-commands::x");
        assert_eq!(one_line("a\u{202e}b\u{2066}c\u{fdd0}"), "abc");
    }

    #[test]
    fn nothing_that_is_printed_commands_a_terminal_or_a_workflow() {
        assert_eq!(for_display("plain: a::b\n"), "plain: a::b\n");
        assert_eq!(
            for_display("\u{1b}]0;x\ny\u{202e}z\u{9b}m\r\n"),
            "\u{fffd}]0;x\ny\u{fffd}z\u{fffd}m\n"
        );
        assert_eq!(
            for_display("a\n::warning::x\n  \u{fdd0}::add-mask::y\n\u{202e}::z\n"),
            "a\n: :warning::x\n  \u{fdd0}: :add-mask::y\n\u{fffd}: :z\n"
        );
        assert_eq!(for_display("x ##[error]y"), "x ## [error]y");
    }

    #[test]
    fn json_for_display_is_equivalent() {
        let value = serde_json::json!({"a": "\u{1b}[31m \u{9b}x\u{202e} ##[error]\n::y \u{fdd0}"});
        let json = format!("{value:#}\n");
        let shown = json_for_display(&json);
        assert!(!shown.contains(|next| next != '\n' && is_unsafe(next)), "{shown}");
        assert!(!shown.contains("##[") && !shown.lines().any(|line| line.starts_with("::")));
        assert_eq!(serde_json::from_str::<serde_json::Value>(&shown).unwrap(), value);
    }

    #[test]
    fn a_line_is_cut_by_columns_and_not_by_characters() {
        assert_eq!(fit("kubectl get pods", 16, "…"), "kubectl get pods");
        assert_eq!(fit("kubectl get pods", 10, "…"), "kubectl g…");
        assert_eq!(fit("日本語テキスト", 7, "…"), "日本語…");
        assert_eq!(fit("abc", 0, "…"), "");
    }
}
