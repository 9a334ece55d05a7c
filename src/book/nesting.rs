//! Refuses YAML with very deep brackets before it is parsed, because parsing it could take minutes.

/// The deepest nesting of brackets.
const MAX_DEPTH: usize = 64;

/// The byte of the first bracket that is nested more deeply than [`MAX_DEPTH`]. Brackets in quoted text count as well, because no
/// real text contains so many that are not closed.
pub(crate) fn too_deep(yaml: &str) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, byte) in yaml.bytes().enumerate() {
        match byte {
            b'[' | b'{' => {
                depth += 1;
                if depth > MAX_DEPTH {
                    return Some(at);
                }
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_than_sixty_four_open_brackets_are_too_deep() {
        assert_eq!(too_deep(&"{a: ".repeat(65)), Some(4 * 64));
        assert_eq!(too_deep(&format!("{}{}", "[".repeat(64), "]".repeat(64))), None);
        assert_eq!(too_deep(&"- [a]\n".repeat(1000)), None);
    }
}
