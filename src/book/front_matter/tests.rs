#![expect(clippy::disallowed_methods, reason = "the test measures that a refusal is quick")]

use std::time::Duration;

use super::super::problem::Severity;
use super::*;
use crate::ids::StepName;

fn read(text: &str) -> (FrontMatter, usize, Problems) {
    let mut problems = Problems::new();
    let (front, body) = read_front_matter(SourceId(0), text, &mut problems);
    (front, body, problems)
}

#[test]
fn a_front_matter_is_read() {
    let text = "---\nneeds: [chapter-1, 2]\ntitle: Ingress\ntimeout: 5m\nnamespace: web\ndone: [page-answers]\n---\n# Text\n";
    let (front, body, problems) = read(text);
    assert_eq!(problems, []);
    assert_eq!(front.needs, ["chapter-1", "2"]);
    assert_eq!(
        (front.title.as_deref(), front.namespace.as_deref()),
        (Some("Ingress"), Some("web"))
    );
    assert_eq!(
        (front.timeout, front.done),
        (Some(Duration::from_mins(5)), vec![StepName::new("page-answers")])
    );
    assert_eq!(&text[body..], "# Text\n");
}

#[test]
fn crlf_and_a_byte_order_mark_make_no_difference() {
    let (front, body, problems) = read("\u{feff}---\r\nneeds: chapter-1\r\n---\r\nx");
    assert_eq!((front.needs, body, problems.len()), (vec!["chapter-1".to_owned()], 31, 0));
}

#[test]
fn a_thematic_break_is_not_a_front_matter() {
    assert_eq!(read("---\n\nText\n").1, 0);
    assert_eq!(read("# Title\n---\nneeds: x\n---\n").0, FrontMatter::default());
    assert_eq!(read("---").2, []);
}

#[test]
fn a_front_matter_that_is_not_closed_is_reported() {
    assert_eq!(read("---\nneeds: [x]\n# Title\n").2[0].message, "this front matter is not closed");
}

#[test]
fn a_wrong_key_is_reported_with_its_line() {
    let text = "---\ntitle: x\nneed: [chapter-1]\ntimeout: soon\ndone: {a: b}\n---\n";
    let messages: Vec<(u32, String)> = read(text)
        .2
        .into_iter()
        .map(|problem| (problem.span.unwrap().line, problem.message))
        .collect();
    assert_eq!(
        messages,
        [
            (3, "unknown key `need` in the front matter".to_owned()),
            (4, "`timeout` has an invalid value".to_owned()),
            (5, "`done` has an invalid value".to_owned())
        ]
    );
    let broken = &read("---\ntitle: x\nneeds: [\n---\n").2[0];
    assert!(
        broken.message.starts_with("this front matter is not valid YAML"),
        "{}",
        broken.message
    );
    assert_eq!(broken.severity, Severity::Error, "what it needs must not get lost");
}

#[test]
fn keys_of_other_tools_are_ignored() {
    let text = "---\ndescription: x\nweight: 3\ndate: 2024-01-01\nlinkTitle: y\nms.date: 1\nsidebar_position: 2\ntags: [a]\n---\n";
    let (front, body, problems) = read(text);
    assert_eq!((front.needs.len(), body), (0, text.len()));
    assert!(problems.iter().all(|problem| problem.severity == Severity::Note), "{problems:?}");
    assert_eq!(problems.len(), 7);
    for near in ["need: x", "titel: x", "timout: 5m", "Needs: x", "namespce: x"] {
        let problems = read(&format!("---\n{near}\n---\n")).2;
        assert_eq!(
            problems.iter().map(|problem| problem.severity).collect::<Vec<_>>(),
            [Severity::Error],
            "{near}"
        );
    }
}

#[test]
fn a_front_matter_of_other_tools_only_is_not_an_error() {
    for text in [
        "---\ndescription: [\n---\nx",
        "---\n<!-- x -->\na: b: c\n---\nx",
        "+++\ndescription = \n+++\nx",
    ] {
        let problems = read(text).2;
        assert_eq!(
            problems.iter().map(|problem| problem.severity).collect::<Vec<_>>(),
            [Severity::Warning],
            "{text}"
        );
    }
    let (front, body, problems) = read("---\nJust a text\n---\n");
    assert_eq!((front, body, problems[0].severity), (FrontMatter::default(), 0, Severity::Warning));
    assert_eq!(read("---\ntitle:\n---\n").2, []);
}

#[test]
fn toml_is_read_as_well() {
    let text = "+++\nneeds = [\"chapter-1\", \"2\"]\ntitle = \"T\"\ntimeout = \"5m\"\ndate = 2024-01-01\n[extra]\nx = 1\n+++\n# Text\n";
    let (front, body, problems) = read(text);
    assert!(problems.iter().all(|problem| problem.severity == Severity::Note), "{problems:?}");
    assert_eq!(
        (front.needs, front.title.as_deref()),
        (vec!["chapter-1".to_owned(), "2".to_owned()], Some("T"))
    );
    assert_eq!((front.timeout, &text[body..]), (Some(Duration::from_mins(5)), "# Text\n"));
    assert_eq!(read("+++\nneed = 1\n+++\n").2[0].span.unwrap().line, 2);
}

#[test]
fn deeply_nested_brackets_are_refused_at_once() {
    let began = std::time::Instant::now();
    for open in ["[", "{a: ", "{"] {
        let problems = read(&format!("---\nneeds: {}\n---\n", open.repeat(80_000))).2;
        assert!(problems[0].message.contains("too deeply"), "{}", problems[0].message);
    }
    assert!(began.elapsed() < Duration::from_secs(2));
}

#[test]
fn the_schema_for_editors_names_the_same_keys() {
    let schema: serde_json::Value =
        serde_json::from_str(include_str!("../../../docs/front-matter.schema.json")).unwrap();
    let mut described: Vec<&str> =
        schema["properties"].as_object().unwrap().keys().map(String::as_str).collect();
    let mut known = KEYS.to_vec();
    described.sort_unstable();
    known.sort_unstable();
    assert_eq!(described, known);
}
