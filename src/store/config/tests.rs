use super::*;

fn read(text: &str) -> (BookConfig, Vec<(u32, String, Option<String>)>) {
    let mut problems = Problems::new();
    let config = read_config(SourceId(0), text, &mut problems).0;
    let problems = problems
        .into_iter()
        .map(|problem| (problem.span.unwrap().line, problem.message, problem.hint))
        .collect();
    (config, problems)
}

#[test]
fn a_book_is_read() {
    let text = "[book]\ntitle = \"World Tree\"\nsrc = \"guide\"\n\n[preprocessor.guide]\ncommand = \"guide preprocess\"\ncluster = \"kind\"\n\
                context = \"kind-kind\"\ndefault-profile = \"open\"\nvalues = \"values.yaml\"\nrecord = true\n";
    let some = |text: &str| Some(text.to_owned());
    let expected = BookConfig {
        title: "World Tree".to_owned(),
        src: "guide".to_owned(),
        cluster: some("kind"),
        context: some("kind-kind"),
        default_profile: some("open"),
        values: some("values.yaml"),
        normalize: None,
        record: true,
        ..BookConfig::default()
    };
    assert_eq!(read(text), (expected, vec![]));
    assert_eq!(read("[book]\n"), (BookConfig::default(), vec![]));
}

#[test]
fn what_is_wrong_is_told_with_its_line() {
    let (_, problems) =
        read("[book]\ntitle = 3\n[preprocessor.guide]\nclutser = \"x\"\nfoo = 1\ncontext = []\n");
    let typo = (
        4,
        "unknown key `clutser` in [preprocessor.guide]".to_owned(),
        Some("did you mean `cluster`?".to_owned()),
    );
    assert!(problems.contains(&typo), "{problems:?}");
    assert!(
        problems
            .iter()
            .any(|(line, message, _)| (*line, message.as_str()) == (2, "`title` must be a text"))
    );
    assert!(
        problems
            .iter()
            .any(|(line, message, _)| (*line, message.as_str()) == (6, "`context` must be a text"))
    );
    assert!(problems.iter().any(|(line, _, hint)| *line == 5
        && hint.as_deref()
            == Some("its keys are cluster, context, default-profile, values, normalize, record, languages, cwd")));
    let (config, problems) =
        read("[preprocessor.guide]\nlanguages = [\"console\", \"shell\"]\ncwd = \"book\"\n");
    assert_eq!(
        (config.languages.step("console"), config.languages.step("zsh"), problems.len()),
        (Some("console"), None, 0)
    );
    assert_eq!(config.cwd.as_deref(), Some("book"));
    let (_, problems) = read("[preprocessor.guide]\nlanguages = [\"consol\"]\n");
    assert_eq!(
        (problems[0].1.as_str(), problems[0].2.as_deref()),
        ("guide knows no way to run `consol`", Some("did you mean `console`?"))
    );
    let (_, problems) = read("[preprocessor.guide]\nrecord = 1\n");
    assert_eq!((problems[0].0, problems[0].1.as_str()), (2, "`record` must be true or false"));
    let (_, problems) = read("[book]\ntitle = \n");
    assert_eq!(problems[0].0, 2);
    assert!(problems[0].1.starts_with("book.toml is no TOML"));
    assert_eq!(read("book = 1\n").1[0].1, "`book` is no table");
}

#[test]
fn the_schema_for_editors_names_the_same_keys() {
    let schema: serde_json::Value =
        serde_json::from_str(include_str!("../../../docs/book.schema.json")).unwrap();
    let mut described: Vec<&str> =
        schema["properties"].as_object().unwrap().keys().map(String::as_str).collect();
    let mut known = KEYS.to_vec();
    described.sort_unstable();
    known.sort_unstable();
    assert_eq!(described, known);
}
