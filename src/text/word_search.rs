//! Finds a word in a text where it is not a part of a longer word.

use std::ops::Range;

/// Whether this is a character of a variable's name in bash.
pub(crate) fn is_name_character(character: char) -> bool {
    character.is_ascii_alphanumeric() || character == '_'
}

/// Whether bash can have a variable with this name.
pub(crate) fn is_variable_name(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with(|first: char| first.is_ascii_digit())
        && text.chars().all(is_name_character)
}

/// The byte index of every occurrence of `word` without a character of a word directly before or
/// after it. `is_part` returns whether a character belongs to a word.
pub(crate) fn find_words<'t>(
    text: &'t str,
    word: &'t str,
    is_part: impl Fn(char) -> bool + Copy + 't,
) -> impl Iterator<Item = Range<usize>> + 't {
    text.match_indices(word).map(|(at, word)| at..at + word.len()).filter(move |found| {
        !text[..found.start].ends_with(is_part) && !text[found.end..].starts_with(is_part)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(text: &str, word: &str) -> Vec<usize> {
        find_words(text, word, is_name_character).map(|place| place.start).collect()
    }

    #[test]
    fn a_word_is_found_only_as_a_whole_word() {
        assert_eq!(places("NAME=1; echo $NAME $NAMES MY_NAME", "NAME"), [0, 14]);
        assert_eq!(places("é${NAME}é", "NAME"), [4]);
        assert_eq!(places("NAMENAME", "NAME"), [0; 0]);
        let with_dots = |next: char| is_name_character(next) || next == '.';
        assert_eq!(
            find_words("a.b b", "b", with_dots).collect::<Vec<_>>(),
            [Range { start: 4, end: 5 }]
        );
    }

    #[test]
    fn a_variable_begins_with_a_letter_or_an_underscore() {
        assert!(["A", "_a1"].into_iter().all(is_variable_name));
        assert!(["", "1A", "a-b", "é"].into_iter().all(|name| !is_variable_name(name)));
    }
}
