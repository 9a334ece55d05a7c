//! Text from outside made fit to be shown: no escape sequence, no control character, no more than fits.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// One line as a terminal would have left it: escape sequences gone, tabs as blanks, of what carriage returns have overwritten
/// only the last, other control characters gone.
pub(crate) fn visible(line: &str) -> String {
    let stripped = anstream::adapter::strip_str(line).to_string();
    let line = stripped.trim_end_matches(['\n', '\r']);
    let last = line.rsplit('\r').next().unwrap_or_default();
    let mut shown = String::with_capacity(last.len());
    for character in last.chars() {
        match character {
            '\t' => (shown.width() % 8..8).for_each(|_| shown.push(' ')),
            character if character.is_control() => {}
            character => shown.push(character),
        }
    }
    shown
}

/// As much of a line as fits into `width` columns, `ellipsis` at its end where something was cut off.
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
        assert_eq!(visible("\u{1b}[31mred\u{1b}[0m \u{7}bell\tx"), "red bell        x");
        assert_eq!(visible("10%\r50%\r100%\r\n"), "100%");
        assert_eq!(visible("a\tb"), "a       b");
    }

    #[test]
    fn a_line_is_cut_by_columns_and_not_by_characters() {
        assert_eq!(fit("kubectl get pods", 16, "…"), "kubectl get pods");
        assert_eq!(fit("kubectl get pods", 10, "…"), "kubectl g…");
        assert_eq!(fit("日本語テキスト", 7, "…"), "日本語…");
        assert_eq!(fit("abc", 0, "…"), "");
    }
}
