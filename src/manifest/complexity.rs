//! Refuses expressions with very many operators: minijinja parses and evaluates them recursively, so they would overflow the stack.

use std::ops::Range;

/// The most operators of one expression, and the most branches of one template.
const MAX_OPERATORS: usize = 1000;
/// Words that another expression follows, so that they count as operators.
const OPERATOR_WORDS: [&str; 8] = ["not", "else", "and", "or", "in", "is", "if", "elif"];

/// The first expression of a template that is too long, as bytes of the text (at most 60 of them).
pub(crate) fn too_long_in_template(text: &str) -> Option<Range<usize>> {
    let mut at = 0;
    let mut branches = 0;
    while let Some(open) = text[at..].find(['{']).map(|found| at + found) {
        let close = match text.as_bytes().get(open + 1) {
            Some(b'{') => "}}",
            Some(b'%') => "%}",
            _ => {
                at = open + 1;
                continue;
            }
        };
        let end = text[open + 2..].find(close).map_or(text.len(), |found| open + 2 + found);
        let inside = &text[open + 2..end];
        branches += usize::from(inside.trim_start_matches(['-', '+', ' ']).starts_with("elif"));
        if is_too_long(inside) || branches > MAX_OPERATORS {
            return Some(open..(open + 60).min(end));
        }
        at = end;
    }
    None
}

/// Whether an expression has more than [`MAX_OPERATORS`] operators. Text in quotes does not count.
pub(crate) fn is_too_long(expression: &str) -> bool {
    let mut operators = 0;
    let mut rest = expression;
    while let Some(next) = rest.chars().next() {
        let length = match next {
            '"' | '\'' => rest[1..].find(next).map_or(rest.len(), |close| close + 2),
            letter if letter.is_alphabetic() || letter == '_' => {
                let end = rest
                    .find(|next: char| !next.is_alphanumeric() && next != '_')
                    .unwrap_or(rest.len());
                operators += usize::from(OPERATOR_WORDS.contains(&&rest[..end]));
                end
            }
            '.' => {
                operators += usize::from(rest[1..].starts_with(char::is_alphabetic));
                1
            }
            other => {
                operators += usize::from("+-*/%~|([{<>=!".contains(other));
                other.len_utf8()
            }
        };
        rest = &rest[length..];
    }
    operators > MAX_OPERATORS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expression_of_a_thousand_operators_is_too_long_and_a_long_text_is_not() {
        for long in ["not ", "-", "1 + ", "a.b.", "1 if a else ", "x|", "("] {
            let expression = format!("{}1", long.repeat(1100));
            assert!(is_too_long(&expression), "{long}");
            assert!(
                too_long_in_template(&format!("a: {{{{ {expression} }}}}")).is_some(),
                "{long}"
            );
        }
        let branches = format!("{{% if a %}}{}{{% endif %}}", "{% elif a %}x".repeat(1100));
        assert!(too_long_in_template(&branches).is_some());
        let text = format!(
            "{{{{ \"{}\" }}}} {}",
            "-+(".repeat(1000),
            "a: {{ b.c|d }} {x: 1}\n".repeat(2000)
        );
        assert_eq!(too_long_in_template(&text), None);
        assert!(!is_too_long(&"1.5, ".repeat(3000)));
    }
}
