use super::{Survey, *};

/// Surveys the text with the real bash.
fn survey(name: &str, text: &str) -> Survey {
    super::survey(name, text, |scripts| {
        let errors = crate::shell::syntax_errors(scripts).expect("bash starts");
        errors.iter().map(Option::is_none).collect()
    })
}

fn uses(text: &str) -> Vec<(u32, String)> {
    let name = |usage: &BlockUse| match usage {
        BlockUse::Runs(_, effect) => format!("runs: {effect}"),
        BlockUse::Skipped(why) => format!("skipped: {why}"),
        BlockUse::Rendered(file) => format!("rendered: {file}"),
        BlockUse::Shown(why) => why.clone(),
        BlockUse::Wrong(why) => format!("wrong: {why}"),
    };
    survey("r.md", text).blocks.iter().map(|one| (one.line, name(&one.usage))).collect()
}

#[test]
fn every_fence_is_reported_once_in_the_order_of_the_document() {
    let text = "# T\n\n```bash\nls\n```\n\n```console\n$ ls\n```\n\n```yaml\na: 1\n```\n\n```bash {name=x\nls\n```\n";
    let uses = uses(text);
    assert_eq!(uses.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [3, 7, 11, 15], "{uses:?}");
    assert_eq!(uses[0].1, "runs: changes nothing");
    assert!(uses[1].1.starts_with("is not run: write `languages = [\"console\"]`"), "{uses:?}");
    assert_eq!(uses[2].1, "is prose, and is not run");
    assert_eq!(uses[3].1, "skipped: this brace is not closed");
}

#[test]
fn doubtful_blocks_are_marked_and_the_marked_chapter_has_no_problem() {
    let text = "# T\r\n\r\n```bash\r\nsudo rm x\r\n```\r\n\r\n- a\n\n  ```sh {name=a timeout=2m}\n  ./x \"y\"\n  ```\n\n\
                ```bash {\"name\":\"b\"}\n$ ls\n```\n\n```bash title=\"x\"\nif true\n```\n\n~~~bash\nkubectl get pod <pod>\n~~~\n\n```bash\nls\n```\n";
    let survey = survey("r.md", text);
    assert_eq!(
        survey.blocks.iter().filter(|one| matches!(one.usage, BlockUse::Skipped(_))).count(),
        5,
        "{:?}",
        survey.blocks
    );
    let (book, problems) = parse_book(BookText::of_chapters([("r.md", survey.chapter.as_str())]));
    assert_eq!(problems, []);
    assert_eq!(
        book.chapters[0].steps().map(|step| step.script.to_string()).collect::<Vec<_>>(),
        ["ls\n"]
    );
    assert!(
        survey.chapter.contains(
            "```bash {skip why=\"changes packages, services or settings of the machine\"}\r\n"
        ),
        "{}",
        survey.chapter
    );
    assert!(survey.chapter.contains("title=\"x\" {skip why="), "{}", survey.chapter);
}

#[test]
fn the_names_of_steps_are_those_of_the_marked_chapter() {
    let text = "# T\n\n```bash\nsudo rm x\n```\n\n```bash\nls\n```\n\n```bash\npwd\n```\n";
    let survey = survey("r.md", text);
    let names: Vec<&str> = survey
        .blocks
        .iter()
        .filter_map(|one| match &one.usage {
            BlockUse::Runs(name, _) => Some(name.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(names, ["t", "t-2"]);
    let (book, _) = parse_book(BookText::of_chapters([("r.md", survey.chapter.as_str())]));
    let steps = book.chapters[0].steps().map(|step| step.name.to_string());
    assert_eq!(steps.collect::<Vec<_>>(), names);
}

#[test]
fn indented_code_opens_no_fence_and_a_deeply_indented_line_closes_none() {
    let uses =
        uses("    ```bash\n    rm x\n    ```\n\n```text\n    ```\n```\n\n```bash\nls\n```\n");
    assert_eq!(uses.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [5, 9], "{uses:?}");
}
