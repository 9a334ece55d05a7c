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
fn a_script_that_takes_whatever_file_there_is_is_recognised() {
    for script in [
        "kubectl apply -f .",
        "kubectl apply -k ./",
        "for f in *.yaml; do :; done",
        "kubectl apply -f $f.yaml",
        "kubectl apply --filename=\"$file\"",
    ] {
        assert!(takes_any_file(script), "{script}");
    }
    for script in
        ["kubectl apply -f web.yaml", "kubectl get pods -o yaml", "echo $HOME", "ls | grep x"]
    {
        assert!(!takes_any_file(script), "{script}");
    }
}

#[test]
fn files_of_the_book_are_found_in_a_script() {
    let files = named_files(
        "helm install x \"$GUIDE_BOOK/charts/x\" --values deploy/v.yaml; kubectl apply -k overlays; echo done /etc/passwd",
    );
    assert_eq!(files.into_iter().collect::<Vec<_>>(), ["charts/x", "deploy/v.yaml", "overlays"]);
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
