//! Quotes text as one word that bash reads back unchanged. The word is ASCII only, so that no locale that a step may have set
//! changes its length.

/// A shell word with these bytes as its value. NUL bytes are omitted, because no variable of bash
/// can contain them.
pub(crate) fn quoted(bytes: &[u8]) -> String {
    let is_plain = |&byte: &u8| matches!(byte, b' '..=b'~' | b'\n' | b'\t');
    if let (true, Ok(text)) = (bytes.iter().all(is_plain), std::str::from_utf8(bytes)) {
        return format!("'{}'", text.replace('\'', r"'\''"));
    }
    let mut word = String::with_capacity(bytes.len() + 8);
    word.push_str("$'");
    for &byte in bytes {
        match byte {
            0 => {}
            b'\'' | b'\\' => word.extend(['\\', char::from(byte)]),
            b' '..=b'~' => word.push(char::from(byte)),
            _ => word.push_str(&format!("\\{byte:03o}")),
        }
    }
    word.push('\'');
    word
}

/// Whether bash accepts this as a variable's name.
pub(crate) fn is_variable_name(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with(|first: char| first.is_ascii_digit())
        && text.chars().all(is_name_character)
}

/// Whether this character may be part of a variable's name.
pub(crate) fn is_name_character(character: char) -> bool {
    character.is_ascii_alphanumeric() || character == '_'
}

#[cfg(test)]
mod tests {
    use super::{is_variable_name, quoted};

    #[test]
    fn a_variable_name_has_letters_digits_and_underscores_and_no_digit_first() {
        assert!(["A", "_", "a_1"].into_iter().all(is_variable_name));
        assert!(!["", "1a", "a-b", "é", "a b"].into_iter().any(is_variable_name));
    }

    #[test]
    fn plain_text_is_written_in_single_quotes() {
        assert_eq!(quoted(b"echo \"$x\"\n"), "'echo \"$x\"\n'");
        assert_eq!(quoted(b"it's"), "'it'\\''s'");
        assert_eq!(quoted(b""), "''");
    }

    #[test]
    fn other_bytes_are_written_in_octal() {
        assert_eq!(quoted("é'\\\r".as_bytes()), "$'\\303\\251\\'\\\\\\015'");
        assert_eq!(quoted(b"a\0b\x07"), "$'ab\\007'");
    }
}
