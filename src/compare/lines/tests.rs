#![expect(clippy::disallowed_methods, reason = "the test measures that a comparison is quick")]

use super::*;
use crate::compare::verdict::Difference;

fn compare(expected: &str, actual: &str) -> Verdict {
    compare_lines(expected, actual, None, &Bindings::new())
}

#[track_caller]
fn same(expected: &str, actual: &str) -> Bindings {
    match compare(expected, actual) {
        Verdict::Same { bound } => bound,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn told(expected: &str, actual: &str) -> Vec<String> {
    match compare(expected, actual) {
        Verdict::Differs(differences) => differences.iter().map(described).collect(),
        other => panic!("{other:?}"),
    }
}

pub(crate) fn described(difference: &Difference) -> String {
    match difference {
        Difference::Missing { what, expected, .. } => format!("- {what}: {expected}"),
        Difference::Unexpected { what, actual, .. } => format!("+ {what}: {actual}"),
        Difference::Changed { what, expected, actual, .. } => {
            format!("~ {what}: {expected} → {actual}")
        }
        Difference::Binding { name, why, .. } => format!("! {name} {why}"),
    }
}

#[test]
fn line_ends_and_trailing_spaces_do_not_matter() {
    same("a\nb\n", "a  \nb");
    same("", "\n");
}

#[test]
fn a_changed_line_is_reported_as_changed() {
    assert_eq!(told("a\nb\nc", "a\nx\nc"), ["~ line 2: b → x"]);
}

#[test]
fn a_missing_and_a_new_line_are_reported() {
    assert_eq!(told("a\nb\nc", "a\nc"), ["- line 2: b"]);
    assert_eq!(told("a\nc", "a\nb\nc"), ["+ line 2: b"]);
}

#[test]
fn in_a_block_of_changes_similar_lines_are_paired() {
    let expected = "start\npod web is up\npod db is up\nend";
    let actual = "start\nsomething else came\npod web is down\npod db is down\nend";
    assert_eq!(
        told(expected, actual),
        [
            "+ line 2: something else came",
            "~ line 2: pod web is up → pod web is down",
            "~ line 3: pod db is up → pod db is down",
        ]
    );
}

#[test]
fn dots_on_a_line_match_any_number_of_lines() {
    same("a\n...\nz", "a\nb\nc\nz");
    same("a\n...\nz", "a\nz");
    same("...", "");
    same("...\nz", "z");
    same("a\n  ...", "a\nb");
    same("...\nm\n...\nn\n...", "1\nm\n2\nm\nn\n3");
    assert_eq!(told("a\n...\nz", "a\nb\nc"), ["- line 3: z"]);
}

#[test]
fn a_missing_line_after_dots_is_reported() {
    assert_eq!(
        told("a\n...\nready: 3/3\n...\nz", "a\nb\nready: 2/3\nc\nz"),
        ["~ line 3: ready: 3/3 → ready: 2/3"]
    );
}

#[test]
fn names_are_bound_and_must_stay_equal() {
    let bound = same("pod <pod>\n...\nbye <pod>", "pod web-1\nnoise\nbye web-1");
    assert_eq!(bound["pod"], "web-1");
    assert_eq!(
        told("pod <pod>\nbye <pod>", "pod web-1\nbye web-2"),
        ["! pod is `web-1` since it was bound, and `web-2` here"]
    );
}

#[test]
fn the_place_of_a_part_is_the_one_that_lets_the_rest_match() {
    let bound = same(
        "...\npod <p> ready\n...\npod <p> done\n...",
        "pod a ready\npod b ready\npod b done\nend",
    );
    assert_eq!(bound["p"], "b");
}

#[test]
fn a_text_that_differs_binds_no_name() {
    assert_eq!(told("n=<n:int>\nok", "n=5\nno"), ["~ line 2: ok → no"]);
}

#[test]
fn many_differences_are_counted() {
    let many = |word: &str| (0..5_000).map(|index| format!("{word} {index}\n")).collect::<String>();
    let told = told(&many("old"), &many("new"));
    assert_eq!(told.len(), 201);
    assert_eq!(told[200], "+ 4800 more differences: ");
}

#[test]
#[ignore = "asserts a time, which a loaded machine does not keep: it belongs into benches/"]
fn texts_of_a_hundred_thousand_lines_that_share_nothing_are_compared_in_time() {
    let many = |step: usize| {
        (0..100_000).map(|index| format!("{}\n", index * step % 65_537)).collect::<String>()
    };
    let started = std::time::Instant::now();
    assert!(!told(&many(7), &many(11)).is_empty());
    assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
}
