//! Names, expected outputs, manifests and titles of a chapter.

use super::*;

#[test]
fn a_step_without_a_name_is_named_after_the_nearest_heading() {
    let text = "```sh\n0\n```\n# Pin it, now!\n```sh\n1\n```\n```sh\n2\n```\n## `kubectl get`\n```sh\n3\n```\n# Pin it now {#pin}\n```sh\n4\n```\n";
    assert_eq!(names(text), ["step", "pin-it-now", "pin-it-now-2", "kubectl-get", "pin-it-now-3"]);
}

#[test]
fn a_made_name_never_takes_a_given_one() {
    let text = "# A\n```sh\n1\n```\n```sh\n2\n```\n```sh {name=a}\n3\n```\n```sh {name=a-2}\n4\n```\n# A 2\n```sh\n5\n```\n";
    assert_eq!(names(text), ["a-3", "a-4", "a", "a-2", "a-2-2"]);
}

#[test]
fn two_steps_of_one_name_are_reported_with_both_places() {
    let text = "```sh {name=x}\n1\n```\n\n```sh {timeout=2m name=x}\n2\n```\n";
    assert_eq!(messages(text), ["5 `x` two steps of this chapter are named `x`"]);
    let also = &parse(text).1[0].labels[0];
    assert_eq!((also.0.line, also.1.as_str()), (1, "first named here"));
}

#[test]
fn an_output_belongs_to_the_step_right_before_it() {
    let expected = |text: &str| {
        chapter(text)
            .1
            .steps()
            .map(|step| step.expected.as_ref().map(|expected| expected.text.to_string()))
            .collect::<Vec<_>>()
    };
    let output = || Some("x\n".to_owned());
    assert_eq!(expected("```sh\n1\n```\n```output\nx\n```\n"), [output()]);
    assert_eq!(
        expected("```sh\n1\n```\n\n<!-- seen on Monday -->\n\n```output\nx\n```\n"),
        [output()]
    );
    assert_eq!(expected("```sh\n1\n```\n\n```sh\n2\n```\n\n```output\nx\n```\n"), [None, output()]);
    assert_eq!(
        expected("```sh\n1\n```\n\nIt *prints*:\n\n<!-- x -->\n\n```OUTPUT\nx\n```\n"),
        [output()]
    );
    assert_eq!(expected("```sh\n1\n```\n\n```output {skip}\nx\n```\n"), [None]);
    assert_eq!(expected("```sh\n1\n```\n\n```output\n```\n"), [Some(String::new())]);
}

#[test]
fn an_output_of_a_fence_that_is_prose_is_prose() {
    assert_eq!(
        names(
            "```sh {name=a}\n1\n```\n\n```console\n$ ls\n```\n\n```output\nx\n```\n\ntext\n\n```output\ny\n```\n"
        ),
        ["a"]
    );
}

#[test]
fn an_output_that_is_not_compared_is_reported() {
    let text = "```sh\n1\n```\n\nIt says:\n\nAt last:\n\n```output\nx\n```\n";
    assert_eq!(
        warned(text),
        ["9 ````output` this output does not follow its step directly, so it is not compared"]
    );
    assert_eq!(
        warned("```sh\n1\n```\n```output\nx\n```\n```output\ny\n```\n"),
        ["7 ````output` the step before it already has an output, so this one is not compared"]
    );
    for text in ["```output\nx\n```\n", "```sh\n1\n```\n\n```json\n1\n```\n\n```Output\nx\n```\n"] {
        assert_eq!(warned(text).len(), 1, "{text}");
        assert!(warned(text)[0].contains("this output belongs to no step"), "{text}");
    }
    assert_eq!(warned("```sh {skip}\n1\n```\n\n```output\nx\n```\n"), [""; 0]);
    assert_eq!(
        messages("```sh\n1\n```\n```output {name=x}\ny\n```\n"),
        ["4 `name=x` an `output` fence has no attributes"]
    );
    assert_eq!(
        messages("```sh {background}\n1\n```\n```output\ny\n```\n"),
        ["4 ````output` the output of a background step is not compared"]
    );
}

#[test]
fn a_yaml_fence_with_a_file_is_a_manifest() {
    let (sources, chapter) = chapter(
        "```yaml {file=web.yaml profile=sealed}\na: {{ b }}\n```\n\n```yaml {hl_lines=3}\nx: 1\n```\n",
    );
    let [Block::Manifest(manifest)] = &chapter.blocks[..] else { panic!("{:?}", chapter.blocks) };
    assert_eq!(
        (manifest.file.as_str(), &manifest.profiles[..]),
        ("web.yaml", &["sealed".to_owned()][..])
    );
    assert_eq!(
        (&*manifest.template, sources.text(manifest.body), manifest.body.line),
        ("a: {{ b }}\n", "a: {{ b }}\n", 2)
    );
}

#[test]
fn a_wrong_manifest_is_reported() {
    assert_eq!(
        messages("```yaml {file=../web.yaml}\na: 1\n```\n"),
        ["1 `../web.yaml` `../web.yaml` is not a plain file name"]
    );
    assert_eq!(
        messages("```yaml {file=/etc/x}\na: 1\n```\n"),
        ["1 `/etc/x` `/etc/x` is not a plain file name"]
    );
    assert_eq!(messages("```yaml {file}\na: 1\n```\n"), ["1 `file` `file` needs a value"]);
    assert_eq!(
        messages("```yaml {file=a.yaml timeout=2m}\na: 1\n```\n"),
        ["1 `timeout` unknown attribute `timeout` of a manifest"]
    );
    assert_eq!(
        messages("```yaml {flie=a.yaml}\na: 1\n```\n"),
        ["1 `flie` unknown attribute `flie` of a manifest"]
    );
    assert_eq!(
        warned("```yaml file=a.yaml\na: 1\n```\n"),
        ["1 `file=a.yaml` attributes must be in braces"]
    );
    assert_eq!(warned("```yaml file=./example/a.yaml\na: 1\n```\n"), [""; 0]);
}

#[test]
fn the_title_is_the_front_matters_then_the_headings_then_the_summarys() {
    let title = |text: &str| chapter(text).1.title;
    assert_eq!(title("---\ntitle: F\n---\n# H\n"), "F");
    assert_eq!(title("text\n\nThe `kind` *way*\n===\n"), "The kind way");
    assert_eq!(title("text\n"), "chapter-1");
    let mut text = BookText::of_chapters([("a.md", "text\n")]);
    text.chapters[0].summary_title = "S".to_owned();
    assert_eq!(parse_book(text).0.chapters[0].title, "S");
}

#[test]
fn two_chapters_of_one_name_are_known_by_their_paths() {
    let (book, problems) = parse_book(BookText {
        src: "guide".into(),
        ..BookText::of_chapters([
            ("guide/chapter-1-a.md", ""),
            ("guide/chapter-1-b.md", ""),
            ("guide/x/chapter-2.md", ""),
        ])
    });
    assert_eq!(problems, []);
    let names: Vec<&str> = book.chapters.iter().map(|chapter| chapter.name.as_str()).collect();
    assert_eq!(names, ["chapter-1-a", "chapter-1-b", "chapter-2"]);
    let (_, problems) = parse_book(BookText::of_chapters([("a.md", ""), ("a.md", "")]));
    assert_eq!(problems[0].message, "SUMMARY.md names a.md twice");
}

#[test]
fn problems_come_in_the_order_of_the_text() {
    let text = "---\nneed: 1\n---\n```sh {x}\n1\n```\n\n```sh {name=a}\n1\n```\n\n```sh {name=a}\n1\n```\n\n```sh {y}\n1\n```\n\n```sh\n";
    let lines: Vec<u32> = parse(text).1.iter().map(|problem| problem.span.unwrap().line).collect();
    assert_eq!(lines, [2, 4, 12, 16, 20]);
}
