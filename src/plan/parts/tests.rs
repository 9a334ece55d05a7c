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
