//! Cuts a text that is too long. A cut is never made inside a character.

/// The beginning of a text, at most `most` bytes of it.
pub(crate) fn bytes(text: &str, most: usize) -> &str {
    &text[..text.floor_char_boundary(most)]
}

/// The end of a text, at most `most` bytes of it.
pub(crate) fn last_bytes(text: &str, most: usize) -> &str {
    &text[text.ceil_char_boundary(text.len().saturating_sub(most))..]
}

/// A text as one line of at most `most` characters: line ends and other runs of blanks become one space, and an ellipsis takes the
/// place of the last character where something was left out.
pub(crate) fn line(text: &str, most: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= most {
        return line;
    }
    let mut shortened: String = line.chars().take(most.saturating_sub(1)).collect();
    shortened.truncate(shortened.trim_end().len());
    shortened.push('…');
    shortened
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_before_or_after_a_character_and_never_inside_it() {
        assert_eq!(bytes("aéb", 2), "a");
        assert_eq!(bytes("aéb", 3), "aé");
        assert_eq!(bytes("aéb", 9), "aéb");
        assert_eq!(last_bytes("aéb", 2), "b");
        assert_eq!(last_bytes("aéb", 3), "éb");
        assert_eq!(last_bytes("aéb", 9), "aéb");
        assert_eq!((bytes("é", 0), last_bytes("é", 1)), ("", ""));
    }

    #[test]
    fn a_line_has_no_line_ends_and_at_most_so_many_characters() {
        assert_eq!(line("one\n  two\tthree ", 20), "one two three");
        assert_eq!(line("one\n  two", 7), "one two");
        assert_eq!(line("one two", 6), "one t…");
        assert_eq!(line("one two", 5), "one…");
        assert_eq!(line("日本語テキスト", 4), "日本語…");
    }
}
