//! Expressions that are longer than anybody writes: minijinja would follow them call within call, until the stack is used up.

use std::ops::Range;

/// Operators of one expression, and branches of one template.
const MOST: usize = 1000;
/// Words that take another expression behind them.
const WORDS: [&str; 8] = ["not", "else", "and", "or", "in", "is", "if", "elif"];

/// Where a template holds an expression that is too long; `None` where it holds none.
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
        if is_too_long(inside) || branches > MOST {
            return Some(open..(open + 60).min(end));
        }
        at = end;
    }
    None
}

/// Whether an expression has more operators than anybody writes. Texts in quotes do not count.
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
                operators += usize::from(WORDS.contains(&&rest[..end]));
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
    operators > MOST
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_nobody_writes_is_too_long() {
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
