#![expect(clippy::disallowed_methods, reason = "the test measures that a comparison is quick")]

use proptest::prelude::*;

use super::*;
use crate::book::pattern::NEVER_NAMES;
use crate::compare::normalize::{Rules, Where};

fn bind(pattern: &str, text: &str, earlier: &[(&str, &str)]) -> Option<Vec<(String, String)>> {
    let earlier: Bindings =
        earlier.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let mut scope = Scope::new(&earlier);
    let pattern = Pattern::parse(pattern, None).expect("there is a pattern");
    pattern.matches(text, &mut scope, None).then(|| scope.bound_here.into_iter().collect())
}

#[track_caller]
fn binds(pattern: &str, text: &str, names: &[(&str, &str)]) {
    let names: Vec<(String, String)> =
        names.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    assert_eq!(bind(pattern, text, &[]), Some(names));
}

#[track_caller]
fn fails(pattern: &str, text: &str) {
    assert_eq!(bind(pattern, text, &[]), None);
}

#[test]
fn any_text_may_be_empty() {
    binds("a[..]b", "ab", &[]);
    binds("a[..]b", "a, b and b", &[]);
    binds("[..]", "", &[]);
    fails("a[..]b", "a b c");
}

#[test]
fn a_name_is_a_word() {
    binds("pod/<pod> created", "pod/web-1 created", &[("pod", "web-1")]);
    binds("at <where>", "at home", &[("where", "home")]);
    fails("at <where>", "at the sea");
    fails("at <where>", "at ");
}

#[test]
fn a_name_takes_the_shortest_matching_word_and_the_whole_word_before_any_text() {
    binds("<a>-<b>", "x-y-z", &[("a", "x"), ("b", "y-z")]);
    binds("<a>[..]", "web-1 is up", &[("a", "web-1")]);
}

#[test]
fn numbers_are_as_long_as_possible() {
    binds("<n:int>ms", "120ms", &[("n", "120")]);
    binds("<n:int>", "-5", &[("n", "-5")]);
    binds("load [..]<x:float>", "load is 0.75", &[("x", "0.75")]);
    binds("<x:float>.", "2.5.", &[("x", "2.5")]);
    binds("<x:float>", "1e-3", &[("x", "1e-3")]);
    fails("<n:int>", "1.5");
    fails("<n:int>", "x");
}

#[test]
fn a_dash_in_a_name_becomes_an_underscore() {
    binds("<pod-ip>", "10.0.0.1", &[("pod_ip", "10.0.0.1")]);
}

#[test]
fn a_name_that_occurs_twice_must_be_equal() {
    binds("<a> and <a>", "x and x", &[("a", "x")]);
    binds("<a><a>", "xyxy", &[("a", "xy")]);
    fails("<a> and <a>", "x and y");
}

#[test]
fn a_name_bound_before_must_be_equal_now() {
    assert_eq!(bind("n is <n:int>", "n is 5", &[("n", "5")]), Some(vec![]));
    assert_eq!(bind("n is <n:int>", "n is 6", &[("n", "5")]), None);
}

#[test]
fn kubectls_own_text_in_angle_brackets_is_text() {
    for word in NEVER_NAMES {
        assert!(Pattern::parse(&format!("a <{word}> b"), None).is_none(), "{word}");
    }
    for text in
        ["<Pending>", "<A>", "<a b>", "<a:bool>", "< a>", "</p>", "[...]", "<>", "a < b > c"]
    {
        assert!(Pattern::parse(text, None).is_none(), "{text}");
    }
}

#[test]
fn a_name_that_the_output_contains_literally_matches_and_binds_nothing() {
    binds("<h1>Hello</h1>", "<h1>Hello</h1>", &[]);
    binds("usage: cp <from> <to>", "usage: cp <from> <to>", &[]);
}

#[test]
fn the_mismatch_reason_names_the_value_that_changed() {
    let earlier = Bindings::from([("ip".to_owned(), "10.0.0.1".to_owned())]);
    let pattern = Pattern::parse("ip <ip>", None).expect("there is a pattern");
    let (name, why) = pattern
        .mismatch_reason("ip 10.0.0.2", &Scope::new(&earlier), None)
        .expect("the name is to mismatch_reason");
    assert_eq!(
        (name.as_str(), why.as_str()),
        ("ip", "is `10.0.0.1` since it was bound, and `10.0.0.2` here")
    );
}

#[test]
fn the_mismatch_reason_names_a_text_that_is_not_a_number() {
    let nothing = Bindings::new();
    let pattern = Pattern::parse("n=<n:int>;", None).expect("there is a pattern");
    let mismatch_reason = pattern.mismatch_reason("n=many;", &Scope::new(&nothing), None);
    assert_eq!(mismatch_reason, Some(("n".to_owned(), "`many` is not a whole number".to_owned())));
    assert_eq!(pattern.mismatch_reason("m=5;", &Scope::new(&nothing), None), None);
}

#[test]
fn volatile_text_beside_a_pattern_matches_any_text_of_its_kind() {
    let normalizer = Rules::default().accepted("");
    let view = View { normalizer: &normalizer, place: Where::Line };
    let pattern = Pattern::parse("web-7d4b9c6f5-x2x9z   1/1   <ip>   5m ago", Some(view))
        .expect("there is a pattern");
    let nothing = Bindings::new();
    let mut scope = Scope::new(&nothing);
    assert!(pattern.matches(
        "web-6c5f4d8b7d-q4k8n     1/1   10.1.2.3   12d ago",
        &mut scope,
        Some(view)
    ));
    assert_eq!(scope.bound_here["ip"], "10.1.2.3");
    assert!(!pattern.matches(
        "web-6c5f4d8b7d-q4k8n     0/1   10.1.2.3   12d ago",
        &mut scope,
        Some(view)
    ));
}

#[test]
fn a_pattern_that_would_take_too_long_is_given_up() {
    let text = "x".repeat(3_000);
    let started = std::time::Instant::now();
    for pattern in ["<a>x<b>x<a>x<b>x".repeat(20), "[..]x<n>".repeat(30), "x[..]".repeat(100)] {
        assert_eq!(bind(&format!("{pattern}!"), &text, &[]), None);
    }
    assert!(started.elapsed().as_secs() < 5);
}

proptest! {
    // An output that contains the literal text of the patterns matches them, even if many names are
    // adjacent.
    #[test]
    fn a_line_of_names_matches_itself_and_binds_nothing(line in "([a-z<>:\\[\\] 0-9-]|<a>|<b:int>|<c:float>){0,60}") {
        if let Some(pattern) = Pattern::parse(&line, None) {
            let nothing = Bindings::new();
            let mut scope = Scope::new(&nothing);
            prop_assert!(pattern.matches(&line, &mut scope, None), "{}", line);
            prop_assert!(scope.bound_here.is_empty(), "{}: {:?}", line, scope.bound_here);
        }
    }

    // With many `[..]` between names that occur twice the search may be given up (see
    // `MOST_STEPS`), but not at this length.
    #[test]
    fn a_line_people_write_matches_itself(line in "([a-z<>:\\[\\]. 0-9-]|<a>|<b:int>|\\[\\.\\.\\]){0,12}") {
        if let Some(pattern) = Pattern::parse(&line, None) {
            let nothing = Bindings::new();
            prop_assert!(pattern.matches(&line, &mut Scope::new(&nothing), None), "{}", line);
        }
    }

    #[test]
    fn no_text_makes_matching_panic(line in "(\\PC|<a>|<b:int>|<c:float>|\\[\\.\\.\\]){0,12}", text in "\\PC{0,30}") {
        let normalizer = Rules::default().accepted(&line);
        let view = Some(View { normalizer: &normalizer, place: Where::Line });
        if let Some(pattern) = Pattern::parse(&line, view) {
            let nothing = Bindings::new();
            let scope = Scope::new(&nothing);
            pattern.matches(&text, &mut scope.clone(), view);
            pattern.mismatch_reason(&text, &scope, None);
        }
    }
}
