use super::*;

#[test]
fn changes_are_listed_by_name_and_a_file_that_the_step_wrote_is_not_a_change() {
    let print = |text: &str| Fingerprint::of([text.as_bytes()]);
    let mut then = MadeOf::default();
    then.add("script".to_owned(), &print("a"));
    then.add("manifest web.yaml".to_owned(), &print("1"));
    let mut now = then.clone();
    assert_eq!(then.changes_to(&now), Vec::<String>::new());
    now.add("manifest web.yaml".to_owned(), &print("2"));
    now.add("value x".to_owned(), &print("2"));
    assert_eq!(then.changes_to(&now), ["the manifest web.yaml has changed", "the value x is new"]);
    let (before, after) = (NamedFiles::new(), NamedFiles::from([("log".to_owned(), print("1"))]));
    let written = then.with_files(&after).after(&before, &after);
    assert_eq!(
        written.changes_to(&then.with_files(&NamedFiles::from([("log".to_owned(), print("9"))]))),
        Vec::<String>::new()
    );
}
