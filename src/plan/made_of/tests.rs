use super::*;

#[test]
fn a_file_is_named_as_a_word_of_its_own() {
    for script in
        ["kubectl apply -f web.yaml", "cat ./web.yaml", "x web.yaml,b.yaml", "echo see web.yaml."]
    {
        assert!(names(script, "web.yaml"), "{script}");
    }
    for script in ["kubectl apply -f my-web.yaml", "cat web.yaml.bak", "cat web.yml"] {
        assert!(!names(script, "web.yaml"), "{script}");
    }
}

#[test]
fn functions_and_variables_are_definitions() {
    assert_eq!(
        definitions("replicas=3; export NAME=x\ndeploy() { :; }\nfunction undo () { :; }"),
        ["replicas", "NAME", "deploy", "undo"]
    );
    assert_eq!(definitions("test $a == b; kubectl get --all=true"), Vec::<String>::new());
}

#[test]
fn changes_are_told_by_name_and_what_the_step_wrote_is_none() {
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
