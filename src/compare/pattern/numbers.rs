//! Finds the numbers that `<name:int>` and `<name:float>` match.

/// Every length at which the text is a whole number. The longest is the last.
pub(super) fn number_ends(rest: &str, at: usize, length: fn(&str) -> Option<usize>) -> Vec<usize> {
    let longest = length(rest).unwrap_or(0);
    (1..=longest.min(400))
        .filter(|end| length(&rest[..*end]) == Some(*end))
        .map(|end| at + end)
        .collect()
}

/// The length of the whole number at the start of the text, in bytes.
pub(super) fn int_length(text: &str) -> Option<usize> {
    let sign = usize::from(text.starts_with(['+', '-']));
    let digits = digits(&text[sign..]);
    (digits > 0).then_some(sign + digits)
}

/// The length of the number at the start of the text, in bytes: `3`, `-0.5`, `.5`, `1e-3`.
pub(super) fn float_length(text: &str) -> Option<usize> {
    let sign = usize::from(text.starts_with(['+', '-']));
    let whole = digits(&text[sign..]);
    let mut end = sign + whole;
    let mut fraction = 0;
    if text[end..].starts_with('.') {
        fraction = digits(&text[end + 1..]);
        end += if fraction > 0 { fraction + 1 } else { 0 };
    }
    if whole + fraction == 0 {
        return None;
    }
    if text[end..].starts_with(['e', 'E'])
        && let Some(exponent) = int_length(&text[end + 1..])
    {
        end += 1 + exponent;
    }
    Some(end)
}

fn digits(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_digit).count()
}
