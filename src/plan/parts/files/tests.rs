use super::*;

fn files(folder: Option<&str>, cwd: Option<&str>, scripts: &[&str]) -> Vec<String> {
    let values = [("CHART_DIR".to_owned(), "charts".to_owned())].into_iter();
    let mut places = ChapterFiles::new("one", folder, values);
    let (last, before) = scripts.split_last().expect("a script");
    before.iter().for_each(|script| drop(places.files_of(script, None)));
    places.files_of(last, cwd).into_iter().collect()
}

/// The files of one script in a shell that starts in the folder of rendered manifests, without the files of that folder.
fn of_book(script: &str) -> Vec<String> {
    let own = format!("{RENDERED}/one/");
    files(None, None, &[script]).into_iter().filter(|file| !file.starts_with(&own)).collect()
}

#[test]
fn a_file_of_the_book_is_found_in_every_form() {
    for (script, expected) in [
        ("helm install x \"$GUIDE_BOOK/charts/x\"", vec!["charts/x"]),
        ("\"$GUIDE_BOOK\"/bin/go.sh; echo done /etc/passwd", vec!["bin/go.sh"]),
        ("cat '${GUIDE_BOOK}/a b'", vec!["a"]),
        ("x --values deploy/v.yaml --values=w.yaml", vec!["deploy/v.yaml", "w.yaml"]),
        ("kubectl apply -k overlays", vec!["overlays"]),
        ("kubectl create cm x --from-file=key=conf/a.txt", vec!["conf/a.txt"]),
        ("helm install x $CHART_DIR/web", vec!["charts/web"]),
        ("D=$GUIDE_BOOK/conf; cat $D/a.txt", vec!["conf", "conf/a.txt"]),
        ("cat $GUIDE_BOOK/conf/*.txt $GUIDE_BOOK/c{a,b}.txt", vec!["c*", "conf/*.txt"]),
        ("for f in a b; do cat $GUIDE_BOOK/conf/$f.txt; done", vec!["conf/*.txt"]),
        ("kubectl apply -f $GUIDE_BOOK/../k8s/app.yaml", vec!["../k8s/app.yaml"]),
        ("cd $GUIDE_BOOK/src && make -f Mk", vec!["Mk", "src", "src/Mk"]),
        ("kubectl get pods -o jsonpath={.items[*]}; ls *; echo $HOME", vec![]),
    ] {
        assert_eq!(of_book(script), expected, "{script}");
    }
}

#[test]
fn a_name_is_relative_to_the_folder_of_the_step_and_of_earlier_steps() {
    let own = |file: &str| format!("{RENDERED}/one/{file}");
    assert_eq!(
        files(Some("./guide/"), None, &["cat conf/*.txt a.txt"]),
        ["a.txt", "guide/a.txt", "guide/conf/*.txt"]
    );
    assert_eq!(
        files(None, Some("./deploy"), &["sh ./go"]),
        [own("go"), "deploy/go".into(), "go".into()]
    );
    assert_eq!(files(None, None, &["cat ../two/web.yaml"]), [format!("{RENDERED}/two/web.yaml")]);
    assert_eq!(
        files(Some("./g"), None, &["D=x; cd sub", "cat $D/y"]),
        ["g/sub/x/y", "g/x/y", "sub/x/y", "x/y"]
    );
    assert_eq!(files(Some("/elsewhere"), None, &["cat *.txt"]), Vec::<String>::new());
}

#[test]
fn a_script_that_passes_any_file_on_is_recognised() {
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
