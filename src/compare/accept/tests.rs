use proptest::prelude::*;

use super::*;

#[track_caller]
fn accepts(old: &str, actual: &str, kind: Option<SnapshotKind>, new: &str) {
    assert_eq!(accept_fence(old, actual, kind, &Bindings::new(), &Rules::default()), new);
}

#[test]
fn only_the_line_that_changed_is_rewritten() {
    accepts("a  \nold\nc\n", "a\nnew\nc\n", None, "a  \nnew\nc\n");
}

#[test]
fn patterns_that_match_stay() {
    accepts(
        "pod/<pod> created\n[..] ok\nold\n",
        "pod/web-1 created\nall is ok\nnew\n",
        None,
        "pod/<pod> created\n[..] ok\nnew\n",
    );
}

#[test]
fn a_pattern_that_no_longer_matches_is_rewritten() {
    accepts("n is <n:int>\nb\n", "n is many\nb\n", None, "n is many\nb\n");
    accepts(
        "n is <n:int>\nb\nn is <n:int>\n",
        "n is 1\nb\nn is 2\n",
        None,
        "n is <n:int>\nb\nn is 2\n",
    );
}

#[test]
fn a_pattern_of_a_changed_line_stays_if_its_word_is_still_in_the_line() {
    accepts("Hello, <who>\n", "Good day, root\n", None, "Good day, <who>\n");
    accepts("<n:int> apples for <who>\n", "3 pears for me\n", None, "<n:int> pears for <who>\n");
    accepts("took [..] in all\n", "took 3s in sum\n", None, "took [..] in sum\n");
    accepts("<a> and <b>\nx <a>\n", "1 or 2\ny 3\n", None, "<a> or <b>\ny 3\n");
    accepts("v <n:int>\n", "version <n>\n", None, "version \\<n>\n");
}

#[test]
fn dots_stay_in_their_place() {
    accepts(
        "a\n...\nready 3/3\n...\nz\n",
        "a\nb\nready 2/3\nc\nz\n",
        None,
        "a\n...\nready 2/3\n...\nz\n",
    );
    accepts("a\n...\nz\n", "a\nb\nc\n", None, "a\n...\n");
    accepts("...\n", "x\n", None, "...\n");
}

#[test]
fn new_lines_are_added_and_missing_lines_are_removed() {
    accepts("a\nb\nc\n", "a\nx\ny\nc\nd\n", None, "a\nx\ny\nc\nd\n");
    accepts("a\nb\nc\n", "c\n", None, "c\n");
    accepts("a\n", "", None, "");
}

#[test]
fn with_a_kind_volatile_text_is_not_a_change() {
    accepts(
        "web-7d4b9c6f5-x2x9z 5m ago\nold\n",
        "web-6b8f4c9d7d-q4k8n 2d ago\nnew\n",
        Some(SnapshotKind::Text),
        "web-7d4b9c6f5-x2x9z 5m ago\nnew\n",
    );
}

#[test]
fn in_a_table_only_changed_cells_are_rewritten() {
    let old = "\
NAME                  READY   STATUS    RESTARTS   AGE
web-[..]              1/1     Running   0          5m
db-0                  1/1     Running   <n:int>    5m
gone                  1/1     Running   0          5m
";
    let actual = "\
NAME                   READY   STATUS             RESTARTS      AGE
new                    1/1     Running            0             1d
db-0                   0/1     CrashLoopBackOff   4 (5m ago)    1d
web-6b8f4c9d7d-q4k8n   1/1     Running            0             1d
";
    let new = "\
NAME                  READY   STATUS    RESTARTS   AGE
web-[..]              1/1     Running   0          5m
db-0                  0/1     CrashLoopBackOff  4 (5m ago)  5m
new                   1/1     Running   0          1d
";
    accepts(old, actual, Some(SnapshotKind::Table), new);
}

#[test]
fn a_table_with_other_columns_replaces_the_old_one() {
    let new = "NAME   NODE\na      one\n";
    accepts("NAME   READY\na      1/1\n", new, Some(SnapshotKind::Table), new);
}

#[test]
fn in_yaml_patterns_stay_too() {
    accepts(
        "a: <n:int>\nb: 1\n...\n",
        "a: 5\nb: 2\nc: 3\n",
        Some(SnapshotKind::Yaml),
        "a: <n:int>\nb: 2\n...\n",
    );
}

#[test]
fn the_offered_pattern_is_the_normalized_form() {
    let offered = |line, expected| pattern_for(line, expected, &Rules::default());
    assert_eq!(
        offered("pod/web-7d4b9c6f5-x2x9z on 10.0.0.1 5m ago", None),
        "pod/web-[..] on 10.0.0.1 [..] ago"
    );
    assert_eq!(offered("load is 0.75 now", Some("load is 0.50 now")), "load is [..] now");
    assert_eq!(offered("something else", Some("unlike")), "something else");
    assert_eq!(offered("plain", None), "plain");
}

/// Lines with and without patterns, and lines that are similar to the matching ones.
fn line() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "(a|b|c|pod web|pod db)( [0-9]{1,2})?",
        1 => Just("...".to_owned()),
        1 => Just("[..] [..]".to_owned()),
        1 => Just("pod <p>".to_owned()),
        1 => Just("pod <p> <n:int>".to_owned()),
        1 => Just("web-7d4b9c6f5-x2x9z  5m".to_owned()),
        1 => Just(String::new()),
        1 => Just("NAME   READY   AGE".to_owned()),
        1 => "(a|b|web-[bc]{8})   [01]/1   [1-9]m",
        1 => "[ab]: ([0-9]|<n:int>)",
    ]
}

fn text() -> impl Strategy<Value = String> {
    prop::collection::vec(line(), 0..8)
        .prop_map(|lines| lines.iter().flat_map(|line| [line, "\n"]).collect())
}

const KINDS: [Option<SnapshotKind>; 6] = [
    None,
    Some(SnapshotKind::Auto),
    Some(SnapshotKind::Text),
    Some(SnapshotKind::Table),
    Some(SnapshotKind::Json),
    Some(SnapshotKind::Yaml),
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn what_is_accepted_is_then_the_same(old in text(), actual in text()) {
        for kind in KINDS {
            let new = accept_fence(&old, &actual, kind, &Bindings::new(), &Rules::default());
            let verdict = compare_fence(&new, actual.as_bytes(), kind, &Bindings::new(), &Rules::default());
            let same = matches!(verdict, Verdict::Same { .. });
            prop_assert!(same, "{kind:?}\n{new}\n{verdict:?}");
        }
    }

    #[test]
    fn what_matches_already_is_not_touched(text in text()) {
        for kind in KINDS {
            prop_assert_eq!(&accept_fence(&text, &text, kind, &Bindings::new(), &Rules::default()), &text);
        }
    }

    #[test]
    fn every_word_of_the_new_text_was_in_the_old_one_or_came(old in text(), actual in text()) {
        let new = accept_fence(&old, &actual, None, &Bindings::new(), &Rules::default());
        let words = |line: &str| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
        for line in new.lines() {
            let came = actual.lines().any(|other| crate::book::escape_line(other.trim_end()) == line);
            let known = |word: &String| {
                old.lines().any(|other| words(other).contains(word))
                    || actual.lines().any(|other| words(&crate::book::escape_line(other)).contains(word))
            };
            prop_assert!(came || words(line).iter().all(known), "{line}");
        }
    }

    #[test]
    fn a_pattern_among_lines_that_stay_is_kept(before in "[a-c]{1,5}", number in 0u32..1000, changed in "[d-f]{1,5}") {
        let old = format!("{before}\nn=<n:int> [..]\nold line\n");
        let actual = format!("{before}\nn={number} and so on\n{changed} came\n");
        let new = accept_fence(&old, &actual, None, &Bindings::new(), &Rules::default());
        prop_assert_eq!(new, format!("{before}\nn=<n:int> [..]\n{changed} came\n"));
    }
}
