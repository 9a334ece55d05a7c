//! The whole difference between two texts as a unified diff, for a file.

use std::time::Duration;

use similar::TextDiff;

/// The time limit of the search for the shortest diff, after which a longer one is used.
const DIFF_LIMIT: Duration = Duration::from_secs(1);

/// A unified diff by lines with three lines of context, as `diff -u` prints it.
pub(crate) fn unified(expected: &str, actual: &str) -> String {
    let diff = TextDiff::configure().timeout(DIFF_LIMIT).diff_lines(expected, actual);
    diff.unified_diff().header("expected", "actual").to_string()
}

#[cfg(test)]
mod tests {
    use super::unified;

    #[test]
    fn the_diff_contains_every_different_line() {
        let lines =
            |word: &str| (0..5_000).map(|line| format!("{word} {line}\n")).collect::<String>();
        let diff = unified(&lines("old"), &lines("new"));
        assert!(
            diff.starts_with("--- expected\n+++ actual\n@@ -1,5000 +1,5000 @@\n"),
            "{}",
            &diff[..80]
        );
        assert!(diff.contains("\n-old 4999\n") && diff.ends_with("\n+new 4999\n"));
    }
}
