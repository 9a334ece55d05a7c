//! Shortens a text that is too long. It never cuts inside a character.

/// The beginning of a text, at most `most` bytes of it.
pub(crate) fn bytes(text: &str, most: usize) -> &str {
    &text[..text.floor_char_boundary(most)]
}

/// The end of a text, at most `most` bytes of it.
pub(crate) fn last_bytes(text: &str, most: usize) -> &str {
    &text[text.ceil_char_boundary(text.len().saturating_sub(most))..]
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
}
