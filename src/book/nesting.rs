//! YAML whose brackets nest so deeply that a parser would be busy with it for minutes: it is refused before it is parsed.

/// Brackets inside of each other that nobody writes.
const DEEPEST: usize = 64;

/// The byte at which a text opens more brackets inside of each other than anybody writes. Brackets inside of texts count as well: no
/// text holds so many that are not closed.
pub(crate) fn too_deep(yaml: &str) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, byte) in yaml.bytes().enumerate() {
        match byte {
            b'[' | b'{' => {
                depth += 1;
                if depth > DEEPEST {
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
    fn only_what_nobody_writes_is_too_deep() {
        assert_eq!(too_deep(&"{a: ".repeat(65)), Some(4 * 64));
        assert_eq!(too_deep(&format!("{}{}", "[".repeat(64), "]".repeat(64))), None);
        assert_eq!(too_deep(&"- [a]\n".repeat(1000)), None);
    }
}
