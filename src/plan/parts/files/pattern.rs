//! Patterns of file names, as the shell has them.

/// Whether a path matches a pattern of the shell. No pattern matches a `/`.
pub(crate) fn fits(pattern: &str, path: &str) -> bool {
    let (mut patterns, mut parts) = (pattern.split('/'), path.split('/'));
    loop {
        match (patterns.next(), parts.next()) {
            (None, None) => return true,
            (Some(pattern), Some(part)) if part_fits(pattern.as_bytes(), part.as_bytes()) => {}
            _ => return false,
        }
    }
}

/// Whether one part of a path matches. A set (`[ab]`) counts as any one byte.
fn part_fits(pattern: &[u8], part: &[u8]) -> bool {
    match (pattern.first(), part.first()) {
        (None, None) => true,
        (Some(b'*'), _) => (0..=part.len()).any(|at| part_fits(&pattern[1..], &part[at..])),
        (Some(b'?'), Some(_)) => part_fits(&pattern[1..], &part[1..]),
        (Some(b'['), Some(_)) if pattern.contains(&b']') => {
            let close = pattern.iter().position(|&byte| byte == b']').unwrap_or(0);
            part_fits(&pattern[close + 1..], &part[1..])
        }
        (Some(a), Some(b)) if a == b => part_fits(&pattern[1..], &part[1..]),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_in_the_shell() {
        for (pattern, path) in
            [("conf/*.txt", "conf/a.txt"), ("c*/?[xy].y", "conf/ax.y"), ("a/*", "a/b")]
        {
            assert!(fits(pattern, path), "{pattern} {path}");
        }
        for (pattern, path) in [("conf/*", "conf/a/b"), ("*.txt", "a.txt.bak"), ("a/?", "a/")] {
            assert!(!fits(pattern, path), "{pattern} {path}");
        }
    }
}
